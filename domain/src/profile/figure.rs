//! Figures that carry how far they can be trusted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

/// A number with its honesty: exact, or with the interval it lies in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Estimate {
    /// The number.
    #[serde(serialize_with = "whole_as_integer")]
    pub value: f64,
    /// No error but the rounding of the last digit.
    pub exact: bool,
    /// Lower end of the interval.
    #[serde(serialize_with = "whole_as_integer")]
    pub lower: f64,
    /// Upper end of the interval.
    #[serde(serialize_with = "whole_as_integer")]
    pub upper: f64,
    /// Where the estimate comes from; absent if exact.
    pub method: Option<String>,
}

impl Default for Estimate {
    fn default() -> Self {
        Self::exact(0.0)
    }
}

impl Estimate {
    /// A number within bounds, exact if they leave no room.
    pub fn between(value: f64, (lower, upper): (f64, f64), method: &str) -> Self {
        let exact = lower == upper;
        Self { value, exact, lower, upper, method: (!exact).then(|| method.to_owned()) }
    }

    /// A number without error.
    pub fn exact(value: f64) -> Self {
        Self { value, exact: true, lower: value, upper: value, method: None }
    }
}

/// A value such that at most a share `q` of the values is smaller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Quantile {
    /// Rank, `0.0..=1.0`.
    #[serde(serialize_with = "whole_as_integer")]
    pub q: f64,
    /// The value, a number or a time.
    pub value: String,
    /// The true value is at least this. A hard bound.
    pub lower: String,
    /// The true value is at most this. A hard bound.
    pub upper: String,
    /// `lower` and `upper` are the same value.
    pub exact: bool,
}

/// Counts between edges; bar `i` counts values in `edges[i] <= value < edges[i + 1]`, the last bar includes
/// its upper edge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Histogram {
    /// What the edges are.
    pub kind: HistogramKind,
    /// One more edge than counts, ascending.
    pub edges: Vec<String>,
    /// Values per bar; they add up to the number of values that have this kind.
    pub counts: Vec<u64>,
    /// No value was near enough to an edge to be counted in a neighbouring bar.
    pub exact: bool,
}

/// What a histogram's edges are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HistogramKind {
    /// Numbers.
    Numeric,
    /// Dates or timestamps.
    Time,
}

/// A frequent value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TopValue {
    /// The value; over 256 bytes its head, followed by `…`.
    pub value: String,
    /// How often it occurs; the bounds are hard.
    pub count: Estimate,
    /// `count.value` as a share of the values that are not null.
    #[serde(serialize_with = "whole_as_integer")]
    pub share: f64,
}

/// Writes `12` rather than `12.0`, so that counts look like counts. Same number to every JSON reader.
pub(super) fn whole_as_integer<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.trunc() == *value && value.abs() < EXACT {
        serializer.serialize_i64(*value as i64)
    } else {
        serializer.serialize_f64(*value)
    }
}
