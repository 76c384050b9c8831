//! The small program, from outside.
#![expect(clippy::unwrap_used, reason = "a test fails where something is not as it must be")]

use std::process::{Command, Output};

fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_data-inspector-worker"));
    command.args(arguments).env_clear().envs(environment.iter().copied()).output().unwrap()
}

#[test]
fn it_says_what_it_lacks_and_knows_no_database() {
    let output = run(&[], &[("DATA_INSPECTOR__STORE__URL", "postgres://root:hunter2@db/x")]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{message}");
    for word in ["bus.kind (default)", "blobs.folder (default)", "there is no such section"] {
        assert!(message.contains(word), "{word} is missing in:\n{message}");
    }
    assert!(!message.contains("hunter2"), "{message}");
}

#[test]
fn its_commented_defaults_can_be_had() {
    let output = run(&["--defaults"], &[]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), data_inspector_worker::process::DEFAULTS);
}
