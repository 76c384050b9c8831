//! Sections of the configuration that are about where things are, and the adapters they ask for.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use data_inspector_domain::time::Timestamp;
use data_inspector_platform::blob::{BlobStore, ReadConfig};
use data_inspector_platform::bus::EventBus;
use data_inspector_platform::bus::in_process::{InProcessBus, InProcessConfig};
use data_inspector_platform::config::Secret;
use data_inspector_platform::store::{Clock, Store, StoreConfig};
use serde::{Deserialize, Serialize};

/// Serving in one process.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandaloneSettings {
    /// Folder for everything that is kept.
    pub data_dir: PathBuf,
    /// Whether it starts with a sample file, uploaded and inspected.
    pub sample: bool,
}

impl Default for StandaloneSettings {
    fn default() -> Self {
        Self { data_dir: PathBuf::from("data-inspector-data"), sample: true }
    }
}

/// How a process ends.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShutdownSettings {
    /// How long what is at work may take to finish or to be handed back.
    pub deadline_ms: u64,
}

impl Default for ShutdownSettings {
    fn default() -> Self {
        Self { deadline_ms: 25_000 }
    }
}

impl ShutdownSettings {
    /// The same as a duration.
    pub fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms)
    }
}

/// Where state is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSettings {
    /// `postgres://…` or `sqlite://…`; empty: SQLite in the data folder.
    pub url: Secret,
    /// Connections at most.
    pub max_connections: u32,
    /// How long a call waits for a connection.
    pub acquire_timeout_ms: u64,
    /// How long a statement may run; PostgreSQL only.
    pub statement_timeout_ms: u64,
}

impl Default for StoreSettings {
    fn default() -> Self {
        let usual = StoreConfig::new("");
        Self {
            url: Secret::default(),
            max_connections: usual.max_connections,
            acquire_timeout_ms: millis(usual.acquire_timeout),
            statement_timeout_ms: millis(usual.statement_timeout),
        }
    }
}

/// Where blobs are kept, and how they are read.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlobSettings {
    /// The folder; empty: one in the data folder.
    pub folder: PathBuf,
    /// Most bytes asked for in one request.
    pub sub_range_bytes: u64,
    /// Most bytes of one stream that wait to be used.
    pub read_ahead_bytes: u32,
    /// Most bytes handed out at once.
    pub chunk_bytes: usize,
    /// How long the store may be silent.
    pub timeout_ms: u64,
    /// Most bytes per second of all streams of a process together; 0: no limit.
    pub max_bytes_per_second: u64,
    /// Most bytes per second of one stream; 0: no limit.
    pub max_stream_bytes_per_second: u64,
}

impl Default for BlobSettings {
    fn default() -> Self {
        let usual = ReadConfig::default();
        Self {
            folder: PathBuf::new(),
            sub_range_bytes: usual.sub_range_bytes,
            read_ahead_bytes: usual.read_ahead_bytes,
            chunk_bytes: usual.chunk_bytes,
            timeout_ms: millis(usual.timeout),
            max_bytes_per_second: 0,
            max_stream_bytes_per_second: 0,
        }
    }
}

/// How the processes talk.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BusSettings {
    /// Which bus.
    pub kind: BusKind,
    /// Partitions of each topic of the bus inside the process.
    pub in_process_partitions: u32,
}

impl Default for BusSettings {
    fn default() -> Self {
        Self { kind: BusKind::default(), in_process_partitions: InProcessConfig::default().partitions }
    }
}

/// Which bus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BusKind {
    /// Inside one process.
    #[default]
    InProcess,
}

impl StoreSettings {
    /// Opens the store and brings its tables to this release.
    pub async fn open_migrated(&self, data_dir: &Path) -> anyhow::Result<Store> {
        let store = self.open(data_dir).await?;
        store.migrate().await.context("cannot migrate the database")?;
        Ok(store)
    }

    /// Opens the store.
    pub async fn open(&self, data_dir: &Path) -> anyhow::Result<Store> {
        let url = if self.url.is_empty() { sqlite_url(data_dir) } else { self.url.expose().to_owned() };
        let config = StoreConfig {
            url,
            max_connections: self.max_connections,
            acquire_timeout: Duration::from_millis(self.acquire_timeout_ms),
            statement_timeout: Duration::from_millis(self.statement_timeout_ms),
        };
        let shown = Secret::new(config.url.clone()).masked();
        Store::connect(&config, Clock::Database)
            .await
            .with_context(|| format!("cannot open the database {shown}"))
    }
}

impl BlobSettings {
    /// Opens the blob store.
    pub fn open(&self, data_dir: &Path) -> anyhow::Result<BlobStore> {
        let in_data_dir = data_dir.join("blobs");
        let folder = if self.folder.as_os_str().is_empty() { &in_data_dir } else { &self.folder };
        Ok(BlobStore::local(folder, self.read_config())?)
    }

    fn read_config(&self) -> ReadConfig {
        ReadConfig {
            sub_range_bytes: self.sub_range_bytes,
            read_ahead_bytes: self.read_ahead_bytes,
            chunk_bytes: self.chunk_bytes,
            timeout: Duration::from_millis(self.timeout_ms),
            max_bytes_per_second: Some(self.max_bytes_per_second).filter(|limit| *limit > 0),
            max_stream_bytes_per_second: Some(self.max_stream_bytes_per_second).filter(|limit| *limit > 0),
            ..ReadConfig::default()
        }
    }
}

impl BusSettings {
    /// Opens the bus.
    pub fn open(&self) -> Arc<dyn EventBus> {
        match self.kind {
            BusKind::InProcess => {
                let config =
                    InProcessConfig { partitions: self.in_process_partitions, ..InProcessConfig::default() };
                Arc::new(InProcessBus::new(config, Arc::new(host_time)))
            }
        }
    }
}

fn host_time() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The database in a folder. Of a path only these three characters mean something in a URL.
fn sqlite_url(data_dir: &Path) -> String {
    let path = data_dir.join("data-inspector.sqlite").to_string_lossy().into_owned();
    let escaped = path.replace('%', "%25").replace('?', "%3F").replace('#', "%23");
    format!("sqlite://{escaped}?mode=rwc")
}
