//! The messages of one partition.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use data_inspector_domain::time::Timestamp;

use super::super::Record;
use crate::bus::topic::Retention;

/// What a record costs beside its bytes; so that empty messages are bounded too.
const RECORD_OVERHEAD_BYTES: usize = 128;

/// Records in order of their offsets, with holes where the topic is compacted.
pub(super) struct Log {
    retention: Retention,
    max_records: usize,
    max_bytes: usize,
    records: VecDeque<Arc<Record>>,
    bytes: usize,
    next_offset: u64,
    /// Below it records may be missing that a reader has not seen.
    start: u64,
    newest_time: Timestamp,
    /// Of a compacted topic, the offset of the newest record of each key.
    newest_of_key: HashMap<Bytes, u64>,
}

fn size(record: &Record) -> usize {
    let headers: usize = record.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    let body = record.key.as_ref().map_or(0, Bytes::len) + record.payload.as_ref().map_or(0, Bytes::len);
    RECORD_OVERHEAD_BYTES + body + headers
}

impl Log {
    pub(super) fn new(retention: Retention, max_records: usize, max_bytes: usize) -> Self {
        Self {
            retention,
            max_records,
            max_bytes,
            records: VecDeque::new(),
            bytes: 0,
            next_offset: 0,
            start: 0,
            newest_time: Timestamp::from_micros(i64::MIN),
            newest_of_key: HashMap::new(),
        }
    }

    pub(super) fn next_offset(&self) -> u64 {
        self.next_offset
    }

    /// Offset of the oldest record that has not been dropped; compaction does not count as dropping.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    pub(super) fn newest_time(&self) -> Timestamp {
        self.newest_time
    }

    /// Whether a message may be pushed. Only queues are ever full.
    pub(super) fn has_room(&self, message_bytes: usize) -> bool {
        match self.retention {
            Retention::Newest | Retention::NewestPerKey => true,
            Retention::UntilConsumed => {
                let bytes = self.bytes + message_bytes + RECORD_OVERHEAD_BYTES;
                self.records.is_empty() || (self.records.len() < self.max_records && bytes <= self.max_bytes)
            }
        }
    }

    /// Appends a record, whose offset is `next_offset`.
    pub(super) fn push(&mut self, record: Record) {
        self.next_offset = record.position.offset + 1;
        self.newest_time = record.published_at;
        if self.retention == Retention::NewestPerKey {
            self.compact(&record);
        }
        self.bytes += size(&record);
        self.records.push_back(Arc::new(record));
        if self.retention != Retention::UntilConsumed {
            self.drop_oldest();
        }
    }

    /// The oldest record at or after an offset.
    pub(super) fn first_from(&self, offset: u64) -> Option<&Arc<Record>> {
        self.records.get(self.index_of(offset))
    }

    /// Drops the records of a queue below an offset.
    pub(super) fn drop_consumed(&mut self, offset: u64) {
        if self.retention == Retention::UntilConsumed {
            while self.records.front().is_some_and(|record| record.position.offset < offset) {
                self.pop_front();
            }
        }
    }

    fn index_of(&self, offset: u64) -> usize {
        self.records.partition_point(|record| record.position.offset < offset)
    }

    /// Removes the record that this one replaces.
    fn compact(&mut self, newer: &Record) {
        let Some(key) = &newer.key else { return };
        let Some(older) = self.newest_of_key.insert(key.clone(), newer.position.offset) else { return };
        if let Some(record) = self.records.remove(self.index_of(older)) {
            self.bytes -= size(&record);
        }
    }

    fn drop_oldest(&mut self) {
        while self.records.len() > self.max_records || (self.bytes > self.max_bytes && self.records.len() > 1)
        {
            if self.retention == Retention::NewestPerKey {
                tracing::warn!(
                    max_records = self.max_records,
                    "a compacted topic is full and loses its oldest key"
                );
            }
            self.pop_front();
        }
    }

    fn pop_front(&mut self) {
        let Some(record) = self.records.pop_front() else { return };
        self.bytes -= size(&record);
        self.start = record.position.offset + 1;
        if let Some(key) = &record.key {
            self.newest_of_key.remove(key);
        }
    }
}
