//! Messages of ours as records of Kafka, and back.

use std::collections::HashMap;

use bytes::Bytes;
use data_inspector_domain::time::Timestamp;
use rdkafka::Message as _;
use rdkafka::Timestamp as KafkaTimestamp;
use rdkafka::message::{BorrowedMessage, Header, Headers, OwnedHeaders};
use rdkafka::producer::FutureRecord;

use crate::bus::{Message, Position, Record, Topic};

/// The header with the version of the payload's schema, in decimal.
const SCHEMA_VERSION: &str = "schema-version";

/// What to send; `name` is that of the topic.
pub(super) fn to_send<'a>(message: &'a Message, name: &'a str) -> FutureRecord<'a, [u8], [u8]> {
    let mut record = FutureRecord::to(name).headers(headers(message));
    if let Some(key) = &message.key {
        record = record.key(&**key);
    }
    if let Some(payload) = &message.payload {
        record = record.payload(&**payload);
    }
    if let Some(partition) = message.partition {
        // A number that Kafka cannot even say is one of a partition that does not exist.
        record = record.partition(i32::try_from(partition).unwrap_or(i32::MAX));
    }
    record
}

fn headers(message: &Message) -> OwnedHeaders {
    let version = message.schema_version.to_string();
    let first = OwnedHeaders::new_with_capacity(message.headers.len() + 1)
        .insert(Header { key: SCHEMA_VERSION, value: Some(&version) });
    message
        .headers
        .iter()
        .fold(first, |headers, (name, value)| headers.insert(Header { key: name, value: Some(&**value) }))
}

/// Stamps records so that the time never falls within a partition, even where a topic carries the times of the
/// senders.
#[derive(Default)]
pub(super) struct Stamps {
    newest: HashMap<i32, i64>,
    warned: bool,
}

impl Stamps {
    /// Forgets a partition that may come back after others have read it.
    pub(super) fn forget(&mut self, partition: i32) {
        self.newest.remove(&partition);
    }

    fn stamp(&mut self, message: &BorrowedMessage<'_>) -> Timestamp {
        let time = message.timestamp();
        if !matches!(time, KafkaTimestamp::LogAppendTime(_)) && !self.warned {
            self.warned = true;
            let topic = message.topic();
            tracing::warn!(
                topic,
                "the topic has the senders' clocks: set message.timestamp.type=LogAppendTime"
            );
        }
        let micros = time.to_millis().unwrap_or(0).saturating_mul(1000);
        let newest = self.newest.entry(message.partition()).or_insert(micros);
        *newest = (*newest).max(micros);
        Timestamp::from_micros(*newest)
    }
}

/// A record as the consumers know it.
pub(super) fn received(topic: Topic, message: &BorrowedMessage<'_>, stamps: &mut Stamps) -> Record {
    let copy = |bytes: &[u8]| Bytes::copy_from_slice(bytes);
    let mut schema_version = None;
    let mut headers = Vec::new();
    for header in message.headers().into_iter().flat_map(Headers::iter) {
        let value = header.value.unwrap_or_default();
        if header.key == SCHEMA_VERSION {
            schema_version = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
        } else {
            headers.push((header.key.to_owned(), copy(value)));
        }
    }
    Record {
        topic,
        position: position(message),
        published_at: stamps.stamp(message),
        key: message.key().map(copy),
        schema_version,
        payload: message.payload().map(copy),
        headers,
    }
}

/// Partitions and offsets of messages are never negative.
fn position(message: &BorrowedMessage<'_>) -> Position {
    Position { partition: message.partition().unsigned_abs(), offset: message.offset().unsigned_abs() }
}
