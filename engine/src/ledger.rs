//! Defects of the records that start in some leaves: exact counts, and the first places of each kind.
//!
//! A leaf knows its rows and lines only relative to its own first record; they become absolute at the end,
//! when the rows and lines of all leaves before it are known ([`crate::finish`]).

use data_inspector_domain::finding::FindingCode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::limits::{EXAMPLES, EXCERPT_BYTES};

/// One occurrence of a defect.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
    /// Number of cells, for a record with too few or too many.
    pub cells: Option<u32>,
    /// Bytes of the record around the place.
    pub excerpt: Vec<u8>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    count: u64,
    /// The first occurrences, ascending by offset.
    examples: Vec<Example>,
}

/// Defects by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    entries: BTreeMap<FindingCode, Entry>,
}

impl Ledger {
    /// Counts a defect; `example` describes it and is asked only while there is room. Defects of one kind come
    /// in the order of their offsets.
    #[inline]
    pub(crate) fn add(&mut self, code: FindingCode, example: impl FnOnce() -> Example) {
        let entry = self.entries.entry(code).or_default();
        entry.count += 1;
        if entry.examples.len() < EXAMPLES {
            entry.examples.push(example());
        }
    }

    /// Adds the defects of `other`, which are at other places.
    pub fn merge(&mut self, other: Self) {
        for (code, theirs) in other.entries {
            let mine = self.entries.entry(code).or_default();
            mine.count += theirs.count;
            mine.examples.extend(theirs.examples);
            mine.examples.sort_unstable();
            mine.examples.truncate(EXAMPLES);
        }
    }

    /// Kind, exact count and first places of every defect, in the order of the catalogue.
    pub fn iter(&self) -> impl Iterator<Item = (FindingCode, u64, &[Example])> {
        self.entries.iter().map(|(&code, entry)| (code, entry.count, &entry.examples[..]))
    }

    /// Number of defects of all kinds.
    pub fn total(&self) -> u64 {
        self.entries.values().map(|entry| entry.count).sum()
    }
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
        let count = |wanted: u8| count_where(bytes, |byte| byte == wanted);
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
pub(crate) fn excerpt(record: &[u8], at: usize) -> Vec<u8> {
    let from = at.saturating_sub(EXCERPT_BYTES);
    let to = record.len().min(at + EXCERPT_BYTES);
    record[from..to].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

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
