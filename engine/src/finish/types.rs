//! The types of a column out of the classes of its values.

use data_inspector_domain::profile::{DataType, TypeShare};
use std::collections::BTreeMap;

use crate::cell::Class;

/// The data type of a class.
pub(super) fn type_of(class: Class) -> DataType {
    match class {
        Class::Boolean => DataType::Boolean,
        Class::Integer => DataType::Integer,
        Class::Decimal => DataType::Decimal,
        Class::Float | Class::Infinite | Class::Nan => DataType::Float,
        Class::DateYearFirst | Class::DateYearLast | Class::DateShortYear | Class::DateNamed => {
            DataType::Date
        }
        Class::Timestamp | Class::TimestampYearLast => DataType::Timestamp,
        Class::Time => DataType::Time,
        Class::Uuid => DataType::Uuid,
        Class::Code | Class::Text => DataType::String,
    }
}

/// The narrowest type that covers every value.
pub(super) fn narrowest_type(classes: &[u64]) -> DataType {
    let present = Class::ALL.into_iter().filter(|&class| classes[class as usize] > 0).map(type_of);
    present.fold(DataType::Empty, wider).to_owned()
}

/// The narrowest type that covers both.
pub(super) fn wider(a: DataType, b: DataType) -> DataType {
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

pub(super) fn type_mix(classes: &[u64]) -> Vec<TypeShare> {
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
