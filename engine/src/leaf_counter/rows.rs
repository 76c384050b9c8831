//! Rows that are no data: nothing in them, or the header once more.

use data_inspector_domain::finding::FindingCode;

use crate::charset::Charset;
use crate::limits::NAME_BYTES;
use crate::long_record::FieldBuffer;
use crate::records::{Batch, Cell, Defect, Span, unquote};
use crate::scan::LeafContext;

/// What the fields of a row have in common.
#[derive(Clone, Copy, Default)]
pub(super) struct RowShape {
    empty: usize,
    /// Spaces and tabs, or empty.
    blank: usize,
    /// As in the header.
    labels: usize,
}

impl RowShape {
    /// Adds the next field of a long record.
    pub(super) fn add(&mut self, context: &LeafContext, column: usize, field: &FieldBuffer) {
        if !field.is_long() {
            let label = context.header.get(column).is_some_and(|label| label.is_text(&field.head));
            self.add_text(&field.head, label);
        }
    }

    fn add_cell(&mut self, context: &LeafContext, column: usize, cell: &[u8]) {
        self.add_text(cell, context.header.get(column).is_some_and(|label| label.is(cell)));
    }

    fn add_text(&mut self, cell: &[u8], is_label: bool) {
        self.empty += usize::from(cell.is_empty());
        self.blank += usize::from(is_blank(cell));
        self.labels += usize::from(is_label);
    }

    /// What is wrong with a row of so many fields.
    pub(super) fn defect(self, fields: usize, width: usize) -> Option<FindingCode> {
        // A header without a name cannot come again.
        if self.labels == width && fields == width && self.blank < width {
            Some(FindingCode::RepeatedHeader)
        } else if fields <= width && self.empty == fields {
            Some(FindingCode::EmptyRow)
        } else if fields <= width && self.blank == fields {
            Some(FindingCode::WhitespaceRow)
        } else {
            None
        }
    }
}

fn is_blank(cell: &[u8]) -> bool {
    cell.iter().all(|byte| matches!(byte, b' ' | b'\t'))
}

/// A name of the header, to be compared with cells.
#[derive(Clone, Debug)]
pub(crate) struct Label {
    name: Vec<u8>,
    /// As it is written in the file, if it can be.
    raw: Option<Vec<u8>>,
    /// The header has no name here; the column got one.
    given: bool,
}

impl Label {
    /// Of the column with this index.
    pub(crate) fn new(charset: &Charset, index: usize, name: &str) -> Self {
        let given = name == format!("column_{}", index + 1);
        Self { given, raw: charset.encode(name), name: name.as_bytes().to_vec() }
    }

    /// The cell is written as the name is.
    fn is(&self, cell: &[u8]) -> bool {
        self.raw.as_deref() == Some(cell) && self.name.len() < NAME_BYTES || self.given && is_blank(cell)
    }

    /// The cell is the name.
    fn is_text(&self, cell: &[u8]) -> bool {
        cell == self.name && cell.len() < NAME_BYTES || self.given && is_blank(cell)
    }
}

/// Rows of a batch that are no data.
pub(super) fn defects(context: &LeafContext, text: &[u8], batch: &Batch) -> Vec<Defect> {
    let width = context.width;
    let mut defects = Vec::new();
    if width == 0 {
        return defects;
    }
    for (row, spans) in batch.spans.chunks_exact(width).enumerate() {
        if !may_be_no_data(context, text, spans[0]) {
            continue;
        }
        if let Some(code) = defect_of(context, text, spans) {
            defects.push(Defect { code, at: batch.bounds[row].0, row: Some(row), column: None, found: None });
        }
    }
    defects
}

/// Tells most rows from those that need a closer look by their first cell.
#[inline]
fn may_be_no_data(context: &LeafContext, text: &[u8], first: Span) -> bool {
    match first.cell() {
        Cell::Plain { start, end } => {
            let cell = &text[start..end];
            is_blank(cell) || context.header.first().is_some_and(|label| label.is(cell))
        }
        Cell::Quoted { .. } => true,
        Cell::Missing => false,
    }
}

fn defect_of(context: &LeafContext, text: &[u8], spans: &[Span]) -> Option<FindingCode> {
    let mut shape = RowShape::default();
    let mut fields = 0;
    let mut content = Vec::new();
    for (column, span) in spans.iter().enumerate() {
        match span.cell() {
            Cell::Plain { start, end } => shape.add_cell(context, column, &text[start..end]),
            Cell::Quoted { start, end } => {
                content.clear();
                unquote(&context.dialect, &text[start..end], &mut content);
                shape.add_cell(context, column, &content);
            }
            Cell::Missing => break,
        }
        fields += 1;
        if shape.blank < fields && shape.labels < fields {
            return None;
        }
    }
    fields += usize::from(a_delimiter_follows(context, text, spans[spans.len() - 1]));
    shape.defect(fields, spans.len())
}

/// The row has more fields than spans.
fn a_delimiter_follows(context: &LeafContext, text: &[u8], last: Span) -> bool {
    let after = match last.cell() {
        Cell::Plain { start, end } => {
            let quoted = start > 0 && Some(text[start - 1]) == context.dialect.quote;
            end + usize::from(quoted && text.get(end).copied() == context.dialect.quote)
        }
        Cell::Quoted { end, .. } => end,
        Cell::Missing => return false,
    };
    text[after.min(text.len())..].starts_with(context.dialect.delimiter.as_bytes())
}
