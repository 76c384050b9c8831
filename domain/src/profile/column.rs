//! What is in a column, and the types of its values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::figure::{Estimate, Histogram, Quantile, TopValue, whole_as_integer};
use super::meaning::{DateFacts, DominantType, SemanticType, SortOrder};
use super::number::NumberFacts;
use super::text::{Pattern, TextFacts};

/// What is in a column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// What nearly all values are, in a column that is `STRING` only because of the others.
    pub dominant_type: Option<DominantType>,
    /// What at least 95 % of the values mean.
    pub semantic_type: Option<SemanticType>,
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
    /// `distinct` as a share of the values: 1 if each value occurs once.
    pub distinct_share: Option<Estimate>,
    /// Shannon entropy of the values in bits: 0 if they are all the same, log₂ `distinct` if all are equally
    /// frequent. Its bounds follow from those of `distinct` and of the top values.
    pub entropy: Option<Estimate>,
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
    /// Shortest value, in bytes.
    pub min_bytes: Option<u64>,
    /// Longest value, in bytes.
    pub max_bytes: Option<u64>,
    /// Mean length of the values, in bytes.
    pub mean_bytes: Option<f64>,
    /// Values of digits with a leading zero: codes, which lose it where they are read as numbers.
    pub leading_zeros: u64,
    /// What is known of the numbers beyond that; absent in a column without them.
    pub numbers: Option<NumberFacts>,
    /// The quantile at 0.5; of numbers and times.
    pub median: Option<Quantile>,
    /// What is known of the dates and timestamps; absent in a column without them.
    pub dates: Option<DateFacts>,
    /// What hides in the texts; absent in a column without them.
    pub text: Option<TextFacts>,
    /// The most frequent shapes of the texts, at most 10; only those that are certainly more frequent than all that
    /// are not tracked.
    pub patterns: Vec<Pattern>,
    /// The order of the values down the file: of numbers by number, of times by time, of others by bytes. Absent with
    /// fewer than two values, where a value has no place (NaN; a date of which day and month are not told apart), where
    /// what is kept of two neighbours does not tell which is larger, and as long as rows that are not read yet can
    /// still change it.
    pub sort_order: Option<SortOrder>,
    /// Quantiles of numbers and times, by rank.
    pub quantiles: Vec<Quantile>,
    /// Distribution of numbers and times.
    pub histogram: Option<Histogram>,
    /// The value that is certainly more frequent than any other; absent if none is.
    pub mode: Option<TopValue>,
    /// Most frequent values, most frequent first, ties by bytes.
    pub top_values: Vec<TopValue>,
}

/// What a value can be read as.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DataType {
    /// No value at all.
    #[default]
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

impl DataType {
    /// All types; a wider one comes after those that it covers.
    pub const ALL: [Self; 10] = [
        Self::Empty,
        Self::Boolean,
        Self::Integer,
        Self::Decimal,
        Self::Float,
        Self::Date,
        Self::Timestamp,
        Self::Time,
        Self::Uuid,
        Self::String,
    ];
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
