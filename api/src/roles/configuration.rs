//! Everything that can be configured, in sections; `default.toml` beside the crate explains each key.

use std::path::PathBuf;

use data_inspector_coordinator::CoordinatorConfig;
use data_inspector_platform::config::{self, ConfigError, Contradiction, Flag, Layers, Loaded};
use data_inspector_platform::telemetry::TelemetryConfig;
use data_inspector_worker::service::WorkerConfig;
use serde::{Deserialize, Serialize};

use super::settings::{BlobSettings, BusSettings, ShutdownSettings, StandaloneSettings, StoreSettings};
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
    /// What they tell about themselves.
    pub telemetry: TelemetryConfig,
    /// The API.
    pub api: ApiConfig,
    /// The coordinator.
    pub coordinator: CoordinatorConfig,
    /// The worker.
    pub worker: WorkerConfig,
}

impl Configuration {
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
        check(self.bus.in_process_partitions > 0, &["bus.in_process_partitions"], "expected at least 1");
        found
    }
}

#[cfg(test)]
mod tests;
