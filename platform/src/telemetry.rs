//! What the processes tell about themselves: log lines on stderr and numbers for Prometheus.
//!
//! A line is readable alone: who logs about a request or an inspection does it inside a span that carries the id.
//! Never secrets, contents of files or personal data. `error` means that somebody must act.

mod metrics;

use std::io::{IsTerminal as _, stderr};

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

pub use self::metrics::{MetricName, Metrics};

/// How and what to log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelemetryConfig {
    /// How a line looks.
    pub log_format: LogFormat,
    /// What is logged, in the language of `tracing`: `info,data_inspector_worker=debug`.
    pub log_filter: String,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self { log_format: LogFormat::Text, log_filter: "info".to_owned() }
    }
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// Logging did not begin.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter cannot be read.
    #[error("not a log filter, such as `info` or `info,data_inspector_worker=debug`")]
    Filter(#[source] tracing_subscriber::filter::ParseError),
    /// The process logs already.
    #[error("logging has begun already")]
    AlreadyBegun(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl TelemetryConfig {
    /// Whether the filter can be read.
    pub fn check(&self) -> Result<(), TelemetryError> {
        self.filter().map(drop)
    }

    /// Logs to stderr from now on: the one thing in this process that is global, because `tracing` is.
    pub fn begin_logging(&self) -> Result<(), TelemetryError> {
        let lines = tracing_subscriber::fmt()
            .with_env_filter(self.filter()?)
            .with_writer(stderr)
            .with_span_events(FmtSpan::NONE)
            .with_ansi(stderr().is_terminal());
        let begun = match self.log_format {
            LogFormat::Text => lines.try_init(),
            LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).try_init(),
        };
        begun.map_err(TelemetryError::AlreadyBegun)
    }

    fn filter(&self) -> Result<EnvFilter, TelemetryError> {
        EnvFilter::builder().parse(&self.log_filter).map_err(TelemetryError::Filter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_cannot_be_read_is_refused() {
        let config =
            |filter: &str| TelemetryConfig { log_filter: filter.to_owned(), ..TelemetryConfig::default() };
        config("info,data_inspector_worker=debug").check().unwrap();
        config("warn").check().unwrap();
        assert!(matches!(config("info,a=loud").check(), Err(TelemetryError::Filter(_))));
    }
}
