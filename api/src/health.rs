//! Whether this process lives, whether it can serve, and its numbers: `/healthz`, `/readyz`, `/metrics`.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use data_inspector_platform::blob::{BlobErrorKind, BlobKey, BlobStore};
use data_inspector_platform::bus::{EventBus, Topic};
use data_inspector_platform::store::Store;
use data_inspector_platform::telemetry::{MetricName, Metrics};
use serde::Serialize;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Whoever asks whether we are ready asks again every few seconds.
const PATIENCE: Duration = Duration::from_secs(3);

/// A key under which nothing is ever kept.
const NO_BLOB: &str = "readiness/no-such-blob";

/// What has to answer before we can serve.
#[derive(Clone)]
pub(crate) struct Health {
    pub(crate) store: Store,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) blobs: BlobStore,
    pub(crate) metrics: Metrics,
    /// As the database said when it was last asked.
    pub(crate) outbox_backlog: Arc<AtomicU64>,
    pub(crate) draining: CancellationToken,
}

/// The number of messages that wait to be published, as a metric: the database is asked when somebody looks.
pub(crate) fn outbox_backlog(metrics: &Metrics) -> Arc<AtomicU64> {
    let backlog = Arc::new(AtomicU64::new(0));
    let read = Arc::clone(&backlog);
    let help = "Messages that are committed and not published yet";
    metrics.gauge(MetricName { name: "outbox_backlog", help }, move || read.load(Ordering::Relaxed));
    backlog
}

/// What `/readyz` answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Readiness {
    ready: bool,
    draining: bool,
    database: &'static str,
    bus: &'static str,
    blobs: &'static str,
}

/// The three routes.
pub(crate) fn routes(health: Health) -> Router {
    Router::new()
        .route("/healthz", get(async || "alive\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(health)
}

async fn ready(State(health): State<Health>) -> Response {
    let no_blob: BlobKey = NO_BLOB.parse().expect("the key is legal: a test asks with it");
    let blobs = async {
        match health.blobs.open(&no_blob).await {
            Err(error) if error.kind == BlobErrorKind::NotFound => Ok(()),
            answer => answer.map(drop),
        }
    };
    let bus = health.bus.partition_count(Topic::Updates);
    let (database, bus, blobs) =
        tokio::join!(answers("database", health.store.ping()), answers("bus", bus), answers("blobs", blobs));
    let draining = health.draining.is_cancelled();
    let ready = database && bus && blobs && !draining;
    let word = |answers: bool| if answers { "answers" } else { "does not answer" };
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let (database, bus, blobs) = (word(database), word(bus), word(blobs));
    (status, Json(Readiness { ready, draining, database, bus, blobs })).into_response()
}

async fn answers<T, E: Error>(what: &'static str, question: impl Future<Output = Result<T, E>>) -> bool {
    match timeout(PATIENCE, question).await {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => {
            tracing::warn!(what, error = %error, "not ready");
            false
        }
        Err(_) => {
            tracing::warn!(what, "not ready: no answer in time");
            false
        }
    }
}

async fn metrics(State(health): State<Health>) -> Response {
    if let Ok(Ok(backlog)) = timeout(PATIENCE, health.store.outbox_backlog()).await {
        health.outbox_backlog.store(backlog, Ordering::Relaxed);
    }
    ([(header::CONTENT_TYPE, Metrics::CONTENT_TYPE)], health.metrics.encode()).into_response()
}
