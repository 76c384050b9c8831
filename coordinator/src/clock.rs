//! The clock of the results stream: the time before which everything workers had to say has been consumed. It
//! stands still while the broker is away, so that nobody is given up for dead whose heartbeats are on their way.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use data_inspector_domain::time::Timestamp;
use data_inspector_platform::bus::Record;
use tokio::sync::watch;

/// How far the partitions are consumed that this coordinator has. Another one has the others, with a clock of its
/// own; both stand at most a moment apart while both consume.
pub(crate) struct ResultsClock {
    assigned: watch::Receiver<Vec<u32>>,
    consumed: Mutex<HashMap<u32, Timestamp>>,
}

impl ResultsClock {
    pub(crate) fn new(assigned: watch::Receiver<Vec<u32>>) -> Self {
        Self { assigned, consumed: Mutex::default() }
    }

    /// The partitions this coordinator has now.
    pub(crate) fn partitions(&self) -> Vec<u32> {
        self.assigned.borrow().clone()
    }

    /// A message has been consumed.
    pub(crate) fn consumed(&self, record: &Record) {
        let mut consumed = self.consumed.lock().unwrap_or_else(PoisonError::into_inner);
        consumed.insert(record.position.partition, record.published_at);
    }

    /// The time of the oldest message that may still come; `None` until something has come from each partition.
    pub(crate) fn now(&self) -> Option<Timestamp> {
        let assigned = self.partitions();
        let mut consumed = self.consumed.lock().unwrap_or_else(PoisonError::into_inner);
        consumed.retain(|partition, _| assigned.contains(partition));
        assigned.iter().map(|partition| consumed.get(partition).copied()).min().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_inspector_platform::bus::{Position, Topic};

    fn record(partition: u32, micros: i64) -> Record {
        Record {
            topic: Topic::Results,
            position: Position { partition, offset: 0 },
            published_at: Timestamp::from_micros(micros),
            key: None,
            schema_version: Some(1),
            payload: None,
            headers: Vec::new(),
        }
    }

    #[test]
    fn it_shows_the_time_of_the_partition_that_is_furthest_behind() {
        let (assign, assigned) = watch::channel(vec![0, 1]);
        let clock = ResultsClock::new(assigned);
        clock.consumed(&record(0, 50));
        assert_eq!(clock.now(), None, "nothing is known of partition 1");
        clock.consumed(&record(1, 40));
        clock.consumed(&record(0, 90));
        assert_eq!(clock.now(), Some(Timestamp::from_micros(40)));
        assign.send(vec![0]).unwrap();
        assert_eq!(clock.now(), Some(Timestamp::from_micros(90)));
        assign.send(vec![0, 1]).unwrap();
        assert_eq!(clock.now(), None, "what was known of partition 1 is old");
        assign.send(Vec::new()).unwrap();
        assert_eq!(clock.now(), None);
    }
}
