//! Random faults for a while, by a seed that is printed. Whatever happens meanwhile: when it is over, every
//! inspection has succeeded, with the right profile and a history without fault.
//!
//! Two minutes here; `make soak MINUTES=20` for longer, `SEED=…` for the same again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use data_inspector_api::client::{Follower, create_inspection};
use data_inspector_domain::id::InspectionId;
use data_inspector_e2e::line::{Line, Weather};
use data_inspector_e2e::services::Service;

use super::alone;
use data_inspector_e2e::system::{Pace, System, write_file};

const PACE: Pace = Pace { leaf_bytes: 1 << 20, slots: 2, request_bytes: 1 << 20 };
const FILES: [u64; 3] = [900_000, 6_000_000, 20_000_000];
const BYTES_PER_SECOND: u64 = 1_000_000;
/// Inspections that are open at once.
const OPEN: usize = 3;
const USUAL_MINUTES: u64 = 2;
/// How long the last inspections may take when all is well again.
const PATIENCE: Duration = Duration::from_secs(180);

const APIS: [&str; 2] = ["api-a", "api-b"];
const COORDINATORS: [&str; 2] = ["coordinator-1", "coordinator-2"];
const WORKERS: [&str; 3] = ["worker-1", "worker-2", "worker-3"];

/// Something that is done to the system, and undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    KillWorker,
    StopWorker,
    KillCoordinator,
    KillApi,
    KillKafka,
    KillPostgres,
    RestartAzurite,
    CutBlobs,
    StallBlobs,
    DelayBlobs,
    CutDatabase,
    StallDatabase,
    CutBroker,
    StallBroker,
}

impl Fault {
    const ALL: [Self; 14] = [
        Self::KillWorker,
        Self::StopWorker,
        Self::KillCoordinator,
        Self::KillApi,
        Self::KillKafka,
        Self::KillPostgres,
        Self::RestartAzurite,
        Self::CutBlobs,
        Self::StallBlobs,
        Self::DelayBlobs,
        Self::CutDatabase,
        Self::StallDatabase,
        Self::CutBroker,
        Self::StallBroker,
    ];
}

struct Soak {
    system: System,
    random: fastrand::Rng,
    files: Vec<(String, PathBuf)>,
    open: Vec<(InspectionId, usize)>,
    all: Vec<(InspectionId, usize)>,
    faults: BTreeMap<Fault, u32>,
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_every_inspection_ends_well() {
    let _turn = alone().await;
    let minutes = setting("DATA_INSPECTOR_SOAK_MINUTES").unwrap_or(USUAL_MINUTES);
    let seed = setting("DATA_INSPECTOR_SOAK_SEED").unwrap_or_else(|| fastrand::u64(..1_000_000));
    eprintln!("{minutes} minutes with seed {seed}");
    let mut soak = Soak::start(seed).await;
    let until = Instant::now() + Duration::from_secs(60 * minutes);
    while Instant::now() < until {
        soak.keep_busy().await;
        let calm = Duration::from_millis(soak.random.u64(1_000..5_000));
        soak.pass(calm).await;
        let fault = soak.random.choice(Fault::ALL).unwrap();
        soak.suffer(fault).await;
    }
    soak.check(&format!("{minutes} minutes, seed {seed}")).await;
}

impl Soak {
    async fn start(seed: u64) -> Self {
        let mut system = System::start(PACE).await;
        system.launch(&APIS);
        system.launch(&COORDINATORS);
        system.launch(&WORKERS);
        let mut files = Vec::new();
        for size in FILES {
            let path = system.folder().join(format!("{size}.csv"));
            write_file(&path, size);
            files.push((system.upload("api-a", &path).await, path));
        }
        system.worker_blobs.set(Weather::throttled(BYTES_PER_SECOND));
        let random = fastrand::Rng::with_seed(seed);
        Self { system, random, files, open: Vec::new(), all: Vec::new(), faults: BTreeMap::new() }
    }

    /// Creates inspections until enough are open. A replica that does not answer is asked again.
    async fn keep_busy(&mut self) {
        let mut open = Vec::new();
        for (id, file) in std::mem::take(&mut self.open) {
            let follower = Follower::from_the_start(self.system.client("api-a"), id, PATIENCE);
            match follower.outcome().await {
                Ok(outcome) if outcome.state == "SUCCEEDED" => {}
                Ok(outcome) => {
                    assert!(outcome.failure.is_none(), "{id}: {:?}", outcome.failure);
                    open.push((id, file));
                }
                Err(_) => open.push((id, file)),
            }
        }
        self.open = open;
        while self.open.len() < OPEN {
            let file = self.random.usize(..self.files.len());
            let key = format!("soak-{}", self.all.len());
            let Ok(id) = create_inspection(&self.system.client("api-a"), &self.files[file].0, &key).await
            else {
                return;
            };
            self.open.push((id, file));
            self.all.push((id, file));
        }
    }

    /// Lets time pass. It is what this test is made of: nothing is waited for.
    async fn pass(&self, time: Duration) {
        let never = std::future::pending::<()>();
        let _ = tokio::time::timeout(time, never).await;
    }

    /// Does it, lets it be felt, and undoes it.
    async fn suffer(&mut self, fault: Fault) {
        *self.faults.entry(fault).or_default() += 1;
        let felt = Duration::from_millis(self.random.u64(500..6_000));
        match fault {
            Fault::KillWorker => self.kill_one(&WORKERS, felt).await,
            Fault::KillCoordinator => self.kill_one(&COORDINATORS, felt).await,
            Fault::KillApi => self.kill_one(&APIS, felt).await,
            Fault::StopWorker => {
                let name = self.random.choice(WORKERS).unwrap();
                self.system.processes[name].stop().unwrap();
                self.pass(felt).await;
                self.system.processes[name].go_on().unwrap();
            }
            Fault::KillKafka => self.kill_service(Service::Kafka, felt).await,
            Fault::KillPostgres => self.kill_service(Service::Postgres, felt).await,
            Fault::RestartAzurite => self.system.services.restart(Service::Azurite).unwrap(),
            Fault::CutBlobs => self.blobs(Weather::cut(), felt).await,
            Fault::StallBlobs => self.blobs(Weather::stalled(), felt).await,
            Fault::DelayBlobs => self.blobs(Weather::delayed(Duration::from_millis(100)), felt).await,
            Fault::CutDatabase => self.weather(&self.system.database, Weather::cut(), felt).await,
            Fault::StallDatabase => self.weather(&self.system.database, Weather::stalled(), felt).await,
            Fault::CutBroker => self.weather(&self.system.bus, Weather::cut(), felt).await,
            Fault::StallBroker => self.weather(&self.system.bus, Weather::stalled(), felt).await,
        }
    }

    async fn kill_one(&mut self, names: &[&str], felt: Duration) {
        let name = *self.random.choice(names).unwrap();
        self.system.kill(name);
        self.pass(felt).await;
        self.system.launch(&[name]);
    }

    async fn kill_service(&self, service: Service, felt: Duration) {
        self.system.services.kill(service).unwrap();
        self.pass(felt).await;
        self.system.services.restart(service).unwrap();
    }

    async fn blobs(&self, weather: Weather, felt: Duration) {
        self.weather(&self.system.worker_blobs, weather, felt).await;
        self.system.worker_blobs.set(Weather::throttled(BYTES_PER_SECOND));
    }

    async fn weather(&self, line: &Line, weather: Weather, felt: Duration) {
        line.set(weather);
        self.pass(felt).await;
        line.set(Weather::default());
    }

    async fn check(mut self, what: &str) {
        self.system.worker_blobs.set(Weather::default());
        let expected: Vec<String> =
            self.files.iter().map(|(_, path)| self.system.inspected_here(path)).collect();
        let (mut events, mut read, mut needed) = (0, 0, 0);
        let inspections = self.all.len();
        for (id, file) in std::mem::take(&mut self.all) {
            let mut follower = Follower::from_the_start(self.system.client("api-b"), id, PATIENCE);
            let ended = async { while follower.next().await.unwrap().is_some() {} };
            let ended = tokio::time::timeout(PATIENCE, ended).await;
            assert!(ended.is_ok(), "{id} does not end");
            let outcome = follower.outcome().await.unwrap();
            assert_eq!(outcome.state, "SUCCEEDED", "{id}: {:?}", outcome.failure);
            assert!(outcome.profile.unwrap().document.unwrap() == expected[file], "{id} has another profile");
            let history = self.system.history("api-b", id).await;
            assert_eq!(history.violations(), [""; 0], "{id}");
            events += history.numbers().len();
            read += history.split_bytes_read();
            needed += FILES[file];
        }
        let faults: u32 = self.faults.values().sum();
        let again = 100 * read.saturating_sub(needed) / needed.max(1);
        eprintln!(
            "{what}: {inspections} inspections, {faults} faults {:?}, {events} events, {again} % read twice",
            self.faults
        );
        assert!(events > 0 && faults > 0);
    }
}
