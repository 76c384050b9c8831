//! Ending in good order, and what is said meanwhile.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use data_inspector_api::client::{Follower, UploadOptions, create_inspection, upload};
use serde_json::{Value, json};

use super::Server;
use super::server::metric;
use super::stream::Stream;

const ATTEMPTS: &str = "query Attempts($id: ID!) { inspection(id: $id) { events(first: 100) { nodes {
    ... on AttemptChanged { attempt { kind state endedAt failure { code } } } } } } }";

fn write_file(folder: &Path) -> PathBuf {
    let path = folder.join("rows.csv");
    let rows: String =
        (0..40_000).map(|row| format!("{row},some text {},{}.5\n", row % 9, row % 7)).collect();
    std::fs::write(&path, format!("id,text,share\n{rows}")).unwrap();
    path
}

/// Hands back what it is at as soon as it is asked to end.
const SETTINGS: [&str; 7] = [
    "--no-sample",
    "--set",
    "worker.drain_ms=0",
    "--set",
    "worker.leaf_size_bytes=262144",
    "--set",
    "worker.slots=2",
];

#[tokio::test]
async fn asked_to_end_it_says_goodbye_and_hands_back_what_it_is_at() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let log = folder.path().join("log");
    let slow: Vec<&str> =
        SETTINGS.into_iter().chain(["--set", "blobs.max_bytes_per_second=100000"]).collect();
    let server = Server::start_logging(&data_dir, &slow, File::create(&log).unwrap());
    let options = UploadOptions { parallel: 1, again: false };
    let file = upload(&server.client(), &write_file(folder.path()), options, &|_, _| {}).await.unwrap();
    let id = create_inspection(&server.client(), &file.file_id, "one").await.unwrap();
    let mut stream = Stream::open(&server.url, &id.to_string(), Some("0")).await;
    while !stream.next().await.unwrap().1.contains("\"to\":\"RUNNING\"") {}
    assert_eq!(metric(&server, "subscriptions_open").await, 1);

    server.ask_to_end();
    let goodbye = loop {
        let (known, _) = stream.next().await.expect("a goodbye before the end");
        if known.kind == "GoAway" {
            break known;
        }
    };
    assert_eq!(goodbye.go_away_reason.as_deref(), Some("SHUTDOWN"));
    assert!(stream.next().await.is_none(), "the stream is complete");
    assert_eq!(server.exit_code(), Some(0));

    let server = Server::start(&data_dir, &SETTINGS);
    let mut follower = Follower::from_the_start(server.client(), id, Duration::from_secs(60));
    while follower.next().await.unwrap().is_some() {}
    assert_eq!(follower.outcome().await.unwrap().state, "SUCCEEDED");
    let answer: Value = server.client().query(ATTEMPTS, json!({ "id": id })).await.unwrap();
    let nodes = answer["inspection"]["events"]["nodes"].as_array().unwrap();
    let attempts: Vec<&Value> =
        nodes.iter().map(|event| &event["attempt"]).filter(|attempt| !attempt["endedAt"].is_null()).collect();
    assert!(
        attempts.iter().any(|attempt| attempt["state"] == "WAITING"),
        "nothing was handed back: {answer}"
    );
    assert!(
        attempts.iter().all(|attempt| attempt["failure"].is_null()),
        "handing back is no failure: {answer}"
    );
    check_log(&log, &id.to_string());
}

/// Every line is an object; what is said about an attempt, a report or a request names it.
fn check_log(log: &Path, inspection_id: &str) {
    let mut of_attempts = 0;
    for line in std::fs::read_to_string(log).unwrap().lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let spans = line["spans"].as_array().cloned().unwrap_or_default();
        let has = |key: &str| !line[key].is_null() || spans.iter().any(|span| !span[key].is_null());
        let target = line["target"].as_str().unwrap();
        if target.starts_with("data_inspector_worker::service::attempt") {
            let named = spans.iter().any(|span| span["inspection_id"] == inspection_id);
            assert!(named && has("task_id") && has("worker_id"), "{line}");
            of_attempts += 1;
        }
        if target.starts_with("data_inspector_coordinator::projector") {
            assert!(has("key") || has("inspection_id"), "{line}");
        }
        if target.starts_with("data_inspector_api::transport") {
            assert!(has("request_id"), "{line}");
        }
    }
    assert!(of_attempts >= 2, "attempts are not spoken of");
}
