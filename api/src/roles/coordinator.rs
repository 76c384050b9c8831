//! A coordinator in a process of its own, one of any number.

use std::net::SocketAddr;

use anyhow::Context as _;
use data_inspector_coordinator as coordinator;
use data_inspector_platform::bus::Topic;
use data_inspector_platform::health::Health;
use data_inspector_platform::shutdown::within_deadline;
use data_inspector_platform::telemetry::Metrics;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::configuration::Configuration;

/// Coordinates until `shutdown`. `on_ready` is called once, with the address where its health is told, if anywhere.
pub async fn run(
    configuration: Configuration,
    shutdown: CancellationToken,
    on_ready: impl FnOnce(Option<SocketAddr>),
) -> anyhow::Result<()> {
    let listener = configuration.health.bind().await.context("cannot listen on health.listen")?;
    let store = configuration.store.open_ready().await?;
    let bus = configuration.bus.open().await?;
    let metrics = Metrics::new(env!("CARGO_PKG_VERSION"));
    store.register_metrics(&metrics);
    let health = Health::new(metrics, shutdown.clone())
        .with_store(store.clone())
        .with_bus(bus.clone(), Topic::Results);
    let address = listener.as_ref().map(|listener| listener.local_addr()).transpose()?;
    let mut telling = JoinSet::new();
    telling.extend(listener.map(|listener| health.serve(listener)));
    let deps = coordinator::Deps { store: store.clone(), bus: bus.clone() };
    let work = coordinator::run(deps, configuration.coordinator, shutdown.clone(), || on_ready(address));
    let coordinated = within_deadline(work, &shutdown, configuration.shutdown.deadline()).await;
    bus.close().await;
    store.close().await.context("cannot close the database")?;
    coordinated?.context("the coordinator failed")
}
