//! The profile of one column.

use data_inspector_domain::profile::{ColumnProfile, DataType, NullSpelling};
use data_inspector_domain::spec::ResolvedSpec;

use super::before::Before;
use super::distribution::{self, Ordered};
use super::meaning;
use super::types::{narrowest_type, type_mix};
use super::{dates, frequency, numbers, shown, texts};
use crate::cell::Class;
use crate::column::{ColumnSequence, ColumnState, Lengths, TextExtreme, Times};

/// What was counted of a column.
pub(super) struct Counted<'a> {
    /// Its position in the file.
    pub(super) index: usize,
    /// Records.
    pub(super) rows: u64,
    pub(super) before: &'a Before,
    pub(super) state: &'a ColumnState,
    pub(super) sequence: &'a ColumnSequence,
}

pub(super) fn column_profile(spec: &ResolvedSpec, counted: &Counted<'_>) -> ColumnProfile {
    let Counted { index, rows, before, state, sequence } = *counted;
    let data_type = narrowest_type(&state.classes);
    let values = state.values();
    // Numbers of a column that is text but for a few typing errors are worth showing, three zip codes are not.
    let numbers = state.numbers.as_deref().filter(|numbers| numbers.sum.count() * 20 >= values * 19);
    let moments = numbers.and_then(|numbers| numbers.sum.moments());
    let figure = |value: f64| numbers::estimate(numbers, value);
    let times = dates::certain_times(state);
    let times = times.as_deref().filter(|times| times.count() == values);
    let ordered = match (numbers, times) {
        (Some(numbers), _) => Some(Ordered::of_numbers(numbers, data_type)),
        (None, times) => times.map(|times| Ordered::of_times(times, data_type)),
    };
    let (min, max) = range(data_type, state, times);
    let distinct = state.distinct.estimate(values);
    let ranked = frequency::Ranked::new(values, &sequence.frequent);
    ColumnProfile {
        name: spec.columns[index].clone(),
        index: index as u32,
        data_type,
        type_mix: type_mix(&state.classes),
        dominant_type: meaning::dominant_type(data_type, state, before),
        semantic_type: meaning::semantic_type(state),
        count: rows,
        nulls: rows - values,
        null_spellings: null_spellings(spec, state),
        empties: state.empties,
        missing: state.missing,
        distinct_share: frequency::distinct_share(&distinct, values),
        entropy: frequency::entropy(values, &distinct, &sequence.frequent),
        distinct,
        min,
        max,
        mean: moments.as_ref().and_then(|moments| figure(moments.mean)),
        stddev: moments.as_ref().and_then(|moments| moments.stddev).and_then(figure),
        sum: moments.as_ref().map(|moments| moments.sum.clone()),
        min_length: (values > 0).then_some(state.lengths.min),
        max_length: (values > 0).then_some(state.lengths.max),
        mean_length: mean(&state.lengths, values),
        min_bytes: (values > 0).then_some(state.bytes.min),
        max_bytes: (values > 0).then_some(state.bytes.max),
        mean_bytes: mean(&state.bytes, values),
        leading_zeros: state.classes[Class::Code as usize],
        numbers: numbers::facts(state, moments.as_ref(), ordered.as_ref().filter(|_| numbers.is_some())),
        dates: dates::facts(state, times),
        text: texts::facts(state),
        patterns: texts::patterns(state, &sequence.shapes),
        sort_order: meaning::sort_order(data_type, state, &sequence.order, before.is_complete),
        median: ordered.as_ref().and_then(numbers::median),
        quantiles: ordered.as_ref().map_or(Vec::new(), |ordered| distribution::quantiles(spec, ordered)),
        histogram: ordered.as_ref().and_then(|ordered| distribution::histogram(spec, ordered)),
        mode: ranked.mode(),
        top_values: ranked.top_values(spec.top_values),
    }
}

fn mean(lengths: &Lengths, values: u64) -> Option<f64> {
    (values > 0).then(|| lengths.sum as f64 / values as f64)
}

fn null_spellings(spec: &ResolvedSpec, state: &ColumnState) -> Vec<NullSpelling> {
    let empty = NullSpelling { spelling: String::new(), count: state.empties + state.missing };
    let spelt = spec.null_values.iter().zip(&state.nulls);
    let mut all: Vec<NullSpelling> =
        spelt.map(|(spelling, &count)| NullSpelling { spelling: spelling.clone(), count }).collect();
    all.push(empty);
    all.retain(|null| null.count > 0);
    all.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.spelling.cmp(&b.spelling)));
    all
}

fn range(
    data_type: DataType,
    state: &ColumnState,
    times: Option<&Times>,
) -> (Option<String>, Option<String>) {
    match data_type {
        DataType::Integer | DataType::Decimal | DataType::Float => {
            let numbers = state.numbers.as_deref();
            (numbers.map(|n| n.min.text.clone()), numbers.map(|n| n.max.text.clone()))
        }
        DataType::Date | DataType::Timestamp if times.is_some() => {
            let show = |micros| distribution::time_text(data_type, micros);
            (times.map(|times| show(times.min)), times.map(|times| show(times.max)))
        }
        _ => {
            let show = |extreme: &TextExtreme| shown(&extreme.head, extreme.len);
            let range = state.text_range.as_ref();
            (range.map(|(min, _)| show(min)), range.map(|(_, max)| show(max)))
        }
    }
}
