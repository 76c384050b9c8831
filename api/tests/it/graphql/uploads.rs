//! Uploads: in blocks, resumed, completed, refused.

use std::time::Duration;

use data_inspector_api::graphql::Limits;
use data_inspector_platform::blob::BlockIndex;
use data_inspector_platform::store::Completion;
use serde_json::{Value, json};

use super::bench::{Bench, text};

const CREATE: &str = "mutation($input: CreateUploadInput!) { createUpload(input: $input) {
    upload { id blockSizeBytes blockCount receivedBlocks grant { url } missing { nodes { fromIndex toIndex } } }
    file { id state name sizeBytes } deduplicated userErrors { code message path retryable } } }";

const LOOK: &str = "query($id: ID!) { upload(id: $id) { receivedBlocks receivedBytes grant { url }
    missing(first: 1) { nodes { fromIndex toIndex } pageInfo { hasNextPage } totalCount } } }";

async fn create(bench: &Bench, name: &str, size_bytes: u64, key: &str) -> Value {
    let input = json!({ "name": name, "sizeBytes": size_bytes, "idempotencyKey": key });
    bench.data(CREATE, json!({ "input": input })).await["createUpload"].take()
}

fn refusal(payload: &Value) -> (String, String) {
    let errors = payload["userErrors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{payload}");
    let path: Vec<_> = errors[0]["path"].as_array().unwrap().iter().map(text).collect();
    (text(&errors[0]["code"]), path.join("."))
}

/// Between the blob and the row there is a moment in which a process may die.
#[tokio::test]
async fn a_completion_that_died_halfway_is_done_again() {
    let bench = Bench::new().await;
    let payload = create(&bench, "customers.csv", 6, "k").await;
    let id = text(&payload["upload"]["id"]);
    bench.put_block(&id, 0, b"0123").await;
    bench.put_block(&id, 1, b"45").await;
    let (scope, upload_id) = (bench.owner.scope, id.parse().unwrap());
    let begin = async |hold| bench.store.begin_completion(scope, upload_id, hold).await.unwrap();

    // One that lives has the turn; one that died has it no longer.
    assert_eq!(begin(Duration::from_secs(60)).await, Completion::Yours);
    let busy = bench.complete(&id).await;
    assert_eq!(refusal(&busy), ("BUSY".into(), "input.uploadId".into()));
    assert_eq!(busy["userErrors"][0]["retryable"], true);
    bench.store.renew_completion(scope, upload_id, Duration::ZERO).await.unwrap();
    assert_eq!(begin(Duration::ZERO).await, Completion::Yours);

    let (_, file) = bench.store.upload(scope, upload_id).await.unwrap().unwrap();
    let blocks = BlockIndex::first(2).unwrap();
    let committed = bench.blobs.commit_blocks(&file.blob_key.parse().unwrap(), &blocks).await.unwrap();
    let done = bench.complete(&id).await;
    assert_eq!(done["file"]["state"], "READY", "{done}");
    let (_, file) = bench.store.upload(scope, upload_id).await.unwrap().unwrap();
    assert_eq!(
        file.etag.as_deref(),
        Some(committed.etag.as_str()),
        "the blob is the one that was put together"
    );
}

#[tokio::test]
async fn a_file_comes_in_blocks_and_any_device_can_go_on() {
    let bench = Bench::new().await;
    let payload = create(&bench, "customers.csv", 10, "k").await;
    let upload = &payload["upload"];
    assert_eq!(upload["blockSizeBytes"], 4);
    assert_eq!(upload["blockCount"], 3);
    assert_eq!(upload["missing"]["nodes"], json!([{ "fromIndex": 0, "toIndex": 2 }]));
    assert_eq!(payload["file"]["state"], "TRANSFERRING");
    let id = text(&upload["id"]);
    let url = text(&upload["grant"]["url"]);
    assert!(url.starts_with(&format!("http://localhost/blobs/{id}?exp=")), "{url}");

    bench.put_block(&id, 1, b"4567").await;
    let seen = bench.data(LOOK, json!({ "id": id })).await["upload"].take();
    assert_eq!((&seen["receivedBlocks"], &seen["receivedBytes"]), (&json!(1), &json!(4)));
    assert_eq!(seen["missing"]["nodes"], json!([{ "fromIndex": 0, "toIndex": 0 }]));
    assert_eq!(seen["missing"]["pageInfo"]["hasNextPage"], true);
    assert_eq!(seen["missing"]["totalCount"], 2);

    let early = bench.complete(&id).await;
    assert_eq!(refusal(&early), ("UPLOAD_INCOMPLETE".into(), "input.uploadId".into()));
    assert_eq!(early["userErrors"][0]["retryable"], true);

    bench.put_block(&id, 0, b"0123").await;
    bench.put_block(&id, 2, b"89").await;
    let done = bench.complete(&id).await;
    assert_eq!((&done["file"]["state"], &done["deduplicated"]), (&json!("READY"), &json!(false)));
    let hash = data_inspector_platform::blob::ContentHash::of(b"0123456789").to_string();
    assert_eq!(done["file"]["contentId"], hash);
    let again = bench.complete(&id).await;
    assert_eq!((&again["file"], &again["deduplicated"]), (&done["file"], &json!(true)));

    let seen = bench.data(LOOK, json!({ "id": id })).await["upload"].take();
    assert_eq!((&seen["receivedBlocks"], &seen["grant"]), (&json!(3), &json!(null)));
    assert_eq!(seen["missing"]["nodes"], json!([]));
}

#[tokio::test]
async fn an_empty_file_needs_no_block() {
    let bench = Bench::new().await;
    let (_, upload_id) = bench.announce("empty.csv", 0).await;
    assert_eq!(bench.complete(&upload_id).await["file"]["state"], "READY");
}

#[tokio::test]
async fn the_same_request_makes_one_upload() {
    let bench = Bench::new().await;
    let first = create(&bench, "a.csv", 10, "k").await;
    let again = create(&bench, "a.csv", 10, "k").await;
    assert_eq!((&first["deduplicated"], &again["deduplicated"]), (&json!(false), &json!(true)));
    assert_eq!(first["upload"]["id"], again["upload"]["id"]);
    for (name, size_bytes) in [("a.csv", 11), ("b.csv", 10)] {
        let other = create(&bench, name, size_bytes, "k").await;
        assert_eq!(refusal(&other), ("IDEMPOTENCY_MISMATCH".into(), "input.idempotencyKey".into()));
        assert_eq!(other["upload"], json!(null));
    }
}

#[tokio::test]
async fn impossible_files_are_refused() {
    let bench = Bench::new().await;
    let too_large = Limits::default().file_bytes + 1;
    for (name, size_bytes, key, path) in [
        ("", 1, "k", "input.name"),
        ("a\nb", 1, "k", "input.name"),
        ("a.csv", too_large, "k", "input.sizeBytes"),
        ("a.csv", 1, "", "input.idempotencyKey"),
    ] {
        let payload = create(&bench, name, size_bytes, key).await;
        assert_eq!(refusal(&payload), ("INVALID_ARGUMENT".into(), path.into()));
    }
}

#[tokio::test]
async fn other_bytes_than_declared_are_refused() {
    let bench = Bench::new().await;
    for (name, blocks) in [
        ("fewer", &[&b"0123"[..], b"4"][..]),
        ("more", &[b"0123", b"456"]),
        ("another block", &[b"0123", b"45", b"6"]),
    ] {
        let (_, id) = bench.announce(name, 6).await;
        for (index, bytes) in blocks.iter().enumerate() {
            bench.put_block(&id, index as u32, bytes).await;
        }
        assert_eq!(refusal(&bench.complete(&id).await).0, "SIZE_MISMATCH", "{name}");
        let found = bench.store.upload(bench.owner.scope, id.parse().unwrap()).await.unwrap().unwrap();
        assert_eq!(found.1.etag, None, "{name}");
    }
}

#[tokio::test]
async fn other_content_than_declared_is_refused_and_may_come_again() {
    let bench = Bench::new().await;
    let (_, id) = bench.announce("a.csv", 2).await;
    let document = "mutation($id: ID!, $content: ContentId!) {
        completeUpload(input: { uploadId: $id, contentId: $content }) { file { state } userErrors { code path } } }";
    let content = data_inspector_platform::blob::ContentHash::of(b"ab").to_string();
    let variables = json!({ "id": id, "content": content });
    bench.put_block(&id, 0, b"xx").await;
    let refused = bench.data(document, variables.clone()).await["completeUpload"].take();
    assert_eq!(refusal(&refused), ("CHECKSUM_MISMATCH".into(), "input.contentId".into()));
    bench.put_block(&id, 0, b"ab").await;
    let taken = bench.data(document, variables).await["completeUpload"].take();
    assert_eq!(taken["file"]["state"], "READY");
}

#[tokio::test]
async fn an_upload_that_took_too_long_is_refused() {
    let bench = Bench::with_limits(Limits { upload_seconds: 0, ..Limits::default() }).await;
    let (_, id) = bench.announce("a.csv", 1).await;
    bench.put_block(&id, 0, b"a").await;
    assert_eq!(refusal(&bench.complete(&id).await).0, "UPLOAD_EXPIRED");
}

#[tokio::test]
async fn an_upload_that_is_given_up_fails_its_file_and_who_waits_for_it() {
    let bench = Bench::new().await;
    let (file_id, upload_id) = bench.announce("a.csv", 2).await;
    let inspection = bench.create(&file_id, "k").await["inspection"].take();
    assert_eq!(inspection["state"], "WAITING_FOR_FILE");
    let document = "mutation($id: ID!) { abortUpload(input: { uploadId: $id }) {
        file { state failure { code origin kind retryable userMessage } } userErrors { code path } } }";
    let aborted = bench.data(document, json!({ "id": upload_id })).await["abortUpload"].take();
    assert_eq!(aborted["file"]["state"], "FAILED");
    assert_eq!(aborted["file"]["failure"]["code"], "CANCELLED");
    assert_eq!(refusal(&bench.complete(&upload_id).await).0, "ILLEGAL_TRANSITION");
    let look = "query($id: ID!) { inspection(id: $id) { state failure { code } } }";
    let seen = bench.data(look, json!({ "id": inspection["id"] })).await;
    assert_eq!(seen["inspection"], json!({ "state": "FAILED", "failure": { "code": "CANCELLED" } }));
}
