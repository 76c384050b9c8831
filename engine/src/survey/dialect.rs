//! Chooses delimiter, quote, escape and comment from the head of a file: the ones under which records have
//! the same number of cells and cells have types. Its middle and end add quotes and escapes that the head has none of,
//! and make the choice less certain where they read better otherwise. The idea of consistency times type score is that
//! of van den Burg, Nazábal and Sutton, *Wrangling messy CSV files by detecting row and type patterns* (2019).

use data_inspector_domain::spec::{ByteChoice, Confidence, Delimiter, Dialect, FormatOverrides};

use super::header::{ONE_COLUMN_WEIGHT, Sample};
use crate::automaton::State;
use crate::simd::Needles;

/// Bytes of the sample that are tried with each dialect.
const TRIED_BYTES: usize = 256 << 10;
/// In order of preference; the last two are no part of any text.
const USUAL: [Delimiter; 6] = [
    Delimiter::byte(b','),
    Delimiter::byte(b'\t'),
    Delimiter::byte(b';'),
    Delimiter::byte(b'|'),
    Delimiter::byte(0x1F),
    Delimiter::byte(0x01),
];
/// Bytes that separate fields in some files, and are text in most.
const UNUSUAL: [Delimiter; 5] = [
    Delimiter::byte(b':'),
    Delimiter::byte(b'^'),
    Delimiter::byte(b'~'),
    Delimiter::byte(b'#'),
    Delimiter::byte(b' '),
];
/// A table under an unusual delimiter has to be so much better than one under a usual one: `10:15` and a sentence look
/// like tables too.
const UNUSUAL_WEIGHT: f64 = 0.09;
/// Bytes that escape quotes, in order of preference.
const ESCAPES: [u8; 2] = [b'\\', b'/'];

/// What was decided, and how clearly.
pub(super) struct Decision {
    pub(super) dialect: Dialect,
    /// Where the quote is because of which the file is read without quotes.
    pub(super) runaway_quote: Option<usize>,
    pub(super) confidence: Confidence,
}

/// What a decision is made from.
#[derive(Clone, Copy)]
pub(super) struct Texts<'a> {
    /// From the first record on.
    pub(super) head: &'a [u8],
    /// The head is all there is.
    pub(super) at_eof: bool,
    /// Lines from further on; the first may be inside of quotes.
    pub(super) elsewhere: &'a [&'a [u8]],
}

/// The dialect that makes the most of the text.
pub(super) fn decide(texts: Texts<'_>, overrides: &FormatOverrides) -> Decision {
    let text = &texts.head[..texts.head.len().min(TRIED_BYTES)];
    let at_eof = texts.at_eof && texts.head.len() <= TRIED_BYTES;
    let texts = Texts { head: text, at_eof, ..texts };
    let chosen = |choice: Option<ByteChoice>, default: Option<u8>| choice.map_or(default, ByteChoice::byte);
    let states_quote =
        |quote: &u8| overrides.delimiter.is_some_and(|stated| stated.as_bytes().contains(quote));
    let base = Dialect {
        delimiter: overrides.delimiter.unwrap_or(USUAL[0]),
        quote: chosen(overrides.quote, Some(b'"')).filter(|quote| !states_quote(quote)),
        escape: chosen(overrides.escape, None),
        comment: chosen(overrides.comment, None),
    };
    let best = best_reading(text, at_eof, base, overrides);
    let (mut dialect, runaway_quote) = best.reading;
    let agreement = agreement(texts, &dialect, overrides);
    if runaway_quote.is_none() {
        refine(&mut dialect, texts, overrides);
    }
    let confidence = Confidence {
        delimiter: if overrides.delimiter.is_some() { 1.0 } else { best.confidence * agreement },
        quote: if overrides.quote.is_some() { 1.0 } else { quote_confidence(texts, &dialect) },
        ..Confidence::default()
    };
    Decision { dialect, runaway_quote, confidence }
}

/// The share of the texts that make no better table with another delimiter.
fn agreement(texts: Texts<'_>, dialect: &Dialect, overrides: &FormatOverrides) -> f64 {
    let agrees = |text: &&&[u8]| {
        // One of the two begins outside of quotes.
        let mut whole = Scores::of(text, false);
        let mut further = Scores::of(after_quote(text, dialect), false);
        let mut makes = |dialect: &Dialect| whole.score(dialect).max(further.score(dialect));
        let here = makes(dialect);
        let mut others = candidates(overrides).into_iter().filter(|(other, _)| !is_taken(other, dialect));
        others.all(|(delimiter, weight)| {
            weight * most_score(text, delimiter) <= here
                || weight * makes(&Dialect { delimiter, ..*dialect }) <= here
        })
    };
    let agreeing = 1 + texts.elsewhere.iter().filter(agrees).count();
    agreeing as f64 / (1 + texts.elsewhere.len()) as f64
}

/// The text from the line on that follows its first quote.
fn after_quote<'a>(text: &'a [u8], dialect: &Dialect) -> &'a [u8] {
    let quote = dialect.quote.and_then(|quote| memchr::memchr(quote, text));
    let line = quote.and_then(|quote| memchr::memchr(b'\n', &text[quote..]).map(|end| quote + end + 1));
    &text[line.unwrap_or(0)..]
}

/// Of the first text that has quotes.
fn quote_confidence(texts: Texts<'_>, dialect: &Dialect) -> f64 {
    let mut all = texts.all().map(|text| quoting(text, dialect));
    all.find(|quoting| quoting.opened + quoting.violations > 0).unwrap_or_default().confidence()
}

impl<'a> Texts<'a> {
    fn all(self) -> impl Iterator<Item = &'a [u8]> {
        std::iter::once(self.head).chain(self.elsewhere.iter().copied())
    }
}

/// What is decided once the byte between fields is known.
fn refine(dialect: &mut Dialect, texts: Texts<'_>, overrides: &FormatOverrides) {
    let Texts { head: text, at_eof, .. } = texts;
    if overrides.delimiter.is_none() {
        dialect.delimiter = longer_delimiter(text, at_eof, dialect);
    }
    if overrides.quote.is_none() && uses_single_quotes(texts, dialect) {
        dialect.quote = Some(b'\'');
    }
    if overrides.escape.is_none() && dialect.quote.is_some() {
        dialect.escape = ESCAPES.into_iter().find(|&escape| uses_escape(texts, dialect, escape));
    }
    if overrides.comment.is_none() && starts_with_comment(text, at_eof, dialect) {
        dialect.comment = Some(b'#');
    }
}

/// A dialect, and the quote because of which it has none.
type Reading = (Dialect, Option<usize>);

struct Best {
    reading: Reading,
    confidence: f64,
}

/// What may be the delimiter, and how much a table under it is worth.
fn candidates(overrides: &FormatOverrides) -> Vec<(Delimiter, f64)> {
    let usual = USUAL.into_iter().map(|delimiter| (delimiter, 1.0));
    let unusual = UNUSUAL.into_iter().map(|delimiter| (delimiter, UNUSUAL_WEIGHT));
    match overrides.delimiter {
        Some(stated) => vec![(stated, 1.0)],
        None => usual.chain(unusual).collect(),
    }
}

fn is_taken(delimiter: &Delimiter, dialect: &Dialect) -> bool {
    let specials = [dialect.quote, dialect.escape, dialect.comment];
    delimiter.as_bytes().iter().any(|&byte| specials.contains(&Some(byte)))
}

/// The first of the best. Where a quote opens in the first record and never closes, the reading without quotes is
/// tried as well: it wins if there is a table below.
fn best_reading(text: &[u8], at_eof: bool, base: Dialect, overrides: &FormatOverrides) -> Best {
    let candidates = candidates(overrides);
    let free = candidates.iter().filter(|(delimiter, _)| !is_taken(delimiter, &base));
    let quoted = free.map(|&(delimiter, weight)| {
        let reading: Reading = (Dialect { delimiter, ..base }, None);
        (reading, weight)
    });
    let unquoted =
        quoted.clone().filter(|_| overrides.quote.is_none()).filter_map(|((dialect, _), weight)| {
            let runaway = runaway_quote(text, &dialect)?;
            let reading: Reading = (Dialect { quote: None, ..dialect }, Some(runaway));
            Some((reading, weight))
        });
    let mut scores = Scores::of(text, at_eof);
    let scored: Vec<(f64, Reading)> = quoted
        .clone()
        .chain(unquoted)
        .map(|(reading, weight)| (weight * scores.score(&reading.0), reading))
        .collect();
    best_of(&scored).unwrap_or(Best { reading: (base, None), confidence: 0.0 })
}

/// The first reading of the highest score, and how far the best one with another delimiter is behind it.
fn best_of(scored: &[(f64, Reading)]) -> Option<Best> {
    let mut best = scored.first()?;
    for candidate in scored {
        if candidate.0 > best.0 {
            best = candidate;
        }
    }
    let others = scored.iter().filter(|(_, reading)| reading.0.delimiter != best.1.0.delimiter);
    let second = others.map(|&(score, _)| score).fold(0.0, f64::max);
    let confidence = if best.0 > 0.0 { (best.0 - second) / best.0 } else { 0.0 };
    Some(Best { reading: best.1, confidence })
}

/// Scores of dialects that differ in nothing but their delimiter and quote.
struct Scores<'a> {
    text: &'a [u8],
    at_eof: bool,
    /// Of delimiters that the text does not have, by quote: all of them read it alike.
    without_delimiter: Vec<(Option<u8>, f64)>,
}

impl<'a> Scores<'a> {
    fn of(text: &'a [u8], at_eof: bool) -> Self {
        Self { text, at_eof, without_delimiter: Vec::new() }
    }

    /// See [`score`].
    fn score(&mut self, dialect: &Dialect) -> f64 {
        if memchr::memmem::find(self.text, dialect.delimiter.as_bytes()).is_some() {
            return score(self.text, self.at_eof, dialect);
        }
        let known = self.without_delimiter.iter().find(|(quote, _)| *quote == dialect.quote);
        if let Some(&(_, known)) = known {
            return known;
        }
        let score = score(self.text, self.at_eof, dialect);
        self.without_delimiter.push((dialect.quote, score));
        score
    }
}

/// No [`score`] with this delimiter is higher.
fn most_score(text: &[u8], delimiter: Delimiter) -> f64 {
    let is_there = memchr::memmem::find(text, delimiter.as_bytes()).is_some();
    if is_there { 1.0 } else { ONE_COLUMN_WEIGHT }
}

/// How much the text looks like a table: consistent widths and types, and quotes that are used with care. At most 1.
fn score(text: &[u8], at_eof: bool, dialect: &Dialect) -> f64 {
    let sample = Sample::new(dialect, text, at_eof);
    let careless = f64::from(quoting(text, dialect).violations);
    sample.score() / (1.0 + careless / sample.len().max(1) as f64)
}

/// The delimiter with what always stands beside it: `||`, `, `, `~|~`. It is the longest text that separates the same
/// cells, so that each of its bytes is there every time.
fn longer_delimiter(text: &[u8], at_eof: bool, dialect: &Dialect) -> Delimiter {
    let short = dialect.delimiter;
    let sample = Sample::new(dialect, text, at_eof);
    let boundaries = sample.boundaries();
    let Some(first) = memchr::memmem::find(text, short.as_bytes()).filter(|_| boundaries >= 2) else {
        return short;
    };
    let mut best = (short.len(), short);
    let short_score = score(text, at_eof, dialect);
    for (from, to) in spans_around(first, text.len()) {
        let longer = &text[from..to];
        let Some(delimiter) = Delimiter::try_new(longer).filter(|_| may_be_between(longer, dialect)) else {
            continue;
        };
        let times = memchr::memchr_iter(short.first(), longer).count();
        let dialect = Dialect { delimiter, ..*dialect };
        let read = Sample::new(&dialect, text, at_eof);
        let explains_all = read.boundaries() * times == boundaries && read.len() == sample.len();
        // Quotes after `, ` open cells only if the space is a part of the delimiter.
        if delimiter.len() > best.0 && (explains_all || score(text, at_eof, &dialect) > short_score) {
            best = (delimiter.len(), delimiter);
        }
    }
    best.1
}

/// Every range of two to four bytes that has the byte at `at`.
fn spans_around(at: usize, end: usize) -> impl Iterator<Item = (usize, usize)> {
    let froms = at.saturating_sub(Delimiter::MOST_BYTES - 1)..=at;
    froms.flat_map(move |from| (at + 1..=(from + Delimiter::MOST_BYTES).min(end)).map(move |to| (from, to)))
}

/// What people put between cells: a byte several times, one with a space behind or spaces around it, or one between two
/// that are the same. Anything else that stands there every time belongs to the values: `,(`, `;-`.
fn may_be_between(text: &[u8], dialect: &Dialect) -> bool {
    let short = dialect.delimiter.first();
    let around = |byte: u8| {
        let special = [dialect.quote, dialect.escape, dialect.comment].contains(&Some(byte));
        byte == b' ' || byte.is_ascii_punctuation() && !special && !matches!(byte, b'-' | b'+' | b'.' | b'\'')
    };
    match *text {
        [only] => only == short,
        [first, b' '] if first == short => true,
        [before, middle, after] if middle == short && before == after => before == short || around(before),
        // Two commas are an empty cell.
        _ => short != b',' && text.iter().all(|&byte| byte == short),
    }
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
    if dialect.quote.is_none_or(|quote| memchr::memchr(quote, text).is_none()) {
        return quoting;
    }
    let mut is_needle = [false; 256];
    Needles::new(dialect).0.iter().for_each(|&needle| is_needle[needle as usize] = true);
    let mut state = State::RecordStart;
    for &byte in text {
        // Inside of a field no other byte changes the state, and most bytes are others.
        if matches!(state, State::Unquoted | State::Quoted) && !is_needle[byte as usize] {
            continue;
        }
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

/// The byte has no meaning yet: one with two would be read as the first of them alone.
fn is_free(byte: u8, dialect: &Dialect) -> bool {
    let Dialect { delimiter, quote, escape, comment } = dialect;
    !delimiter.as_bytes().contains(&byte) && ![*quote, *escape, *comment].contains(&Some(byte))
}

/// Single quotes open cells, correctly, and double quotes open none, in the first text that has any.
fn uses_single_quotes(texts: Texts<'_>, dialect: &Dialect) -> bool {
    let of = |text| {
        let single = quoting(text, &Dialect { quote: Some(b'\''), ..*dialect });
        (quoting(text, dialect).opened, single)
    };
    let quoted = |(double, single): &(u32, Quoting)| double + single.opened + single.violations > 0;
    let first = texts.all().map(of).find(quoted);
    is_free(b'\'', dialect)
        && first.is_some_and(|(double, single)| double == 0 && single.opened >= 2 && single.violations == 0)
}

/// Quotes are wrong without the escape, and right with it, in a text; and no less right in the head.
fn uses_escape(texts: Texts<'_>, dialect: &Dialect, escape: u8) -> bool {
    let escaped = Dialect { escape: Some(escape), ..*dialect };
    let needs = |text: &[u8]| quoting(text, dialect).violations > 0;
    let helps = |text: &[u8]| quoting(text, &escaped).violations == 0;
    let is_needed = || texts.elsewhere.iter().any(|text| needs(text) && helps(text));
    is_free(escape, dialect) && helps(texts.head) && (needs(texts.head) || is_needed())
}

impl Quoting {
    /// The share of quoted fields that are as a careful writer makes them; a half where nothing is quoted.
    fn confidence(&self) -> f64 {
        match self.opened + self.violations {
            0 => 0.5,
            all => f64::from(self.opened) / f64::from(all),
        }
    }
}

/// The file begins with `#` lines of another width than its records.
fn starts_with_comment(text: &[u8], at_eof: bool, dialect: &Dialect) -> bool {
    text.first() == Some(&b'#') && is_free(b'#', dialect) && {
        let sample = Sample::new(dialect, text, at_eof);
        sample.first_cells() != sample.width()
    }
}

#[cfg(test)]
#[path = "dialect_tests.rs"]
mod tests;
