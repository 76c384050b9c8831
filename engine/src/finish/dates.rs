//! What is known of the dates and timestamps of a column: how they are to be read, and when they are.

use std::borrow::Cow;

use data_inspector_domain::profile::{DateFacts, DayMonthOrder};

use crate::column::{ColumnState, Proof, Times};

/// Which number is the day, if any date has two before the year.
fn order(proof: &Proof) -> Option<DayMonthOrder> {
    match (proof.day_first, proof.month_first) {
        (0, 0) if proof.ambiguous + proof.same == 0 => None,
        (0, 0) => Some(DayMonthOrder::Ambiguous),
        (_, 0) => Some(DayMonthOrder::ProvedDayFirst),
        (0, _) => Some(DayMonthOrder::ProvedMonthFirst),
        (_, _) => Some(DayMonthOrder::Mixed),
    }
}

/// All dates and timestamps of a column, read in the order that is proved; `None` if some have no certain reading.
pub(super) fn certain_times(state: &ColumnState) -> Option<Cow<'_, Times>> {
    let dates = state.two_readings.as_deref();
    let Some(dates) = dates else { return state.times.as_deref().map(Cow::Borrowed) };
    let proof = &dates.proof;
    let read = match order(proof)? {
        DayMonthOrder::ProvedDayFirst => dates.day_first.as_deref(),
        DayMonthOrder::ProvedMonthFirst => dates.month_first.as_deref(),
        // No date differs from one reading to the other.
        DayMonthOrder::Ambiguous if proof.ambiguous == 0 => dates.day_first.as_deref(),
        DayMonthOrder::Mixed | DayMonthOrder::Ambiguous => None,
    }?;
    if proof.short_years > 0 {
        return None;
    }
    let mut all = read.clone();
    if let Some(times) = state.times.as_deref() {
        all.merge(times);
    }
    Some(Cow::Owned(all))
}

/// Facts of a column that has dates or timestamps.
pub(super) fn facts(state: &ColumnState, certain: Option<&Times>) -> Option<DateFacts> {
    if state.times.is_none() && state.two_readings.is_none() {
        return None;
    }
    let proof = state.two_readings.as_deref().map(|dates| dates.proof).unwrap_or_default();
    let calendar = certain.map(|times| times.calendar);
    Some(DateFacts {
        day_month_order: order(&proof),
        day_first: proof.day_first,
        month_first: proof.month_first,
        ambiguous: proof.ambiguous,
        either_way: proof.same,
        two_digit_years: proof.short_years,
        months: calendar.map_or(Vec::new(), |calendar| calendar.months.to_vec()),
        weekdays: calendar.map_or(Vec::new(), |calendar| calendar.weekdays.to_vec()),
    })
}
