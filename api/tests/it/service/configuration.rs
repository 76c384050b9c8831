//! What is said about a configuration.

use super::server::{program, run};

#[test]
fn everything_that_is_wrong_is_said_before_anything_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let file = folder.path().join("config.toml");
    std::fs::write(
        &file,
        "[store]\nurl = 'mysql://root:hunter2@db'\n[worker]\nslots = 'many'\n[apy]\nx = 1\n",
    )
    .unwrap();
    let output = program()
        .env("DATA_INSPECTOR__COORDINATOR__LEASE_MS", "soon")
        .env("DATA_INSPECTOR_CONFIG", &file)
        .args(["--set", "telemetry.log_filter=a=loud", "--data-dir"])
        .arg(&data_dir)
        .output()
        .unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{message}");
    let expected = [
        "store.url (file ",
        "worker.slots (file ",
        "apy (file ",
        "coordinator.lease_ms (environment DATA_INSPECTOR__COORDINATOR__LEASE_MS): expected a whole number",
        "telemetry.log_filter (flag --set)",
    ];
    for problem in expected {
        assert!(message.contains(problem), "{problem} is missing in:\n{message}");
    }
    assert!(!message.contains("hunter2"), "{message}");
    assert!(!data_dir.exists());
}

#[test]
fn what_is_in_force_is_shown_without_secrets() {
    let output = program()
        .env("DATA_INSPECTOR__STORE__URL", "postgres://app:hunter2@db/inspector")
        .args(["config", "--set", "worker.slots=3"])
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{shown}");
    let line = |key: &str| shown.lines().find(|line| line.starts_with(key)).unwrap_or_default().to_owned();
    assert!(line("url =").contains("postgres://app:***@db/inspector"), "{shown}");
    assert!(line("url =").ends_with("# environment DATA_INSPECTOR__STORE__URL"), "{shown}");
    assert!(line("slots = 3").ends_with("# flag --set"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn the_commented_defaults_can_be_had() {
    let output = run(&["config", "--defaults"]);
    let expected = include_str!("../../../default.toml");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

#[test]
fn a_role_alone_says_everything_it_needs() {
    let needs: [(&str, &[&str]); 3] = [
        ("api", &["bus.kind", "store.url", "blobs.folder", "api.grant_secret"]),
        ("coordinator", &["bus.kind", "store.url"]),
        ("worker", &["bus.kind", "blobs.folder"]),
    ];
    for (role, keys) in needs {
        let output = run(&[role]);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{message}");
        assert_eq!(message.matches("): expected").count(), keys.len(), "{message}");
        for key in keys {
            assert!(message.contains(key), "{role} does not say {key}:\n{message}");
        }
    }
}

#[test]
fn what_kafka_and_azure_lack_is_said_too() {
    let settings =
        ["bus.kind=kafka", "bus.kafka.brokers=", "blobs.kind=azure", "blobs.azure.account_key=hunter2"];
    let mut arguments = vec!["worker"];
    settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
    let output = run(&arguments);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{message}");
    for key in
        ["bus.kafka.brokers (flag --set)", "blobs.azure.account (default)", "blobs.azure.container (default)"]
    {
        assert!(message.contains(key), "{key} is missing in:\n{message}");
    }
    assert!(!message.contains("hunter2"), "{message}");
}
