//! Chooses delimiter, quote, escape and comment from the head of a file: the ones under which records have
//! the same number of cells and cells have types. The idea of consistency times type score is that of van den
//! Burg, Nazábal and Sutton, *Wrangling messy CSV files by detecting row and type patterns* (2019).

use data_inspector_domain::spec::{ByteChoice, Dialect, FormatOverrides};

use super::header::Sample;
use crate::automaton::State;

/// Bytes of the sample that are tried with each dialect.
const TRIED_BYTES: usize = 256 << 10;
/// In order of preference.
const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// The dialect, and where the quote is because of which the file is read without quotes.
pub(super) fn decide(text: &[u8], at_eof: bool, overrides: &FormatOverrides) -> (Dialect, Option<usize>) {
    let at_eof = at_eof && text.len() <= TRIED_BYTES;
    let text = &text[..text.len().min(TRIED_BYTES)];
    let chosen = |choice: Option<ByteChoice>, default: Option<u8>| choice.map_or(default, ByteChoice::byte);
    let base = Dialect {
        delimiter: overrides.delimiter.unwrap_or(b','),
        quote: chosen(overrides.quote, Some(b'"')).filter(|&quote| overrides.delimiter != Some(quote)),
        escape: chosen(overrides.escape, None),
        comment: chosen(overrides.comment, None),
    };
    let delimiters = match &overrides.delimiter {
        Some(stated) => std::slice::from_ref(stated),
        None => &DELIMITERS[..],
    };
    let (mut dialect, runaway) = best_reading(text, at_eof, base, delimiters, overrides.quote.is_none());
    if runaway.is_some() {
        return (dialect, runaway);
    }
    if overrides.quote.is_none() && uses_single_quotes(text, &dialect) {
        dialect.quote = Some(b'\'');
    }
    if overrides.escape.is_none() && dialect.quote.is_some() && uses_backslash(text, &dialect) {
        dialect.escape = Some(b'\\');
    }
    if overrides.comment.is_none() && starts_with_comment(text, at_eof, &dialect) {
        dialect.comment = Some(b'#');
    }
    (dialect, None)
}

/// The first of the best. Where a quote opens in the first record and never closes, the reading without quotes is
/// tried as well: it wins if there is a table below.
fn best_reading(
    text: &[u8],
    at_eof: bool,
    base: Dialect,
    delimiters: &[u8],
    quote_is_open: bool,
) -> (Dialect, Option<usize>) {
    let taken =
        |byte: u8| Some(byte) == base.quote || Some(byte) == base.escape || Some(byte) == base.comment;
    let quoted = delimiters
        .iter()
        .filter(|&&delimiter| !taken(delimiter))
        .map(|&delimiter| Dialect { delimiter, ..base });
    let unquoted = quoted.clone().filter(|_| quote_is_open).filter_map(|dialect| {
        let runaway = runaway_quote(text, &dialect)?;
        Some((Dialect { quote: None, ..dialect }, Some(runaway)))
    });
    let mut best = (f64::MIN, (base, None));
    for reading in quoted.clone().map(|dialect| (dialect, None)).chain(unquoted) {
        let score = Sample::new(&reading.0, text, at_eof).score();
        if score > best.0 {
            best = (score, reading);
        }
    }
    best.1
}

/// Where the quote opens that keeps the first record from ending in the text, although lines end in it.
fn runaway_quote(text: &[u8], dialect: &Dialect) -> Option<usize> {
    let mut state = State::RecordStart;
    let (mut in_record, mut opened_at) = (false, 0);
    for (at, &byte) in text.iter().enumerate() {
        if state.starts_record(byte) && !matches!(byte, b'\n' | b'\r') {
            if in_record {
                return None;
            }
            in_record = true;
        }
        let next = state.step(dialect, byte);
        if next == State::Quoted && matches!(state, State::RecordStart | State::FieldStart) {
            opened_at = at;
        }
        state = next;
    }
    let swallows_lines = memchr::memchr2(b'\n', b'\r', &text[opened_at..]).is_some();
    (state == State::Quoted && swallows_lines).then_some(opened_at)
}

/// What reading the text with a dialect shows about its quotes.
#[derive(Default)]
struct Quoting {
    opened: u32,
    /// Stray quotes and texts after closing quotes.
    violations: u32,
}

fn quoting(text: &[u8], dialect: &Dialect) -> Quoting {
    let mut quoting = Quoting::default();
    let mut state = State::RecordStart;
    for &byte in text {
        let next = state.step(dialect, byte);
        let opens =
            next == State::Quoted && matches!(state, State::RecordStart | State::FieldStart | State::AfterCr);
        let stray = state == State::Unquoted && Some(byte) == dialect.quote;
        let text_after = state == State::QuoteInQuoted && next == State::Unquoted;
        quoting.opened += u32::from(opens);
        quoting.violations += u32::from(stray || text_after);
        state = next;
    }
    quoting
}

/// Single quotes open cells, correctly, and double quotes open none.
fn uses_single_quotes(text: &[u8], dialect: &Dialect) -> bool {
    let double = quoting(text, dialect);
    let single = quoting(text, &Dialect { quote: Some(b'\''), ..*dialect });
    double.opened == 0 && single.opened >= 2 && single.violations == 0
}

/// Quotes are wrong without a backslash as escape, and right with it.
fn uses_backslash(text: &[u8], dialect: &Dialect) -> bool {
    quoting(text, dialect).violations > 0
        && quoting(text, &Dialect { escape: Some(b'\\'), ..*dialect }).violations == 0
}

/// The file begins with `#` lines of another width than its records.
fn starts_with_comment(text: &[u8], at_eof: bool, dialect: &Dialect) -> bool {
    text.first() == Some(&b'#') && {
        let sample = Sample::new(dialect, text, at_eof);
        sample.first_cells() != sample.width()
    }
}
