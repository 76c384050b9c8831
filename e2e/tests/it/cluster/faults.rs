//! One fault at a time, felt while an inspection runs: it ends well, with the profile of one undisturbed machine and a
//! history without fault. A group of faults shares a system, as one takes a while to start; each has its step.

use std::path::PathBuf;
use std::time::Duration;

use data_inspector_api::client::{Follower, create_inspection};
use data_inspector_domain::id::InspectionId;
use data_inspector_e2e::line::{Line, Weather};
use data_inspector_e2e::services::Service;
use data_inspector_e2e::system::{Pace, System, get, until, write_file};
use serde_json::{Value, json};

use super::alone;

const PACE: Pace = Pace { leaf_bytes: 1 << 20, slots: 2, request_bytes: 1 << 20 };
const FILE_BYTES: u64 = 12_000_000;
/// Of each connection to the blobs, so that splits are open when the fault comes.
const BYTES_PER_SECOND: u64 = 500_000;
const PATIENCE: Duration = Duration::from_secs(120);
const PROCESSES: [&str; 5] = ["api-a", "coordinator-1", "coordinator-2", "worker-1", "worker-2"];

struct Trial {
    system: System,
    file_id: String,
    expected: String,
}

impl Trial {
    async fn start() -> Self {
        let mut system = System::start(PACE).await;
        system.launch(&PROCESSES);
        let path: PathBuf = system.folder().join("customers.csv");
        write_file(&path, FILE_BYTES);
        let file_id = system.upload("api-a", &path).await;
        let expected = system.inspected_here(&path);
        system.worker_blobs.set(Weather::throttled(BYTES_PER_SECOND));
        Self { system, file_id, expected }
    }

    /// Inspects the file, has something done to the system while splits are open, and checks all there is to check.
    async fn of(&mut self, fault: &str, suffer: impl AsyncFnOnce(&mut System, InspectionId)) {
        eprintln!("{fault}");
        let id = create_inspection(&self.system.client("api-a"), &self.file_id, fault).await.unwrap();
        until("a split is done", async || splits_done(&self.system, id).await >= Some(1)).await;
        suffer(&mut self.system, id).await;
        assert!(
            state(&self.system, id).await["endedAt"].is_null(),
            "{fault}: the inspection ended before the fault"
        );
        let mut follower = Follower::from_the_start(self.system.client("api-a"), id, PATIENCE);
        let mut seen = Vec::new();
        while let Some(followed) = follower.next().await.unwrap() {
            if let data_inspector_api::client::Followed::Event { seq, .. } = followed {
                seen.push(seq);
            }
        }
        let outcome = follower.outcome().await.unwrap();
        assert_eq!(outcome.state, "SUCCEEDED", "{fault}: {:?}", outcome.failure);
        assert!(outcome.profile.unwrap().document.unwrap() == self.expected, "{fault}: another profile");
        let history = self.system.history("api-a", id).await;
        assert_eq!(history.violations(), [""; 0], "{fault}");
        assert_eq!(seen, history.numbers(), "{fault}");
    }
}

async fn state(system: &System, id: InspectionId) -> Value {
    const STATE: &str = "query State($id: ID!) { inspection(id: $id) { endedAt progress { splitsDone } } }";
    let mut found: Value = system.client("api-a").query(STATE, json!({ "id": id })).await.unwrap();
    found["inspection"].take()
}

async fn splits_done(system: &System, id: InspectionId) -> Option<u64> {
    state(system, id).await["progress"]["splitsDone"].as_u64()
}

/// Until a process says that it lacks something, or lacks nothing any more.
async fn until_ready(system: &System, names: &[&str], ready: bool) {
    for name in names {
        let url = format!("{}/readyz", system.processes[*name].url());
        until(&format!("{name}: ready: {ready}"), async || {
            get(&url).await.is_some_and(|(status, _)| (status == 200) == ready)
        })
        .await;
    }
}

/// Until clients of a line have given connections up and made new ones.
async fn until_reconnected(line: &Line) {
    let before = line.connections();
    until("they connect again", async || line.connections() > before + 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blobs_in_bad_weather() {
    let _turn = alone().await;
    let mut trial = Trial::start().await;
    for (fault, weather) in [("blobs cut", Weather::cut()), ("blobs stalled", Weather::stalled())] {
        trial
            .of(fault, async |system, _| {
                system.worker_blobs.set(weather);
                until_reconnected(&system.worker_blobs).await;
                system.worker_blobs.set(Weather::throttled(BYTES_PER_SECOND));
            })
            .await;
    }
    trial
        .of("blobs delayed", async |system, id| {
            let done = splits_done(system, id).await;
            system.worker_blobs.set(Weather::delayed(Duration::from_millis(30)));
            until("another split is done", async || splits_done(system, id).await > done).await;
            system.worker_blobs.set(Weather::throttled(BYTES_PER_SECOND));
        })
        .await;
    trial
        .of("Azurite restarted", async |system, _| {
            // Not killed: it would lose what it was given in the last seconds, which a store must not.
            let before = system.worker_blobs.connections();
            system.services.restart(Service::Azurite).unwrap();
            until("workers connect again", async || system.worker_blobs.connections() > before).await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_in_bad_weather() {
    let _turn = alone().await;
    let mut trial = Trial::start().await;
    for (fault, weather) in [("database cut", Weather::cut()), ("database stalled", Weather::stalled())] {
        trial
            .of(fault, async |system, _| {
                system.database.set(weather);
                until_ready(system, &["api-a", "coordinator-1", "coordinator-2"], false).await;
                system.database.set(Weather::default());
                until_ready(system, &["api-a", "coordinator-1", "coordinator-2"], true).await;
            })
            .await;
    }
    trial
        .of("PostgreSQL killed", async |system, _| {
            system.services.kill(Service::Postgres).unwrap();
            until_ready(system, &["api-a"], false).await;
            system.services.restart(Service::Postgres).unwrap();
            until_ready(system, &["api-a"], true).await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_broker_in_bad_weather() {
    let _turn = alone().await;
    let mut trial = Trial::start().await;
    for (fault, weather) in [("broker cut", Weather::cut()), ("broker stalled", Weather::stalled())] {
        trial
            .of(fault, async |system, _| {
                system.bus.set(weather);
                until_ready(system, &PROCESSES, false).await;
                system.bus.set(Weather::default());
                until_ready(system, &PROCESSES, true).await;
            })
            .await;
    }
    trial
        .of("Kafka killed", async |system, _| {
            system.services.kill(Service::Kafka).unwrap();
            until_ready(system, &["worker-1"], false).await;
            system.services.restart(Service::Kafka).unwrap();
            until_ready(system, &["worker-1"], true).await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_die() {
    let _turn = alone().await;
    let mut trial = Trial::start().await;
    trial
        .of("worker killed", async |system, id| {
            let lost = system.history("api-a", id).await.attempts_failed_with("HEARTBEAT_LOST");
            system.kill("worker-1");
            until("what it had is lost", async || {
                system.history("api-a", id).await.attempts_failed_with("HEARTBEAT_LOST") > lost
            })
            .await;
            system.launch(&["worker-1"]);
        })
        .await;
    trial
        .of("worker stopped past its lease", async |system, id| {
            let lost = system.history("api-a", id).await.attempts_failed_with("HEARTBEAT_LOST");
            system.processes["worker-2"].stop().unwrap();
            until("its lease runs out", async || {
                system.history("api-a", id).await.attempts_failed_with("HEARTBEAT_LOST") > lost
            })
            .await;
            system.processes["worker-2"].go_on().unwrap();
        })
        .await;
    trial
        .of("a coordinator killed, then the other", async |system, id| {
            for name in ["coordinator-1", "coordinator-2"] {
                let done = splits_done(system, id).await;
                system.kill(name);
                until("another split is done", async || splits_done(system, id).await > done).await;
                system.launch(&[name]);
            }
        })
        .await;
    trial
        .of("the only replica killed", async |system, _| {
            system.kill("api-a");
            system.launch(&["api-a"]);
        })
        .await;
}
