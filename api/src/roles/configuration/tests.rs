use super::*;

#[test]
fn the_commented_defaults_are_those_of_the_structs() {
    let document: toml::Table = DEFAULTS.parse().unwrap();
    assert_eq!(document, toml::Table::try_from(Configuration::default()).unwrap());
}

#[test]
fn every_key_has_a_comment() {
    let mut previous = "";
    for line in DEFAULTS.lines() {
        let is_setting = !line.is_empty() && !line.starts_with('#');
        assert!(!is_setting || previous.starts_with('#'), "no comment above: {line}");
        previous = line;
    }
}
