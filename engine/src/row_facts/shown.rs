//! Rows that are shown: the first, the last, and some from all over the file. A function of the set of rows and their
//! places, whatever the order of merging.

use serde::{Deserialize, Serialize};

use crate::column::Place;
use crate::ledger::sample_rank;

/// Rows of each of the three kinds.
const ROWS_SHOWN: usize = 5;
/// Columns that are shown; those of a wide file would take more memory than all else.
pub const COLUMNS_SHOWN: usize = 1000;
/// Bytes kept of a cell: 64 characters have no more.
const CELL_BYTES: usize = 256;

/// A cell of a row that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShownCell {
    /// Null or missing.
    Null,
    /// A text of so many bytes.
    Whole(u32),
    /// The first bytes of a longer text.
    Head(u32),
}

/// A row that is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownRow {
    /// Where it is.
    pub place: Place,
    /// The texts of its cells, one after the other.
    text: Vec<u8>,
    cells: Vec<ShownCell>,
}

/// Rows that are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownRows {
    /// The first ones, ascending by place.
    pub first: Vec<ShownRow>,
    /// The last ones, likewise.
    pub last: Vec<ShownRow>,
    /// Those of the lowest `sample_rank`, ascending by it.
    pub sample: Vec<ShownRow>,
}

impl ShownRow {
    /// At a place; its cells are added one after the other.
    pub(super) fn new(place: Place) -> Self {
        Self { place, text: Vec::new(), cells: Vec::new() }
    }

    /// The same memory for another row.
    fn restart(&mut self, place: Place) {
        self.place = place;
        self.text.clear();
        self.cells.clear();
    }

    /// Adds the next cell; `head` is its text, or the first bytes of it.
    pub(super) fn add(&mut self, head: &[u8], len: u64) {
        if self.cells.len() < COLUMNS_SHOWN {
            let kept = head.len().min(CELL_BYTES);
            self.text.extend_from_slice(&head[..kept]);
            let is_whole = len == kept as u64;
            self.cells.push(if is_whole {
                ShownCell::Whole(kept as u32)
            } else {
                ShownCell::Head(kept as u32)
            });
        }
    }

    /// Adds the next cell, which is null or missing.
    pub(super) fn add_null(&mut self) {
        if self.cells.len() < COLUMNS_SHOWN {
            self.cells.push(ShownCell::Null);
        }
    }

    /// The cells with the bytes that are kept of them.
    pub fn cells(&self) -> impl Iterator<Item = (ShownCell, &[u8])> {
        let mut at = 0;
        self.cells.iter().map(move |&cell| {
            let start = at;
            at += match cell {
                ShownCell::Null => 0,
                ShownCell::Whole(len) | ShownCell::Head(len) => len as usize,
            };
            (cell, &self.text[start..at])
        })
    }

    fn fits(&self) -> bool {
        let len = |cell: &ShownCell| match *cell {
            ShownCell::Null => 0,
            ShownCell::Whole(len) | ShownCell::Head(len) => u64::from(len),
        };
        self.cells.iter().map(len).sum::<u64>() == self.text.len() as u64
    }

    fn rank(&self) -> u64 {
        sample_rank(self.place.offset)
    }
}

impl ShownRows {
    /// Adds a row whose place is after all that were added and which `write` writes, if it is to be shown; `followers` is
    /// how many more are known to come.
    #[inline]
    pub(super) fn add(&mut self, place: impl Fn() -> Place, followers: usize, write: impl Fn(&mut ShownRow)) {
        let is_first = self.first.len() < ROWS_SHOWN;
        let is_last = followers < ROWS_SHOWN;
        if is_first || is_last {
            self.add_at_an_end(place(), (is_first, is_last), &write);
        }
    }

    /// Adds a row of the sample, likewise.
    pub(super) fn add_sampled(&mut self, place: Place, write: impl Fn(&mut ShownRow)) {
        let rank = sample_rank(place.offset);
        if self.sample.get(ROWS_SHOWN - 1).is_some_and(|highest| highest.rank() < rank) {
            return;
        }
        self.sample.truncate(ROWS_SHOWN - 1);
        let mut row = ShownRow::new(place);
        write(&mut row);
        let at = self.sample.partition_point(|other| other.rank() < rank);
        self.sample.insert(at, row);
    }

    fn add_at_an_end(
        &mut self,
        place: Place,
        (is_first, is_last): (bool, bool),
        write: &impl Fn(&mut ShownRow),
    ) {
        let written = || {
            let mut row = ShownRow::new(place);
            write(&mut row);
            row
        };
        if is_first {
            self.first.push(written());
        }
        if is_last && self.last.len() < ROWS_SHOWN {
            self.last.push(written());
        } else if is_last {
            self.last.rotate_left(1);
            let row = &mut self.last[ROWS_SHOWN - 1];
            row.restart(place);
            write(row);
        }
    }

    /// Adds the rows of `other`, of other places of the same file.
    pub(super) fn merge(&mut self, other: Self) {
        self.first.extend(other.first);
        self.first.sort_unstable_by_key(|row| row.place);
        self.first.truncate(ROWS_SHOWN);
        self.last.extend(other.last);
        self.last.sort_unstable_by_key(|row| row.place);
        self.last.drain(..self.last.len().saturating_sub(ROWS_SHOWN));
        self.sample.extend(other.sample);
        self.sample.sort_unstable_by_key(ShownRow::rank);
        self.sample.truncate(ROWS_SHOWN);
    }

    /// The rows, if they can be those of a partial.
    pub(super) fn checked(self) -> Option<Self> {
        let mut rows = self.first.iter().chain(&self.last).chain(&self.sample);
        rows.all(ShownRow::fits).then_some(self)
    }
}
