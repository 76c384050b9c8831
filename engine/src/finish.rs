//! Turns a partial into the profile document.

use data_inspector_domain::profile::{
    ColumnProfile, DataType, Estimate, Format, NullSpelling, PROFILE_VERSION, Profile, TopValue, TypeShare,
};
use data_inspector_domain::spec::ResolvedSpec;
use std::collections::BTreeMap;

use crate::cell::Class;
use crate::column::{ColumnState, TextExtreme};
use crate::partial::Partial;
use crate::sketch::frequent::{Counter, FrequentSummary};

mod distribution;
mod findings;

pub(crate) use findings::{described, excerpt_text};

/// The profile of the leaves in `partial`: of the whole file once it has all of them.
pub fn finish(spec: &ResolvedSpec, partial: &Partial) -> Profile {
    let rows = partial.rows();
    let frequent = partial.fold_frequent();
    let column = |index: usize| column_profile(spec, index, rows, &partial.columns[index], &frequent[index]);
    Profile {
        profile_version: PROFILE_VERSION,
        engine_version: spec.engine_version,
        bytes: spec.file_size_bytes,
        row_count: rows,
        column_count: spec.columns.len() as u32,
        format: format(spec),
        columns: (0..spec.columns.len()).map(column).collect(),
        findings: findings::findings(spec, partial),
    }
}

fn format(spec: &ResolvedSpec) -> Format {
    let text = |byte: u8| char::from(byte).to_string();
    Format {
        name: "csv".to_owned(),
        encoding: "utf-8".to_owned(),
        byte_order_mark: spec.head.byte_order_mark,
        delimiter: text(spec.dialect.delimiter),
        quote: spec.dialect.quote.map(text),
        escape: spec.dialect.escape.map(text),
        comment: spec.dialect.comment.map(text),
        header: spec.head.has_header,
        data_offset: spec.head.data_offset,
    }
}

fn column_profile(
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
    let estimate =
        |value: f64| Estimate { exact: numbers.is_some_and(|n| n.sum.is_exact()), ..Estimate::exact(value) };
    let (min, max) = range(data_type, state);
    let (quantiles, histogram) = distribution::describe(spec, data_type, numbers, state.times.as_deref());
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
        distinct: state.distinct.estimate(values),
        min,
        max,
        mean: moments.as_ref().filter(|m| m.mean.is_finite()).map(|m| estimate(m.mean)),
        stddev: moments.as_ref().and_then(|m| m.stddev).filter(|s| s.is_finite()).map(estimate),
        sum: moments.map(|moments| moments.sum),
        min_length: (values > 0).then_some(state.lengths.min),
        max_length: (values > 0).then_some(state.lengths.max),
        mean_length: (values > 0).then(|| state.lengths.sum as f64 / values as f64),
        quantiles,
        histogram,
        top_values: top_values(spec, values, frequent),
    }
}

/// The data type of a class.
fn type_of(class: Class) -> DataType {
    match class {
        Class::Boolean => DataType::Boolean,
        Class::Integer => DataType::Integer,
        Class::Decimal => DataType::Decimal,
        Class::Float | Class::NonFinite => DataType::Float,
        Class::DateYearFirst | Class::DateYearLast => DataType::Date,
        Class::Timestamp => DataType::Timestamp,
        Class::Time => DataType::Time,
        Class::Uuid => DataType::Uuid,
        Class::Code | Class::Text => DataType::String,
    }
}

/// The narrowest type that covers every value.
fn narrowest_type(classes: &[u64]) -> DataType {
    let present = Class::ALL.into_iter().filter(|&class| classes[class as usize] > 0).map(type_of);
    present.fold(DataType::Empty, wider).to_owned()
}

/// The narrowest type that covers both.
fn wider(a: DataType, b: DataType) -> DataType {
    use DataType::{Date, Decimal, Empty, Float, Integer, Timestamp};
    match (a, b) {
        (a, b) if a == b => a,
        (Empty, other) | (other, Empty) => other,
        (Integer, Decimal) | (Decimal, Integer) => Decimal,
        (Float, Integer | Decimal) | (Integer | Decimal, Float) => Float,
        (Date, Timestamp) | (Timestamp, Date) => Timestamp,
        _ => DataType::String,
    }
}

fn type_mix(classes: &[u64]) -> Vec<TypeShare> {
    let values: u64 = classes.iter().sum();
    let mut counts: BTreeMap<DataType, u64> = BTreeMap::new();
    for class in Class::ALL {
        *counts.entry(type_of(class)).or_default() += classes[class as usize];
    }
    counts.retain(|_, count| *count > 0);
    let mut mix: Vec<TypeShare> = counts
        .into_iter()
        .map(|(data_type, count)| TypeShare { data_type, count, share: count as f64 / values as f64 })
        .collect();
    mix.sort_by_key(|share| (std::cmp::Reverse(share.count), share.data_type));
    mix
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

/// The values that are certainly more frequent than any that is not listed.
fn top_values(spec: &ResolvedSpec, values: u64, frequent: &FrequentSummary) -> Vec<TopValue> {
    let mut counters: Vec<&Counter> =
        frequent.counters.iter().filter(|counter| counter.count > frequent.error).collect();
    counters.sort_by(|a, b| {
        b.count
            .cmp(&a.count)
            .then_with(|| a.head.cmp(&b.head))
            .then_with(|| (a.len, a.hash).cmp(&(b.len, b.hash)))
    });
    counters.truncate(spec.top_values as usize);
    let top_value = |counter: &Counter| TopValue {
        value: shown(&counter.head, counter.len),
        count: count_estimate(counter.count, frequent.error),
        share: counter.count as f64 / values as f64,
    };
    counters.into_iter().map(top_value).collect()
}

fn count_estimate(count: u64, error: u64) -> Estimate {
    if error == 0 {
        return Estimate::exact(count as f64);
    }
    Estimate {
        value: count as f64,
        exact: false,
        lower: count as f64,
        upper: (count + error) as f64,
        method: Some("Misra-Gries".to_owned()),
    }
}

/// A value as text: ill-formed bytes as U+FFFD, a long one cut.
fn shown(head: &[u8], len: u64) -> String {
    if len <= head.len() as u64 {
        return String::from_utf8_lossy(head).into_owned();
    }
    format!("{}…", String::from_utf8_lossy(whole_characters(head)))
}

/// Without the beginning of a character that was cut off at the end.
fn whole_characters(bytes: &[u8]) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => &bytes[..error.valid_up_to()],
        _ => bytes,
    }
}
