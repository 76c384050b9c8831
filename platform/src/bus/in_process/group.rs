//! A group: which member has which partition, and what has been consumed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::watch;

use super::super::Record;
use super::log::Log;

/// Members by number, and one cursor for each partition.
pub(super) struct Group {
    members: BTreeMap<u64, MemberState>,
    cursors: Vec<Cursor>,
}

struct MemberState {
    max_unacked: usize,
    assigned: watch::Sender<Vec<u32>>,
    /// The partition after the one that had its turn last.
    turn: usize,
}

/// How far a group is in a partition.
struct Cursor {
    owner: Option<u64>,
    /// Rises when the partition changes hands: an acknowledgement from before does not count.
    generation: u64,
    /// The next record to hand out.
    position: u64,
    /// Handed out and not acknowledged.
    unacked: BTreeSet<u64>,
}

impl Cursor {
    /// Everything below is consumed. An acknowledgement after a hole counts when the hole is filled, as on Kafka,
    /// which knows one number per partition and group.
    fn consumed(&self) -> u64 {
        self.unacked.first().copied().unwrap_or(self.position)
    }

    fn take_from_owner(&mut self) {
        self.position = self.consumed();
        self.unacked.clear();
        self.generation += 1;
        self.owner = None;
    }
}

/// A record and the generation in which it was handed out.
pub(super) struct Taken {
    pub(super) record: Arc<Record>,
    pub(super) generation: u64,
}

impl Group {
    pub(super) fn new(logs: &[Log]) -> Self {
        let cursor = |log: &Log| Cursor {
            owner: None,
            generation: 0,
            position: log.start(),
            unacked: BTreeSet::new(),
        };
        Self { members: BTreeMap::new(), cursors: logs.iter().map(cursor).collect() }
    }

    /// Everything below this offset is consumed.
    pub(super) fn consumed(&self, partition: usize) -> u64 {
        self.cursors[partition].consumed()
    }

    pub(super) fn join(&mut self, member: u64, max_unacked: usize) -> watch::Receiver<Vec<u32>> {
        let (assigned, receiver) = watch::channel(Vec::new());
        self.members.insert(member, MemberState { max_unacked, assigned, turn: 0 });
        self.rebalance();
        receiver
    }

    pub(super) fn leave(&mut self, member: u64) {
        self.members.remove(&member);
        for cursor in self.cursors.iter_mut().filter(|cursor| cursor.owner == Some(member)) {
            cursor.take_from_owner();
        }
        self.rebalance();
    }

    /// The next record for a member, its partitions in turn; `None` if there is none, or it holds enough.
    pub(super) fn take(&mut self, member: u64, logs: &[Log]) -> Option<Taken> {
        let state = self.members.get_mut(&member)?;
        let mine = self.cursors.iter().filter(|cursor| cursor.owner == Some(member));
        if mine.map(|cursor| cursor.unacked.len()).sum::<usize>() >= state.max_unacked {
            return None;
        }
        let count = self.cursors.len();
        for step in 0..count {
            let partition = (state.turn + step) % count;
            let cursor = &mut self.cursors[partition];
            if cursor.owner != Some(member) {
                continue;
            }
            if let Some(record) = logs[partition].first_from(cursor.position) {
                cursor.position = record.position.offset + 1;
                cursor.unacked.insert(record.position.offset);
                state.turn = partition + 1;
                return Some(Taken { record: Arc::clone(record), generation: cursor.generation });
            }
        }
        None
    }

    /// Consumes a record, unless its partition has changed hands.
    pub(super) fn ack(&mut self, partition: u32, offset: u64, generation: u64) {
        let cursor = &mut self.cursors[partition as usize];
        if cursor.generation == generation {
            cursor.unacked.remove(&offset);
        } else {
            tracing::debug!(partition, offset, "acknowledged after the partition had gone to another member");
        }
    }

    /// Shares the partitions out evenly, and moves as few as that takes: one that stays is not interrupted.
    fn rebalance(&mut self) {
        let mut room = self.shares();
        for cursor in &mut self.cursors {
            if let Some(owner) = cursor.owner {
                match room.get_mut(&owner) {
                    Some(left) if *left > 0 => *left -= 1,
                    Some(_) | None => cursor.take_from_owner(),
                }
            }
        }
        let mut free = room.into_iter().flat_map(|(member, left)| std::iter::repeat_n(member, left));
        for cursor in self.cursors.iter_mut().filter(|cursor| cursor.owner.is_none()) {
            cursor.owner = free.next();
        }
        self.tell_members();
    }

    /// How many partitions each member gets. The odd ones go to those that have most, so that they keep them.
    fn shares(&self) -> BTreeMap<u64, usize> {
        let held = |member: u64| self.cursors.iter().filter(|cursor| cursor.owner == Some(member)).count();
        let mut members: Vec<u64> = self.members.keys().copied().collect();
        members.sort_by_key(|member| std::cmp::Reverse(held(*member)));
        let count = members.len().max(1);
        let (each, odd) = (self.cursors.len() / count, self.cursors.len() % count);
        members.into_iter().enumerate().map(|(i, member)| (member, each + usize::from(i < odd))).collect()
    }

    fn tell_members(&self) {
        for (member, state) in &self.members {
            let owned = self.cursors.iter().enumerate().filter(|(_, cursor)| cursor.owner == Some(*member));
            let owned: Vec<u32> = owned.map(|(partition, _)| partition as u32).collect();
            state.assigned.send_if_modified(|assigned| {
                let changed = *assigned != owned;
                *assigned = owned;
                changed
            });
        }
    }
}
