//! Fields in quotes.

use data_inspector_domain::finding::FindingCode;
use data_inspector_domain::spec::Dialect;

use super::{At, Batch, Buffer, Cutter, Defect, FieldEnd, Kind, LineEnd, Span};
use crate::automaton::State;
use crate::ledger::{Found, LineCounter};
use crate::runaway::Swallowed;

impl Cutter {
    pub(super) fn cut_quoted_field(
        &self,
        buffer: Buffer<'_>,
        at: At,
        row: usize,
        column: usize,
        batch: &mut Batch,
    ) -> Option<(Span, FieldEnd)> {
        let closing = self.find_closing_quote(buffer, at)?;
        let quoted_to = closing.as_ref().map_or(buffer.bytes.len(), |closing| closing.quote_at);
        let Some(Closing { quote_at, position, doubled, of_more_lines }) = closing else {
            batch.defects.push(Defect::in_cell(FindingCode::UnclosedQuote, at.byte, row, column));
            let end = buffer.bytes.len();
            self.report_lines(&buffer.bytes[..quoted_to], at.byte, (row, column), batch);
            let next = At { byte: end, position: buffer.positions.len() };
            let end_of_file = LineEnd { next, content_end: end };
            return Some((Span::quoted(at.byte, end), FieldEnd::Record(end_of_file)));
        };
        if of_more_lines {
            self.report_lines(&buffer.bytes[..quoted_to], at.byte, (row, column), batch);
        }
        let after = quote_at + 1;
        let text_follows = match buffer.bytes.get(after).map(|&byte| self.kinds[byte as usize]) {
            None | Some(Kind::LineFeed | Kind::CarriageReturn) => false,
            Some(Kind::Delimiter) => !self.is_delimiter(buffer, after)?,
            Some(Kind::Quote | Kind::Other) => true,
        };
        if text_follows {
            batch.defects.push(Defect::in_cell(FindingCode::TextAfterClosingQuote, after, row, column));
        }
        let (end, field_end) = self.find_field_end(buffer, position, row, column, &mut batch.defects)?;
        let span = if text_follows || doubled {
            Span::quoted(at.byte, end)
        } else {
            Span::plain(at.byte + 1, quote_at)
        };
        Some((span, field_end))
    }

    /// Counts and reports the line endings of a quoted field, and lines in it that look like records. The field opens at
    /// `open` and goes on to the end of `text`.
    #[cold]
    fn report_lines(&self, text: &[u8], open: usize, (row, column): (usize, usize), batch: &mut Batch) {
        let mut swallowed = Swallowed::new(&self.dialect, self.width);
        swallowed.feed(&text[open + 1..]);
        if !swallowed.has_lines() {
            return;
        }
        let mut lines = LineCounter::default();
        lines.advance(&text[open + 1..]);
        batch.quoted_lines += lines.lines;
        batch.defects.push(Defect::in_cell(FindingCode::QuotedLineEnding, open, row, column));
        if let Some(rows) = swallowed.rows() {
            let found = Some(Found::Rows(rows));
            batch
                .defects
                .push(Defect { found, ..Defect::in_cell(FindingCode::RunawayQuote, open, row, column) });
        }
    }

    /// The quote that closes the field that `at` opens: `None` if the buffer does not show it yet, `Some(None)` if
    /// the file ends before it.
    fn find_closing_quote(&self, buffer: Buffer<'_>, at: At) -> Option<Option<Closing>> {
        let mut position = at.position + 1;
        let (mut doubled, mut of_more_lines) = (false, false);
        loop {
            let Some(&found) = buffer.positions.get(position) else {
                return buffer.at_eof.then_some(None);
            };
            let found = found as usize;
            let byte = buffer.bytes[found];
            let escapes = Some(byte) == self.dialect.escape && Some(byte) != self.dialect.quote;
            position += 1;
            if !escapes && self.kinds[byte as usize] != Kind::Quote {
                of_more_lines |= matches!(byte, b'\n' | b'\r');
                continue;
            }
            let next = buffer.bytes.get(found + 1);
            if next.is_none() && !buffer.at_eof {
                return None;
            }
            if !escapes && next != Some(&byte) {
                return Some(Some(Closing { quote_at: found, position, doubled, of_more_lines }));
            }
            // A doubled quote, or an escape: the next byte is content, whatever it is.
            doubled = true;
            position += usize::from(buffer.positions.get(position) == Some(&(found as u32 + 1)));
            of_more_lines |= matches!(next, Some(b'\n' | b'\r'));
        }
    }
}

struct Closing {
    quote_at: usize,
    /// Index of the first position after the quote.
    position: usize,
    /// Quotes are doubled or escaped in the field.
    doubled: bool,
    /// The field has a line ending in its quotes.
    of_more_lines: bool,
}

/// Appends the content of a field to `content`: `raw` starts with its opening quote and goes on to its end.
pub(crate) fn unquote(dialect: &Dialect, raw: &[u8], content: &mut Vec<u8>) {
    let (Some(quote), None) = (dialect.quote, dialect.escape) else {
        return unquote_by_state(dialect, raw, content);
    };
    let mut rest = &raw[1..];
    while let Some(at) = memchr::memchr(quote, rest) {
        content.extend_from_slice(&rest[..at]);
        let is_doubled = rest.get(at + 1) == Some(&quote);
        rest = &rest[at + 1..];
        if !is_doubled {
            break;
        }
        content.push(quote);
        rest = &rest[1..];
    }
    // Outside of quotes everything up to the end of the field is content: after a closing quote also what looks like a
    // delimiter, because it does not go on, or because the text was decoded and that byte is part of a character.
    content.extend_from_slice(rest);
}

/// The same byte by byte, whatever the dialect.
fn unquote_by_state(dialect: &Dialect, raw: &[u8], content: &mut Vec<u8>) {
    let mut state = State::Quoted;
    for &byte in &raw[1..] {
        state = match state {
            State::Quoted | State::QuoteInQuoted | State::Escaped => match state.step(dialect, byte) {
                next @ (State::Quoted | State::QuoteInQuoted | State::Escaped) => next,
                _ => State::Unquoted,
            },
            _ => State::Unquoted,
        };
        if state != State::QuoteInQuoted && state != State::Escaped {
            content.push(byte);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_ways_unquote_alike(rest in "[\"\"\\\\ab,\n]{0,24}", escape in any::<bool>()) {
            let dialect = Dialect { escape: escape.then_some(b'\\'), ..Dialect::RFC4180 };
            let raw = format!("\"{rest}");
            let (mut fast, mut plain) = (Vec::new(), Vec::new());
            unquote(&dialect, raw.as_bytes(), &mut fast);
            unquote_by_state(&dialect, raw.as_bytes(), &mut plain);
            prop_assert_eq!(fast, plain);
        }
    }
}
