//! What a page says about rows as wholes.

use data_inspector_domain::profile::{
    CoNullPair, CorrelatedPair, Estimate, MissingnessPattern, Profile, RepeatedRow, RowAlert, SampleRow,
};

use super::{Bars, Part};
use crate::report::number::{count, measured};
use crate::report::rows;
use crate::report::text::{visible, visible_value};

/// Pairs that a page shows of each kind.
const PAIRS_SHOWN: usize = 20;
/// Columns that a page shows of a row.
const CELLS_SHOWN: usize = 50;

pub(in crate::report) struct RowsView {
    /// `all different`, `91.2% complete`.
    pub(in crate::report) facts: Vec<String>,
    pub(in crate::report) alerts: Vec<RowAlertView>,
    /// Rows by their nulls, if there is any.
    pub(in crate::report) nulls: Option<NullsView>,
    pub(in crate::report) repeated: Vec<RepeatedView>,
    /// `all rows`, or how large the sample is that pairs and patterns are of.
    pub(in crate::report) sampled: String,
    pub(in crate::report) correlations: Vec<PairView>,
    pub(in crate::report) co_nulls: Vec<PairView>,
    /// Sets of null columns.
    pub(in crate::report) patterns: Vec<Part>,
    /// Names over the cells of `samples`.
    pub(in crate::report) names: Vec<String>,
    pub(in crate::report) samples: Vec<SampleView>,
}

pub(in crate::report) struct RowAlertView {
    pub(in crate::report) name: &'static str,
    pub(in crate::report) words: String,
}

/// Rows with no null, one, and so on.
pub(in crate::report) struct NullsView {
    pub(in crate::report) bars: Bars,
    pub(in crate::report) most: String,
}

pub(in crate::report) struct RepeatedView {
    pub(in crate::report) count: String,
    pub(in crate::report) places: String,
}

/// Two columns and what they have in common.
pub(in crate::report) struct PairView {
    pub(in crate::report) columns: [String; 2],
    /// The figures, each with what it lies in.
    pub(in crate::report) figures: Vec<String>,
}

pub(in crate::report) struct SampleView {
    pub(in crate::report) row: String,
    /// None for a null.
    pub(in crate::report) cells: Vec<Option<String>>,
}

impl RowsView {
    pub(super) fn of(profile: &Profile) -> Self {
        let facts = &profile.rows;
        let name = |position| visible(&rows::column(profile, position));
        let samples = &facts.samples;
        let shown = samples.first.iter().chain(&samples.random).chain(&samples.last);
        let by_nulls = &facts.completeness.by_nulls;
        let has_nulls = by_nulls.iter().skip(1).any(|&rows| rows > 0);
        Self {
            facts: vec![rows::same(facts, profile.row_count), rows::complete(facts, profile.row_count)],
            alerts: facts.alerts.iter().map(|alert| RowAlertView::of(alert, name)).collect(),
            nulls: has_nulls.then(|| NullsView { bars: Bars::of(by_nulls), most: rows::most_nulls(facts) }),
            repeated: facts.repeated_examples.iter().map(RepeatedView::of).collect(),
            sampled: rows::sampled(facts),
            correlations: facts
                .correlations
                .pairs
                .iter()
                .take(PAIRS_SHOWN)
                .map(|pair| PairView::correlated(pair, name))
                .collect(),
            co_nulls: facts
                .co_nulls
                .iter()
                .take(PAIRS_SHOWN)
                .map(|pair| PairView::null(pair, name))
                .collect(),
            patterns: patterns(&facts.missingness, name),
            names: profile.columns.iter().take(CELLS_SHOWN).map(|column| visible(&column.name)).collect(),
            samples: shown.map(SampleView::of).collect(),
        }
    }
}

/// None if no row of the sample has a null.
fn patterns(found: &[MissingnessPattern], name: impl Fn(u32) -> String) -> Vec<Part> {
    if found.iter().all(|pattern| pattern.null_columns == 0) {
        return Vec::new();
    }
    let part = |pattern: &MissingnessPattern| {
        let names: Vec<String> = pattern.columns.iter().map(|&position| name(position)).collect();
        let value = if names.is_empty() { "no nulls".to_owned() } else { names.join(", ") };
        Part::new(value, &Estimate::exact(pattern.rows as f64), pattern.share.value)
    };
    found.iter().map(part).collect()
}

impl RowAlertView {
    fn of(alert: &RowAlert, name: impl Fn(u32) -> String) -> Self {
        Self { name: rows::name(alert.code), words: rows::words(alert, name) }
    }
}

impl RepeatedView {
    fn of(row: &RepeatedRow) -> Self {
        let places: Vec<String> = row.places.iter().map(rows::place).collect();
        Self { count: count(row.count), places: places.join(", ") }
    }
}

impl PairView {
    fn correlated(pair: &CorrelatedPair, name: impl Fn(u32) -> String) -> Self {
        let figures = [&pair.pearson, &pair.spearman].map(figure).to_vec();
        Self { columns: pair.columns.map(name), figures }
    }

    fn null(pair: &CoNullPair, name: impl Fn(u32) -> String) -> Self {
        let figures = vec![count(pair.both), count(pair.either), figure(&pair.jaccard)];
        Self { columns: pair.columns.map(name), figures }
    }
}

/// `0.98`, or `0.98 (0.97 … 0.99)`.
fn figure(estimate: &Estimate) -> String {
    let value = measured(estimate.value);
    if estimate.exact {
        return value;
    }
    format!("{value} ({} … {})", measured(estimate.lower), measured(estimate.upper))
}

impl SampleView {
    fn of(row: &SampleRow) -> Self {
        let cells = row.cells.iter().take(CELLS_SHOWN);
        Self {
            row: row.row.map(count).unwrap_or_default(),
            cells: cells.map(|cell| cell.as_deref().map(visible_value)).collect(),
        }
    }
}
