//! What is before each leaf of a partial: with it, rows and lines of a leaf become those of the file.

use data_inspector_domain::spec::ResolvedSpec;

use crate::column::Place;
use crate::partial::Partial;
use crate::scan::LeafGrid;

/// Rows and lines before each leaf of a partial.
pub(super) struct Before {
    /// Of each leaf its number, the rows before it and the line that it begins in; ascending.
    leaves: Vec<(u64, u64, u64)>,
    first_leaf: u64,
    /// The partial has all leaves.
    pub(super) is_complete: bool,
}

impl Before {
    pub(super) fn new(spec: &ResolvedSpec, partial: &Partial) -> Self {
        let (mut rows, mut line) = (0, spec.head.data_line);
        let leaves = partial.leaves.iter().map(|totals| {
            let before = (totals.leaf, rows, line);
            rows += totals.rows;
            line += totals.lines;
            before
        });
        let leaves: Vec<_> = leaves.collect();
        let grid = LeafGrid::new(spec);
        let is_complete = leaves.len() as u64 == grid.end_leaf() - grid.first_leaf();
        Self { leaves, first_leaf: grid.first_leaf(), is_complete }
    }

    /// The row at a place, from 1; `None` as long as some leaf before it is missing.
    pub(super) fn row(&self, place: Place) -> Option<u64> {
        let at = self.leaves.partition_point(|&(other, ..)| other < place.leaf);
        let is_known = self.first_leaf + at as u64 == place.leaf;
        is_known.then(|| self.leaves[at].1 + place.row_in_leaf + 1)
    }

    /// Rows before a leaf of the partial, and the line that it begins in.
    pub(super) fn rows_and_line(&self, leaf: u64) -> (u64, u64) {
        let at = self.leaves.partition_point(|&(other, ..)| other < leaf);
        let (_, rows, line) = self.leaves[at];
        (rows, line)
    }
}
