//! A reader of a whole topic: partitions are assigned by hand, no group is joined and nothing is committed.

use std::collections::VecDeque;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::BorrowedMessage;
use rdkafka::topic_partition_list::Offset;
use rdkafka::{ClientConfig, ClientContext, TopicPartitionList};
use tokio::sync::{oneshot, watch};

use super::pump::{self, Every, Intake, Shared};
use super::record::{Stamps, received};
use super::{client, threads, topics};
use crate::bus::topic::Retention;
use crate::bus::{BusError, BusErrorKind, ReadFrom, Record, Topic, TopicReader};

/// Records that wait for a reader. What comes then waits in librdkafka, bounded in bytes, and on the broker.
const WAITING: usize = 1_000;

/// What the thread of a reader and the reader share.
pub(super) struct State {
    waiting: VecDeque<Item>,
    /// The next offset of each partition to come.
    next: Vec<u64>,
    /// Whether the end of a partition has been seen.
    at_end: Vec<bool>,
    stamps: Stamps,
    trouble: Option<KafkaError>,
}

enum Item {
    Record(Arc<Record>),
    Gap(BusErrorKind),
    /// The end of a partition.
    End(u32),
}

/// What to read.
pub(super) struct Reading {
    pub(super) topic: Topic,
    pub(super) topic_name: String,
    pub(super) client: ClientConfig,
    pub(super) from: ReadFrom,
    /// How long to wait for the brokers.
    pub(super) timeout: Duration,
    /// How often to look for new partitions.
    pub(super) refresh: Duration,
}

/// Why there is no reader.
pub(super) enum OpenError {
    UnknownPartition(u32),
    Kafka(KafkaError),
}

impl From<KafkaError> for OpenError {
    fn from(error: KafkaError) -> Self {
        Self::Kafka(error)
    }
}

/// A reader; its thread ends when it is dropped.
pub(super) struct Reader {
    topic: Topic,
    shared: Arc<Shared<State>>,
    /// The next offset of each partition to hand out.
    positions: Vec<u64>,
    /// Where each partition ended when the reader was made.
    ends: Vec<u64>,
}

/// Where each partition starts and ends for a reader, and what it has already missed.
struct Plan {
    starts: Vec<u64>,
    ends: Vec<u64>,
    gaps: Vec<BusErrorKind>,
}

impl Reader {
    pub(super) async fn open(
        reading: Reading,
        closed: watch::Receiver<bool>,
        threads: &threads::Threads,
    ) -> Result<Self, OpenError> {
        let state = State {
            waiting: VecDeque::new(),
            next: Vec::new(),
            at_end: Vec::new(),
            stamps: Stamps::default(),
            trouble: None,
        };
        let topic = reading.topic;
        let shared = Arc::new(Shared::new(state, closed));
        let thread = ReaderThread { reading, shared: Arc::clone(&shared) };
        let (opened, first) = oneshot::channel();
        threads.spawn("kafka-reader", move || thread.run(opened))?;
        let plan = first.await.unwrap_or(Err(OpenError::Kafka(KafkaError::Canceled)))?;
        Ok(Self { topic, shared, positions: plan.starts, ends: plan.ends })
    }

    /// The next record or trouble; `Err(None)` if the bus is closed.
    fn take(&mut self) -> Result<Option<Arc<Record>>, Option<BusError>> {
        if self.shared.closed() {
            return Err(None);
        }
        let error = |kind, source| Some(BusError { kind, doing: "read", topic: self.topic, source });
        let mut state = self.shared.lock();
        if let Some(trouble) = state.trouble.take() {
            return Err(error(BusErrorKind::Unavailable, Some(Box::new(trouble))));
        }
        while let Some(item) = state.waiting.pop_front() {
            match item {
                Item::Record(record) => {
                    drop(state);
                    self.advance(record.position.partition, record.position.offset + 1);
                    self.shared.made_room();
                    return Ok(Some(record));
                }
                Item::Gap(kind) => return Err(error(kind, None)),
                Item::End(partition) => {
                    let partition = partition as usize;
                    // One that was added later has no end to come to.
                    if let (Some(position), Some(end)) =
                        (self.positions.get_mut(partition), self.ends.get(partition))
                    {
                        *position = (*position).max(*end);
                    }
                }
            }
        }
        Ok(None)
    }

    /// Partitions may have been added since the reader was made.
    fn advance(&mut self, partition: u32, next: u64) {
        let partition = partition as usize;
        if partition >= self.positions.len() {
            self.positions.resize(partition + 1, 0);
        }
        self.positions[partition] = next;
    }
}

#[async_trait]
impl TopicReader for Reader {
    async fn next(&mut self) -> Result<Option<Arc<Record>>, BusError> {
        loop {
            match self.take() {
                Ok(Some(record)) => return Ok(Some(record)),
                Ok(None) => self.shared.arrived.notified().await,
                Err(None) => return Ok(None),
                Err(Some(error)) => return Err(error),
            }
        }
    }

    fn caught_up(&self) -> bool {
        self.positions.iter().zip(&self.ends).all(|(position, end)| position >= end)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.shared.end();
    }
}

struct ReaderThread {
    reading: Reading,
    shared: Arc<Shared<State>>,
}

impl ReaderThread {
    /// Reads until it is over. Where it starts, or why it does not, is reported; a later consumer goes on where
    /// the one before it was.
    fn run(self, opened: oneshot::Sender<Result<Plan, OpenError>>) {
        let mut opened = Some(opened);
        let open = || {
            let consumer = self.consumer()?;
            let Some(opened) = opened.take() else {
                consumer.context().assign(&consumer)?;
                return Ok(consumer);
            };
            let plan = self.begin(&consumer);
            if plan.is_err() {
                self.shared.end();
            }
            // Whoever wanted to read may have gone away.
            drop(opened.send(plan));
            Ok(consumer)
        };
        pump::run(&self.shared, open, |error| {
            tracing::warn!(topic = %self.reading.topic, "the reader's consumer is replaced: {error}");
        });
    }

    fn consumer(&self) -> KafkaResult<BaseConsumer<Context>> {
        let context = Context {
            topic: self.reading.topic,
            topic_name: self.reading.topic_name.clone(),
            shared: Arc::clone(&self.shared),
            paused: AtomicBool::new(false),
            refresh: Mutex::new(Every::new(self.reading.refresh)),
        };
        BaseConsumer::from_config_and_context(&self.reading.client, context)
    }

    fn begin(&self, consumer: &BaseConsumer<Context>) -> Result<Plan, OpenError> {
        let plan = self.plan(consumer)?;
        let mut state = self.shared.lock();
        state.next = plan.starts.clone();
        state.at_end = vec![false; plan.starts.len()];
        state.waiting.extend(plan.gaps.iter().map(|gap| Item::Gap(*gap)));
        drop(state);
        consumer.context().assign(consumer)?;
        Ok(plan)
    }

    fn plan(&self, consumer: &BaseConsumer<Context>) -> Result<Plan, OpenError> {
        let Reading { topic_name, from, timeout, .. } = &self.reading;
        let count = topics::partition_count(consumer.client(), topic_name, *timeout)?;
        let mut plan = Plan { starts: Vec::new(), ends: Vec::new(), gaps: Vec::new() };
        for partition in 0..count {
            let (low, high) = topics::watermarks(consumer.client(), topic_name, partition, *timeout)?;
            plan.starts.push(if *from == ReadFrom::Now { high } else { low });
            plan.ends.push(high);
        }
        if let ReadFrom::After(seen) = from {
            for seen in seen {
                let partition = seen.partition;
                let low = plan.starts.get_mut(partition as usize);
                let low = low.ok_or(OpenError::UnknownPartition(partition))?;
                let next = seen.offset + 1;
                if seen.offset >= plan.ends[partition as usize] {
                    // From another life of the bus.
                } else if next < *low {
                    plan.gaps.push(BusErrorKind::Gap { partition, first: next, last: *low - 1 });
                } else {
                    *low = next;
                }
            }
        }
        Ok(plan)
    }
}

/// What librdkafka calls back, on the thread of the reader.
struct Context {
    topic: Topic,
    topic_name: String,
    shared: Arc<Shared<State>>,
    paused: AtomicBool,
    refresh: Mutex<Every>,
}

impl Context {
    /// Assigns all partitions where they are now.
    fn assign(&self, consumer: &BaseConsumer<Self>) -> KafkaResult<()> {
        let mut offsets = TopicPartitionList::new();
        for (partition, next) in self.shared.lock().next.iter().enumerate() {
            let offset = Offset::Offset(next.cast_signed());
            offsets.add_partition_offset(&self.topic_name, partition as i32, offset)?;
        }
        consumer.assign(&offsets)
    }

    /// Reads partitions that were added, from their beginning.
    fn look_for_partitions(&self, consumer: &BaseConsumer<Self>) -> KafkaResult<()> {
        let count =
            topics::partition_count(consumer.client(), &self.topic_name, Duration::from_secs(1))? as usize;
        let mut state = self.shared.lock();
        if count <= state.next.len() {
            return Ok(());
        }
        state.next.resize(count, 0);
        state.at_end.resize(count, false);
        drop(state);
        self.assign(consumer)
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

impl ConsumerContext for Context {}

impl Intake for Context {
    type State = State;

    fn shared(&self) -> &Arc<Shared<State>> {
        &self.shared
    }

    fn has_room(state: &State) -> bool {
        state.waiting.len() < WAITING
    }

    fn accept(&self, message: &BorrowedMessage<'_>) {
        let mut guard = self.shared.lock();
        let state = &mut *guard;
        let record = received(self.topic, message, &mut state.stamps);
        let partition = record.position.partition;
        let Some(next) = state.next.get_mut(partition as usize) else { return };
        // Compaction leaves holes. Elsewhere a hole is what the broker dropped before it was read.
        if record.position.offset > *next && self.topic.retention() != Retention::NewestPerKey {
            let (first, last) = (*next, record.position.offset - 1);
            state.waiting.push_back(Item::Gap(BusErrorKind::Gap { partition, first, last }));
        }
        *next = record.position.offset + 1;
        state.waiting.push_back(Item::Record(Arc::new(record)));
        drop(guard);
        self.shared.arrived.notify_one();
    }

    fn at_end(&self, partition: i32) {
        let mut state = self.shared.lock();
        let partition = partition.unsigned_abs();
        if let Some(at_end) = state.at_end.get_mut(partition as usize)
            && !*at_end
        {
            *at_end = true;
            state.waiting.push_back(Item::End(partition));
            drop(state);
            self.shared.arrived.notify_one();
        }
    }

    fn trouble(&self, error: KafkaError) {
        if client::matters(&error) {
            self.shared.lock().trouble = Some(error);
            self.shared.arrived.notify_one();
        }
    }

    fn serve(&self, consumer: &BaseConsumer<Self>) {
        if self.refresh.lock().unwrap_or_else(PoisonError::into_inner).due()
            && let Err(error) = self.look_for_partitions(consumer)
        {
            tracing::debug!(topic = %self.topic, "cannot look for new partitions: {error}");
        }
    }

    fn paused(&self) -> &AtomicBool {
        &self.paused
    }
}
