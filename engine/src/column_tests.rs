use super::*;
use crate::cell::classify;
use crate::text::shape::Shape;
use proptest::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

const SIZES: SketchSizes = SketchSizes {
    distinct_exact: 16,
    distinct_log2_registers: 6,
    histogram_buckets: 8,
    top_values_tracked: 4,
};

fn nulls() -> NullSpellings {
    NullSpellings::new(&["NA".into(), "-".into()])
}

/// The place of the `row`th cell.
fn place(row: usize) -> Place {
    Place { offset: row as u64, leaf: 0, row_in_leaf: row as u64 }
}

fn count(cells: &[String]) -> (ColumnState, ColumnSequence) {
    count_from(0, cells)
}

/// Counts cells of which the first is in this row.
fn count_from(row: usize, cells: &[String]) -> (ColumnState, ColumnSequence) {
    let mut counter = ColumnCounter::new(SIZES, 2, 3);
    for (at, cell) in cells.iter().enumerate() {
        counter.add(&nulls(), cell.as_bytes(), place(row + at));
    }
    counter.take()
}

/// Every cell measured on its own, nothing deferred.
fn plainly(cells: &[String]) -> ColumnState {
    let mut state = ColumnState::new(SIZES, 2);
    let mut shapes = Shapes::new(4);
    for (row, cell) in cells.iter().enumerate() {
        match cell.as_str() {
            "" => state.empties += 1,
            "NA" => state.nulls[0] += 1,
            "-" => state.nulls[1] += 1,
            text => {
                let (bytes, hash) = (text.as_bytes(), xxh3_64(text.as_bytes()));
                let value = classify(bytes);
                state.measure(hash, (bytes, text.chars().count() as u64), value, 1, &mut shapes);
                state.note_place(value.class(), hash, (bytes, bytes.len() as u64), || place(row));
            }
        }
    }
    shapes.take_summary(&mut state.census);
    state.complete();
    state
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c]?",
        "-?[0-9]{1,3}(\\.[0-9]{1,2})?",
        "[0-9]{17,21}",
        "1e[0-9]{1,2}",
        "20[0-9]{2}-0[1-9]-1[0-9]",
        "[0-3][0-9]/[01][0-9]/20[0-9]{2}",
        "[a-c]{1,3}@[a-c]\\.de",
        Just("NA".to_owned()),
        Just("é".repeat(300)),
        "[xyz]{250,270}",
        ".{0,12}",
    ]
}

/// Cells that are nearly all like this, so that most groups of eight have nothing else and some do.
fn mostly(usual: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<String>> {
    let any_value = cell().prop_filter("is no null", |cell| !["", "NA", "-"].contains(&cell.as_str()));
    proptest::collection::vec(prop_oneof![32 => usual, 1 => any_value, 1 => "[a-c#.]{1,4}"], 0..300)
}

fn usual_cells() -> impl Strategy<Value = (block::Usual, Vec<String>)> {
    let numbers = prop_oneof![
        30 => "-?[1-9][0-9]{0,3}", 30 => "-?[0-9]{1,3}\\.[0-9]{2}", 4 => "(19|20)[01][0-9]0[1-9]1[0-9]",
        10 => "-?0[0-9]{1,4}",
    ];
    let date = "20[0-9]{2}-(0[1-9]|1[0-2])-[0-2][1-8]";
    let timestamp = format!("{date}[T ](0[0-9]|1[0-9]):[0-5][0-9]:[0-5][0-9]Z?");
    let rare_date = format!("{date}(T10:00:00)?");
    prop_oneof![
        2 => mostly(numbers).prop_map(|cells| (block::Usual::Numbers, cells)),
        1 => mostly(prop_oneof![64 => date, 1 => string(&rare_date)]).prop_map(|cells| (block::Usual::Times, cells)),
        1 => mostly(string(&timestamp)).prop_map(|cells| (block::Usual::Times, cells)),
    ]
}

/// Texts of a regular expression that is put together.
fn string(expression: &str) -> impl Strategy<Value = String> + use<> {
    proptest::string::string_regex(expression).expect("a regular expression")
}

proptest! {
    #[test]
    fn values_side_by_side_are_measured_as_one_by_one((usual, cells) in usual_cells(), sorted in any::<bool>()) {
        let mut cells = cells;
        if sorted {
            cells.sort();
        }
        let mut text = vec![b','; 16];
        let mut values = Vec::new();
        for (row, cell) in cells.iter().enumerate() {
            let (start, len) = (text.len() as u32, cell.len() as u32);
            let (hash, source) = (xxh3_64(cell.as_bytes()), block::Source::Text);
            values.push(block::ValueRef { hash, source, start, len, row: row as u32 });
            text.extend_from_slice(cell.as_bytes());
            text.push(b',');
        }
        let [mut side_by_side, mut one_by_one] = [(); 2].map(|()| ColumnCounter::new(SIZES, 2, 3));
        let sources = block::Sources { text: &text, unquoted: &[], ascii: false };
        values.chunks(block::AT_ONCE).for_each(|some| side_by_side.measure_mostly(usual, sources, some, place));
        for (row, (cell, value)) in cells.iter().zip(&values).enumerate() {
            one_by_one.measure(value.hash, cell.as_bytes(), classify(cell.as_bytes()), false, || place(row));
        }
        let ((state, sequence), (expected, expected_sequence)) = (side_by_side.take(), one_by_one.take());
        prop_assert_eq!(state.to_wire(), expected.to_wire());
        prop_assert_eq!(sequence, expected_sequence);
        prop_assert_eq!(expected.to_wire(), plainly(&cells).to_wire());
    }

    #[test]
    fn characters_are_counted_in_texts_of_any_length(text in proptest::collection::vec(any::<u8>(), 0..150)) {
        let plainly = text.iter().filter(|byte| !(0x80..0xC0).contains(*byte)).count();
        prop_assert_eq!(count_chars(&text), plainly as u64);
    }

    #[test]
    fn deferring_gives_what_measuring_each_cell_gives(cells in proptest::collection::vec(cell(), 0..80)) {
        prop_assert_eq!(count(&cells).0.to_wire(), plainly(&cells).to_wire());
    }

    #[test]
    fn order_and_grouping_do_not_matter(
        cells in proptest::collection::vec(cell(), 0..120),
        cut in 0usize..120,
    ) {
        let (left, right) = cells.split_at(cut.min(cells.len()));
        let (mut forward, mut backward) = (count(left).0, count_from(left.len(), right).0);
        forward.merge(&count_from(left.len(), right).0);
        backward.merge(&count(left).0);
        let reversed: Vec<String> = cells.iter().rev().cloned().collect();
        let whole = count(&cells).0.to_wire();
        // Elsewhere, the same cells have other places.
        let elsewhere = ColumnWire { places: whole.places.clone(), ..count(&reversed).0.to_wire() };
        prop_assert_eq!(&elsewhere, &whole);
        prop_assert_eq!(&forward.to_wire(), &whole);
        prop_assert_eq!(&backward.to_wire(), &whole);
        prop_assert_eq!(ColumnState::from_wire(SIZES, 2, whole.clone()).map(|s| s.to_wire()), Some(whole));
    }

    #[test]
    fn extremes_are_the_exact_ones(numbers in proptest::collection::vec(any::<i64>(), 1..30)) {
        let cells: Vec<String> = numbers.iter().map(|n| n.to_string()).collect();
        let state = count(&cells).0;
        let found = state.numbers.unwrap();
        prop_assert_eq!(&found.min.text, &numbers.iter().min().unwrap().to_string());
        prop_assert_eq!(&found.max.text, &numbers.iter().max().unwrap().to_string());
    }
}

#[test]
fn neighbours_that_share_an_f64_are_told_apart() {
    let cells =
        ["9007199254740993", "9007199254740992", "-9007199254740993", "-9007199254740992"].map(String::from);
    let numbers = count(&cells).0.numbers.unwrap();
    assert_eq!(
        (numbers.min.text.as_str(), numbers.max.text.as_str()),
        ("-9007199254740993", "9007199254740993")
    );
}

#[test]
fn one_number_has_one_text() {
    let text = |cell: &str| count(&[cell.to_owned()]).0.numbers.unwrap().min.text;
    assert_eq!(text("1.500"), "1.5");
    assert_eq!(text("-0.0"), "0");
    assert_eq!(text("12e2"), "1200");
    assert_eq!(text("125e-4"), "0.0125");
}

/// DuckDB found that sums of numbers of 19 digits were rounded.
#[test]
fn sums_are_exact_as_far_as_an_i64_holds_the_digits() {
    let sum = |cells: &[i64]| {
        let cells: Vec<String> = cells.iter().map(i64::to_string).collect();
        let numbers = count(&cells).0.numbers.unwrap();
        (numbers.sum.moments().unwrap().sum, numbers.sum.is_exact())
    };
    assert_eq!(sum(&[i64::MAX, i64::MAX]), ("18446744073709551614".to_owned(), true));
    assert_eq!(sum(&[i64::MIN, 1]), ("-9223372036854775807".to_owned(), true));
    assert!(!count(&["9223372036854775808".to_owned()]).0.numbers.unwrap().sum.is_exact());
}

fn order_of(cells: &[&str]) -> (ColumnOrder, ColumnOrder) {
    let cells: Vec<String> = cells.iter().map(|cell| cell.to_string()).collect();
    let whole = count(&cells).1.order;
    let mut joined = ColumnOrder::default();
    cells.chunks(2).for_each(|pair| joined.append(count(pair).1.order));
    (whole, joined)
}

#[test]
fn order_by_bytes_and_by_rank() {
    let check = |cells: &[&str], text: (bool, bool, bool), rank: (bool, bool, bool)| {
        for order in [order_of(cells).0, order_of(cells).1] {
            assert_eq!(
                (order.text.ascends, order.text.descends, order.text.repeats),
                text,
                "{cells:?}: text"
            );
            assert_eq!(
                (order.rank.ascends, order.rank.descends, order.rank.repeats),
                rank,
                "{cells:?}: rank"
            );
        }
    };
    let (up, down, none) = ((true, false, false), (false, true, false), (false, false, false));
    check(&["1", "2", "NA", "3"], up, up);
    check(&["9", "10", "", "11"], none, up);
    check(&["3", "2", "2", "1"], (false, true, true), (false, true, true));
    check(&["a", "b", "c"], up, none);
    check(&["2024-01-03", "2024-01-02", "2023-12-31"], down, down);
    check(&["1", "1.0", "2"], up, (true, false, true));
    check(&["9007199254740992", "9007199254740993"], up, up);
    check(&["9007199254740993", "9007199254740992.5"], (false, true, false), down);
    check(&["9007199254740992.5", "9007199254740993"], up, up);
    check(&["1e-400", "2e-400", "3e-399"], up, up);
    check(&["-1e-380", "0", "1e-400"], up, up);
    check(&["1e3", "1000", "1000.0"], none, (true, true, true));
    check(&["2024-01-01T00:00:00.1234568", "2024-01-01T00:00:00.1234567"], down, down);
    check(&["2024-01-01", "2024-01-01 00:00:00.0000001"], up, up);
    check(&["1", "2024-01-02"], up, none);
    check(&["x", "x"], (true, true, true), none);
    check(&["5", "6", "5"], none, none);
}

/// Where what is kept of two values does not tell which is larger, nothing is said but what other values prove.
#[test]
fn order_that_cannot_be_told() {
    let (long, digits) = ("x".repeat(300), "12345678901234567890123");
    let check = |cells: &[String], text_unclear: bool, rank_unclear: bool| {
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        for order in [order_of(&cells).0, order_of(&cells).1] {
            assert_eq!((order.text.unclear, order.rank.unclear), (text_unclear, rank_unclear), "{cells:?}");
        }
    };
    check(&[format!("{long}a"), format!("{long}b")], true, false);
    check(&[format!("{long}a"), format!("{long}bc")], true, false);
    check(&[long.clone(), long.clone(), long.clone()], false, false);
    check(&["x".repeat(256), long.clone()], false, false);
    check(&[format!("{long}b"), format!("{long}a"), "a".into(), "b".into()], false, false);
    check(&[format!("{digits}4"), format!("{digits}5")], false, true);
    check(&[format!("{digits}4"), format!("{digits}4"), format!("{digits}4")], false, false);
    check(&[format!("{digits}4"), format!("{digits}5"), "1".into(), "2".into()], false, false);
}

proptest! {
    #[test]
    fn decimals_are_compared_exactly(a in number_text(), b in number_text(), c in number_text()) {
        use num_bigint::BigInt;
        let scaled = |text: &str| {
            let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
            let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
            let shift = 40 + exponent.parse::<i32>().unwrap() - fraction.len() as i32;
            format!("{whole}{fraction}").parse::<BigInt>().unwrap() * BigInt::from(10).pow(shift as u32)
        };
        let cells = [a.as_str(), b.as_str(), c.as_str()];
        let truth = cells.map(scaled);
        let (order, joined) = order_of(&cells);
        prop_assert_eq!(&order, &joined);
        let rank = order.rank;
        if !rank.unclear {
            prop_assert_eq!(rank.ascends, truth.is_sorted());
            prop_assert_eq!(rank.descends, truth.iter().rev().is_sorted());
            if rank.ascends || rank.descends {
                prop_assert_eq!(rank.repeats, truth[0] == truth[1] || truth[1] == truth[2]);
            }
        } else {
            prop_assert!(rank.ascends || rank.descends);
        }
    }

    #[test]
    fn order_joins_in_the_order_of_the_file(
        numbers in proptest::collection::vec(0i64..4, 0..8),
        sorted in any::<bool>(),
        cut in 0usize..8,
    ) {
        let mut numbers = numbers;
        if sorted {
            numbers.sort_unstable();
        }
        let cells: Vec<String> = numbers.iter().map(i64::to_string).collect();
        let (left, right) = cells.split_at(cut.min(cells.len()));
        let mut joined = count(left).1.order;
        joined.append(count(right).1.order);
        prop_assert_eq!(&joined, &count(&cells).1.order);
        prop_assert_eq!(joined.rank.ascends, numbers.is_sorted());
        prop_assert_eq!(joined.rank.descends, numbers.iter().rev().is_sorted());
    }

    #[test]
    fn shapes_lie_within_their_bounds(cells in proptest::collection::vec("[a1.-]{1,4}", 1..120), cut in 0usize..120) {
        let texts: Vec<String> = cells.iter().filter(|cell| is_text(cell)).cloned().collect();
        let (left, right) = texts.split_at(cut.min(texts.len()));
        let shapes = ColumnSequence::merge(count(left).1, count(right).1, SIZES.top_values_tracked).shapes;
        prop_assert!(shapes.counters.len() <= 4);
        for counter in &shapes.counters {
            let same = texts.iter().filter(|text| Shape::of(text.as_bytes()).kinds == counter.kinds);
            let truth = same.count() as u64;
            prop_assert!(counter.count <= truth && truth <= counter.count + shapes.error, "{:?}", counter);
        }
        prop_assert!(shapes.error <= texts.len() as u64 * 2 / 4, "error {}", shapes.error);
        for text in &texts {
            let shape = Shape::of(text.as_bytes());
            let is_it = |other: &&String| Shape::of(other.as_bytes()).kinds == shape.kinds;
            let known = shapes.counters.iter().find(|counter| counter.kinds == shape.kinds);
            let truth = texts.iter().filter(is_it).count() as u64;
            prop_assert!(known.is_some() || truth <= shapes.error, "{text:?} is there {truth} times");
            if let Some(counter) = known.filter(|_| shapes.error == 0) {
                prop_assert_eq!(counter.count, truth);
                let mut lens = counter.lens.iter().zip(shape.lens);
                prop_assert!(lens.all(|(&(least, most), len)| least <= len && len <= most), "{:?}", counter);
            }
        }
    }

    #[test]
    fn the_census_counts_each_text(cells in proptest::collection::vec("[ aB\t\n\u{7}é\u{a0}]{1,5}", 0..60)) {
        let census = count(&cells).0.census;
        let texts: Vec<&String> = cells.iter().filter(|cell| is_text(cell)).collect();
        let count = |has: &dyn Fn(&str) -> bool| texts.iter().filter(|text| has(text)).count() as u64;
        let is_space = |c: char| c.is_ascii_whitespace();
        prop_assert_eq!(census.texts, texts.len() as u64);
        prop_assert_eq!(census.leading_space, count(&|text| text.starts_with(is_space)));
        prop_assert_eq!(census.trailing_space, count(&|text| text.ends_with(is_space)));
        let surrounding = |text: &str| text.starts_with(is_space) || text.ends_with(is_space);
        prop_assert_eq!(census.surrounding_space, count(&surrounding));
        prop_assert_eq!(census.line_break, count(&|text| text.contains('\n')));
        prop_assert_eq!(census.control, count(&|text| text.contains('\u{7}')));
        prop_assert_eq!(census.non_ascii, count(&|text| !text.is_ascii()));
        prop_assert_eq!(census.invisible, count(&|text| text.contains('\u{a0}')));
        prop_assert_eq!(census.mixed_case, count(&|text| text.contains('a') && text.contains('B')));
        prop_assert_eq!(census.upper_case, count(&|text| !text.contains('a') && text.contains('B')));
    }
}

/// Numbers that often share a nearest `f64`.
fn number_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "900719925474099[0-9]",
        "900719925474099[0-9]\\.[05]{1,2}",
        "90071992547409[0-9]{2}e[01]",
        "9007199254740993000000[0-9]{1,2}",
        Just("9.007199254740992e15".to_owned()),
    ]
}

fn is_text(cell: &str) -> bool {
    matches!(classify(cell.as_bytes()), Value::Plain(Class::Text | Class::Code)) && cell != "-"
}
