//! Whether the topics are there, and making those that are missing. An ops team may have made them; then no more
//! is asked than to see them.

use std::thread;
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::Client;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};

use super::KafkaConfig;
use super::client::{self, Traced};
use super::{KafkaConnectError, Publisher};
use crate::bus::Topic;
use crate::bus::topic::Retention;

const DAY_MS: i64 = 24 * 3600 * 1000;
/// How long to wait before asking again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Number of partitions of a topic. Blocks.
pub(super) fn partition_count<C: ClientContext>(
    client: &Client<C>,
    name: &str,
    timeout: Duration,
) -> KafkaResult<u32> {
    patiently(timeout, |left| count_partitions(client, name, left))
}

/// The oldest offset of a partition, and that of the next message. Blocks.
pub(super) fn watermarks<C: ClientContext>(
    client: &Client<C>,
    name: &str,
    partition: u32,
    timeout: Duration,
) -> KafkaResult<(u64, u64)> {
    let fetch = |left| client.fetch_watermarks(name, partition.cast_signed(), left);
    let (low, high) = patiently(timeout, fetch)?;
    Ok((low.unsigned_abs(), high.unsigned_abs()))
}

/// Asks again what the brokers cannot tell yet: a partition that was just made, or whose broker has just gone, has
/// no leader for a moment.
fn patiently<T>(timeout: Duration, ask: impl Fn(Duration) -> KafkaResult<T>) -> KafkaResult<T> {
    let began = Instant::now();
    loop {
        let answer = ask(timeout.saturating_sub(began.elapsed()));
        match &answer {
            Err(error) if !client::matters(error) && began.elapsed() < timeout => {
                thread::park_timeout(LOOK_AGAIN)
            }
            Ok(_) | Err(_) => return answer,
        }
    }
}

fn count_partitions<C: ClientContext>(client: &Client<C>, name: &str, timeout: Duration) -> KafkaResult<u32> {
    let metadata = client.fetch_metadata(Some(name), timeout)?;
    let unknown = KafkaError::MetadataFetch(RDKafkaErrorCode::UnknownTopicOrPartition);
    let topic = metadata.topics().first().ok_or_else(|| unknown.clone())?;
    match topic.error() {
        Some(error) => Err(KafkaError::MetadataFetch(error.into())),
        None if topic.partitions().is_empty() => Err(unknown),
        None => Ok(topic.partitions().len() as u32),
    }
}

/// Makes the topics that are missing, if that is allowed, and returns when all are there.
pub(super) async fn ensure(publisher: &Publisher, config: &KafkaConfig) -> Result<(), KafkaConnectError> {
    let missing = missing(publisher, config).await?;
    if missing.is_empty() {
        return Ok(());
    }
    if config.create_topics {
        create(config, &missing).await?;
        return await_all(publisher, config).await;
    }
    let names: Vec<String> = missing.iter().map(|topic| topic.name(&config.topic_prefix)).collect();
    Err(KafkaConnectError::TopicsMissing { names: names.join(", ") })
}

async fn missing(publisher: &Publisher, config: &KafkaConfig) -> Result<Vec<Topic>, KafkaConnectError> {
    let mut missing = Vec::new();
    for topic in Topic::ALL {
        match publisher.partition_count(topic.name(&config.topic_prefix)).await {
            Ok(_) => {}
            Err(error) if is_unknown(&error) => missing.push(topic),
            Err(error) => return Err(KafkaConnectError::from_kafka(error)),
        }
    }
    Ok(missing)
}

fn is_unknown(error: &KafkaError) -> bool {
    use RDKafkaErrorCode::{UnknownTopic, UnknownTopicOrPartition};
    matches!(error.rdkafka_error_code(), Some(UnknownTopic | UnknownTopicOrPartition))
}

async fn create(config: &KafkaConfig, topics: &[Topic]) -> Result<(), KafkaConnectError> {
    let admin = AdminClient::from_config_and_context(&config.producer(), Traced::default());
    let admin = admin.map_err(KafkaConnectError::from_kafka)?;
    let named: Vec<(Topic, String)> =
        topics.iter().map(|topic| (*topic, topic.name(&config.topic_prefix))).collect();
    let max_message_bytes = max_topic_message_bytes(config).to_string();
    let new: Vec<NewTopic<'_>> =
        named.iter().map(|(topic, name)| new_topic(*topic, name, config, &max_message_bytes)).collect();
    let options =
        AdminOptions::new().request_timeout(Some(config.timeout())).operation_timeout(Some(config.timeout()));
    let outcomes = admin.create_topics(&new, &options).await.map_err(KafkaConnectError::from_kafka)?;
    // Its end waits for its thread.
    tokio::task::spawn_blocking(move || drop(admin));
    for outcome in outcomes {
        match outcome {
            // Somebody else makes them at the same time.
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, code)) => return Err(KafkaConnectError::CannotCreate { topic, source: code }),
        }
    }
    Ok(())
}

/// What a topic must take, so that the largest message fits with what Kafka adds.
fn max_topic_message_bytes(config: &KafkaConfig) -> usize {
    const DEFAULT_OF_KAFKA: usize = 1_048_588;
    DEFAULT_OF_KAFKA.max(config.max_message_bytes + (64 << 10))
}

fn new_topic<'a>(
    topic: Topic,
    name: &'a str,
    config: &KafkaConfig,
    max_message_bytes: &'a str,
) -> NewTopic<'a> {
    let is_dead_letters = topic.dead_letters() == topic;
    let partitions = if is_dead_letters { 1 } else { config.partitions.max(1).cast_signed() };
    // -1: what the brokers prefer.
    let copies = match config.replication_factor {
        0 => -1,
        copies => i32::from(copies),
    };
    NewTopic::new(name, partitions, TopicReplication::Fixed(copies))
        .set("message.timestamp.type", "LogAppendTime")
        .set("max.message.bytes", max_message_bytes)
        .set(
            "cleanup.policy",
            if topic.retention() == Retention::NewestPerKey { "compact" } else { "delete" },
        )
        .set("retention.ms", retention_ms(topic))
}

/// How long messages are kept. Longer than the longest outage that is to be survived.
fn retention_ms(topic: Topic) -> &'static str {
    const _: () = assert!(7 * DAY_MS == 604_800_000 && DAY_MS == 86_400_000 && 30 * DAY_MS == 2_592_000_000);
    match topic {
        Topic::Tasks | Topic::Results => "604800000",
        // The database has all events; here they are for those who follow.
        Topic::Updates => "86400000",
        // Compacted: the newest of a key stays.
        Topic::Control => "-1",
        Topic::TasksDeadLetters
        | Topic::ResultsDeadLetters
        | Topic::UpdatesDeadLetters
        | Topic::ControlDeadLetters => "2592000000",
    }
}

/// A topic that was made is not known to every broker at once.
async fn await_all(publisher: &Publisher, config: &KafkaConfig) -> Result<(), KafkaConnectError> {
    let deadline = Instant::now() + config.timeout();
    loop {
        let missing = missing(publisher, config).await?;
        if missing.is_empty() {
            return Ok(());
        }
        if Instant::now() >= deadline {
            let names: Vec<String> = missing.iter().map(|topic| topic.name(&config.topic_prefix)).collect();
            return Err(KafkaConnectError::TopicsMissing { names: names.join(", ") });
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
