//! A worker in a process of its own, as `data-inspector-worker` is one.

use std::net::SocketAddr;

use data_inspector_worker::process::{self, ProcessConfiguration};
use tokio_util::sync::CancellationToken;

use super::configuration::Configuration;

/// Works until `shutdown`. `on_ready` is called once, with the address where its health is told, if anywhere.
pub async fn run(
    configuration: Configuration,
    shutdown: CancellationToken,
    on_ready: impl FnOnce(Option<SocketAddr>),
) -> anyhow::Result<()> {
    let Configuration { shutdown: ending, blobs, bus, health, telemetry, worker, .. } = configuration;
    let configuration = ProcessConfiguration { shutdown: ending, blobs, bus, health, telemetry, worker };
    Ok(process::run(configuration, shutdown, on_ready).await?)
}
