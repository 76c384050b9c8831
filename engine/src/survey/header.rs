//! The first records of a file, read with a dialect: how wide they are, whether the first one is a header.

use data_inspector_domain::spec::{ColumnKind, Dialect, LineEnding};
use std::borrow::Cow;
use std::cmp::Reverse;

use crate::cell::{Class, Value, classify};
use crate::column::NullSpellings;
use crate::records::{Batch, Buffer, Cutter, fields};
use crate::shift;
use crate::simd::{Needles, find_all};

/// Records that are looked at.
const RECORDS: usize = 1000;
/// More lines than that above a table are no title.
const PREAMBLE_RECORDS: usize = 20;
/// A header and two records are the least that can tell a table from the lines above it.
const TABLE_RECORDS: usize = 3;
/// Share of typed cells that makes a column of the sample typed.
const TYPED_SHARE: f64 = 0.8;

/// A table of one column is worth so much of one of several.
pub(super) const ONE_COLUMN_WEIGHT: f64 = 0.3;

/// Share of values of another kind that a column of one kind may have.
const EXCEPTIONS: f64 = 0.05;

/// The cells of a record, without their quotes.
type Record<'a> = Vec<Cow<'a, [u8]>>;

/// The first records of a file; a record that is cut off by the end of the sample is not among them.
pub(super) struct Sample<'a> {
    records: Vec<Record<'a>>,
    /// Where each of them starts in the text.
    starts: Vec<usize>,
    width: Option<usize>,
    line_ending: Option<LineEnding>,
}

impl<'a> Sample<'a> {
    pub(super) fn new(dialect: &Dialect, text: &'a [u8], at_eof: bool) -> Self {
        let mut positions = Vec::new();
        find_all(Needles::new(dialect), text, 0, &mut positions);
        let mut batch = Batch::default();
        let buffer = Buffer { bytes: text, positions: &positions, at_eof };
        // Width 0: every cell is an extra one, and the batch shows where the records are.
        Cutter::new(*dialect, 0, usize::MAX).cut(buffer, text.len(), &mut batch);
        batch.bounds.truncate(RECORDS);
        let records: Vec<Record<'a>> =
            batch.bounds.iter().map(|&(start, end)| fields(dialect, &text[start..end], usize::MAX)).collect();
        let width = modal_width(&records);
        let counted = LineEnding::ALL.into_iter().zip(batch.line_endings);
        let most =
            counted.filter(|&(_, count)| count > 0).max_by_key(|&(ending, count)| (count, Reverse(ending)));
        let starts = batch.bounds.iter().map(|bounds| bounds.0).collect();
        Self { records, starts, width, line_ending: most.map(|(ending, _)| ending) }
    }

    /// The most frequent number of cells, the larger one of two; `None` without records.
    pub(super) fn width(&self) -> Option<usize> {
        self.width
    }

    /// Number of records.
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// Places between two cells of a record.
    pub(super) fn boundaries(&self) -> usize {
        self.records.iter().map(|record| record.len() - 1).sum()
    }

    /// Where the table starts below lines that are no part of it, and where each of them starts: of at most half as many
    /// cells as the table has, or with hardly a cell filled. Only if what follows is a header and most records below it
    /// are as wide: else the lines are as likely data that is broken.
    pub(super) fn table_start(&self) -> Option<(usize, Vec<usize>)> {
        let width = self.width.filter(|&width| width > 1)?;
        let is_before = |record: &&Record<'a>| {
            let filled = record.iter().filter(|cell| !cell.is_empty()).count();
            2 * record.len() <= width || width > 2 && filled < 2
        };
        let before = self.records.iter().take_while(is_before).count();
        if before == 0 || before > PREAMBLE_RECORDS || self.records.len() < before + TABLE_RECORDS {
            return None;
        }
        let records = self.records[before..].to_vec();
        let as_wide = records.iter().filter(|record| record.len() == width).count();
        let is_table = records[0].len() == width && as_wide > records.len() / 2;
        let below = Self { records, starts: Vec::new(), ..*self };
        (is_table && below.has_header()).then(|| (self.starts[before], self.starts[..before].to_vec()))
    }

    /// How many of the columns that can tell say so whether there is a header, from 0 to 1; a half where none can.
    pub(super) fn header_confidence(&self) -> f64 {
        let Some((first, body)) = self.records.split_first() else { return 0.5 };
        let votes: Vec<i64> = first
            .iter()
            .enumerate()
            .map(|(column, cell)| vote(cell, body, column))
            .filter(|&vote| vote != 0)
            .collect();
        let agreed = votes.iter().sum::<i64>().unsigned_abs() as usize;
        if votes.is_empty() { 0.5 } else { 0.5 + agreed as f64 / (2 * votes.len()) as f64 }
    }

    /// What nearly all values of each column are, below the header.
    pub(super) fn column_kinds(&self, has_header: bool, nulls: &NullSpellings) -> Vec<ColumnKind> {
        let rows = self.records.get(usize::from(has_header)..).unwrap_or_default();
        let columns = if has_header { self.first_cells() } else { self.width }.unwrap_or(0);
        let rows: Vec<&Record<'_>> = rows.iter().filter(|record| record.len() == columns).collect();
        let kind_of = |column: usize| {
            let cells = rows.iter().map(|record| &record[column]).filter(|cell| !nulls.is_null(cell));
            let kinds: Vec<ColumnKind> = cells.map(|cell| shift::kind(cell)).collect();
            let Some(&first) = kinds.first() else { return ColumnKind::Any };
            let exceptions = kinds.iter().filter(|&&kind| kind != first).count();
            if exceptions as f64 > EXCEPTIONS * kinds.len() as f64 { ColumnKind::Any } else { first }
        };
        (0..columns).map(kind_of).collect()
    }

    /// How most lines end.
    pub(super) fn line_ending(&self) -> Option<LineEnding> {
        self.line_ending
    }

    /// Cells of the first record.
    pub(super) fn first_cells(&self) -> Option<usize> {
        self.records.first().map(Vec::len)
    }

    /// How much the records look like a table: share of records of the usual width, times how many of their cells
    /// have a type.
    pub(super) fn score(&self) -> f64 {
        let Some(width) = self.width else { return 0.0 };
        let regular = self.records.iter().filter(|record| record.len() == width);
        let share = regular.clone().count() as f64 / self.records.len() as f64;
        let (cells, typed) = regular.flatten().fold((0u32, 0u32), |(cells, typed), cell| {
            (cells + 1, typed + u32::from(cell.is_empty() || is_typed(cell)))
        });
        let typed_share = f64::from(typed) / f64::from(cells.max(1));
        let one_column = if width == 1 { ONE_COLUMN_WEIGHT } else { 1.0 };
        share * (0.2 + 0.8 * typed_share) * one_column
    }

    /// Whether the first record names the columns: it is text where the others are typed, or, if all is text,
    /// none of its cells occurs again in its column.
    pub(super) fn has_header(&self) -> bool {
        let Some((first, body)) = self.records.split_first() else { return false };
        if body.is_empty() {
            return first.iter().all(|cell| !cell.is_empty() && !is_typed(cell));
        }
        let votes: i64 = first.iter().enumerate().map(|(column, cell)| vote(cell, body, column)).sum();
        votes > 0 || votes == 0 && !first.iter().enumerate().any(|(column, cell)| recurs(cell, body, column))
    }
}

/// 1 if the cell is text above typed cells, −1 if it is typed like them.
fn vote(first: &[u8], body: &[Record<'_>], column: usize) -> i64 {
    let cells: Vec<&Cow<'_, [u8]>> =
        body.iter().filter_map(|record| record.get(column)).filter(|cell| !cell.is_empty()).collect();
    let typed = cells.iter().filter(|cell| is_typed(cell)).count();
    let typed_column = !cells.is_empty() && typed as f64 >= TYPED_SHARE * cells.len() as f64;
    match (first.is_empty(), is_typed(first), typed_column) {
        (true, ..) | (false, _, false) => 0,
        (false, false, true) => 1,
        (false, true, true) => -1,
    }
}

fn recurs(first: &[u8], body: &[Record<'_>], column: usize) -> bool {
    !first.is_empty() && body.iter().any(|record| record.get(column).is_some_and(|cell| **cell == *first))
}

pub(super) fn is_typed(cell: &[u8]) -> bool {
    match classify(cell) {
        Value::Plain(Class::Text) => is_decimal_comma(cell),
        Value::Number(..) | Value::Time(..) | Value::YearLast(..) | Value::Plain(_) => true,
    }
}

/// `1,5` is a number in much of the world; the profile does not read it so, but it speaks for a table.
fn is_decimal_comma(cell: &[u8]) -> bool {
    let digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let unsigned = cell.strip_prefix(b"-").unwrap_or(cell);
    memchr::memchr(b',', unsigned)
        .is_some_and(|comma| digits(&unsigned[..comma]) && digits(&unsigned[comma + 1..]))
}

fn modal_width(records: &[Record<'_>]) -> Option<usize> {
    let mut widths: Vec<usize> = records.iter().map(Vec::len).collect();
    widths.sort_unstable();
    widths.chunk_by(|a, b| a == b).map(|run| (run.len(), run[0])).max().map(|(_, width)| width)
}
