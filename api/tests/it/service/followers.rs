//! Many who follow one inspection over sockets, from wherever and whenever they like.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use data_inspector_api::client::{UploadOptions, create_inspection, upload};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Server;
use super::stream::{EVENT, Known, Seen, Stream};
use crate::transport::PATIENCE;

const SUBSCRIBERS: usize = 50;
/// Before the first event.
const START: &str = "0";
const ROWS: u32 = 60_000;

/// What somebody who joined at some place has seen until the stream ended.
struct Account {
    /// Where they joined.
    after: String,
    events: Vec<Seen>,
}

/// Follows to the end. `heard` is told the number of each event.
async fn follow(url: &str, id: &str, after: Option<String>, heard: impl Fn(&Seen)) -> Account {
    let mut stream = Stream::open(url, id, after.as_deref()).await;
    let after = match after {
        Some(after) => after,
        None => {
            let (first, text) = stream.next().await.unwrap();
            assert_eq!(first.kind, "Snapshot", "{text}");
            first.cursor.unwrap()
        }
    };
    let mut account = Account { after, events: Vec::new() };
    while let Some((known, text)) = stream.next().await {
        match known.kind.as_str() {
            "ProgressAdvanced" | "KeepAlive" => continue,
            "Gap" | "GoAway" | "Snapshot" => panic!("{text}"),
            _ => {}
        }
        let seen = Seen { seq: known.seq.unwrap(), cursor: known.cursor.unwrap(), text };
        heard(&seen);
        account.events.push(seen);
    }
    account
}

/// All events, as pages of `events(after)` give them.
async fn scan(server: &Server, id: &str) -> Vec<Seen> {
    #[derive(Deserialize)]
    struct Data {
        inspection: Inspection,
    }
    #[derive(Deserialize)]
    struct Inspection {
        events: Page,
    }
    #[derive(Deserialize)]
    struct Page {
        nodes: Vec<Box<RawValue>>,
    }
    #[derive(Deserialize)]
    struct Answer {
        data: Data,
    }
    let query = format!(
        "query($id: ID!, $after: Cursor) {{ inspection(id: $id) {{
           events(first: 100, after: $after) {{ nodes {{ ...Event }} }} }} }} {EVENT}"
    );
    let http = reqwest::Client::new();
    let mut all: Vec<Seen> = Vec::new();
    loop {
        let after = all.last().map_or(START, |seen| seen.cursor.as_str());
        let body = json!({ "query": query, "variables": { "id": id, "after": after } });
        let sent = http.post(format!("{}/graphql", server.url)).json(&body).send().await.unwrap();
        let text = sent.text().await.unwrap();
        let answer: Answer = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let nodes = answer.data.inspection.events.nodes;
        if nodes.is_empty() {
            return all;
        }
        all.extend(nodes.iter().map(|node| {
            let known: Known = serde_json::from_str(node.get()).unwrap();
            Seen { seq: known.seq.unwrap(), cursor: known.cursor.unwrap(), text: node.get().to_owned() }
        }));
    }
}

fn write_file(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("many.csv");
    let rows = (0..ROWS).map(|row| format!("{row},\"name, {}\",{}.5\n", row % 1000, row % 7));
    std::fs::write(&path, "id,name,share\n".to_owned() + &rows.collect::<String>()).unwrap();
    path
}

/// Small memories, so that most of what is sent is read again from the database, and batches end in the middle.
fn serve(folder: &Path) -> Server {
    let settings = [
        "worker.leaf_size_bytes=65536",
        "worker.slots=2",
        "blobs.max_bytes_per_second=400000",
        "api.hub.feed_events=16",
        "api.hub.replay_batch=7",
        "coordinator.progress_ms=50",
    ];
    let set = settings.iter().flat_map(|setting| ["--set", setting]);
    let arguments: Vec<&str> = ["--no-sample"].into_iter().chain(set).collect();
    Server::start(&folder.join("data"), &arguments)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_who_join_anywhere_and_anytime_see_what_a_scan_sees() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    let path = write_file(folder.path());
    let options = UploadOptions { parallel: 1, again: false };
    let file = upload(&server.client(), &path, options, &|_, _| {}).await.unwrap();
    let splits = std::fs::metadata(&path).unwrap().len() / 65_536;
    let id = create_inspection(&server.client(), &file.file_id, "one").await.unwrap().to_string();

    // The first one tells the others how far it is. A split is at least three events.
    let (heard, so_far) = watch::channel(Vec::<String>::new());
    let heard = Arc::new(heard);
    let mut all = JoinSet::new();
    let (url, id_of_first) = (server.url.clone(), id.clone());
    all.spawn(async move {
        let tell = |seen: &Seen| heard.send_modify(|so_far| so_far.push(seen.cursor.clone()));
        follow(&url, &id_of_first, Some(START.to_owned()), tell).await
    });
    for subscriber in 1..SUBSCRIBERS {
        // All along the way; every other one at the newest event, so that they join in many places whatever the seed.
        let moment = subscriber * 3 * splits as usize / SUBSCRIBERS;
        let place = if subscriber % 2 == 0 { 1.0 } else { random.f64() };
        let mut so_far = so_far.clone();
        let (url, id) = (server.url.clone(), id.clone());
        all.spawn(async move {
            let known = so_far.wait_for(|so_far| so_far.len() > moment).await.unwrap().clone();
            let places: Vec<String> = std::iter::once(START.to_owned()).chain(known).collect();
            let after = places[(place * (places.len() - 1) as f64).round() as usize].clone();
            // Some begin with where things stand.
            follow(&url, &id, (subscriber % 5 > 0).then_some(after), |_| {}).await
        });
    }

    let accounts = timeout(4 * PATIENCE, all.join_all()).await.expect("all streams end");
    let scanned = scan(&server, &id).await;
    let numbers: Vec<u64> = scanned.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    assert_eq!(accounts.len(), SUBSCRIBERS);
    for account in &accounts {
        let after =
            scanned.iter().position(|event| event.cursor == account.after).map_or(0, |place| place + 1);
        assert!(after > 0 || account.after == START, "{}, seed {seed}", account.after);
        assert!(account.events == scanned[after..], "after {after}, seed {seed}");
    }
    let joined: BTreeSet<&str> = accounts.iter().map(|account| account.after.as_str()).collect();
    assert!(joined.len() > SUBSCRIBERS / 2, "they all joined at the same places: {joined:?}");
}
