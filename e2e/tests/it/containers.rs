//! The Compose file and the Dockerfile, as far as they can be checked without Docker: every role is there, on ports it
//! listens on, with settings that the programs take.

use std::collections::BTreeMap;
use std::process::Command;

use data_inspector_e2e::programs::programs;

const COMPOSE: &str = include_str!("../../../docker/compose.yaml");
const DOCKERFILE: &str = include_str!("../../../docker/Dockerfile");
const PREFIX: &str = "DATA_INSPECTOR__";

/// Lines of a block of our Compose file, below a line of this text; of YAML it needs no more than indentation.
fn block(document: &'static str, heading: &str) -> Vec<&'static str> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut lines = document.lines().skip_while(|line| !line.starts_with(heading));
    let first = lines.next().unwrap_or_else(|| panic!("there is no {heading}"));
    lines.take_while(|line| line.is_empty() || indent(line) > indent(first)).collect()
}

/// The variables in lines of `NAME: value`.
fn variables(lines: &[&str]) -> BTreeMap<String, String> {
    let assignments = lines.iter().filter_map(|line| line.trim().split_once(": "));
    let ours = assignments.filter(|(name, _)| name.starts_with(PREFIX));
    ours.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The environment of a service: the anchors it merges, those of the Dockerfile, its own.
fn environment(service: &str) -> BTreeMap<String, String> {
    let mut lines = block(COMPOSE, &format!("  {service}:"));
    if lines.iter().any(|line| line.trim() == "<<: *api") {
        lines.extend(block(COMPOSE, "x-api:"));
    }
    let mut found = variables(&lines);
    for anchor in ["store", "bus", "blobs"] {
        let merged = lines.iter().filter(|line| line.contains("<<: [")).any(|line| {
            line.trim_end_matches(']').split('*').any(|name| name.trim_matches([' ', ',']) == anchor)
        });
        if merged {
            found.extend(variables(&block(COMPOSE, &format!("x-{anchor}:"))));
        }
    }
    found
}

/// What a program says of a configuration: it is asked to do something else than what fails first without services.
fn says(program: &std::path::Path, arguments: &[&str], environment: &BTreeMap<String, String>) -> String {
    let mut command = Command::new(program);
    let output = command.args(arguments).env_clear().envs(environment).output().unwrap();
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn every_service_of_ours_has_settings_its_program_takes() {
    for (service, role) in [
        ("api-1", "api"),
        ("api-2", "api"),
        ("coordinator", "coordinator"),
        ("worker", "worker"),
        ("migrate", "migrate"),
    ] {
        let mut environment = environment(service);
        assert!(!environment.is_empty(), "{service}");
        // A port that cannot be listened on ends it before it looks for others.
        environment.insert("DATA_INSPECTOR__API__LISTEN".to_owned(), "203.0.113.1:1".to_owned());
        environment.insert("DATA_INSPECTOR__HEALTH__LISTEN".to_owned(), "203.0.113.1:1".to_owned());
        let (program, arguments) = match role {
            "worker" => {
                environment.remove("DATA_INSPECTOR__API__LISTEN");
                (&programs().worker, vec![])
            }
            "migrate" => (&programs().inspector, vec!["config"]),
            role => (&programs().inspector, vec![role]),
        };
        let said = says(program, &arguments, &environment);
        assert!(!said.contains("configuration is wrong"), "{service}: {said}");
        assert!(role == "migrate" || said.contains("cannot listen"), "{service}: {said}");
    }
    let without_bus = BTreeMap::from([("DATA_INSPECTOR__BUS__KINDD".to_owned(), "kafka".to_owned())]);
    assert!(says(&programs().inspector, &["coordinator"], &without_bus).contains("configuration is wrong"));
}

#[test]
fn every_role_is_there_and_reached_where_it_listens() {
    for (service, expected) in [
        ("api-1", "ports: [\"127.0.0.1:8080:8080\"]"),
        ("api-2", "ports: [\"127.0.0.1:8081:8080\"]"),
        ("coordinator", "command: [coordinator]"),
        ("worker", "deploy: {replicas: 2}"),
        ("migrate", "command: [migrate]"),
        ("azurite", "ports: [\"127.0.0.1:10000:10000\"]"),
    ] {
        let lines = block(COMPOSE, &format!("  {service}:"));
        assert!(
            lines.iter().any(|line| line.trim() == expected),
            "{service}: {expected} is not in {lines:?}"
        );
    }
    for port in ["API__LISTEN=0.0.0.0:8080", "HEALTH__LISTEN=0.0.0.0:8081"] {
        assert!(DOCKERFILE.contains(&format!("{PREFIX}{port}")), "{port}");
    }
    for line in DOCKERFILE.lines().filter_map(|line| line.strip_prefix("FROM ")) {
        let image = line.split(' ').next().unwrap();
        assert!(image.contains(':') || image == "base", "{image} is of no version");
    }
    for target in ["data-inspector", "data-inspector-worker"] {
        assert!(DOCKERFILE.contains(&format!("AS {target}\n")), "{target}");
        assert!(COMPOSE.contains(&format!("target: {target}}}")), "{target}");
    }
}
