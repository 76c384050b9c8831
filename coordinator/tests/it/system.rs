//! What survives a crash ([`World`]), and what does not ([`System`]).

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use data_inspector_coordinator::CoordinatorConfig;
use data_inspector_domain::event::cursor::Cursor;
use data_inspector_domain::id::{FileId, InspectionId, Sequence};
use data_inspector_domain::inspection::InspectionState;
use data_inspector_domain::spec::InspectionSpec;
use data_inspector_domain::task::TaskState;
use data_inspector_domain::time::Timestamp;
use data_inspector_platform::blob::{BlobKey, BlobStore, ReadConfig};
use data_inspector_platform::bus::in_process::{InProcessBus, InProcessConfig};
use data_inspector_platform::bus::{EventBus, ReadFrom, Topic, TopicReader};
use data_inspector_platform::local::LocalFile;
use data_inspector_platform::store::{
    Clock, CompletedUpload, Inspection, NewInspection, NewUpload, NewWorkspace, Scope, Store, StoreConfig,
    Task,
};
use data_inspector_worker::InspectOptions;
use data_inspector_worker::service::WorkerConfig;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Longer than anything takes on a slow machine; what waits so long fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Store and blobs.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) blobs: BlobStore,
    pub(crate) scope: Scope,
    folder: tempfile::TempDir,
}

/// Coordinators and workers on a bus. Dropped, they are dead on the spot, and the bus has lost its memory.
pub(crate) struct System {
    pub(crate) bus: Arc<dyn EventBus>,
    updates: Box<dyn TopicReader>,
    shutdown: CancellationToken,
    parts: JoinSet<()>,
}

/// How many of each.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) coordinators: usize,
    pub(crate) workers: usize,
    pub(crate) slots: usize,
}

pub(crate) const SMALL: Size = Size { coordinators: 1, workers: 1, slots: 2 };

pub(crate) fn spec(leaf_size_bytes: u64) -> InspectionSpec {
    InspectionSpec { leaf_size_bytes: Some(leaf_size_bytes), ..InspectionSpec::default() }
}

/// Times short enough for tests.
pub(crate) fn coordinator_config(leaves_per_split: u64) -> CoordinatorConfig {
    CoordinatorConfig {
        poll_ms: 20,
        claim_deadline_ms: 3_000,
        lease_ms: 3_000,
        reconcile_ms: 50,
        progress_ms: 50,
        backoff_base_ms: 20,
        bus_is_volatile: true,
        leaves_per_split: Some(leaves_per_split),
        ..CoordinatorConfig::default()
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with_blobs(ReadConfig::default()).await
    }

    pub(crate) async fn with_blobs(config: ReadConfig) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("store.db").display());
        let store = Store::connect(&StoreConfig::new(url), Clock::Database).await.unwrap();
        store.migrate().await.unwrap();
        let workspace = NewWorkspace { name: "w".to_owned(), owner_name: "o".to_owned() };
        let scope = store.create_workspace(workspace).await.unwrap();
        Self { store, blobs: BlobStore::in_memory(config), scope, folder }
    }

    /// A file that is ready.
    pub(crate) async fn file(&self, bytes: &[u8]) -> FileId {
        let upload = NewUpload {
            file_name: "f.csv".to_owned(),
            size_bytes: bytes.len() as u64,
            block_size_bytes: 8 << 20,
            lifetime: Duration::from_secs(60),
            idempotency: None,
        };
        let (upload, file) = self.store.create_upload(self.scope, upload).await.unwrap().value;
        let key: BlobKey = file.blob_key.parse().unwrap();
        let etag = self.blobs.put(&key, Bytes::copy_from_slice(bytes)).await.unwrap();
        let completed = CompletedUpload {
            size_bytes: bytes.len() as u64,
            etag: etag.as_str().to_owned(),
            content_id: None,
        };
        self.store.complete_upload(self.scope, upload.id, completed).await.unwrap().id
    }

    pub(crate) async fn inspect(&self, file_id: FileId, spec: &InspectionSpec) -> InspectionId {
        let wanted = NewInspection { file_id, spec: spec.clone(), priority: 0, idempotency: None };
        self.store.create_inspection(self.scope, wanted).await.unwrap().value.id
    }

    pub(crate) async fn inspection(&self, id: InspectionId) -> Inspection {
        self.store.inspection(self.scope, id).await.unwrap().unwrap()
    }

    pub(crate) async fn tasks(&self, id: InspectionId) -> Vec<Task> {
        self.store.tasks_of(id).await.unwrap()
    }

    pub(crate) async fn done(&self, id: InspectionId, prefix: &str) -> usize {
        let tasks = self.tasks(id).await;
        tasks.iter().filter(|task| task.state == TaskState::Done && task.name.starts_with(prefix)).count()
    }

    /// The stored profile, as text.
    pub(crate) async fn profile(&self, id: InspectionId) -> String {
        let inspection = self.inspection(id).await;
        assert_eq!(inspection.state, InspectionState::Succeeded, "{:?}", inspection.failure);
        let key: BlobKey = inspection.profile.unwrap().key.parse().unwrap();
        String::from_utf8(self.blobs.get(&key, 1 << 30).await.unwrap().to_vec()).unwrap()
    }

    /// What `inspect FILE --json` prints.
    pub(crate) fn expected(&self, bytes: &[u8], spec: &InspectionSpec) -> String {
        let path = self.folder.path().join("expected.csv");
        std::fs::write(&path, bytes).unwrap();
        let options = InspectOptions { threads: NonZeroUsize::MIN, chunk_size_bytes: 1 << 16 };
        let source = LocalFile::open(&path).unwrap();
        data_inspector_worker::inspect(&source, spec, &options, &|_| {}).unwrap().profile.to_json()
    }

    /// Fails unless the events are numbered 1, 2, 3, … and end with the end.
    pub(crate) async fn check_events(&self, id: InspectionId) {
        let inspection = self.inspection(id).await;
        let mut next = Sequence::FIRST;
        let mut cursor = Cursor::start(id);
        loop {
            let events = self.store.events_after(self.scope, cursor, 1000).await.unwrap();
            let Some(last) = events.last().map(|event| event.seq) else { break };
            for event in &events {
                assert_eq!(event.seq, next);
                next = next.next();
            }
            cursor = Cursor::after(id, last);
        }
        assert_eq!(inspection.last_seq.map(Sequence::next), Some(next));
    }
}

pub(crate) fn bus() -> Arc<dyn EventBus> {
    let now = || {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Timestamp::from_micros(since_1970.as_micros() as i64)
    };
    Arc::new(InProcessBus::new(InProcessConfig::default(), Arc::new(now)))
}

impl System {
    pub(crate) async fn start(world: &World, size: Size, config: &CoordinatorConfig) -> Self {
        Self::start_on(bus(), world, size, config).await
    }

    pub(crate) async fn start_on(
        bus: Arc<dyn EventBus>,
        world: &World,
        size: Size,
        config: &CoordinatorConfig,
    ) -> Self {
        let updates = bus.read(Topic::Updates, ReadFrom::Now).await.unwrap();
        let mut system = Self { bus, updates, shutdown: CancellationToken::new(), parts: JoinSet::new() };
        for place in 0..size.coordinators {
            let config = CoordinatorConfig { bus_is_volatile: place == 0, ..config.clone() };
            let deps =
                data_inspector_coordinator::Deps { store: world.store.clone(), bus: Arc::clone(&system.bus) };
            let shutdown = system.shutdown.clone();
            system.parts.spawn(async move {
                data_inspector_coordinator::run(deps, config, shutdown, || ()).await.unwrap();
            });
        }
        for _ in 0..size.workers {
            system.add_worker(world, size.slots);
        }
        system
    }

    pub(crate) fn add_worker(&mut self, world: &World, slots: usize) -> CancellationToken {
        let config = WorkerConfig {
            slots: NonZeroUsize::new(slots).unwrap(),
            chunk_size_bytes: 4096,
            heartbeat_ms: 200,
            drain_ms: 0,
            ..WorkerConfig::default()
        };
        let deps =
            data_inspector_worker::service::Deps { bus: Arc::clone(&self.bus), blobs: world.blobs.clone() };
        let shutdown = self.shutdown.child_token();
        let stop = shutdown.clone();
        self.parts.spawn(async move {
            data_inspector_worker::service::run(deps, config, shutdown, || ()).await.unwrap();
        });
        stop
    }

    /// Waits until something holds; it is looked at whenever something was committed.
    pub(crate) async fn until(&mut self, what: &str, holds: impl AsyncFn() -> bool) {
        let waiting = async {
            while !holds().await {
                self.updates.next().await.unwrap();
            }
        };
        if tokio::time::timeout(PATIENCE, waiting).await.is_err() {
            panic!("waited in vain until {what}");
        }
    }

    pub(crate) async fn until_ended(&mut self, world: &World, id: InspectionId) {
        self.until("an inspection has ended", async || world.inspection(id).await.state.is_terminal()).await;
    }

    /// Ends all parts in good order.
    pub(crate) async fn stop(mut self) {
        self.shutdown.cancel();
        while let Some(ended) = self.parts.join_next().await {
            ended.unwrap();
        }
    }
}
