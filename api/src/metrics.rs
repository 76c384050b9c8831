//! What `/metrics` says of a process that serves the API. Every number is counted where it comes about; here it gets
//! its name.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use data_inspector_platform::blob::BlobStore;
use data_inspector_platform::store::Store;
use data_inspector_platform::telemetry::{MetricName, Metrics};

use crate::hub::Hub;

/// Answers to HTTP requests, by the first digit of their status. A WebSocket is one answer, when it is opened.
#[derive(Debug, Default)]
pub(crate) struct Answers([AtomicU64; 5]);

const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

impl Answers {
    fn read(&self) -> Vec<(String, u64)> {
        let number = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        CLASSES.iter().zip(&self.0).map(|(class, counter)| ((*class).to_owned(), number(counter))).collect()
    }
}

/// Counts an answer.
pub(crate) async fn count(State(answers): State<Arc<Answers>>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let class = usize::from(response.status().as_u16() / 100).saturating_sub(1);
    if let Some(counter) = answers.0.get(class) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
    response
}

/// Names the numbers of the parts that a process has.
pub(crate) fn register(
    metrics: &Metrics,
    store: &Store,
    blobs: &BlobStore,
    hub: &Hub,
    answers: Arc<Answers>,
) {
    let name = |name, help| MetricName { name, help };
    let of = store.clone();
    let help = "Times inspections went into a state, as committed by this process";
    metrics.counters(name("inspection_transitions", help), "state", move || of.counters().states());
    let of = store.clone();
    let help = "Times attempts of tasks were released, claimed, and ended, as committed by this process";
    metrics.counters(name("task_attempts", help), "outcome", move || of.counters().attempts());
    let of = store.clone();
    let help = "Events committed by this process";
    metrics.counter(name("events_committed", help), move || of.counters().events());
    let of = store.clone();
    metrics.counter(name("database_statements", "Statements executed"), move || of.statements());
    let of = blobs.clone();
    metrics.counter(name("blob_read_bytes", "Bytes received from the blob store"), move || {
        of.counters().bytes()
    });
    let of = blobs.clone();
    let help = "Ranges asked for, retries included";
    metrics.counter(name("blob_read_requests", help), move || of.counters().requests());
    let of = blobs.clone();
    let help = "Requests to the blob store that were made again";
    metrics.counter(name("blob_retries", help), move || of.counters().retries());
    let of = hub.clone();
    metrics.gauge(name("subscriptions_open", "Subscriptions that are open"), move || {
        of.counters().subscriptions()
    });
    let of = hub.clone();
    let help = "Frames handed to subscribers";
    metrics.counter(name("frames_sent", help), move || of.counters().frames());
    let help = "Answers to HTTP requests, by the class of their status";
    metrics.counters(name("http_answers", help), "status", move || answers.read());
}
