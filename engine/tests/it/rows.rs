//! Facts about whole rows against a naive loop over them.

use data_inspector_domain::profile::{Profile, RowAlertCode, RowFacts, RowPlace};
use data_inspector_domain::spec::{ByteChoice, Delimiter, FormatOverrides, InspectionSpec};
use data_inspector_engine::finish::finish;
use data_inspector_engine::partial::Partial;
use proptest::prelude::*;
use std::collections::BTreeMap;

use crate::reading::Reading;

const HEADER: &str = "a,b,c,d\n";
const WIDTH: usize = 4;

/// A cell as it is written, and as it is meant.
const CELLS: [(&str, Option<&str>); 9] = [
    ("", None),
    ("NA", None),
    ("\"\"", None),
    ("1", Some("1")),
    ("2.5", Some("2.5")),
    ("\"2.5\"", Some("2.5")),
    ("x", Some("x")),
    ("\"y\n\"\"z\"", Some("y\n\"z")),
    ("2024-02-29", Some("2024-02-29")),
];

fn spec() -> InspectionSpec {
    let format = FormatOverrides {
        header: Some(true),
        delimiter: Some(Delimiter::byte(b',')),
        quote: Some(ByteChoice::Byte(b'"')),
        comment: Some(ByteChoice::None),
        ..FormatOverrides::default()
    };
    InspectionSpec { format, leaf_size_bytes: Some(32), ..InspectionSpec::default() }
}

fn profile_of(text: &str) -> Profile {
    let reading = Reading::try_new(text.as_bytes(), &spec(), usize::MAX).unwrap();
    finish(&reading.spec, &reading.sequential())
}

fn rows_of(text: &str) -> RowFacts {
    profile_of(text).rows
}

/// A row of the naive loop.
struct Row {
    record: String,
    cells: Vec<Option<&'static str>>,
    offset: u64,
}

/// A file of rows of cells by number; a row may have fewer cells.
fn written(rows: &[Vec<usize>]) -> (String, Vec<Row>) {
    let mut text = HEADER.to_owned();
    let mut known = Vec::new();
    for row in rows {
        let record = row.iter().map(|&cell| CELLS[cell].0).collect::<Vec<_>>().join(",");
        let mut cells: Vec<_> = row.iter().map(|&cell| CELLS[cell].1).collect();
        cells.resize(WIDTH, None);
        known.push(Row { record: record.clone(), cells, offset: text.len() as u64 });
        text += &record;
        text.push('\n');
    }
    (text, known)
}

fn check_against_a_loop(rows: &[Vec<usize>]) {
    let (text, known) = written(rows);
    let facts = rows_of(&text);
    let mut by_nulls = vec![0; WIDTH + 1];
    let mut patterns: BTreeMap<Vec<u32>, u64> = BTreeMap::new();
    let mut places: BTreeMap<&str, Vec<RowPlace>> = BTreeMap::new();
    for (at, row) in known.iter().enumerate() {
        by_nulls[row.cells.iter().filter(|cell| cell.is_none()).count()] += 1;
        let nulls = (0..WIDTH as u32).filter(|&column| row.cells[column as usize].is_none());
        *patterns.entry(nulls.collect()).or_default() += 1;
        let place = RowPlace { row: Some(at as u64 + 1), byte_offset: row.offset };
        places.entry(&row.record).or_default().push(place);
    }
    assert_eq!(facts.completeness.by_nulls, by_nulls);
    assert_eq!((facts.completeness.complete, facts.completeness.all_null), (by_nulls[0], by_nulls[WIDTH]));
    assert!(!facts.completeness.last_is_open);
    check_repeated(&facts, &places, known.len());
    check_missingness(&facts, &patterns, &known);
    check_samples(&facts, &known);
}

fn check_repeated(facts: &RowFacts, places: &BTreeMap<&str, Vec<RowPlace>>, rows: usize) {
    let repeated: Vec<&Vec<RowPlace>> = places.values().filter(|places| places.len() > 1).collect();
    let exact = |estimate: &data_inspector_domain::profile::Estimate| {
        assert!(estimate.exact, "{estimate:?}");
        estimate.value as usize
    };
    assert_eq!(exact(&facts.distinct), places.len());
    assert_eq!(exact(&facts.repeated), repeated.len());
    assert_eq!(exact(&facts.surplus), rows - places.len());
    let mut expected: Vec<(u64, Vec<RowPlace>)> =
        repeated.iter().map(|places| (places.len() as u64, places[..2].to_vec())).collect();
    expected.sort_by_key(|(count, places)| (std::cmp::Reverse(*count), places[0].row));
    expected.truncate(10);
    let found: Vec<_> = facts.repeated_examples.iter().map(|row| (row.count, row.places.clone())).collect();
    assert_eq!(found, expected);
    let alert = facts.alerts.iter().find(|alert| alert.code == RowAlertCode::DuplicateRows);
    assert_eq!(alert.map(|alert| &alert.examples), expected.first().map(|(_, places)| places));
}

fn check_missingness(facts: &RowFacts, patterns: &BTreeMap<Vec<u32>, u64>, known: &[Row]) {
    assert!(facts.sample.is_whole && facts.sample.rows == known.len() as u64);
    let mut expected: Vec<(&Vec<u32>, u64)> =
        patterns.iter().map(|(columns, &rows)| (columns, rows)).collect();
    expected.sort_by_key(|&(_, rows)| std::cmp::Reverse(rows));
    expected.truncate(10);
    let found: Vec<_> = facts.missingness.iter().map(|pattern| (&pattern.columns, pattern.rows)).collect();
    assert_eq!(found, expected);
    for pattern in &facts.missingness {
        assert_eq!(pattern.share.value, pattern.rows as f64 / known.len() as f64);
    }
    let is_null = |row: &Row, column: u32| row.cells[column as usize].is_none();
    let is_partly_null = |column: u32| {
        let nulls = known.iter().filter(|row| is_null(row, column)).count();
        nulls > 0 && nulls < known.len()
    };
    let mut pairs = 0;
    for left in (0..WIDTH as u32).filter(|&column| is_partly_null(column)) {
        for right in (left + 1..WIDTH as u32).filter(|&column| is_partly_null(column)) {
            let both = known.iter().filter(|row| is_null(row, left) && is_null(row, right)).count() as u64;
            let either = known.iter().filter(|row| is_null(row, left) || is_null(row, right)).count() as u64;
            let pair = facts.co_nulls.iter().find(|pair| pair.columns == [left, right]);
            assert_eq!(pair.is_some(), 2 * both >= either, "{left} and {right}: {both} of {either}");
            if let Some(pair) = pair {
                assert_eq!((pair.both, pair.either), (both, either));
                assert_eq!(pair.jaccard.value, both as f64 / either as f64);
                pairs += 1;
            }
        }
    }
    assert_eq!(facts.co_nulls.len(), pairs);
    assert!(facts.co_nulls.is_sorted_by(|a, b| a.jaccard.value >= b.jaccard.value));
}

fn check_samples(facts: &RowFacts, known: &[Row]) {
    let samples = &facts.samples;
    let numbers = |rows: &[data_inspector_domain::profile::SampleRow]| -> Vec<usize> {
        rows.iter().map(|row| row.row.unwrap() as usize - 1).collect()
    };
    let count = known.len();
    assert_eq!(numbers(&samples.first), (0..count.min(5)).collect::<Vec<_>>());
    assert_eq!(
        numbers(&samples.last),
        (count.saturating_sub(5).max(5.min(count))..count).collect::<Vec<_>>()
    );
    let random = numbers(&samples.random);
    assert!(random.is_sorted() && random.iter().all(|row| (5..count - 5).contains(row)), "{random:?}");
    for row in samples.first.iter().chain(&samples.random).chain(&samples.last) {
        let truth = &known[row.row.unwrap() as usize - 1];
        let cells: Vec<Option<&str>> = row.cells.iter().map(Option::as_deref).collect();
        assert_eq!((row.byte_offset, &cells), (truth.offset, &truth.cells));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn a_loop_over_the_rows_says_the_same(
        rows in proptest::collection::vec(proptest::collection::vec(0..CELLS.len(), 1..=WIDTH), 1..60),
        repeats in 1usize..4,
    ) {
        // A record of one null cell would be a blank line, or one that ends where the file does.
        let rows: Vec<Vec<usize>> = rows.into_iter().filter(|row| row.len() > 1).collect();
        let rows: Vec<Vec<usize>> = rows.iter().cycle().take(rows.len() * repeats).cloned().collect();
        prop_assume!(!rows.is_empty());
        check_against_a_loop(&rows);
    }
}

/// The line ending is no part of a row, quotes are, and the end of the file ends a row as a line ending does.
#[test]
fn rows_are_the_bytes_of_their_records() {
    let check = |text: &str, distinct: f64, repeated: f64| {
        let facts = rows_of(text);
        assert_eq!((facts.distinct.value, facts.repeated.value), (distinct, repeated), "{text:?}");
    };
    check("a,b\n1,x\r\n1,x\n1,x\r1,x", 1.0, 1.0);
    check("a,b\n1,x\n1,\"x\"\n", 2.0, 0.0);
    check("a,b\n1,\"x\n\"\n1,\"x\n", 2.0, 0.0);
    check("a,b\n1,\"x\n1,\"x", 1.0, 0.0);
    check("a,b\n1,x\n#c\n1,x\n\n1,x", 2.0, 1.0);
    check("a,b\n", 0.0, 0.0);
}

#[test]
fn cells_are_cut_at_characters() {
    let (long, whole, bad) = ("é".repeat(65), "é".repeat(64), "\u{fffd}");
    let text = format!("a,b,c\n{long},{whole},{}\n", "z".repeat(300));
    let cells = rows_of(&text).samples.first.remove(0).cells;
    let cut = |text: &str| Some(format!("{text}…"));
    assert_eq!(cells, [cut(&whole), Some(whole.clone()), cut(&"z".repeat(64))]);
    let reading = Reading::try_new(b"a,b\nx\xffy,2\n", &spec(), usize::MAX).unwrap();
    let facts = finish(&reading.spec, &reading.sequential()).rows;
    assert_eq!(facts.samples.first[0].cells[0].as_deref(), Some(format!("x{bad}y").as_str()));
}

/// Of a file of which some leaves are missing: what is said is said of the rows of the others, and rows behind a gap have
/// no number.
#[test]
fn rows_behind_a_gap_have_no_number() {
    let text = format!("{HEADER}{}", "1,2,3,4\n".repeat(40));
    let reading = Reading::try_new(text.as_bytes(), &spec(), usize::MAX).unwrap();
    let mut partial = Partial::new(&reading.spec);
    for leaf in reading.proven_leaves(usize::MAX).into_iter().filter(|leaf| leaf.totals.leaf != 2) {
        partial.add_leaf(leaf).unwrap();
    }
    let profile = finish(&reading.spec, &partial);
    let rows = &profile.rows;
    assert!(profile.row_count < 40);
    assert_eq!((rows.distinct.value, rows.surplus.value), (1.0, profile.row_count as f64 - 1.0));
    assert!(rows.alerts.iter().all(|alert| alert.provisional));
    let is_numbered = |row: &data_inspector_domain::profile::SampleRow| row.row.is_some();
    assert!(rows.samples.first.iter().all(is_numbered));
    assert!(!rows.samples.last.iter().any(is_numbered));
}

/// Pearson's r and Spearman's ρ as their definitions say, over the rows with both.
fn coefficients(left: &[Option<f64>], right: &[Option<f64>]) -> (f64, f64, u64) {
    let both: Vec<(f64, f64)> = left.iter().zip(right).filter_map(|(l, r)| Some(((*l)?, (*r)?))).collect();
    let pearson = |pairs: &[(f64, f64)]| {
        let n = pairs.len() as f64;
        let (left, right) = (
            pairs.iter().map(|pair| pair.0).sum::<f64>() / n,
            pairs.iter().map(|pair| pair.1).sum::<f64>() / n,
        );
        let sum = |of: fn(f64, f64) -> f64| pairs.iter().map(|&(l, r)| of(l - left, r - right)).sum::<f64>();
        sum(|l, r| l * r) / (sum(|l, _| l * l) * sum(|_, r| r * r)).sqrt()
    };
    let rank = |value: f64, all: &dyn Fn(usize) -> f64| {
        let below = (0..both.len()).filter(|&row| all(row) < value).count() as f64;
        let same = (0..both.len()).filter(|&row| all(row) == value).count() as f64;
        below + (same + 1.0) / 2.0
    };
    let ranks: Vec<(f64, f64)> =
        both.iter().map(|&(l, r)| (rank(l, &|row| both[row].0), rank(r, &|row| both[row].1))).collect();
    (pearson(&both), pearson(&ranks), both.len() as u64)
}

#[test]
fn coefficients_are_as_defined() {
    const ROWS: u64 = 200;
    let noise = |seed: u64, row: u64| (seed * 7 + row * 2_654_435_761 % 1013 * (seed + 3)) % 1013;
    let columns: Vec<Vec<Option<f64>>> = vec![
        (0..ROWS).map(|row| Some(row as f64)).collect(),
        (0..ROWS).map(|row| Some(-3.5 * row as f64 + noise(1, row) as f64 / 100.0)).collect(),
        (0..ROWS).map(|row| (row % 3 != 0).then_some((row * row) as f64)).collect(),
        (0..ROWS)
            .map(|row| (row % 5 != 1).then_some((row / 10) as f64 + (noise(2, row) % 7) as f64))
            .collect(),
        (0..ROWS).map(|_| Some(7.0)).collect(),
    ];
    let mut text = "a,b,c,d,e,day\n".to_owned();
    for row in 0..ROWS as usize {
        let number = |cell: Option<f64>| cell.map_or(String::new(), |number| number.to_string());
        let cells: Vec<String> = columns.iter().map(|column| number(column[row])).collect();
        text += &format!("{},{:02}/{:02}/2024\n", cells.join(","), row % 28 + 1, row / 28 + 1);
    }
    let rows = rows_of(&text);
    assert_eq!((rows.correlations.columns, rows.correlations.columns_left_out), (6, 0));
    let close = |found: f64, truth: f64| (found - truth).abs() < 1e-12;
    for (left, right) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] {
        let pair = rows.correlations.pairs.iter().find(|pair| pair.columns == [left, right]).unwrap();
        let (pearson, spearman, both) = coefficients(&columns[left as usize], &columns[right as usize]);
        assert!(pair.pearson.exact && close(pair.pearson.value, pearson), "{pair:?} is not {pearson}");
        assert!(pair.spearman.exact && close(pair.spearman.value, spearman), "{pair:?} is not {spearman}");
        assert_eq!(pair.rows, both);
    }
    let day = rows.correlations.pairs.iter().find(|pair| pair.columns == [0, 5]).unwrap();
    assert!(close(day.spearman.value, 1.0) && day.pearson.value > 0.99, "days ascend: {day:?}");
    assert!(rows.correlations.pairs.iter().all(|pair| !pair.columns.contains(&4)), "a constant has none");
    let strength = |pair: &data_inspector_domain::profile::CorrelatedPair| {
        pair.pearson.value.abs().max(pair.spearman.value.abs())
    };
    assert!(rows.correlations.pairs.is_sorted_by(|a, b| strength(a) >= strength(b)));
    let high = rows.alerts.iter().filter(|alert| alert.code == RowAlertCode::HighCorrelation);
    let expected = rows.correlations.pairs.iter().filter(|pair| strength(pair) >= 0.9);
    assert_eq!(
        high.map(|alert| alert.columns.clone()).collect::<Vec<_>>(),
        expected.map(|pair| pair.columns.to_vec()).collect::<Vec<_>>()
    );
}

/// Numbers at the ends of what there is, and times that differ by microseconds in centuries.
#[test]
fn coefficients_of_extreme_numbers() {
    let mut text = "a,b,c\n".to_owned();
    for row in 0..20 {
        let sign = if row % 2 == 0 { "" } else { "-" };
        text += &format!("{sign}1.{row:02}e308,{sign}{row}e-300,2024-01-01 00:00:00.{row:06}\n");
    }
    let rows = rows_of(&text);
    for pair in &rows.correlations.pairs {
        assert!(pair.pearson.value.abs() <= 1.0 && pair.spearman.value.abs() <= 1.0, "{pair:?}");
    }
    assert!(rows.correlations.pairs.iter().any(|pair| pair.columns == [0, 1]));
    let times: String = (0..20).map(|row| format!("{row},2024-01-01 00:00:00.{row:06}\n")).collect();
    let pairs = rows_of(&format!("a,b\n{times}")).correlations.pairs;
    assert!((pairs[0].pearson.value - 1.0).abs() < 1e-9, "{pairs:?}");
}

/// A wide file: the first columns are compared, what is left out is said; rows are cut.
#[test]
fn wide_files_are_bounded() {
    const COLUMNS: usize = 1200;
    let header: Vec<String> = (0..COLUMNS).map(|column| format!("c{column}")).collect();
    let row = |row: usize| vec![row.to_string(); COLUMNS].join(",");
    let rows: Vec<String> = (0..30).map(row).collect();
    let facts = rows_of(&format!("{}\n{}\n", header.join(","), rows.join("\n")));
    assert_eq!((facts.correlations.columns, facts.correlations.columns_left_out), (200, 1000));
    assert_eq!(facts.correlations.pairs.len(), 100);
    assert_eq!(facts.alerts.len(), 20);
    assert_eq!((facts.samples.columns, facts.samples.first[0].cells.len()), (1000, 1000));
    let nulls = rows_of(&format!("{}\n{}\n", header.join(","), ",".repeat(COLUMNS - 1))).completeness;
    assert_eq!((nulls.by_nulls.len(), nulls.last_is_open, nulls.all_null), (32, true, 1));
}
