//! What `/metrics` says of the API, besides what store and blob store say of themselves. Every number is counted where
//! it comes about; here it gets its name.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
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

/// Names the numbers of what only the API has.
pub(crate) fn register(metrics: &Metrics, hub: &Hub, answers: Arc<Answers>) {
    let name = |name, help| MetricName { name, help };
    let of = hub.clone();
    let open = move || of.counters().subscriptions();
    metrics.gauge(name("subscriptions_open", "Subscriptions that are open"), open);
    let of = hub.clone();
    metrics.counter(name("frames_sent", "Frames handed to subscribers"), move || of.counters().frames());
    let of = hub.clone();
    let executions = move || of.counters().executions();
    metrics.counter(name("frames_executed", "Frames of events that a selection was executed on"), executions);
    let help = "Answers to HTTP requests, by the class of their status";
    metrics.counters(name("http_answers", help), "status", move || answers.read());
}
