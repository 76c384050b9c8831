//! Reading a configuration: layers of TOML over each other, checked as a whole.
//!
//! The lowest layer is a complete, commented document that is compiled in. It is also the schema: a key that is not
//! in it is refused, and a value must be of the kind that is there. Above it come a file, environment variables
//! (`PREFIX__SECTION__KEY`) and flags. Everything that is wrong is reported at once, each with where it came from and
//! never with the value, which may be a secret.
//!
//! Not here: what can be configured. Each role has its own section.

mod layer;
mod secret;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

pub use self::secret::Secret;

/// Where values come from, lowest first.
#[derive(Clone, Debug)]
pub struct Layers {
    /// The complete document: every key with its default.
    pub defaults: &'static str,
    /// A document with some of the keys.
    pub file: Option<PathBuf>,
    /// What the names of environment variables start with, without the underscores.
    pub environment_prefix: &'static str,
    /// Environment variables; those without the prefix are ignored.
    pub environment: Vec<(String, String)>,
    /// What was said on the command line; the last one wins.
    pub flags: Vec<Flag>,
}

/// A value from the command line.
#[derive(Clone, Debug)]
pub struct Flag {
    /// How it was spelt, for messages: `--listen`.
    pub spelling: String,
    /// The key it sets: `http.listen`.
    pub key: String,
    /// Its value as typed.
    pub value: String,
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody has set it.
    Default,
    /// The file at this path.
    File(PathBuf),
    /// The environment variable of this name.
    Environment(String),
    /// This flag.
    Flag(String),
}

/// Two or more values that do not go together, or one that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The keys that are involved.
    pub keys: Vec<&'static str>,
    /// What is wrong and what would be right, without the values.
    pub message: String,
}

impl Contradiction {
    /// A contradiction between the values of these keys.
    pub fn new(keys: &[&'static str], message: impl Into<String>) -> Self {
        Self { keys: keys.to_vec(), message: message.into() }
    }
}

/// A configuration that holds together.
#[derive(Clone, Debug)]
pub struct Loaded<T> {
    /// The values.
    pub value: T,
    origins: BTreeMap<String, Origin>,
}

/// Everything that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// At least one.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The keys that are involved, each with where its value came from. Empty if the file as a whole is wrong.
    pub keys: Vec<(String, Origin)>,
    /// What is wrong.
    pub message: String,
}

/// Puts the layers over each other, and checks what results.
///
/// `contradictions` is asked with all values that are right by themselves; what it says about values that are not is
/// left out.
pub fn load<T: DeserializeOwned>(
    layers: &Layers,
    contradictions: impl FnOnce(&T) -> Vec<Contradiction>,
) -> Result<Loaded<T>, ConfigError> {
    let mut merged: Table =
        layers.defaults.parse().expect("the compiled-in defaults are TOML: a test reads them");
    let (settings, mut problems) = layer::settings(layers, &merged);
    let mut origins = BTreeMap::new();
    let keys_of = |problem: &Problem| problem.keys.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
    let mut wrong: Vec<String> = problems.iter().flat_map(keys_of).collect();
    for setting in settings {
        let before = merged.clone();
        layer::set(&mut merged, &setting.key, setting.value);
        match decode::<T>(&merged) {
            Ok(_) => drop(origins.insert(setting.key, setting.origin)),
            Err(message) => {
                merged = before;
                wrong.push(setting.key.clone());
                problems.push(Problem { keys: vec![(setting.key, setting.origin)], message });
            }
        }
    }
    let value = decode::<T>(&merged).expect("the compiled-in defaults fit the structs: a test reads them");
    let origin_of = |key: &str| origins.get(key).cloned().unwrap_or(Origin::Default);
    for Contradiction { keys, message } in contradictions(&value) {
        if keys.iter().all(|key| !wrong.iter().any(|wrong| wrong == key)) {
            let keys = keys.iter().map(|key| ((*key).to_owned(), origin_of(key))).collect();
            problems.push(Problem { keys, message });
        }
    }
    if problems.is_empty() { Ok(Loaded { value, origins }) } else { Err(ConfigError { problems }) }
}

fn decode<T: DeserializeOwned>(table: &Table) -> Result<T, String> {
    // The value is the type's to show or to keep: what serde says names kinds and variants.
    Value::Table(table.clone()).try_into().map_err(|error: toml::de::Error| error.message().to_owned())
}

impl<T: Serialize> Loaded<T> {
    /// The configuration as TOML, each value with where it came from. Secrets are masked.
    pub fn to_toml(&self) -> String {
        let table = Table::try_from(&self.value).expect("a configuration has string keys and plain values");
        let mut lines = String::new();
        self.write_section("", &table, &mut lines);
        lines
    }

    fn write_section(&self, path: &str, table: &Table, lines: &mut String) {
        use std::fmt::Write as _;
        let full = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        let values = table.iter().filter(|(_, value)| !value.is_table());
        for (key, value) in values {
            let origin = self.origins.get(&full(key)).unwrap_or(&Origin::Default);
            let setting = format!("{key} = {value}");
            writeln!(lines, "{setting:<48}  # {origin}").expect("writing into a String does not fail");
        }
        for (key, section) in table {
            if let Value::Table(section) = section {
                writeln!(lines, "\n[{}]", full(key)).expect("writing into a String does not fail");
                self.write_section(&full(key), section, lines);
            }
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(spelling) => write!(f, "flag {spelling}"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<String> = self.keys.iter().map(|(key, origin)| format!("{key} ({origin})")).collect();
        if keys.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", keys.join(", "), self.message)
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is wrong:")?;
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
