//! Defects of the records that start in some leaves: exact counts, some places of each kind, and how they spread over
//! the file.
//!
//! A leaf knows its rows and lines only relative to its own first record; they become absolute at the end,
//! when the rows and lines of all leaves before it are known ([`crate::finish`]). Which places are kept is a function of
//! all places, whatever the order of merging: the first, the last, and those whose offsets have the smallest hashes.

use data_inspector_domain::finding::FindingCode;
use data_inspector_domain::spec::LineEnding;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::limits::{EXAMPLES, EXCERPT_BYTES, FINDING_RANGES, LAST_EXAMPLES};

/// One occurrence of a defect.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Example {
    /// Byte offset in the file.
    pub byte_offset: u64,
    /// The leaf in which its record starts.
    pub leaf: u64,
    /// Records of the leaf before its record; `None` where it belongs to no record.
    pub row_in_leaf: Option<u64>,
    /// Lines of the leaf before it.
    pub line_in_leaf: u64,
    /// Position of the column.
    pub column: Option<u32>,
    /// What is there, where the code alone does not say it.
    pub found: Option<Found>,
    /// Bytes of the record around the place.
    pub excerpt: Vec<u8>,
}

/// What is there in place of what should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Found {
    /// Cells of a record.
    Cells(u32),
    /// Rows in one cell.
    Rows(u64),
    /// The end of a line.
    LineEnding(LineEnding),
}

/// An [`Example`] whose excerpt is not copied yet, and which does not say at which byte it is.
pub(crate) struct Spot<'a> {
    pub(crate) leaf: u64,
    pub(crate) row_in_leaf: Option<u64>,
    pub(crate) line_in_leaf: u64,
    pub(crate) column: Option<u32>,
    pub(crate) found: Option<Found>,
    pub(crate) excerpt: &'a [u8],
}

impl Spot<'_> {
    /// Writes it into an example, whose memory is used again.
    fn write(&self, byte_offset: u64, example: &mut Example) {
        let mut excerpt = std::mem::take(&mut example.excerpt);
        excerpt.clear();
        excerpt.extend_from_slice(self.excerpt);
        let Self { leaf, row_in_leaf, line_in_leaf, column, found, .. } = *self;
        *example = Example { byte_offset, leaf, row_in_leaf, line_in_leaf, column, found, excerpt };
    }

    fn example(&self, byte_offset: u64) -> Example {
        let mut example = Example::default();
        self.write(byte_offset, &mut example);
        example
    }
}

/// What is known of one kind of defect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// How often.
    pub count: u64,
    /// The first places, ascending by offset.
    pub first: Vec<Example>,
    /// The last places, ascending by offset.
    pub last: Vec<Example>,
    /// The places with the smallest ranks, ascending by rank.
    pub sample: Vec<Example>,
    /// How many in each range of the file.
    pub histogram: Vec<u64>,
}

/// Defects by kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    range_bytes: u64,
    entries: BTreeMap<FindingCode, Entry>,
}

impl Ledger {
    /// No defects of a file of this size.
    pub fn new(file_size_bytes: u64) -> Self {
        // A defect may be at the end of the file, where there is no byte any more.
        let range_bytes = (file_size_bytes + 1).div_ceil(FINDING_RANGES as u64);
        Self { range_bytes, entries: BTreeMap::new() }
    }

    /// Length of each of the ranges by which the defects of the file are counted.
    pub(crate) fn range_bytes(&self) -> u64 {
        self.range_bytes
    }

    /// Counts a defect, of which `spot` says more where it is kept. Defects of one kind come in the order of their
    /// offsets; `followers` is how many more of the kind are known to come.
    #[inline]
    pub(crate) fn add<'a>(
        &mut self,
        code: FindingCode,
        byte_offset: u64,
        followers: usize,
        spot: impl FnOnce() -> Spot<'a>,
    ) {
        let range = (byte_offset / self.range_bytes) as usize;
        let entry = self.entries.entry(code).or_default();
        entry.count += 1;
        entry.histogram.resize(FINDING_RANGES, 0);
        entry.histogram[range] += 1;
        let is_first = entry.first.len() < EXAMPLES;
        let is_last = followers < LAST_EXAMPLES;
        let is_sampled = entry.samples(byte_offset);
        if is_first || is_last || is_sampled {
            entry.keep(byte_offset, &spot(), (is_first, is_last, is_sampled));
        }
    }

    /// Adds the defects of `other`, which are at other places of the same file.
    pub fn merge(&mut self, other: Self) {
        for (code, theirs) in other.entries {
            self.entries.entry(code).or_default().merge(theirs);
        }
    }

    /// What is known of each kind of defect, in the order of the catalogue.
    pub fn iter(&self) -> impl Iterator<Item = (FindingCode, &Entry)> {
        self.entries.iter().map(|(&code, entry)| (code, entry))
    }

    /// Number of defects of all kinds.
    pub fn total(&self) -> u64 {
        self.entries.values().map(|entry| entry.count).sum()
    }

    /// Leaves no defect, and gives those there were.
    pub(crate) fn take(&mut self) -> Self {
        Self { range_bytes: self.range_bytes, entries: std::mem::take(&mut self.entries) }
    }
}

impl Entry {
    fn samples(&self, byte_offset: u64) -> bool {
        match self.sample.get(EXAMPLES - 1) {
            None => true,
            Some(highest) => sample_rank(byte_offset) < sample_rank(highest.byte_offset),
        }
    }

    fn keep(&mut self, at: u64, spot: &Spot<'_>, (is_first, is_last, is_sampled): (bool, bool, bool)) {
        if is_first {
            self.first.push(spot.example(at));
        }
        if is_last && self.last.len() < LAST_EXAMPLES {
            self.last.push(spot.example(at));
        } else if is_last {
            self.last.rotate_left(1);
            spot.write(at, &mut self.last[LAST_EXAMPLES - 1]);
        }
        if is_sampled {
            self.sample.truncate(EXAMPLES - 1);
            let rank = sample_rank(at);
            let place = self.sample.partition_point(|other| sample_rank(other.byte_offset) < rank);
            self.sample.insert(place, spot.example(at));
        }
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.histogram.resize(FINDING_RANGES, 0);
        self.histogram.iter_mut().zip(&other.histogram).for_each(|(mine, theirs)| *mine += theirs);
        self.first.extend(other.first);
        self.first.sort_unstable();
        self.first.truncate(EXAMPLES);
        self.last.extend(other.last);
        self.last.sort_unstable();
        self.last.drain(..self.last.len().saturating_sub(LAST_EXAMPLES));
        self.sample.extend(other.sample);
        self.sample.sort_unstable_by_key(|example| sample_rank(example.byte_offset));
        self.sample.truncate(EXAMPLES);
    }
}

/// Orders places at random, but always in the same way: the places of lowest rank are a uniform sample. SplitMix64
/// (Steele, Lea and Flood, OOPSLA 2014), which is a bijection, so that no two places have one rank.
pub(crate) fn sample_rank(byte_offset: u64) -> u64 {
    let mut z = byte_offset.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ z >> 31
}

/// Counts line endings: LF, CRLF and lone CR, inside of quotes and outside. A CRLF ends its line at the CR.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LineCounter {
    pub(crate) lines: u64,
    after_cr: bool,
}

impl LineCounter {
    pub(crate) fn advance(&mut self, bytes: &[u8]) {
        let Some(&last) = bytes.last() else { return };
        let count = |wanted: u8| memchr::memchr_iter(wanted, bytes).count() as u64;
        self.lines += count(b'\n') - u64::from(self.after_cr && bytes[0] == b'\n');
        if memchr::memchr(b'\r', bytes).is_some() {
            let pairs =
                memchr::memchr_iter(b'\r', bytes).filter(|&cr| bytes.get(cr + 1) == Some(&b'\n')).count();
            self.lines += count(b'\r') - pairs as u64;
        }
        self.after_cr = last == b'\r';
    }
}

/// How many bytes are as wanted. Counts in bytes, which the compiler turns into vector instructions.
#[inline]
pub(crate) fn count_where(bytes: &[u8], wanted: impl Fn(u8) -> bool) -> u64 {
    let in_run = |run: &[u8]| run.iter().map(|&byte| u8::from(wanted(byte))).sum::<u8>();
    bytes.chunks(u8::MAX as usize).map(|run| u64::from(in_run(run))).sum()
}

/// The bytes of `record` around `at`.
pub(crate) fn excerpt(record: &[u8], at: usize) -> &[u8] {
    let from = at.saturating_sub(EXCERPT_BYTES);
    let to = record.len().min(at + EXCERPT_BYTES);
    &record[from..to]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CODE: FindingCode = FindingCode::StrayQuote;
    const FILE_SIZE: u64 = 10_000;

    fn ledger(offsets: &[u64], batch: usize) -> Ledger {
        let mut ledger = Ledger::new(FILE_SIZE);
        for batch in offsets.chunks(batch) {
            for (index, &at) in batch.iter().enumerate() {
                let excerpt = at.to_string();
                let spot = || Spot {
                    leaf: 0,
                    row_in_leaf: None,
                    line_in_leaf: at,
                    column: None,
                    found: None,
                    excerpt: excerpt.as_bytes(),
                };
                ledger.add(CODE, at, batch.len() - 1 - index, spot);
            }
        }
        ledger
    }

    proptest! {
        /// What is kept is what a look at all places would choose, in whatever parts they come.
        #[test]
        fn parts_in_any_order_keep_what_the_whole_keeps(
            offsets in proptest::collection::btree_set(0..=FILE_SIZE, 1..600),
            parts in 1usize..9,
            batch in 1usize..200,
            turn in 0usize..9,
        ) {
            let offsets: Vec<u64> = offsets.into_iter().collect();
            let mut pieces: Vec<Ledger> =
                offsets.chunks(offsets.len().div_ceil(parts)).map(|part| ledger(part, batch)).collect();
            let turn = turn % pieces.len();
            pieces.rotate_left(turn);
            let mut merged = Ledger::new(FILE_SIZE);
            pieces.into_iter().for_each(|piece| merged.merge(piece));
            prop_assert_eq!(&merged, &ledger(&offsets, usize::MAX));
            let entry = &merged.entries[&CODE];
            let places = |examples: &[Example]| examples.iter().map(|e| e.byte_offset).collect::<Vec<_>>();
            let mut by_rank = offsets.clone();
            by_rank.sort_by_key(|&at| sample_rank(at));
            prop_assert_eq!(places(&entry.sample), &by_rank[..offsets.len().min(EXAMPLES)]);
            prop_assert_eq!(places(&entry.first), &offsets[..offsets.len().min(EXAMPLES)]);
            prop_assert_eq!(places(&entry.last), &offsets[offsets.len().saturating_sub(LAST_EXAMPLES)..]);
            prop_assert_eq!(entry.histogram.iter().sum::<u64>(), offsets.len() as u64);
            let in_third = offsets.iter().filter(|&&at| at / merged.range_bytes == 2).count() as u64;
            prop_assert_eq!(entry.histogram[2], in_third);
        }
    }

    /// Every tenth of the places gets about a tenth of the sample: within five standard deviations.
    #[test]
    fn the_sample_is_uniform() {
        let offsets: Vec<u64> = (0..FILE_SIZE).collect();
        let mut tenths = [0u32; 10];
        for example in &ledger(&offsets, 1000).entries[&CODE].sample {
            tenths[(example.byte_offset * 10 / FILE_SIZE) as usize] += 1;
        }
        assert!(tenths.iter().all(|&tenth| tenth <= 25), "{tenths:?}");
        assert!(tenths.iter().filter(|&&tenth| tenth >= 3).count() >= 9, "{tenths:?}");
    }

    #[test]
    fn lines_are_the_same_in_pieces() {
        let text = b"a\nb\r\nc\rd\n\re\r\r\n\n";
        let mut whole = LineCounter::default();
        whole.advance(text);
        assert_eq!(whole.lines, 8);
        for piece in 1..text.len() {
            let mut pieces = LineCounter::default();
            text.chunks(piece).for_each(|part| pieces.advance(part));
            assert_eq!(pieces.lines, whole.lines, "pieces of {piece}");
        }
    }
}
