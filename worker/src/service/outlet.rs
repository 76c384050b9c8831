//! What the worker says, and how it gets onto the bus.

use std::sync::Arc;
use std::time::Duration;

use data_inspector_domain::message::{
    MESSAGE_SCHEMA_VERSION, Report, ResultMessage, TaskReport, WorkerHeartbeat,
};
use data_inspector_platform::bus::{BusError, EventBus, Message, Record, Topic};
use tokio::sync::{Mutex, watch};
use tokio::time::MissedTickBehavior;

/// Between two tries to publish.
const RETRY_PAUSE: Duration = Duration::from_millis(250);

/// The way out.
#[derive(Clone)]
pub(super) struct Outlet {
    bus: Arc<dyn EventBus>,
    /// Held by whoever says what the worker is at: a heartbeat that is sent after a claim knows of it.
    order: Arc<Mutex<()>>,
}

impl Outlet {
    pub(super) fn new(bus: Arc<dyn EventBus>) -> Self {
        Self { bus, order: Arc::default() }
    }

    /// Publishes a report, and tries until the bus has it. Fails if it never will.
    pub(super) async fn report(&self, report: TaskReport) -> Result<(), BusError> {
        let key = report.inspection_id.to_string();
        let is_claim = matches!(report.report, Report::Claimed);
        let json = ResultMessage::Report(report).to_json();
        let message = Message::new(Topic::Results, MESSAGE_SCHEMA_VERSION, json).with_key(key);
        let _order = match is_claim {
            true => Some(self.order.lock().await),
            false => None,
        };
        self.insist(message).await
    }

    /// Puts aside what cannot be read, with where it comes from and why.
    pub(super) async fn dead_letter(&self, record: &Record, error: &(dyn std::error::Error + Sync)) {
        let letter = Message {
            topic: record.topic.dead_letters(),
            key: record.key.clone(),
            partition: None,
            schema_version: record.schema_version.unwrap_or(0),
            payload: Some(record.payload.clone().unwrap_or_default()),
            headers: record.headers.clone(),
        };
        let letter = letter
            .with_header("origin-topic", record.topic.to_string())
            .with_header("origin-partition", record.position.partition.to_string())
            .with_header("origin-offset", record.position.offset.to_string())
            .with_header("error", error.to_string());
        if let Err(error) = self.insist(letter).await {
            tracing::error!(%error, "a message that cannot be read is lost");
        }
    }

    /// Waits before the bus is asked again.
    pub(super) async fn pause_after(&self, error: &BusError) {
        tracing::warn!(%error, "the bus does not answer");
        tokio::time::sleep(RETRY_PAUSE).await;
    }

    async fn insist(&self, message: Message) -> Result<(), BusError> {
        loop {
            match self.bus.publish(message.clone()).await {
                Ok(_) => return Ok(()),
                Err(error) if error.kind.retryable() => self.pause_after(&error).await,
                Err(error) => return Err(error),
            }
        }
    }
}

/// Says how the worker is whenever that changes, and regularly; ends with the worker.
pub(super) async fn send_heartbeats(
    outlet: Outlet,
    mut health: watch::Receiver<WorkerHeartbeat>,
    interval: Duration,
) {
    let mut regularly = tokio::time::interval(interval);
    regularly.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            changed = health.changed() => if changed.is_err() { return },
            _ = regularly.tick() => {}
        }
        let _order = outlet.order.lock().await;
        let heartbeat = health.borrow_and_update().clone();
        let key = heartbeat.worker_id.to_string();
        let json = ResultMessage::Heartbeat(heartbeat).to_json();
        let message = Message::new(Topic::Results, MESSAGE_SCHEMA_VERSION, json).with_key(key);
        // The next one says it all again.
        if let Err(error) = outlet.bus.publish(message).await {
            tracing::warn!(%error, "a heartbeat was not sent");
        }
    }
}
