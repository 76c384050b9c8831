//! What a member of a group holds: its partitions, what was handed out, and how far each partition is consumed.
//! Pure, so that the rules are tested without a broker.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::bus::Record;

/// The partitions of a member, and the deliveries that wait for its consumer.
#[derive(Default)]
pub(super) struct Holdings {
    partitions: BTreeMap<u32, Held>,
    waiting: VecDeque<Taken>,
    generations: u64,
}

/// A partition of ours.
struct Held {
    /// Differs each time the partition comes: an acknowledgement from before does not count.
    generation: u64,
    /// Behind the last record that arrived.
    next: Option<u64>,
    /// Arrived and not acknowledged.
    unacked: BTreeSet<u64>,
    /// Consumed up to here, as far as librdkafka was told.
    stored: Option<u64>,
}

impl Held {
    /// Everything below is consumed. An acknowledgement after a hole counts when the hole is filled: Kafka knows
    /// one number per partition and group.
    fn consumed(&self) -> Option<u64> {
        self.unacked.first().copied().or(self.next)
    }
}

/// A record and the generation in which it came.
pub(super) struct Taken {
    pub(super) record: Arc<Record>,
    pub(super) generation: u64,
}

impl Holdings {
    /// The partitions, ascending.
    pub(super) fn partitions(&self) -> Vec<u32> {
        self.partitions.keys().copied().collect()
    }

    /// Records that came and are not acknowledged, handed out or not.
    pub(super) fn unacked(&self) -> usize {
        self.partitions.values().map(|held| held.unacked.len()).sum()
    }

    /// These partitions are ours now.
    pub(super) fn assign(&mut self, partitions: impl IntoIterator<Item = u32>) {
        for partition in partitions {
            self.generations += 1;
            let generation = self.generations;
            let held = Held { generation, next: None, unacked: BTreeSet::new(), stored: None };
            self.partitions.insert(partition, held);
        }
    }

    /// These partitions are not ours any more: what they had waiting comes to somebody else.
    pub(super) fn revoke(&mut self, partitions: impl IntoIterator<Item = u32>) {
        for partition in partitions {
            self.partitions.remove(&partition);
        }
        let ours = &self.partitions;
        self.waiting.retain(|taken| ours.contains_key(&taken.record.position.partition));
    }

    /// A record has come. One of a partition that has gone is dropped.
    pub(super) fn accept(&mut self, record: Record) {
        let position = record.position;
        if let Some(held) = self.partitions.get_mut(&position.partition) {
            held.next = Some(position.offset + 1);
            held.unacked.insert(position.offset);
            self.waiting.push_back(Taken { record: Arc::new(record), generation: held.generation });
        }
    }

    /// The next record to hand out, unless so many are out.
    pub(super) fn take(&mut self, max_unacked: usize) -> Option<Taken> {
        let handed_out = self.unacked() - self.waiting.len();
        if handed_out < max_unacked { self.waiting.pop_front() } else { None }
    }

    /// Consumes a record; says whether it counted.
    pub(super) fn ack(&mut self, partition: u32, offset: u64, generation: u64) -> bool {
        let held = self.partitions.get_mut(&partition).filter(|held| held.generation == generation);
        held.is_some_and(|held| held.unacked.remove(&offset))
    }

    /// How far partitions are consumed, where that has changed since it was last asked.
    pub(super) fn progress(&mut self) -> Vec<(u32, u64)> {
        let mut progress = Vec::new();
        for (partition, held) in &mut self.partitions {
            if let Some(consumed) = held.consumed().filter(|consumed| held.stored != Some(*consumed)) {
                held.stored = Some(consumed);
                progress.push((*partition, consumed));
            }
        }
        progress
    }
}

#[cfg(test)]
mod tests {
    use data_inspector_domain::time::Timestamp;

    use super::*;
    use crate::bus::{Position, Topic};

    fn record(partition: u32, offset: u64) -> Record {
        Record {
            topic: Topic::Tasks,
            position: Position { partition, offset },
            published_at: Timestamp::from_micros(0),
            key: None,
            schema_version: Some(1),
            payload: None,
            headers: Vec::new(),
        }
    }

    /// Partition 0 with these records, all handed out.
    fn handed_out(offsets: impl IntoIterator<Item = u64>) -> (Holdings, u64) {
        let mut holdings = Holdings::default();
        holdings.assign([0]);
        let mut generation = 0;
        for offset in offsets {
            holdings.accept(record(0, offset));
            generation = holdings.take(usize::MAX).unwrap().generation;
        }
        (holdings, generation)
    }

    #[test]
    fn a_hole_holds_up_the_progress_until_it_is_filled() {
        let (mut holdings, generation) = handed_out([5, 6, 9]);
        assert_eq!(holdings.progress(), [(0, 5)]);
        assert!(holdings.ack(0, 6, generation));
        assert_eq!(holdings.progress(), []);
        assert!(holdings.ack(0, 5, generation));
        assert_eq!(holdings.progress(), [(0, 9)]);
        assert!(holdings.ack(0, 9, generation));
        assert_eq!(holdings.progress(), [(0, 10)]);
        assert!(!holdings.ack(0, 9, generation), "twice");
    }

    #[test]
    fn a_partition_that_went_and_came_back_forgets_what_was_out() {
        let (mut holdings, before) = handed_out([5, 6]);
        holdings.accept(record(0, 7));
        holdings.revoke([0]);
        assert!(holdings.take(usize::MAX).is_none(), "it waits for somebody else now");
        assert!(!holdings.ack(0, 5, before));
        holdings.assign([0]);
        assert_eq!(holdings.progress(), [], "nothing is known before the first record");
        holdings.accept(record(0, 5));
        assert!(!holdings.ack(0, 5, before), "an acknowledgement from before");
        assert_eq!(holdings.progress(), [(0, 5)]);
        assert_eq!(holdings.unacked(), 1);
    }

    #[test]
    fn no_more_is_handed_out_than_allowed() {
        let mut holdings = Holdings::default();
        holdings.assign([0, 1]);
        for (partition, offset) in [(0, 0), (1, 0), (0, 1)] {
            holdings.accept(record(partition, offset));
        }
        let first = holdings.take(2).unwrap();
        assert!(holdings.take(2).is_some() && holdings.take(2).is_none());
        assert!(holdings.ack(0, 0, first.generation));
        assert!(holdings.take(2).is_some());
        holdings.revoke([1]);
        assert_eq!(holdings.unacked(), 1, "what went with its partition is not held");
    }

    #[test]
    fn a_record_of_a_partition_that_has_gone_is_dropped() {
        let mut holdings = Holdings::default();
        holdings.accept(record(3, 0));
        assert!(holdings.take(1).is_none() && holdings.unacked() == 0);
    }
}
