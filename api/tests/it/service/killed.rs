//! A file of 200 MB, inspected by a program that is killed three times while it is at it.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use data_inspector_api::client::{Client, Followed, Follower, UploadOptions, create_inspection, upload};
use data_inspector_domain::id::InspectionId;
use serde_json::{Value, json};

use super::Server;
use super::server::{metric, run};

const FILE_BYTES: u64 = 200_000_000;
const LEAF_BYTES: u64 = 4 << 20;
/// Borders of leaves that lie in quoted text which looks like records: whoever begins there is misled.
const MISLEADING_LEAVES: [u64; 3] = [9, 23, 38];
const MISLEADING_BYTES: u64 = 160_000;
const KILLS: [f64; 3] = [0.2, 0.45, 0.7];
/// With this the file takes more than half a minute.
const BYTES_PER_SECOND: u64 = 6_000_000;
/// Bytes that came from the blob store, of the file. States that are merged are another number.
const READ_BYTES: &str = "blob_read_bytes_total{of=\"files\"}";
const PATIENCE: Duration = Duration::from_secs(240);

const STATE: &str = "query State($id: ID!) { inspection(id: $id) {
    state progress { bytesDone splitsTotal splitsDone splitsInspectedAgain runningAttempts } } }";
const EVENTS: &str = "query Events($id: ID!, $after: Cursor) { inspection(id: $id) {
    events(first: 100, after: $after) { nodes { cursor seq } } } }";

/// Ragged records, bytes that are no UTF-8, quoted line ends; now and then a text that looks like records.
fn write_file(folder: &Path) -> PathBuf {
    let path = folder.join("customers.csv");
    let mut file = BufWriter::new(std::fs::File::create(&path).unwrap());
    let mut written = 0;
    let mut misleading =
        MISLEADING_LEAVES.iter().map(|leaf| leaf * LEAF_BYTES - MISLEADING_BYTES / 2).peekable();
    let mut line = b"id,name,amount,note\n".to_vec();
    for row in 0_u64.. {
        file.write_all(&line).unwrap();
        written += line.len() as u64;
        if written >= FILE_BYTES {
            break;
        }
        line.clear();
        if misleading.next_if(|start| written >= *start).is_some() {
            write!(line, "{row},long,1.5,\"").unwrap();
            while (line.len() as u64) < MISLEADING_BYTES {
                writeln!(line, "{row},inner,2.25,looks like a record").unwrap();
            }
            line.extend_from_slice(b"\"\n");
            continue;
        }
        match row % 1000 {
            17 => writeln!(line, "{row},short").unwrap(),
            400 => writeln!(line, "{row},wide,{}.75,x,one,two", row % 977).unwrap(),
            777 => line.extend_from_slice(b"9,\xff\xfe,1.0,bytes\n"),
            n if n % 10 == 3 => writeln!(line, "{row},\"two\nlines, {n}\",{}.5,quoted", row % 977).unwrap(),
            n => writeln!(line, "{row},customer {n},{}.25,plain note of some length", row % 977).unwrap(),
        }
    }
    file.flush().unwrap();
    path
}

fn serve(data_dir: &Path) -> Server {
    let leaf_size = format!("worker.leaf_size_bytes={LEAF_BYTES}");
    let speed = format!("blobs.max_bytes_per_second={BYTES_PER_SECOND}");
    let small_requests = ["blobs.sub_range_bytes=1048576", "blobs.read_ahead_bytes=1048576"];
    let settings =
        ["coordinator.lease_ms=4000", "worker.heartbeat_ms=500", "worker.slots=3", &leaf_size, &speed];
    let mut arguments = vec!["--no-sample"];
    for setting in settings.into_iter().chain(small_requests) {
        arguments.extend(["--set", setting]);
    }
    Server::start(data_dir, &arguments)
}

/// Follows until a share of the file is counted or the inspection has ended; collects the events by number.
async fn follow(follower: &mut Follower, until: f64, seen: &mut Vec<u64>) -> Option<String> {
    let mut cursor = None;
    while let Some(followed) = follower.next().await.unwrap() {
        match followed {
            Followed::Event { seq, event } => {
                seen.push(seq);
                cursor = event["cursor"].as_str().map(str::to_owned);
            }
            Followed::Progress { bytes_done, bytes_total, .. } => {
                if cursor.is_some() && bytes_done as f64 >= until * bytes_total as f64 {
                    return cursor;
                }
            }
            Followed::Gap { .. } => panic!("events are gone"),
            Followed::Reconnecting { reason } => panic!("{reason}"),
        }
    }
    cursor
}

async fn state(client: &Client, id: InspectionId) -> Value {
    client.query::<Value>(STATE, json!({ "id": id })).await.unwrap()["inspection"].take()
}

/// The numbers of all events.
async fn event_numbers(client: &Client, id: InspectionId) -> Vec<u64> {
    let (mut numbers, mut after) = (Vec::new(), Value::Null);
    loop {
        let mut page: Value = client.query(EVENTS, json!({ "id": id, "after": after })).await.unwrap();
        let Value::Array(nodes) = page["inspection"]["events"]["nodes"].take() else { panic!("{page}") };
        let Some(last) = nodes.last() else { return numbers };
        after = last["cursor"].clone();
        numbers.extend(nodes.iter().map(|event| event["seq"].as_u64().unwrap()));
    }
}

#[tokio::test]
async fn killed_three_times_a_large_file_is_inspected_as_if_nothing_had_happened() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let path = write_file(folder.path());
    let size = std::fs::metadata(&path).unwrap().len();

    let mut server = serve(&data_dir);
    let options = UploadOptions { parallel: 4, again: false };
    let file = upload(&server.client(), &path, options, &|_, _| {}).await.unwrap();
    let id = create_inspection(&server.client(), &file.file_id, "once").await.unwrap();
    let began = Instant::now();

    let (mut seen, mut cursor, mut in_flight, mut bytes_read) = (Vec::new(), Some("0".to_owned()), 0, 0);
    for share in KILLS {
        let mut follower = Follower::after(server.client(), id, cursor.clone(), PATIENCE);
        cursor = follow(&mut follower, share, &mut seen).await.or(cursor);
        let found = state(&server.client(), id).await;
        assert_eq!(found["state"], "RUNNING", "{found}");
        let progress = &found["progress"];
        let open = progress["runningAttempts"].as_u64().unwrap();
        assert!(open > 0 && progress["splitsDone"].as_u64() < progress["splitsTotal"].as_u64(), "{found}");
        in_flight += open * LEAF_BYTES;
        bytes_read += metric(&server, READ_BYTES).await;
        server.kill();
        server = serve(&data_dir);
    }
    let mut follower = Follower::after(server.client(), id, cursor, PATIENCE);
    follow(&mut follower, 2.0, &mut seen).await;
    let outcome = follower.outcome().await.unwrap();
    assert_eq!(outcome.state, "SUCCEEDED", "{:?}", outcome.failure);
    assert!(
        began.elapsed() >= Duration::from_secs(30),
        "too fast to be killed three times: {:?}",
        began.elapsed()
    );

    bytes_read += metric(&server, READ_BYTES).await;
    let numbers = event_numbers(&server.client(), id).await;
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "numbers have holes");
    assert_eq!(seen, numbers, "what was followed is not what happened");
    let progress = state(&server.client(), id).await["progress"].take();
    assert!(progress["splitsTotal"].as_u64().unwrap() >= 20, "{progress}");
    assert!(progress["splitsInspectedAgain"].as_u64().unwrap() >= 1, "{progress}");
    println!("{bytes_read} bytes were read of {size}, {in_flight} in flight");
    assert!(
        bytes_read <= size * 6 / 5 + in_flight,
        "{bytes_read} bytes were read of {size}, {in_flight} in flight"
    );

    let leaf_size = LEAF_BYTES.to_string();
    let here = run(&["inspect", "--json", "--leaf-size", &leaf_size, path.to_str().unwrap()]);
    let here = String::from_utf8(here.stdout).unwrap();
    assert_eq!(outcome.profile.unwrap().document.unwrap(), here.trim_end());
}
