//! The worker as a process of its own: its configuration, and the parts it consists of. It has no database.

use std::net::SocketAddr;
use std::path::PathBuf;

use data_inspector_platform::blob::OpenError;
use data_inspector_platform::blob::settings::{BlobSettings, BlobStoreKind};
use data_inspector_platform::bus::Topic;
use data_inspector_platform::bus::settings::{BusKind, BusOpenError, BusSettings};
use data_inspector_platform::config::{self, ConfigError, Contradiction, Flag, Layers, Loaded};
use data_inspector_platform::health::{Health, HealthSettings};
use data_inspector_platform::shutdown::{ShutdownSettings, TooLate, within_deadline};
use data_inspector_platform::telemetry::{Metrics, TelemetryConfig};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::service::{self, Deps, WorkerConfig, WorkerError};

/// The defaults, with a comment for each key: the sections of a worker out of those of the whole system.
pub const DEFAULTS: &str = include_str!("../default.toml");

/// What the names of environment variables start with: `DATA_INSPECTOR__WORKER__SLOTS`.
const ENVIRONMENT_PREFIX: &str = "DATA_INSPECTOR";

/// Everything that can be configured of a worker; `default.toml` beside the crate explains each key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessConfiguration {
    /// How it ends.
    pub shutdown: ShutdownSettings,
    /// Where files and results are.
    pub blobs: BlobSettings,
    /// Where tasks come from.
    pub bus: BusSettings,
    /// Where it says how it is.
    pub health: HealthSettings,
    /// What it tells about itself.
    pub telemetry: TelemetryConfig,
    /// How it works.
    pub worker: WorkerConfig,
}

/// Why the process ended.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// Its health could not be told.
    #[error("cannot listen on health.listen")]
    Health(#[source] std::io::Error),
    /// There is no blob store.
    #[error(transparent)]
    Blobs(#[from] OpenError),
    /// There is no bus.
    #[error(transparent)]
    Bus(#[from] BusOpenError),
    /// It could not work.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// It was asked to end and did not.
    #[error(transparent)]
    TooLate(#[from] TooLate),
}

impl ProcessConfiguration {
    /// The configuration out of its layers: defaults, file, environment, flags.
    pub fn load(
        file: Option<PathBuf>,
        environment: Vec<(String, String)>,
        flags: Vec<Flag>,
    ) -> Result<Loaded<Self>, ConfigError> {
        let layers =
            Layers { defaults: DEFAULTS, file, environment_prefix: ENVIRONMENT_PREFIX, environment, flags };
        config::load(&layers, Self::contradictions)
    }

    fn contradictions(&self) -> Vec<Contradiction> {
        let is_folder = self.blobs.kind == BlobStoreKind::Folder;
        let checks: [(bool, &[&'static str], &str); 4] = [
            (self.health.is_usable(), &["health.listen"], "expected an address and a port"),
            (
                self.telemetry.check().is_ok(),
                &["telemetry.log_filter"],
                "expected a log filter, such as info,data_inspector_worker=debug",
            ),
            (
                self.bus.kind != BusKind::InProcess,
                &["bus.kind"],
                "expected kafka: a worker has to reach coordinators",
            ),
            (
                !is_folder || !self.blobs.folder.as_os_str().is_empty(),
                &["blobs.kind", "blobs.folder"],
                "expected azure, or a folder that all processes share",
            ),
        ];
        let failed = checks.into_iter().filter(|(holds, _, _)| !holds);
        let failed = failed.map(|(_, keys, message)| Contradiction::new(keys, message));
        failed.chain(self.bus.contradictions()).chain(self.blobs.contradictions()).collect()
    }
}

/// Works until `shutdown`. `on_ready` is called once, with the address where its health is told, if anywhere.
pub async fn run(
    configuration: ProcessConfiguration,
    shutdown: CancellationToken,
    on_ready: impl FnOnce(Option<SocketAddr>),
) -> Result<(), ProcessError> {
    let listener = configuration.health.bind().await.map_err(ProcessError::Health)?;
    let blobs = configuration.blobs.open(&configuration.blobs.folder)?;
    let bus = configuration.bus.open().await?;
    let metrics = Metrics::new(env!("CARGO_PKG_VERSION"));
    blobs.register_metrics(&metrics);
    let health =
        Health::new(metrics, shutdown.clone()).with_bus(bus.clone(), Topic::Tasks).with_blobs(blobs.clone());
    let address = listener.as_ref().map(|listener| listener.local_addr()).transpose();
    let address = address.map_err(ProcessError::Health)?;
    let mut telling = JoinSet::new();
    telling.extend(listener.map(|listener| health.serve(listener)));
    let deps = Deps { bus: bus.clone(), blobs };
    let work = service::run(deps, configuration.worker, shutdown.clone(), || on_ready(address));
    let worked = within_deadline(work, &shutdown, configuration.shutdown.deadline()).await;
    bus.close().await;
    Ok(worked??)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF_THE_SYSTEM: &str = include_str!("../../api/default.toml");

    /// The text of each section, by its heading.
    fn sections(document: &str) -> Vec<(&str, &str)> {
        let starts: Vec<usize> = document.match_indices("\n[").map(|(at, _)| at + 1).collect();
        let ends = starts.iter().skip(1).copied().chain([document.len()]);
        let texts = starts.iter().zip(ends).map(|(start, end)| document[*start..end].trim_end());
        texts.map(|text| (text.lines().next().unwrap(), text)).collect()
    }

    #[test]
    fn its_defaults_are_those_of_the_whole_system() {
        let all = sections(OF_THE_SYSTEM);
        let own = sections(DEFAULTS);
        assert!(own.len() >= 6);
        for section in own {
            assert!(all.contains(&section), "{} is another in api/default.toml", section.0);
        }
        let _: ProcessConfiguration = toml(DEFAULTS);
    }

    fn toml(document: &'static str) -> ProcessConfiguration {
        let layers = Layers {
            defaults: document,
            file: None,
            environment_prefix: ENVIRONMENT_PREFIX,
            environment: Vec::new(),
            flags: Vec::new(),
        };
        config::load(&layers, |_| Vec::new()).unwrap().value
    }

    #[test]
    fn what_it_needs_is_said_at_once_and_a_database_is_none_of_it() {
        let environment = vec![("DATA_INSPECTOR__STORE__URL".to_owned(), "postgres://db".to_owned())];
        let error = ProcessConfiguration::load(None, environment, Vec::new()).unwrap_err().to_string();
        for word in ["bus.kind", "blobs.folder", "there is no such section"] {
            assert!(error.contains(word), "{word} is missing in:\n{error}");
        }
    }
}
