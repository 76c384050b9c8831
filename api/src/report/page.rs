//! What a report says, apart from how it looks: the same for HTML and Markdown. Text of the file is made visible here
//! ([`visible`]), and escaped where it is put.

mod column;
mod rows;

use self::rows::RowsView;
use data_inspector_domain::finding::{Finding, FindingExample, Severity};
use data_inspector_domain::profile::{Alert, Estimate, Profile};
use indicatif::HumanBytes;

use super::alerts;
use super::findings::{code, look, place};
use super::head::dialect;
use super::number::{count, counted, estimated_count, percent, share};
use super::text::visible;

/// More examples of a finding nobody reads.
const EXAMPLES_SHOWN: usize = 20;

/// A report.
pub(super) struct Page {
    pub(super) file_name: String,
    /// `34.30 KiB`, `300 rows`, `13 columns`.
    pub(super) size: Vec<String>,
    /// How the file was read, in words.
    pub(super) format: Vec<String>,
    /// Totals by severity, worst first.
    pub(super) totals: Vec<Total>,
    pub(super) findings: Vec<FindingView>,
    pub(super) alerts: Vec<AlertView>,
    pub(super) rows: RowsView,
    pub(super) columns: Vec<ColumnView>,
    pub(super) types: Vec<String>,
    pub(super) engine_version: u32,
}

/// `4 errors`.
pub(super) struct Total {
    pub(super) class: &'static str,
    pub(super) text: String,
}

pub(super) struct FindingView {
    pub(super) class: &'static str,
    pub(super) glyph: &'static str,
    pub(super) code: String,
    pub(super) count: String,
    pub(super) explanation: &'static str,
    pub(super) examples: Vec<ExampleView>,
    /// `… and 1,234 more`, or nothing.
    pub(super) more: Option<String>,
    /// How many are where in the file.
    pub(super) bars: Bars,
}

pub(super) struct AlertView {
    pub(super) class: &'static str,
    pub(super) glyph: &'static str,
    pub(super) name: String,
    pub(super) column: String,
    /// Of the column, from 1.
    pub(super) number: u32,
    pub(super) words: String,
}

pub(super) struct ExampleView {
    pub(super) place: String,
    pub(super) excerpt: String,
}

/// A name and what it is.
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) value: String,
}

/// A value with its part of a whole.
pub(super) struct Part {
    pub(super) value: String,
    pub(super) count: String,
    pub(super) share: String,
    /// `0.0..=100.0`.
    pub(super) percent: f64,
}

pub(super) struct ColumnView {
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) data_type: &'static str,
    pub(super) nulls: Part,
    pub(super) distinct: String,
    /// `min … max`, or nothing.
    pub(super) range: String,
    pub(super) histogram: Option<HistogramView>,
    pub(super) facts: Vec<Fact>,
    /// The middle value, or nothing.
    pub(super) median: String,
    pub(super) quantiles: Vec<QuantileView>,
    pub(super) top_values: Vec<Part>,
    pub(super) type_mix: Vec<Part>,
    pub(super) null_spellings: Vec<Part>,
    pub(super) patterns: Vec<Part>,
}

/// A quantile: its rank, its value, and between what it surely lies.
pub(super) struct QuantileView {
    pub(super) rank: String,
    pub(super) value: String,
    /// Nothing if it is exact.
    pub(super) bounds: String,
}

/// Bars as a path in a box of 1 per bar by 100.
pub(super) struct Bars {
    pub(super) number: usize,
    pub(super) path: String,
    pub(super) highest: String,
}

pub(super) struct HistogramView {
    pub(super) bars: Bars,
    pub(super) first: String,
    pub(super) last: String,
}

impl Page {
    pub(super) fn of(profile: &Profile, file_name: &str) -> Self {
        let columns: Vec<ColumnView> = profile.columns.iter().map(ColumnView::of).collect();
        let mut types: Vec<String> = columns.iter().map(|column| column.data_type.to_owned()).collect();
        types.sort_unstable();
        types.dedup();
        let mut worst_first: Vec<&Finding> = profile.findings.iter().collect();
        worst_first.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        Self {
            file_name: visible(file_name),
            size: vec![
                HumanBytes(profile.bytes).to_string(),
                counted(profile.row_count, "row", "rows"),
                counted(profile.column_count.into(), "column", "columns"),
            ],
            format: dialect(&profile.format).iter().map(|words| visible(words)).collect(),
            totals: totals(&profile.findings),
            findings: worst_first.into_iter().map(FindingView::of).collect(),
            alerts: profile.alerts.iter().map(AlertView::of).collect(),
            rows: RowsView::of(profile),
            columns,
            types,
            engine_version: profile.engine_version,
        }
    }
}

fn totals(findings: &[Finding]) -> Vec<Total> {
    let total = |severity| {
        let of_severity = findings.iter().filter(|finding| finding.severity == severity);
        let total = of_severity.map(|finding| finding.count).fold(0, u64::saturating_add);
        let (_, _, one, many) = look(severity);
        (total > 0).then(|| Total { class: class(severity), text: counted(total, one, many) })
    };
    [Severity::Error, Severity::Warn, Severity::Info].into_iter().filter_map(total).collect()
}

/// The class of a style.
fn class(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warn => "warn",
        Severity::Info => "info",
    }
}

impl FindingView {
    fn of(finding: &Finding) -> Self {
        let shown = &finding.examples[..finding.examples.len().min(EXAMPLES_SHOWN)];
        let more = finding.count.saturating_sub(shown.len() as u64);
        Self {
            class: class(finding.severity),
            glyph: look(finding.severity).0,
            code: code(finding.code),
            count: count(finding.count),
            explanation: finding.code.explanation(),
            examples: shown.iter().map(ExampleView::of).collect(),
            bars: Bars::of(&finding.histogram.counts),
            more: (more > 0 && !shown.is_empty()).then(|| format!("… and {} more", count(more))),
        }
    }
}

impl AlertView {
    fn of(alert: &Alert) -> Self {
        let severity = if alerts::is_note(alert.code) { Severity::Info } else { Severity::Warn };
        Self {
            class: class(severity),
            glyph: look(severity).0,
            name: alerts::name(alert.code),
            column: visible(&alert.column),
            number: alert.column_index + 1,
            words: alerts::words(alert),
        }
    }
}

impl ExampleView {
    fn of(example: &FindingExample) -> Self {
        Self { place: visible(&place(example).join(", ")), excerpt: visible(&example.excerpt) }
    }
}

impl Part {
    fn new(value: String, number: &Estimate, share: f64) -> Self {
        Self { value, count: estimated_count(number), share: percent(share), percent: share * 100.0 }
    }

    fn of(value: String, number: u64, whole: u64) -> Self {
        Self::new(value, &Estimate::exact(number as f64), share(number, whole))
    }
}

impl Bars {
    fn of(counts: &[u64]) -> Self {
        let highest = counts.iter().copied().max().unwrap_or(0);
        let mut path = String::new();
        for (bar, number) in counts.iter().enumerate().filter(|(_, number)| **number > 0) {
            // What is there is seen.
            let height = (*number as f64 / highest as f64 * 100.0).max(2.0);
            path += &format!("M{bar}.05 100V{:.1}h.9V100z", 100.0 - height);
        }
        Self { number: counts.len(), path, highest: count(highest) }
    }
}
