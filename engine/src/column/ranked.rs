//! Numbers and times: what has an order, its smallest and largest, and its ranks.

use std::cmp::Ordering;

use data_inspector_domain::spec::SketchSizes;
use serde::{Deserialize, Serialize};

use super::extreme::NumberExtreme;
use crate::calendar::Moment;
use crate::calendar::side_by_side::Moments;
use crate::cell::Class;
use crate::exact_sum::{ExactSum, Number};
use crate::simd::{self, TEXTS};
use crate::sketch::dyadic::{Dyadic, DyadicWire, key_of_f64, key_of_i64};

/// Ranks of keys, with additions to the table done many at a time: in a short loop the processor waits for several
/// cache lines at once, in the long way of a cell for one after the other.
#[derive(Clone, Debug)]
pub struct Ranks {
    table: Dyadic,
    queue: Vec<u64>,
}

/// What is known of the numbers of a column.
#[derive(Clone, Debug)]
pub struct Numbers {
    /// Sums of their powers.
    pub sum: ExactSum,
    /// The smallest.
    pub min: NumberExtreme,
    /// The largest.
    pub max: NumberExtreme,
    /// By [`key_of_f64`].
    pub ranks: Ranks,
    /// What else is counted.
    pub counts: NumberCounts,
    /// Numbers that are still to be added to `sum`: their mantissas, all of one scale.
    queue: Vec<i64>,
    queue_scale: i16,
}

/// Counts of the numbers of a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberCounts {
    /// Numbers that are zero.
    pub zeros: u64,
    /// Numbers below zero.
    pub negatives: u64,
    /// Most digits before the decimal point, as written, of numbers that are not in scientific notation.
    pub whole_digits: u32,
    /// Most digits after it, likewise.
    pub scale: u32,
}

/// What is known of the dates and timestamps of a column.
#[derive(Clone, Debug)]
pub struct Times {
    /// The earliest, in microseconds since the epoch.
    pub min: i64,
    /// The latest.
    pub max: i64,
    /// By [`key_of_i64`].
    pub ranks: Ranks,
    /// By the calendar.
    pub calendar: Calendar,
}

/// Counts of the days of dates and timestamps, as they are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// From January.
    pub months: [u64; 12],
    /// From Monday.
    pub weekdays: [u64; 7],
}

impl Calendar {
    fn merge(&mut self, other: &Self) {
        self.months.iter_mut().zip(other.months).for_each(|(mine, theirs)| *mine += theirs);
        self.weekdays.iter_mut().zip(other.weekdays).for_each(|(mine, theirs)| *mine += theirs);
    }
}

/// [`Numbers`] in a partial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct NumbersWire {
    sum: ExactSum,
    min: NumberExtreme,
    max: NumberExtreme,
    ranks: DyadicWire,
    counts: NumberCounts,
}

/// [`Times`] in a partial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct TimesWire {
    min: i64,
    max: i64,
    ranks: DyadicWire,
    calendar: Calendar,
}

impl Ranks {
    fn new(buckets: u32) -> Self {
        Self { table: Dyadic::new(buckets), queue: Vec::new() }
    }

    /// The table, once `settle` was called after the last addition.
    pub fn table(&self) -> &Dyadic {
        &self.table
    }

    #[inline]
    fn add(&mut self, key: u64, weight: u64) {
        if weight == 1 {
            self.queue.push(key);
        } else {
            self.table.add(key, weight);
        }
    }

    /// Does the additions that are queued.
    pub(super) fn settle(&mut self) {
        self.queue.drain(..).for_each(|key| self.table.add(key, 1));
    }

    /// Does the additions that are queued, and those the table has put off.
    pub(super) fn complete(&mut self) {
        self.settle();
        self.table.settle();
    }

    fn merge(&mut self, other: &Self) {
        self.table.merge(&other.table);
    }

    fn from_wire(buckets: u32, wire: &DyadicWire) -> Option<Self> {
        Some(Self { table: Dyadic::from_wire(buckets, wire)?, queue: Vec::new() })
    }
}

impl Numbers {
    /// Nothing counted yet; the first number to come is this one.
    pub(super) fn before(sizes: SketchSizes, text: &[u8], number: Number, value: f64) -> Self {
        let extreme = NumberExtreme::new(text, number, value);
        Self {
            sum: ExactSum::default(),
            min: extreme.clone(),
            max: extreme,
            ranks: Ranks::new(sizes.histogram_buckets),
            counts: NumberCounts::default(),
            queue: Vec::new(),
            queue_scale: 0,
        }
    }

    #[inline(always)]
    pub(super) fn add(&mut self, text: &[u8], class: Class, (number, value): (Number, f64), weight: u64) {
        self.add_to_sum(number, weight);
        self.ranks.add(key_of_f64(value), weight);
        if value <= self.min.value {
            self.min.replace_if(Ordering::Less, text, number, value);
        }
        if value >= self.max.value {
            self.max.replace_if(Ordering::Greater, text, number, value);
        }
        self.counts.add(text, class, number, value, weight);
    }

    /// Adds numbers that are all read, with the lengths of their texts.
    #[inline(always)]
    pub(super) fn add_block<'a>(
        &mut self,
        text_of: impl Fn(usize) -> &'a [u8],
        lens: &[u32; TEXTS],
        numbers: &simd::Numbers,
    ) {
        let simd::Numbers { mantissas, scales, values, have_points, .. } = numbers;
        let number = |at: usize| Number::Decimal { mantissa: mantissas[at], scale: scales[at] as i16 };
        let scale = if self.queue.is_empty() { scales[0] } else { self.queue_scale as u32 };
        if scales.iter().all(|&each| each == scale) {
            self.queue_scale = scale as i16;
            self.queue.extend_from_slice(mantissas);
        } else {
            (0..TEXTS).for_each(|at| self.add_to_sum(number(at), 1));
        }

        let mut keys = [0; TEXTS];
        keys.iter_mut().zip(values).for_each(|(key, &value)| *key = key_of_f64(value));
        self.ranks.queue.extend_from_slice(&keys);
        let least = keys.iter().fold(u64::MAX, |least, &key| least.min(key));
        let most = keys.iter().fold(0, |most, &key| most.max(key));
        for (extreme, key, wanted) in
            [(&mut self.min, least, Ordering::Less), (&mut self.max, most, Ordering::Greater)]
        {
            if key.cmp(&key_of_f64(extreme.value)) != wanted.reverse() {
                (0..TEXTS).filter(|&at| keys[at] == key).for_each(|at| {
                    extreme.replace_if(wanted, text_of(at), number(at), values[at]);
                });
            }
        }
        self.counts.add_block(lens, scales, values, *have_points);
    }

    #[inline]
    fn add_to_sum(&mut self, number: Number, weight: u64) {
        if let Number::Decimal { mantissa, scale } = number
            && weight == 1
        {
            if self.queue.is_empty() {
                self.queue_scale = scale;
            }
            if scale == self.queue_scale {
                return self.queue.push(mantissa);
            }
        }
        self.sum.add(number, weight);
    }

    /// Does the additions to the sums that are queued.
    pub(super) fn settle(&mut self) {
        if !self.queue.is_empty() {
            self.sum.add_all(self.queue_scale, &self.queue);
            self.queue.clear();
        }
    }

    /// Does all that was put off, but for the ranks.
    pub(super) fn complete(&mut self) {
        self.settle();
        self.min.write();
        self.max.write();
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.sum.merge(&other.sum);
        self.ranks.merge(&other.ranks);
        self.min.merge(Ordering::Less, &other.min);
        self.max.merge(Ordering::Greater, &other.max);
        self.counts.merge(&other.counts);
    }

    pub(super) fn to_wire(&self) -> NumbersWire {
        NumbersWire {
            sum: self.sum.clone(),
            min: self.min.clone(),
            max: self.max.clone(),
            ranks: self.ranks.table.to_wire(),
            counts: self.counts,
        }
    }

    pub(super) fn from_wire(sizes: SketchSizes, wire: NumbersWire) -> Option<Self> {
        let ranks = Ranks::from_wire(sizes.histogram_buckets, &wire.ranks)?;
        let NumbersWire { sum, min, max, counts, .. } = wire;
        Some(Self { sum, min, max, ranks, counts, queue: Vec::new(), queue_scale: 0 })
    }
}

impl NumberCounts {
    #[inline]
    fn add(&mut self, text: &[u8], class: Class, number: Number, value: f64, weight: u64) {
        self.zeros += if value == 0.0 { weight } else { 0 };
        let negative = text[0] == b'-';
        self.negatives += if value < 0.0 { weight } else { 0 };
        let scale = match (class, number) {
            (Class::Integer, _) => 0,
            (Class::Decimal, Number::Decimal { scale, .. }) => scale.unsigned_abs().into(),
            (Class::Decimal, Number::Binary(_)) => digits_after_point(text),
            _ => return,
        };
        let point = u32::from(class == Class::Decimal);
        self.whole_digits = self.whole_digits.max(text.len() as u32 - u32::from(negative) - point - scale);
        self.scale = self.scale.max(scale);
    }

    /// Counts numbers that are integers or decimals.
    #[inline]
    fn add_block(
        &mut self,
        lens: &[u32; TEXTS],
        scales: &[u32; TEXTS],
        values: &[f64; TEXTS],
        have_points: u8,
    ) {
        self.zeros += values.iter().map(|&value| u64::from(value == 0.0)).sum::<u64>();
        self.negatives += values.iter().map(|&value| u64::from(value < 0.0)).sum::<u64>();
        for at in 0..TEXTS {
            let sign = u32::from(values[at].is_sign_negative());
            let point = u32::from(have_points >> at & 1);
            self.whole_digits = self.whole_digits.max(lens[at] - sign - point - scales[at]);
            self.scale = self.scale.max(scales[at]);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.zeros += other.zeros;
        self.negatives += other.negatives;
        self.whole_digits = self.whole_digits.max(other.whole_digits);
        self.scale = self.scale.max(other.scale);
    }
}

#[cold]
fn digits_after_point(text: &[u8]) -> u32 {
    text.iter().position(|&byte| byte == b'.').map_or(0, |point| (text.len() - point - 1) as u32)
}

impl Times {
    /// Nothing counted yet; the first time to come is this one.
    pub(super) fn before(sizes: SketchSizes, micros: i64) -> Self {
        let ranks = Ranks::new(sizes.histogram_buckets);
        Self { min: micros, max: micros, ranks, calendar: Calendar::default() }
    }

    #[inline]
    pub(super) fn add(&mut self, moment: Moment, weight: u64) {
        self.min = self.min.min(moment.micros);
        self.max = self.max.max(moment.micros);
        self.ranks.add(key_of_i64(moment.micros), weight);
        self.calendar.months[usize::from(moment.month)] += weight;
        self.calendar.weekdays[usize::from(moment.weekday)] += weight;
    }

    /// Adds some times at once.
    #[inline(always)]
    pub(super) fn add_block(&mut self, moments: &Moments) {
        let Moments { micros, months, weekdays } = moments;
        self.min = micros.iter().fold(self.min, |min, &micros| min.min(micros));
        self.max = micros.iter().fold(self.max, |max, &micros| max.max(micros));
        let mut keys = [0; TEXTS];
        keys.iter_mut().zip(micros).for_each(|(key, &micros)| *key = key_of_i64(micros));
        self.ranks.queue.extend_from_slice(&keys);
        months.iter().for_each(|&month| self.calendar.months[usize::from(month)] += 1);
        weekdays.iter().for_each(|&weekday| self.calendar.weekdays[usize::from(weekday)] += 1);
    }

    /// How many times were counted.
    pub fn count(&self) -> u64 {
        self.calendar.weekdays.iter().sum()
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.ranks.merge(&other.ranks);
        self.calendar.merge(&other.calendar);
    }

    pub(super) fn to_wire(&self) -> TimesWire {
        TimesWire { min: self.min, max: self.max, ranks: self.ranks.table.to_wire(), calendar: self.calendar }
    }

    pub(super) fn from_optional_wire(
        sizes: SketchSizes,
        wire: Option<TimesWire>,
    ) -> Option<Option<Box<Self>>> {
        wire.map_or(Some(None), |wire| Self::from_wire(sizes, wire).map(|times| Some(Box::new(times))))
    }

    fn from_wire(sizes: SketchSizes, wire: TimesWire) -> Option<Self> {
        let ranks = Ranks::from_wire(sizes.histogram_buckets, &wire.ranks)?;
        Some(Self { min: wire.min, max: wire.max, ranks, calendar: wire.calendar })
    }
}

/// Merges a state that is there once there is something to be known.
pub(super) fn merge_optional<T: Clone>(mine: &mut Option<Box<T>>, theirs: Option<&T>, merge: fn(&mut T, &T)) {
    match (mine, theirs) {
        (_, None) => {}
        (Some(mine), Some(theirs)) => merge(mine, theirs),
        (mine @ None, Some(theirs)) => *mine = Some(Box::new(theirs.clone())),
    }
}
