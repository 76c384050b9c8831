//! Each layer as a list of settings: one key, one value of the right kind, one origin.

use std::path::Path;

use toml::{Table, Value};

use super::{Layers, Origin, Problem};

/// A value that somebody has set.
pub(super) struct Setting {
    pub(super) key: String,
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// All settings of all layers above the defaults, lowest first, and what is no setting.
pub(super) fn settings(layers: &Layers, defaults: &Table) -> (Vec<Setting>, Vec<Problem>) {
    let mut found = Found { defaults, settings: Vec::new(), problems: Vec::new() };
    if let Some(path) = &layers.file {
        found.add_file(path);
    }
    for (name, text) in &layers.environment {
        let prefix = format!("{}__", layers.environment_prefix);
        if let Some(key) = name.strip_prefix(&prefix) {
            let key = key.to_lowercase().replace("__", ".");
            found.add_text(key, text, Origin::Environment(name.clone()));
        }
    }
    for flag in &layers.flags {
        found.add_text(flag.key.clone(), &flag.value, Origin::Flag(flag.spelling.clone()));
    }
    (found.settings, found.problems)
}

/// Sets the value of a key that is in the table.
pub(super) fn set(table: &mut Table, key: &str, value: Value) {
    let mut section = table;
    let (path, name) = key.rsplit_once('.').unwrap_or(("", key));
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let Some(Value::Table(inner)) = section.get_mut(part) else { return };
        section = inner;
    }
    section.insert(name.to_owned(), value);
}

struct Found<'a> {
    defaults: &'a Table,
    settings: Vec<Setting>,
    problems: Vec<Problem>,
}

impl Found<'_> {
    fn add_file(&mut self, path: &Path) {
        let origin = Origin::File(path.to_owned());
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => return self.refuse_file(format!("cannot read {}: {error}", path.display())),
        };
        match text.parse::<Table>() {
            Ok(table) => self.add_table("", &table, &origin),
            Err(error) => {
                // The error's own display shows the line, and with it perhaps a secret.
                let line = error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
                self.refuse_file(format!("{} is no TOML: line {line}: {}", path.display(), error.message()));
            }
        }
    }

    fn refuse_file(&mut self, message: String) {
        self.problems.push(Problem { keys: Vec::new(), message });
    }

    fn add_table(&mut self, path: &str, table: &Table, origin: &Origin) {
        for (name, value) in table {
            let key = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            match (value, self.default_of(&key)) {
                (Value::Table(inner), Some(Value::Table(_))) => self.add_table(&key, inner, origin),
                (value, Some(default)) if kind(value) == kind(default) => {
                    self.settings.push(Setting { key, value: value.clone(), origin: origin.clone() });
                }
                (value, Some(default)) => {
                    let message = format!("expected {}, found {}", kind(default), kind(value));
                    self.refuse(key, origin, message);
                }
                (_, None) => self.refuse_unknown(key, origin),
            }
        }
    }

    fn add_text(&mut self, key: String, text: &str, origin: Origin) {
        let value = match self.default_of(&key) {
            None => return self.refuse_unknown(key, &origin),
            Some(default) => parse_as(default, text).ok_or_else(|| kind(default)),
        };
        match value {
            Ok(value) => self.settings.push(Setting { key, value, origin }),
            Err(kind) => self.refuse(key, &origin, format!("expected {kind}")),
        }
    }

    fn default_of(&self, key: &str) -> Option<&Value> {
        let mut parts = key.split('.');
        let first = self.defaults.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.as_table()?.get(part))
    }

    fn refuse(&mut self, key: String, origin: &Origin, message: String) {
        self.problems.push(Problem { keys: vec![(key, origin.clone())], message });
    }

    fn refuse_unknown(&mut self, key: String, origin: &Origin) {
        let section = key.rsplit_once('.').map_or("", |(section, _)| section);
        let known = if section.is_empty() {
            Some(self.defaults)
        } else {
            self.default_of(section).and_then(Value::as_table)
        };
        let message = match known {
            Some(table) => {
                let names: Vec<&str> = table.keys().map(String::as_str).collect();
                format!("there is no such key; known here: {}", names.join(", "))
            }
            None => {
                let sections: Vec<&str> = self.defaults.keys().map(String::as_str).collect();
                format!("there is no such section; known: {}", sections.join(", "))
            }
        };
        self.refuse(key, origin, message);
    }
}

/// The value a text stands for where the default is of this kind.
fn parse_as(default: &Value, text: &str) -> Option<Value> {
    match default {
        Value::String(_) => Some(Value::String(text.to_owned())),
        Value::Integer(_) => text.replace('_', "").parse().ok().map(Value::Integer),
        Value::Float(_) => text.parse().ok().map(Value::Float),
        Value::Boolean(_) => text.parse().ok().map(Value::Boolean),
        Value::Array(_) => {
            let table: Table = format!("value = {text}").parse().ok()?;
            table.get("value").filter(|value| value.is_array()).cloned()
        }
        Value::Datetime(_) | Value::Table(_) => None,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number with a decimal point",
        Value::Boolean(_) => "true or false",
        Value::Array(_) => "a list in brackets",
        Value::Datetime(_) => "a time",
        Value::Table(_) => "a section",
    }
}
