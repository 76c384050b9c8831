//! The profile of one column.

use data_inspector_domain::profile::{ColumnProfile, DataType, NullSpelling};
use data_inspector_domain::spec::ResolvedSpec;

use super::distribution::{self, Ordered};
use super::types::{narrowest_type, type_mix};
use super::{frequency, numbers, shown};
use crate::cell::Class;
use crate::column::{ColumnState, Lengths, TextExtreme};
use crate::sketch::frequent::FrequentSummary;

pub(super) fn column_profile(
    spec: &ResolvedSpec,
    index: usize,
    rows: u64,
    state: &ColumnState,
    frequent: &FrequentSummary,
) -> ColumnProfile {
    let data_type = narrowest_type(&state.classes);
    let values = state.values();
    // Numbers of a column that is text but for a few typing errors are worth showing, three zip codes are not.
    let numbers = state.numbers.as_deref().filter(|numbers| numbers.sum.count() * 20 >= values * 19);
    let moments = numbers.and_then(|numbers| numbers.sum.moments());
    let figure = |value: f64| numbers::estimate(numbers, value);
    let ordered = ordered(data_type, state).filter(|_| state.numbers.is_none() || numbers.is_some());
    let (min, max) = range(data_type, state);
    let distinct = state.distinct.estimate(values);
    let top_values = frequency::top_values(spec, values, frequent);
    ColumnProfile {
        name: spec.columns[index].clone(),
        index: index as u32,
        data_type,
        type_mix: type_mix(&state.classes),
        count: rows,
        nulls: rows - values,
        null_spellings: null_spellings(spec, state),
        empties: state.empties,
        missing: state.missing,
        distinct_share: frequency::distinct_share(&distinct, values),
        entropy: frequency::entropy(values, &distinct, frequent),
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
        median: ordered.as_ref().and_then(numbers::median),
        quantiles: ordered.as_ref().map_or(Vec::new(), |ordered| distribution::quantiles(spec, ordered)),
        histogram: ordered.as_ref().and_then(|ordered| distribution::histogram(spec, ordered)),
        mode: frequency::mode(&top_values, frequent),
        top_values,
    }
}

fn mean(lengths: &Lengths, values: u64) -> Option<f64> {
    (values > 0).then(|| lengths.sum as f64 / values as f64)
}

/// The numbers of a column, or its times, whichever its type is.
fn ordered(data_type: DataType, state: &ColumnState) -> Option<Ordered> {
    match (state.numbers.as_deref(), state.times.as_deref(), data_type) {
        (Some(numbers), ..) => Some(Ordered::of_numbers(numbers, data_type)),
        (None, Some(times), DataType::Date | DataType::Timestamp) => {
            Some(Ordered::of_times(times, data_type))
        }
        _ => None,
    }
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

fn range(data_type: DataType, state: &ColumnState) -> (Option<String>, Option<String>) {
    match data_type {
        DataType::Integer | DataType::Decimal | DataType::Float => {
            let numbers = state.numbers.as_deref();
            (numbers.map(|n| n.min.text.clone()), numbers.map(|n| n.max.text.clone()))
        }
        DataType::Date | DataType::Timestamp if state.classes[Class::DateYearLast as usize] == 0 => {
            let show = |micros| distribution::time_text(data_type, micros);
            let times = state.times.as_deref();
            (times.map(|t| show(t.min)), times.map(|t| show(t.max)))
        }
        _ => {
            let show = |extreme: &TextExtreme| shown(&extreme.head, extreme.len);
            let range = state.text_range.as_ref();
            (range.map(|(min, _)| show(min)), range.map(|(_, max)| show(max)))
        }
    }
}
