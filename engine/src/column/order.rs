//! Whether the values of a column ascend or descend, in the order of the file.
//!
//! Not a function of the multiset of values: a state is of neighbouring records, and states are joined in the order
//! of the leaves. A gap between them does no harm: what is out of order on both sides of it is out of order.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::cell::Value;
use crate::exact_sum::Number;
use crate::limits::VALUE_BYTES;

/// A value that has a place among numbers or among times.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Rank {
    /// A number: its digits where an `i64` holds them, and the nearest `f64`.
    Number(Option<(i64, i16)>, f64),
    /// Microseconds since the epoch.
    Time(i64),
}

/// The order of the values of some records, by bytes and by rank.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ColumnOrder {
    /// By bytes; a value of more than 256 by its first 256 and its length.
    pub text: Trend<(Vec<u8>, u64)>,
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
}

impl<T> Default for Trend<T> {
    fn default() -> Self {
        Self { ends: None, ascends: true, descends: true, repeats: false }
    }
}

impl<T> Trend<T> {
    /// More values can still change what is known.
    #[inline]
    fn is_open(&self) -> bool {
        self.ascends | self.descends
    }

    fn close(&mut self) {
        *self = Self { ends: None, ascends: false, descends: false, repeats: false };
    }

    fn note(&mut self, order: Option<Ordering>) {
        match order {
            Some(Ordering::Less) => self.descends = false,
            Some(Ordering::Greater) => self.ascends = false,
            Some(Ordering::Equal) => self.repeats = true,
            None => (self.ascends, self.descends) = (false, false),
        }
        if !self.is_open() {
            self.close();
        }
    }

    /// Adds the sequence that follows this one.
    fn append(&mut self, next: Self, compare: fn(&T, &T) -> Option<Ordering>) {
        self.ascends &= next.ascends;
        self.descends &= next.descends;
        self.repeats |= next.repeats;
        self.ends = match (self.ends.take(), next.ends) {
            (Some((first, last)), Some((next_first, next_last))) => {
                let order = compare(&last, &next_first);
                self.ends = Some((first, next_last));
                return self.note(order);
            }
            (ends, next_ends) => ends.or(next_ends),
        };
        if !self.is_open() {
            self.close();
        }
    }
}

impl Rank {
    fn of(value: Value) -> Option<Self> {
        match value {
            Value::Number(_, Number::Decimal { mantissa, scale }, value) => {
                Some(Self::Number(Some((mantissa, scale)), value))
            }
            Value::Number(_, Number::Binary(value), _) => Some(Self::Number(None, value)),
            Value::Time(_, time) => Some(Self::Time(time.micros)),
            Value::YearLast(..) | Value::Plain(_) => None,
        }
    }

    /// Numbers that share an `f64` are told apart where they have the same number of digits after the point.
    fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Number(mine, value), Self::Number(theirs, other)) => match (mine, theirs) {
                (Some((mine, scale)), Some((theirs, same))) if scale == same => Some(mine.cmp(theirs)),
                _ => value.partial_cmp(other),
            },
            (Self::Time(mine), Self::Time(theirs)) => Some(mine.cmp(theirs)),
            _ => None,
        }
    }
}

fn compare_texts(mine: &(Vec<u8>, u64), theirs: &(Vec<u8>, u64)) -> Option<Ordering> {
    Some(mine.cmp(theirs))
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
    pub(super) fn add(&mut self, text: &[u8], len: u64, value: Value) {
        if self.text.is_open() {
            self.add_text(&text[..text.len().min(VALUE_BYTES)], len);
        }
        if self.rank.is_open() {
            self.add_rank(Rank::of(value));
        }
    }

    fn add_text(&mut self, head: &[u8], len: u64) {
        let order = match &mut self.text.ends {
            None => return self.text.ends = Some(((head.to_vec(), len), (head.to_vec(), len))),
            Some((_, last)) => {
                let order = (&last.0[..], last.1).cmp(&(head, len));
                last.0.clear();
                last.0.extend_from_slice(head);
                last.1 = len;
                order
            }
        };
        self.text.note(Some(order));
    }

    fn add_rank(&mut self, rank: Option<Rank>) {
        let Some(rank) = rank else { return self.rank.close() };
        let order = match &mut self.rank.ends {
            None => return self.rank.ends = Some((rank, rank)),
            Some((_, last)) => {
                let order = last.compare(&rank);
                *last = rank;
                order
            }
        };
        self.rank.note(order);
    }

    /// Adds the values of the records that follow.
    pub fn append(&mut self, next: Self) {
        self.text.append(next.text, compare_texts);
        self.rank.append(next.rank, Rank::compare);
    }
}
