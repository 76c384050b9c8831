//! The slow path: a record of more bytes than the limit, read in pieces and
//! never held whole. A field of more bytes than the limit is kept as head, tail and length.

use data_inspector_domain::finding::FindingCode;
use data_inspector_domain::spec::{Dialect, LengthLimits};

use crate::automaton::State;
use crate::column::count_chars;
use crate::lanes::find_quote_or_escape;
use crate::ledger::LineCounter;
use crate::limits::{EXCERPT_BYTES, LONG_FIELD_KEEP_BYTES};
use crate::utf8::Utf8Stream;

/// What a [`LongRecord`] tells while it is read.
pub(crate) trait LongRecordSink {
    /// A field has ended; `start` is its file offset and the lines of the record before it.
    fn field(&mut self, column: usize, start: (u64, u64), field: &FieldBuffer);
    /// A defect was found at a file offset, `lines` lines after the record's start.
    fn defect(&mut self, code: FindingCode, place: Place<'_>);
}

/// Where a defect of a long record is.
pub(crate) struct Place<'a> {
    pub(crate) offset: u64,
    /// Lines of the record before it.
    pub(crate) lines: u64,
    /// The column; `None` in a comment.
    pub(crate) column: Option<usize>,
    /// The bytes before it, or the first of its field.
    pub(crate) excerpt: &'a [u8],
}

/// The content of a field, or what is kept of it.
pub(crate) struct FieldBuffer {
    /// The whole content while it is not long, else its head.
    pub(crate) head: Vec<u8>,
    /// The last bytes of a long field.
    pub(crate) tail: Vec<u8>,
    pub(crate) len: u64,
    pub(crate) chars: u64,
    /// A field of more bytes is long.
    limit: u64,
}

impl FieldBuffer {
    fn new(limit: u64) -> Self {
        Self { head: Vec::new(), tail: Vec::new(), len: 0, chars: 0, limit }
    }

    pub(crate) fn is_long(&self) -> bool {
        self.len > self.limit
    }

    fn push(&mut self, bytes: &[u8]) {
        self.len += bytes.len() as u64;
        self.chars += count_chars(bytes);
        if !self.is_long() {
            self.head.extend_from_slice(bytes);
            return;
        }
        let keep = LONG_FIELD_KEEP_BYTES.min(self.limit as usize);
        if self.tail.is_empty() {
            self.tail.extend_from_slice(&self.head[self.head.len().saturating_sub(keep)..]);
            let missing = keep.saturating_sub(self.head.len());
            self.head.extend_from_slice(&bytes[..missing]);
            self.head.truncate(keep);
        }
        keep_last(&mut self.tail, bytes, keep);
    }

    fn clear(&mut self) {
        self.head.clear();
        self.tail.clear();
        (self.len, self.chars) = (0, 0);
    }
}

/// A record that is being read.
pub(crate) struct LongRecord {
    dialect: Dialect,
    state: State,
    offset: u64,
    lines: LineCounter,
    utf8: Utf8Stream,
    /// Fields that have ended.
    pub(crate) fields: usize,
    field: FieldBuffer,
    /// Where the field that is being read starts, and the lines before it.
    field_start: (u64, u64),
    watched: usize,
    watched_start: Option<(u64, u64)>,
    is_comment: bool,
    /// The last bytes, a few more than an excerpt shows.
    recent: Vec<u8>,
}

/// Bytes a sequence can have when it turns out to be ill-formed, less one.
const OPEN_SEQUENCE_BYTES: usize = 3;

/// How a long record ended.
pub(crate) struct LongRecordEnd {
    /// It was a comment line, not a record.
    pub(crate) is_comment: bool,
    pub(crate) fields: usize,
    pub(crate) lines: u64,
    /// Offset of the line ending, or the end of the file, and the lines of the record before it.
    pub(crate) content_end: (u64, u64),
    /// Offset of the watched field and the lines before it, if the record has it.
    pub(crate) watched_start: Option<(u64, u64)>,
    /// The last bytes of the record.
    pub(crate) excerpt: Vec<u8>,
}

impl LongRecord {
    /// At the first byte of a record; `watched` is a column whose start the caller wants to know.
    pub(crate) fn new(dialect: Dialect, limits: LengthLimits, offset: u64, watched: usize) -> Self {
        Self {
            dialect,
            state: State::RecordStart,
            offset,
            lines: LineCounter::default(),
            utf8: Utf8Stream::default(),
            fields: 0,
            field: FieldBuffer::new(u64::from(limits.field_bytes)),
            field_start: (offset, 0),
            watched,
            watched_start: None,
            is_comment: false,
            recent: Vec::new(),
        }
    }

    /// Takes bytes of the record; when it ends, returns how many of them, its line ending included except for
    /// the LF of a CRLF, belong to it.
    pub(crate) fn feed(
        &mut self,
        bytes: &[u8],
        sink: &mut impl LongRecordSink,
    ) -> Option<(usize, LongRecordEnd)> {
        let mut at = 0;
        while at < bytes.len() {
            let run = self.plain_run(&bytes[at..]);
            if run > 0 {
                self.take_content(&bytes[at..at + run], sink);
                at += run;
                continue;
            }
            let byte = bytes[at];
            let next = self.state.step(&self.dialect, byte);
            let record_ends = matches!(next, State::RecordStart | State::AfterCr);
            if record_ends || next == State::FieldStart {
                let content_end = (self.offset, self.lines.lines);
                self.end_field(sink);
                self.pass(&[byte], sink);
                self.state = next;
                self.field_start = (self.offset, self.lines.lines);
                at += 1;
                if record_ends {
                    return Some((at, self.end(content_end)));
                }
                continue;
            }
            self.take_special(byte, next, sink);
            at += 1;
        }
        None
    }

    /// The file ends here.
    pub(crate) fn finish(&mut self, sink: &mut impl LongRecordSink) -> LongRecordEnd {
        if matches!(self.state, State::Quoted | State::Escaped) {
            self.report_field(FindingCode::UnclosedQuote, sink);
        }
        let content_end = (self.offset, self.lines.lines);
        self.end_field(sink);
        self.end(content_end)
    }

    /// How many of the next bytes are content and leave the state as it is.
    fn plain_run(&self, bytes: &[u8]) -> usize {
        let Dialect { delimiter, quote, .. } = self.dialect;
        let end = match self.state {
            State::Quoted => find_quote_or_escape(&self.dialect, bytes),
            State::Unquoted => {
                let end = memchr::memchr3(delimiter, b'\n', b'\r', bytes);
                let before = &bytes[..end.unwrap_or(bytes.len())];
                quote.and_then(|quote| memchr::memchr(quote, before)).or(end)
            }
            State::Comment => memchr::memchr2(b'\n', b'\r', bytes),
            _ => Some(0),
        };
        end.unwrap_or(bytes.len())
    }

    fn take_content(&mut self, bytes: &[u8], sink: &mut impl LongRecordSink) {
        if !self.is_comment {
            self.field.push(bytes);
        }
        self.pass(bytes, sink);
    }

    fn take_special(&mut self, byte: u8, next: State, sink: &mut impl LongRecordSink) {
        let opens = next == State::Quoted && matches!(self.state, State::RecordStart | State::FieldStart);
        if self.state == State::Unquoted && Some(byte) == self.dialect.quote {
            self.report(FindingCode::StrayQuote, sink);
        }
        if self.state == State::QuoteInQuoted && next == State::Unquoted {
            self.report(FindingCode::TextAfterClosingQuote, sink);
        }
        self.is_comment |= next == State::Comment;
        if !opens && !self.is_comment && next != State::QuoteInQuoted && next != State::Escaped {
            self.field.push(&[byte]);
        }
        self.state = next;
        self.pass(&[byte], sink);
    }

    /// Moves past bytes: offset, lines, encoding, what an excerpt would show.
    fn pass(&mut self, bytes: &[u8], sink: &mut impl LongRecordSink) {
        let mut bad = Vec::new();
        self.utf8.feed(self.offset, bytes, &mut |at| bad.push(at));
        // From one to the next: counting from the first byte for each would take the square of their number.
        let (mut lines, mut passed) = (self.lines, 0);
        for offset in bad {
            let at = offset.saturating_sub(self.offset) as usize;
            lines.advance(&bytes[passed..at]);
            passed = at;
            self.report_ill_formed(offset, &bytes[..at], lines.lines, sink);
        }
        self.lines.advance(bytes);
        self.offset += bytes.len() as u64;
        keep_last(&mut self.recent, bytes, EXCERPT_BYTES + OPEN_SEQUENCE_BYTES);
    }

    fn end_field(&mut self, sink: &mut impl LongRecordSink) {
        if self.is_comment {
            return;
        }
        let mut bad = None;
        self.utf8.finish(self.offset, &mut |at| bad = Some(at));
        if let Some(offset) = bad {
            self.report_ill_formed(offset, &[], self.lines.lines, sink);
        }
        if self.field.is_long() {
            self.report_field(FindingCode::FieldTooLong, sink);
        }
        if self.fields == self.watched {
            self.watched_start = Some(self.field_start);
        }
        sink.field(self.fields, self.field_start, &self.field);
        self.fields += 1;
        self.field.clear();
    }

    fn column(&self) -> Option<usize> {
        (!self.is_comment).then_some(self.fields)
    }

    /// A defect at the next byte.
    fn report(&self, code: FindingCode, sink: &mut impl LongRecordSink) {
        let excerpt = &self.recent[self.recent.len().saturating_sub(EXCERPT_BYTES)..];
        sink.defect(
            code,
            Place { offset: self.offset, lines: self.lines.lines, column: self.column(), excerpt },
        );
    }

    /// A defect of the whole field.
    fn report_field(&self, code: FindingCode, sink: &mut impl LongRecordSink) {
        let (offset, lines) = self.field_start;
        let excerpt = &self.field.head[..self.field.head.len().min(EXCERPT_BYTES)];
        sink.defect(code, Place { offset, lines, column: self.column(), excerpt });
    }

    /// An ill-formed sequence that starts after `passed`, which is next, or shortly before it.
    fn report_ill_formed(&self, offset: u64, passed: &[u8], lines: u64, sink: &mut impl LongRecordSink) {
        let known = self.recent.len() - self.offset.saturating_sub(offset) as usize;
        let near = &passed[passed.len().saturating_sub(EXCERPT_BYTES)..];
        let before = [&self.recent[..known], near].concat();
        let excerpt = &before[before.len().saturating_sub(EXCERPT_BYTES)..];
        sink.defect(FindingCode::InvalidUtf8, Place { offset, lines, column: self.column(), excerpt });
    }

    fn end(&self, content_end: (u64, u64)) -> LongRecordEnd {
        LongRecordEnd {
            is_comment: self.is_comment,
            fields: self.fields,
            lines: self.lines.lines,
            content_end,
            watched_start: self.watched_start,
            excerpt: self.recent[self.recent.len().saturating_sub(EXCERPT_BYTES)..].to_vec(),
        }
    }
}

/// Appends `bytes` and drops from the front all but the last `keep`.
fn keep_last(buffer: &mut Vec<u8>, bytes: &[u8], keep: usize) {
    let from_bytes = &bytes[bytes.len().saturating_sub(keep)..];
    let overflow = (buffer.len() + from_bytes.len()).saturating_sub(keep);
    buffer.drain(..overflow);
    buffer.extend_from_slice(from_bytes);
}
