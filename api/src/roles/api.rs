//! The API in a process of its own, one of any number of replicas.

use anyhow::Context as _;
use data_inspector_coordinator::take_care;
use data_inspector_platform::shutdown::within_deadline;
use data_inspector_platform::telemetry::Metrics;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::configuration::Configuration;
use crate::auth::Anonymous;
use crate::server;

/// Serves until `shutdown`. `on_ready` is called once, with the address that is served.
pub async fn run(
    configuration: Configuration,
    shutdown: CancellationToken,
    on_ready: impl FnOnce(&str),
) -> anyhow::Result<()> {
    let listen = configuration.api.listen;
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    let address = listener.local_addr()?;
    let store = configuration.store.open_ready().await?;
    let bus = configuration.bus.open().await?;
    let blobs = configuration.blobs.open(&configuration.blobs.folder)?;
    // Here, because a coordinator alone has no blob store. Ended with the last of this function.
    let mut caring = JoinSet::new();
    caring.spawn(take_care(store.clone(), blobs.clone(), configuration.care, shutdown.clone()));
    let deps = server::Deps {
        store: store.clone(),
        bus: bus.clone(),
        blobs,
        metrics: Metrics::new(env!("CARGO_PKG_VERSION")),
        // A proxy may stand before it: that a caller comes from this machine says nothing.
        anonymous: Anonymous::Nobody,
    };
    let on_ready = || on_ready(&format!("http://{}", server::reachable(address)));
    let serving = server::run(deps, configuration.api, listener, shutdown.clone(), on_ready);
    let served = within_deadline(serving, &shutdown, configuration.shutdown.deadline()).await;
    bus.close().await;
    store.close().await.context("cannot close the database")?;
    served?.context("the API failed")
}
