//! The rows of a batch, whose cells are looked at row by row.

use data_inspector_domain::finding::FindingCode;

use super::sample::SampledCells;
use super::shown::{COLUMNS_SHOWN, ShownRow};
use crate::column::BatchPlace;
use crate::records::{Batch, Cell, unquote};
use crate::scan::LeafContext;

/// Rows of a batch.
pub(crate) struct RowBatch<'a> {
    pub(crate) context: &'a LeafContext,
    /// Where the cells are, by the spans of the batch.
    pub(crate) text: &'a [u8],
    /// The text that the records were cut from, as it is in the file.
    pub(crate) raw: &'a [u8],
    pub(crate) batch: &'a Batch,
    /// Where it is, and the row of its first record.
    pub(crate) place: BatchPlace<'a>,
    /// Null and missing cells of each.
    pub(crate) nulls: &'a [u32],
}

impl RowBatch<'_> {
    /// Where the line ending of a record starts, or the file ends.
    #[inline]
    pub(super) fn content_end(&self, row: usize) -> usize {
        let (start, end) = self.batch.bounds[row];
        if row + 1 == self.batch.bounds.len() && self.ends_with_the_file(row) {
            return end;
        }
        match &self.raw[start..end] {
            [.., b'\r', b'\n'] => end - 2,
            _ => end - 1,
        }
    }

    /// The record has no line ending. Its last byte may be one all the same, in quotes that do not close.
    fn ends_with_the_file(&self, row: usize) -> bool {
        let last = self.batch.defects.last();
        last.is_some_and(|defect| {
            defect.code == FindingCode::MissingFinalLineEnding && defect.row == Some(row)
        })
    }

    /// Writes what is shown of a row.
    pub(super) fn show(&self, row: usize, shown: &mut ShownRow) {
        let mut unquoted = Vec::new();
        self.for_each_cell(row, COLUMNS_SHOWN, &mut unquoted, |cell| match cell {
            None => shown.add_null(),
            Some(text) => shown.add(text, text.len() as u64),
        });
    }

    /// Writes what the sample keeps of a row.
    pub(super) fn sample(&self, row: usize, cells: &mut SampledCells, unquoted: &mut Vec<u8>) {
        self.for_each_cell(row, usize::MAX, unquoted, |cell| match cell {
            None => cells.add_null(),
            Some(text) => cells.add(text),
        });
    }

    /// The first cells of a row, nulls as `None`.
    fn for_each_cell(
        &self,
        row: usize,
        most: usize,
        unquoted: &mut Vec<u8>,
        mut take: impl FnMut(Option<&[u8]>),
    ) {
        let LeafContext { width, dialect, nulls, .. } = self.context;
        for span in &self.batch.spans[row * width..][..most.min(*width)] {
            let cell = match span.cell() {
                Cell::Plain { start, end } => &self.text[start..end],
                Cell::Quoted { start, end } => {
                    unquoted.clear();
                    unquote(dialect, &self.text[start..end], unquoted);
                    &unquoted[..]
                }
                Cell::Missing => &[],
            };
            take(Some(cell).filter(|cell| !nulls.is_null(cell)));
        }
    }
}
