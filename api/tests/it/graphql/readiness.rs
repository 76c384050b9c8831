//! Whoever cannot begin does not say that it is ready: a supervisor would take it for one that died at work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use data_inspector_api::auth::Anonymous;
use data_inspector_api::server::{self, ApiConfig};
use data_inspector_coordinator::{self as coordinator, CoordinatorConfig};
use data_inspector_platform::bus::EventBus as _;
use data_inspector_platform::telemetry::Metrics;
use data_inspector_worker::service::{self as worker, WorkerConfig};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::bench::Bench;

#[tokio::test]
async fn whom_the_bus_does_not_let_in_is_not_ready() {
    let bench = Bench::new().await;
    bench.bus.close().await;
    let (store, bus, blobs) = (bench.store.clone(), Arc::new(bench.bus.clone()), bench.blobs.clone());
    let shutdown = CancellationToken::new();
    let ready = AtomicBool::new(false);
    let on_ready = || ready.store(true, Ordering::Relaxed);

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let deps = server::Deps {
        store: store.clone(),
        bus: bus.clone(),
        blobs: blobs.clone(),
        metrics: Metrics::new("test"),
        anonymous: Anonymous::Nobody,
    };
    let served = server::run(deps, ApiConfig::default(), listener, shutdown.clone(), on_ready).await;
    let deps = coordinator::Deps { store, bus: bus.clone() };
    let coordinated = coordinator::run(deps, CoordinatorConfig::default(), shutdown.clone(), on_ready).await;
    let deps = worker::Deps { bus, blobs };
    let worked = worker::run(deps, WorkerConfig::default(), shutdown, on_ready).await;

    assert!(served.is_err() && coordinated.is_err() && worked.is_err());
    assert!(!ready.load(Ordering::Relaxed));
}
