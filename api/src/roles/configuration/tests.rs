use super::*;

/// The paths of all keys, sorted.
fn keys(path: &str, table: &toml::Table) -> Vec<String> {
    let mut found = Vec::new();
    for (key, value) in table {
        let path = format!("{path}.{key}");
        match value {
            toml::Value::Table(section) => found.extend(keys(&path, section)),
            _ => found.push(path),
        }
    }
    found.sort();
    found
}

#[test]
fn the_commented_defaults_are_those_of_the_structs() {
    let document: toml::Table = DEFAULTS.parse().unwrap();
    let defaults = toml::Table::try_from(Configuration::default()).unwrap();
    assert_eq!(keys("", &document), keys("", &defaults));
    // Read first: a 0 may stand for something that depends on the machine.
    let read: Configuration = toml::from_str(DEFAULTS).unwrap();
    assert_eq!(toml::Table::try_from(read).unwrap(), defaults);
}

#[test]
fn every_key_has_a_comment() {
    let mut previous = "";
    for line in DEFAULTS.lines() {
        let is_setting = line.contains('=') && !line.starts_with('#');
        assert!(!is_setting || previous.starts_with('#'), "no comment above: {line}");
        previous = line;
    }
}
