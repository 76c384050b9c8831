//! What is known of the rows of some leaves as wholes: how many of their cells are null, which rows are the same, and a
//! sample of them. A [`RowState`] is a function of the multiset of rows and their places, so that it merges in any order.
//!
//! Not here: what is in a column ([`crate::column`]), and what is wrong with a row ([`crate::ledger`]).

use data_inspector_domain::spec::SketchSizes;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::column::{NullSpellings, Place};
use crate::long_record::FieldBuffer;

mod batch;
mod completeness;
mod keys;
mod sample;
mod shown;

pub(crate) use batch::RowBatch;
pub use completeness::Completeness;
use keys::RowKeysWire;
pub use keys::{MOST_KEYS, RowKey, RowKeys};
pub use sample::{CellKind, RowSample, SampledCells, SampledRow};
pub use shown::{COLUMNS_SHOWN, ShownCell, ShownRow, ShownRows};

/// What is known of the rows of some leaves.
#[derive(Clone, Debug)]
pub struct RowState {
    /// How many of their cells are null.
    pub completeness: Completeness,
    /// Which of them are the same.
    pub keys: RowKeys,
    /// Some of them, for what columns have to do with each other.
    pub sample: RowSample,
    /// Some of them, to be shown.
    pub shown: ShownRows,
}

/// [`RowState`] in a partial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RowWire {
    completeness: Completeness,
    keys: RowKeysWire,
    sample: Vec<SampledRow>,
    shown: ShownRows,
}

/// A record that is read in pieces.
pub(crate) struct LongRow {
    nulls: usize,
    cells: SampledCells,
    shown: ShownRow,
}

impl RowState {
    /// No rows of a file of this size.
    pub fn new(file_size: u64, sizes: SketchSizes) -> Self {
        Self {
            completeness: Completeness::default(),
            keys: RowKeys::default(),
            sample: RowSample::new(file_size, rows_sampled(sizes)),
            shown: ShownRows::default(),
        }
    }

    /// Counts the rows of a batch, which come after all that were counted.
    pub(crate) fn add_batch(&mut self, rows: &RowBatch<'_>) {
        self.completeness.add_all(rows.nulls, rows.context.width);
        let count = rows.batch.bounds.len();
        let mut unquoted = Vec::new();
        for (row, &(start, _)) in rows.batch.bounds.iter().enumerate() {
            let place = || rows.place.after(start as u64, row as u64);
            self.keys.add(xxh3_64(&rows.raw[start..rows.content_end(row)]), place);
            self.shown.add(place, count - 1 - row, |shown| rows.show(row, shown));
            if let Some(rank) = self.sample.rank_of(place().offset) {
                self.sample.add(rank, |cells| rows.sample(row, cells, &mut unquoted));
                self.shown.add_sampled(place(), |shown| rows.show(row, shown));
            }
        }
    }

    /// Counts a row that was read in pieces, likewise; the hash is that of its bytes without the line ending.
    pub(crate) fn add_long(&mut self, hash: u64, place: Place, mut row: LongRow) {
        row.shown.place = place;
        self.completeness.add(row.nulls, row.cells.kinds.len());
        self.keys.add(hash, || place);
        let show = |shown: &mut ShownRow| shown.clone_from(&row.shown);
        self.shown.add(|| place, 0, show);
        if let Some(rank) = self.sample.rank_of(place.offset) {
            self.shown.add_sampled(place, show);
            self.sample.add(rank, |cells| *cells = row.cells);
        }
    }

    /// Adds the rows of `other`, which are at other places of the same file.
    pub fn merge(&mut self, other: Self) {
        self.completeness.merge(&other.completeness);
        self.keys.merge(&other.keys);
        self.sample.merge(other.sample);
        self.shown.merge(other.shown);
    }

    /// The state as it travels in a partial.
    pub(crate) fn to_wire(&self) -> RowWire {
        RowWire {
            completeness: self.completeness.clone(),
            keys: self.keys.to_wire(),
            sample: self.sample.sorted(),
            shown: self.shown.clone(),
        }
    }

    /// The state from its wire form; `None` if that is none of such a file.
    pub(crate) fn restored(self, wire: RowWire, width: usize) -> Option<Self> {
        Some(Self {
            completeness: wire.completeness,
            keys: RowKeys::from_wire(wire.keys)?,
            sample: self.sample.restored(wire.sample, width)?,
            shown: wire.shown.checked()?,
        })
    }
}

/// How many rows are sampled: fewer in a file of many columns, as of everything that takes memory.
fn rows_sampled(sizes: SketchSizes) -> usize {
    (sizes.top_values_tracked as usize).max(4) * 8
}

impl Default for LongRow {
    fn default() -> Self {
        let nowhere = Place { offset: 0, leaf: 0, row_in_leaf: 0 };
        Self { nulls: 0, cells: SampledCells::default(), shown: ShownRow::new(nowhere) }
    }
}

impl LongRow {
    /// Adds the next field of one of the columns.
    pub(crate) fn add(&mut self, nulls: &NullSpellings, field: &FieldBuffer) {
        if !field.is_long() && nulls.is_null(&field.head) {
            return self.add_null();
        }
        if field.is_long() {
            self.cells.add_long();
        } else {
            self.cells.add(&field.head);
        }
        self.shown.add(&field.head, field.len);
    }

    /// Adds the cells that the record is too short to have.
    pub(crate) fn fill(&mut self, width: usize) {
        while self.cells.kinds.len() < width {
            self.add_null();
        }
    }

    fn add_null(&mut self) {
        self.nulls += 1;
        self.cells.add_null();
        self.shown.add_null();
    }
}
