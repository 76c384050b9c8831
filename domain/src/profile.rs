//! The profile document: the answer of an inspection. `inspect FILE`, the worker and the service produce
//! these same bytes through [`Profile::to_json`]. It holds no id, no time of running and no duration.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use crate::finding::Finding;

/// Version of this document's shape; rises when a reader of the old shape would break.
pub const PROFILE_VERSION: u32 = 2;

/// What is in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Profile {
    /// [`PROFILE_VERSION`].
    pub profile_version: u32,
    /// Version of the engine's semantics that produced it.
    pub engine_version: u32,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// Number of data records; the header, blank and comment lines are none.
    pub row_count: u64,
    /// Number of columns.
    pub column_count: u32,
    /// How the file was read.
    pub format: Format,
    /// One entry per column, in file order.
    pub columns: Vec<ColumnProfile>,
    /// One entry per kind of defect, in the order of the catalogue.
    pub findings: Vec<Finding>,
}

/// How the file was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Format {
    /// `csv`, for any delimited text.
    pub name: String,
    /// Encoding of the text, `utf-8`.
    pub encoding: String,
    /// The file starts with a byte-order mark.
    pub byte_order_mark: bool,
    /// Character between two fields.
    pub delimiter: String,
    /// Character around quoted fields.
    pub quote: Option<String>,
    /// Character that escapes a quote, where quotes are not doubled.
    pub escape: Option<String>,
    /// Character that starts a comment line.
    pub comment: Option<String>,
    /// The first record names the columns.
    pub header: bool,
    /// Byte at which the data start.
    pub data_offset: u64,
}

/// What is in a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ColumnProfile {
    /// Name from the header; `column_1`, `column_2`, … without one.
    pub name: String,
    /// Position in the file, from 0.
    pub index: u32,
    /// The narrowest type that covers every value; `STRING` where none does, `EMPTY` without values.
    #[serde(rename = "type")]
    pub data_type: DataType,
    /// The types of the values, most frequent first. Nulls have none.
    pub type_mix: Vec<TypeShare>,
    /// Number of records.
    pub count: u64,
    /// Records without a value here: empty, missing, or one of the null spellings.
    pub nulls: u64,
    /// How nulls are spelt, most frequent first. The empty spelling includes missing cells.
    pub null_spellings: Vec<NullSpelling>,
    /// Cells of zero length.
    pub empties: u64,
    /// Records too short to have this cell.
    pub missing: u64,
    /// Number of different values (nulls are none).
    pub distinct: Estimate,
    /// Smallest value: by number or time where the type has such an order, else by bytes.
    pub min: Option<String>,
    /// Largest value, likewise.
    pub max: Option<String>,
    /// Arithmetic mean of the numbers.
    pub mean: Option<Estimate>,
    /// Sample standard deviation of the numbers (n − 1).
    pub stddev: Option<Estimate>,
    /// Sum of the numbers as a decimal: every digit is right, unless `mean.exact` is false because some number had
    /// more digits than an `i64` holds and was rounded to the nearest `f64` first.
    pub sum: Option<String>,
    /// Shortest value, in characters.
    pub min_length: Option<u64>,
    /// Longest value, in characters.
    pub max_length: Option<u64>,
    /// Mean length of the values, in characters.
    pub mean_length: Option<f64>,
    /// Quantiles of numbers and times, by rank.
    pub quantiles: Vec<Quantile>,
    /// Distribution of numbers and times.
    pub histogram: Option<Histogram>,
    /// Most frequent values, most frequent first, ties by bytes.
    pub top_values: Vec<TopValue>,
}

/// What a value can be read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DataType {
    /// No value at all.
    Empty,
    /// `true false yes no t f y n`, in any case.
    Boolean,
    /// Digits with an optional sign, no leading zero.
    Integer,
    /// Digits with a decimal point.
    Decimal,
    /// Scientific notation, infinities, NaN.
    Float,
    /// A calendar date.
    Date,
    /// A date with a time of day, with or without an offset.
    Timestamp,
    /// A time of day.
    Time,
    /// RFC 9562, 36 characters.
    Uuid,
    /// Anything else, and digits with leading zeros: those are codes.
    String,
}

/// How many values have a type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TypeShare {
    /// The type.
    #[serde(rename = "type")]
    pub data_type: DataType,
    /// Number of values.
    pub count: u64,
    /// Share of the values that are not null, `0.0..=1.0`.
    #[serde(serialize_with = "whole_as_integer")]
    pub share: f64,
}

/// How many nulls are spelt this way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NullSpelling {
    /// The cell's text, e.g. `NA`.
    pub spelling: String,
    /// Number of cells.
    pub count: u64,
}

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

impl Estimate {
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

impl Profile {
    /// The canonical JSON of the document: UTF-8, no white space, fields in declared order.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a profile has string keys and finite numbers only")
    }
}

/// Writes `12` rather than `12.0`, so that counts look like counts. Same number to every JSON reader.
fn whole_as_integer<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.trunc() == *value && value.abs() < EXACT {
        serializer.serialize_i64(*value as i64)
    } else {
        serializer.serialize_f64(*value)
    }
}
