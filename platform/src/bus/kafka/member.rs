//! A member of a consumer group.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::BorrowedMessage;
use rdkafka::topic_partition_list::Offset;
use rdkafka::{ClientConfig, ClientContext, TopicPartitionList};
use tokio::sync::{oneshot, watch};

use super::holdings::{Holdings, Taken};
use super::pump::{self, Intake, Shared};
use super::record::{Stamps, received};
use super::{client, threads};
use crate::bus::{BusError, BusErrorKind, Delivery, GroupMember, Topic};

/// What the thread of a member and its consumer share.
pub(super) struct State {
    holdings: Holdings,
    stamps: Stamps,
    trouble: Option<KafkaError>,
    max_unacked: usize,
}

/// How to join.
pub(super) struct Joining {
    pub(super) topic: Topic,
    pub(super) topic_name: String,
    pub(super) client: ClientConfig,
    pub(super) max_unacked: usize,
    pub(super) timeout: Duration,
}

/// A member; it leaves when it is dropped.
pub(super) struct Member {
    topic: Topic,
    timeout: Duration,
    shared: Arc<Shared<State>>,
    assigned: watch::Receiver<Vec<u32>>,
    /// Dropped by the thread at its end.
    left: Option<oneshot::Receiver<()>>,
}

impl Member {
    /// Joins. Partitions come later.
    pub(super) async fn join(
        joining: Joining,
        closed: watch::Receiver<bool>,
        threads: &threads::Threads,
    ) -> KafkaResult<Self> {
        let Joining { topic, topic_name, client, max_unacked, timeout } = joining;
        let state =
            State { holdings: Holdings::default(), stamps: Stamps::default(), trouble: None, max_unacked };
        let shared = Arc::new(Shared::new(state, closed));
        let (assigned, assigned_receiver) = watch::channel(Vec::new());
        let (opened, first) = oneshot::channel();
        let (on_end, left) = oneshot::channel();
        let thread = MemberThread { topic, topic_name, client, shared: Arc::clone(&shared), assigned };
        threads.spawn("kafka-member", move || {
            thread.run(opened);
            drop(on_end);
        })?;
        first.await.unwrap_or(Err(KafkaError::Canceled))?;
        Ok(Self { topic, timeout, shared, assigned: assigned_receiver, left: Some(left) })
    }

    /// The next delivery or trouble; `Err(None)` if the bus is closed.
    fn take(&self) -> Result<Option<Delivery>, Option<KafkaError>> {
        if self.shared.closed() {
            return Err(None);
        }
        let mut state = self.shared.lock();
        if let Some(error) = state.trouble.take() {
            return Err(Some(error));
        }
        let max_unacked = state.max_unacked;
        let taken = state.holdings.take(max_unacked);
        Ok(taken.map(|taken| delivery(taken, Arc::clone(&self.shared))))
    }
}

fn delivery(taken: Taken, shared: Arc<Shared<State>>) -> Delivery {
    let Taken { record, generation } = taken;
    let position = record.position;
    Delivery::new(record, move || {
        let counted = shared.lock().holdings.ack(position.partition, position.offset, generation);
        if counted {
            shared.made_room();
            shared.arrived.notify_one();
        } else {
            let (partition, offset) = (position.partition, position.offset);
            tracing::debug!(partition, offset, "acknowledged after the partition had gone to another member");
        }
    })
}

#[async_trait]
impl GroupMember for Member {
    async fn next(&mut self) -> Result<Option<Delivery>, BusError> {
        loop {
            match self.take() {
                Ok(Some(delivery)) => return Ok(Some(delivery)),
                Ok(None) => self.shared.arrived.notified().await,
                Err(None) => return Ok(None),
                Err(Some(error)) => {
                    let source = Some(Box::new(error) as _);
                    let (kind, doing, topic) = (BusErrorKind::Unavailable, "consume", self.topic);
                    return Err(BusError { kind, doing, topic, source });
                }
            }
        }
    }

    fn assigned(&self) -> watch::Receiver<Vec<u32>> {
        self.assigned.clone()
    }

    async fn leave(mut self: Box<Self>) {
        self.shared.end();
        if let Some(left) = self.left.take()
            && tokio::time::timeout(self.timeout, left).await.is_err()
        {
            let topic = self.topic;
            tracing::warn!(%topic, "the brokers did not answer in time: what was acknowledged may come again");
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.shared.end();
    }
}

struct MemberThread {
    topic: Topic,
    topic_name: String,
    client: ClientConfig,
    shared: Arc<Shared<State>>,
    assigned: watch::Sender<Vec<u32>>,
}

impl MemberThread {
    /// Consumes until it is over. The first consumer, or why there is none, is reported.
    fn run(self, opened: oneshot::Sender<KafkaResult<()>>) {
        let mut opened = Some(opened);
        let open = || {
            let consumer = self.open();
            if let Some(opened) = opened.take() {
                let outcome = consumer.as_ref().map(|_| ()).map_err(Clone::clone);
                if outcome.is_err() {
                    self.shared.end();
                }
                // Whoever wanted to join may have gone away.
                drop(opened.send(outcome));
            }
            consumer
        };
        pump::run(&self.shared, open, |error| {
            tracing::warn!(topic = %self.topic, "the consumer is replaced: {error}");
        });
    }

    fn open(&self) -> KafkaResult<BaseConsumer<Context>> {
        let context = Context {
            topic: self.topic,
            topic_name: self.topic_name.clone(),
            shared: Arc::clone(&self.shared),
            assigned: self.assigned.clone(),
            paused: AtomicBool::new(false),
        };
        let consumer = BaseConsumer::from_config_and_context(&self.client, context)?;
        consumer.subscribe(&[&self.topic_name])?;
        Ok(consumer)
    }
}

/// What librdkafka calls back, on the thread of the member.
struct Context {
    topic: Topic,
    topic_name: String,
    shared: Arc<Shared<State>>,
    assigned: watch::Sender<Vec<u32>>,
    paused: AtomicBool,
}

impl Context {
    fn tell_assigned(&self, partitions: Vec<u32>) {
        self.assigned.send_if_modified(|assigned| {
            let changed = *assigned != partitions;
            *assigned = partitions;
            changed
        });
    }

    /// Tells librdkafka what is consumed; it commits that every second, and before partitions go.
    fn store(&self, consumer: &BaseConsumer<Self>) {
        let progress = self.shared.lock().holdings.progress();
        if progress.is_empty() {
            return;
        }
        let mut offsets = TopicPartitionList::new();
        for (partition, offset) in progress {
            let offset = Offset::Offset(offset.cast_signed());
            if let Err(error) =
                offsets.add_partition_offset(&self.topic_name, partition.cast_signed(), offset)
            {
                tracing::debug!(partition, "cannot store an offset: {error}");
            }
        }
        // A partition that has been lost meanwhile refuses: what is acknowledged there comes once more.
        if let Err(error) = consumer.store_offsets(&offsets) {
            tracing::debug!(topic = %self.topic, "cannot store offsets: {error}");
        }
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        client::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        client::report(&error, reason);
    }
}

impl ConsumerContext for Context {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let partitions = match rebalance {
            Rebalance::Assign(partitions) => {
                let mut state = self.shared.lock();
                state.holdings.assign(numbers(partitions));
                state.holdings.partitions()
            }
            Rebalance::Revoke(partitions) => {
                self.store(consumer);
                let mut state = self.shared.lock();
                for partition in numbers(partitions) {
                    state.stamps.forget(partition.cast_signed());
                }
                state.holdings.revoke(numbers(partitions));
                state.holdings.partitions()
            }
            Rebalance::Error(_) => return,
        };
        self.tell_assigned(partitions);
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(partitions) = rebalance
            && self.paused.load(Ordering::Relaxed)
            && let Err(error) = consumer.pause(partitions)
        {
            tracing::debug!(topic = %self.topic, "cannot pause: {error}");
        }
    }
}

fn numbers(partitions: &TopicPartitionList) -> Vec<u32> {
    partitions.elements().iter().map(|element| element.partition().unsigned_abs()).collect()
}

impl Intake for Context {
    type State = State;

    fn shared(&self) -> &Arc<Shared<State>> {
        &self.shared
    }

    fn has_room(state: &State) -> bool {
        state.holdings.unacked() < state.max_unacked
    }

    fn accept(&self, message: &BorrowedMessage<'_>) {
        let mut guard = self.shared.lock();
        let state = &mut *guard;
        let record = received(self.topic, message, &mut state.stamps);
        state.holdings.accept(record);
        drop(guard);
        self.shared.arrived.notify_one();
    }

    fn trouble(&self, error: KafkaError) {
        if client::matters(&error) {
            self.shared.lock().trouble = Some(error);
            self.shared.arrived.notify_one();
        }
    }

    fn serve(&self, consumer: &BaseConsumer<Self>) {
        self.store(consumer);
    }

    fn paused(&self) -> &AtomicBool {
        &self.paused
    }
}
