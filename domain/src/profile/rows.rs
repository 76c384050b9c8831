//! What is known of the rows of a file as wholes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::figure::{Estimate, whole_as_integer};

/// What is known of the rows as wholes: of those that were read so far.
///
/// Two rows are the same if the bytes of their records are, without the line endings: two spellings of the same cells,
/// such as one in quotes and one without, are two rows. (They are told apart by a hash of 64 bits, XXH3.)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RowFacts {
    /// How many of their cells are null. Exact.
    pub completeness: RowCompleteness,
    /// Number of different rows. Exact up to 4,096; else from a sample of the different rows, with bounds that are true
    /// in at least 99 of 100 files.
    pub distinct: Estimate,
    /// Number of different rows that occur more than once, likewise.
    pub repeated: Estimate,
    /// Number of rows that repeat another one: `rowCount` less `distinct`.
    pub surplus: Estimate,
    /// Rows that certainly occur more than once, at most 10, most frequent first, then by their first place. While
    /// `distinct` is exact they are the most frequent of all, else of the sample.
    pub repeated_examples: Vec<RepeatedRow>,
    /// The sample of rows behind `correlations`, `coNulls` and `missingness`: those whose place in the file has the
    /// lowest hash.
    pub sample: RowSampleSize,
    /// How columns of numbers and times go together.
    pub correlations: Correlations,
    /// Pairs of columns that are null in the same rows: of the columns that are null in some rows but not in all (the
    /// first 1,000 of them) those with a Jaccard index of at least 0.5, the highest first, at most 50.
    pub co_nulls: Vec<CoNullPair>,
    /// The most frequent sets of null columns, at most 10.
    pub missingness: Vec<MissingnessPattern>,
    /// What deserves a look in the rows.
    pub alerts: Vec<RowAlert>,
    /// Some rows as they are. Nothing else of the rows holds values of the file.
    pub samples: SampleRows,
}

/// How large a sample of rows is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RowSampleSize {
    /// Rows in it.
    pub rows: u64,
    /// All rows that were read are in it: what follows from it is exact.
    pub is_whole: bool,
}

/// How columns of numbers and times go together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Correlations {
    /// Columns that were compared, each with each: the first 200 of numbers, dates and timestamps, by their type or
    /// dominant type; dates only if it is known how they are to be read.
    pub columns: u32,
    /// Such columns after the first 200, which were not compared.
    pub columns_left_out: u32,
    /// Pairs of which a coefficient is at least 0.3, whatever its sign, the strongest first, at most 100.
    pub pairs: Vec<CorrelatedPair>,
}

/// How two columns go together: over the rows of the sample in which both have a number or time, at least 10.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CorrelatedPair {
    /// Positions of the columns, from 0.
    pub columns: [u32; 2],
    /// Rows of the sample in which both have a number or time.
    pub rows: u64,
    /// Pearson's r. Bounds by Fisher's z, true in about 95 of 100 samples, and in fewer where a few far values decide.
    pub pearson: Estimate,
    /// Spearman's ρ: Pearson's r of the ranks, where equal values share the mean of theirs. Bounds likewise.
    pub spearman: Estimate,
}

/// Two columns that are null in the same rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CoNullPair {
    /// Positions of the columns, from 0.
    pub columns: [u32; 2],
    /// Rows of the sample in which both are null.
    pub both: u64,
    /// Rows of the sample in which at least one is null.
    pub either: u64,
    /// `both` as a share of `either`. Bounds that are true in at least 99 of 100 samples.
    pub jaccard: Estimate,
}

/// Rows in which the same columns are null.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MissingnessPattern {
    /// Positions of the first 100 columns that are null, from 0; none in a row that is complete.
    pub columns: Vec<u32>,
    /// How many columns are null.
    pub null_columns: u32,
    /// Rows of the sample with exactly these null columns.
    pub rows: u64,
    /// Share of all rows. Bounds that are true in at least 99 of 100 samples.
    pub share: Estimate,
}

/// Some rows as they are, none of them twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SampleRows {
    /// How many cells of each row are shown: all, or the first 1,000.
    pub columns: u32,
    /// The first rows, at most 5.
    pub first: Vec<SampleRow>,
    /// Rows from anywhere between, in the order of the file, at most 5.
    pub random: Vec<SampleRow>,
    /// The last rows, at most 5.
    pub last: Vec<SampleRow>,
}

/// A row as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SampleRow {
    /// Number of the row, from 1; absent as long as rows before it are not read.
    pub row: Option<u64>,
    /// Byte at which its record starts.
    pub byte_offset: u64,
    /// The cells as text, without quotes, at most 64 characters of each and `…` where there are more; null where the
    /// cell is null or missing.
    pub cells: Vec<Option<String>>,
}

/// Rows by how many of their cells are null: empty, missing, or one of the null spellings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RowCompleteness {
    /// Rows without a null cell.
    pub complete: u64,
    /// Rows with nothing but null cells.
    pub all_null: u64,
    /// Rows with none, one, two, … null cells, up to all columns or 31.
    pub by_nulls: Vec<u64>,
    /// The last entry of `byNulls` has the rows with more null cells too: there are more columns.
    pub last_is_open: bool,
}

/// A row that occurs more than once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RepeatedRow {
    /// How often. Exact.
    pub count: u64,
    /// The first two places.
    pub places: Vec<RowPlace>,
}

/// Where a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RowPlace {
    /// Number of the row, from 1; absent as long as rows before it are not read.
    pub row: Option<u64>,
    /// Byte at which its record starts.
    pub byte_offset: u64,
}

/// Something about rows that deserves a look.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RowAlert {
    /// What it is.
    pub code: RowAlertCode,
    /// The number that decided; what it is, [`RowAlertCode`] says.
    #[serde(serialize_with = "whole_as_integer")]
    pub value: f64,
    /// What the number was held against.
    #[serde(serialize_with = "whole_as_integer")]
    pub threshold: f64,
    /// It is so whatever the exact number within its bounds is.
    pub certain: bool,
    /// Some of the file is not read yet, which may change it.
    pub provisional: bool,
    /// Positions of the columns that it is about, from 0.
    pub columns: Vec<u32>,
    /// Rows that show it.
    pub examples: Vec<RowPlace>,
}

/// Kinds of alerts about rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RowAlertCode {
    /// Rows occur more than once; the examples are a row and its first repetition. Decided by `surplus` as a share of
    /// the rows.
    DuplicateRows,
    /// Two columns say nearly the same. Decided by the larger of the coefficients of Pearson and Spearman, whatever its
    /// sign, of which a lower bound is at least the threshold. At most 20 pairs.
    HighCorrelation,
}
