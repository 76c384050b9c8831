//! Everything that can be configured, in sections; `default.toml` beside the crate explains each key.

use std::path::PathBuf;

use data_inspector_coordinator::{CareConfig, CoordinatorConfig};
use data_inspector_platform::blob::settings::{BlobSettings, BlobStoreKind};
use data_inspector_platform::bus::settings::{BusKind, BusSettings};
use data_inspector_platform::config::{self, ConfigError, Contradiction, Flag, Layers, Loaded};
use data_inspector_platform::health::HealthSettings;
use data_inspector_platform::shutdown::ShutdownSettings;
use data_inspector_platform::telemetry::TelemetryConfig;
use data_inspector_worker::service::WorkerConfig;
use serde::{Deserialize, Serialize};

use super::settings::{StandaloneSettings, StoreSettings};
use crate::server::ApiConfig;

/// The defaults, with a comment for each key.
pub const DEFAULTS: &str = include_str!("../../default.toml");

/// What the names of environment variables start with: `DATA_INSPECTOR__API__LISTEN`.
const ENVIRONMENT_PREFIX: &str = "DATA_INSPECTOR";

/// The configuration of a process. A role reads the sections it needs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// Serving in one process.
    pub standalone: StandaloneSettings,
    /// How a process ends.
    pub shutdown: ShutdownSettings,
    /// Where state is kept.
    pub store: StoreSettings,
    /// Where blobs are kept.
    pub blobs: BlobSettings,
    /// How the processes talk.
    pub bus: BusSettings,
    /// Where coordinators and workers say how they are.
    pub health: HealthSettings,
    /// What they tell about themselves.
    pub telemetry: TelemetryConfig,
    /// The API.
    pub api: ApiConfig,
    /// The coordinator.
    pub coordinator: CoordinatorConfig,
    /// Clearing away what nobody needs any more.
    pub care: CareConfig,
    /// The worker.
    pub worker: WorkerConfig,
}

/// What the configuration is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Serving in one process, or looking.
    OneProcess,
    /// The API alone.
    Api,
    /// A coordinator alone.
    Coordinator,
    /// A worker alone.
    Worker,
}

impl Configuration {
    /// The configuration out of its layers: defaults, file, environment, flags. It has everything its purpose needs.
    pub fn load(
        purpose: Purpose,
        file: Option<PathBuf>,
        environment: Vec<(String, String)>,
        flags: Vec<Flag>,
    ) -> Result<Loaded<Self>, ConfigError> {
        let layers =
            Layers { defaults: DEFAULTS, file, environment_prefix: ENVIRONMENT_PREFIX, environment, flags };
        config::load(&layers, |value: &Self| [value.contradictions(), value.lacks_for(purpose)].concat())
    }

    fn contradictions(&self) -> Vec<Contradiction> {
        let mut found = Vec::new();
        let mut check = |holds: bool, keys: &[&'static str], message: &str| {
            if !holds {
                found.push(Contradiction::new(keys, message));
            }
        };
        let public_url = &self.api.public_url;
        let is_http = ["http://", "https://"].iter().any(|scheme| public_url.starts_with(scheme));
        check(
            public_url.is_empty() || is_http,
            &["api.public_url"],
            "expected a URL that begins with http:// or https://",
        );
        let usable = self.api.has_usable_grant_secret();
        check(
            usable,
            &["api.grant_secret"],
            "expected 64 hexadecimal digits, such as `openssl rand -hex 32` prints",
        );
        check(
            self.telemetry.check().is_ok(),
            &["telemetry.log_filter"],
            "expected a log filter, such as info,data_inspector_worker=debug",
        );
        let url = self.store.url.expose();
        let is_known =
            ["postgres://", "postgresql://", "sqlite:"].iter().any(|scheme| url.starts_with(scheme));
        check(
            url.is_empty() || is_known,
            &["store.url"],
            "expected a URL that begins with postgres:// or sqlite:",
        );
        check(self.store.max_connections > 0, &["store.max_connections"], "expected at least 1");
        check(self.health.is_usable(), &["health.listen"], "expected an address and a port");
        found.extend(self.bus.contradictions());
        found.extend(self.blobs.contradictions());
        found
    }

    /// What a process that works with others needs besides.
    fn lacks_for(&self, purpose: Purpose) -> Vec<Contradiction> {
        let (is_api, is_worker) = (purpose == Purpose::Api, purpose == Purpose::Worker);
        if purpose == Purpose::OneProcess {
            return Vec::new();
        }
        let is_folder = self.blobs.kind == BlobStoreKind::Folder;
        let checks: [(bool, &[&'static str], &str); 4] = [
            (
                self.bus.kind == BusKind::InProcess,
                &["bus.kind"],
                "expected kafka: this process has to reach others; `data-inspector` without a command is all in one",
            ),
            (
                !is_worker && self.store.url.is_empty(),
                &["store.url"],
                "expected the database that all processes share",
            ),
            (
                (is_api || is_worker) && is_folder && self.blobs.folder.as_os_str().is_empty(),
                &["blobs.kind", "blobs.folder"],
                "expected azure, or a folder that all processes share",
            ),
            (
                is_api && is_folder && self.api.grant_secret.is_empty(),
                &["api.grant_secret"],
                "expected 64 hexadecimal digits, the same on all replicas",
            ),
        ];
        let lacking = checks.into_iter().filter(|(lacks, _, _)| *lacks);
        lacking.map(|(_, keys, message)| Contradiction::new(keys, message)).collect()
    }
}

#[cfg(test)]
mod tests;
