//! Whether the values of a column ascend or descend, in the order of the file.
//!
//! Not a function of the multiset of values: a state is of neighbouring records, and states are joined in the order
//! of the leaves. A gap between them does no harm: what is out of order on both sides of it is out of order.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::calendar::nanos_after_micros;
use crate::cell::Value;
use crate::exact_sum::Number;
use crate::limits::VALUE_BYTES;

/// A value that has a place among numbers or among times.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Rank {
    /// A number, and the nearest `f64`.
    Number(Digits, f64),
    /// Microseconds since the epoch, and nanoseconds after them.
    Time(i64, u16),
}

/// What tells numbers with the same nearest `f64` apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Digits {
    /// All of them: the number is mantissa · 10^−scale.
    All(i64, i16),
    /// There are more than an `i64` holds: the hash of the text.
    Hash(u64),
}

/// A value by its bytes, or by what is kept of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Text {
    /// The first 256 bytes.
    head: Vec<u8>,
    /// Length of the whole value in bytes.
    len: u64,
    /// Hash of the whole value.
    hash: u64,
}

/// How a value stands to the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Known(Ordering),
    /// What is kept of the two does not tell.
    Unclear,
    /// One is a number and the other a time.
    Incomparable,
}

/// The order of the values of some records, by bytes and by rank.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ColumnOrder {
    /// By bytes.
    pub text: Trend<Text>,
    /// By number or time. Without meaning if some values have neither.
    pub rank: Trend<Rank>,
}

/// What is known of the order of a sequence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trend<T> {
    /// The first and the last of the sequence.
    ends: Option<(T, T)>,
    /// No value is smaller than the one before.
    pub ascends: bool,
    /// No value is larger than the one before.
    pub descends: bool,
    /// Some value equals the one before. Only known while the sequence ascends or descends.
    pub repeats: bool,
    /// Of some value it is not known how it stands to the one before. Only known while the others ascend or descend.
    pub unclear: bool,
}

impl<T> Default for Trend<T> {
    fn default() -> Self {
        Self { ends: None, ascends: true, descends: true, repeats: false, unclear: false }
    }
}

impl<T> Trend<T> {
    /// More values can still change what is known.
    #[inline]
    fn is_open(&self) -> bool {
        self.ascends | self.descends
    }

    fn close(&mut self) {
        *self = Self { ascends: false, descends: false, ..Self::default() };
    }

    fn note(&mut self, step: Step) {
        match step {
            Step::Known(Ordering::Less) => self.descends = false,
            Step::Known(Ordering::Greater) => self.ascends = false,
            Step::Known(Ordering::Equal) => self.repeats = true,
            Step::Unclear => self.unclear = true,
            Step::Incomparable => (self.ascends, self.descends) = (false, false),
        }
        if !self.is_open() {
            self.close();
        }
    }

    /// Adds the sequence that follows this one.
    fn append(&mut self, next: Self, compare: fn(&T, &T) -> Step) {
        self.ascends &= next.ascends;
        self.descends &= next.descends;
        self.repeats |= next.repeats;
        self.unclear |= next.unclear;
        self.ends = match (self.ends.take(), next.ends) {
            (Some((first, last)), Some((next_first, next_last))) => {
                let step = compare(&last, &next_first);
                self.ends = Some((first, next_last));
                return self.note(step);
            }
            (ends, next_ends) => ends.or(next_ends),
        };
        if !self.is_open() {
            self.close();
        }
    }
}

impl Rank {
    fn of(text: &[u8], hash: u64, value: Value) -> Option<Self> {
        match value {
            Value::Number(_, Number::Decimal { mantissa, scale }, value) => {
                Some(Self::Number(Digits::All(mantissa, scale), value))
            }
            Value::Number(_, Number::Binary(value), _) => Some(Self::Number(Digits::Hash(hash), value)),
            Value::Time(_, time) => Some(Self::Time(time.micros, nanos_after_micros(text))),
            Value::YearLast(..) | Value::Plain(_) => None,
        }
    }

    /// Rounding to the nearest `f64` keeps order but for making different numbers one.
    fn step_to(&self, next: &Self) -> Step {
        match (self, next) {
            (Self::Number(mine, value), Self::Number(theirs, next_value)) => {
                match value.partial_cmp(next_value) {
                    Some(Ordering::Equal) => mine.step_to(theirs),
                    order => order.map_or(Step::Unclear, Step::Known),
                }
            }
            (Self::Time(mine, nanos), Self::Time(theirs, next_nanos)) => {
                Step::Known((mine, nanos).cmp(&(theirs, next_nanos)))
            }
            _ => Step::Incomparable,
        }
    }
}

impl Digits {
    /// Of two numbers with the same nearest `f64`.
    fn step_to(&self, next: &Self) -> Step {
        match (*self, *next) {
            (Self::All(mine, scale), Self::All(theirs, next_scale)) => {
                Step::Known(compare_decimals((mine, scale), (theirs, next_scale)))
            }
            (Self::Hash(mine), Self::Hash(theirs)) if mine == theirs => Step::Known(Ordering::Equal),
            _ => Step::Unclear,
        }
    }
}

/// The order of mantissa · 10^−scale.
fn compare_decimals((a, a_scale): (i64, i16), (b, b_scale): (i64, i16)) -> Ordering {
    if a_scale > b_scale {
        return compare_decimals((b, b_scale), (a, a_scale)).reverse();
    }
    let power = 10i128.checked_pow(u32::from(a_scale.abs_diff(b_scale)));
    match power.and_then(|power| power.checked_mul(a.into())) {
        Some(scaled) => scaled.cmp(&b.into()),
        // Beyond every `i64`, unless it is zero.
        None if a == 0 => 0i64.cmp(&b),
        None => a.cmp(&0),
    }
}

impl Text {
    /// Heads that differ decide, and so does the length if one of the values is no longer than its head.
    fn step_to(&self, next: &Self) -> Step {
        step_between((&self.head, self.len, self.hash), (&next.head, next.len, next.hash))
    }
}

fn step_between(mine: (&[u8], u64, u64), next: (&[u8], u64, u64)) -> Step {
    match mine.0.cmp(next.0) {
        Ordering::Equal if mine.1.min(next.1) <= VALUE_BYTES as u64 => Step::Known(mine.1.cmp(&next.1)),
        Ordering::Equal if mine.1 == next.1 && mine.2 == next.2 => Step::Known(Ordering::Equal),
        Ordering::Equal => Step::Unclear,
        order => Step::Known(order),
    }
}

impl ColumnOrder {
    /// A value can still change what is known.
    #[inline]
    pub(super) fn is_open(&self) -> bool {
        self.text.is_open() | self.rank.is_open()
    }

    /// The next value equals the one before.
    #[inline]
    pub(super) fn repeat(&mut self) {
        self.text.repeats |= self.text.is_open();
        self.rank.repeats |= self.rank.is_open();
    }

    /// The next value; `text` is the whole value or at least its first 256 bytes.
    pub(super) fn add(&mut self, hash: u64, (text, len): (&[u8], u64), value: Value) {
        if self.text.is_open() {
            self.add_text(&text[..text.len().min(VALUE_BYTES)], len, hash);
        }
        if self.rank.is_open() {
            self.add_rank(Rank::of(text, hash, value));
        }
    }

    fn add_text(&mut self, head: &[u8], len: u64, hash: u64) {
        let step = match &mut self.text.ends {
            None => {
                let only = Text { head: head.to_vec(), len, hash };
                return self.text.ends = Some((only.clone(), only));
            }
            Some((_, last)) => {
                let step = step_between((&last.head, last.len, last.hash), (head, len, hash));
                last.head.clear();
                last.head.extend_from_slice(head);
                (last.len, last.hash) = (len, hash);
                step
            }
        };
        self.text.note(step);
    }

    fn add_rank(&mut self, rank: Option<Rank>) {
        let Some(rank) = rank else { return self.rank.close() };
        let step = match &mut self.rank.ends {
            None => return self.rank.ends = Some((rank, rank)),
            Some((_, last)) => {
                let step = last.step_to(&rank);
                *last = rank;
                step
            }
        };
        self.rank.note(step);
    }

    /// Adds the values of the records that follow.
    pub fn append(&mut self, next: Self) {
        self.text.append(next.text, Text::step_to);
        self.rank.append(next.rank, Rank::step_to);
    }
}
