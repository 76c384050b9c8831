//! A sample of whole rows, for what columns have to do with each other.
//!
//! In it are the rows whose places have the lowest ranks ([`sample_rank`]): a uniform sample that is a function of the set
//! of places. A row whose rank is above what the size of the file makes likely to be low is not even looked at.

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::calendar::year_last::Evidence;
use crate::cell::{Value, classify};
use crate::ledger::sample_rank;

/// So many bytes of a file are looked at: all of a small one.
const BYTES_LOOKED_AT: u64 = 1 << 20;

/// What is kept of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CellKind {
    /// Null or missing.
    Null,
    /// A value that is only there.
    Plain,
    /// A number: one value.
    Number,
    /// A date or timestamp: one value, its microseconds since the epoch.
    Time,
    /// The same, of a date that is one only with the day first.
    DayFirst,
    /// The same, with the month first.
    MonthFirst,
    /// A date of two readings: two values, that with the day first and that with the month first.
    TwoReadings,
}

impl CellKind {
    /// How many values a cell of the kind has.
    pub fn values(self) -> usize {
        match self {
            Self::Null | Self::Plain => 0,
            Self::Number | Self::Time | Self::DayFirst | Self::MonthFirst => 1,
            Self::TwoReadings => 2,
        }
    }
}

/// What is kept of the cells of a row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SampledCells {
    /// One for each column.
    pub kinds: Vec<CellKind>,
    /// The values of those that have any, one after the other.
    pub values: Vec<f64>,
}

/// A row of the sample; ordered by rank alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SampledRow {
    /// That of its place: no two rows have the same.
    pub rank: u64,
    /// Its cells.
    pub cells: SampledCells,
}

/// A sample of the rows.
#[derive(Clone, Debug)]
pub struct RowSample {
    /// Rows of this rank and above are not in it.
    end: u64,
    most: usize,
    /// The highest rank on top.
    rows: BinaryHeap<SampledRow>,
}

impl Ord for SampledRow {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank.cmp(&other.rank)
    }
}

impl PartialOrd for SampledRow {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for SampledRow {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl Eq for SampledRow {}

impl SampledCells {
    /// Adds the next cell, which is null or missing.
    pub(super) fn add_null(&mut self) {
        self.kinds.push(CellKind::Null);
    }

    /// Adds the next cell, which is a long text.
    pub(super) fn add_long(&mut self) {
        self.kinds.push(CellKind::Plain);
    }

    /// Adds the next cell, which is this value.
    pub(super) fn add(&mut self, text: &[u8]) {
        let mut keep = |kind: CellKind, values: &[f64]| {
            self.kinds.push(kind);
            self.values.extend_from_slice(values);
        };
        match classify(text) {
            Value::Number(_, _, number) => keep(CellKind::Number, &[number]),
            Value::Time(_, moment) => keep(CellKind::Time, &[moment.micros as f64]),
            Value::YearLast(_, date) => {
                let micros =
                    [date.day_first(), date.month_first()].map(|read| read.map(|at| at.micros as f64));
                match micros {
                    [Some(day), Some(_)] if date.evidence() == Evidence::Same => keep(CellKind::Time, &[day]),
                    [Some(day), Some(month)] => keep(CellKind::TwoReadings, &[day, month]),
                    [Some(day), None] => keep(CellKind::DayFirst, &[day]),
                    [None, Some(month)] => keep(CellKind::MonthFirst, &[month]),
                    [None, None] => keep(CellKind::Plain, &[]),
                }
            }
            Value::Plain(_) => keep(CellKind::Plain, &[]),
        }
    }

    fn clear(&mut self) {
        self.kinds.clear();
        self.values.clear();
    }

    fn fits(&self, width: usize) -> bool {
        let values: usize = self.kinds.iter().map(|kind| kind.values()).sum();
        self.kinds.len() == width && self.values.len() == values
    }
}

impl RowSample {
    /// Of no row of a file of this size; at most so many rows.
    pub(super) fn new(file_size: u64, most: usize) -> Self {
        let all_ranks = u128::from(u64::MAX);
        let end = all_ranks * u128::from(BYTES_LOOKED_AT) / u128::from(file_size.max(1));
        Self { end: end.min(all_ranks) as u64, most, rows: BinaryHeap::new() }
    }

    /// The rank of a row whose record starts at this byte, if the row belongs into the sample.
    #[inline]
    pub(super) fn rank_of(&self, byte_offset: u64) -> Option<u64> {
        let rank = sample_rank(byte_offset);
        (rank <= self.end).then_some(rank)
    }

    /// Adds a row that belongs into the sample, whose cells `write` adds.
    pub(super) fn add(&mut self, rank: u64, write: impl FnOnce(&mut SampledCells)) {
        let mut cells = SampledCells::default();
        if self.rows.len() == self.most {
            cells = self.rows.pop().map(|row| row.cells).unwrap_or_default();
            cells.clear();
        }
        write(&mut cells);
        self.rows.push(SampledRow { rank, cells });
        self.lower_end();
    }

    /// Adds the rows of `other`, of other places of the same file.
    pub(super) fn merge(&mut self, other: Self) {
        for row in other.rows {
            if row.rank <= self.end {
                if self.rows.len() == self.most {
                    self.rows.pop();
                }
                self.rows.push(row);
                self.lower_end();
            }
        }
    }

    /// Once the sample is full, only rows below its highest rank belong into it.
    fn lower_end(&mut self) {
        if self.rows.len() == self.most
            && let Some(highest) = self.rows.peek()
        {
            self.end = self.end.min(highest.rank.saturating_sub(1));
        }
    }

    /// The sample with the rows that a partial has of it; `None` if they do not fit.
    pub(super) fn restored(mut self, rows: Vec<SampledRow>, width: usize) -> Option<Self> {
        let fits = |row: &SampledRow| row.rank <= self.end && row.cells.fits(width);
        if rows.len() > self.most || !rows.iter().all(fits) {
            return None;
        }
        self.rows = rows.into();
        self.lower_end();
        Some(self)
    }

    /// How many rows are in the sample.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// No row is in it.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows, ascending by rank.
    pub fn sorted(&self) -> Vec<SampledRow> {
        self.rows.clone().into_sorted_vec()
    }
}
