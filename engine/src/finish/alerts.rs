//! What deserves a look in a column: decided from its profile, by thresholds that the alert repeats.

use data_inspector_domain::profile::{
    Alert, AlertCode, ColumnProfile, DataType, DayMonthOrder, Estimate, SortOrder,
};
use std::collections::BTreeMap;

use crate::logarithm::log2;
use crate::sketch::frequent::FrequentSummary;
use crate::text::Census;

/// Share of records without a value.
const MISSING: f64 = 0.05;
/// Share of zeros.
const ZEROS: f64 = 0.1;
/// As in ydata-profiling.
const SKEWNESS: f64 = 20.0;
/// Different texts; as in ydata-profiling. A column with fewer is one of categories.
const CARDINALITY: f64 = 50.0;
/// As in ydata-profiling.
const IMBALANCE: f64 = 0.5;
const UNIFORMITY: f64 = 0.999;
/// Below so many values of each, chance makes uneven what is even.
const VALUES_PER_CATEGORY: f64 = 20.0;

/// Collects the alerts of one column.
struct Alerts<'a> {
    column: &'a ColumnProfile,
    frequent: &'a FrequentSummary,
    provisional: bool,
    found: Vec<Alert>,
}

/// The alerts of a column, in the order of their codes.
pub(super) fn alerts(
    column: &ColumnProfile,
    census: &Census,
    frequent: &FrequentSummary,
    is_complete: bool,
) -> Vec<Alert> {
    let mut alerts = Alerts { column, frequent, provisional: !is_complete, found: Vec::new() };
    if column.count == 0 {
        return Vec::new();
    }
    alerts.of_values();
    alerts.of_categories();
    alerts.of_numbers();
    alerts.of_dates();
    alerts.of_texts(census);
    alerts.found.sort_by_key(|alert| alert.code);
    alerts.found
}

impl Alerts<'_> {
    fn raise(&mut self, code: AlertCode, value: f64, threshold: f64) {
        self.raise_with(code, value, threshold, true);
    }

    fn raise_with(&mut self, code: AlertCode, value: f64, threshold: f64, certain: bool) {
        let (column, column_index) = (self.column.name.clone(), self.column.index);
        let provisional = self.provisional;
        self.found.push(Alert { code, column, column_index, value, threshold, certain, provisional });
    }

    /// Raises an alert if there are any.
    fn raise_if_any(&mut self, code: AlertCode, count: u64) {
        if count > 0 {
            self.raise(code, count as f64, 0.0);
        }
    }

    fn values(&self) -> u64 {
        self.column.count - self.column.nulls
    }

    /// What the values are, but for a few exceptions.
    fn data_type(&self) -> DataType {
        self.column.dominant_type.as_ref().map_or(self.column.data_type, |dominant| dominant.data_type)
    }

    fn of_values(&mut self) {
        let (column, values) = (self.column, self.values());
        if values == 0 {
            return self.raise(AlertCode::Empty, 0.0, 0.0);
        }
        let missing = column.nulls as f64 / column.count as f64;
        if missing > MISSING {
            self.raise(AlertCode::Missing, missing, MISSING);
        }
        if column.data_type == DataType::String
            && let [most, _, ..] = &column.type_mix[..]
        {
            self.raise(AlertCode::MixedTypes, most.share, 1.0);
        }
        if values < 2 {
            return;
        }
        let distinct = &column.distinct;
        let is_strict =
            matches!(column.sort_order, Some(SortOrder::StrictlyIncreasing | SortOrder::StrictlyDecreasing));
        let is_text = column.data_type == DataType::String;
        let has_duplicates = self.frequent.counters.iter().any(|counter| counter.count > 1);
        match distinct.value {
            _ if is_strict => self.raise(AlertCode::Unique, 1.0, 1.0),
            1.0 => self.raise(AlertCode::Constant, 1.0, 1.0),
            _ if distinct.upper >= values as f64 && !has_duplicates => {
                self.raise_with(AlertCode::Unique, distinct.value / values as f64, 1.0, distinct.exact);
            }
            different if is_text && different > CARDINALITY => {
                let certain = distinct.lower > CARDINALITY;
                self.raise_with(AlertCode::HighCardinality, different, CARDINALITY, certain);
            }
            _ => {}
        }
    }

    /// Of columns of few different values, which are all known.
    fn of_categories(&mut self) {
        let frequent = self.frequent;
        let Estimate { value: distinct, exact, .. } = self.column.distinct;
        if !exact || distinct < 2.0 || frequent.error > 0 {
            return;
        }
        let is_category = matches!(self.column.data_type, DataType::String | DataType::Boolean);
        if is_category && distinct < self.values() as f64 {
            self.raise_if_any(AlertCode::DirtyCategory, look_alikes(frequent));
        }
        let Some(entropy) = self.column.entropy.as_ref().filter(|_| is_category && distinct <= CARDINALITY)
        else {
            return;
        };
        let evenness = entropy.value / log2(distinct);
        if 1.0 - evenness > IMBALANCE {
            self.raise(AlertCode::Imbalance, 1.0 - evenness, IMBALANCE);
        }
        let is_enough = self.values() as f64 >= VALUES_PER_CATEGORY * distinct;
        if distinct > 2.0 && is_enough && evenness >= UNIFORMITY {
            self.raise(AlertCode::Uniform, evenness, UNIFORMITY);
        }
    }

    fn of_numbers(&mut self) {
        let is_number = matches!(self.data_type(), DataType::Integer | DataType::Decimal | DataType::Float);
        let Some(numbers) = self.column.numbers.as_ref().filter(|_| is_number) else { return };
        let zeros = numbers.zeros as f64 / self.values() as f64;
        if zeros > ZEROS {
            self.raise(AlertCode::Zeros, zeros, ZEROS);
        }
        self.raise_if_any(AlertCode::Infinite, numbers.infinities);
        self.raise_if_any(AlertCode::NotANumber, numbers.nans);
        if let Some(skewness) = numbers.skewness.as_ref().filter(|skewness| skewness.value.abs() > SKEWNESS) {
            self.raise_with(AlertCode::Skewed, skewness.value.abs(), SKEWNESS, skewness.exact);
        }
    }

    fn of_dates(&mut self) {
        let is_date = matches!(self.data_type(), DataType::Date | DataType::Timestamp);
        let Some(dates) = self.column.dates.as_ref().filter(|_| is_date) else { return };
        match dates.day_month_order {
            Some(DayMonthOrder::Ambiguous) => self.raise_if_any(AlertCode::AmbiguousDates, dates.ambiguous),
            Some(DayMonthOrder::Mixed) => {
                self.raise_if_any(AlertCode::MixedDates, dates.day_first.min(dates.month_first));
            }
            Some(DayMonthOrder::ProvedDayFirst | DayMonthOrder::ProvedMonthFirst) | None => {}
        }
        self.raise_if_any(AlertCode::TwoDigitYears, dates.two_digit_years);
    }

    fn of_texts(&mut self, census: &Census) {
        let Some(text) = &self.column.text else { return };
        self.raise_if_any(AlertCode::SurroundingSpace, census.surrounding_space);
        self.raise_if_any(AlertCode::InvisibleCharacters, text.invisible_characters);
        let lengths = (self.column.min_length, self.column.max_length);
        if let (Some(min), Some(max)) = lengths
            && min == max
            && self.column.data_type == DataType::String
            && self.column.distinct.lower > 1.0
        {
            self.raise(AlertCode::ConstantLength, min as f64, min as f64);
        }
    }
}

/// How many values look like another one but for case and spaces around.
fn look_alikes(frequent: &FrequentSummary) -> u64 {
    let mut alike: BTreeMap<String, u64> = BTreeMap::new();
    for counter in frequent.counters.iter().filter(|counter| counter.len == counter.head.len() as u64) {
        let text = String::from_utf8_lossy(&counter.head).trim().to_lowercase();
        *alike.entry(text).or_default() += 1;
    }
    alike.values().filter(|&&count| count > 1).sum()
}
