//! What is known of the rows of a file as wholes.

use std::sync::Arc;

use async_graphql::{Enum, Object, SimpleObject};
use data_inspector_domain::profile;

use super::column::Estimate;
use super::profile_cache::Document;
use super::scalar::Long;

/// What is known of the rows as wholes: of those that were read so far.
pub(super) struct RowFacts {
    pub(super) document: Arc<Document>,
    pub(super) shows_values: bool,
}

/// Rows by how many of their cells are null: empty, missing, or one of the null spellings.
#[derive(SimpleObject)]
struct RowCompleteness {
    /// Rows without a null cell.
    complete: Long,
    /// Rows with nothing but null cells.
    all_null: Long,
    /// Rows with none, one, two, … null cells, up to all columns or 31.
    by_nulls: Vec<Long>,
    /// The last entry of `byNulls` has the rows with more null cells too: there are more columns.
    last_is_open: bool,
}

/// A row that occurs more than once.
#[derive(SimpleObject)]
struct RepeatedRow {
    /// How often. Exact.
    count: Long,
    /// The first two places.
    places: Vec<RowPlace>,
}

/// Where a row is.
#[derive(SimpleObject)]
struct RowPlace {
    /// Number of the row, from 1; null as long as rows before it are not read.
    row: Option<Long>,
    /// Byte at which its record starts.
    byte_offset: Long,
}

/// How large a sample of rows is.
#[derive(SimpleObject)]
struct RowSampleSize {
    /// Rows in it.
    rows: Long,
    /// All rows that were read are in it: what follows from it is exact.
    is_whole: bool,
}

/// How columns of numbers and times go together.
#[derive(SimpleObject)]
struct Correlations {
    /// Columns that were compared, each with each: the first 200 of numbers, dates and timestamps.
    columns: u32,
    /// Such columns after the first 200, which were not compared.
    columns_left_out: u32,
    /// Pairs of which a coefficient is at least 0.3, whatever its sign, the strongest first, at most 100.
    pairs: Vec<CorrelatedPair>,
}

/// How two columns go together.
#[derive(SimpleObject)]
struct CorrelatedPair {
    /// Names of the two columns.
    columns: Vec<String>,
    /// Rows of the sample in which both have a number or time.
    rows: Long,
    /// Pearson's r. Bounds by Fisher's z, true in about 95 of 100 samples, and in fewer where a few far values decide.
    pearson: Estimate,
    /// Spearman's ρ: Pearson's r of the ranks. Bounds likewise.
    spearman: Estimate,
}

/// Two columns that are null in the same rows.
#[derive(SimpleObject)]
struct CoNullPair {
    /// Names of the two columns.
    columns: Vec<String>,
    /// Rows of the sample in which both are null.
    both: Long,
    /// Rows of the sample in which at least one is null.
    either: Long,
    /// `both` as a share of `either`.
    jaccard: Estimate,
}

/// Rows in which the same columns are null.
#[derive(SimpleObject)]
struct MissingnessPattern {
    /// Names of the first 100 columns that are null; none in a row that is complete.
    columns: Vec<String>,
    /// How many columns are null.
    null_columns: u32,
    /// Rows of the sample with exactly these null columns.
    rows: Long,
    /// Share of all rows.
    share: Estimate,
}

/// Something about rows that deserves a look.
#[derive(SimpleObject)]
struct RowAlert {
    /// What it is.
    code: RowAlertCode,
    /// The number that decided; what it is, the code says.
    value: f64,
    /// What the number was held against.
    threshold: f64,
    /// It is so whatever the exact number within its bounds is.
    certain: bool,
    /// Some of the file is not read yet, which may change it.
    provisional: bool,
    /// Names of the columns that it is about.
    columns: Vec<String>,
    /// Rows that show it.
    examples: Vec<RowPlace>,
}

/// Kinds of alerts about rows.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "profile::RowAlertCode")]
enum RowAlertCode {
    /// Rows occur more than once. Decided by `surplus` as a share of the rows.
    DuplicateRows,
    /// Two columns say nearly the same. Decided by the larger of the coefficients of Pearson and Spearman, whatever its
    /// sign.
    HighCorrelation,
}

/// Some rows as they are, none of them twice.
#[derive(SimpleObject)]
struct SampleRows {
    /// How many cells of each row are shown: all, or the first 1,000.
    columns: u32,
    /// The first rows, at most 5.
    first: Vec<SampleRow>,
    /// Rows from anywhere between, in the order of the file, at most 5.
    random: Vec<SampleRow>,
    /// The last rows, at most 5.
    last: Vec<SampleRow>,
}

/// A row as it is.
#[derive(SimpleObject)]
struct SampleRow {
    /// Number of the row, from 1; null as long as rows before it are not read.
    row: Option<Long>,
    /// Byte at which its record starts.
    byte_offset: Long,
    /// Its cells, in the order of the columns.
    cells: Vec<SampleCell>,
}

/// A cell as it is.
#[derive(SimpleObject)]
struct SampleCell {
    /// Its text without quotes, at most 64 characters; null where the cell is null or missing.
    value: Option<String>,
}

/// What is known of the rows as wholes: of those that were read so far. Two rows are the same if the bytes of their
/// records are: two spellings of the same cells are two rows.
#[Object]
impl RowFacts {
    /// How many of their cells are null.
    async fn completeness(&self) -> RowCompleteness {
        let profile::RowCompleteness { complete, all_null, ref by_nulls, last_is_open } =
            self.facts().completeness;
        RowCompleteness {
            complete: complete.into(),
            all_null: all_null.into(),
            by_nulls: by_nulls.iter().map(|&rows| rows.into()).collect(),
            last_is_open,
        }
    }

    /// Number of different rows.
    async fn distinct(&self) -> Estimate {
        (&self.facts().distinct).into()
    }

    /// Number of different rows that occur more than once.
    async fn repeated(&self) -> Estimate {
        (&self.facts().repeated).into()
    }

    /// Number of rows that repeat another one: all rows less the different ones.
    async fn surplus(&self) -> Estimate {
        (&self.facts().surplus).into()
    }

    /// Rows that certainly occur more than once, at most 10, most frequent first.
    async fn repeated_examples(&self) -> Vec<RepeatedRow> {
        let of =
            |row: &profile::RepeatedRow| RepeatedRow { count: row.count.into(), places: places(&row.places) };
        self.facts().repeated_examples.iter().map(of).collect()
    }

    /// The sample of rows that `correlations`, `coNulls` and `missingness` are about.
    async fn sample(&self) -> RowSampleSize {
        let sample = self.facts().sample;
        RowSampleSize { rows: sample.rows.into(), is_whole: sample.is_whole }
    }

    /// How columns of numbers and times go together.
    async fn correlations(&self) -> Correlations {
        let correlations = &self.facts().correlations;
        let of = |pair: &profile::CorrelatedPair| CorrelatedPair {
            columns: self.names(&pair.columns),
            rows: pair.rows.into(),
            pearson: (&pair.pearson).into(),
            spearman: (&pair.spearman).into(),
        };
        Correlations {
            columns: correlations.columns,
            columns_left_out: correlations.columns_left_out,
            pairs: correlations.pairs.iter().map(of).collect(),
        }
    }

    /// Pairs of columns that are null in the same rows, the strongest first, at most 50.
    async fn co_nulls(&self) -> Vec<CoNullPair> {
        let of = |pair: &profile::CoNullPair| CoNullPair {
            columns: self.names(&pair.columns),
            both: pair.both.into(),
            either: pair.either.into(),
            jaccard: (&pair.jaccard).into(),
        };
        self.facts().co_nulls.iter().map(of).collect()
    }

    /// The most frequent sets of null columns, at most 10.
    async fn missingness(&self) -> Vec<MissingnessPattern> {
        let of = |pattern: &profile::MissingnessPattern| MissingnessPattern {
            columns: self.names(&pattern.columns),
            null_columns: pattern.null_columns,
            rows: pattern.rows.into(),
            share: (&pattern.share).into(),
        };
        self.facts().missingness.iter().map(of).collect()
    }

    /// What deserves a look in the rows.
    async fn alerts(&self) -> Vec<RowAlert> {
        let of = |alert: &profile::RowAlert| RowAlert {
            code: alert.code.into(),
            value: alert.value,
            threshold: alert.threshold,
            certain: alert.certain,
            provisional: alert.provisional,
            columns: self.names(&alert.columns),
            examples: places(&alert.examples),
        };
        self.facts().alerts.iter().map(of).collect()
    }

    /// Some rows as they are; null for whoever may not see values.
    async fn samples(&self) -> Option<SampleRows> {
        let samples = &self.facts().samples;
        let rows = |rows: &[profile::SampleRow]| rows.iter().map(SampleRow::from).collect();
        self.shows_values.then(|| SampleRows {
            columns: samples.columns,
            first: rows(&samples.first),
            random: rows(&samples.random),
            last: rows(&samples.last),
        })
    }
}

impl RowFacts {
    fn facts(&self) -> &profile::RowFacts {
        &self.document.profile.rows
    }

    fn names(&self, positions: &[u32]) -> Vec<String> {
        let columns = &self.document.profile.columns;
        positions.iter().filter_map(|&position| Some(columns.get(position as usize)?.name.clone())).collect()
    }
}

fn places(places: &[profile::RowPlace]) -> Vec<RowPlace> {
    let of = |place: &profile::RowPlace| RowPlace {
        row: place.row.map(Into::into),
        byte_offset: place.byte_offset.into(),
    };
    places.iter().map(of).collect()
}

impl From<&profile::SampleRow> for SampleRow {
    fn from(row: &profile::SampleRow) -> Self {
        Self {
            row: row.row.map(Into::into),
            byte_offset: row.byte_offset.into(),
            cells: row.cells.iter().map(|value| SampleCell { value: value.clone() }).collect(),
        }
    }
}
