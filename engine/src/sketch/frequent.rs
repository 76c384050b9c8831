//! The most frequent values, with hard bounds.
//!
//! Misra and Gries, *Finding repeated elements* (1982), in the form of Agarwal et al., *Mergeable Summaries*
//! (PODS 2012): at most `capacity` counters; when they are full the median count is taken off all of them
//! and those at zero or below are dropped. A counter is at most `error` below the true count. While there are
//! at most `capacity` different values the counts are exact. A leaf that had to drop values also drops those that came
//! once since: `error` is one more, and no counter is lowered for it.
//!
//! The state depends on the order of its input: built per leaf in record order, merged along the fixed tree.

use serde::{Deserialize, Serialize};

use crate::limits::VALUE_BYTES;

/// The state, while a leaf is read.
pub struct Frequent {
    capacity: usize,
    error: u64,
    /// Open addressing over hash values, at most a quarter full, so that most look-ups end where they begin; 0 is free.
    /// The low half is the entry's index plus one, the high half the top of its hash: a table small enough for the
    /// first-level cache decides nearly every look-up.
    slots: Vec<u32>,
    entries: Vec<Entry>,
    /// Heads of values, back to back.
    heads: Vec<u8>,
    /// Memory to move them to.
    moved_heads: Vec<u8>,
    /// Counters that stand at 1.
    ones: usize,
}

/// A counter.
#[derive(Clone, Copy)]
struct Entry {
    hash: u64,
    count: u64,
    /// Length of the whole value in bytes.
    len: u64,
    /// Where its head starts; [`NOT_KEPT`] if it is not known.
    start: u32,
    head_len: u16,
}

/// Once values had to be dropped, the next to be dropped are those that came once: their heads are kept when they come
/// again. In a column of many different values that is nearly never.
const NOT_KEPT: u32 = u32::MAX;

/// A value with its count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// Hash of the whole value.
    pub hash: u64,
    /// At most the true count, and at most `error` below it.
    pub count: u64,
    /// Length of the whole value in bytes.
    pub len: u64,
    /// The first 256 bytes of the value.
    pub head: Vec<u8>,
}

/// The state of a node of the tree: counters ascending by hash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrequentSummary {
    /// How much any count may be too low, and the most a value without a counter may have occurred.
    pub error: u64,
    /// The counters, ascending by hash.
    pub counters: Vec<Counter>,
}

/// Slots of the table for each entry, at least.
const SLOTS_PER_ENTRY: usize = 4;

/// Half of a slot says which entry it is.
const MOST_COUNTERS: u32 = u16::MAX as u32 - 1;

impl Frequent {
    /// No values; at most `capacity` counters (2 to 65,534).
    pub fn new(capacity: u32) -> Self {
        Self {
            capacity: capacity.clamp(2, MOST_COUNTERS) as usize,
            error: 0,
            slots: Vec::new(),
            entries: Vec::new(),
            heads: Vec::new(),
            moved_heads: Vec::new(),
            ones: 0,
        }
    }

    /// Counts one more of a value. `value` is the whole value or at least its first 256 bytes, `len` its length.
    pub fn add(&mut self, hash: u64, value: &[u8], len: u64) {
        self.add_lazily(hash, || (value, len));
    }

    /// The same of a value that is only looked at if it has to be kept.
    #[inline(always)]
    pub(crate) fn add_lazily<'a>(&mut self, hash: u64, value: impl FnOnce() -> (&'a [u8], u64)) {
        match self.find(hash) {
            Ok(index) => {
                self.count_one_more(index);
                if self.entries[index].start == NOT_KEPT {
                    self.keep(index, value());
                }
            }
            Err(free_slot) => {
                self.insert(hash, free_slot);
                if self.error == 0 {
                    self.keep(self.entries.len() - 1, value());
                }
            }
        }
    }

    /// Counts one more of a value that is there, or says that it is not. Only while none was dropped.
    #[inline]
    pub(crate) fn count_known(&mut self, hash: u64) -> bool {
        debug_assert_eq!(self.error, 0, "heads of later ones would have to be kept");
        let found = self.find(hash);
        found.into_iter().for_each(|index| self.count_one_more(index));
        found.is_ok()
    }

    #[inline]
    fn count_one_more(&mut self, index: usize) {
        let count = &mut self.entries[index].count;
        self.ones -= usize::from(*count == 1);
        *count += 1;
    }

    fn keep(&mut self, index: usize, (value, len): (&[u8], u64)) {
        let head = &value[..value.len().min(VALUE_BYTES)];
        let entry = &mut self.entries[index];
        (entry.start, entry.head_len, entry.len) = (self.heads.len() as u32, head.len() as u16, len);
        self.heads.extend_from_slice(head);
    }

    /// There is no free counter.
    pub(crate) fn is_full(&self) -> bool {
        self.entries.len() == self.capacity
    }

    /// Calls `each` with the hash, kept bytes, whole length and count of every counter whose bytes are kept: of all while
    /// none was dropped.
    pub(crate) fn for_each(&self, mut each: impl FnMut(u64, &[u8], u64, u64)) {
        for entry in self.entries.iter().filter(|entry| entry.start != NOT_KEPT) {
            each(entry.hash, self.head(entry), entry.len, entry.count);
        }
    }

    fn head(&self, entry: &Entry) -> &[u8] {
        &self.heads[entry.start as usize..][..usize::from(entry.head_len)]
    }

    /// The summary of what was counted, and an empty table that keeps its memory.
    pub fn take_summary(&mut self) -> FrequentSummary {
        let mut counters = Vec::with_capacity(self.entries.len());
        self.for_each(|hash, head, len, count| {
            counters.push(Counter { hash, count, len, head: head.to_vec() })
        });
        counters.sort_unstable_by_key(|counter| counter.hash);
        // Those whose heads are not kept stood at 1.
        let are_dropped = counters.len() < self.entries.len();
        let summary = FrequentSummary { error: self.error + u64::from(are_dropped), counters };
        self.clear();
        self.error = 0;
        summary
    }

    fn clear(&mut self) {
        self.slots.fill(0);
        self.entries.clear();
        self.heads.clear();
        self.ones = 0;
    }

    /// The place of a value's entry, or the slot for it if there is none.
    #[inline]
    fn find(&self, hash: u64) -> Result<usize, usize> {
        let Some(mask) = self.slots.len().checked_sub(1) else { return Err(0) };
        let mut slot = hash as usize & mask;
        loop {
            let found = self.slots[slot];
            if found == 0 {
                return Err(slot);
            }
            if found >> 16 == tag(hash) {
                let index = (found & 0xFFFF) as usize - 1;
                if self.entries[index].hash == hash {
                    return Ok(index);
                }
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Adds an entry for a value that has none, whose slot was found.
    #[inline]
    fn insert(&mut self, hash: u64, slot: usize) {
        let number = self.entries.len() + 1;
        let has_room = number <= self.capacity && number * SLOTS_PER_ENTRY <= self.slots.len();
        let slot = if has_room { slot } else { self.make_room(hash) };
        self.ones += 1;
        self.entries.push(Entry { hash, count: 1, len: 0, start: NOT_KEPT, head_len: 0 });
        self.slots[slot] = slot_of(hash, self.entries.len());
    }

    /// Makes room for one more entry, and returns its slot.
    #[cold]
    fn make_room(&mut self, hash: u64) -> usize {
        if self.entries.len() == self.capacity {
            self.purge();
        }
        if (self.entries.len() + 1) * SLOTS_PER_ENTRY > self.slots.len() {
            self.index_anew((self.slots.len() * 2).max(2 * SLOTS_PER_ENTRY));
        }
        free_slot(&self.slots, hash)
    }

    #[cold]
    fn index_anew(&mut self, slots: usize) {
        self.slots.clear();
        self.slots.resize(slots, 0);
        for (at, entry) in self.entries.iter().enumerate() {
            let slot = free_slot(&self.slots, entry.hash);
            self.slots[slot] = slot_of(entry.hash, at + 1);
        }
    }

    /// Takes the median count off every counter; at least half of them are dropped.
    fn purge(&mut self) {
        let median = self.median();
        self.error += median;
        self.keep_above(median);
    }

    fn median(&self) -> u64 {
        if self.ones > self.entries.len() / 2 {
            return 1;
        }
        median(self.entries.iter().map(|entry| entry.count))
    }

    /// Lowers every counter by `minus` and drops those at zero or below.
    fn keep_above(&mut self, minus: u64) {
        if minus == 1 && self.ones == self.entries.len() {
            return self.clear();
        }
        self.moved_heads.clear();
        let (heads, moved) = (&self.heads, &mut self.moved_heads);
        self.entries.retain_mut(|entry| {
            if entry.count <= minus {
                return false;
            }
            entry.count -= minus;
            // Whatever came twice is kept.
            let head = &heads[entry.start as usize..][..usize::from(entry.head_len)];
            entry.start = moved.len() as u32;
            moved.extend_from_slice(head);
            true
        });
        std::mem::swap(&mut self.heads, &mut self.moved_heads);
        self.ones = self.entries.iter().filter(|entry| entry.count == 1).count();
        self.index_anew(self.slots.len());
    }
}

/// The middle one of some counts: at least half of them are no larger.
pub(crate) fn median(counts: impl Iterator<Item = u64>) -> u64 {
    let mut counts: Vec<u64> = counts.collect();
    let middle = counts.len() / 2;
    *counts.select_nth_unstable(middle).1
}

fn tag(hash: u64) -> u32 {
    (hash >> 48) as u32
}

/// What is noted of the `number`th entry, which has this hash.
fn slot_of(hash: u64, number: usize) -> u32 {
    tag(hash) << 16 | number as u32
}

/// Where an entry with this hash may be noted.
#[inline]
fn free_slot(slots: &[u32], hash: u64) -> usize {
    let mask = slots.len() - 1;
    let mut slot = hash as usize & mask;
    while slots[slot] != 0 {
        slot = (slot + 1) & mask;
    }
    slot
}

impl FrequentSummary {
    /// The summary of `left`'s values followed by `right`'s, with at most `capacity` counters: the largest
    /// count that does not fit is taken off all.
    pub fn merge(left: Self, right: Self, capacity: u32) -> Self {
        let capacity = capacity.max(2) as usize;
        let mut error = left.error + right.error;
        let mut counters = join_by_hash(left.counters, right.counters);
        error += cut_to(&mut counters, capacity, |counter| &mut counter.count);
        Self { error, counters }
    }
}

/// Takes the largest count that does not fit off all counters, drops those that are left with nothing, and returns it.
pub(crate) fn cut_to<T>(counters: &mut Vec<T>, capacity: usize, count_of: fn(&mut T) -> &mut u64) -> u64 {
    if counters.len() <= capacity {
        return 0;
    }
    let mut counts: Vec<u64> = counters.iter_mut().map(|counter| *count_of(counter)).collect();
    let at = counts.len() - 1 - capacity;
    let cut = *counts.select_nth_unstable(at).1;
    counters.retain_mut(|counter| {
        let count = count_of(counter);
        *count = count.saturating_sub(cut);
        *count > 0
    });
    cut
}

fn join_by_hash(left: Vec<Counter>, right: Vec<Counter>) -> Vec<Counter> {
    let mut joined = Vec::with_capacity(left.len() + right.len());
    let mut right = right.into_iter().peekable();
    for mut counter in left {
        while let Some(before) = right.next_if(|other| other.hash < counter.hash) {
            joined.push(before);
        }
        if let Some(same) = right.next_if(|other| other.hash == counter.hash) {
            counter.count += same.count;
        }
        joined.push(counter);
    }
    joined.extend(right);
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;
    use xxhash_rust::xxh3::xxh3_64;

    fn summary(values: &[u8], capacity: u32) -> FrequentSummary {
        let mut frequent = Frequent::new(capacity);
        values.iter().for_each(|value| frequent.add(xxh3_64(&[*value]), &[*value], 1));
        frequent.take_summary()
    }

    fn check_bounds(summary: &FrequentSummary, leaves: u64, values: &[u8], capacity: u32) {
        let mut truth: HashMap<u8, u64> = HashMap::new();
        values.iter().for_each(|value| *truth.entry(*value).or_default() += 1);
        assert!(summary.counters.len() <= capacity as usize);
        // What was taken off all, and at the end of each leaf one of those that came once.
        let most = values.len() as u64 * 2 / u64::from(capacity) + leaves;
        assert!(summary.error <= most, "error {}", summary.error);
        for counter in &summary.counters {
            let exact = truth[&counter.head[0]];
            assert!(counter.count <= exact && exact <= counter.count + summary.error);
        }
        let missing = truth.iter().filter(|(value, _)| !summary.counters.iter().any(|c| c.head == [**value]));
        missing.for_each(|(_, &count)| assert!(count <= summary.error));
    }

    proptest! {
        #[test]
        fn counts_lie_within_their_bounds(
            values in proptest::collection::vec(prop_oneof![0u8..4, 0u8..60], 0..600),
            cut in 0usize..600,
        ) {
            let (left, right) = values.split_at(cut.min(values.len()));
            check_bounds(&summary(&values, 16), 1, &values, 16);
            let merged = FrequentSummary::merge(summary(left, 16), summary(right, 16), 16);
            check_bounds(&merged, 2, &values, 16);
        }

        #[test]
        fn few_values_are_exact_in_any_order(values in proptest::collection::vec(0u8..16, 0..300), cut in 0usize..300) {
            let (left, right) = values.split_at(cut.min(values.len()));
            let whole = summary(&values, 16);
            prop_assert_eq!(whole.error, 0);
            prop_assert_eq!(&FrequentSummary::merge(summary(right, 16), summary(left, 16), 16), &whole);
        }
    }
}
