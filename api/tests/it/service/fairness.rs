//! Small files behind a large one.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::Duration;

use data_inspector_api::client::{Client, Followed, Follower, UploadOptions, create_inspection, upload};
use data_inspector_domain::id::InspectionId;
use data_inspector_platform::blob::{BlobKey, BlobStore, ReadConfig};
use data_inspector_platform::store::{Clock, CompletedUpload, NewUpload, NewWorkspace, Store, StoreConfig};
use serde_json::{Value, json};

use super::Server;
use crate::transport::PATIENCE;

const BIG_BYTES: u64 = 5 << 30;
/// As much of it as could be read in the time of the test. The rest is a hole in the file.
const WRITTEN_BYTES: u64 = 768 << 20;
/// The whole takes minutes.
const BYTES_PER_SECOND: u64 = 24 << 20;
const SMALL: usize = 100;

const EVENTS: &str = "query Events($id: ID!, $after: Cursor) { inspection(id: $id) {
    events(first: 100, after: $after) { nodes { cursor at
        ... on AttemptChanged { attempt { kind state } } } } } }";
const STATE: &str = "query State($id: ID!) { inspection(id: $id) { state endedAt progress { bytesDone } } }";
const CANCEL: &str = "mutation Cancel($input: ChangeInspectionInput!) {
    cancelInspection(input: $input) { userErrors { code message retryable } } }";

/// Puts a file of 5 GB into a new data folder, as an upload would leave it: to send it would take as long as the test
/// may. Its id.
async fn put_big_file(data_dir: &Path) -> String {
    std::fs::create_dir_all(data_dir).unwrap();
    let url = format!("sqlite://{}?mode=rwc", data_dir.join("data-inspector.sqlite").display());
    let store = Store::connect(&StoreConfig::new(url), Clock::Database).await.unwrap();
    store.migrate().await.unwrap();
    let workspace = NewWorkspace { name: "default".to_owned(), owner_name: "Owner".to_owned() };
    let scope = store.create_workspace(workspace).await.unwrap();
    let wanted = NewUpload {
        file_name: "big.csv".to_owned(),
        size_bytes: BIG_BYTES,
        block_size_bytes: 8 << 20,
        lifetime: Duration::from_secs(3600),
        idempotency: None,
    };
    let (upload, file) = store.create_upload(scope, wanted).await.unwrap().value;
    let blobs = BlobStore::local(&data_dir.join("blobs"), ReadConfig::default()).unwrap();
    let key: BlobKey = file.blob_key.parse().unwrap();
    let path = data_dir.join("blobs/blobs").join(&file.blob_key);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    write_rows(&path);
    let etag = blobs.open(&key).await.unwrap().etag().as_str().to_owned();
    let completed = CompletedUpload { size_bytes: BIG_BYTES, etag, content_id: None };
    store.complete_upload(scope, upload.id, completed).await.unwrap();
    store.close().await.unwrap();
    file.id.to_string()
}

fn write_rows(path: &Path) {
    let file = OpenOptions::new().create_new(true).write(true).open(path).unwrap();
    file.set_len(BIG_BYTES).unwrap();
    let mut out = BufWriter::with_capacity(1 << 20, file);
    out.write_all(b"id,name,share\n").unwrap();
    let rows: String =
        (0..50_000).map(|row| format!("{row},\"name, {}\",{}.5\n", row % 1000, row % 7)).collect();
    for _ in 0..WRITTEN_BYTES / rows.len() as u64 {
        out.write_all(rows.as_bytes()).unwrap();
    }
    out.flush().unwrap();
}

async fn upload_small(client: &Client, folder: &Path, number: usize) -> String {
    let path = folder.join(format!("small-{number}.csv"));
    let rows: String = (0..200).map(|row| format!("{row},{number},some text {}\n", row % 9)).collect();
    std::fs::write(&path, format!("id,number,text\n{rows}")).unwrap();
    let options = UploadOptions { parallel: 1, again: false };
    upload(client, &path, options, &|_, _| {}).await.unwrap().file_id
}

/// Follows to the end, or as long as something holds.
async fn follow(client: &Client, id: InspectionId, mut go_on: impl FnMut(&Followed) -> bool) {
    let mut follower = Follower::from_the_start(client.clone(), id, PATIENCE);
    while let Some(followed) = follower.next().await.unwrap() {
        if !go_on(&followed) {
            return;
        }
    }
}

async fn state(client: &Client, id: InspectionId) -> Value {
    client.query::<Value>(STATE, json!({ "id": id })).await.unwrap()["inspection"].take()
}

/// When splits were done, in order.
async fn splits_done_at(client: &Client, id: InspectionId) -> Vec<String> {
    let (mut done, mut after) = (Vec::new(), Value::Null);
    loop {
        let mut page: Value = client.query(EVENTS, json!({ "id": id, "after": after })).await.unwrap();
        let Value::Array(nodes) = page["inspection"]["events"]["nodes"].take() else { panic!("{page}") };
        let Some(last) = nodes.last() else { return done };
        after = last["cursor"].clone();
        let is_split = |event: &&Value| {
            event["attempt"]["kind"] == "INSPECT_SPLIT" && event["attempt"]["state"] == "DONE"
        };
        done.extend(nodes.iter().filter(is_split).map(|event| event["at"].as_str().unwrap().to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_small_files_behind_one_of_5_gb_end_first_and_it_never_stops() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let big = put_big_file(&data_dir).await;
    let speed = format!("blobs.max_bytes_per_second={BYTES_PER_SECOND}");
    let settings = [
        "--no-sample",
        "--set",
        &speed,
        "--set",
        "worker.slots=2",
        "--set",
        "worker.leaf_size_bytes=4194304",
    ];
    let server = Server::start(&data_dir, &settings);
    let client = server.client();
    let mut files = Vec::new();
    for number in 0..SMALL {
        files.push(upload_small(&client, folder.path(), number).await);
    }
    let big = create_inspection(&client, &big, "big").await.unwrap();
    follow(&client, big, |heard| !matches!(heard, Followed::Event { event, .. } if event["to"] == "RUNNING"))
        .await;
    let mut small = Vec::new();
    for file in &files {
        small.push(create_inspection(&client, file, file).await.unwrap());
    }
    let mut ended_at = Vec::new();
    for id in small {
        follow(&client, id, |_| true).await;
        let ended = state(&client, id).await;
        assert_eq!(ended["state"], "SUCCEEDED", "{ended}");
        ended_at.push(ended["endedAt"].as_str().unwrap().to_owned());
    }
    let big_now = state(&client, big).await;
    assert_eq!(big_now["state"], "RUNNING", "{big_now}");
    assert!(
        big_now["progress"]["bytesDone"].as_u64().unwrap() < WRITTEN_BYTES,
        "the hole was read: {big_now}"
    );

    // All moments are of the same clock, in the same form.
    ended_at.sort();
    let done = splits_done_at(&client, big).await;
    for quarter in ended_at.chunks(SMALL / 4) {
        let (from, to) = (quarter.first().unwrap(), quarter.last().unwrap());
        let meanwhile = done.iter().filter(|at| from <= *at && *at <= to).count();
        assert!(meanwhile > 0, "it stopped between {from} and {to}: {done:?}");
    }

    let payload: Value = client.mutate(CANCEL, "cancelInspection", json!({ "id": big })).await.unwrap();
    follow(&client, big, |_| true).await;
    assert_eq!(state(&client, big).await["state"], "CANCELLED", "{payload}");
}
