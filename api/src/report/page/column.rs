//! What is said about one column.

use data_inspector_domain::profile::{ColumnProfile, Estimate, NumberFacts, TextFacts};

use super::super::facts::{every_value_once, measured_estimate, type_name};
use super::super::number::{count, counted, estimated_count, measured, percent, share};
use super::super::text::{visible, visible_value};
use super::{Bars, ColumnView, Fact, HistogramView, Part, QuantileView};

impl ColumnView {
    pub(super) fn of(column: &ColumnProfile) -> Self {
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
            median: column.median.as_ref().map_or(String::new(), |median| visible_value(&median.value)),
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
            patterns: column
                .patterns
                .iter()
                .map(|shape| Part::new(visible(&shape.pattern), &shape.count, shape.share))
                .collect(),
            null_spellings: null_spellings
                .map(|null| Part::of(spelt(&null.spelling), null.count, column.count))
                .collect(),
        }
    }
}

impl ColumnView {
    /// What is said by this name, or nothing.
    pub(in crate::report) fn fact(&self, name: &str) -> &str {
        self.facts.iter().find(|fact| fact.name == name).map_or("", |fact| &fact.value)
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
    let meaning =
        column.semantic_type.as_ref().map(|it| format!("{} ({})", words(&it.name), percent(it.share)));
    let dominant = column.dominant_type.as_ref().map(|it| {
        let exceptions = counted(it.exceptions, "exception", "exceptions");
        format!("{} ({}), {exceptions}", type_name(it.data_type), percent(it.share))
    });
    let known = [
        ("meaning", meaning),
        ("nearly all are", dominant),
        ("order", column.sort_order.as_ref().map(words)),
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
    let known = known.into_iter().chain(numbers).chain(column.text.iter().flat_map(text_facts));
    known.filter_map(|(name, value)| Some(Fact { name, value: value? })).collect()
}

/// A count, unless there is nothing to tell.
fn some(number: u64) -> Option<String> {
    (number > 0).then(|| count(number))
}

fn text_facts(text: &TextFacts) -> Vec<(&'static str, Option<String>)> {
    vec![
        ("space at the start", some(text.leading_space)),
        ("space at the end", some(text.trailing_space)),
        ("line breaks inside", some(text.line_breaks)),
        ("control characters", some(text.control_characters)),
        ("invisible characters", some(text.invisible_characters)),
        ("beyond ASCII", some(text.non_ascii)),
    ]
}

/// The name of a variant as JSON has it, in words.
fn words(variant: &impl serde::Serialize) -> String {
    match serde_json::to_value(variant) {
        Ok(serde_json::Value::String(name)) => name.to_lowercase().replace('_', " "),
        _ => String::new(),
    }
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
