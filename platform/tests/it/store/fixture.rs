//! A store of its own for each test, and the shortest way to get something into it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use data_inspector_domain::access::Role;
use data_inspector_domain::id::{FileId, InspectionId, TaskId, UploadId};
use data_inspector_domain::spec::InspectionSpec;
use data_inspector_domain::task::TaskKind;
use data_inspector_domain::task::retry::RetryPolicy;
use data_inspector_domain::time::Timestamp;
use data_inspector_platform::store::{
    AttemptPolicy, Change, Clock, CompletedUpload, File, IdempotentRequest, Inspection, NewInspection,
    NewPrincipal, NewTask, NewUpload, NewWorkspace, PageRequest, Release, RequestHash, Scope, Step, Store,
    StoreConfig, StoreError, Task, Upload,
};

use super::invariants;
use super::worker::Worker;

pub(super) const LEASE: Duration = Duration::from_secs(30);
pub(super) const CLAIM_DEADLINE: Duration = Duration::from_secs(60);

pub(super) fn policy() -> AttemptPolicy {
    AttemptPolicy { lease: LEASE, retry: RetryPolicy::default() }
}

/// A store with one workspace, whose clock stands still until it is moved.
pub(super) struct Fixture {
    pub(super) store: Store,
    pub(super) scope: Scope,
    clock: Arc<AtomicI64>,
    pub(super) config: StoreConfig,
    database: Database,
}

/// What is removed after the test.
enum Database {
    Folder(tempfile::TempDir),
    #[cfg(feature = "services")]
    Postgres(super::fixture::postgres::Database),
}

impl Fixture {
    pub(super) async fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path: PathBuf = folder.path().join("store.db");
        let config = StoreConfig::new(format!("sqlite://{}?mode=rwc", path.display()));
        Self::open(config, Database::Folder(folder)).await
    }

    #[cfg(feature = "services")]
    pub(super) async fn on_postgres() -> Self {
        let database = postgres::Database::create().await;
        let config = StoreConfig::new(database.url.clone());
        Self::open(config, Database::Postgres(database)).await
    }

    async fn open(config: StoreConfig, database: Database) -> Self {
        let clock = Arc::new(AtomicI64::new(1_700_000_000_000_000));
        let store = Store::connect(&config, Clock::Manual(Arc::clone(&clock))).await.unwrap();
        store.migrate().await.unwrap();
        let workspace = NewWorkspace { name: "Acme".to_owned(), owner_name: "Ada".to_owned() };
        let scope = store.create_workspace(workspace).await.unwrap();
        Self { store, scope, clock, config, database }
    }

    /// Checks what must always hold, and removes the database.
    pub(super) async fn end(self) {
        invariants::check_all(&self.store).await;
        self.store.close().await.unwrap();
        match self.database {
            Database::Folder(folder) => folder.close().unwrap(),
            #[cfg(feature = "services")]
            Database::Postgres(database) => database.drop().await,
        }
    }

    pub(super) fn clock(&self) -> Clock {
        Clock::Manual(Arc::clone(&self.clock))
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.clock.load(Ordering::SeqCst))
    }

    pub(super) fn pass(&self, time: Duration) {
        self.clock.fetch_add(i64::try_from(time.as_micros()).unwrap(), Ordering::SeqCst);
    }

    pub(super) async fn other_workspace(&self) -> Scope {
        let workspace = NewWorkspace { name: "Other".to_owned(), owner_name: "Eve".to_owned() };
        self.store.create_workspace(workspace).await.unwrap()
    }

    pub(super) async fn colleague(&self) -> Scope {
        let colleague = NewPrincipal { name: "Bob".to_owned(), role: Role::Editor };
        let principal_id = self.store.create_principal(self.scope, colleague).await.unwrap();
        Scope { principal_id, ..self.scope }
    }

    pub(super) async fn upload(&self, name: &str) -> (Upload, File) {
        self.store.create_upload(self.scope, new_upload(name)).await.unwrap().value
    }

    pub(super) async fn complete(&self, upload: UploadId) -> File {
        self.store.complete_upload(self.scope, upload, completed("etag-1")).await.unwrap()
    }

    pub(super) async fn ready_file(&self, name: &str) -> File {
        let (upload, _) = self.upload(name).await;
        self.complete(upload.id).await
    }

    pub(super) async fn inspect(&self, file_id: FileId) -> Inspection {
        self.store.create_inspection(self.scope, new_inspection(file_id)).await.unwrap().value
    }

    /// An inspection of a file that is ready: its survey waits.
    pub(super) async fn queued(&self) -> Inspection {
        let file = self.ready_file("a.csv").await;
        self.inspect(file.id).await
    }

    /// A running inspection: its survey is done, and this many splits wait.
    pub(super) async fn running(&self, splits: u64) -> (InspectionId, Vec<Task>) {
        let id = self.queued().await.id;
        let mut survey = self.claimed(id, "survey").await;
        let tasks = (0..splits).map(split).collect();
        survey.done(&self.store, Step { tasks, ..Step::default() }).await;
        let mut splits = self.tasks(id).await;
        splits.retain(|task| task.kind == TaskKind::InspectSplit);
        (id, splits)
    }

    pub(super) async fn tasks(&self, id: InspectionId) -> Vec<Task> {
        self.store.tasks_of(id).await.unwrap()
    }

    pub(super) async fn task(&self, id: TaskId) -> Task {
        self.store.task(id).await.unwrap().unwrap()
    }

    pub(super) async fn inspection(&self, id: InspectionId) -> Inspection {
        self.store.inspection(self.scope, id).await.unwrap().unwrap()
    }

    /// Releases what waits among these, and says which were released.
    pub(super) async fn release(&self, id: InspectionId, tasks: &[TaskId]) -> Vec<Task> {
        release(&self.store, id, tasks).await
    }

    /// The run of a worker to whom this task was released, and which has not said anything yet.
    pub(super) async fn released(&self, id: InspectionId, name: &str) -> Worker {
        let task = self.tasks(id).await.into_iter().find(|task| task.name == name).unwrap();
        let released = self.release(id, &[task.id]).await.pop().expect("it waits");
        Worker::of(&released, self.now())
    }

    /// The same once it has claimed the task.
    pub(super) async fn claimed(&self, id: InspectionId, name: &str) -> Worker {
        let mut worker = self.released(id, name).await;
        worker.claim(&self.store).await;
        worker
    }
}

pub(super) async fn release(store: &Store, id: InspectionId, tasks: &[TaskId]) -> Vec<Task> {
    let releases: Vec<_> =
        tasks.iter().map(|task_id| Release { task_id: *task_id, partition: Some(3) }).collect();
    let encode = |context: data_inspector_platform::store::TaskContext<'_>| {
        Ok::<_, StoreError>(format!("{}@{}", context.task.id, context.task.hold.epoch).into_bytes())
    };
    store.release_tasks(id, &releases, CLAIM_DEADLINE, encode).await.unwrap()
}

pub(super) fn new_upload(name: &str) -> NewUpload {
    NewUpload {
        file_name: name.to_owned(),
        size_bytes: 1_000,
        block_size_bytes: 100,
        lifetime: Duration::from_secs(3_600),
        idempotency: None,
    }
}

pub(super) fn completed(etag: &str) -> CompletedUpload {
    CompletedUpload { size_bytes: 1_000, etag: etag.to_owned(), content_id: None }
}

pub(super) fn new_inspection(file_id: FileId) -> NewInspection {
    NewInspection { file_id, spec: InspectionSpec::default(), priority: 0, idempotency: None }
}

pub(super) fn request(key: &str, body: u8) -> IdempotentRequest {
    IdempotentRequest { key: key.to_owned(), hash: RequestHash([body; 32]) }
}

pub(super) fn split(number: u64) -> NewTask {
    NewTask {
        name: format!("split/{number}"),
        kind: TaskKind::InspectSplit,
        rank: 10 + number,
        leaves: Some(number..number + 1),
        from_byte: Some(number * 100),
        size_bytes: 100,
        payload: vec![7],
    }
}

pub(super) fn change() -> Change {
    Change { expected_version: None, reason: "because".to_owned() }
}

pub(super) fn page(limit: u32) -> PageRequest {
    PageRequest::first(limit)
}

#[cfg(feature = "services")]
pub(super) mod postgres {
    //! Databases of a real PostgreSQL.

    use std::sync::atomic::{AtomicU32, Ordering};

    use sea_orm::{ConnectionTrait, DatabaseConnection};

    static CREATED: AtomicU32 = AtomicU32::new(0);

    /// A database of a test. It is dropped by the test; what a failed test leaves ends with the server.
    pub(in crate::store) struct Database {
        pub(in crate::store) url: String,
        name: String,
        admin: DatabaseConnection,
    }

    impl Database {
        pub(super) async fn create() -> Self {
            let server = std::env::var("DATA_INSPECTOR_TEST_POSTGRES").expect(
                "DATA_INSPECTOR_TEST_POSTGRES must name a PostgreSQL; scripts/services.sh starts one",
            );
            let admin = sea_orm::Database::connect(one_connection(&server)).await.unwrap();
            let name = format!("store_{}_{}", std::process::id(), CREATED.fetch_add(1, Ordering::Relaxed));
            admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
            let (host, _) = server.rsplit_once('/').expect("the address ends in the name of a database");
            Self { url: format!("{host}/{name}"), name, admin }
        }

        pub(super) async fn drop(self) {
            self.admin
                .execute_unprepared(&format!("DROP DATABASE {} WITH (FORCE)", self.name))
                .await
                .unwrap();
            self.admin.close().await.unwrap();
        }
    }

    fn one_connection(server: &str) -> sea_orm::ConnectOptions {
        let mut options = sea_orm::ConnectOptions::new(server);
        options.max_connections(1).sqlx_logging(false);
        options
    }
}
