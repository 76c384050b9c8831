//! Quantiles and histograms from the adaptive dyadic histogram.

use data_inspector_domain::profile::{DataType, Histogram, HistogramKind, Quantile};
use data_inspector_domain::spec::ResolvedSpec;

use crate::calendar::{DAY_MICROS, format_date, format_timestamp};
use crate::column::{Numbers, Times};
use crate::sketch::dyadic::{Bucket, Dyadic, f64_of_key, i64_of_key};

/// Values in order, and how to show them.
struct Ordered {
    kind: HistogramKind,
    buckets: Vec<Bucket>,
    total: u64,
    /// Bounds of all values, as numbers.
    min: f64,
    max: f64,
    data_type: DataType,
}

/// Quantiles and histogram of a column: of its numbers, or of its times, whichever its type is.
pub(super) fn describe(
    spec: &ResolvedSpec,
    data_type: DataType,
    numbers: Option<&Numbers>,
    times: Option<&Times>,
) -> (Vec<Quantile>, Option<Histogram>) {
    let ordered = match (numbers, times, data_type) {
        (Some(numbers), ..) => ordered(&numbers.ranks, HistogramKind::Numeric, data_type),
        (None, Some(times), DataType::Date | DataType::Timestamp) => {
            ordered(&times.ranks, HistogramKind::Time, data_type)
        }
        _ => return (Vec::new(), None),
    };
    let (min, max) = match (numbers, times) {
        (Some(numbers), _) => (numbers.min.value, numbers.max.value),
        (None, Some(times)) => (times.min as f64, times.max as f64),
        (None, None) => return (Vec::new(), None),
    };
    let ordered = Ordered { min, max, ..ordered };
    (quantiles(spec, &ordered), histogram(spec, &ordered))
}

/// A time in the way of its type.
pub(super) fn time_text(data_type: DataType, micros: i64) -> String {
    if data_type == DataType::Date {
        format_date(micros.div_euclid(DAY_MICROS))
    } else {
        format_timestamp(micros)
    }
}

fn ordered(ranks: &Dyadic, kind: HistogramKind, data_type: DataType) -> Ordered {
    let buckets = ranks.buckets();
    let total = buckets.iter().map(|bucket| bucket.count).sum();
    Ordered { kind, buckets, total, min: 0.0, max: 0.0, data_type }
}

impl Ordered {
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

/// The value of rank ⌈q·n⌉, at least 1: the inverse of the empirical distribution function (Hyndman and Fan,
/// *Sample Quantiles in Statistical Packages*, 1996, definition 1).
fn quantiles(spec: &ResolvedSpec, ordered: &Ordered) -> Vec<Quantile> {
    let mut quantiles = Vec::with_capacity(spec.quantiles.len());
    let mut buckets = ordered.buckets.iter();
    let (mut below, mut bucket) = (0, buckets.next());
    for &q in &spec.quantiles {
        let rank = ((q * ordered.total as f64).ceil() as u64).clamp(1, ordered.total.max(1));
        while let Some(current) = bucket.filter(|current| below + current.count < rank) {
            below += current.count;
            bucket = buckets.next();
        }
        let Some(current) = bucket else { break };
        let (lower, upper) = ordered.bounds(current);
        quantiles.push(Quantile {
            q,
            value: ordered.text(ordered.interpolate(current, rank - below)),
            lower: ordered.text(lower),
            upper: ordered.text(upper),
            exact: lower == upper,
        });
    }
    quantiles
}

/// Bars of equal width. A bucket that reaches over an edge is counted where it begins.
fn histogram(spec: &ResolvedSpec, ordered: &Ordered) -> Option<Histogram> {
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
