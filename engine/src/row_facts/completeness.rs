//! How many cells of the rows are null or missing: exact counts.

use serde::{Deserialize, Serialize};

/// Numbers of null cells that are told apart, the last one for all from it on.
const NUMBERS: usize = 32;

/// Rows by how many of their cells are null.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completeness {
    /// Rows with none, one, two, … null cells; the last entry has those with so many or more.
    pub by_nulls: [u64; NUMBERS],
    /// Rows with nothing but null cells.
    pub all_null: u64,
}

impl Completeness {
    /// Counts a row with so many null cells of `width`.
    pub(super) fn add(&mut self, nulls: usize, width: usize) {
        self.by_nulls[nulls.min(NUMBERS - 1)] += 1;
        self.all_null += u64::from(nulls == width && nulls > 0);
    }

    /// The same of many rows, most of which have none.
    pub(super) fn add_all(&mut self, nulls: &[u32], width: usize) {
        let complete = nulls.iter().filter(|&&nulls| nulls == 0).count();
        self.by_nulls[0] += complete as u64;
        if complete < nulls.len() {
            nulls.iter().filter(|&&nulls| nulls > 0).for_each(|&nulls| self.add(nulls as usize, width));
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.by_nulls.iter_mut().zip(other.by_nulls).for_each(|(mine, theirs)| *mine += theirs);
        self.all_null += other.all_null;
    }
}
