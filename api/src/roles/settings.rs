//! Sections of the configuration that are about a process and its database. Where blobs are and which bus there is
//! is in `platform`, as the worker has to know it too.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};
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

impl StoreSettings {
    /// Opens the store, whose tables have to be of this release.
    pub async fn open_ready(&self) -> anyhow::Result<Store> {
        let store = self.open(Path::new("")).await?;
        let missing =
            store.pending_migrations().await.context("cannot look at the tables of the database")?;
        ensure!(
            missing.is_empty(),
            "the tables are older than this release: run `data-inspector migrate` first"
        );
        Ok(store)
    }

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

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The database in a folder. Of a path only these three characters mean something in a URL.
fn sqlite_url(data_dir: &Path) -> String {
    let path = data_dir.join("data-inspector.sqlite").to_string_lossy().into_owned();
    let escaped = path.replace('%', "%25").replace('?', "%3F").replace('#', "%23");
    format!("sqlite://{escaped}?mode=rwc")
}
