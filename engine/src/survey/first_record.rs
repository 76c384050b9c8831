//! Reads the first record of a file, of any length, in bounded memory: it may be the header.

use data_inspector_domain::failure::Failure;
use data_inspector_domain::finding::{Finding, FindingCode, FindingExample};
use data_inspector_domain::spec::{Dialect, LengthLimits};
use std::collections::HashSet;

use crate::finish::{described, excerpt_text};
use crate::ledger::{Example, Ledger, LineCounter, Spot, count_where, excerpt};
use crate::limits::{COLUMNS, NAME_BYTES};
use crate::long_record::{FieldBuffer, LongRecord, LongRecordEnd, LongRecordSink, Place};
use crate::scan::Need;

/// The first record and what precedes it.
#[derive(Default)]
pub(super) struct FirstRecord {
    pub(super) names: Vec<String>,
    pub(super) cells: usize,
    /// Where the record after it starts, and its line.
    pub(super) end: u64,
    pub(super) end_line: u64,
    pub(super) findings: Vec<Finding>,
}

/// Takes bytes until the first record is complete.
pub(super) struct FirstRecordReader {
    dialect: Dialect,
    offset: u64,
    line: u64,
    after_cr: bool,
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
}

impl FirstRecordReader {
    /// At `offset` of a file of this size, where this line begins.
    pub(super) fn new(dialect: Dialect, file_size: u64, offset: u64, line: u64) -> Self {
        let sink = Sink { line, names: Vec::new(), starts: Vec::new(), ledger: Ledger::new(file_size) };
        Self { dialect, offset, line, after_cr: false, record: None, done: false, cells: 0, sink }
    }

    /// Reports the quote at index `quote` of `text`, which starts where this reader starts: it never closes, and the
    /// file is read without quotes because of it.
    pub(super) fn report_runaway_quote(&mut self, text: &[u8], quote: usize) {
        let before = &text[..quote];
        let line_start = memchr::memrchr2(b'\n', b'\r', before).map_or(0, |end| end + 1);
        let line_end = memchr::memchr2(b'\n', b'\r', &text[quote..]).map_or(text.len(), |end| quote + end);
        let column = count_where(&before[line_start..], |byte| byte == self.dialect.delimiter) as usize;
        let mut lines = LineCounter::default();
        lines.advance(before);
        self.sink.line = self.line;
        let excerpt = excerpt(&text[line_start..line_end], quote - line_start);
        let offset = self.offset + quote as u64;
        let place = Place { offset, lines: lines.lines, column: Some(column), excerpt };
        self.sink.add(FindingCode::UnclosedQuote, Some(0), &place);
    }

    pub(super) fn need(&self) -> Need {
        // A CR may be followed by the LF that belongs to it.
        if self.done && !self.after_cr { Need::Nothing } else { Need::More }
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<Need, Failure> {
        let mut rest = bytes;
        while let Some(&byte) = rest.first() {
            if std::mem::take(&mut self.after_cr) && byte == b'\n' {
                self.offset += 1;
                rest = &rest[1..];
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
        if let Some(mut record) = self.record.take() {
            let end = record.finish(&mut self.sink);
            self.end_record(&end);
        }
        self.sink.check_labels();
        FirstRecord {
            cells: self.cells,
            end: self.offset,
            end_line: self.line,
            findings: self.sink.findings(),
            names: self.sink.names,
        }
    }

    fn blank_line(&mut self, byte: u8) {
        let place = Place { offset: self.offset, lines: 0, column: None, excerpt: &[] };
        self.sink.line = self.line;
        self.sink.add(FindingCode::BlankRow, None, &place);
        self.after_cr = byte == b'\r';
        self.offset += 1;
        self.line += 1;
    }

    /// Feeds the record; returns what comes after it.
    fn feed_record<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        self.sink.line = self.line;
        let (dialect, offset) = (self.dialect, self.offset);
        let record = self
            .record
            .get_or_insert_with(|| LongRecord::new(dialect, LengthLimits::default(), offset, usize::MAX));
        match record.feed(bytes, &mut self.sink) {
            None => {
                self.offset += bytes.len() as u64;
                &[]
            }
            Some((taken, end)) => {
                self.offset += taken as u64;
                self.after_cr = bytes[taken - 1] == b'\r';
                self.record = None;
                self.end_record(&end);
                &bytes[taken..]
            }
        }
    }

    fn end_record(&mut self, end: &LongRecordEnd) {
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
        let excerpt = place.excerpt;
        let spot = || Spot { leaf: 0, row_in_leaf: row, line_in_leaf, column, cells: None, excerpt };
        self.ledger.add(code, place.offset, 0, spot);
    }

    fn findings(&self) -> Vec<Finding> {
        let describe = |example: &Example| FindingExample {
            byte_offset: example.byte_offset,
            row: example.row_in_leaf,
            line: example.line_in_leaf,
            column: example.column.and_then(|column| self.names.get(column as usize).cloned()),
            column_index: example.column,
            expected: None,
            found: None,
            excerpt: excerpt_text(&example.excerpt),
        };
        described(&self.ledger, describe).collect()
    }

    fn check_labels(&mut self) {
        let mut seen = HashSet::new();
        for (column, name) in std::mem::take(&mut self.names).into_iter().enumerate() {
            let (offset, lines) = self.starts[column];
            let place = Place { offset, lines, column: Some(column), excerpt: name.as_bytes() };
            if name.trim().is_empty() {
                self.add(FindingCode::BlankLabel, Some(0), &place);
            } else if seen.contains(&name) {
                self.add(FindingCode::DuplicateLabel, Some(0), &place);
            }
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
