//! The `csv` crate as oracle: every short string, cut everywhere into two leaves, has the same records.

use data_inspector_domain::spec::Dialect;

use crate::automaton::State;
use crate::lanes::Lanes;
use crate::records::{Batch, Buffer, Cell, Cutter, Stop, unquote};
use crate::simd::{Needles, find_all};

const ALPHABET: [u8; 5] = [b'a', b',', b'"', b'\r', b'\n'];
const LONGEST: usize = 8;
const WIDTH: usize = LONGEST + 1;

type Records = Vec<Vec<Vec<u8>>>;

fn by_the_csv_crate(text: &[u8], quote: u8, escape: Option<u8>) -> Records {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .quote(quote)
        .escape(escape)
        .from_reader(text);
    let cells = |record: csv::ByteRecord| record.iter().map(<[u8]>::to_vec).collect();
    reader.byte_records().map(|record| cells(record.unwrap())).collect()
}

/// The records that start in `text[from..limit]`, given that one starts at `from`.
fn records_from(dialect: Dialect, text: &[u8], from: usize, limit: usize, records: &mut Records) {
    let rest = &text[from..];
    let mut positions = Vec::new();
    find_all(Needles::new(&dialect), rest, 0, &mut positions);
    let mut batch = Batch::default();
    let buffer = Buffer { bytes: rest, positions: &positions, at_eof: true };
    let (_, stop) = Cutter::new(dialect, WIDTH, usize::MAX).cut(buffer, limit - from, &mut batch);
    assert_eq!(stop, Stop::Done);
    for spans in batch.spans.chunks(WIDTH) {
        let content = |span: &crate::records::Span| match span.cell() {
            Cell::Plain { start, end } => Some(rest[start..end].to_vec()),
            Cell::Quoted { start, end } => {
                let mut content = Vec::new();
                unquote(&dialect, &rest[start..end], &mut content);
                Some(content)
            }
            Cell::Missing => None,
        };
        records.push(spans.iter().map_while(content).collect());
    }
}

fn by_leaves(dialect: Dialect, text: &[u8], cut: usize) -> Records {
    let mut records = Vec::new();
    let mut state = State::RecordStart;
    for (from, to) in [(0, cut), (cut, text.len())] {
        let mut lanes = Lanes::new(dialect, from as u64);
        lanes.feed(&text[from..to]);
        let transition = lanes.finish().from(state);
        if let Some(start) = transition.first_start {
            records_from(dialect, text, start as usize, to, &mut records);
        }
        state = transition.exit;
    }
    records
}

fn every_string(alphabet: &[u8], longest: usize, mut check: impl FnMut(&[u8])) {
    for len in 0..=longest {
        let mut digits = vec![0; len];
        loop {
            let text: Vec<u8> = digits.iter().map(|&digit: &usize| alphabet[digit]).collect();
            check(&text);
            let Some(place) = digits.iter().rposition(|&digit| digit + 1 < alphabet.len()) else { break };
            digits[place] += 1;
            digits[place + 1..].fill(0);
        }
    }
}

#[test]
fn every_string_of_up_to_8_bytes_cut_everywhere_equals_the_csv_crate() {
    every_string(&ALPHABET, LONGEST, |text| {
        let expected = by_the_csv_crate(text, b'"', None);
        for cut in 0..=text.len() {
            let found = by_leaves(Dialect::RFC4180, text, cut);
            assert_eq!(found, expected, "{:?} cut at {cut}", String::from_utf8_lossy(text));
        }
    });
}

#[test]
fn an_escape_byte_equals_the_csv_crate() {
    let dialect = Dialect { escape: Some(b'\\'), ..Dialect::RFC4180 };
    every_string(b"a,\"\\\n", 7, |text| {
        let expected = by_the_csv_crate(text, b'"', Some(b'\\'));
        for cut in 0..=text.len() {
            let found = by_leaves(dialect, text, cut);
            assert_eq!(found, expected, "{:?} cut at {cut}", String::from_utf8_lossy(text));
        }
    });
}
