//! Quantiles and histograms from the adaptive dyadic histogram.

use data_inspector_domain::profile::{DataType, Estimate, Histogram, HistogramKind, Quantile};
use data_inspector_domain::spec::ResolvedSpec;

use super::numbers::Bounded;
use crate::calendar::{DAY_MICROS, format_date, format_timestamp};
use crate::column::{Numbers, Times};
use crate::sketch::dyadic::{Bucket, f64_of_key, i64_of_key};

/// Values in order, and how to show them.
pub(super) struct Ordered {
    kind: HistogramKind,
    buckets: Vec<Bucket>,
    total: u64,
    /// Bounds of all values, as numbers.
    min: f64,
    max: f64,
    data_type: DataType,
}

/// A time in the way of its type.
pub(super) fn time_text(data_type: DataType, micros: i64) -> String {
    if data_type == DataType::Date {
        format_date(micros.div_euclid(DAY_MICROS))
    } else {
        format_timestamp(micros)
    }
}

impl Ordered {
    pub(super) fn of_numbers(numbers: &Numbers, data_type: DataType) -> Self {
        let range = (numbers.min.value, numbers.max.value);
        Self::new(HistogramKind::Numeric, numbers.ranks.table().buckets(), range, data_type)
    }

    pub(super) fn of_times(times: &Times, data_type: DataType) -> Self {
        let range = (times.min as f64, times.max as f64);
        Self::new(HistogramKind::Time, times.ranks.table().buckets(), range, data_type)
    }

    fn new(kind: HistogramKind, buckets: Vec<Bucket>, (min, max): (f64, f64), data_type: DataType) -> Self {
        let total = buckets.iter().map(|bucket| bucket.count).sum();
        Self { kind, buckets, total, min, max, data_type }
    }

    fn text(&self, number: f64) -> String {
        match self.kind {
            HistogramKind::Numeric => number.to_string(),
            HistogramKind::Time => time_text(self.data_type, number as i64),
        }
    }

    fn number_of_key(&self, key: u64) -> f64 {
        match self.kind {
            HistogramKind::Numeric => f64_of_key(key),
            HistogramKind::Time => i64_of_key(key) as f64,
        }
    }

    /// The bucket's bounds as numbers, no wider than the values.
    fn bounds(&self, bucket: &Bucket) -> (f64, f64) {
        let (lower, upper) = (self.number_of_key(bucket.lower), self.number_of_key(bucket.upper));
        // The outermost buckets can reach beyond the finite numbers.
        (if lower >= self.min { lower } else { self.min }, if upper <= self.max { upper } else { self.max })
    }

    /// The value of rank ⌈q·n⌉, at least 1: the inverse of the empirical distribution function (Hyndman and Fan,
    /// *Sample Quantiles in Statistical Packages*, 1996, definition 1).
    pub(super) fn quantile(&self, q: f64) -> Option<Bounded> {
        let rank = ((q * self.total as f64).ceil() as u64).clamp(1, self.total.max(1));
        let mut below = 0;
        for bucket in &self.buckets {
            if below + bucket.count >= rank {
                let (lower, upper) = self.bounds(bucket);
                return Some(Bounded { value: self.interpolate(bucket, rank - below), lower, upper });
            }
            below += bucket.count;
        }
        None
    }

    pub(super) fn shown(&self, q: f64, bounded: &Bounded) -> Quantile {
        Quantile {
            q,
            value: self.text(bounded.value),
            lower: self.text(bounded.lower),
            upper: self.text(bounded.upper),
            exact: bounded.lower == bounded.upper,
        }
    }

    /// How many values are below the limit. Those of a bucket that reaches over it may be on either side.
    pub(super) fn count_below(&self, limit: f64) -> Estimate {
        self.count_where(|lower, upper| (upper < limit, lower < limit))
    }

    /// How many values are above the limit, likewise.
    pub(super) fn count_above(&self, limit: f64) -> Estimate {
        self.count_where(|lower, upper| (lower > limit, upper > limit))
    }

    /// How many values are in buckets that certainly count, and in those that possibly do.
    fn count_where(&self, counts: impl Fn(f64, f64) -> (bool, bool)) -> Estimate {
        let (mut certain, mut possible) = (0, 0);
        for bucket in &self.buckets {
            let (lower, upper) = self.bounds(bucket);
            let (certainly, possibly) = counts(lower, upper);
            certain += if certainly { bucket.count } else { 0 };
            possible += if possibly { bucket.count } else { 0 };
        }
        let middle = certain + (possible - certain) / 2;
        Estimate::between(middle as f64, (certain as f64, possible as f64), "dyadic histogram")
    }

    /// Where the value of a rank in the bucket lies if the bucket's values are spread evenly.
    fn interpolate(&self, bucket: &Bucket, rank_in_bucket: u64) -> f64 {
        let (lower, upper) = self.bounds(bucket);
        if lower == upper {
            return lower;
        }
        let share = (rank_in_bucket as f64 - 0.5) / bucket.count as f64;
        (lower * (1.0 - share) + upper * share).clamp(lower, upper)
    }
}

/// The quantiles that the spec asks for.
pub(super) fn quantiles(spec: &ResolvedSpec, ordered: &Ordered) -> Vec<Quantile> {
    let quantile = |&q: &f64| ordered.quantile(q).map(|bounded| ordered.shown(q, &bounded));
    spec.quantiles.iter().filter_map(quantile).collect()
}

/// Bars of equal width. A bucket that reaches over an edge is counted where it begins.
pub(super) fn histogram(spec: &ResolvedSpec, ordered: &Ordered) -> Option<Histogram> {
    let width = ordered.max / f64::from(spec.histogram_bins) - ordered.min / f64::from(spec.histogram_bins);
    if ordered.total == 0 || !width.is_finite() {
        return None;
    }
    let bins = if width == 0.0 { 1 } else { spec.histogram_bins as usize };
    let edge = |index: usize| if index == bins { ordered.max } else { ordered.min + width * index as f64 };
    let edges: Vec<f64> = (0..=bins).map(edge).collect();
    let mut counts = vec![0; bins];
    let mut exact = true;
    for bucket in &ordered.buckets {
        let (lower, upper) = ordered.bounds(bucket);
        let bar = |number: f64| edges.partition_point(|&edge| edge <= number).clamp(1, bins) - 1;
        counts[bar(lower)] += bucket.count;
        exact &= bar(lower) == bar(upper);
    }
    let edges = edges.into_iter().map(|edge| ordered.text(edge)).collect();
    Some(Histogram { kind: ordered.kind, edges, counts, exact })
}
