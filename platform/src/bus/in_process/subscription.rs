//! Those who consume: members of a group, and readers on their own.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;

use super::super::{
    BusError, BusErrorKind, Delivery, GroupMember, JoinOptions, ReadFrom, Record, TopicReader,
};
use super::TopicCell;
use super::group::Group;
use super::log::Log;

/// A member of a group; it leaves when it is dropped.
pub(super) struct Member {
    cell: Arc<TopicCell>,
    group: String,
    number: u64,
    assigned: watch::Receiver<Vec<u32>>,
}

impl Member {
    /// Joins, unless the bus is closed.
    pub(super) fn join(cell: Arc<TopicCell>, options: JoinOptions) -> Option<Self> {
        let mut guard = cell.lock();
        let state = &mut *guard;
        if state.closed {
            return None;
        }
        let number = state.next_member;
        state.next_member += 1;
        let group = state.groups.entry(options.group.clone()).or_insert_with(|| Group::new(&state.logs));
        let assigned = group.join(number, options.max_unacked.get());
        drop(guard);
        cell.changed.notify_waiters();
        Some(Self { cell, group: options.group, number, assigned })
    }

    /// The next delivery; `Err` if there is none for ever.
    fn take(&self) -> Result<Option<Delivery>, BusErrorKind> {
        let mut guard = self.cell.lock();
        let state = &mut *guard;
        if state.closed {
            return Err(BusErrorKind::Closed);
        }
        let taken = state.groups.get_mut(&self.group).and_then(|group| group.take(self.number, &state.logs));
        drop(guard);
        let Some(taken) = taken else { return Ok(None) };
        let (cell, group, position) = (Arc::clone(&self.cell), self.group.clone(), taken.record.position);
        Ok(Some(Delivery::new(taken.record, move || {
            let mut state = cell.lock();
            if let Some(group) = state.groups.get_mut(&group) {
                group.ack(position.partition, position.offset, taken.generation);
            }
            state.drop_consumed();
            drop(state);
            cell.changed.notify_waiters();
        })))
    }
}

#[async_trait]
impl GroupMember for Member {
    async fn next(&mut self) -> Result<Option<Delivery>, BusError> {
        loop {
            let changed = self.cell.changed.notified();
            match self.take() {
                Ok(Some(delivery)) => return Ok(Some(delivery)),
                Ok(None) => changed.await,
                Err(_) => return Ok(None),
            }
        }
    }

    fn assigned(&self) -> watch::Receiver<Vec<u32>> {
        self.assigned.clone()
    }

    async fn leave(self: Box<Self>) {}
}

impl Drop for Member {
    fn drop(&mut self) {
        if let Some(group) = self.cell.lock().groups.get_mut(&self.group) {
            group.leave(self.number);
        }
        self.cell.changed.notify_waiters();
    }
}

/// A reader of all partitions.
pub(super) struct Reader {
    cell: Arc<TopicCell>,
    /// The next offset of each partition.
    positions: Vec<u64>,
    /// Where each partition ended when the reader was made.
    ends: Vec<u64>,
    turn: usize,
}

impl Reader {
    pub(super) fn open(cell: Arc<TopicCell>, from: &ReadFrom) -> Result<Self, BusErrorKind> {
        let state = cell.lock();
        if state.closed {
            return Err(BusErrorKind::Closed);
        }
        let ends: Vec<u64> = state.logs.iter().map(Log::next_offset).collect();
        let mut positions: Vec<u64> = match from {
            ReadFrom::Now => ends.clone(),
            ReadFrom::Beginning | ReadFrom::After(_) => state.logs.iter().map(Log::start).collect(),
        };
        if let ReadFrom::After(seen) = from {
            for seen in seen {
                let unknown = BusErrorKind::UnknownPartition { partition: seen.partition };
                let end = *ends.get(seen.partition as usize).ok_or(unknown)?;
                if seen.offset < end {
                    positions[seen.partition as usize] = seen.offset + 1;
                }
            }
        }
        drop(state);
        Ok(Self { cell, positions, ends, turn: 0 })
    }

    /// The next record, a gap, or `Closed`.
    fn take(&mut self) -> Result<Option<Arc<Record>>, BusErrorKind> {
        let state = self.cell.lock();
        if state.closed {
            return Err(BusErrorKind::Closed);
        }
        let count = self.positions.len();
        for partition in (0..count).map(|step| (self.turn + step) % count) {
            let (log, position) = (&state.logs[partition], &mut self.positions[partition]);
            if *position < log.start() {
                let (first, last) = (*position, log.start() - 1);
                *position = log.start();
                return Err(BusErrorKind::Gap { partition: partition as u32, first, last });
            }
            if let Some(record) = log.first_from(*position) {
                *position = record.position.offset + 1;
                self.turn = partition + 1;
                return Ok(Some(Arc::clone(record)));
            }
        }
        Ok(None)
    }
}

#[async_trait]
impl TopicReader for Reader {
    async fn next(&mut self) -> Result<Option<Arc<Record>>, BusError> {
        loop {
            let cell = Arc::clone(&self.cell);
            let changed = cell.changed.notified();
            match self.take() {
                Ok(Some(record)) => return Ok(Some(record)),
                Ok(None) => changed.await,
                Err(BusErrorKind::Closed) => return Ok(None),
                Err(kind) => return Err(BusError::new(kind, "read", self.cell.topic)),
            }
        }
    }

    fn caught_up(&self) -> bool {
        let state = self.cell.lock();
        self.positions.iter().zip(&self.ends).zip(&state.logs).all(|((position, end), log)| {
            log.first_from(*position).is_none_or(|record| record.position.offset >= *end)
        })
    }
}
