//! Ten thousand events for clients whose sockets are killed and who go on at random, on three replicas of the API.

mod client;

use std::sync::Arc;
use std::time::{Duration, Instant};

use data_inspector_domain::event::Alert;
use data_inspector_domain::finding::{FindingCode, Severity};
use data_inspector_domain::id::InspectionId;
use data_inspector_e2e::system::{Pace, System, write_file};
use data_inspector_platform::store::{Change, Clock, Scope, Step, Store, StoreConfig};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use self::client::{Closed, Seen, Socket, Window};
use super::alone;

const PACE: Pace = Pace { leaf_bytes: 1 << 20, slots: 1, request_bytes: 1 << 20 };
const REPLICAS: [&str; 3] = ["api-a", "api-b", "api-c"];
const EVENTS: u64 = 10_000;
const CLIENTS: usize = 6;
/// Events a client reads before its socket is killed, at most.
const LONGEST_LIFE: u64 = 900;
/// Events of one transaction, at most.
const LARGEST_STEP: u64 = 150;
/// So far the writer is ahead of the first of the clients, at most: some of what they get is live, some is replayed.
const LEAD: u64 = 400;
const PATIENCE: Duration = Duration::from_secs(300);

/// Before the first event.
const START: &str = "0";

/// What a client sees is what it was told from its first cursor on, over however many sockets.
struct Client {
    urls: Arc<Vec<String>>,
    token: Arc<str>,
    id: InspectionId,
    random: fastrand::Rng,
    seen: Vec<Seen>,
    sockets: usize,
}

impl Client {
    /// Follows to the end, and says how far it is.
    async fn follow(mut self, furthest: watch::Sender<u64>) -> Self {
        loop {
            // A server that has too much to do, and says so, is one more socket that is lost.
            if let Ok(true) = self.follow_for_a_while(&furthest).await {
                return self;
            }
        }
    }

    /// For the life of a socket; whether it was to the end.
    async fn follow_for_a_while(&mut self, furthest: &watch::Sender<u64>) -> Result<bool, Closed> {
        let url = &self.urls[self.random.usize(..self.urls.len())];
        self.sockets += 1;
        let mut socket = Socket::open(url, &self.token, Window::Usual).await?;
        let after = self.seen.last().map_or(START, |seen| seen.cursor.as_str());
        socket.follow(self.id, after).await;
        for _ in 0..self.random.u64(1..=LONGEST_LIFE) {
            let Some(event) = socket.next_event().await? else { return Ok(true) };
            furthest.send_if_modified(|far| {
                let is_further = event.seq > *far;
                *far = event.seq.max(*far);
                is_further
            });
            self.seen.push(event);
        }
        Ok(false)
    }
}

/// Commits events as fast as the clients can follow, and ends the inspection.
async fn write(store: &Store, scope: Scope, id: InspectionId, mut furthest: watch::Receiver<u64>, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut written = 0;
    while written < EVENTS {
        let count = random.u64(1..=LARGEST_STEP).min(EVENTS - written);
        let alerts = (written..written + count).map(alert).collect();
        store.advance(id, Step { alerts, ..Step::default() }).await.unwrap();
        written += count;
        let is_near = |far: &u64| *far + LEAD >= written;
        timeout(PATIENCE, furthest.wait_for(is_near)).await.expect("the clients follow").unwrap();
    }
    let change = Change { expected_version: None, reason: "the test is over".into() };
    store.cancel_inspection(scope, id, change).await.unwrap();
}

fn alert(number: u64) -> Alert {
    Alert {
        severity: Severity::Warn,
        code: FindingCode::ALL[number as usize % FindingCode::ALL.len()],
        column: None,
        message: format!("number {number}: \"quoted\", ümläute, \\ and {}", "x".repeat(number as usize % 40)),
        expected: None,
        observed: None,
        rows_affected: Some(number),
        first_seen_at_byte: Some(number * 1_000),
        provisional: true,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_events_survive_sockets_that_are_killed() {
    let _turn = alone().await;
    let began = Instant::now();
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut system = System::start(PACE).await;
    system.launch(&["coordinator-1"]);
    system.launch(&REPLICAS);
    let path = system.folder().join("small.csv");
    write_file(&path, 10_000);
    // There is no worker: nobody but the test makes events.
    let id = system.inspect("api-a", &path).await;
    let store = StoreConfig::new(system.services.postgres());
    let store = Store::connect(&store, Clock::Database).await.unwrap();
    let scope = store.workspace_named("team").await.unwrap().unwrap();

    let urls: Arc<Vec<String>> =
        Arc::new(REPLICAS.iter().map(|name| system.processes[*name].url().to_owned()).collect());
    let token: Arc<str> = system.token().into();
    // It asks for everything and reads nothing.
    let mut stuck = Socket::open(&urls[0], &token, Window::Small).await.unwrap();
    stuck.follow(id, START).await;

    let (furthest, watched) = watch::channel(0);
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let random = fastrand::Rng::with_seed(seed.wrapping_add(number as u64));
        let (urls, token) = (Arc::clone(&urls), Arc::clone(&token));
        let client = Client { urls, token, id, random, seen: Vec::new(), sockets: 0 };
        clients.spawn(client.follow(furthest.clone()));
    }
    write(&store, scope, id, watched, seed).await;
    let clients = timeout(PATIENCE, clients.join_all()).await.expect("all clients come to the end");
    println!("everybody has followed after {:.1} s", began.elapsed().as_secs_f64());

    let scanned = Socket::open(&urls[1], &token, Window::Usual).await.unwrap().scan(id).await;
    let numbers: Vec<u64> = scanned.iter().map(|event| event.seq).collect();
    assert!(numbers.len() as u64 > EVENTS, "{} events", numbers.len());
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    for client in &clients {
        let wrong = client.seen.iter().zip(&scanned).position(|(seen, scanned)| seen != scanned);
        assert_eq!((wrong, client.seen.len()), (None, scanned.len()), "seed {seed}");
    }
    let sockets: usize = clients.iter().map(|client| client.sockets).sum();
    assert!(sockets > CLIENTS * 10, "{sockets} sockets: too few were killed");
    assert!(stuck.count_until_closed(json!("next")).await < EVENTS, "a client that reads nothing is closed");
    println!("all of it took {:.1} s, over {sockets} sockets", began.elapsed().as_secs_f64());
}
