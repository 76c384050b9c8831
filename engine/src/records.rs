//! The fast path: cuts whole records out of a buffer, by looking only at the bytes that can change the
//! automaton's state. Equals [`State::step`](crate::automaton::State::step) byte by byte.
//!
//! Before you change something here: a record that is not complete in the buffer must leave no trace
//! (`rewind`), because it is cut again when more bytes are there; and whether it is complete may depend on one
//! byte more (a quote that may be doubled, a CR that a LF may follow, a delimiter that may go on).

use std::borrow::Cow;

use data_inspector_domain::finding::FindingCode;
use data_inspector_domain::spec::{Dialect, LineEnding};

use crate::ledger::Found;
use crate::simd::{Needles, find_all};

mod batch;
mod quoted;

pub(crate) use batch::{Batch, Cell, Defect, Span};
pub(crate) use quoted::unquote;

/// Bounds a batch of short records of many columns, which has more spans than bytes. Its end changes no result.
const BATCH_SPANS: usize = 1 << 21;

/// Why cutting stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The next record starts at or after the limit, or the file has ended.
    Done,
    /// The next record is not complete in the buffer.
    NeedMore,
    /// The next record is longer than the limit.
    LongRecord,
    /// There may be more records.
    BatchFull,
}

/// A buffer whose first byte starts a record, with the positions of its needles.
#[derive(Clone, Copy)]
pub(crate) struct Buffer<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) positions: &'a [u32],
    /// The file ends with the buffer.
    pub(crate) at_eof: bool,
}

/// What a needle is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Delimiter,
    LineFeed,
    CarriageReturn,
    Quote,
    Other,
}

/// Cuts records of one dialect and width.
pub(crate) struct Cutter {
    dialect: Dialect,
    width: usize,
    record_bytes: usize,
    /// The delimiter, if it is one byte.
    single_delimiter: Option<u8>,
    /// How lines of the file usually end.
    line_ending: Option<LineEnding>,
    kinds: [Kind; 256],
}

/// Where the cutter is in the buffer.
#[derive(Clone, Copy)]
struct At {
    byte: usize,
    /// Index of the first position at or after `byte`.
    position: usize,
}

/// The end of a field.
enum FieldEnd {
    /// A delimiter follows; the next field starts here.
    Field(At),
    /// The record ends.
    Record(LineEnd),
}

/// The end of a record, blank or comment line.
#[derive(Clone, Copy)]
struct LineEnd {
    /// Where the next line starts.
    next: At,
    /// Where the line ending starts; where the file ends, if it has none.
    content_end: usize,
}

impl Cutter {
    pub(crate) fn new(dialect: Dialect, width: usize, record_bytes: usize) -> Self {
        let mut kinds = [Kind::Other; 256];
        if let Some(quote) = dialect.quote {
            kinds[quote as usize] = Kind::Quote;
        }
        kinds[dialect.delimiter.first() as usize] = Kind::Delimiter;
        kinds[b'\n' as usize] = Kind::LineFeed;
        kinds[b'\r' as usize] = Kind::CarriageReturn;
        let single_delimiter = Some(dialect.delimiter.first()).filter(|_| dialect.delimiter.len() == 1);
        Self { dialect, width, record_bytes, single_delimiter, line_ending: None, kinds }
    }

    /// Lines that end in another way are reported.
    pub(crate) fn expecting(self, line_ending: Option<LineEnding>) -> Self {
        Self { line_ending, ..self }
    }

    /// Appends the records that start before `limit` to `batch`. Returns where the next record starts.
    pub(crate) fn cut(&self, buffer: Buffer<'_>, limit: usize, batch: &mut Batch) -> (usize, Stop) {
        let mut at = At { byte: 0, position: 0 };
        while at.byte < limit.min(buffer.bytes.len()) {
            let (spans, defects, quoted_lines) = (batch.spans.len(), batch.defects.len(), batch.quoted_lines);
            if spans >= BATCH_SPANS {
                return (at.byte, Stop::BatchFull);
            }
            match self.cut_line(buffer, at, batch) {
                Some(end) if end.next.byte - at.byte <= self.record_bytes => {
                    self.end_line(buffer, at.byte, end, batch);
                    at = end.next;
                }
                incomplete => {
                    batch.spans.truncate(spans);
                    batch.defects.truncate(defects);
                    batch.quoted_lines = quoted_lines;
                    let long = incomplete.is_some() || buffer.bytes.len() - at.byte > self.record_bytes;
                    if incomplete.is_some() && batch.bounds.last().is_some_and(|bounds| bounds.0 == at.byte) {
                        batch.bounds.pop();
                    }
                    return (at.byte, if long { Stop::LongRecord } else { Stop::NeedMore });
                }
            }
        }
        let done = at.byte >= limit || buffer.at_eof;
        (at.byte, if done { Stop::Done } else { Stop::NeedMore })
    }

    /// Cuts a record, blank line or comment line; `None` if it is not complete.
    fn cut_line(&self, buffer: Buffer<'_>, at: At, batch: &mut Batch) -> Option<LineEnd> {
        let first = buffer.bytes[at.byte];
        match self.kinds[first as usize] {
            Kind::LineFeed | Kind::CarriageReturn => {
                let next = self.after_line_ending(buffer, at)?;
                let (code, at) = (FindingCode::BlankRow, at.byte);
                batch.defects.push(Defect { code, at, row: None, column: None, found: None });
                Some(LineEnd { next, content_end: at })
            }
            _ if Some(first) == self.dialect.comment => self.skip_comment(buffer, at),
            _ => self.cut_record(buffer, at, batch),
        }
    }

    /// Counts how a line ends, and reports it where others end in another way.
    #[inline]
    fn end_line(&self, buffer: Buffer<'_>, start: usize, end: LineEnd, batch: &mut Batch) {
        let LineEnd { next, content_end } = end;
        let row = batch.bounds.len().checked_sub(1).filter(|&row| batch.bounds[row].0 == start);
        let ending = match next.byte - content_end {
            0 => {
                let (code, at) = (FindingCode::MissingFinalLineEnding, content_end);
                batch.defects.push(Defect { code, at, row, column: None, found: None });
                return;
            }
            2 => LineEnding::Crlf,
            _ if buffer.bytes[content_end] == b'\n' => LineEnding::Lf,
            _ => LineEnding::Cr,
        };
        batch.line_endings[ending as usize] += 1;
        if self.line_ending.is_some_and(|usual| usual != ending) {
            let found = Some(Found::LineEnding(ending));
            let (code, at) = (FindingCode::MixedLineEnding, content_end);
            batch.defects.push(Defect { code, at, row, column: None, found });
        }
    }

    fn cut_record(&self, buffer: Buffer<'_>, start: At, batch: &mut Batch) -> Option<LineEnd> {
        let row = batch.bounds.len();
        let (mut at, mut cells, mut first_extra) = (start, 0, 0);
        let end = loop {
            if cells < self.width {
                let plain = self.cut_plain_fields(buffer, at, self.width - cells, &mut batch.spans);
                cells += plain.position - at.position;
                at = plain;
            }
            if cells == self.width {
                first_extra = at.byte;
            }
            let (span, end) = self.cut_field(buffer, at, row, cells, batch)?;
            if cells < self.width {
                batch.spans.push(span);
            }
            cells += 1;
            match end {
                FieldEnd::Field(next) => at = next,
                FieldEnd::Record(end) => break end,
            }
        };
        if cells != self.width {
            self.end_ragged_record(buffer, (start.byte, end), cells, first_extra, batch);
        } else if end.next.byte == end.content_end && ends_in_open_quote(batch, row) {
            batch.defects.push(Defect::of_row(FindingCode::TruncatedLastRecord, end.content_end, row));
        }
        batch.bounds.push((start.byte, end.next.byte));
        Some(end)
    }

    /// Cuts up to `most` fields that have nothing but a delimiter of one byte after them: nearly all are such ones.
    /// Returns where the next field starts.
    #[inline]
    fn cut_plain_fields(&self, buffer: Buffer<'_>, start: At, most: usize, spans: &mut Vec<Span>) -> At {
        let mut at = start;
        let Some(delimiter) = self.single_delimiter else { return at };
        for &end in buffer.positions[start.position..].iter().take(most) {
            let end = end as usize;
            if buffer.bytes[end] != delimiter || Some(buffer.bytes[at.byte]) == self.dialect.quote {
                break;
            }
            spans.push(Span::plain(at.byte, end));
            at = At { byte: end + 1, position: at.position + 1 };
        }
        at
    }

    fn end_ragged_record(
        &self,
        buffer: Buffer<'_>,
        (start, end): (usize, LineEnd),
        cells: usize,
        first_extra: usize,
        batch: &mut Batch,
    ) {
        let row = batch.bounds.len();
        let (code, at) = if cells < self.width {
            batch.spans.extend(std::iter::repeat_n(Span::MISSING, self.width - cells));
            (FindingCode::MissingCell, end.content_end)
        } else {
            (FindingCode::ExtraCell, first_extra)
        };
        let found = Some(Found::Cells(cells as u32));
        batch.defects.push(Defect { found, ..Defect::of_row(code, at, row) });
        if buffer.bytes[start] == b'#' && self.dialect.comment.is_none() {
            batch.defects.push(Defect::of_row(FindingCode::CommentLikeRow, start, row));
        }
        let cut_off = cells < self.width || ends_in_open_quote(batch, row);
        if end.next.byte == end.content_end && cut_off {
            batch.defects.push(Defect::of_row(FindingCode::TruncatedLastRecord, end.content_end, row));
        }
    }

    #[inline]
    fn cut_field(
        &self,
        buffer: Buffer<'_>,
        at: At,
        row: usize,
        column: usize,
        batch: &mut Batch,
    ) -> Option<(Span, FieldEnd)> {
        let opens = buffer.bytes.get(at.byte).is_some_and(|&byte| self.kinds[byte as usize] == Kind::Quote);
        if opens {
            return self.cut_quoted_field(buffer, at, row, column, batch);
        }
        let (end, field_end) = self.find_field_end(buffer, at.position, row, column, &mut batch.defects)?;
        Some((Span::plain(at.byte, end), field_end))
    }

    /// Whether the delimiter is at `at`, where its first byte is; `None` if the buffer does not show it yet.
    #[inline]
    fn is_delimiter(&self, buffer: Buffer<'_>, at: usize) -> Option<bool> {
        if self.dialect.delimiter.len() == 1 {
            return Some(true);
        }
        let delimiter = self.dialect.delimiter.as_bytes();
        let text = &buffer.bytes[at..];
        if text.len() < delimiter.len() && !buffer.at_eof && delimiter.starts_with(text) {
            return None;
        }
        Some(text.starts_with(delimiter))
    }

    /// The first byte of the next field, after the delimiter at `at`.
    #[inline]
    fn after_delimiter(&self, buffer: Buffer<'_>, at: At) -> At {
        let byte = at.byte + self.dialect.delimiter.len();
        let mut position = at.position + 1;
        if self.dialect.delimiter.len() > 1 {
            while buffer.positions.get(position).is_some_and(|&needle| (needle as usize) < byte) {
                position += 1;
            }
        }
        At { byte, position }
    }

    /// The end of unquoted text, from the position with index `position` on; quotes in it are stray.
    #[inline]
    fn find_field_end(
        &self,
        buffer: Buffer<'_>,
        mut position: usize,
        row: usize,
        column: usize,
        defects: &mut Vec<Defect>,
    ) -> Option<(usize, FieldEnd)> {
        loop {
            let Some(&end) = buffer.positions.get(position) else {
                let end = buffer.bytes.len();
                let next = At { byte: end, position };
                let end_of_file = FieldEnd::Record(LineEnd { next, content_end: end });
                return buffer.at_eof.then_some((end, end_of_file));
            };
            let end = end as usize;
            match self.kinds[buffer.bytes[end] as usize] {
                Kind::Delimiter if self.is_delimiter(buffer, end)? => {
                    let next = self.after_delimiter(buffer, At { byte: end, position });
                    return Some((end, FieldEnd::Field(next)));
                }
                Kind::LineFeed | Kind::CarriageReturn => {
                    let next = self.after_line_ending(buffer, At { byte: end, position })?;
                    return Some((end, FieldEnd::Record(LineEnd { next, content_end: end })));
                }
                Kind::Quote => {
                    defects.push(Defect::in_cell(FindingCode::StrayQuote, end, row, column));
                }
                Kind::Delimiter | Kind::Other => {}
            }
            position += 1;
        }
    }

    fn skip_comment(&self, buffer: Buffer<'_>, at: At) -> Option<LineEnd> {
        let mut position = at.position;
        while let Some(&end) = buffer.positions.get(position) {
            if matches!(buffer.bytes[end as usize], b'\n' | b'\r') {
                let content_end = end as usize;
                let next = self.after_line_ending(buffer, At { byte: content_end, position })?;
                return Some(LineEnd { next, content_end });
            }
            position += 1;
        }
        let end = buffer.bytes.len();
        buffer.at_eof.then_some(LineEnd { next: At { byte: end, position }, content_end: end })
    }

    /// Where the next line starts after the LF, CRLF or CR at `at`.
    #[inline]
    fn after_line_ending(&self, buffer: Buffer<'_>, at: At) -> Option<At> {
        let one = At { byte: at.byte + 1, position: at.position + 1 };
        if buffer.bytes[at.byte] == b'\n' {
            return Some(one);
        }
        match buffer.bytes.get(one.byte) {
            None => buffer.at_eof.then_some(one),
            Some(b'\n') => Some(At { byte: one.byte + 1, position: one.position + 1 }),
            Some(_) => Some(one),
        }
    }
}

/// The fields of a record without their quotes, `most` of them at most.
pub(crate) fn fields<'a>(dialect: &Dialect, record: &'a [u8], most: usize) -> Vec<Cow<'a, [u8]>> {
    let dialect = Dialect { comment: None, ..*dialect };
    let mut positions = Vec::new();
    find_all(Needles::new(&dialect), record, 0, &mut positions);
    let mut batch = Batch::default();
    let buffer = Buffer { bytes: record, positions: &positions, at_eof: true };
    let width = most.min(positions.len() + 1);
    Cutter::new(dialect, width, usize::MAX).cut(buffer, 1, &mut batch);
    let content = |span: &Span| match span.cell() {
        Cell::Plain { start, end } => Some(Cow::Borrowed(&record[start..end])),
        Cell::Quoted { start, end } => {
            let mut text = Vec::new();
            unquote(&dialect, &record[start..end], &mut text);
            Some(Cow::Owned(text))
        }
        Cell::Missing => None,
    };
    batch.spans.iter().map_while(content).collect()
}

/// The last cell of the last record is in quotes that do not close.
fn ends_in_open_quote(batch: &Batch, row: usize) -> bool {
    let of_row = batch.defects.iter().rev().take_while(|defect| defect.row == Some(row));
    of_row.into_iter().any(|defect| defect.code == FindingCode::UnclosedQuote)
}
