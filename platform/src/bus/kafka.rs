//! The bus of a deployment: Apache Kafka, or what speaks its protocol.
//!
//! Groups are classic consumer groups with the cooperative-sticky assignor; readers are assigned all partitions and
//! join nothing. Each of them has a thread of its own that never stops asking for messages ([`pump`]), so that a
//! consumer may be busy for as long as it likes; no call into librdkafka that blocks is made on the runtime's
//! threads. No Kafka transactions: consumers are idempotent, and what has to be atomic is in the database.
//!
//! A broker that is away is waited for: `next` goes on when it is back, the other calls fail after
//! [`timeout_ms`](KafkaConfig::timeout_ms) with [`BusErrorKind::Unavailable`]. What an ops team needs to know is in
//! `docs/kafka.md`.

mod client;
mod config;
mod holdings;
mod member;
mod publisher;
mod pump;
mod reader;
mod record;
mod threads;
mod topics;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tokio::sync::watch;

use self::member::{Joining, Member};
use self::publisher::Publisher;
use self::reader::{OpenError, Reader, Reading};
use self::threads::Threads;
use super::TopicReader;
pub use super::settings::{Compression, KafkaConfig, KafkaSecurity, SecurityProtocol};
use super::{BusError, BusErrorKind, EventBus, GroupMember, JoinOptions, Message, Position, ReadFrom, Topic};

/// How long a number of partitions is believed.
const PARTITIONS_KNOWN_FOR: Duration = Duration::from_secs(10);

/// An [`EventBus`] on Kafka. Clones are the same bus.
#[derive(Clone)]
pub struct KafkaBus {
    shared: Arc<Shared>,
}

struct Shared {
    config: KafkaConfig,
    publisher: Publisher,
    threads: Threads,
    closed: watch::Sender<bool>,
    partitions: Mutex<HashMap<Topic, (Instant, u32)>>,
}

/// Why there is no bus.
#[derive(Debug, thiserror::Error)]
pub enum KafkaConnectError {
    /// A setting is wrong. Its value is not told, as it may be a secret.
    #[error("the client refuses the setting `{name}`")]
    Setting {
        /// By librdkafka's name.
        name: String,
    },
    /// The settings contradict each other, or a file they name cannot be read.
    #[error("the client refuses the settings")]
    Client(#[source] KafkaError),
    /// No broker answered in time.
    #[error("no broker answered in time")]
    Unavailable(#[source] KafkaError),
    /// A broker says that we may not, or is not who it should be.
    #[error("the brokers refuse us, or we them: the log says why")]
    Refused(#[source] KafkaError),
    /// Topics are missing, and must be made by somebody else.
    #[error("topics are missing and not to be created (see docs/kafka.md): {names}")]
    TopicsMissing {
        /// Their names.
        names: String,
    },
    /// A missing topic could not be made.
    #[error("cannot create topic {topic}; somebody with the right to may do it (see docs/kafka.md)")]
    CannotCreate {
        /// Its name.
        topic: String,
        /// What the brokers say.
        source: RDKafkaErrorCode,
    },
}

impl KafkaConnectError {
    fn from_kafka(error: KafkaError) -> Self {
        match error {
            KafkaError::ClientConfig(_, _, name, _) => Self::Setting { name },
            error @ KafkaError::ClientCreation(_) => Self::Client(error),
            error if client::matters(&error) => Self::Refused(error),
            error => Self::Unavailable(error),
        }
    }
}

impl KafkaBus {
    /// Connects, and makes the topics that are missing if it may.
    pub async fn connect(config: KafkaConfig) -> Result<Self, KafkaConnectError> {
        let publisher = Publisher::try_new(config.producer(), config.timeout());
        let publisher = publisher.map_err(KafkaConnectError::from_kafka)?;
        topics::ensure(&publisher, &config).await.map_err(|error| match (error, publisher.refusal()) {
            (KafkaConnectError::Unavailable(_), Some(refusal)) => KafkaConnectError::Refused(refusal),
            (error, _) => error,
        })?;
        let (threads, closed) = (Threads::new(), watch::Sender::new(false));
        let partitions = Mutex::new(HashMap::new());
        Ok(Self { shared: Arc::new(Shared { config, publisher, threads, closed, partitions }) })
    }

    fn is_closed(&self) -> bool {
        *self.shared.closed.borrow()
    }

    fn name(&self, topic: Topic) -> String {
        topic.name(&self.shared.config.topic_prefix)
    }

    fn known_partitions(&self, topic: Topic) -> Option<u32> {
        let known = self.shared.partitions.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&topic).filter(|(at, _)| at.elapsed() < PARTITIONS_KNOWN_FOR).map(|(_, count)| *count)
    }
}

fn failed(doing: &'static str, topic: Topic, kind: BusErrorKind, source: KafkaError) -> BusError {
    BusError { kind, doing, topic, source: Some(Box::new(source)) }
}

#[async_trait]
impl EventBus for KafkaBus {
    async fn publish(&self, message: Message) -> Result<Position, BusError> {
        const DOING: &str = "publish on";
        let topic = message.topic;
        if self.is_closed() {
            return Err(BusError::new(BusErrorKind::Closed, DOING, topic));
        }
        let limit_bytes = self.shared.config.max_message_bytes;
        message.check(limit_bytes).map_err(|kind| BusError::new(kind, DOING, topic))?;
        let published = self.shared.publisher.publish(&message, &self.name(topic)).await;
        published.map_err(|error| {
            let kind = client::publish_kind(&error, message.size_bytes(), message.partition);
            failed(DOING, topic, kind, error)
        })
    }

    async fn join(&self, topic: Topic, options: JoinOptions) -> Result<Box<dyn GroupMember>, BusError> {
        const DOING: &str = "join a group of";
        if self.is_closed() {
            return Err(BusError::new(BusErrorKind::Closed, DOING, topic));
        }
        let Shared { config, threads, closed, .. } = &*self.shared;
        let joining = Joining {
            topic,
            topic_name: self.name(topic),
            client: config.member(&options.group),
            max_unacked: options.max_unacked.get(),
            timeout: config.timeout(),
        };
        match Member::join(joining, closed.subscribe(), threads).await {
            Ok(member) => Ok(Box::new(member)),
            Err(error) => Err(failed(DOING, topic, BusErrorKind::Unavailable, error)),
        }
    }

    async fn read(&self, topic: Topic, from: ReadFrom) -> Result<Box<dyn TopicReader>, BusError> {
        const DOING: &str = "read";
        if self.is_closed() {
            return Err(BusError::new(BusErrorKind::Closed, DOING, topic));
        }
        let Shared { config, threads, closed, .. } = &*self.shared;
        let reading = Reading {
            topic,
            topic_name: self.name(topic),
            client: config.reader(),
            from,
            timeout: config.timeout(),
            refresh: Duration::from_millis(config.metadata_refresh_ms),
        };
        match Reader::open(reading, closed.subscribe(), threads).await {
            Ok(reader) => Ok(Box::new(reader)),
            Err(OpenError::UnknownPartition(partition)) => {
                Err(BusError::new(BusErrorKind::UnknownPartition { partition }, DOING, topic))
            }
            Err(OpenError::Kafka(error)) => Err(failed(DOING, topic, BusErrorKind::Unavailable, error)),
        }
    }

    async fn partition_count(&self, topic: Topic) -> Result<u32, BusError> {
        if let Some(count) = self.known_partitions(topic) {
            return Ok(count);
        }
        let counted = self.shared.publisher.partition_count(self.name(topic)).await;
        let count = counted
            .map_err(|error| failed("count the partitions of", topic, BusErrorKind::Unavailable, error))?;
        let mut known = self.shared.partitions.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(topic, (Instant::now(), count));
        Ok(count)
    }

    async fn close(&self) {
        let Shared { config, publisher, threads, closed, .. } = &*self.shared;
        closed.send_replace(true);
        if !threads.ended(config.timeout()).await {
            tracing::warn!("the brokers did not answer in time: what was acknowledged may come again");
        }
        if let Err(error) = publisher.flush().await {
            tracing::warn!("not all that was published is known to be out: {error}");
        }
    }
}
