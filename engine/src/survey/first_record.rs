//! Reads the first record of a file, of any length, in bounded memory: it may be the header.

use data_inspector_domain::failure::Failure;
use data_inspector_domain::finding::{Finding, FindingCode, FindingExample};
use data_inspector_domain::spec::{Dialect, LengthLimits, LineEnding};
use std::collections::HashSet;

use super::header::is_typed;
use crate::charset::Charset;
use crate::finish::{described, excerpt_text, words};
use crate::ledger::{Example, Found, Ledger, LineCounter, Spot, excerpt};
use crate::limits::{COLUMNS, NAME_BYTES};
use crate::long_record::{FieldBuffer, LongRecord, LongRecordEnd, LongRecordSink, Place, Rules};
use crate::scan::Need;

/// The first record and what precedes it.
#[derive(Default)]
pub(super) struct FirstRecord {
    pub(super) names: Vec<String>,
    pub(super) cells: usize,
    /// Where the record after it starts, and its line.
    pub(super) end: u64,
    pub(super) end_line: u64,
    /// Lines up to there by their ending.
    pub(super) line_endings: [u64; 3],
    pub(super) findings: Vec<Finding>,
}

/// Takes bytes until the first record is complete.
pub(super) struct FirstRecordReader {
    rules: Rules,
    offset: u64,
    line: u64,
    /// Offset and line of a blank line that ended in a CR, to which a LF may belong.
    open_blank_line: Option<(u64, u64)>,
    record: Option<LongRecord>,
    done: bool,
    cells: usize,
    sink: Sink,
}

struct Sink {
    /// Line at which the record starts.
    line: u64,
    names: Vec<String>,
    starts: Vec<(u64, u64)>,
    /// Lines are those of the file.
    ledger: Ledger,
    /// How lines usually end.
    line_ending: Option<LineEnding>,
    line_endings: [u64; 3],
}

impl FirstRecordReader {
    /// At `offset` of a file of this size, where this line begins.
    pub(super) fn new(dialect: Dialect, encoding: &str, file_size: u64, (offset, line): (u64, u64)) -> Self {
        let sink = Sink {
            line,
            names: Vec::new(),
            starts: Vec::new(),
            ledger: Ledger::new(file_size),
            line_ending: None,
            line_endings: [0; 3],
        };
        let charset = Charset::new(encoding);
        let rules = Rules { dialect, charset, limits: LengthLimits::default(), width: usize::MAX };
        Self { rules, offset, line, open_blank_line: None, record: None, done: false, cells: 0, sink }
    }

    /// Lines that end in another way are reported.
    pub(super) fn expect_line_ending(&mut self, line_ending: Option<LineEnding>) {
        self.sink.line_ending = line_ending;
    }

    /// Reports the second of two byte-order marks.
    pub(super) fn report_second_mark(&mut self, offset: u64) {
        let place = Place { offset, lines: 0, column: None, found: None, excerpt: &[] };
        let code = FindingCode::DoubleByteOrderMark;
        self.sink.line = 1;
        self.sink.add(code, None, &place);
        self.sink.line = self.line;
    }

    /// Goes on at index `table` of `text`, which starts where this reader starts, and reports the records before it,
    /// which start at `lines`.
    pub(super) fn skip_preamble(&mut self, text: &[u8], table: usize, lines: &[usize]) {
        let mut counted = LineCounter::default();
        let mut passed = 0;
        for &at in lines {
            counted.advance(&text[passed..at]);
            passed = at;
            self.sink.line = self.line;
            let offset = self.offset_in(text, at);
            let line = text[at..table].split(|byte| matches!(byte, b'\n' | b'\r')).next();
            let excerpt = excerpt(line.unwrap_or_default(), 0);
            let place = Place { offset, lines: counted.lines, column: None, found: None, excerpt };
            self.sink.add(FindingCode::Preamble, None, &place);
        }
        counted.advance(&text[passed..table]);
        self.offset = self.offset_in(text, table);
        self.line += counted.lines;
    }

    /// File offset of a place in a text that starts where this reader starts.
    fn offset_in(&self, text: &[u8], at: usize) -> u64 {
        self.offset + self.rules.charset.measure().bytes(&text[..at])
    }

    /// Reports the quote at index `quote` of `text`, which starts where this reader starts: it never closes, and the
    /// file is read without quotes because of it.
    pub(super) fn report_runaway_quote(&mut self, text: &[u8], quote: usize) {
        let before = &text[..quote];
        let line_start = memchr::memrchr2(b'\n', b'\r', before).map_or(0, |end| end + 1);
        let line_end = memchr::memchr2(b'\n', b'\r', &text[quote..]).map_or(text.len(), |end| quote + end);
        let delimiter = self.rules.dialect.delimiter;
        let column = memchr::memmem::find_iter(&before[line_start..], delimiter.as_bytes()).count();
        let mut lines = LineCounter::default();
        lines.advance(before);
        self.sink.line = self.line;
        let excerpt = excerpt(&text[line_start..line_end], quote - line_start);
        let offset = self.offset_in(text, quote);
        let place = Place { offset, lines: lines.lines, column: Some(column), found: None, excerpt };
        self.sink.add(FindingCode::UnclosedQuote, Some(0), &place);
    }

    pub(super) fn need(&self) -> Need {
        if self.done { Need::Nothing } else { Need::More }
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<Need, Failure> {
        let mut rest = bytes;
        while let Some(&byte) = rest.first() {
            if let Some(place) = self.open_blank_line.take() {
                let is_crlf = byte == b'\n';
                self.sink.end_line(if is_crlf { LineEnding::Crlf } else { LineEnding::Cr }, place, None);
                self.offset = self.offset_in(rest, usize::from(is_crlf));
                rest = &rest[usize::from(is_crlf)..];
            } else if self.done {
                break;
            } else if self.record.is_none() && matches!(byte, b'\n' | b'\r') {
                self.blank_line(byte);
                rest = &rest[1..];
            } else {
                rest = self.feed_record(rest);
            }
            if self.sink.names.len() > COLUMNS {
                return Err(super::too_many_columns());
            }
        }
        Ok(self.need())
    }

    pub(super) fn finish(mut self) -> FirstRecord {
        if let Some(place) = self.open_blank_line.take() {
            self.sink.end_line(LineEnding::Cr, place, None);
        }
        if let Some(mut record) = self.record.take() {
            let end = record.finish(&mut self.sink);
            self.end_record(&end);
        }
        self.sink.check_labels();
        FirstRecord {
            cells: self.cells,
            end: self.offset,
            end_line: self.line,
            line_endings: self.sink.line_endings,
            findings: self.sink.findings(&self.rules.charset),
            names: self.sink.names,
        }
    }

    fn blank_line(&mut self, byte: u8) {
        let place = Place { offset: self.offset, lines: 0, column: None, found: None, excerpt: &[] };
        self.sink.line = self.line;
        self.sink.add(FindingCode::BlankRow, None, &place);
        if byte == b'\n' {
            self.sink.end_line(LineEnding::Lf, (self.offset, self.line), None);
        } else {
            self.open_blank_line = Some((self.offset, self.line));
        }
        self.offset = self.offset_in(&[byte], 1);
        self.line += 1;
    }

    /// Feeds the record; returns what comes after it.
    fn feed_record<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        self.sink.line = self.line;
        let (rules, offset) = (&self.rules, self.offset);
        let record = self.record.get_or_insert_with(|| LongRecord::new(rules, offset));
        match record.feed(bytes, &mut self.sink) {
            None => {
                self.offset = self.offset_in(bytes, bytes.len());
                &[]
            }
            Some((taken, end)) => {
                self.offset = self.offset_in(bytes, taken);
                self.record = None;
                self.end_record(&end);
                &bytes[taken..]
            }
        }
    }

    fn end_record(&mut self, end: &LongRecordEnd) {
        let row = (!end.is_comment).then_some(0);
        let (offset, lines) = end.content_end;
        match end.line_ending {
            Some(ending) => self.sink.end_line(ending, (offset, self.line + lines), row),
            None => {
                let place = Place { offset, lines, column: None, found: None, excerpt: &end.excerpt };
                self.sink.add(FindingCode::MissingFinalLineEnding, row, &place);
            }
        }
        self.line += end.lines;
        if !end.is_comment {
            self.done = true;
            self.cells = end.fields;
        }
    }
}

impl Sink {
    fn add(&mut self, code: FindingCode, row: Option<u64>, place: &Place<'_>) {
        let line_in_leaf = self.line + place.lines;
        let column = place.column.map(|column| column as u32);
        let (found, excerpt) = (place.found, place.excerpt);
        let spot = || Spot { leaf: 0, row_in_leaf: row, line_in_leaf, column, found, excerpt };
        self.ledger.add(code, place.offset, 0, spot);
    }

    /// A line of the file has ended at an offset.
    fn end_line(&mut self, ending: LineEnding, (offset, line): (u64, u64), row: Option<u64>) {
        self.line_endings[ending as usize] += 1;
        if self.line_ending.is_some_and(|usual| usual != ending) {
            self.line = line;
            let found = Some(Found::LineEnding(ending));
            let place = Place { offset, lines: 0, column: None, found, excerpt: &[] };
            self.add(FindingCode::MixedLineEnding, row, &place);
        }
    }

    fn findings(&self, charset: &Charset) -> Vec<Finding> {
        let describe = |example: &Example| FindingExample {
            byte_offset: example.byte_offset,
            row: example.row_in_leaf,
            line: example.line_in_leaf,
            column: example.column.and_then(|column| self.names.get(column as usize).cloned()),
            column_index: example.column,
            expected: self
                .line_ending
                .filter(|_| example.found.is_some())
                .map(|usual| usual.name().to_owned()),
            found: example.found.map(words),
            excerpt: excerpt_text(charset, &example.excerpt),
        };
        described(&self.ledger, describe).collect()
    }

    fn check_labels(&mut self) {
        let mut seen = HashSet::new();
        let mut seen_in_lower_case = HashSet::new();
        for (column, name) in std::mem::take(&mut self.names).into_iter().enumerate() {
            let (offset, lines) = self.starts[column];
            let place = Place { offset, lines, column: Some(column), found: None, excerpt: name.as_bytes() };
            let is_new = !seen.contains(&name);
            let is_new_in_lower_case = seen_in_lower_case.insert(name.to_lowercase());
            let trimmed = name.trim();
            let defects = [
                (FindingCode::BlankLabel, trimmed.is_empty()),
                (FindingCode::DuplicateLabel, !trimmed.is_empty() && !is_new),
                (FindingCode::PaddedLabel, !trimmed.is_empty() && trimmed.len() < name.len()),
                (FindingCode::CaseCollidingLabel, !trimmed.is_empty() && is_new && !is_new_in_lower_case),
                (FindingCode::DataLikeLabel, !trimmed.is_empty() && is_typed(trimmed.as_bytes())),
            ];
            let found = defects.into_iter().filter(|&(_, is_there)| is_there);
            found.for_each(|(code, _)| self.add(code, Some(0), &place));
            seen.insert(name.clone());
            self.names.push(name);
        }
    }
}

impl LongRecordSink for Sink {
    fn field(&mut self, _column: usize, start: (u64, u64), field: &FieldBuffer) {
        if self.names.len() <= COLUMNS {
            let name = String::from_utf8_lossy(&field.head[..field.head.len().min(NAME_BYTES)]).into_owned();
            self.names.push(name);
            self.starts.push(start);
        }
    }

    fn defect(&mut self, code: FindingCode, place: Place<'_>) {
        self.add(code, place.column.map(|_| 0), &place);
    }
}
