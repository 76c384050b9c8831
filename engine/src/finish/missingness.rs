//! Which columns are null together, on the sample of rows.

use data_inspector_domain::profile::{CoNullPair, ColumnProfile, Estimate, MissingnessPattern};
use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::sampled::Sampled;
use super::seen::share_behind;
use crate::row_facts::CellKind;

/// Columns that are compared, each with each.
const MOST_COLUMNS: usize = 1000;
const MOST_PAIRS: usize = 50;
const MOST_PATTERNS: usize = 10;
/// Columns that a pattern names.
const NAMED_COLUMNS: usize = 100;
const METHOD: &str = "sample of rows, Chernoff bounds, 99 %";

/// Pairs of columns that are null in mostly the same rows, the closest first.
pub(super) fn co_nulls(columns: &[ColumnProfile], sampled: &Sampled<'_>) -> Vec<CoNullPair> {
    let is_partly_null = |column: &&ColumnProfile| column.nulls > 0 && column.nulls < column.count;
    let compared = columns.iter().filter(is_partly_null).take(MOST_COLUMNS);
    let sets: Vec<(u32, Vec<u64>)> =
        compared.map(|column| (column.index, null_rows(sampled, column.index as usize))).collect();
    let mut pairs = Vec::new();
    for (at, (left_column, left)) in sets.iter().enumerate() {
        for (right_column, right) in &sets[at + 1..] {
            let both = count(left.iter().zip(right).map(|(left, right)| left & right));
            let either = count(left.iter().zip(right).map(|(left, right)| left | right));
            if both > 0 && 2 * both >= either {
                pairs.push((both, either, [*left_column, *right_column]));
            }
        }
    }
    // By both / either as fractions, without rounding.
    pairs.sort_unstable_by(|a, b| (b.0 * a.1).cmp(&(a.0 * b.1)).then(b.0.cmp(&a.0)).then(a.2.cmp(&b.2)));
    pairs.truncate(MOST_PAIRS);
    let shown = |(both, either, columns)| CoNullPair {
        columns,
        both,
        either,
        jaccard: share(both, either, sampled.is_whole),
    };
    pairs.into_iter().map(shown).collect()
}

/// The most frequent sets of null columns.
pub(super) fn patterns(sampled: &Sampled<'_>) -> Vec<MissingnessPattern> {
    let mut counts: BTreeMap<Vec<u32>, u64> = BTreeMap::new();
    for row in sampled.rows {
        let is_null = |(column, kind): (usize, &CellKind)| (*kind == CellKind::Null).then_some(column as u32);
        *counts.entry(row.cells.kinds.iter().enumerate().filter_map(is_null).collect()).or_default() += 1;
    }
    let mut patterns: Vec<(Vec<u32>, u64)> = counts.into_iter().collect();
    // Of equally frequent ones the first by columns.
    patterns.sort_by_key(|&(_, rows)| Reverse(rows));
    patterns.truncate(MOST_PATTERNS);
    let shown = |(mut columns, rows): (Vec<u32>, u64)| {
        let null_columns = columns.len() as u32;
        columns.truncate(NAMED_COLUMNS);
        let share = share(rows, sampled.rows.len() as u64, sampled.is_whole);
        MissingnessPattern { columns, null_columns, rows, share }
    };
    patterns.into_iter().map(shown).collect()
}

/// The rows in which a column is null, one bit each.
fn null_rows(sampled: &Sampled<'_>, column: usize) -> Vec<u64> {
    let mut bits = vec![0; sampled.rows.len().div_ceil(64)];
    for (at, row) in sampled.rows.iter().enumerate() {
        bits[at / 64] |= u64::from(row.cells.kinds[column] == CellKind::Null) << (at % 64);
    }
    bits
}

fn count(bits: impl Iterator<Item = u64>) -> u64 {
    bits.map(|bits| u64::from(bits.count_ones())).sum()
}

fn share(part: u64, whole: u64, is_whole: bool) -> Estimate {
    let share = part as f64 / whole as f64;
    if is_whole {
        Estimate::exact(share)
    } else {
        Estimate::between(share, share_behind(part, whole), METHOD)
    }
}
