//! The fast path: cuts whole records out of a buffer, by looking only at the bytes that can change the
//! automaton's state. Equals [`State::step`](crate::automaton::State::step) byte by byte.
//!
//! Before you change something here: a record that is not complete in the buffer must leave no trace
//! (`rewind`), because it is cut again when more bytes are there; and whether it is complete may depend on one
//! byte more (a quote that may be doubled, a CR that a LF may follow).

use data_inspector_domain::finding::FindingCode;
use data_inspector_domain::spec::Dialect;

use crate::automaton::State;

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
    const MISSING: Self = Self { start: u32::MAX, len_and_quoted: u32::MAX };

    fn plain(start: usize, end: usize) -> Self {
        Self { start: start as u32, len_and_quoted: (end - start) as u32 }
    }

    fn quoted(start: usize, end: usize) -> Self {
        Self { start: start as u32, len_and_quoted: (end - start) as u32 | STILL_QUOTED }
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
    pub(crate) cells: Option<usize>,
}

/// Records cut out of a buffer: `width` spans each.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) spans: Vec<Span>,
    /// Start and end of each record in the buffer.
    pub(crate) bounds: Vec<(usize, usize)>,
    pub(crate) defects: Vec<Defect>,
}

impl Batch {
    pub(crate) fn clear(&mut self) {
        self.spans.clear();
        self.bounds.clear();
        self.defects.clear();
    }
}

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
    /// The record ends; the next one starts here. `content_end` is where its last field ended.
    Record { next: At, content_end: usize },
}

impl Cutter {
    pub(crate) fn new(dialect: Dialect, width: usize, record_bytes: usize) -> Self {
        let mut kinds = [Kind::Other; 256];
        if let Some(quote) = dialect.quote {
            kinds[quote as usize] = Kind::Quote;
        }
        kinds[dialect.delimiter as usize] = Kind::Delimiter;
        kinds[b'\n' as usize] = Kind::LineFeed;
        kinds[b'\r' as usize] = Kind::CarriageReturn;
        Self { dialect, width, record_bytes, kinds }
    }

    /// Appends the records that start before `limit` to `batch`. Returns where the next record starts.
    pub(crate) fn cut(&self, buffer: Buffer<'_>, limit: usize, batch: &mut Batch) -> (usize, Stop) {
        let mut at = At { byte: 0, position: 0 };
        while at.byte < limit.min(buffer.bytes.len()) {
            let (spans, defects) = (batch.spans.len(), batch.defects.len());
            if spans >= BATCH_SPANS {
                return (at.byte, Stop::BatchFull);
            }
            match self.cut_line(buffer, at, batch) {
                Some(next) if next.byte - at.byte <= self.record_bytes => at = next,
                incomplete => {
                    batch.spans.truncate(spans);
                    batch.defects.truncate(defects);
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
    fn cut_line(&self, buffer: Buffer<'_>, at: At, batch: &mut Batch) -> Option<At> {
        let first = buffer.bytes[at.byte];
        match self.kinds[first as usize] {
            Kind::LineFeed | Kind::CarriageReturn => {
                let next = self.after_line_ending(buffer, at)?;
                let (code, at) = (FindingCode::BlankRow, at.byte);
                batch.defects.push(Defect { code, at, row: None, column: None, cells: None });
                Some(next)
            }
            _ if Some(first) == self.dialect.comment => self.skip_comment(buffer, at),
            _ => self.cut_record(buffer, at, batch),
        }
    }

    fn cut_record(&self, buffer: Buffer<'_>, start: At, batch: &mut Batch) -> Option<At> {
        let row = batch.bounds.len();
        let (mut at, mut cells, mut first_extra) = (start, 0, 0);
        let (next, content_end) = loop {
            if cells == self.width {
                first_extra = at.byte;
            }
            let (span, end) = self.cut_field(buffer, at, row, cells, &mut batch.defects)?;
            if cells < self.width {
                batch.spans.push(span);
            }
            cells += 1;
            match end {
                FieldEnd::Field(next) => at = next,
                FieldEnd::Record { next, content_end } => break (next, content_end),
            }
        };
        if cells != self.width {
            let (code, at) = if cells < self.width {
                batch.spans.extend(std::iter::repeat_n(Span::MISSING, self.width - cells));
                (FindingCode::MissingCell, content_end)
            } else {
                (FindingCode::ExtraCell, first_extra)
            };
            batch.defects.push(Defect { code, at, row: Some(row), column: None, cells: Some(cells) });
        }
        batch.bounds.push((start.byte, next.byte));
        Some(next)
    }

    #[inline]
    fn cut_field(
        &self,
        buffer: Buffer<'_>,
        at: At,
        row: usize,
        column: usize,
        defects: &mut Vec<Defect>,
    ) -> Option<(Span, FieldEnd)> {
        let opens = buffer.bytes.get(at.byte).is_some_and(|&byte| self.kinds[byte as usize] == Kind::Quote);
        if opens {
            return self.cut_quoted_field(buffer, at, row, column, defects);
        }
        let (end, field_end) = self.find_field_end(buffer, at.position, row, column, defects)?;
        Some((Span::plain(at.byte, end), field_end))
    }

    fn cut_quoted_field(
        &self,
        buffer: Buffer<'_>,
        at: At,
        row: usize,
        column: usize,
        defects: &mut Vec<Defect>,
    ) -> Option<(Span, FieldEnd)> {
        let mut report = |code, at| {
            defects.push(Defect { code, at, row: Some(row), column: Some(column), cells: None });
        };
        let Closing { quote_at, position, doubled } = match self.find_closing_quote(buffer, at)? {
            Some(closing) => closing,
            None => {
                report(FindingCode::UnclosedQuote, at.byte);
                let end = buffer.bytes.len();
                let next = At { byte: end, position: buffer.positions.len() };
                return Some((Span::quoted(at.byte, end), FieldEnd::Record { next, content_end: end }));
            }
        };
        let after = quote_at + 1;
        let text_follows = match buffer.bytes.get(after) {
            None => false,
            Some(&byte) => {
                !matches!(self.kinds[byte as usize], Kind::Delimiter | Kind::LineFeed | Kind::CarriageReturn)
            }
        };
        if text_follows {
            report(FindingCode::TextAfterClosingQuote, after);
        }
        let (end, field_end) = self.find_field_end(buffer, position, row, column, defects)?;
        let span = if text_follows || doubled {
            Span::quoted(at.byte, end)
        } else {
            Span::plain(at.byte + 1, quote_at)
        };
        Some((span, field_end))
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
                return buffer.at_eof.then_some((end, FieldEnd::Record { next, content_end: end }));
            };
            let end = end as usize;
            match self.kinds[buffer.bytes[end] as usize] {
                Kind::Delimiter => {
                    return Some((end, FieldEnd::Field(At { byte: end + 1, position: position + 1 })));
                }
                Kind::LineFeed | Kind::CarriageReturn => {
                    let next = self.after_line_ending(buffer, At { byte: end, position })?;
                    return Some((end, FieldEnd::Record { next, content_end: end }));
                }
                Kind::Quote => {
                    let code = FindingCode::StrayQuote;
                    defects.push(Defect { code, at: end, row: Some(row), column: Some(column), cells: None });
                }
                Kind::Other => {}
            }
            position += 1;
        }
    }

    /// The quote that closes the field that `at` opens: `None` if the buffer does not show it yet, `Some(None)` if
    /// the file ends before it.
    fn find_closing_quote(&self, buffer: Buffer<'_>, at: At) -> Option<Option<Closing>> {
        let mut position = at.position + 1;
        let mut doubled = false;
        loop {
            let Some(&found) = buffer.positions.get(position) else {
                return buffer.at_eof.then_some(None);
            };
            let found = found as usize;
            let byte = buffer.bytes[found];
            let escapes = Some(byte) == self.dialect.escape && Some(byte) != self.dialect.quote;
            position += 1;
            if !escapes && self.kinds[byte as usize] != Kind::Quote {
                continue;
            }
            let next = buffer.bytes.get(found + 1);
            if next.is_none() && !buffer.at_eof {
                return None;
            }
            if !escapes && next != Some(&byte) {
                return Some(Some(Closing { quote_at: found, position, doubled }));
            }
            // A doubled quote, or an escape: the next byte is content, whatever it is.
            doubled = true;
            position += usize::from(buffer.positions.get(position) == Some(&(found as u32 + 1)));
        }
    }

    fn skip_comment(&self, buffer: Buffer<'_>, at: At) -> Option<At> {
        let mut position = at.position;
        while let Some(&end) = buffer.positions.get(position) {
            if matches!(buffer.bytes[end as usize], b'\n' | b'\r') {
                return self.after_line_ending(buffer, At { byte: end as usize, position });
            }
            position += 1;
        }
        buffer.at_eof.then_some(At { byte: buffer.bytes.len(), position })
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

struct Closing {
    quote_at: usize,
    /// Index of the first position after the quote.
    position: usize,
    /// Quotes are doubled or escaped in the field.
    doubled: bool,
}

/// Appends the content of a field to `content`: `raw` starts with its opening quote and goes on to its end.
pub(crate) fn unquote(dialect: &Dialect, raw: &[u8], content: &mut Vec<u8>) {
    let mut state = State::Quoted;
    for &byte in &raw[1..] {
        let next = match state {
            // Outside of quotes everything up to the end of the field is content.
            State::Unquoted => State::Unquoted,
            State::Quoted | State::QuoteInQuoted | State::Escaped => state.step(dialect, byte),
            State::RecordStart | State::FieldStart | State::AfterCr | State::Comment => {
                unreachable!("a field ends before its delimiter")
            }
        };
        if next != State::QuoteInQuoted && next != State::Escaped {
            content.push(byte);
        }
        state = next;
    }
}
