//! The most frequent values, with hard bounds.
//!
//! Misra and Gries, *Finding repeated elements* (1982), in the form of Agarwal et al., *Mergeable Summaries*
//! (PODS 2012): at most `capacity` counters; when they are full the median count is taken off all of them
//! and those at zero or below are dropped. A counter is at most `error` below the true count. While there are
//! at most `capacity` different values the counts are exact.
//!
//! The state depends on the order of its input: built per leaf in record order, merged along the fixed tree.

use serde::{Deserialize, Serialize};

use crate::limits::VALUE_BYTES;

/// The state, while a leaf is read.
pub struct Frequent {
    capacity: usize,
    error: u64,
    /// Open addressing over hash values, 0 is free; at most half full.
    hashes: Vec<u64>,
    counts: Vec<u64>,
    values: Vec<ValueRef>,
    /// Heads of the values, back to back; entries that were dropped leave garbage until the next purge.
    bytes: Vec<u8>,
    len: usize,
    /// Counters that stand at 1.
    ones: usize,
}

#[derive(Clone, Copy, Default)]
struct ValueRef {
    start: u32,
    kept: u32,
    /// Length of the whole value in bytes.
    len: u64,
}

/// A counter on its way into the table.
struct Counted {
    hash: u64,
    count: u64,
    len: u64,
}

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

/// Where a value is in the table.
#[derive(Clone, Copy)]
pub(crate) struct SlotIndex(usize);

impl Frequent {
    /// No values; at most `capacity` counters.
    pub fn new(capacity: u32) -> Self {
        let capacity = capacity.max(2) as usize;
        Self {
            capacity,
            error: 0,
            hashes: Vec::new(),
            counts: Vec::new(),
            values: Vec::new(),
            bytes: Vec::new(),
            len: 0,
            ones: 0,
        }
    }

    /// Counts one more of a value. `value` is the whole value or at least its first 256 bytes, `len` its
    /// length.
    #[inline]
    pub fn add(&mut self, hash: u64, value: &[u8], len: u64) {
        match self.find(hash) {
            Ok(slot) => self.increment(slot),
            Err(slot) if self.len < self.capacity => self.insert(slot, hash, value, len),
            Err(_) => {
                self.purge();
                self.insert(self.free_slot(hash), hash, value, len);
            }
        }
    }

    /// Counts one more of a value that is there, or says that it is not.
    #[inline]
    pub(crate) fn count_known(&mut self, hash: u64) -> bool {
        match self.find(hash) {
            Ok(slot) => {
                self.increment(slot);
                true
            }
            Err(_) => false,
        }
    }

    /// There is no free counter.
    pub(crate) fn is_full(&self) -> bool {
        self.len == self.capacity
    }

    /// Calls `each` with the hash, kept bytes, whole length and count of every counter.
    pub(crate) fn for_each(&self, mut each: impl FnMut(u64, &[u8], u64, u64)) {
        for slot in (0..self.hashes.len()).filter(|&slot| self.hashes[slot] != 0) {
            each(self.hashes[slot], self.value(slot), self.values[slot].len, self.counts[slot]);
        }
    }

    /// The summary of what was counted, and an empty table that keeps its memory.
    pub fn take_summary(&mut self) -> FrequentSummary {
        let mut counters = Vec::with_capacity(self.len);
        self.for_each(|hash, head, len, count| {
            counters.push(Counter { hash, count, len, head: head.to_vec() })
        });
        counters.sort_unstable_by_key(|counter| counter.hash);
        let summary = FrequentSummary { error: self.error, counters };
        self.clear();
        self.error = 0;
        summary
    }

    #[inline]
    fn increment(&mut self, slot: SlotIndex) {
        self.ones -= usize::from(self.counts[slot.0] == 1);
        self.counts[slot.0] += 1;
    }

    fn clear(&mut self) {
        self.hashes.fill(0);
        self.bytes.clear();
        self.len = 0;
        self.ones = 0;
    }

    fn value(&self, slot: usize) -> &[u8] {
        let ValueRef { start, kept, .. } = self.values[slot];
        &self.bytes[start as usize..][..kept as usize]
    }

    #[inline]
    fn find(&self, hash: u64) -> Result<SlotIndex, SlotIndex> {
        let hash = hash.max(1);
        if self.hashes.is_empty() {
            return Err(SlotIndex(0));
        }
        let mask = self.hashes.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            match self.hashes[slot] {
                0 => return Err(SlotIndex(slot)),
                found if found == hash => return Ok(SlotIndex(slot)),
                _ => slot = (slot + 1) & mask,
            }
        }
    }

    fn insert(&mut self, mut slot: SlotIndex, hash: u64, value: &[u8], len: u64) {
        if (self.len + 1) * 2 > self.hashes.len() {
            self.resize((self.hashes.len() * 2).max(8));
            slot = self.free_slot(hash);
        }
        self.put(slot, Counted { hash: hash.max(1), count: 1, len }, &value[..value.len().min(VALUE_BYTES)]);
    }

    #[inline]
    fn put(&mut self, SlotIndex(slot): SlotIndex, counted: Counted, head: &[u8]) {
        self.hashes[slot] = counted.hash;
        self.counts[slot] = counted.count;
        let start = self.bytes.len() as u32;
        self.values[slot] = ValueRef { start, kept: head.len() as u32, len: counted.len };
        self.bytes.extend_from_slice(head);
        self.len += 1;
        self.ones += usize::from(counted.count == 1);
    }

    fn free_slot(&self, hash: u64) -> SlotIndex {
        match self.find(hash) {
            Ok(slot) | Err(slot) => slot,
        }
    }

    /// Takes the median count off every counter; at least half of them are dropped.
    fn purge(&mut self) {
        let median = self.median();
        self.error += median;
        self.keep_above(median);
    }

    fn median(&self) -> u64 {
        if self.ones > self.len / 2 {
            return 1;
        }
        let used = (0..self.hashes.len()).filter(|&slot| self.hashes[slot] != 0);
        let mut counts: Vec<u64> = used.map(|slot| self.counts[slot]).collect();
        let middle = counts.len() / 2;
        *counts.select_nth_unstable(middle).1
    }

    /// Lowers every counter by `minus` and drops those at zero or below.
    fn keep_above(&mut self, minus: u64) {
        let mut kept: Vec<(Counted, ValueRef)> = Vec::new();
        for slot in 0..self.hashes.len() {
            if self.hashes[slot] != 0 && self.counts[slot] > minus {
                let count = self.counts[slot] - minus;
                kept.push((
                    Counted { hash: self.hashes[slot], count, len: self.values[slot].len },
                    self.values[slot],
                ));
            }
        }
        if kept.is_empty() {
            return self.clear();
        }
        let bytes = std::mem::take(&mut self.bytes);
        self.clear();
        for (counted, value) in kept {
            let slot = self.free_slot(counted.hash);
            self.put(slot, counted, &bytes[value.start as usize..][..value.kept as usize]);
        }
    }

    fn resize(&mut self, slots: usize) {
        let hashes = std::mem::replace(&mut self.hashes, vec![0; slots]);
        let counts = std::mem::replace(&mut self.counts, vec![0; slots]);
        let values = std::mem::replace(&mut self.values, vec![ValueRef::default(); slots]);
        for slot in (0..hashes.len()).filter(|&slot| hashes[slot] != 0) {
            let SlotIndex(to) = self.free_slot(hashes[slot]);
            (self.hashes[to], self.counts[to], self.values[to]) = (hashes[slot], counts[slot], values[slot]);
        }
    }
}

impl FrequentSummary {
    /// The summary of `left`'s values followed by `right`'s, with at most `capacity` counters: the largest
    /// count that does not fit is taken off all.
    pub fn merge(left: Self, right: Self, capacity: u32) -> Self {
        let capacity = capacity.max(2) as usize;
        let mut error = left.error + right.error;
        let mut counters = join_by_hash(left.counters, right.counters);
        if counters.len() > capacity {
            let mut counts: Vec<u64> = counters.iter().map(|counter| counter.count).collect();
            let at = counts.len() - 1 - capacity;
            let cut = *counts.select_nth_unstable(at).1;
            error += cut;
            counters.retain_mut(|counter| {
                counter.count = counter.count.saturating_sub(cut);
                counter.count > 0
            });
        }
        Self { error, counters }
    }
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

    fn check_bounds(summary: &FrequentSummary, values: &[u8], capacity: u32) {
        let mut truth: HashMap<u8, u64> = HashMap::new();
        values.iter().for_each(|value| *truth.entry(*value).or_default() += 1);
        assert!(summary.counters.len() <= capacity as usize);
        assert!(summary.error <= values.len() as u64 * 2 / u64::from(capacity), "error {}", summary.error);
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
            check_bounds(&summary(&values, 16), &values, 16);
            let merged = FrequentSummary::merge(summary(left, 16), summary(right, 16), 16);
            check_bounds(&merged, &values, 16);
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
