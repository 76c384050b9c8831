//! Dates of which it is not known yet whether the day or the month comes first: what all of them prove together, and
//! both readings until then.

use data_inspector_domain::spec::SketchSizes;
use serde::{Deserialize, Serialize};

use super::ranked::{Ranks, Times, TimesWire, merge_optional};
use crate::calendar::Moment;
use crate::calendar::year_last::{Evidence, YearLast};

/// How many dates say what about the order of day and month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The first number is no month.
    pub day_first: u64,
    /// The second number is no month.
    pub month_first: u64,
    /// Either reading is a day, and not the same one.
    pub ambiguous: u64,
    /// Both numbers are the same.
    pub same: u64,
    /// The year has two digits.
    pub short_years: u64,
}

/// Dates and timestamps of two readings.
#[derive(Clone, Debug, Default)]
pub struct TwoReadings {
    /// What they say about the order.
    pub proof: Proof,
    /// All that are days with the day first, so read.
    pub day_first: Option<Box<Times>>,
    /// All that are days with the month first, so read.
    pub month_first: Option<Box<Times>>,
}

/// [`TwoReadings`] in a partial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct TwoReadingsWire {
    proof: Proof,
    day_first: Option<TimesWire>,
    month_first: Option<TimesWire>,
}

impl TwoReadings {
    pub(super) fn add(&mut self, sizes: SketchSizes, date: YearLast, weight: u64) {
        let proof = &mut self.proof;
        *match date.evidence() {
            Evidence::DayFirst => &mut proof.day_first,
            Evidence::MonthFirst => &mut proof.month_first,
            Evidence::Ambiguous => &mut proof.ambiguous,
            Evidence::Same => &mut proof.same,
        } += weight;
        proof.short_years += if date.is_short() { weight } else { 0 };
        add_to(&mut self.day_first, sizes, date.day_first(), weight);
        add_to(&mut self.month_first, sizes, date.month_first(), weight);
    }

    pub(super) fn ranks(&mut self) -> impl Iterator<Item = &mut Ranks> {
        self.day_first.iter_mut().chain(&mut self.month_first).map(|times| &mut times.ranks)
    }

    pub(super) fn merge(&mut self, other: &Self) {
        let (mine, theirs) = (&mut self.proof, &other.proof);
        mine.day_first += theirs.day_first;
        mine.month_first += theirs.month_first;
        mine.ambiguous += theirs.ambiguous;
        mine.same += theirs.same;
        mine.short_years += theirs.short_years;
        merge_optional(&mut self.day_first, other.day_first.as_deref(), Times::merge);
        merge_optional(&mut self.month_first, other.month_first.as_deref(), Times::merge);
    }

    pub(super) fn to_wire(&self) -> TwoReadingsWire {
        TwoReadingsWire {
            proof: self.proof,
            day_first: self.day_first.as_deref().map(Times::to_wire),
            month_first: self.month_first.as_deref().map(Times::to_wire),
        }
    }

    pub(super) fn from_wire(sizes: SketchSizes, wire: TwoReadingsWire) -> Option<Self> {
        let day_first = Times::from_optional_wire(sizes, wire.day_first)?;
        let month_first = Times::from_optional_wire(sizes, wire.month_first)?;
        Some(Self { proof: wire.proof, day_first, month_first })
    }
}

fn add_to(times: &mut Option<Box<Times>>, sizes: SketchSizes, moment: Option<Moment>, weight: u64) {
    if let Some(moment) = moment {
        times.get_or_insert_with(|| Box::new(Times::before(sizes, moment.micros))).add(moment, weight);
    }
}
