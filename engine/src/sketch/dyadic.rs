//! The adaptive dyadic histogram: ranks of values with a hard bound on the value.
//!
//! Values are mapped to `u64` keys of the same order ([`key_of_f64`], [`key_of_i64`]). A bucket is a run of
//! 2^shift aligned keys; the shift is the smallest that leaves at most `limit` buckets. It is a function of
//! the set of keys, so states merge exactly, in any order: the merged state is the state of the union.
//! Ranks are exact; a value is known to lie in its bucket; at shift 0 everything is exact.
//!
//! The first keys are only collected: finding the shift for many at once costs one sort instead of a rebuilt
//! table per step.

use serde::{Deserialize, Serialize};

/// The state.
#[derive(Clone, Debug)]
pub struct Dyadic {
    limit: usize,
    shift: u8,
    len: usize,
    /// Open addressing; a slot with count 0 is free.
    slots: Vec<Slot>,
    /// Keys that are not in the table yet; only while the table is empty.
    pending: Vec<u64>,
}

/// Keys collected per bucket of the limit before the table is built.
const PENDING_PER_BUCKET: usize = 4;

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// Key >> shift.
    prefix: u64,
    count: u64,
}

/// A run of keys and how many values fall into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Smallest key of the bucket.
    pub lower: u64,
    /// Largest key of the bucket.
    pub upper: u64,
    /// Number of values.
    pub count: u64,
}

impl Dyadic {
    /// No values; never more than `limit` buckets.
    pub fn new(limit: u32) -> Self {
        Self { limit: limit as usize, shift: 0, len: 0, slots: Vec::new(), pending: Vec::new() }
    }

    /// Counts `weight` values with this key.
    #[inline]
    pub fn add(&mut self, key: u64, weight: u64) {
        if self.slots.is_empty() {
            return self.add_early(key, weight);
        }
        let slot = self.find(key >> self.shift);
        if self.slots[slot].count != 0 {
            self.slots[slot].count += weight;
        } else {
            self.add_new(key, weight);
        }
    }

    /// Adds the values of `other`, which has the same limit.
    pub fn merge(&mut self, other: &Self) {
        self.settle();
        if other.shift > self.shift {
            self.coarsen_to(other.shift);
        }
        for slot in other.used() {
            self.add_to_table(slot.prefix << other.shift, slot.count);
        }
        other.pending.iter().for_each(|&key| self.add_to_table(key, 1));
    }

    /// Builds the table from the keys that have only been collected, and frees their memory.
    pub fn settle(&mut self) {
        let mut keys = std::mem::take(&mut self.pending);
        if keys.is_empty() {
            return;
        }
        keys.sort_unstable();
        let (shift, buckets) = shift_that_fits(&keys, self.limit);
        self.rebuild(shift, (2 * buckets).next_power_of_two().max(8));
        for run in keys.chunk_by(|a, b| a >> shift == b >> shift) {
            self.add_to_table(run[0], run.len() as u64);
        }
    }

    /// The buckets, ascending. [`settle`](Self::settle) first.
    pub fn buckets(&self) -> Vec<Bucket> {
        debug_assert!(self.pending.is_empty(), "keys are only collected yet");
        let mut buckets: Vec<Bucket> = self
            .used()
            .into_iter()
            .map(|slot| Bucket {
                lower: slot.prefix << self.shift,
                upper: slot.prefix << self.shift | low_bits(self.shift),
                count: slot.count,
            })
            .collect();
        buckets.sort_unstable_by_key(|bucket| bucket.lower);
        buckets
    }

    /// The state as it travels in a partial.
    pub fn to_wire(&self) -> DyadicWire {
        let buckets =
            self.buckets().iter().map(|bucket| (bucket.lower >> self.shift, bucket.count)).collect();
        DyadicWire { shift: self.shift, buckets }
    }

    /// The state from its wire form; `None` if that is no state with this limit.
    pub fn from_wire(limit: u32, wire: &DyadicWire) -> Option<Self> {
        let fits = wire.shift < 64 && wire.buckets.len() <= limit as usize;
        let ascending = wire.buckets.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let in_range =
            wire.buckets.iter().all(|&(prefix, count)| count > 0 && prefix <= u64::MAX >> wire.shift);
        if !(fits && ascending && in_range) {
            return None;
        }
        let mut dyadic = Self { shift: wire.shift, ..Self::new(limit) };
        wire.buckets.iter().for_each(|&(prefix, count)| dyadic.add_to_table(prefix << wire.shift, count));
        Some(dyadic)
    }

    #[inline]
    fn find(&self, prefix: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = (prefix.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize & mask;
        while self.slots[slot].count != 0 && self.slots[slot].prefix != prefix {
            slot = (slot + 1) & mask;
        }
        slot
    }

    #[cold]
    fn add_early(&mut self, key: u64, weight: u64) {
        if weight == 1 && self.pending.len() < PENDING_PER_BUCKET * self.limit {
            return self.pending.push(key);
        }
        self.settle();
        self.add_to_table(key, weight);
    }

    fn add_to_table(&mut self, key: u64, weight: u64) {
        if !self.slots.is_empty() {
            let slot = self.find(key >> self.shift);
            if self.slots[slot].count != 0 {
                self.slots[slot].count += weight;
                return;
            }
        }
        self.add_new(key, weight);
    }

    /// Adds a key that has no bucket: makes one, or coarsens until there is one or room for it.
    fn add_new(&mut self, key: u64, weight: u64) {
        while self.len == self.limit {
            // The first step is often a wide one, the others are not.
            self.coarsen_to(if self.shift == 0 { self.first_shift(key) } else { self.shift + 1 });
            let slot = self.find(key >> self.shift);
            if self.slots[slot].count != 0 {
                self.slots[slot].count += weight;
                return;
            }
        }
        if (self.len + 1) * 2 > self.slots.len() {
            let larger = (self.slots.len() * 2).max(8);
            self.rebuild(self.shift, larger);
        }
        let slot = self.find(key >> self.shift);
        self.slots[slot] = Slot { prefix: key >> self.shift, count: weight };
        self.len += 1;
    }

    fn first_shift(&self, key: u64) -> u8 {
        let mut keys: Vec<u64> = self.used().into_iter().map(|slot| slot.prefix).collect();
        keys.push(key);
        keys.sort_unstable();
        shift_that_fits(&keys, self.limit).0
    }

    /// The slots that are not free. Each is written, and then kept if it is one: which ones are cannot be foreseen.
    fn used(&self) -> Vec<Slot> {
        let mut used = vec![Slot::default(); self.len + 1];
        let mut len = 0;
        for slot in &self.slots {
            used[len] = *slot;
            len += usize::from(slot.count != 0);
        }
        used.truncate(len);
        used
    }

    fn coarsen_to(&mut self, shift: u8) {
        self.rebuild(shift, self.slots.len());
    }

    fn rebuild(&mut self, shift: u8, capacity: usize) {
        let used = self.used();
        self.slots.clear();
        self.slots.resize(capacity, Slot::default());
        let by = shift - self.shift;
        self.shift = shift;
        self.len = 0;
        for Slot { prefix, count } in used {
            let slot = self.find(prefix >> by);
            self.len += usize::from(self.slots[slot].count == 0);
            self.slots[slot] = Slot { prefix: prefix >> by, count: self.slots[slot].count + count };
        }
    }
}

/// The smallest shift at which ascending keys fall into at most `limit` buckets, and into how many. Neighbours whose highest
/// different bit is `d` fall together from shift `d + 1` on.
fn shift_that_fits(keys: &[u64], limit: usize) -> (u8, usize) {
    let mut joined_at = [0usize; 65];
    for pair in keys.windows(2) {
        joined_at[64 - (pair[0] ^ pair[1]).leading_zeros() as usize] += 1;
    }
    let mut buckets = keys.len() - joined_at[0];
    let mut shift = 0;
    while buckets > limit {
        shift += 1;
        buckets -= joined_at[shift];
    }
    (shift as u8, buckets)
}

/// A [`Dyadic`] in a partial: `(key >> shift, count)`, ascending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DyadicWire {
    shift: u8,
    buckets: Vec<(u64, u64)>,
}

/// A key with the order of finite numbers; −0 and 0 are one.
#[inline]
pub fn key_of_f64(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

/// The number with this key.
pub fn f64_of_key(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

/// A key with the order of integers.
#[inline]
pub fn key_of_i64(value: i64) -> u64 {
    value as u64 ^ 1 << 63
}

/// The integer with this key.
pub fn i64_of_key(key: u64) -> i64 {
    (key ^ 1 << 63) as i64
}

fn low_bits(shift: u8) -> u64 {
    (1u64 << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: u32 = 8;

    fn of(keys: &[u64]) -> Dyadic {
        let mut dyadic = Dyadic::new(LIMIT);
        keys.iter().for_each(|&key| dyadic.add(key, 1));
        dyadic.settle();
        dyadic
    }

    fn reference(keys: &[u64]) -> DyadicWire {
        for shift in 0..64 {
            let mut counts = std::collections::BTreeMap::new();
            keys.iter().for_each(|key| *counts.entry(key >> shift).or_insert(0u64) += 1);
            if counts.len() <= LIMIT as usize {
                return DyadicWire { shift, buckets: counts.into_iter().collect() };
            }
        }
        unreachable!("two buckets are enough at shift 63")
    }

    fn key() -> impl Strategy<Value = u64> {
        prop_oneof![any::<u64>(), 0u64..20, (0i32..2000).prop_map(|n| key_of_f64(f64::from(n) / 8.0))]
    }

    proptest! {
        #[test]
        fn the_state_is_a_function_of_the_multiset(
            keys in proptest::collection::vec(key(), 0..200),
            cut in 0usize..200,
        ) {
            let (left, right) = keys.split_at(cut.min(keys.len()));
            let whole = reference(&keys);
            prop_assert_eq!(&of(&keys).to_wire(), &whole);
            let (mut a, mut b) = (of(left), of(right));
            a.merge(&of(right));
            b.merge(&of(left));
            prop_assert_eq!(&a.to_wire(), &whole);
            prop_assert_eq!(&b.to_wire(), &whole);
            prop_assert_eq!(Dyadic::from_wire(LIMIT, &whole).map(|d| d.to_wire()), Some(whole));
        }

        #[test]
        fn keys_keep_the_order_of_numbers(a in any::<f64>(), b in any::<f64>()) {
            prop_assume!(a.is_finite() && b.is_finite());
            prop_assert_eq!(key_of_f64(a).cmp(&key_of_f64(b)), a.partial_cmp(&b).unwrap());
            prop_assert_eq!(f64_of_key(key_of_f64(a)), a);
        }
    }
}
