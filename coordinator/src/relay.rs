//! Publishes what is committed. Any number of relays may run: rows are claimed for a while, and a message whose
//! relay died is published once more, which every consumer can take.

use std::sync::Arc;
use std::time::Duration;

use data_inspector_domain::control::CONTROL_SCHEMA_VERSION;
use data_inspector_domain::event::EVENT_SCHEMA_VERSION;
use data_inspector_domain::message::MESSAGE_SCHEMA_VERSION;
use data_inspector_domain::progress::{UPDATE_KIND_EVENT, UPDATE_KIND_HEADER};
use data_inspector_platform::bus::{EventBus, Message, Topic};
use data_inspector_platform::store::{self, OutboxMessage, Store};
use futures_util::future::join_all;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::error::CoordinatorError;

/// Messages taken from the outbox at once.
const BATCH: u32 = 200;
/// How long they are this relay's.
const HOLD: Duration = Duration::from_secs(10);
/// Pause after something failed.
const AFTER_FAILURE: Duration = Duration::from_millis(500);

/// Moves messages from the outbox to the bus.
pub(crate) struct Relay {
    pub(crate) store: Store,
    pub(crate) bus: Arc<dyn EventBus>,
    /// Something was committed in this process.
    pub(crate) committed: Arc<Notify>,
    /// How long what was committed elsewhere may wait.
    pub(crate) poll: Duration,
}

impl Relay {
    /// Runs until it is asked to end.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            let pause = match self.publish_batch().await {
                Ok(true) => continue,
                Ok(false) => self.poll,
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "the outbox is not relayed");
                    AFTER_FAILURE
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = self.committed.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Publishes what is there; whether there may be more.
    async fn publish_batch(&self) -> Result<bool, CoordinatorError> {
        // Looking first spares the database a transaction that writes.
        if self.store.outbox_backlog().await? == 0 {
            return Ok(false);
        }
        let messages = self.store.claim_outbox(BATCH, HOLD).await?;
        let ids: Vec<i64> = messages.iter().map(|message| message.id).collect();
        let is_full = ids.len() == BATCH as usize;
        let published = join_all(messages.into_iter().map(|message| self.bus.publish(to_bus(message)))).await;
        let mut done = Vec::new();
        let mut failed = None;
        for (id, result) in ids.into_iter().zip(published) {
            match result {
                Ok(_) => done.push(id),
                Err(error) if error.kind.retryable() => failed = Some(error),
                Err(error) => {
                    tracing::error!(
                        id,
                        error = &error as &dyn std::error::Error,
                        "a message cannot be published"
                    );
                    done.push(id);
                }
            }
        }
        self.store.mark_published(&done).await?;
        failed.map_or(Ok(is_full), |error| Err(error.into()))
    }
}

fn to_bus(message: OutboxMessage) -> Message {
    let (topic, version) = match message.topic {
        store::Topic::Tasks => (Topic::Tasks, MESSAGE_SCHEMA_VERSION),
        store::Topic::Control => (Topic::Control, CONTROL_SCHEMA_VERSION as u16),
        store::Topic::Updates => (Topic::Updates, EVENT_SCHEMA_VERSION as u16),
    };
    let mut out = Message::new(topic, version, message.bytes);
    if topic == Topic::Updates {
        out = out.with_header(UPDATE_KIND_HEADER, UPDATE_KIND_EVENT);
    }
    if let Some(key) = message.key {
        out = out.with_key(key);
    }
    match message.partition.and_then(|partition| u32::try_from(partition).ok()) {
        Some(partition) => out.to_partition(partition),
        None => out,
    }
}
