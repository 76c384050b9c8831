//! The scenario the system is made for: a large file, several of everything, and everything dies once while the file
//! is inspected. Whoever follows sees every event once, and the result is that of one undisturbed machine.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use data_inspector_api::client::{Followed, Follower};
use data_inspector_domain::id::InspectionId;
use data_inspector_e2e::line::Weather;
use data_inspector_e2e::services::Service;
use serde_json::{Value, json};

use super::alone;
use super::secrets::Secrets;
use data_inspector_e2e::system::{Pace, System, until, write_file};

const FILE_BYTES: u64 = 200_000_000;
const PACE: Pace = Pace { leaf_bytes: 4 << 20, slots: 2, request_bytes: 1 << 20 };
/// Of each connection. Three workers with two slots make six.
const BYTES_PER_SECOND: u64 = 450_000;
const PATIENCE: Duration = Duration::from_secs(120);
/// What may reach the API of 200 MB, for everything that is no block: requests, events, profiles.
const API_BYTES: u64 = 1_000_000;

const STATE: &str = "query State($id: ID!) { inspection(id: $id) {
    state progress { bytesDone splitsTotal splitsDone runningAttempts } } }";

/// Somebody who follows an inspection, on whatever replica there is.
struct Watcher {
    follower: Follower,
    id: InspectionId,
    cursor: Option<String>,
    seen: Vec<u64>,
}

impl Watcher {
    fn on(system: &System, api: &str, id: InspectionId) -> Self {
        let follower = Follower::from_the_start(system.client(api), id, PATIENCE);
        Self { follower, id, cursor: Some("0".to_owned()), seen: Vec::new() }
    }

    /// Goes on elsewhere, after the last event that came.
    fn resume_on(&mut self, system: &System, api: &str) {
        self.follower = Follower::after(system.client(api), self.id, self.cursor.clone(), PATIENCE);
    }

    /// Takes what comes until something is so; whether the inspection goes on.
    async fn take_until(&mut self, is_so: impl Fn(&Self) -> bool) -> bool {
        while !is_so(self) {
            let next = tokio::time::timeout(PATIENCE, self.follower.next()).await;
            match next.expect("nothing comes").unwrap() {
                Some(Followed::Event { seq, event }) => {
                    self.seen.push(seq);
                    self.cursor = event["cursor"].as_str().map(str::to_owned);
                }
                Some(Followed::Gap { .. }) => panic!("events are gone"),
                Some(Followed::Progress { .. } | Followed::Reconnecting { .. }) => {}
                None => return false,
            }
        }
        true
    }

    /// Lets some of the file be inspected: another split than was done is, and its event is here.
    async fn progress(&mut self, system: &System, api: &str) {
        let done = running(system, api, self.id).await["splitsDone"].as_u64();
        let (seen, id) = (self.seen.len(), self.id);
        until("another split is done", async || {
            state(system, api, id).await["progress"]["splitsDone"].as_u64() > done
        })
        .await;
        assert!(self.take_until(|now| now.seen.len() > seen).await, "it ended: too fast, or for a fault");
    }
}

async fn state(system: &System, api: &str, id: InspectionId) -> Value {
    let mut found: Value = system.client(api).query(STATE, json!({ "id": id })).await.unwrap();
    found["inspection"].take()
}

/// How far it is; it runs, and splits are open.
async fn running(system: &System, api: &str, id: InspectionId) -> Value {
    let inspection = state(system, api, id).await;
    let progress = &inspection["progress"];
    assert!(inspection["state"] == "RUNNING" || inspection["state"] == "RETRY_WAIT", "{inspection}");
    assert!(progress["splitsDone"].as_u64() < progress["splitsTotal"].as_u64(), "{inspection}");
    inspection["progress"].clone()
}

/// A step by name, so that a failure says which.
fn step(name: &str, began: Instant) {
    eprintln!("{:5.1} s  {name}", began.elapsed().as_secs_f64());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_dies_once_and_nobody_notices() {
    let _turn = alone().await;
    let began = Instant::now();
    let mut system = System::start(PACE).await;
    let path: PathBuf = system.folder().join("customers.csv");
    write_file(&path, FILE_BYTES);
    step("services run", began);
    system.launch(&["api-a", "api-b", "coordinator-1", "coordinator-2", "worker-1", "worker-2", "worker-3"]);
    system.worker_blobs.set(Weather::throttled(BYTES_PER_SECOND));

    step("upload on A, straight to the blobs; follow on B", began);
    let id = system.inspect("api-a", &path).await;
    let running_since = Instant::now();
    let mut watcher = Watcher::on(&system, "api-b", id);
    until("the first splits are done", async || {
        state(&system, "api-a", id).await["progress"]["splitsDone"].as_u64() >= Some(2)
    })
    .await;
    assert!(watcher.take_until(|now| now.seen.len() > 8).await);
    let mut in_flight = 0;

    step("SIGKILL a worker", began);
    running(&system, "api-a", id).await;
    system.kill("worker-1");
    in_flight += u64::from(PACE.slots) * PACE.leaf_bytes;
    watcher.progress(&system, "api-a").await;
    system.launch(&["worker-4"]);

    step("SIGSTOP a worker past its lease, and continue it", began);
    running(&system, "api-a", id).await;
    system.processes["worker-2"].stop().unwrap();
    in_flight += u64::from(PACE.slots) * PACE.leaf_bytes;
    let lost_before = system.history("api-a", id).await.attempts_failed_with("HEARTBEAT_LOST");
    until("the lease of the stopped worker runs out", async || {
        system.history("api-a", id).await.attempts_failed_with("HEARTBEAT_LOST") > lost_before
    })
    .await;
    system.processes["worker-2"].go_on().unwrap();
    watcher.progress(&system, "api-a").await;

    for coordinator in ["coordinator-1", "coordinator-2"] {
        step("kill a coordinator; one of the two had the inspection", began);
        running(&system, "api-a", id).await;
        system.kill(coordinator);
        watcher.progress(&system, "api-a").await;
        system.launch(&[coordinator]);
    }

    step("kill replica B; the client goes on on A", began);
    running(&system, "api-a", id).await;
    system.kill("api-b");
    watcher.resume_on(&system, "api-a");
    watcher.progress(&system, "api-a").await;
    system.launch(&["api-b"]);

    step("kill Kafka", began);
    running(&system, "api-a", id).await;
    system.services.kill(Service::Kafka).unwrap();
    system.services.restart(Service::Kafka).unwrap();
    watcher.progress(&system, "api-a").await;

    step("kill PostgreSQL", began);
    running(&system, "api-a", id).await;
    system.services.kill(Service::Postgres).unwrap();
    system.services.restart(Service::Postgres).unwrap();
    watcher.progress(&system, "api-a").await;

    step("restart Azurite", began);
    running(&system, "api-a", id).await;
    system.services.restart(Service::Azurite).unwrap();
    in_flight += 3 * u64::from(PACE.slots) * PACE.leaf_bytes;
    watcher.progress(&system, "api-a").await;

    step("to the end", began);
    assert!(!watcher.take_until(|_| false).await);
    let ran = running_since.elapsed();
    let outcome = watcher.follower.outcome().await.unwrap();
    assert_eq!(outcome.state, "SUCCEEDED", "{:?}", outcome.failure);
    assert!(ran >= Duration::from_secs(60), "too fast to be called a run: {ran:?}");

    step("the profile is that of one machine", began);
    assert!(outcome.profile.unwrap().document.unwrap() == system.inspected_here(&path), "another profile");

    step("every event once, in order, and nothing that must not be", began);
    let history = system.history("api-b", id).await;
    assert_eq!(history.violations(), [""; 0]);
    assert_eq!(watcher.seen, history.numbers());
    let by_worker = history.splits_by_worker();
    assert!(by_worker.values().sum::<usize>() >= 20, "{by_worker:?}");
    for name in ["worker-2", "worker-3", "worker-4"] {
        let worker_id = system.worker_id(name);
        assert!(by_worker.get(&worker_id) > Some(&0), "{name} has done nothing: {by_worker:?}");
    }

    step("nobody read more than they had to, and the API none of it", began);
    let (size, read) = (std::fs::metadata(&path).unwrap().len(), history.split_bytes_read());
    assert!(read <= size * 6 / 5 + in_flight, "{read} bytes were read of {size}, {in_flight} in flight");
    let to_api = system.front_blobs.bytes_to_client();
    assert!(to_api < API_BYTES, "{to_api} bytes of blobs reached the API and the client");
    let uploaded = system.front_blobs.bytes_to_server();
    assert!(uploaded >= size, "{uploaded} bytes went straight to the blobs of {size}");

    step("no secret, no signature, no cell in logs, rows and messages", began);
    Secrets::of(&system).assert_unseen().await;
    step("done", began);
}
