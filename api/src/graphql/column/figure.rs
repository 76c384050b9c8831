//! Figures of a column that carry how far they can be trusted.

use async_graphql::{Enum, SimpleObject};
use data_inspector_domain::profile;

use crate::graphql::scalar::Long;

/// A number with its honesty: exact, or with the interval it lies in.
#[derive(Clone, SimpleObject)]
pub(in crate::graphql) struct Estimate {
    /// The number.
    value: f64,
    /// No error but the rounding of the last digit.
    exact: bool,
    /// Lower end of the interval.
    lower: f64,
    /// Upper end of the interval.
    upper: f64,
    /// Where the estimate comes from; null if it is exact.
    method: Option<String>,
}

/// A value such that at most a share `q` of the values is smaller.
#[derive(SimpleObject)]
pub(super) struct Quantile {
    /// Rank, 0 to 1.
    q: f64,
    /// The value, a number or a time; null for whoever may not see values.
    value: Option<String>,
    /// The true value is at least this; null for whoever may not see values.
    lower: Option<String>,
    /// The true value is at most this; null for whoever may not see values.
    upper: Option<String>,
    /// Both bounds are the same value.
    exact: bool,
}

/// What a histogram's edges are.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "profile::HistogramKind")]
pub(super) enum HistogramKind {
    /// Numbers.
    Numeric,
    /// Dates or timestamps.
    Time,
}

/// Counts between edges. Bar i counts the values from `edges[i]` to below `edges[i + 1]`; the last bar includes its
/// upper edge.
#[derive(SimpleObject)]
pub(super) struct Histogram {
    /// What the edges are.
    kind: HistogramKind,
    /// One more edge than counts, ascending; null for whoever may not see values.
    edges: Option<Vec<String>>,
    /// Values per bar.
    counts: Vec<Long>,
    /// No value was so near to an edge that it may be counted in a neighbouring bar.
    exact: bool,
}

/// A frequent value.
#[derive(SimpleObject)]
pub(super) struct TopValue {
    /// The value; over 256 bytes its head. Null for whoever may not see values.
    value: Option<String>,
    /// How often it occurs.
    count: Estimate,
    /// Share of the values that are not null, 0 to 1.
    share: f64,
}

impl From<&profile::Estimate> for Estimate {
    fn from(estimate: &profile::Estimate) -> Self {
        let profile::Estimate { value, exact, lower, upper, method } = estimate.clone();
        Self { value, exact, lower, upper, method }
    }
}

impl Quantile {
    /// A quantile as it is shown to whoever may see values, or may not.
    pub(super) fn new(quantile: &profile::Quantile, shows_values: bool) -> Self {
        let shown = |value: &String| shows_values.then(|| value.clone());
        Self {
            q: quantile.q,
            value: shown(&quantile.value),
            lower: shown(&quantile.lower),
            upper: shown(&quantile.upper),
            exact: quantile.exact,
        }
    }
}

impl Histogram {
    /// A histogram, likewise.
    pub(super) fn new(histogram: &profile::Histogram, shows_values: bool) -> Self {
        Self {
            kind: histogram.kind.into(),
            edges: shows_values.then(|| histogram.edges.clone()),
            counts: histogram.counts.iter().map(|count| Long(*count)).collect(),
            exact: histogram.exact,
        }
    }
}

impl TopValue {
    /// A frequent value, likewise.
    pub(super) fn new(top: &profile::TopValue, shows_values: bool) -> Self {
        Self { value: shows_values.then(|| top.value.clone()), count: (&top.count).into(), share: top.share }
    }
}
