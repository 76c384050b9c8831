//! How the processes talk: messages on topics, kept until they are consumed.
//!
//! The contract is what Kafka can honestly do, because Kafka is the bus of a deployment (`kafka`, behind the feature
//! of that name); [`in_process`] does the same inside one process, and both run the same conformance suite (`tests/it/bus/conformance.rs`). Every message
//! is delivered at least once, so consumers are idempotent. Nothing here knows what a message means.

pub mod in_process;
#[cfg(feature = "kafka")]
pub mod kafka;
mod message;
pub mod settings;
mod topic;

pub use message::{Delivery, Message, Position, Record};
pub use topic::{Topic, TopicPrefix, TopicPrefixError};

use std::num::NonZeroUsize;

use async_trait::async_trait;
use tokio::sync::watch;

/// A bus. Cheap to share behind an `Arc`; all methods may be called at the same time.
#[async_trait]
pub trait EventBus: Send + Sync + 'static {
    /// Publishes a message. On return the bus has it: it will be delivered even if this process ends, as far as the
    /// bus itself outlives it. Waits while the bus is full. After [`BusErrorKind::Unavailable`], and when the
    /// future is dropped, it is unknown whether the message is out: publish it again.
    async fn publish(&self, message: Message) -> Result<Position, BusError>;

    /// Joins a group: its members share the partitions of the topic, and each message goes to one of them. A new
    /// group starts with the oldest message the bus has.
    async fn join(&self, topic: Topic, options: JoinOptions) -> Result<Box<dyn GroupMember>, BusError>;

    /// Reads all partitions on one's own: every reader sees every message.
    async fn read(&self, topic: Topic, from: ReadFrom) -> Result<Box<dyn TopicReader>, BusError>;

    /// Number of partitions of a topic: they are 0, 1, … It may grow while the system runs, never shrink.
    async fn partition_count(&self, topic: Topic) -> Result<u32, BusError>;

    /// Takes no more messages, ends all subscriptions, and returns when what was acknowledged is known to the bus.
    async fn close(&self);
}

/// One consumer of a group. Dropping it is like losing its process: its partitions go to the other members, and
/// what it has not acknowledged is delivered again.
#[async_trait]
pub trait GroupMember: Send {
    /// The next message of an assigned partition, or `None` once the bus is closed. Messages of a partition come
    /// in order and without waiting for the acknowledgement of earlier ones, up to
    /// [`max_unacked`](JoinOptions::max_unacked). Loses nothing when the future is dropped.
    async fn next(&mut self) -> Result<Option<Delivery>, BusError>;

    /// The partitions this member has now, ascending, and their changes.
    fn assigned(&self) -> watch::Receiver<Vec<u32>>;

    /// Leaves. On return the bus knows what was acknowledged; the rest is delivered again to the other members.
    async fn leave(self: Box<Self>);
}

/// A reader of a whole topic, without group and without acknowledgement.
#[async_trait]
pub trait TopicReader: Send {
    /// The next message, in order per partition, or `None` once the bus is closed.
    /// [`BusErrorKind::Gap`] says, once, that messages are gone which this reader has not seen; it then goes on
    /// with the oldest there is. Loses nothing when the future is dropped.
    async fn next(&mut self) -> Result<Option<std::sync::Arc<Record>>, BusError>;

    /// Whether all messages have been handed out that the topic had when the reader was made.
    fn caught_up(&self) -> bool;
}

/// How to join a group.
#[derive(Clone, Debug)]
pub struct JoinOptions {
    /// Name of the group.
    pub group: String,
    /// Deliveries this member may hold without having acknowledged them, over all its partitions. At the bound
    /// `next` waits.
    pub max_unacked: NonZeroUsize,
}

/// Where a reader starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadFrom {
    /// With the first message published after the call has returned, or an earlier one.
    Now,
    /// With the oldest message the bus has. Of a compacted topic that is at least the newest of every key.
    Beginning,
    /// After the last message seen of each partition. A partition that is not named, or named with a position the
    /// bus has not come to yet (it lost its memory), starts at the beginning.
    After(Vec<Position>),
}

/// What went wrong on the bus: the kind to decide by, the source to report.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} topic {topic}: {kind}")]
pub struct BusError {
    /// What happened.
    pub kind: BusErrorKind,
    /// What was attempted, up to the name of the topic.
    pub doing: &'static str,
    /// On which topic.
    pub topic: Topic,
    /// The error of the adapter, if it had one.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl BusError {
    /// An error without a cause below it.
    pub fn new(kind: BusErrorKind, doing: &'static str, topic: Topic) -> Self {
        Self { kind, doing, topic, source: None }
    }
}

/// What happened on the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BusErrorKind {
    /// The message is larger than the bus takes. Trying again cannot help: send a reference instead.
    #[error("the message has {size_bytes} bytes, and the limit is {limit_bytes}")]
    TooLarge {
        /// Size of key, payload and headers.
        size_bytes: usize,
        /// What the bus takes.
        limit_bytes: usize,
    },
    /// The topic has no such partition.
    #[error("it has no partition {partition}")]
    UnknownPartition {
        /// The partition asked for.
        partition: u32,
    },
    /// A message without a key on a compacted topic, or a deletion elsewhere.
    #[error("the message does not suit the topic: compacted topics need a key, and only they take deletions")]
    Unsuitable,
    /// Messages are gone that the reader has not seen.
    #[error("messages {first} to {last} of partition {partition} are gone")]
    Gap {
        /// The partition.
        partition: u32,
        /// Offset of the first one that is gone.
        first: u64,
        /// Offset of the last one that is gone.
        last: u64,
    },
    /// The bus is closed.
    #[error("the bus is closed")]
    Closed,
    /// The bus did not answer in time, or was full for too long. The outcome is unknown; trying again may help.
    #[error("the bus is not available")]
    Unavailable,
}

impl BusErrorKind {
    /// Whether the same call may succeed when it is made again.
    pub fn retryable(self) -> bool {
        match self {
            Self::Unavailable | Self::Gap { .. } => true,
            Self::TooLarge { .. } | Self::UnknownPartition { .. } | Self::Unsuitable | Self::Closed => false,
        }
    }
}
