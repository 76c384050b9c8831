//! Bounds of estimates against the truth, over many seeds and kinds of data: hard bounds always hold, the interval of
//! HyperLogLog in at least 99 of 100 cases. States are small, so that everything that can be uncertain is.

use data_inspector_domain::profile::{ColumnProfile, Estimate};
use data_inspector_domain::spec::{Dialect, InspectionSpec, SketchSizes};
use data_inspector_engine::finish::finish;
use data_inspector_engine::scan::LeafContext;
use std::collections::BTreeMap;

use crate::random::mix;
use crate::reading::Reading;

const SEEDS: u64 = 1000;
const ROWS: u64 = 200;
/// Small: 200 rows are more than any of them holds.
const SIZES: SketchSizes = SketchSizes {
    distinct_exact: 16,
    distinct_log2_registers: 8,
    histogram_buckets: 16,
    top_values_tracked: 8,
};

/// The kinds of data, a column each in the file of a seed.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Random,
    Sorted,
    Reversed,
    Zipf,
    Duplicates,
}

const KINDS: [Kind; 5] = [Kind::Random, Kind::Sorted, Kind::Reversed, Kind::Zipf, Kind::Duplicates];

fn values(kind: Kind, seed: u64) -> Vec<i64> {
    let random = |row: u64| mix(seed * 1_000_003 + row);
    let mut values: Vec<i64> = (0..ROWS)
        .map(|row| match kind {
            Kind::Random | Kind::Sorted | Kind::Reversed => (random(row) % 2_000_000) as i64 - 1_000_000,
            Kind::Zipf => (1000 / (1 + random(row) % 1000)) as i64,
            Kind::Duplicates => (random(row) % 30) as i64 * 1_000,
        })
        .collect();
    match kind {
        Kind::Sorted => values.sort_unstable(),
        Kind::Reversed => values.sort_unstable_by(|a, b| b.cmp(a)),
        Kind::Random | Kind::Zipf | Kind::Duplicates => {}
    }
    values
}

/// The columns of a file of one seed, one per kind.
fn profile_columns(data: &[Vec<i64>]) -> Vec<ColumnProfile> {
    let mut text = String::from("a,b,c,d,e\n");
    for row in 0..ROWS as usize {
        let cells: Vec<String> = data.iter().map(|column| column[row].to_string()).collect();
        text += &(cells.join(",") + "\n");
    }
    let spec = InspectionSpec { leaf_size_bytes: Some(4096), ..InspectionSpec::default() };
    let mut reading = Reading::try_new(text.as_bytes(), &spec, usize::MAX).unwrap();
    reading.spec.sketches = SIZES;
    reading.context = LeafContext::new(&reading.spec);
    assert_eq!(reading.spec.dialect, Dialect::RFC4180);
    finish(&reading.spec, &reading.sequential()).columns
}

fn check_within(what: &str, estimate: &Estimate, truth: f64) {
    let slack = 1e-9 * truth.abs().max(1.0);
    let holds = estimate.lower - slack <= truth && truth <= estimate.upper + slack;
    assert!(holds, "{what}: {truth} is not in {estimate:?}");
}

fn check_hard_bounds(what: &str, column: &ColumnProfile, values: &[i64]) {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    for quantile in &column.quantiles {
        let rank = ((quantile.q * ROWS as f64).ceil() as usize).max(1);
        let truth = sorted[rank - 1] as f64;
        let bounds = (quantile.lower.parse::<f64>().unwrap(), quantile.upper.parse::<f64>().unwrap());
        assert!(bounds.0 <= truth && truth <= bounds.1, "{what}: {truth} is not in {quantile:?}");
    }
    let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
    values.iter().for_each(|&value| *counts.entry(value).or_default() += 1);
    for top in &column.top_values {
        check_within(what, &top.count, counts[&top.value.parse::<i64>().unwrap()] as f64);
    }
    if let Some(mode) = &column.mode {
        let (value, count) = (mode.value.parse::<i64>().unwrap(), mode.count.lower as u64);
        let others = counts.iter().filter(|&(&other, _)| other != value).map(|(_, &count)| count);
        assert!(counts[&value] >= count && others.max() < Some(counts[&value]), "{what}: mode");
    }
    let outliers = column.numbers.as_ref().unwrap().outliers.as_ref().unwrap();
    let count = |is: &dyn Fn(f64) -> bool| values.iter().filter(|&&value| is(value as f64)).count() as f64;
    check_within(what, &outliers.below, count(&|value| value < outliers.lower_fence));
    check_within(what, &outliers.above, count(&|value| value > outliers.upper_fence));
    let quartile = |q: f64| sorted[(q * ROWS as f64).ceil() as usize - 1] as f64;
    let range = column.numbers.as_ref().unwrap().interquartile_range.as_ref().unwrap();
    check_within(what, range, quartile(0.75) - quartile(0.25));
    // Where distinct is within its bound, entropy is.
    let entropy =
        counts.values().map(|&count| count as f64 / ROWS as f64).map(|share| -share * share.log2()).sum();
    if column.distinct.upper >= counts.len() as f64 {
        check_within(&format!("{what}: entropy"), column.entropy.as_ref().unwrap(), entropy);
    }
}

#[test]
fn bounds_hold() {
    let mut distinct_misses = 0;
    for seed in 0..SEEDS {
        let data: Vec<Vec<i64>> = KINDS.iter().map(|&kind| values(kind, seed * 7 + kind as u64)).collect();
        for ((column, values), kind) in profile_columns(&data).iter().zip(&data).zip(KINDS) {
            check_hard_bounds(&format!("{kind:?}, seed {seed}"), column, values);
            let truth = values.iter().collect::<std::collections::BTreeSet<_>>().len() as f64;
            let misses = truth < column.distinct.lower || truth > column.distinct.upper;
            distinct_misses += u64::from(misses);
        }
    }
    let columns = SEEDS * KINDS.len() as u64;
    assert!(distinct_misses * 100 <= columns, "{distinct_misses} of {columns} outside of the interval");
}
