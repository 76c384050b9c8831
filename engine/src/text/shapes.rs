//! The most frequent shapes of a column's texts, and what follows from the shape alone.

use serde::{Deserialize, Serialize};

use super::census::{Census, Traits, has_invisible};
use super::shape::{Kinds, RUNS, Shape};
use crate::semantic::{Candidates, Certain, Semantics};
use crate::sketch::frequent::{cut_to, median};

/// A shape with its count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShapeCounter {
    /// Kinds of its runs; zero after the last.
    pub kinds: Kinds,
    /// Fewest and most bytes of each run, among the texts that are counted here.
    pub lens: Vec<(u16, u16)>,
    /// At most the true count, and at most `error` below it.
    pub count: u64,
}

/// The most frequent shapes of some texts, by the method of [`frequent`](crate::sketch::frequent): the state depends
/// on the order of the texts, and merges along the fixed tree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShapeSummary {
    /// How much any count may be too low, and the most a shape that is not here may have occurred.
    pub error: u64,
    /// Ascending by kinds.
    pub counters: Vec<ShapeCounter>,
}

/// A shape while a leaf is read, with what was worked out when it was first seen.
#[derive(Clone, Copy, Debug)]
struct Entry {
    kinds: Kinds,
    /// Fewest and most bytes of each run, in lists of a fixed length for vector instructions.
    least: [u16; RUNS],
    most: [u16; RUNS],
    len: u8,
    count: u64,
    /// Texts since the entry was made that are not in the census yet.
    uncounted: u64,
    traits: Option<Traits>,
    is_non_ascii: bool,
    candidates: Candidates,
    /// When a text has what the candidates say, without another look at it.
    certain: Option<Certain>,
}

/// Slots of the table for each entry, at least; twice as many once it has grown.
const SLOTS_PER_ENTRY: usize = 4;

/// What a shape takes at most: while a leaf is read, its entry and its slots, and as a counter, to be merged.
#[cfg(test)]
pub(crate) const BYTES_PER_SHAPE: usize = size_of::<Entry>()
    + 2 * SLOTS_PER_ENTRY * size_of::<u16>()
    + size_of::<ShapeCounter>()
    + RUNS * size_of::<(u16, u16)>();

/// The shapes of the texts of one leaf, and the counts that follow from them.
#[derive(Debug)]
pub(crate) struct Shapes {
    capacity: usize,
    error: u64,
    entries: Vec<Entry>,
    /// Open addressing by kinds; 0 is free, else the place of the entry plus one.
    slots: Vec<u16>,
}

impl Shapes {
    /// No texts; at most `capacity` shapes are told apart.
    pub(crate) fn new(capacity: u32) -> Self {
        let capacity = capacity.clamp(2, 4096) as usize;
        Self { capacity, error: 0, entries: Vec::new(), slots: Vec::new() }
    }

    /// Counts `weight` texts that are all this one.
    #[inline(always)]
    pub(crate) fn add(&mut self, text: &[u8], weight: u64, census: &mut Census, semantics: &mut Semantics) {
        let shape = Shape::of(text);
        // Which of its shapes a column has next cannot be foreseen, but nearly every one is in its first slot.
        let at = match self.find(&shape.kinds) {
            Some(at) => at,
            None => self.insert(&shape, census),
        };
        let entry = &mut self.entries[at];
        entry.count += weight;
        entry.least.iter_mut().zip(shape.lens).for_each(|(least, len)| *least = (*least).min(len));
        entry.most.iter_mut().zip(shape.lens).for_each(|(most, len)| *most = (*most).max(len));
        let traits = match entry.traits {
            Some(_) => {
                entry.uncounted += weight;
                entry.is_non_ascii
            }
            None => {
                let traits = Traits::of_bytes(text);
                census.add(traits, weight);
                traits.is_non_ascii()
            }
        };
        if traits && has_invisible(text) {
            census.invisible += weight;
        }
        if !entry.candidates.is_empty() {
            let is_certain = entry.certain.is_some_and(|certain| certain.holds(&shape, text));
            let meanings = if is_certain { entry.candidates } else { entry.candidates.confirmed(text) };
            semantics.add(meanings, weight);
        }
    }

    /// Counts a text of which only the head and the tail are known.
    pub(crate) fn add_long(&mut self, (head, tail): (&[u8], &[u8]), census: &mut Census) {
        census.add(Traits::of_ends(head, tail), 1);
        if has_invisible(head) || has_invisible(tail) {
            census.invisible += 1;
        }
    }

    /// The summary of the texts, and nothing left.
    pub(crate) fn take_summary(&mut self, census: &mut Census) -> ShapeSummary {
        self.entries.iter_mut().for_each(|entry| entry.settle(census));
        let mut counters: Vec<ShapeCounter> = self.entries.iter().map(Entry::counter).collect();
        counters.sort_unstable_by_key(|counter| counter.kinds);
        let summary = ShapeSummary { error: self.error, counters };
        self.entries.clear();
        self.slots.fill(0);
        self.error = 0;
        summary
    }

    #[cold]
    fn insert(&mut self, shape: &Shape, census: &mut Census) -> usize {
        if self.entries.len() == self.capacity {
            self.purge(census);
        }
        self.entries.push(Entry::new(shape));
        if self.entries.len() * SLOTS_PER_ENTRY > self.slots.len() {
            self.index_anew((self.slots.len() * 2).max(2 * SLOTS_PER_ENTRY));
        } else {
            index(&mut self.slots, &shape.kinds, self.entries.len());
        }
        self.entries.len() - 1
    }

    #[inline]
    fn find(&self, kinds: &Kinds) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut slot = hash(kinds) & mask;
        loop {
            let at = usize::from(self.slots[slot]).checked_sub(1)?;
            if self.entries[at].kinds == *kinds {
                return Some(at);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Takes the median count off every counter; at least half of them are dropped.
    #[cold]
    fn purge(&mut self, census: &mut Census) {
        let median = median(self.entries.iter().map(|entry| entry.count));
        self.error += median;
        self.entries.retain_mut(|entry| {
            entry.settle(census);
            entry.count = entry.count.saturating_sub(median);
            entry.count > 0
        });
        self.index_anew(self.slots.len());
    }

    fn index_anew(&mut self, slots: usize) {
        self.slots.clear();
        self.slots.resize(slots, 0);
        for (at, entry) in self.entries.iter().enumerate() {
            index(&mut self.slots, &entry.kinds, at + 1);
        }
    }
}

impl Entry {
    #[cold]
    fn new(shape: &Shape) -> Self {
        let traits = Traits::of_shape(&shape.kinds);
        let candidates = Candidates::of_shape(shape);
        Self {
            kinds: shape.kinds,
            least: shape.lens,
            most: shape.lens,
            len: shape.len as u8,
            count: 0,
            uncounted: 0,
            traits,
            is_non_ascii: traits.is_some_and(Traits::is_non_ascii),
            candidates,
            certain: candidates.certain(&shape.kinds),
        }
    }

    /// Brings what was counted into the census.
    fn settle(&mut self, census: &mut Census) {
        if let Some(traits) = self.traits {
            census.add(traits, std::mem::take(&mut self.uncounted));
        }
    }

    fn counter(&self) -> ShapeCounter {
        let lens = self.least.into_iter().zip(self.most).take(self.len.into()).collect();
        ShapeCounter { kinds: self.kinds, lens, count: self.count }
    }
}

#[inline]
fn hash(kinds: &Kinds) -> usize {
    let bits = u128::from_le_bytes(*kinds);
    let mixed = (bits as u64 ^ 0x9E37_79B9_7F4A_7C15).wrapping_mul(0xBF58_476D_1CE4_E5B9)
        ^ ((bits >> 64) as u64).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((mixed ^ mixed >> 32).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as usize
}

/// Notes in the first free slot that the entry of these kinds is the `number`th.
fn index(slots: &mut [u16], kinds: &Kinds, number: usize) {
    let mask = slots.len() - 1;
    let mut slot = hash(kinds) & mask;
    while slots[slot] != 0 {
        slot = (slot + 1) & mask;
    }
    slots[slot] = number as u16;
}

impl ShapeSummary {
    /// The summary of `left`'s texts followed by `right`'s, with at most `capacity` shapes: the largest count that
    /// does not fit is taken off all.
    pub fn merge(left: Self, right: Self, capacity: u32) -> Self {
        let capacity = capacity.clamp(2, 4096) as usize;
        let mut error = left.error + right.error;
        let mut counters = left.counters;
        counters.extend(right.counters);
        counters.sort_by_key(|counter| counter.kinds);
        counters.dedup_by(|same, kept| {
            let is_same = same.kinds == kept.kinds;
            if is_same {
                kept.join(same);
            }
            is_same
        });
        error += cut_to(&mut counters, capacity, |counter| &mut counter.count);
        Self { error, counters }
    }
}

impl ShapeCounter {
    fn join(&mut self, other: &Self) {
        self.count += other.count;
        for ((least, most), (other_least, other_most)) in self.lens.iter_mut().zip(&other.lens) {
            *least = (*least).min(*other_least);
            *most = (*most).max(*other_most);
        }
    }
}
