//! The example operations, which are the tabs of the playground: each fits the schema, and does what it says.

use std::path::Path;

use serde_json::json;

use super::bench::Bench;
use crate::profiles::customers;

const OPERATIONS: [&str; 9] =
    ["complete", "create", "events", "follow", "list", "live-profile", "profile", "resume", "upload"];

/// The text of an example operation.
pub(crate) fn operation(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/playground/operations");
    std::fs::read_to_string(folder.join(format!("{name}.graphql"))).unwrap()
}

#[tokio::test]
async fn the_examples_work_one_after_the_other() {
    let bench = Bench::new().await;
    let upload = bench
        .data(&operation("upload"), json!({ "name": "customers.csv", "sizeBytes": 3, "key": "k" }))
        .await["createUpload"]
        .take();
    assert_eq!(upload["userErrors"], json!([]));
    bench.put_block(upload["upload"]["id"].as_str().unwrap(), 0, b"a,b").await;
    let data = bench.data(&operation("complete"), json!({ "uploadId": upload["upload"]["id"] })).await;
    assert_eq!(data["completeUpload"]["file"]["state"], "READY");
    let data = bench.data(&operation("create"), json!({ "fileId": upload["file"]["id"], "key": "i" })).await;
    let inspection = &data["createInspection"]["inspection"];
    assert_eq!(inspection["state"], "QUEUED");
    let id = inspection["id"].as_str().unwrap();
    bench.revise(id, &customers()).await;

    let data = bench.data(&operation("list"), json!({})).await;
    assert_eq!(data["inspections"]["nodes"][0]["file"]["name"], "customers.csv");
    let data = bench.data(&operation("profile"), json!({ "id": id })).await;
    assert_eq!(data["inspection"]["profile"]["columns"]["totalCount"], 13);
    let data = bench.data(&operation("events"), json!({ "id": id })).await;
    assert_eq!(data["inspection"]["events"]["nodes"][0]["seq"], 1);
    assert_eq!(data["inspection"]["tasks"]["nodes"][0]["kind"], "SURVEY");

    let follow = |name| bench.follow(&operation(name), json!({ "id": id }));
    assert_eq!(follow("follow").item().await["__typename"], "Snapshot");
    assert_eq!(follow("resume").item().await["seq"], 1);
    assert_eq!(follow("live-profile").item().await["rowCount"], 300);
}

#[test]
fn every_example_is_tried() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/playground/operations");
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut found: Vec<_> = std::fs::read_dir(folder).unwrap().map(name).collect();
    found.sort();
    assert_eq!(found, OPERATIONS.map(|name| format!("{name}.graphql")));
}
