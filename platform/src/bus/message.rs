//! What goes over the bus.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use data_inspector_domain::time::Timestamp;

use super::topic::Retention;
use super::{BusErrorKind, Topic};

/// A message to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where to.
    pub topic: Topic,
    /// Messages with the same key are delivered in order. Compacted topics keep the newest of each key.
    pub key: Option<Bytes>,
    /// The partition, if the sender chooses it; else it follows from the key, and without a key any will do.
    pub partition: Option<u32>,
    /// Version of the schema of the payload.
    pub schema_version: u16,
    /// The bytes; `None` deletes the key from a compacted topic.
    pub payload: Option<Bytes>,
    /// Further headers.
    pub headers: Vec<(String, Bytes)>,
}

impl Message {
    /// A message without key, for any partition.
    pub fn new(topic: Topic, schema_version: u16, payload: impl Into<Bytes>) -> Self {
        let payload = Some(payload.into());
        Self { topic, key: None, partition: None, schema_version, payload, headers: Vec::new() }
    }

    /// Deletes a key from a compacted topic. Readers from the beginning may still see the deletion.
    pub fn deletion(topic: Topic, schema_version: u16, key: impl Into<Bytes>) -> Self {
        let key = Some(key.into());
        Self { topic, key, partition: None, schema_version, payload: None, headers: Vec::new() }
    }

    /// The same bytes for the dead letters of the record's topic, with headers that say where it was and what is
    /// wrong with it. A version that the record lacks is 0.
    pub fn dead_letter(record: &Record, reason: &str) -> Self {
        let letter = Self {
            topic: record.topic.dead_letters(),
            key: record.key.clone(),
            partition: None,
            schema_version: record.schema_version.unwrap_or(0),
            payload: Some(record.payload.clone().unwrap_or_default()),
            headers: record.headers.clone(),
        };
        letter
            .with_header("origin-topic", record.topic.to_string())
            .with_header("origin-partition", record.position.partition.to_string())
            .with_header("origin-offset", record.position.offset.to_string())
            .with_header("reason", reason.to_owned())
    }

    /// The same message with a key.
    pub fn with_key(mut self, key: impl Into<Bytes>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// The same message for one partition.
    pub fn to_partition(mut self, partition: u32) -> Self {
        self.partition = Some(partition);
        self
    }

    /// The same message with one more header.
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<Bytes>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Bytes of key, payload and headers: what the size limit of a bus counts.
    pub fn size_bytes(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.key.as_ref().map_or(0, Bytes::len) + self.payload.as_ref().map_or(0, Bytes::len) + headers
    }

    /// For adapters: whether the message suits its topic, and is within the limit.
    pub(super) fn check(&self, limit_bytes: usize) -> Result<(), BusErrorKind> {
        let size_bytes = self.size_bytes();
        if size_bytes > limit_bytes {
            return Err(BusErrorKind::TooLarge { size_bytes, limit_bytes });
        }
        let suits = match self.topic.retention() {
            Retention::NewestPerKey => self.key.is_some(),
            Retention::UntilConsumed | Retention::Newest => self.payload.is_some(),
        };
        if suits { Ok(()) } else { Err(BusErrorKind::Unsuitable) }
    }
}

/// Where a message is: its partition, and its number there. Numbers rise, not always by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The partition.
    pub partition: u32,
    /// The number within the partition.
    pub offset: u64,
}

/// A message as it is on the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The topic.
    pub topic: Topic,
    /// Where it is.
    pub position: Position,
    /// When the bus took it, by the clock of the bus; never falls within a partition.
    pub published_at: Timestamp,
    /// The key.
    pub key: Option<Bytes>,
    /// Version of the schema of the payload; `None` if a stranger sent it.
    pub schema_version: Option<u16>,
    /// The bytes; `None` if it deletes its key.
    pub payload: Option<Bytes>,
    /// Further headers.
    pub headers: Vec<(String, Bytes)>,
}

/// A message in the hands of a group member: consumed by [`ack`](Self::ack). One that is dropped counts as held
/// until the member leaves, and is then delivered again.
#[must_use = "a delivery that is not acknowledged comes again"]
pub struct Delivery {
    record: Arc<Record>,
    acknowledge: Box<dyn FnOnce() + Send>,
}

impl Delivery {
    /// For adapters: a record, and what to do when it has been consumed.
    pub(crate) fn new(record: Arc<Record>, acknowledge: impl FnOnce() + Send + 'static) -> Self {
        Self { record, acknowledge: Box::new(acknowledge) }
    }

    /// The message.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Consumes it: what it asked for is durable elsewhere. If the partition has meanwhile gone to another member,
    /// this does nothing, and the message is delivered once more.
    pub fn ack(self) {
        (self.acknowledge)();
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Delivery").field(&self.record.position).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_letter_says_where_it_comes_from_and_suits_its_topic() {
        let record = Record {
            topic: Topic::Control,
            position: Position { partition: 3, offset: 17 },
            published_at: Timestamp::from_micros(0),
            key: Some(Bytes::from_static(b"k")),
            schema_version: None,
            payload: None,
            headers: vec![("kind".to_owned(), Bytes::from_static(b"?"))],
        };
        let letter = Message::dead_letter(&record, "no version");
        assert_eq!((letter.topic, letter.partition), (Topic::ControlDeadLetters, None));
        assert_eq!(letter.check(1000), Ok(()));
        let header = |name| letter.headers.iter().find(|(key, _)| key == name).map(|(_, value)| &**value);
        assert_eq!(header("kind"), Some(&b"?"[..]));
        assert_eq!(header("origin-topic"), Some(&b"control"[..]));
        assert_eq!(header("origin-partition"), Some(&b"3"[..]));
        assert_eq!(header("origin-offset"), Some(&b"17"[..]));
        assert_eq!(header("reason"), Some(&b"no version"[..]));
    }
}
