//! What a report says, apart from how it looks: the same for HTML and Markdown. Text of the file is made visible here
//! ([`visible`]), and escaped where it is put.

use data_inspector_domain::finding::{Finding, FindingExample, Severity};
use data_inspector_domain::profile::{ColumnProfile, Estimate, NumberFacts, Profile};
use indicatif::HumanBytes;

use super::facts::{every_value_once, measured_estimate, type_name};
use super::findings::{code, look, place};
use super::head::dialect;
use super::number::{count, counted, estimated_count, measured, percent, share};
use super::text::{visible, visible_value};

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
    pub(super) quantiles: Vec<QuantileView>,
    pub(super) top_values: Vec<Part>,
    pub(super) type_mix: Vec<Part>,
    pub(super) null_spellings: Vec<Part>,
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

impl ColumnView {
    fn of(column: &ColumnProfile) -> Self {
        let top_values = column.top_values.iter();
        let type_mix = column.type_mix.iter();
        let null_spellings = column.null_spellings.iter();
        let spelt =
            |spelling: &str| if spelling.is_empty() { "(empty)".into() } else { visible_value(spelling) };
        Self {
            number: column.index as usize + 1,
            name: if column.name.is_empty() { "(no name)".into() } else { visible(&column.name) },
            data_type: type_name(column.data_type),
            nulls: Part::of("nulls".into(), column.nulls, column.count),
            distinct: estimated_count(&column.distinct),
            range: range(column),
            histogram: HistogramView::of(column),
            facts: facts(column),
            quantiles: quantiles(column),
            top_values: top_values
                .filter(|_| !every_value_once(column))
                .map(|top| Part::new(visible_value(&top.value), &top.count, top.share))
                .collect(),
            type_mix: type_mix
                .map(|part| {
                    Part::new(
                        type_name(part.data_type).into(),
                        &Estimate::exact(part.count as f64),
                        part.share,
                    )
                })
                .collect(),
            null_spellings: null_spellings
                .map(|null| Part::of(spelt(&null.spelling), null.count, column.count))
                .collect(),
        }
    }
}

impl ColumnView {
    /// What is said by this name, or nothing.
    pub(super) fn fact(&self, name: &str) -> &str {
        self.facts.iter().find(|fact| fact.name == name).map_or("", |fact| &fact.value)
    }

    /// The middle value, or nothing.
    pub(super) fn median(&self) -> &str {
        self.quantiles.iter().find(|quantile| quantile.rank == "50.0%").map_or("", |quantile| &quantile.value)
    }
}

/// `min … max`; one value if they are the same.
fn range(column: &ColumnProfile) -> String {
    match (&column.min, &column.max) {
        (Some(min), Some(max)) if min == max => visible_value(min),
        (Some(min), Some(max)) => format!("{} … {}", visible_value(min), visible_value(max)),
        _ => String::new(),
    }
}

/// What is known of a column, as far as it is.
fn facts(column: &ColumnProfile) -> Vec<Fact> {
    let values = column.count - column.nulls;
    let text = |value: &Option<String>| value.as_deref().map(visible_value);
    let estimated = |value: &Option<Estimate>| value.as_ref().map(measured_estimate);
    let lengths = column.min_length.zip(column.max_length).map(|(min, max)| match min == max {
        true => counted(max, "character", "characters"),
        false => format!("{}–{}", count(min), counted(max, "character", "characters")),
    });
    let bounds = |estimate: &Estimate| {
        let (lower, upper) = (estimate.lower.round() as u64, estimate.upper.round() as u64);
        (!estimate.exact).then(|| format!("{} to {}", count(lower), count(upper)))
    };
    let known = [
        ("values", Some(count(values))),
        ("nulls", Some(format!("{} ({})", count(column.nulls), percent(share(column.nulls, column.count))))),
        ("missing cells", (column.missing > 0).then(|| count(column.missing))),
        ("distinct", Some(estimated_count(&column.distinct))),
        ("", every_value_once(column).then(|| "every value once".to_owned())),
        ("distinct lies in", bounds(&column.distinct)),
        ("smallest", text(&column.min)),
        ("largest", text(&column.max)),
        ("most frequent", column.mode.as_ref().map(|mode| visible_value(&mode.value))),
        ("entropy", estimated(&column.entropy).map(|bits| format!("{bits} bits"))),
        ("mean", estimated(&column.mean)),
        ("standard deviation", estimated(&column.stddev)),
        ("sum", text(&column.sum)),
        ("length", lengths),
        ("mean length", column.mean_length.map(measured)),
        ("leading zeros", some(column.leading_zeros)),
    ];
    let numbers = column.numbers.iter().flat_map(number_facts);
    let known = known.into_iter().chain(numbers);
    known.filter_map(|(name, value)| Some(Fact { name, value: value? })).collect()
}

/// A count, unless there is nothing to tell.
fn some(number: u64) -> Option<String> {
    (number > 0).then(|| count(number))
}

fn number_facts(numbers: &NumberFacts) -> Vec<(&'static str, Option<String>)> {
    let estimated = |value: &Option<Estimate>| value.as_ref().map(measured_estimate);
    let outliers = numbers.outliers.as_ref().map(|outliers| {
        let [below, above] = [&outliers.below, &outliers.above].map(estimated_count);
        format!(
            "{below} below {}, {above} above {}",
            measured(outliers.lower_fence),
            measured(outliers.upper_fence)
        )
    });
    vec![
        ("zeros", some(numbers.zeros)),
        ("negative", some(numbers.negatives)),
        ("infinite", some(numbers.infinities)),
        ("not a number", some(numbers.nans)),
        ("digits before the point", some(numbers.max_whole_digits.into())),
        ("digits after the point", some(numbers.max_scale.into())),
        ("skewness", estimated(&numbers.skewness)),
        ("excess kurtosis", estimated(&numbers.kurtosis)),
        ("interquartile range", estimated(&numbers.interquartile_range)),
        ("outliers", outliers),
    ]
}

fn quantiles(column: &ColumnProfile) -> Vec<QuantileView> {
    let view = |quantile: &data_inspector_domain::profile::Quantile| QuantileView {
        rank: percent(quantile.q),
        value: visible_value(&quantile.value),
        bounds: match quantile.exact {
            true => String::new(),
            false => format!("{} to {}", visible_value(&quantile.lower), visible_value(&quantile.upper)),
        },
    };
    column.quantiles.iter().map(view).collect()
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

impl HistogramView {
    fn of(column: &ColumnProfile) -> Option<Self> {
        let histogram = column.histogram.as_ref()?;
        Some(Self {
            bars: Bars::of(&histogram.counts),
            first: visible(histogram.edges.first()?),
            last: visible(histogram.edges.last()?),
        })
    }
}
