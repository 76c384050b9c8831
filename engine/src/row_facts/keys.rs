//! Which rows are the same: a sample of the *different* rows, each with its exact count and its first two places.
//!
//! A key is the hash of a row. All keys below a threshold θ are kept; when there are more than [`MOST_KEYS`], θ is
//! halved and the keys above it are dropped. A key that is kept at the end was kept all the time, so its count is
//! exact; and θ is a function of the set of keys, so that parts of a file merge to the same state in any order and
//! grouping. (Theta sketches: Dasgupta, Lang, Rhodes and Thaler, *A Framework for Estimating Stream Expression
//! Cardinalities*, ICDT 2016. Halving: Flajolet, *On Adaptive Sampling*, Computing 1990.)

use serde::{Deserialize, Serialize};

use crate::column::Place;

/// Keys that are kept, at most.
pub const MOST_KEYS: usize = 4096;
/// Slots per key, at least: then most new keys find an empty one at once.
const SLOTS_PER_KEY: usize = 4;
/// With more zeros than this there are no more than [`MOST_KEYS`] keys.
const MOST_ZEROS: u8 = 64 - MOST_KEYS.trailing_zeros() as u8;

/// A row that occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowKey {
    /// Hash of its bytes.
    pub hash: u64,
    /// How often it occurs.
    pub count: u64,
    /// The first two places; the first one twice, if it occurs once.
    pub places: [Place; 2],
}

/// A sample of the different rows.
#[derive(Clone, Debug, Default)]
pub struct RowKeys {
    /// Keys with so many leading zeros are kept: θ is 2^-zeros.
    zeros: u8,
    /// In any order.
    keys: Vec<RowKey>,
    /// One more than the index of a key, or 0; by the last bits of the hash.
    slots: Vec<u16>,
}

/// [`RowKeys`] in a partial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RowKeysWire {
    zeros: u8,
    /// Ascending by hash.
    keys: Vec<RowKey>,
}

impl RowKey {
    fn merge(&mut self, other: &Self) {
        let places = |key: &Self| key.places.into_iter().take(key.count.min(2) as usize);
        let mut all: Vec<Place> = places(self).chain(places(other)).collect();
        all.sort_unstable();
        self.places = [all[0], all[1]];
        self.count += other.count;
    }
}

impl RowKeys {
    /// Base-two logarithm of one in how many different rows is in the sample; 0 if all are.
    pub fn log2_of_all_per_key(&self) -> u32 {
        self.zeros.into()
    }

    /// The keys, ascending by hash.
    pub fn sorted(&self) -> Vec<RowKey> {
        let mut keys = self.keys.clone();
        keys.sort_unstable_by_key(|key| key.hash);
        keys
    }

    /// Counts a row at a place that is after all that were counted.
    #[inline]
    pub(super) fn add(&mut self, hash: u64, place: impl FnOnce() -> Place) {
        if hash <= self.highest() {
            self.add_kept(hash, place());
        }
    }

    fn add_kept(&mut self, hash: u64, place: Place) {
        match self.find_or_insert(hash) {
            None => self.push(RowKey { hash, count: 1, places: [place; 2] }),
            Some(key) => {
                if key.count == 1 {
                    key.places[1] = place;
                }
                key.count += 1;
            }
        }
    }

    /// Adds the rows of `other`, which are at other places.
    pub(super) fn merge(&mut self, other: &Self) {
        if other.zeros > self.zeros {
            self.raise_zeros(other.zeros);
        }
        for key in &other.keys {
            if key.hash <= self.highest() {
                match self.find_or_insert(key.hash) {
                    None => self.push(*key),
                    Some(known) => known.merge(key),
                }
            }
        }
    }

    pub(super) fn to_wire(&self) -> RowKeysWire {
        RowKeysWire { zeros: self.zeros, keys: self.sorted() }
    }

    pub(super) fn from_wire(wire: RowKeysWire) -> Option<Self> {
        let mut keys = Self { zeros: wire.zeros, ..Self::default() };
        let fits = wire.zeros <= MOST_ZEROS && wire.keys.len() <= MOST_KEYS;
        if !fits || wire.keys.iter().any(|key| key.hash > keys.highest() || key.count == 0) {
            return None;
        }
        keys.keys = wire.keys;
        keys.index();
        Some(keys)
    }

    #[inline]
    fn highest(&self) -> u64 {
        u64::MAX >> self.zeros
    }

    /// The key with this hash; if there is none, its slot is taken for the one that is pushed next.
    #[inline]
    fn find_or_insert(&mut self, hash: u64) -> Option<&mut RowKey> {
        if (self.keys.len() + 1) * SLOTS_PER_KEY > self.slots.len() {
            self.index();
        }
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            match self.slots[slot] {
                0 => {
                    self.slots[slot] = self.keys.len() as u16 + 1;
                    return None;
                }
                index if self.keys[index as usize - 1].hash == hash => {
                    return Some(&mut self.keys[index as usize - 1]);
                }
                _ => slot = (slot + 1) & mask,
            }
        }
    }

    #[inline]
    fn push(&mut self, key: RowKey) {
        self.keys.push(key);
        while self.keys.len() > MOST_KEYS {
            self.raise_zeros(self.zeros + 1);
        }
    }

    #[cold]
    fn raise_zeros(&mut self, zeros: u8) {
        self.zeros = zeros;
        let highest = self.highest();
        self.keys.retain(|key| key.hash <= highest);
        self.index();
    }

    /// Makes the slots anew, with room for as many keys again.
    #[cold]
    fn index(&mut self) {
        let most = (2 * self.keys.len()).clamp(4, MOST_KEYS + 1);
        let len = (most * SLOTS_PER_KEY).next_power_of_two().max(self.slots.len());
        self.slots.clear();
        self.slots.resize(len, 0);
        let mask = len - 1;
        for (index, key) in self.keys.iter().enumerate() {
            let mut slot = key.hash as usize & mask;
            while self.slots[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            self.slots[slot] = index as u16 + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use xxhash_rust::xxh3::xxh3_64;

    fn place(row: u64) -> Place {
        Place { offset: 10 * row, leaf: 0, row_in_leaf: row }
    }

    /// Of rows by number, each with a value.
    fn keys(rows: &[(u64, u64)]) -> RowKeys {
        let mut keys = RowKeys::default();
        rows.iter().for_each(|&(row, value)| keys.add(xxh3_64(&value.to_le_bytes()), || place(row)));
        keys
    }

    /// What a look at all rows gives: the fewest zeros with which there are not too many keys, and these.
    fn expected(rows: &[(u64, u64)]) -> RowKeysWire {
        let mut all: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        rows.iter().for_each(|&(row, value)| all.entry(xxh3_64(&value.to_le_bytes())).or_default().push(row));
        let below = |zeros: u8| all.range(..=u64::MAX >> zeros);
        let zeros = (0..).find(|&zeros| below(zeros).count() <= MOST_KEYS).unwrap();
        let key = |(&hash, rows): (&u64, &Vec<u64>)| {
            let second = rows.get(1).copied().unwrap_or(rows[0]);
            RowKey { hash, count: rows.len() as u64, places: [place(rows[0]), place(second)] }
        };
        RowKeysWire { zeros, keys: below(zeros).map(key).collect() }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        /// Parts in any order and grouping give what a look at all rows does.
        #[test]
        fn parts_in_any_order_keep_what_the_whole_keeps(
            different in prop_oneof![1u64..100, 4000u64..4200, 5_000u64..40_000],
            rows in prop_oneof![0u64..300, 20_000u64..30_000],
            parts in 1usize..7,
            turn in 0usize..7,
            seed in any::<u64>(),
        ) {
            let value = |row: u64| xxh3_64(&(seed ^ row).to_le_bytes()) % different;
            let rows: Vec<(u64, u64)> = (0..rows).map(|row| (row, value(row))).collect();
            let whole = expected(&rows);
            prop_assert_eq!(&keys(&rows).to_wire(), &whole);
            let mut pieces: Vec<RowKeys> =
                rows.chunks(rows.len().div_ceil(parts).max(1)).map(keys).collect();
            let turn = turn % pieces.len().max(1);
            pieces.rotate_left(turn);
            let mut merged = RowKeys::default();
            pieces.iter().for_each(|piece| merged.merge(piece));
            prop_assert_eq!(merged.to_wire(), whole.clone());
            let mut grouped = RowKeys::default();
            for pair in pieces.chunks(2) {
                let mut group = RowKeys::from_wire(pair[0].to_wire()).unwrap();
                pair[1..].iter().for_each(|piece| group.merge(piece));
                grouped.merge(&group);
            }
            prop_assert_eq!(grouped.to_wire(), whole);
        }
    }

    #[test]
    fn what_is_no_state_is_refused() {
        let key = |hash, count| RowKey { hash, count, places: [place(0); 2] };
        let wire = |zeros, keys| RowKeys::from_wire(RowKeysWire { zeros, keys });
        assert!(wire(1, vec![key(5, 1)]).is_some());
        assert!(wire(1, vec![key(u64::MAX, 1)]).is_none());
        assert!(wire(0, vec![key(5, 0)]).is_none());
        assert!(wire(64, Vec::new()).is_none());
        assert!(wire(0, vec![key(5, 1); MOST_KEYS + 1]).is_none());
    }
}
