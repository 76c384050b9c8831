use serde::Deserialize;

use super::*;

const DEFAULTS: &str = r#"
[http]
listen = "127.0.0.1:8080"
limit = 10
tags = ["a"]

[store]
url = "sqlite:x"
verbose = false
"#;

#[derive(Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Sample {
    http: Http,
    store: Store,
}

#[derive(Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Http {
    listen: String,
    limit: u8,
    tags: Vec<String>,
}

#[derive(Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Store {
    url: Secret,
    verbose: bool,
}

fn layers(file: Option<PathBuf>, environment: &[(&str, &str)], flags: &[(&str, &str, &str)]) -> Layers {
    let environment =
        environment.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let flag = |(spelling, key, value): &(&str, &str, &str)| Flag {
        spelling: (*spelling).to_owned(),
        key: (*key).to_owned(),
        value: (*value).to_owned(),
    };
    let flags = flags.iter().map(flag).collect();
    Layers { defaults: DEFAULTS, file, environment_prefix: "APP", environment, flags }
}

fn in_file(folder: &tempfile::TempDir, text: &str) -> Option<PathBuf> {
    let path = folder.path().join("app.toml");
    std::fs::write(&path, text).unwrap();
    Some(path)
}

fn no_contradictions(_: &Sample) -> Vec<Contradiction> {
    Vec::new()
}

fn problems(layers: &Layers, contradictions: impl FnOnce(&Sample) -> Vec<Contradiction>) -> String {
    load(layers, contradictions).unwrap_err().to_string()
}

#[test]
fn the_layer_above_wins() {
    let folder = tempfile::tempdir().unwrap();
    let file = in_file(&folder, "[http]\nlisten = 'file'\nlimit = 1\ntags = ['b']\n");
    let environment = [("APP__HTTP__LISTEN", "environment"), ("APP__HTTP__LIMIT", "2"), ("PATH", "/bin")];
    let layers = layers(file, &environment, &[("--listen", "http.listen", "flag")]);
    let loaded = load(&layers, no_contradictions).unwrap();
    let http = Http { listen: "flag".to_owned(), limit: 2, tags: vec!["b".to_owned()] };
    assert_eq!(loaded.value, Sample { http, store: Store { url: Secret::new("sqlite:x"), verbose: false } });
}

#[test]
fn a_text_becomes_what_the_default_is() {
    let environment =
        [("APP__HTTP__TAGS", "['x', 'y']"), ("APP__STORE__VERBOSE", "true"), ("APP__STORE__URL", "12345")];
    let loaded = load(&layers(None, &environment, &[]), no_contradictions).unwrap();
    assert_eq!(loaded.value.http.tags, ["x", "y"]);
    assert_eq!(loaded.value.store, Store { url: Secret::new("12345"), verbose: true });
}

#[test]
fn everything_that_is_wrong_is_reported_at_once_with_its_origin_and_without_its_value() {
    let folder = tempfile::tempdir().unwrap();
    let file =
        in_file(&folder, "[http]\nlisten = 8080\nlimt = 1\n[stor]\nurl = 'hunter2'\n[store]\nurl = 7777\n");
    let path = file.clone().unwrap().display().to_string();
    let environment = [("APP__HTTP__LIMIT", "hunter2"), ("APP__STORE__VERBOSE", "yes"), ("APP__HTTP", "x")];
    let flags = [("--limit", "http.limit", "300"), ("--tags", "http.tags", "hunter2")];
    let check = |_: &Sample| {
        vec![
            Contradiction::new(&["http.listen", "store.url"], "involves a key that is wrong by itself"),
            Contradiction::new(&["http.listen_later", "http.tags"], "the same"),
            Contradiction::new(&["store.url"], "the same"),
        ]
    };
    let mut text = problems(&layers(file, &environment, &flags), check).replace(&path, "FILE");
    text = text.replace("invalid value: integer `300`, expected u8", "too large");
    let expected = "the configuration is wrong:
  http.limt (file FILE): there is no such key; known here: limit, listen, tags
  http.listen (file FILE): expected a text, found a whole number
  stor (file FILE): there is no such key; known here: http, store
  store.url (file FILE): expected a text, found a whole number
  http.limit (environment APP__HTTP__LIMIT): expected a whole number
  store.verbose (environment APP__STORE__VERBOSE): expected true or false
  http (environment APP__HTTP): expected a section
  http.tags (flag --tags): expected a list in brackets
  http.limit (flag --limit): too large";
    assert_eq!(text, expected);
    assert!(!text.contains("hunter2") && !text.contains("7777"), "{text}");
}

#[test]
fn contradictions_name_where_each_value_came_from() {
    let layers = layers(None, &[("APP__HTTP__LIMIT", "2")], &[]);
    let check = |sample: &Sample| {
        let keys = ["http.limit", "http.listen"];
        if sample.http.limit < 5 {
            vec![Contradiction::new(&keys, "at least 5 is needed")]
        } else {
            Vec::new()
        }
    };
    let text = problems(&layers, check);
    let expected = "http.limit (environment APP__HTTP__LIMIT), http.listen (default): at least 5 is needed";
    assert!(text.ends_with(expected), "{text}");
}

#[test]
fn a_file_that_is_none_is_reported_with_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let broken = in_file(&folder, "[store]\nurl = 'hunter2'\nurl hunter2\n");
    let text = problems(&layers(broken, &[("APP__X", "1")], &[]), no_contradictions);
    assert!(
        text.contains("app.toml is no TOML: line 3: ") && text.contains("\n  x (environment APP__X)"),
        "{text}"
    );
    assert!(!text.contains("hunter2"), "{text}");
    let missing = Some(folder.path().join("missing.toml"));
    let text = problems(&layers(missing, &[], &[]), no_contradictions);
    assert!(text.contains("cannot read") && text.contains("missing.toml"), "{text}");
}

#[test]
fn what_is_in_force_can_be_shown() {
    let environment = [("APP__STORE__URL", "postgres://app:hunter2@db/x"), ("APP__HTTP__LIMIT", "2")];
    let loaded =
        load(&layers(None, &environment, &[("--tags", "http.tags", "[]")]), no_contradictions).unwrap();
    let lines: Vec<String> =
        loaded.to_toml().lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let expected = [
        "",
        "[http]",
        "limit = 2 # environment APP__HTTP__LIMIT",
        "listen = \"127.0.0.1:8080\" # default",
        "tags = [] # flag --tags",
        "",
        "[store]",
        "url = \"postgres://app:***@db/x\" # environment APP__STORE__URL",
        "verbose = false # default",
    ];
    assert_eq!(lines, expected);
}
