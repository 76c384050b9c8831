//! The producer: one for all topics. librdkafka's own thread sends; here it is only waited for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::producer::{FutureProducer, Producer};

use super::client::Traced;
use super::{record, topics};
use crate::bus::{Message, Position};

/// An idempotent producer, replaced when it fails for good.
pub(super) struct Publisher {
    client: ClientConfig,
    timeout: Duration,
    context: Traced,
    current: Mutex<Arc<FutureProducer<Traced>>>,
}

impl Publisher {
    pub(super) fn try_new(client: ClientConfig, timeout: Duration) -> KafkaResult<Self> {
        let context = Traced::default();
        let current = FutureProducer::from_config_and_context(&client, context.clone())?;
        Ok(Self { client, timeout, context, current: Mutex::new(Arc::new(current)) })
    }

    /// Why brokers were refused, or refused us, if they did.
    pub(super) fn refusal(&self) -> Option<KafkaError> {
        self.context.refusal()
    }

    pub(super) async fn publish(&self, message: &Message, topic_name: &str) -> KafkaResult<Position> {
        let producer = self.current();
        let sent = producer.send(record::to_send(message, topic_name), self.timeout).await;
        match sent {
            Ok(delivery) => Ok(Position {
                partition: delivery.partition.unsigned_abs(),
                offset: delivery.offset.unsigned_abs(),
            }),
            Err((error, _)) => {
                self.replace_if_failed(&producer);
                Err(error)
            }
        }
    }

    pub(super) async fn partition_count(&self, topic_name: String) -> KafkaResult<u32> {
        let (producer, timeout) = (self.current(), self.timeout);
        let fetch = move || topics::partition_count(producer.client(), &topic_name, timeout);
        tokio::task::spawn_blocking(fetch).await.unwrap_or(Err(KafkaError::Canceled))
    }

    /// Waits until what was published is out.
    pub(super) async fn flush(&self) -> KafkaResult<()> {
        let (producer, timeout) = (self.current(), self.timeout);
        let flush = move || producer.flush(timeout);
        tokio::task::spawn_blocking(flush).await.unwrap_or(Err(KafkaError::Canceled))
    }

    fn current(&self) -> Arc<FutureProducer<Traced>> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A producer that cannot keep its promise of order any more refuses everything from then on.
    fn replace_if_failed(&self, producer: &Arc<FutureProducer<Traced>>) {
        let Some((code, reason)) = producer.client().fatal_error() else { return };
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&current, producer) {
            return;
        }
        tracing::warn!(reason, "the producer is replaced: {code}");
        match FutureProducer::from_config_and_context(&self.client, self.context.clone()) {
            Ok(new) => drop_elsewhere(std::mem::replace(&mut *current, Arc::new(new))),
            Err(error) => tracing::error!("no new producer: {error}"),
        }
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        drop_elsewhere(self.current());
    }
}

/// The end of a producer waits for its thread.
fn drop_elsewhere(producer: Arc<FutureProducer<Traced>>) {
    std::thread::spawn(move || drop(producer));
}
