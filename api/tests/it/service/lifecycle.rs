//! Starting, ending, starting again.

use std::path::Path;

use super::Server;
use super::server::{metric, program, run};
use crate::transport::PATIENCE;

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../samples/customers.csv");
const INSPECTIONS: &str = "{ inspections { nodes { id state file { name } profile { isFinal document } } } }";

fn inspected_here(path: &str) -> String {
    let output = run(&["inspect", "--json", path]);
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

#[tokio::test]
async fn when_it_is_ready_the_sample_is_inspected_and_a_second_start_keeps_it() {
    let data_dir = tempfile::tempdir().unwrap();
    let server = Server::start(data_dir.path(), &[]);
    let first = server.query(INSPECTIONS).await;
    let nodes = &first["inspections"]["nodes"];
    assert_eq!(nodes.as_array().unwrap().len(), 1, "{first}");
    assert_eq!(
        (nodes[0]["state"].as_str(), nodes[0]["file"]["name"].as_str()),
        (Some("SUCCEEDED"), Some("customers.csv"))
    );
    assert_eq!(nodes[0]["profile"]["isFinal"], true);
    assert_eq!(nodes[0]["profile"]["document"].as_str().unwrap(), inspected_here(SAMPLE));
    assert_eq!(server.terminate(), Some(0));

    let again = Server::start(data_dir.path(), &[]);
    assert_eq!(again.query(INSPECTIONS).await, first);
    assert_eq!(again.terminate(), Some(0));
}

#[tokio::test]
async fn one_process_has_a_data_folder() {
    let data_dir = tempfile::tempdir().unwrap();
    let server = Server::start(data_dir.path(), &["--no-sample"]);
    let second =
        program().args(["--listen=127.0.0.1:0", "--data-dir"]).arg(data_dir.path()).output().unwrap();
    let message = String::from_utf8(second.stderr).unwrap();
    assert_eq!((second.status.code(), second.stdout.len()), (Some(1), 0), "{message}");
    assert!(message.contains("another process uses the data folder"), "{message}");
    assert_eq!(server.query(INSPECTIONS).await["inspections"]["nodes"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn health_readiness_and_metrics_are_told() {
    let data_dir = tempfile::tempdir().unwrap();
    let server = Server::start(data_dir.path(), &["--no-sample"]);
    let get = async |path: &str| {
        let response = reqwest_get(&format!("{}{path}", server.url)).await;
        (response.0, response.1)
    };
    assert_eq!(get("/healthz").await, (200, "alive\n".to_owned()));
    let (status, ready) = get("/readyz").await;
    let expected =
        r#"{"ready":true,"draining":false,"database":"answers","bus":"answers","blobs":"answers"}"#;
    assert_eq!((status, ready.as_str()), (200, expected));
    let (status, metrics) = get("/metrics").await;
    assert!(status == 200 && metrics.contains("data_inspector_build_info"), "{metrics}");
}

#[tokio::test]
async fn what_happened_is_counted() {
    let data_dir = tempfile::tempdir().unwrap();
    let server = Server::start(data_dir.path(), &[]);
    let count = async |name: &str| metric(&server, name).await;
    let sample_bytes = std::fs::metadata(SAMPLE).unwrap().len();
    assert_eq!(count("inspection_transitions_total{state=\"SUCCEEDED\"}").await, 1);
    assert_eq!(count("inspection_transitions_total{state=\"FAILED\"}").await, 0);
    // The survey, one split, one merge.
    for outcome in ["released", "claimed", "done"] {
        assert_eq!(count(&format!("task_attempts_total{{outcome=\"{outcome}\"}}")).await, 3, "{outcome}");
    }
    assert_eq!(count("task_attempts_total{outcome=\"expired\"}").await, 0);
    // The survey reads the head, which is all of it, and the split reads it again without the header.
    let read = count("blob_read_bytes_total{of=\"files\"}").await;
    assert!((2 * sample_bytes - 200..=2 * sample_bytes).contains(&read), "{read} bytes of {sample_bytes}");
    assert!(count("blob_read_bytes_total{of=\"documents\"}").await > 0);
    assert!(count("blob_read_requests_total{of=\"files\"}").await >= 2);
    assert_eq!(count("subscriptions_open").await, 0);
    let published = async { while count("outbox_backlog").await > 0 {} };
    tokio::time::timeout(PATIENCE, published).await.expect("what is committed is published");
    let answers = count("http_answers_total{status=\"2xx\"}").await;
    let events = server.query("{ inspections { nodes { events(first: 100) { nodes { seq } } } } }").await;
    let events = events["inspections"]["nodes"][0]["events"]["nodes"].as_array().unwrap().len() as u64;
    assert_eq!(count("events_committed_total").await, events);
    assert!(count("http_answers_total{status=\"2xx\"}").await > answers);
}

async fn reqwest_get(url: &str) -> (u16, String) {
    let response = reqwest::get(url).await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[test]
fn the_database_and_a_token_can_be_made_without_serving() {
    let folder = tempfile::tempdir().unwrap();
    // Neither needs the folder to be there.
    let other = folder.path().join("other/data");
    let path = folder.path().join("data");
    let path = path.to_str().unwrap();
    let migrated = run(&["migrate", "--set", &format!("standalone.data_dir={path}")]);
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    assert!(Path::new(path).join("data-inspector.sqlite").exists());
    let token =
        run(&["token", "create", "--workspace=team", "--name=ci", "--data-dir", other.to_str().unwrap()]);
    assert!(other.join("data-inspector.sqlite").exists());
    let printed = String::from_utf8(token.stdout).unwrap();
    assert!(
        token.status.success() && printed.starts_with("di_") && printed.lines().count() == 1,
        "{printed}"
    );
}
