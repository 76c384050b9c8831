//! Everything in one process: the run functions of all roles, with adapters that need no service.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use data_inspector_coordinator::{self as coordinator, CoordinatorConfig};
use data_inspector_platform::blob::BlobStore;
use data_inspector_platform::bus::EventBus;
use data_inspector_platform::bus::settings::BusKind;
use data_inspector_platform::store::{NewWorkspace, Scope, Store};
use data_inspector_platform::telemetry::Metrics;
use data_inspector_worker::service as worker;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::configuration::Configuration;
use super::data_dir::DataDir;
use super::sample;
use crate::auth::Anonymous;
use crate::server;

/// Name of the workspace of a new data folder.
const FIRST_WORKSPACE: &str = "default";

/// What the roles share.
struct Parts {
    store: Store,
    bus: Arc<dyn EventBus>,
    blobs: BlobStore,
    scope: Scope,
}

/// Serves until `shutdown`. `on_ready` is called once, with the address that is served, when the sample is inspected.
pub async fn run(
    configuration: Configuration,
    data_dir: DataDir,
    shutdown: CancellationToken,
    on_ready: impl FnOnce(&str),
) -> anyhow::Result<()> {
    let listen = configuration.api.listen;
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    let address = listener.local_addr()?;
    let parts = Parts::open(&configuration, &data_dir).await?;
    let running = Running::start(&parts, &configuration, listener, &shutdown);
    let ready = async {
        if configuration.standalone.sample {
            sample::provide(&parts.store, &parts.blobs, parts.scope).await?;
        }
        on_ready(&format!("http://{}", server::reachable(address)));
        Ok(())
    };
    let outcome = running.until_shutdown(ready, &shutdown, configuration.shutdown.deadline()).await;
    parts.bus.close().await;
    let closed = parts.store.close().await.context("cannot close the database");
    outcome.and(closed)
}

impl Parts {
    async fn open(configuration: &Configuration, data_dir: &DataDir) -> anyhow::Result<Self> {
        let store = configuration.store.open_migrated(data_dir.path()).await?;
        let blobs = configuration.blobs.open(&data_dir.path().join("blobs"))?;
        let scope = match store.first_workspace().await.context("cannot look for a workspace")? {
            Some(scope) => scope,
            None => store
                .create_workspace(first_workspace())
                .await
                .context("cannot create the first workspace")?,
        };
        Ok(Self { store, bus: configuration.bus.open().await?, blobs, scope })
    }
}

fn first_workspace() -> NewWorkspace {
    NewWorkspace { name: FIRST_WORKSPACE.to_owned(), owner_name: "Owner".to_owned() }
}

/// The roles at work.
struct Running {
    /// What takes work from outside and from the bus: asked to end first.
    front: JoinSet<anyhow::Result<()>>,
    /// Asked to end last: it writes down what the worker hands back.
    coordinator: JoinSet<anyhow::Result<()>>,
    stop_coordinator: CancellationToken,
}

impl Running {
    fn start(
        parts: &Parts,
        configuration: &Configuration,
        listener: TcpListener,
        shutdown: &CancellationToken,
    ) -> Self {
        let Parts { store, bus, blobs, .. } = parts;
        let stop_coordinator = CancellationToken::new();
        let mut coordinator = JoinSet::new();
        let deps = coordinator::Deps { store: store.clone(), bus: Arc::clone(bus) };
        let bus_is_volatile = configuration.bus.kind == BusKind::InProcess;
        let config = CoordinatorConfig { bus_is_volatile, ..configuration.coordinator.clone() };
        let run = coordinator::run(deps, config, stop_coordinator.clone(), || ());
        coordinator.spawn(async { run.await.context("the coordinator failed") });
        let (care, stop) = (configuration.care.clone(), stop_coordinator.clone());
        let care = coordinator::take_care(store.clone(), blobs.clone(), care, stop);
        coordinator.spawn(async {
            care.await;
            anyhow::Ok(())
        });

        let mut front = JoinSet::new();
        let deps = worker::Deps { bus: Arc::clone(bus), blobs: blobs.clone() };
        let run = worker::run(deps, configuration.worker.clone(), shutdown.clone(), || ());
        front.spawn(async { run.await.context("the worker failed") });

        let (store, bus, blobs) = (store.clone(), Arc::clone(bus), blobs.clone());
        let metrics = Metrics::new(env!("CARGO_PKG_VERSION"));
        // Who can connect to the loopback of this machine is at the machine.
        let is_private = configuration.api.listen.ip().is_loopback();
        let anonymous = if is_private { Anonymous::FirstOwner } else { Anonymous::Nobody };
        let deps = server::Deps { store, bus, blobs, metrics, anonymous };
        let run = server::run(deps, configuration.api.clone(), listener, shutdown.clone(), || ());
        front.spawn(async { run.await.context("the API failed") });
        Self { front, coordinator, stop_coordinator }
    }

    /// Until shutdown, or until one of the roles ends. Then all end.
    async fn until_shutdown(
        mut self,
        ready: impl Future<Output = anyhow::Result<()>>,
        shutdown: &CancellationToken,
        deadline: Duration,
    ) -> anyhow::Result<()> {
        let serving = async {
            ready.await?;
            shutdown.cancelled().await;
            anyhow::Ok(())
        };
        let outcome = tokio::select! {
            () = shutdown.cancelled() => Ok(()),
            Some(ended) = self.front.join_next() => ended?,
            Some(ended) = self.coordinator.join_next() => ended?,
            failed = serving => failed,
        };
        shutdown.cancel();
        let drained = timeout(deadline, self.drain()).await;
        outcome.and(drained.context("not everything ended in time; what was at work is done again")?)
    }

    async fn drain(mut self) -> anyhow::Result<()> {
        let mut outcome = Ok(());
        while let Some(ended) = self.front.join_next().await {
            outcome = outcome.and(ended?);
        }
        self.stop_coordinator.cancel();
        while let Some(ended) = self.coordinator.join_next().await {
            outcome = outcome.and(ended?);
        }
        outcome
    }
}
