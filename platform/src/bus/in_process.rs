//! The bus inside one process: what a deployment has Kafka for, without the durability.
//!
//! Messages live as long as the process. That is enough where everything is one process: the outbox publishes again
//! what was not, and leases bring back tasks whose messages are lost. There are no tasks and no channels in here:
//! logs behind a lock per topic, and whoever waits is woken when the topic changes.

mod group;
mod log;
mod subscription;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use data_inspector_domain::time::Timestamp;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use self::group::Group;
use self::log::Log;
use self::subscription::{Member, Reader};
use super::{
    BusError, BusErrorKind, EventBus, GroupMember, JoinOptions, Message, Position, ReadFrom, Record,
};
use super::{Topic, TopicReader};

/// How much the bus holds. Every bound is reached by a test.
#[derive(Clone, Debug)]
pub struct InProcessConfig {
    /// Partitions of each topic, at least 1; of `tasks` there should be four for each worker.
    pub partitions: u32,
    /// Messages a partition holds, at least 1. A queue that is full makes publishers wait; the other topics drop
    /// the oldest.
    pub max_messages: usize,
    /// Bytes of messages a partition holds; one message fits always.
    pub max_partition_bytes: usize,
    /// Largest message in bytes (key, payload, headers).
    pub max_message_bytes: usize,
    /// How long a publisher waits for room.
    pub publish_timeout: Duration,
}

impl Default for InProcessConfig {
    fn default() -> Self {
        Self {
            partitions: 16,
            max_messages: 10_000,
            max_partition_bytes: 16 << 20,
            // Less than what an Event Hub takes, so that nobody gets used to more.
            max_message_bytes: 900 << 10,
            publish_timeout: Duration::from_secs(30),
        }
    }
}

/// The time by which records are stamped.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// An [`EventBus`] inside one process. Clones are the same bus.
#[derive(Clone)]
pub struct InProcessBus {
    shared: Arc<Shared>,
}

struct Shared {
    config: InProcessConfig,
    clock: Clock,
    topics: HashMap<Topic, Arc<TopicCell>>,
}

/// A topic and those who wait for it to change.
struct TopicCell {
    topic: Topic,
    state: Mutex<TopicState>,
    changed: Notify,
}

struct TopicState {
    logs: Vec<Log>,
    groups: HashMap<String, Group>,
    next_member: u64,
    next_partition: u32,
    closed: bool,
}

impl InProcessBus {
    /// An empty bus.
    pub fn new(config: InProcessConfig, clock: Clock) -> Self {
        let topics = Topic::ALL.into_iter().map(|topic| (topic, Arc::new(TopicCell::new(topic, &config))));
        let topics = topics.collect();
        Self { shared: Arc::new(Shared { config, clock, topics }) }
    }

    fn cell(&self, topic: Topic) -> &Arc<TopicCell> {
        self.shared.topics.get(&topic).expect("`new` made a cell for every topic")
    }
}

#[async_trait]
impl EventBus for InProcessBus {
    async fn publish(&self, message: Message) -> Result<Position, BusError> {
        let topic = message.topic;
        let error = |kind| BusError::new(kind, "publish on", topic);
        message.check(self.shared.config.max_message_bytes).map_err(error)?;
        let cell = self.cell(topic);
        let partition = cell.lock().partition_of(&message).map_err(error)?;
        let deadline = Instant::now() + self.shared.config.publish_timeout;
        loop {
            let changed = cell.changed.notified();
            if let Some(position) = cell.append(partition, &message, &self.shared.clock).map_err(error)? {
                return Ok(position);
            }
            timeout_at(deadline, changed).await.map_err(|_| error(BusErrorKind::Unavailable))?;
        }
    }

    async fn join(&self, topic: Topic, options: JoinOptions) -> Result<Box<dyn GroupMember>, BusError> {
        let member = Member::join(Arc::clone(self.cell(topic)), options);
        member.map(|member| Box::new(member) as _).ok_or(BusError::new(
            BusErrorKind::Closed,
            "join a group of",
            topic,
        ))
    }

    async fn read(&self, topic: Topic, from: ReadFrom) -> Result<Box<dyn TopicReader>, BusError> {
        let reader = Reader::open(Arc::clone(self.cell(topic)), &from);
        reader.map(|reader| Box::new(reader) as _).map_err(|kind| BusError::new(kind, "read", topic))
    }

    async fn partition_count(&self, _topic: Topic) -> Result<u32, BusError> {
        Ok(self.shared.config.partitions.max(1))
    }

    async fn close(&self) {
        for cell in self.shared.topics.values() {
            cell.lock().closed = true;
            cell.changed.notify_waiters();
        }
    }
}

impl TopicCell {
    fn new(topic: Topic, config: &InProcessConfig) -> Self {
        let log = || Log::new(topic.retention(), config.max_messages.max(1), config.max_partition_bytes);
        let state = TopicState {
            logs: (0..config.partitions.max(1)).map(|_| log()).collect(),
            groups: HashMap::new(),
            next_member: 0,
            next_partition: 0,
            closed: false,
        };
        Self { topic, state: Mutex::new(state), changed: Notify::new() }
    }

    /// Nothing that can panic runs under the lock, so a poisoned one is as good as another.
    fn lock(&self) -> MutexGuard<'_, TopicState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends the message, or does nothing because there is no room.
    fn append(
        &self,
        partition: u32,
        message: &Message,
        clock: &Clock,
    ) -> Result<Option<Position>, BusErrorKind> {
        let mut state = self.lock();
        if state.closed {
            return Err(BusErrorKind::Closed);
        }
        let log = &mut state.logs[partition as usize];
        if !log.has_room(message.size_bytes()) {
            return Ok(None);
        }
        let position = Position { partition, offset: log.next_offset() };
        log.push(Record {
            topic: message.topic,
            position,
            published_at: log.newest_time().max(clock()),
            key: message.key.clone(),
            schema_version: Some(message.schema_version),
            payload: message.payload.clone(),
            headers: message.headers.clone(),
        });
        drop(state);
        self.changed.notify_waiters();
        Ok(Some(position))
    }
}

impl TopicState {
    fn partition_of(&mut self, message: &Message) -> Result<u32, BusErrorKind> {
        let count = self.logs.len() as u32;
        if let Some(partition) = message.partition {
            let exists = partition < count;
            return if exists { Ok(partition) } else { Err(BusErrorKind::UnknownPartition { partition }) };
        }
        if let Some(key) = &message.key {
            let mut hasher = DefaultHasher::new();
            key.hash(&mut hasher);
            return Ok((hasher.finish() % u64::from(count)) as u32);
        }
        self.next_partition = (self.next_partition + 1) % count;
        Ok(self.next_partition)
    }

    /// Drops from the queues what all groups have consumed.
    fn drop_consumed(&mut self) {
        for (partition, log) in self.logs.iter_mut().enumerate() {
            if let Some(consumed) = self.groups.values().map(|group| group.consumed(partition)).min() {
                log.drop_consumed(consumed);
            }
        }
    }
}
