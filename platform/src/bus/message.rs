//! What goes over the bus.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use data_inspector_domain::time::Timestamp;

use super::Topic;

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
