//! The slow path: a record of more bytes than the limit, read in pieces and
//! never held whole. A field of more bytes than the limit is kept as head, tail and length.

use data_inspector_domain::finding::FindingCode;
use data_inspector_domain::spec::{Dialect, LengthLimits, LineEnding};
use xxhash_rust::xxh3::Xxh3;

use crate::automaton::State;
use crate::charset::Charset;
use crate::lanes::find_quote_or_escape;
use crate::ledger::{Found, LineCounter};
use crate::limits::EXCERPT_BYTES;
use crate::runaway::Swallowed;
use crate::suspects::SuspectStream;
use crate::utf8::Utf8Stream;

mod end;
mod field;

pub(crate) use end::LongRecordEnd;
use end::after_cr;
pub(crate) use field::FieldBuffer;
use field::keep_last;

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
    pub(crate) found: Option<Found>,
    /// The bytes before it, or the first of its field.
    pub(crate) excerpt: &'a [u8],
}

/// How records of a file are read.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) dialect: Dialect,
    pub(crate) charset: Charset,
    pub(crate) limits: LengthLimits,
    /// Number of columns.
    pub(crate) width: usize,
}

/// A record that is being read.
pub(crate) struct LongRecord {
    dialect: Dialect,
    charset: Charset,
    state: State,
    start: u64,
    offset: u64,
    /// Bytes of its text so far: fewer than those of the file where they had to be decoded.
    passed: u64,
    lines: LineCounter,
    utf8: Utf8Stream,
    suspects: SuspectStream,
    /// Of all bytes.
    hasher: Box<Xxh3>,
    /// The field that is being read opened with a quote: its lines, as if outside of quotes.
    swallowed: Option<Swallowed>,
    /// The record has ended in a CR, and whether a LF follows is not known.
    ended: Option<LongRecordEnd>,
    first_byte: u8,
    /// Where the closing quote of the field has ended; whether a delimiter follows is not known.
    closed_at: Option<u64>,
    width: usize,
    /// Fields that have ended.
    pub(crate) fields: usize,
    field: FieldBuffer,
    /// Where the field that is being read starts, and the lines before it.
    field_start: (u64, u64),
    /// Start of the first field past the last column, and the lines before it.
    first_extra: Option<(u64, u64)>,
    is_comment: bool,
    /// The last bytes, a few more than an excerpt shows.
    recent: Vec<u8>,
}

/// Bytes a sequence can have when it turns out to be ill-formed, or suspect, less one.
const OPEN_SEQUENCE_BYTES: usize = 4;

impl LongRecord {
    /// At the first byte of a record.
    pub(crate) fn new(rules: &Rules, offset: u64) -> Self {
        let Rules { dialect, limits, width, .. } = *rules;
        Self {
            dialect,
            charset: rules.charset.clone(),
            state: State::RecordStart,
            start: offset,
            offset,
            passed: 0,
            lines: LineCounter::default(),
            utf8: Utf8Stream::default(),
            suspects: SuspectStream::default(),
            hasher: Box::new(Xxh3::new()),
            swallowed: None,
            ended: None,
            first_byte: 0,
            closed_at: None,
            width,
            fields: 0,
            field: FieldBuffer::new(u64::from(limits.field_bytes)),
            field_start: (offset, 0),
            first_extra: None,
            is_comment: false,
            recent: Vec::new(),
        }
    }

    /// Takes bytes of the record; when it is certain that it has ended, returns how many of them belong to it, its line
    /// ending included.
    pub(crate) fn feed(
        &mut self,
        bytes: &[u8],
        sink: &mut impl LongRecordSink,
    ) -> Option<(usize, LongRecordEnd)> {
        let mut at = 0;
        while at < bytes.len() {
            if let Some(end) = self.ended.take() {
                return Some(after_cr(end, at, bytes[at]));
            }
            let run = self.plain_run(&bytes[at..]);
            if run > 0 {
                self.take_content(&bytes[at..at + run], sink);
                at += run;
                continue;
            }
            let byte = bytes[at];
            at += 1;
            match self.state.step(&self.dialect, byte) {
                next @ (State::RecordStart | State::AfterCr | State::FieldStart) => {
                    self.take_field_end(byte, next, sink);
                    if next == State::RecordStart {
                        return self.ended.take().map(|end| (at, end));
                    }
                }
                next => self.take_special(byte, next, sink),
            }
        }
        None
    }

    /// The file ends here.
    pub(crate) fn finish(&mut self, sink: &mut impl LongRecordSink) -> LongRecordEnd {
        if let Some(end) = self.ended.take() {
            return end;
        }
        let in_open_quote = matches!(self.state, State::Quoted | State::Escaped);
        if in_open_quote {
            self.report_field(FindingCode::UnclosedQuote, None, sink);
        }
        self.take_text_of_delimiter(self.state.delimiter_bytes(), sink);
        let content_end = (self.offset, self.lines.lines);
        let mut bad = None;
        self.utf8.finish(self.passed, &mut |at| bad = Some(at));
        if let Some(at) = bad {
            self.report_text(FindingCode::InvalidUtf8, (self.passed - at) as usize, &[], content_end, sink);
        }
        self.end_field(sink);
        LongRecordEnd { in_open_quote, ..self.end(None, content_end, self.hasher.digest()) }
    }

    /// A delimiter or line ending, whose last byte is `byte`.
    fn take_field_end(&mut self, byte: u8, next: State, sink: &mut impl LongRecordSink) {
        let open = self.state.delimiter_bytes();
        if next != State::FieldStart {
            self.take_text_of_delimiter(open, sink);
        }
        let content_end = (self.offset, self.lines.lines);
        let content_hash = if next == State::FieldStart { 0 } else { self.hasher.digest() };
        // Before the field ends: the byte shows whether a sequence that is still open is ill-formed.
        self.pass(&[byte], sink);
        self.end_field(sink);
        self.state = next;
        self.field_start = (self.offset, self.lines.lines);
        let ending = if byte == b'\n' { LineEnding::Lf } else { LineEnding::Cr };
        if next != State::FieldStart {
            self.ended = Some(self.end(Some(ending), content_end, content_hash));
        }
    }

    /// What looked like a delimiter was none: its first `count` bytes are text.
    fn take_text_of_delimiter(&mut self, count: usize, sink: &mut impl LongRecordSink) {
        if count > 0 {
            self.report_text_after_quote(sink);
            let delimiter = self.dialect.delimiter;
            self.push_text(&delimiter.as_bytes()[..count]);
        }
    }

    fn report_text_after_quote(&mut self, sink: &mut impl LongRecordSink) {
        if let Some(offset) = self.closed_at.take() {
            let excerpt = &self.recent[self.recent.len().saturating_sub(EXCERPT_BYTES)..];
            let (lines, column) = (self.lines.lines, self.column());
            let place = Place { offset, lines, column, found: None, excerpt };
            sink.defect(FindingCode::TextAfterClosingQuote, place);
        }
    }

    /// The state of the automaton after the bytes that were fed.
    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// How many of the next bytes are content and leave the state as it is.
    fn plain_run(&self, bytes: &[u8]) -> usize {
        let Dialect { delimiter, quote, .. } = &self.dialect;
        let end = match self.state {
            State::Quoted => find_quote_or_escape(&self.dialect, bytes),
            State::Unquoted => {
                let end = memchr::memchr3(delimiter.first(), b'\n', b'\r', bytes);
                let before = &bytes[..end.unwrap_or(bytes.len())];
                quote.and_then(|quote| memchr::memchr(quote, before)).or(end)
            }
            State::Comment => memchr::memchr2(b'\n', b'\r', bytes),
            _ => Some(0),
        };
        end.unwrap_or(bytes.len())
    }

    fn push_text(&mut self, bytes: &[u8]) {
        match &self.charset {
            Charset::Utf8 | Charset::Utf16(_) => self.field.push(bytes),
            Charset::SingleByte(_) => {
                let mut text = Vec::with_capacity(bytes.len());
                self.charset.decode(bytes, &mut text);
                self.field.push(&text);
            }
        }
    }

    fn take_content(&mut self, bytes: &[u8], sink: &mut impl LongRecordSink) {
        if !self.is_comment {
            self.push_text(bytes);
        }
        if self.state == State::Quoted {
            self.swallowed.iter_mut().for_each(|swallowed| swallowed.feed(bytes));
        }
        self.pass(bytes, sink);
    }

    fn take_special(&mut self, byte: u8, next: State, sink: &mut impl LongRecordSink) {
        let opens = next == State::Quoted && matches!(self.state, State::RecordStart | State::FieldStart);
        if self.state == State::RecordStart {
            self.first_byte = byte;
        }
        let open = self.state.delimiter_bytes();
        let is_text = open > 0 || self.state == State::Unquoted;
        if is_text && Some(byte) == self.dialect.quote {
            self.report(FindingCode::StrayQuote, sink);
        }
        if self.state == State::QuoteInQuoted && next != State::Quoted {
            self.closed_at = Some(self.offset);
        }
        if next == State::Unquoted || next.delimiter_bytes() <= open {
            self.report_text_after_quote(sink);
        }
        self.is_comment |= next == State::Comment;
        if opens {
            self.swallowed = Some(Swallowed::new(&self.dialect, self.width));
        } else if next == State::Quoted {
            self.swallowed.iter_mut().for_each(|swallowed| swallowed.feed(&[byte]));
        }
        // Of the bytes that began a delimiter, those that do not begin one any more are text.
        self.take_text_of_delimiter((open + 1 - next.delimiter_bytes()).min(open), sink);
        let is_content = !matches!(next, State::QuoteInQuoted | State::Escaped);
        if !opens && !self.is_comment && is_content && next.delimiter_bytes() == 0 {
            self.push_text(&[byte]);
        }
        self.state = next;
        self.pass(&[byte], sink);
    }

    /// Moves past bytes: offset, lines, encoding, what an excerpt would show.
    fn pass(&mut self, bytes: &[u8], sink: &mut impl LongRecordSink) {
        let mut bad = Vec::new();
        let (passed, measure) = (self.passed, self.charset.measure());
        self.suspects.feed(passed, bytes, &mut |code, at| bad.push((at, code)));
        if !self.charset.is_unicode() {
            bad.retain(|(_, code)| matches!(code, FindingCode::NulByte | FindingCode::ControlCharacter));
        }
        if matches!(self.charset, Charset::Utf8) {
            self.utf8.feed(passed, bytes, &mut |at| bad.push((at, FindingCode::InvalidUtf8)));
        }
        let mut report = |at| bad.push((passed + at as u64, FindingCode::UndecodableByte));
        self.charset.for_each_undecodable(bytes, &mut report);
        bad.sort_unstable();
        // From one to the next: counting from the first byte for each would take the square of their number.
        let (mut lines, mut offset, mut counted_to) = (self.lines, self.offset, 0);
        for (place, code) in bad {
            let at = place.saturating_sub(passed) as usize;
            lines.advance(&bytes[counted_to..at]);
            offset += measure.bytes(&bytes[counted_to..at]);
            counted_to = at;
            let back = passed.saturating_sub(place) as usize;
            self.report_text(code, back, &bytes[..at], (offset, lines.lines), sink);
        }
        self.lines.advance(bytes);
        self.hasher.update(bytes);
        self.offset += measure.bytes(bytes);
        self.passed += bytes.len() as u64;
        keep_last(&mut self.recent, bytes, EXCERPT_BYTES + OPEN_SEQUENCE_BYTES);
    }

    fn end_field(&mut self, sink: &mut impl LongRecordSink) {
        self.closed_at = None;
        if self.is_comment {
            return;
        }
        if let Some(swallowed) = self.swallowed.take().filter(Swallowed::has_lines) {
            self.report_field(FindingCode::QuotedLineEnding, None, sink);
            if let Some(rows) = swallowed.rows() {
                self.report_field(FindingCode::RunawayQuote, Some(Found::Rows(rows)), sink);
            }
        }
        if self.field.is_long() {
            self.report_field(FindingCode::FieldTooLong, None, sink);
        }
        if self.fields == self.width {
            self.first_extra = Some(self.field_start);
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
        let (offset, lines, column) = (self.offset, self.lines.lines, self.column());
        sink.defect(code, Place { offset, lines, column, found: None, excerpt });
    }

    /// A defect of the whole field.
    fn report_field(&self, code: FindingCode, found: Option<Found>, sink: &mut impl LongRecordSink) {
        let (offset, lines) = self.field_start;
        let excerpt = &self.field.head[..self.field.head.len().min(EXCERPT_BYTES)];
        sink.defect(code, Place { offset, lines, column: self.column(), found, excerpt });
    }

    /// A defect of the text that starts `back` bytes before what is next, or after `passed`, which is next; `reached` is
    /// the offset and lines after `passed`.
    fn report_text(
        &self,
        code: FindingCode,
        back: usize,
        passed: &[u8],
        reached: (u64, u64),
        sink: &mut impl LongRecordSink,
    ) {
        let known = self.recent.len() - back;
        let offset = reached.0 - self.charset.measure().bytes(&self.recent[known..]);
        let lines = reached.1;
        let near = &passed[passed.len().saturating_sub(EXCERPT_BYTES)..];
        let before = [&self.recent[..known], near].concat();
        let excerpt = &before[before.len().saturating_sub(EXCERPT_BYTES)..];
        sink.defect(code, Place { offset, lines, column: self.column(), found: None, excerpt });
    }

    fn end(&self, line_ending: Option<LineEnding>, content_end: (u64, u64), hash: u64) -> LongRecordEnd {
        LongRecordEnd {
            is_comment: self.is_comment,
            start: self.start,
            fields: self.fields,
            hash,
            lines: self.lines.lines,
            line_ending,
            in_open_quote: false,
            first_byte: self.first_byte,
            content_end,
            first_extra: self.first_extra,
            excerpt: self.recent[self.recent.len().saturating_sub(EXCERPT_BYTES)..].to_vec(),
        }
    }
}
