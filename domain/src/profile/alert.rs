//! What deserves a look in a profile: judgements, each with the number that decided it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::figure::whole_as_integer;

/// Something about a column that deserves a look.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Alert {
    /// What it is.
    pub code: AlertCode,
    /// Name of the column.
    pub column: String,
    /// Position of the column, from 0.
    pub column_index: u32,
    /// The number that decided; what it is, [`AlertCode`] says.
    #[serde(serialize_with = "whole_as_integer")]
    pub value: f64,
    /// What the number was held against.
    #[serde(serialize_with = "whole_as_integer")]
    pub threshold: f64,
    /// It is so whatever the exact number within its bounds is.
    pub certain: bool,
    /// Some of the file is not read yet, which may change it.
    pub provisional: bool,
}

/// Kinds of alerts, after those of ydata-profiling. Shares are of values that are not null, unless it says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AlertCode {
    /// No record has a value. Decided by the number of values.
    Empty,
    /// All values are the same. Decided by the number of different ones.
    Constant,
    /// No value occurs twice. Decided by `distinctShare`.
    Unique,
    /// Many records have no value. Decided by their share of the records.
    Missing,
    /// Values of several types, of which none covers all. Decided by the share of the most frequent one.
    MixedTypes,
    /// Text with many different values, though not all. Decided by `distinct`.
    HighCardinality,
    /// Few different values, of which some are far more frequent than others. Decided by 1 less the entropy as a
    /// share of what it could be.
    Imbalance,
    /// Few different values, equally frequent. Decided by the entropy as a share of what it could be.
    Uniform,
    /// Values that differ only in case or in spaces around them. Decided by their number.
    DirtyCategory,
    /// Different texts of one length. Decided by that length.
    ConstantLength,
    /// Many numbers are zero. Decided by their share.
    Zeros,
    /// Numbers that are infinite. Decided by how many.
    Infinite,
    /// Values that are not a number by their own word. Decided by how many.
    NotANumber,
    /// Most numbers lie on one side of the mean, a few far out on the other. Decided by the absolute skewness.
    Skewed,
    /// Dates of which nothing proves whether the day or the month comes first. Decided by how many.
    AmbiguousDates,
    /// Dates of which some prove that the day comes first, some that the month does. Decided by the smaller number.
    MixedDates,
    /// Dates whose year has two digits. Decided by how many.
    TwoDigitYears,
    /// Texts with spaces at an end. Decided by how many.
    SurroundingSpace,
    /// Texts with characters that are not seen. Decided by how many.
    InvisibleCharacters,
}
