use super::*;
use crate::sketch::frequent::FrequentSummary;
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

fn count(cells: &[String]) -> (ColumnState, FrequentSummary) {
    let mut counter = ColumnCounter::new(SIZES, 2, 3);
    cells.iter().for_each(|cell| counter.add(&nulls(), cell.as_bytes()));
    counter.take()
}

/// Every cell measured on its own, nothing deferred.
fn plainly(cells: &[String]) -> ColumnState {
    let mut state = ColumnState::new(SIZES, 2);
    for cell in cells {
        match cell.as_str() {
            "" => state.empties += 1,
            "NA" => state.nulls[0] += 1,
            "-" => state.nulls[1] += 1,
            text => state.measure(xxh3_64(text.as_bytes()), text.as_bytes(), text.chars().count() as u64, 1),
        }
    }
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
        Just("NA".to_owned()),
        Just("é".repeat(300)),
        "[xyz]{250,270}",
        ".{0,12}",
    ]
}

proptest! {
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
        let (mut forward, mut backward) = (count(left).0, count(right).0);
        forward.merge(&count(right).0);
        backward.merge(&count(left).0);
        let reversed: Vec<String> = cells.iter().rev().cloned().collect();
        let whole = count(&cells).0.to_wire();
        prop_assert_eq!(&count(&reversed).0.to_wire(), &whole);
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
