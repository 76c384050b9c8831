//! Files on their way to the server, and what is found in them.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use data_inspector_api::client::{
    Client, ClientError, Followed, Follower, UploadOptions, create_inspection, upload,
};
use tokio::sync::Notify;

use super::Server;
use super::server::run;

const SMALL_BLOCKS: [&str; 3] = ["--no-sample", "--set", "api.smallest_block_bytes=65536"];
const OPTIONS: UploadOptions = UploadOptions { parallel: 1, again: false };

fn file_of(folder: &Path, rows: u32) -> PathBuf {
    let path = folder.join("numbers.csv");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    writeln!(file, "id,name,share").unwrap();
    for row in 0..rows {
        writeln!(file, "{row},\"name, {}\",{}.5", row % 1000, row % 7).unwrap();
    }
    file.into_inner().unwrap();
    path
}

#[test]
fn upload_inspect_and_follow_give_what_inspect_gives() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &SMALL_BLOCKS);
    let path = file_of(folder.path(), 20_000);
    let path = path.to_str().unwrap();
    let here = run(&["inspect", "--json", path]);
    let there = run(&["upload", path, "--inspect", "--json", "--server", &server.url]);
    let messages = String::from_utf8(there.stderr).unwrap();
    assert_eq!(there.status.code(), Some(0), "{messages}");
    assert_eq!(String::from_utf8(there.stdout).unwrap(), String::from_utf8(here.stdout).unwrap());

    let id = messages.split_whitespace().nth(1).unwrap().trim_end_matches(':');
    let followed = run(&["follow", id, "--server", &server.url]);
    let report = String::from_utf8(followed.stdout).unwrap();
    let expected = String::from_utf8(run(&["inspect", path]).stdout).unwrap();
    assert_eq!((followed.status.code(), report), (Some(0), expected));
}

#[tokio::test]
async fn an_upload_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &SMALL_BLOCKS);
    let path = file_of(folder.path(), 50_000);
    let blocks = std::fs::metadata(&path).unwrap().len().div_ceil(65_536);
    let client = server.client();

    let some_are_there = Notify::new();
    let on_progress = |done: u64, _| {
        if done >= 3 * 65_536 {
            some_are_there.notify_one();
        }
    };
    tokio::select! {
        _ = upload(&client, &path, OPTIONS, &on_progress) => panic!("the file is too small to interrupt its upload"),
        () = some_are_there.notified() => {}
    }
    let rest = upload(&client, &path, OPTIONS, &|_, _| {}).await.unwrap();
    assert!((1..=blocks - 3).contains(&rest.blocks_sent), "{} of {blocks}", rest.blocks_sent);
    let nothing = upload(&client, &path, OPTIONS, &|_, _| {}).await.unwrap();
    assert_eq!((nothing.blocks_sent, nothing.file_id), (0, rest.file_id.clone()));
    let other = upload(&client, &path, UploadOptions { again: true, ..OPTIONS }, &|_, _| {}).await.unwrap();
    assert!(other.file_id != rest.file_id && other.blocks_sent == blocks);
}

#[tokio::test]
async fn a_running_inspection_goes_on_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    // Slow enough to be killed in the middle, and quick to find out that nobody is at the task any more.
    let slow = ["--set", "blobs.max_bytes_per_second=400000", "--set", "coordinator.lease_ms=2000"];
    let arguments: Vec<&str> = SMALL_BLOCKS.into_iter().chain(slow).collect();
    let server = Server::start(&data_dir, &arguments);
    let path = file_of(folder.path(), 50_000);
    let file = upload(&server.client(), &path, OPTIONS, &|_, _| {}).await.unwrap();
    let id = create_inspection(&server.client(), &file.file_id, "one").await.unwrap();
    let mut follower = Follower::from_the_start(server.client(), id, Duration::from_secs(30));
    let mut seen = Vec::new();
    while !seen.iter().any(|event: &serde_json::Value| event["to"] == "RUNNING") {
        take(&mut follower, &mut seen).await;
    }
    server.kill();

    let server = Server::start(&data_dir, &SMALL_BLOCKS);
    let cursor = seen.last().unwrap()["cursor"].as_str().map(str::to_owned);
    let mut follower = Follower::after(server.client(), id, cursor, Duration::from_secs(30));
    while take(&mut follower, &mut seen).await {}
    let numbers: Vec<u64> = seen.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    let outcome = follower.outcome().await.unwrap();
    let here = String::from_utf8(run(&["inspect", "--json", path.to_str().unwrap()]).stdout).unwrap();
    assert_eq!(outcome.profile.unwrap().document.unwrap() + "\n", here);
}

/// Takes what comes next; `false` at the end.
async fn take(follower: &mut Follower, seen: &mut Vec<serde_json::Value>) -> bool {
    let followed = follower.next().await.unwrap();
    if let Some(Followed::Event { event, .. }) = &followed {
        seen.push(event.clone());
    }
    followed.is_some()
}

#[tokio::test]
async fn nobody_answers_and_nothing_there_are_said() {
    let client = Client::try_new("http://127.0.0.1:9", None).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let refused = upload(&client, &path, OPTIONS, &|_, _| {}).await.unwrap_err();
    assert!(matches!(refused, ClientError::Unreachable(_)), "{refused}");
    let missing = upload(&client, Path::new("no-such-file.csv"), OPTIONS, &|_, _| {}).await.unwrap_err();
    assert!(matches!(missing, ClientError::File(_)), "{missing}");
    assert!(matches!(Client::try_new("localhost:8080", None), Err(ClientError::Address)));
}
