//! What is counted of the records of a leaf, batch by batch and long record by long record.

use data_inspector_domain::finding::FindingCode;
use data_inspector_domain::spec::LineEnding;

use super::rows::{self, RowShape};
use crate::charset::Charset;
use crate::column::{BatchPlace, BatchText, ColumnCounter, Place as CellPlace};
use crate::ledger::{Found, Ledger, LineCounter, Spot, excerpt};
use crate::long_record::{FieldBuffer, LongRecordEnd, LongRecordSink, Place};
use crate::measure::Offsets;
use crate::partial::{LeafPartial, LeafTotals};
use crate::records::{Batch, Cell, Defect};
use crate::row_facts::{LongRow, RowBatch, RowState};
use crate::scan::LeafContext;
use crate::shift::{self, LongShift};
use crate::suspects::{Traits, for_each_suspect};
use crate::utf8::for_each_ill_formed;

/// What is counted.
pub(super) struct Totals {
    pub(super) leaf: u64,
    columns: Vec<ColumnCounter>,
    ledger: Ledger,
    rows: u64,
    /// Line endings of the leaf so far.
    lines: u64,
    line_endings: [u64; 3],
    row_facts: RowState,
    /// Of the bytes of a batch.
    offsets: Offsets,
    /// Null and missing cells of each row of a batch.
    nulls_of_rows: Vec<u32>,
    /// Of the long record that is being read.
    shape: RowShape,
    /// The same one.
    long_row: LongRow,
    long_shift: LongShift,
}

impl Totals {
    /// Nothing. Up to `queue_len` values of a column wait before they are added to its large tables.
    pub(super) fn new(context: &LeafContext, queue_len: usize) -> Self {
        let counter = || ColumnCounter::new(context.sizes, context.nulls.len(), queue_len);
        Self {
            leaf: 0,
            columns: std::iter::repeat_with(counter).take(context.width).collect(),
            ledger: Ledger::new(context.file_size()),
            rows: 0,
            lines: 0,
            line_endings: [0; 3],
            row_facts: RowState::new(context.file_size(), context.sizes),
            offsets: Offsets::default(),
            nulls_of_rows: Vec::new(),
            shape: RowShape::default(),
            long_row: LongRow::default(),
            long_shift: LongShift::default(),
        }
    }

    /// What was counted, and nothing left.
    pub(super) fn take(&mut self, context: &LeafContext, first_start: Option<u64>) -> LeafPartial {
        let (columns, sequences) = self.columns.iter_mut().map(ColumnCounter::take).unzip();
        let Self { leaf, rows, line_endings, .. } = *self;
        let totals = LeafTotals { leaf, rows, lines: self.lines, line_endings };
        (self.rows, self.lines, self.line_endings) = (0, 0, [0; 3]);
        // Of a long record that was given up.
        (self.shape, self.long_row, self.long_shift) = Default::default();
        let no_rows = RowState::new(context.file_size(), context.sizes);
        let row_facts = Box::new(std::mem::replace(&mut self.row_facts, no_rows));
        LeafPartial { totals, first_start, columns, sequences, row_facts, ledger: self.ledger.take() }
    }

    /// Counts a batch; `text` is what it was cut from, and starts at `offset`. Returns where it ends.
    pub(super) fn count_batch(
        &mut self,
        context: &LeafContext,
        text: &[u8],
        offset: u64,
        batch: &mut Batch,
    ) -> u64 {
        let traits = Traits::of(text);
        let mut offsets = std::mem::take(&mut self.offsets);
        offsets.restart(context.charset.measure(), offset, text);
        self.count_defects(text, &offsets, batch, &batch.defects);
        self.count_defects(text, &offsets, batch, &shift::defects(context, text, batch));
        self.count_defects(text, &offsets, batch, &rows::defects(context, text, batch));
        if traits.control || !traits.ascii {
            self.count_text_defects(context, text, &offsets, batch, traits);
        }
        self.lines += batch.lines();
        let first = CellPlace { offset, leaf: self.leaf, row_in_leaf: self.rows };
        let place = BatchPlace { first, text, offsets: &offsets };
        self.rows += batch.bounds.len() as u64;
        self.line_endings.iter_mut().zip(batch.line_endings).for_each(|(mine, theirs)| *mine += theirs);
        let (raw, mut raw_spans, mut decoded) = (text, Vec::new(), Vec::new());
        let text = match &context.charset {
            Charset::SingleByte(_) if !traits.ascii => {
                raw_spans.clone_from(&batch.spans);
                context.charset.decode_cells(text, &mut batch.spans, &mut decoded);
                &decoded
            }
            _ => text,
        };
        let raw_spans = if raw_spans.is_empty() { &batch.spans } else { &raw_spans };
        let mut nulls_of_rows = std::mem::take(&mut self.nulls_of_rows);
        nulls_of_rows.clear();
        nulls_of_rows.resize(batch.bounds.len(), 0);
        for (column, counter) in self.columns.iter_mut().enumerate() {
            let spans = batch.spans.iter().skip(column).step_by(context.width).copied();
            let raw_span = |row: usize| raw_spans[row * context.width + column];
            let (ascii, nulls_of_rows) = (traits.ascii, &mut nulls_of_rows[..]);
            counter.add_batch(context, BatchText { text, ascii, raw, place, nulls_of_rows }, spans, raw_span);
        }
        self.row_facts.add_batch(&RowBatch { context, text, raw, batch, place, nulls: &nulls_of_rows });
        self.nulls_of_rows = nulls_of_rows;
        self.offsets = offsets;
        self.offsets.end()
    }

    fn count_defects(&mut self, text: &[u8], offsets: &Offsets, batch: &Batch, defects: &[Defect]) {
        if defects.is_empty() {
            return;
        }
        let mut followers = [0; FindingCode::ALL.len()];
        defects.iter().for_each(|defect| followers[defect.code as usize] += 1);
        let mut lines = LinesTo::new(self.lines, text);
        for defect in defects {
            let (leaf, rows) = (self.leaf, self.rows);
            followers[defect.code as usize] -= 1;
            let spot = || spot(leaf, rows, text, batch, defect, lines.at(defect.at));
            let offset = offsets.of(text, defect.at);
            self.ledger.add(defect.code, offset, followers[defect.code as usize], spot);
        }
    }

    /// Defects of the text whatever the cells are.
    fn count_text_defects(
        &mut self,
        context: &LeafContext,
        text: &[u8],
        offsets: &Offsets,
        batch: &Batch,
        traits: Traits,
    ) {
        let mut places = Vec::new();
        let looked_at = Traits { ascii: traits.ascii || !context.charset.is_unicode(), ..traits };
        for_each_suspect(text, looked_at, |code, at| places.push((code, at)));
        context.charset.for_each_undecodable(text, |at| places.push((FindingCode::UndecodableByte, at)));
        let is_utf8 = matches!(context.charset, Charset::Utf8);
        if is_utf8 && !traits.ascii && simdutf8::basic::from_utf8(text).is_err() {
            for_each_ill_formed(text, |at| places.push((FindingCode::InvalidUtf8, at)));
        }
        let mut followers = [0; FindingCode::ALL.len()];
        places.iter().for_each(|&(code, _)| followers[code as usize] += 1);
        let mut lines = LinesTo::new(self.lines, text);
        for (code, at) in places {
            let (leaf, rows) = (self.leaf, self.rows);
            followers[code as usize] -= 1;
            self.ledger.add(code, offsets.of(text, at), followers[code as usize], || {
                let after = batch.bounds.partition_point(|&(start, _)| start <= at);
                let row = after.checked_sub(1).filter(|&row| at < batch.bounds[row].1);
                let column = row.and_then(|row| column_at(context.width, batch, row, at));
                spot(leaf, rows, text, batch, &Defect { code, at, row, column, found: None }, lines.at(at))
            });
        }
    }

    pub(super) fn sink<'a>(&'a mut self, context: &'a LeafContext) -> TotalsSink<'a> {
        TotalsSink { totals: self, context }
    }

    /// Counts a long record whose fields have gone into the [`sink`](Self::sink).
    pub(super) fn end_long_record(&mut self, context: &LeafContext, end: &LongRecordEnd) {
        let (shape, width) = (std::mem::take(&mut self.shape), context.width);
        let mut row = std::mem::take(&mut self.long_row);
        let shift = std::mem::take(&mut self.long_shift);
        self.end_long_line(context, end);
        if end.is_comment {
            self.lines += end.lines;
            return;
        }
        let found = Some(Found::Cells(end.fields as u32));
        match (end.fields.cmp(&width), end.first_extra) {
            (std::cmp::Ordering::Less, _) => {
                self.add_of_row(FindingCode::MissingCell, end.content_end, found, end);
            }
            (std::cmp::Ordering::Greater, Some(first_extra)) => {
                self.add_of_row(FindingCode::ExtraCell, first_extra, found, end);
            }
            _ => {}
        }
        if let Some((column, (offset, lines))) = shift.first_misplaced(context) {
            let (leaf, rows, line_in_leaf) = (self.leaf, self.rows, self.lines + lines);
            let (row_in_leaf, column, excerpt) = (Some(rows), Some(column as u32), &end.excerpt[..]);
            let spot = || Spot { leaf, row_in_leaf, line_in_leaf, column, found, excerpt };
            self.ledger.add(FindingCode::ColumnShift, offset, 0, spot);
        }
        if end.fields != width && end.first_byte == b'#' && context.dialect.comment.is_none() {
            self.add_of_row(FindingCode::CommentLikeRow, (end.start, 0), None, end);
        }
        if end.line_ending.is_none() && (end.fields < width || end.in_open_quote) {
            self.add_of_row(FindingCode::TruncatedLastRecord, end.content_end, None, end);
        }
        if let Some(code) = shape.defect(end.fields, width) {
            self.add_of_row(code, (end.start, 0), None, end);
        }
        self.columns.iter_mut().skip(end.fields).for_each(ColumnCounter::add_missing);
        let place = CellPlace { offset: end.start, leaf: self.leaf, row_in_leaf: self.rows };
        row.fill(width);
        self.row_facts.add_long(end.hash, place, row);
        self.rows += 1;
        self.lines += end.lines;
    }

    fn end_long_line(&mut self, context: &LeafContext, end: &LongRecordEnd) {
        match end.line_ending {
            None => self.add_of_row(FindingCode::MissingFinalLineEnding, end.content_end, None, end),
            Some(ending) => {
                self.line_endings[ending as usize] += 1;
                if context.line_ending.is_some_and(|usual: LineEnding| usual != ending) {
                    let found = Some(Found::LineEnding(ending));
                    self.add_of_row(FindingCode::MixedLineEnding, end.content_end, found, end);
                }
            }
        }
    }

    fn add_of_row(
        &mut self,
        code: FindingCode,
        (byte_offset, lines): (u64, u64),
        found: Option<Found>,
        end: &LongRecordEnd,
    ) {
        let row_in_leaf = (!end.is_comment).then_some(self.rows);
        let (leaf, line_in_leaf) = (self.leaf, self.lines + lines);
        let excerpt = if end.is_comment { &[][..] } else { &end.excerpt };
        let spot = || Spot { leaf, row_in_leaf, line_in_leaf, column: None, found, excerpt };
        self.ledger.add(code, byte_offset, 0, spot);
    }
}

/// The column of the record that the byte at `at` is in, if it is not past the last one.
fn column_at(width: usize, batch: &Batch, row: usize, at: usize) -> Option<usize> {
    batch.spans[row * width..][..width].iter().position(|span| match span.cell() {
        Cell::Plain { start, end } | Cell::Quoted { start, end } => (start..end).contains(&at),
        Cell::Missing => false,
    })
}

/// Lines of the leaf before places of a text; goes on from place to place where they ascend.
struct LinesTo<'a> {
    before: u64,
    text: &'a [u8],
    /// Of the text, up to `counted_to`.
    lines: LineCounter,
    counted_to: usize,
}

impl<'a> LinesTo<'a> {
    fn new(before: u64, text: &'a [u8]) -> Self {
        Self { before, text, lines: LineCounter::default(), counted_to: 0 }
    }

    fn at(&mut self, place: usize) -> u64 {
        // An extra cell is reported where it starts, before the stray quotes that follow it were found.
        if place < self.counted_to {
            (self.lines, self.counted_to) = (LineCounter::default(), 0);
        }
        self.lines.advance(&self.text[self.counted_to..place]);
        self.counted_to = place;
        self.before + self.lines.lines
    }
}

fn spot<'a>(
    leaf: u64,
    rows: u64,
    text: &'a [u8],
    batch: &Batch,
    defect: &Defect,
    line_in_leaf: u64,
) -> Spot<'a> {
    let excerpt = defect.row.map_or(&[][..], |row| {
        let (start, end) = batch.bounds[row];
        excerpt(&text[start..end], defect.at - start)
    });
    Spot {
        leaf,
        row_in_leaf: defect.row.map(|row| rows + row as u64),
        line_in_leaf,
        column: defect.column.map(|column| column as u32),
        found: defect.found,
        excerpt,
    }
}

pub(super) struct TotalsSink<'a> {
    totals: &'a mut Totals,
    context: &'a LeafContext,
}

impl LongRecordSink for TotalsSink<'_> {
    fn field(&mut self, column: usize, (offset, lines): (u64, u64), field: &FieldBuffer) {
        self.totals.shape.add(self.context, column, field);
        self.totals.long_shift.add(self.context, (offset, lines), field);
        let place = CellPlace { offset, leaf: self.totals.leaf, row_in_leaf: self.totals.rows };
        let Some(counter) = self.totals.columns.get_mut(column) else { return };
        self.totals.long_row.add(&self.context.nulls, field);
        if field.is_long() {
            counter.add_long((&field.head, &field.tail), field.len, field.chars, place);
        } else {
            counter.add(&self.context.nulls, &field.head, place);
        }
    }

    fn defect(&mut self, code: FindingCode, place: Place<'_>) {
        let totals = &mut *self.totals;
        // The fast path looks at the text after the cells are cut, and keeps no extra cells.
        let width = totals.columns.len();
        let column = place.column.filter(|&column| !is_of_text(code) || column < width);
        let (leaf, rows, lines) = (totals.leaf, totals.rows, totals.lines);
        totals.ledger.add(code, place.offset, 0, || Spot {
            leaf,
            row_in_leaf: place.column.map(|_| rows),
            line_in_leaf: lines + place.lines,
            column: column.map(|column| column as u32),
            found: place.found,
            excerpt: place.excerpt,
        });
    }
}

/// Found by looking at the text, not at cells.
fn is_of_text(code: FindingCode) -> bool {
    matches!(
        code,
        FindingCode::InvalidUtf8
            | FindingCode::UndecodableByte
            | FindingCode::MisplacedByteOrderMark
            | FindingCode::ReplacementCharacter
            | FindingCode::Mojibake
            | FindingCode::NulByte
            | FindingCode::ControlCharacter
    )
}
