//! Counts the records that start in a leaf, from its first record on: buffers bytes until records are
//! complete, has them cut in batches, and counts column by column.

use std::sync::Arc;

use data_inspector_domain::finding::FindingCode;

use crate::column::{ColumnCounter, NullSpellings};
use crate::ledger::{Ledger, LineCounter, Spot, excerpt};
use crate::long_record::{FieldBuffer, LongRecord, LongRecordEnd, LongRecordSink, Place};
use crate::partial::{LeafPartial, LeafTotals};
use crate::records::{Batch, Buffer, Cell, Cutter, Defect, Stop};
use crate::scan::LeafContext;
use crate::simd::{Needles, find_all};
use crate::utf8::for_each_ill_formed;

/// Bytes taken into the buffer before records are cut: small enough for the second-level cache.
const PIECE_BYTES: usize = 128 << 10;

/// Values of all columns that may wait to be added to the large tables of their columns: so many of one column at
/// once that its tables are fetched into the cache for many of them.
const QUEUED_VALUES: usize = 1 << 18;
/// Of one column: more would not make it faster.
const MOST_QUEUED_VALUES: usize = 1 << 14;

/// Counts the records of one leaf at a time; keeps its memory from leaf to leaf.
pub struct LeafCounter {
    context: Arc<LeafContext>,
    cutter: Cutter,
    needles: Needles,
    totals: Totals,
    /// End of the leaf in the file.
    leaf_end: u64,
    /// Bytes from the start of the next record on, the first at `offset`.
    buffer: Vec<u8>,
    offset: u64,
    positions: Vec<u32>,
    /// Cutting is tried again when the buffer has this length.
    retry_len: usize,
    batch: Batch,
    long: Option<LongRecord>,
    /// A record ended in a CR and the next byte is not known yet.
    after_cr: bool,
    done: bool,
}

/// What is counted.
struct Totals {
    leaf: u64,
    columns: Vec<ColumnCounter>,
    ledger: Ledger,
    rows: u64,
    lines: LineCounter,
}

impl LeafCounter {
    /// A counter for leaves of this file.
    pub fn new(context: &Arc<LeafContext>) -> Self {
        let queue_len = (QUEUED_VALUES / context.width.max(1)).min(MOST_QUEUED_VALUES);
        let counter = || ColumnCounter::new(context.sizes, context.nulls.len(), queue_len);
        Self {
            context: Arc::clone(context),
            cutter: Cutter::new(context.dialect, context.width, context.limits.record_bytes as usize),
            needles: Needles::new(&context.dialect),
            totals: Totals {
                leaf: 0,
                columns: std::iter::repeat_with(counter).take(context.width).collect(),
                ledger: Ledger::new(context.file_size()),
                rows: 0,
                lines: LineCounter::default(),
            },
            leaf_end: 0,
            buffer: Vec::new(),
            offset: 0,
            positions: Vec::new(),
            retry_len: 0,
            batch: Batch::default(),
            long: None,
            after_cr: false,
            done: false,
        }
    }

    /// The next byte to be fed is at `offset` and starts the first record of `leaf`.
    pub(crate) fn begin(&mut self, leaf: u64, offset: u64, leaf_end: u64) {
        self.totals.leaf = leaf;
        self.leaf_end = leaf_end;
        self.offset = offset;
        self.buffer.clear();
        self.positions.clear();
        self.retry_len = 0;
        self.long = None;
        self.after_cr = false;
        self.done = offset >= leaf_end;
    }

    /// All records that start in the leaf are counted.
    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(PIECE_BYTES) {
            if self.done {
                return;
            }
            self.feed_piece(piece);
        }
    }

    /// The file ends here.
    pub(crate) fn feed_end(&mut self) {
        while !self.done {
            self.after_cr = false;
            match self.long.take() {
                Some(mut long) => {
                    let end = long.finish(&mut self.totals.sink(&self.context.nulls));
                    self.totals.end_long_record(self.context.width, &end);
                    self.done = true;
                }
                None => self.cut_buffer(AtEof::Yes),
            }
        }
    }

    /// What was counted, and nothing left.
    pub(crate) fn take(&mut self, first_start: Option<u64>) -> LeafPartial {
        let totals = &mut self.totals;
        let (columns, frequent) = totals.columns.iter_mut().map(ColumnCounter::take).unzip();
        let counted = LeafTotals { leaf: totals.leaf, rows: totals.rows, lines: totals.lines.lines };
        totals.rows = 0;
        totals.lines = LineCounter::default();
        LeafPartial { totals: counted, first_start, columns, frequent, ledger: totals.ledger.take() }
    }

    fn feed_piece(&mut self, piece: &[u8]) {
        let mut piece = piece;
        if let Some(mut long) = self.long.take() {
            match long.feed(piece, &mut self.totals.sink(&self.context.nulls)) {
                None => {
                    self.long = Some(long);
                    self.offset += piece.len() as u64;
                    return;
                }
                Some((taken, end)) => {
                    self.totals.end_long_record(self.context.width, &end);
                    self.after_cr = piece[taken - 1] == b'\r';
                    self.offset += taken as u64;
                    piece = &piece[taken..];
                }
            }
        }
        piece = self.skip_rest_of_crlf(piece);
        let indexed = self.buffer.len();
        self.buffer.extend_from_slice(piece);
        find_all(self.needles, piece, indexed as u32, &mut self.positions);
        if self.buffer.len() >= self.retry_len {
            self.cut_buffer(AtEof::No);
        }
    }

    /// After a long record that ended in a CR: a LF belongs to it.
    fn skip_rest_of_crlf<'a>(&mut self, piece: &'a [u8]) -> &'a [u8] {
        if !self.after_cr || piece.is_empty() {
            return piece;
        }
        self.after_cr = false;
        // The line was counted at its CR.
        let skipped = usize::from(piece[0] == b'\n');
        self.offset += skipped as u64;
        self.done = self.offset >= self.leaf_end;
        &piece[skipped..]
    }

    fn cut_buffer(&mut self, at_eof: AtEof) {
        if self.after_cr && self.buffer.is_empty() {
            return;
        }
        loop {
            match self.count_next_batch(at_eof) {
                Stop::BatchFull => {}
                Stop::Done => return self.done = true,
                Stop::NeedMore => return self.retry_len = 2 * self.buffer.len(),
                Stop::LongRecord => return self.start_long_record(),
            }
        }
    }

    fn count_next_batch(&mut self, at_eof: AtEof) -> Stop {
        self.batch.clear();
        let limit = self.leaf_end.saturating_sub(self.offset) as usize;
        let buffer =
            Buffer { bytes: &self.buffer, positions: &self.positions, at_eof: matches!(at_eof, AtEof::Yes) };
        let (cut, stop) = self.cutter.cut(buffer, limit, &mut self.batch);
        self.totals.count_batch(&self.context, &self.buffer[..cut], self.offset, &self.batch);
        self.drop_front(cut);
        stop
    }

    fn drop_front(&mut self, count: usize) {
        self.offset += count as u64;
        self.buffer.drain(..count);
        let gone = self.positions.partition_point(|&position| (position as usize) < count);
        self.positions.drain(..gone);
        self.positions.iter_mut().for_each(|position| *position -= count as u32);
        self.retry_len = 0;
    }

    fn start_long_record(&mut self) {
        self.long =
            Some(LongRecord::new(self.context.dialect, self.context.limits, self.offset, self.context.width));
        self.positions.clear();
        let buffered = std::mem::take(&mut self.buffer);
        self.feed(&buffered);
    }
}

#[derive(Clone, Copy)]
enum AtEof {
    Yes,
    No,
}

impl Totals {
    /// Counts a batch; `text` is what it was cut from, and starts at `offset`.
    fn count_batch(&mut self, context: &LeafContext, text: &[u8], offset: u64, batch: &Batch) {
        let ascii = text.is_ascii();
        self.count_defects(text, offset, batch);
        if !ascii && simdutf8::basic::from_utf8(text).is_err() {
            self.count_ill_formed(context, text, offset, batch);
        }
        self.lines.advance(text);
        self.rows += batch.bounds.len() as u64;
        for (column, counter) in self.columns.iter_mut().enumerate() {
            let spans = batch.spans.iter().skip(column).step_by(context.width).copied();
            counter.add_batch(&context.nulls, &context.dialect, (text, ascii), spans);
        }
    }

    fn count_defects(&mut self, text: &[u8], offset: u64, batch: &Batch) {
        let mut followers = [0; FindingCode::ALL.len()];
        batch.defects.iter().for_each(|defect| followers[defect.code as usize] += 1);
        let mut lines = LinesTo::new(self.lines, text);
        for defect in &batch.defects {
            let (leaf, rows) = (self.leaf, self.rows);
            followers[defect.code as usize] -= 1;
            let spot = || spot(leaf, rows, text, batch, defect, lines.at(defect.at));
            self.ledger.add(defect.code, offset + defect.at as u64, followers[defect.code as usize], spot);
        }
    }

    fn count_ill_formed(&mut self, context: &LeafContext, text: &[u8], offset: u64, batch: &Batch) {
        let code = FindingCode::InvalidUtf8;
        let mut places = Vec::new();
        for_each_ill_formed(text, |at| places.push(at));
        let mut lines = LinesTo::new(self.lines, text);
        for (index, &at) in places.iter().enumerate() {
            let (leaf, rows) = (self.leaf, self.rows);
            self.ledger.add(code, offset + at as u64, places.len() - 1 - index, || {
                let after = batch.bounds.partition_point(|&(start, _)| start <= at);
                let row = after.checked_sub(1).filter(|&row| at < batch.bounds[row].1);
                let column = row.and_then(|row| column_at(context.width, batch, row, at));
                let defect = Defect { code, at, row, column, cells: None };
                spot(leaf, rows, text, batch, &defect, lines.at(at))
            });
        }
    }

    fn sink<'a>(&'a mut self, nulls: &'a NullSpellings) -> TotalsSink<'a> {
        TotalsSink { totals: self, nulls }
    }

    fn end_long_record(&mut self, width: usize, end: &LongRecordEnd) {
        if end.is_comment {
            self.lines.lines += end.lines;
            return;
        }
        let code = match end.fields.cmp(&width) {
            std::cmp::Ordering::Less => Some((FindingCode::MissingCell, end.content_end)),
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some((
                FindingCode::ExtraCell,
                end.watched_start.expect("a record with extra cells has the first one"),
            )),
        };
        if let Some((code, (byte_offset, lines))) = code {
            let (leaf, rows, lines) = (self.leaf, self.rows, self.lines.lines + lines);
            self.ledger.add(code, byte_offset, 0, || Spot {
                leaf,
                row_in_leaf: Some(rows),
                line_in_leaf: lines,
                column: None,
                cells: Some(end.fields as u32),
                excerpt: &end.excerpt,
            });
        }
        self.columns.iter_mut().skip(end.fields).for_each(ColumnCounter::add_missing);
        self.rows += 1;
        self.lines.lines += end.lines;
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
    before: LineCounter,
    text: &'a [u8],
    lines: LineCounter,
    counted_to: usize,
}

impl<'a> LinesTo<'a> {
    fn new(before: LineCounter, text: &'a [u8]) -> Self {
        Self { before, text, lines: before, counted_to: 0 }
    }

    fn at(&mut self, place: usize) -> u64 {
        // An extra cell is reported where it starts, before the stray quotes that follow it were found.
        if place < self.counted_to {
            (self.lines, self.counted_to) = (self.before, 0);
        }
        self.lines.advance(&self.text[self.counted_to..place]);
        self.counted_to = place;
        self.lines.lines
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
        cells: defect.cells.map(|cells| cells as u32),
        excerpt,
    }
}

struct TotalsSink<'a> {
    totals: &'a mut Totals,
    nulls: &'a NullSpellings,
}

impl LongRecordSink for TotalsSink<'_> {
    fn field(&mut self, column: usize, _start: (u64, u64), field: &FieldBuffer) {
        let Some(counter) = self.totals.columns.get_mut(column) else { return };
        if field.is_long() {
            counter.add_long(&field.head, &field.tail, field.len, field.chars);
        } else {
            counter.add(self.nulls, &field.head);
        }
    }

    fn defect(&mut self, code: FindingCode, place: Place<'_>) {
        let totals = &mut *self.totals;
        // The fast path looks for ill-formed bytes after the cells are cut, and keeps no extra cells.
        let width = totals.columns.len();
        let column = place.column.filter(|&column| code != FindingCode::InvalidUtf8 || column < width);
        let (leaf, rows, lines) = (totals.leaf, totals.rows, totals.lines.lines);
        totals.ledger.add(code, place.offset, 0, || Spot {
            leaf,
            row_in_leaf: place.column.map(|_| rows),
            line_in_leaf: lines + place.lines,
            column: column.map(|column| column as u32),
            cells: None,
            excerpt: place.excerpt,
        });
    }
}
