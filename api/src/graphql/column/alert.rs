//! What deserves a look in a profile.

use async_graphql::{Enum, SimpleObject};
use data_inspector_domain::profile;

/// Something about a column that deserves a look.
#[derive(SimpleObject)]
pub(in crate::graphql) struct ColumnAlert {
    /// What it is.
    code: ColumnAlertCode,
    /// Name of the column.
    column: String,
    /// Position of the column, from 0.
    column_index: u32,
    /// The number that decided; what it is, the code says.
    value: f64,
    /// What the number was held against.
    threshold: f64,
    /// It is so whatever the exact number within its bounds is.
    certain: bool,
    /// Some of the file is not read yet, which may change it.
    provisional: bool,
}

/// Kinds of alerts. Shares are of values that are not null, unless it says otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "profile::AlertCode")]
enum ColumnAlertCode {
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

impl From<&profile::Alert> for ColumnAlert {
    fn from(alert: &profile::Alert) -> Self {
        Self {
            code: alert.code.into(),
            column: alert.column.clone(),
            column_index: alert.column_index,
            value: alert.value,
            threshold: alert.threshold,
            certain: alert.certain,
            provisional: alert.provisional,
        }
    }
}
