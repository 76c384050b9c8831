//! What is cut out of a buffer: cells, records, defects.

use data_inspector_domain::finding::FindingCode;
use data_inspector_domain::spec::Dialect;

use crate::ledger::Found;

/// Where a cell is in the buffer.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    start: u32,
    /// Length; the top bit says that the bytes are still quoted.
    len_and_quoted: u32,
}

const STILL_QUOTED: u32 = 1 << 31;

/// What a [`Span`] says.
pub(crate) enum Cell {
    /// The cell's bytes are `buffer[start..end]`.
    Plain { start: usize, end: usize },
    /// [`unquote`] of `buffer[start..end]` gives the cell's bytes.
    Quoted { start: usize, end: usize },
    /// The record is too short.
    Missing,
}

impl Span {
    pub(super) const MISSING: Self = Self { start: u32::MAX, len_and_quoted: u32::MAX };

    pub(crate) fn plain(start: usize, end: usize) -> Self {
        Self { start: start as u32, len_and_quoted: (end - start) as u32 }
    }

    pub(crate) fn quoted(start: usize, end: usize) -> Self {
        Self { start: start as u32, len_and_quoted: (end - start) as u32 | STILL_QUOTED }
    }

    /// Where the cell starts in the text it was cut from, its quote included.
    pub(crate) fn cell_start(self, text: &[u8], dialect: &Dialect) -> usize {
        let start = self.start as usize;
        let is_quoted = start > 0 && dialect.quote.is_some() && text.get(start - 1).copied() == dialect.quote;
        start - usize::from(is_quoted)
    }

    #[inline]
    pub(crate) fn cell(self) -> Cell {
        let start = self.start as usize;
        if self.len_and_quoted & STILL_QUOTED == 0 {
            Cell::Plain { start, end: start + self.len_and_quoted as usize }
        } else if self.len_and_quoted == u32::MAX {
            Cell::Missing
        } else {
            Cell::Quoted { start, end: start + (self.len_and_quoted & !STILL_QUOTED) as usize }
        }
    }
}

/// A defect of the batch's text.
pub(crate) struct Defect {
    pub(crate) code: FindingCode,
    /// Index in the buffer.
    pub(crate) at: usize,
    /// Index of the record in the batch, if it is in one.
    pub(crate) row: Option<usize>,
    pub(crate) column: Option<usize>,
    pub(crate) found: Option<Found>,
}

impl Defect {
    pub(super) fn in_cell(code: FindingCode, at: usize, row: usize, column: usize) -> Self {
        Self { code, at, row: Some(row), column: Some(column), found: None }
    }

    pub(super) fn of_row(code: FindingCode, at: usize, row: usize) -> Self {
        Self { code, at, row: Some(row), column: None, found: None }
    }
}

/// Records cut out of a buffer: `width` spans each.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) spans: Vec<Span>,
    /// Start and end of each record in the buffer.
    pub(crate) bounds: Vec<(usize, usize)>,
    pub(crate) defects: Vec<Defect>,
    /// Records, blank and comment lines by their ending, in the order of [`LineEnding::ALL`].
    pub(crate) line_endings: [u64; 3],
    /// Line endings in quotes.
    pub(crate) quoted_lines: u64,
}

impl Batch {
    pub(crate) fn clear(&mut self) {
        self.spans.clear();
        self.bounds.clear();
        self.defects.clear();
        (self.line_endings, self.quoted_lines) = ([0; 3], 0);
    }

    /// Line endings of the text that the records were cut out of.
    pub(crate) fn lines(&self) -> u64 {
        self.line_endings.iter().sum::<u64>() + self.quoted_lines
    }
}
