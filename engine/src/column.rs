//! What is known of one column: a [`ColumnState`], which is a function of the multiset of its cells and
//! merges in any order. [`ColumnCounter`] builds it over the records of one leaf.

use data_inspector_domain::spec::SketchSizes;
use serde::{Deserialize, Serialize};

use crate::cell::{Class, Value, classify};
use crate::exact_sum::{ExactSum, Number};
use crate::limits::VALUE_BYTES;
use crate::sketch::distinct::{Distinct, DistinctWire};
use crate::sketch::dyadic::{Dyadic, DyadicWire, key_of_f64, key_of_i64};

mod counter;
mod extreme;

pub(crate) use counter::count_chars;
pub use counter::{ColumnCounter, NullSpellings};
pub use extreme::{NumberExtreme, TextExtreme};
use extreme::{canonical_text, prefix_key};

/// What is known of the numbers of a column.
#[derive(Clone, Debug)]
pub struct Numbers {
    /// Sum and sum of squares.
    pub sum: ExactSum,
    /// The smallest.
    pub min: NumberExtreme,
    /// The largest.
    pub max: NumberExtreme,
    /// Ranks of the numbers, by [`key_of_f64`].
    pub ranks: Dyadic,
}

/// What is known of the dates and timestamps of a column.
#[derive(Clone, Debug)]
pub struct Times {
    /// The earliest, in microseconds since the epoch.
    pub min: i64,
    /// The latest.
    pub max: i64,
    /// Ranks of the times, by [`key_of_i64`].
    pub ranks: Dyadic,
}

/// Lengths of the values in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lengths {
    /// The shortest.
    pub min: u64,
    /// The longest.
    pub max: u64,
    /// All of them.
    pub sum: u64,
}

impl Default for Lengths {
    fn default() -> Self {
        Self { min: u64::MAX, max: 0, sum: 0 }
    }
}

/// What is known of a column, whatever the order of its cells.
#[derive(Clone, Debug)]
pub struct ColumnState {
    sizes: SketchSizes,
    /// Values by class, in the order of [`Class::ALL`].
    pub classes: [u64; Class::ALL.len()],
    /// Cells of zero length.
    pub empties: u64,
    /// Records without this cell.
    pub missing: u64,
    /// Cells per null spelling of the resolved spec.
    pub nulls: Vec<u64>,
    /// Lengths of the values.
    pub lengths: Lengths,
    /// Smallest and largest value by bytes.
    pub text_range: Option<(TextExtreme, TextExtreme)>,
    /// The numbers, if there are any.
    pub numbers: Option<Box<Numbers>>,
    /// The dates and timestamps that begin with the year, if there are any.
    pub times: Option<Box<Times>>,
    /// Different values.
    pub distinct: Distinct,
    /// First eight bytes of the smallest and of the largest value, to reject most comparisons at once.
    range_keys: (u64, u64),
    /// What single values still have to add to the large tables.
    queues: Queues,
}

/// Additions to the large tables, done many at a time: in a short loop the processor waits for several cache
/// lines at once, in the long way of a cell for one after the other.
#[derive(Clone, Debug, Default)]
struct Queues {
    hashes: Vec<u64>,
    number_keys: Vec<u64>,
    time_keys: Vec<u64>,
}

impl ColumnState {
    /// No cells.
    pub fn new(sizes: SketchSizes, null_spellings: usize) -> Self {
        Self {
            sizes,
            classes: [0; Class::ALL.len()],
            empties: 0,
            missing: 0,
            nulls: vec![0; null_spellings],
            lengths: Lengths::default(),
            text_range: None,
            numbers: None,
            times: None,
            distinct: Distinct::new(sizes.distinct_exact, sizes.distinct_log2_registers),
            range_keys: (u64::MAX, 0),
            queues: Queues::default(),
        }
    }

    /// Does the additions that are queued, once there are `len` of them.
    #[inline]
    fn settle_long_queues(&mut self, len: usize) {
        if self.queues.hashes.len() >= len {
            self.settle_queues();
        }
    }

    /// Does the additions that are queued. Before this, the state is not complete.
    fn settle_queues(&mut self) {
        self.queues.hashes.drain(..).for_each(|hash| self.distinct.add(hash));
        if let Some(numbers) = &mut self.numbers {
            self.queues.number_keys.drain(..).for_each(|key| numbers.ranks.add(key, 1));
        }
        if let Some(times) = &mut self.times {
            self.queues.time_keys.drain(..).for_each(|key| times.ranks.add(key, 1));
        }
    }

    /// Cells that are not null.
    pub fn values(&self) -> u64 {
        self.classes.iter().sum()
    }

    /// Adds the cells of `other`, which has the same sizes and null spellings.
    pub fn merge(&mut self, other: &Self) {
        self.classes.iter_mut().zip(other.classes).for_each(|(mine, theirs)| *mine += theirs);
        self.nulls.iter_mut().zip(&other.nulls).for_each(|(mine, theirs)| *mine += theirs);
        self.empties += other.empties;
        self.missing += other.missing;
        self.lengths.min = self.lengths.min.min(other.lengths.min);
        self.lengths.max = self.lengths.max.max(other.lengths.max);
        self.lengths.sum += other.lengths.sum;
        if let Some((min, max)) = &other.text_range {
            self.extend_text_range(&min.head, min.len);
            self.extend_text_range(&max.head, max.len);
        }
        self.merge_numbers(other.numbers.as_deref());
        self.merge_times(other.times.as_deref());
        self.distinct.merge(&other.distinct);
    }

    /// Counts `weight` cells with a value that is not null. `text` is the whole value.
    #[inline]
    fn measure(&mut self, hash: u64, text: &[u8], chars: u64, weight: u64) {
        self.measure_any(hash, text, text.len() as u64, chars, weight);
        let class = match classify(text) {
            Value::Number(class, number, value) => {
                self.measure_number(text, number, value, weight);
                class
            }
            Value::Time(class, micros) => {
                self.measure_time(micros, weight);
                class
            }
            Value::Plain(class) => class,
        };
        self.classes[class as usize] += weight;
    }

    #[inline]
    fn measure_any(&mut self, hash: u64, head: &[u8], len: u64, chars: u64, weight: u64) {
        self.queues.hashes.push(hash);
        self.lengths.min = self.lengths.min.min(chars);
        self.lengths.max = self.lengths.max.max(chars);
        self.lengths.sum += chars * weight;
        let key = prefix_key(head);
        if key <= self.range_keys.0 || key >= self.range_keys.1 {
            self.extend_text_range(head, len);
        }
    }

    #[inline]
    fn measure_number(&mut self, text: &[u8], number: Number, value: f64, weight: u64) {
        let sizes = self.sizes;
        let numbers =
            self.numbers.get_or_insert_with(|| Box::new(Numbers::of_one(sizes, text, number, value)));
        numbers.sum.add(number, weight);
        if weight == 1 {
            self.queues.number_keys.push(key_of_f64(value));
        } else {
            numbers.ranks.add(key_of_f64(value), weight);
        }
        if value <= numbers.min.value {
            numbers.min.replace_if(std::cmp::Ordering::Less, text, number, value);
        }
        if value >= numbers.max.value {
            numbers.max.replace_if(std::cmp::Ordering::Greater, text, number, value);
        }
    }

    #[inline]
    fn measure_time(&mut self, micros: i64, weight: u64) {
        let limit = self.sizes.histogram_buckets;
        let times = self
            .times
            .get_or_insert_with(|| Box::new(Times { min: micros, max: micros, ranks: Dyadic::new(limit) }));
        times.min = times.min.min(micros);
        times.max = times.max.max(micros);
        if weight == 1 {
            self.queues.time_keys.push(key_of_i64(micros));
        } else {
            times.ranks.add(key_of_i64(micros), weight);
        }
    }

    fn extend_text_range(&mut self, text: &[u8], len: u64) {
        let head = &text[..text.len().min(VALUE_BYTES)];
        match &mut self.text_range {
            None => {
                let only = TextExtreme { head: head.to_vec(), len };
                self.text_range = Some((only.clone(), only));
            }
            Some((min, max)) => {
                if (head, len) < (&min.head[..], min.len) {
                    min.replace(head, len);
                }
                if (head, len) > (&max.head[..], max.len) {
                    max.replace(head, len);
                }
            }
        }
        if let Some((min, max)) = &self.text_range {
            self.range_keys = (prefix_key(&min.head), prefix_key(&max.head));
        }
    }

    fn merge_numbers(&mut self, other: Option<&Numbers>) {
        let Some(theirs) = other else { return };
        match &mut self.numbers {
            None => self.numbers = Some(Box::new(theirs.clone())),
            Some(mine) => {
                mine.sum.merge(&theirs.sum);
                mine.ranks.merge(&theirs.ranks);
                mine.min.merge(std::cmp::Ordering::Less, &theirs.min);
                mine.max.merge(std::cmp::Ordering::Greater, &theirs.max);
            }
        }
    }

    fn merge_times(&mut self, other: Option<&Times>) {
        let Some(theirs) = other else { return };
        match &mut self.times {
            None => self.times = Some(Box::new(theirs.clone())),
            Some(mine) => {
                mine.min = mine.min.min(theirs.min);
                mine.max = mine.max.max(theirs.max);
                mine.ranks.merge(&theirs.ranks);
            }
        }
    }

    /// The state as it travels in a partial.
    pub fn to_wire(&self) -> ColumnWire {
        ColumnWire {
            classes: self.classes,
            empties: self.empties,
            missing: self.missing,
            nulls: self.nulls.clone(),
            lengths: self.lengths,
            text_range: self.text_range.clone(),
            numbers: self
                .numbers
                .as_ref()
                .map(|n| (n.sum.clone(), n.min.clone(), n.max.clone(), n.ranks.to_wire())),
            times: self.times.as_ref().map(|t| (t.min, t.max, t.ranks.to_wire())),
            distinct: self.distinct.to_wire(),
        }
    }

    /// The state from its wire form; `None` if it does not fit the sizes.
    pub fn from_wire(sizes: SketchSizes, null_spellings: usize, wire: ColumnWire) -> Option<Self> {
        if wire.nulls.len() != null_spellings {
            return None;
        }
        let buckets = sizes.histogram_buckets;
        let numbers = match wire.numbers {
            None => None,
            Some((sum, min, max, ranks)) => {
                Some(Box::new(Numbers { sum, min, max, ranks: Dyadic::from_wire(buckets, &ranks)? }))
            }
        };
        let times = match wire.times {
            None => None,
            Some((min, max, ranks)) => {
                Some(Box::new(Times { min, max, ranks: Dyadic::from_wire(buckets, &ranks)? }))
            }
        };
        let distinct =
            Distinct::from_wire(sizes.distinct_exact, sizes.distinct_log2_registers, &wire.distinct)?;
        let range_keys = wire
            .text_range
            .as_ref()
            .map_or((u64::MAX, 0), |(min, max)| (prefix_key(&min.head), prefix_key(&max.head)));
        Some(Self {
            sizes,
            classes: wire.classes,
            empties: wire.empties,
            missing: wire.missing,
            nulls: wire.nulls,
            lengths: wire.lengths,
            text_range: wire.text_range,
            numbers,
            times,
            distinct,
            range_keys,
            queues: Queues::default(),
        })
    }
}

/// A [`ColumnState`] in a partial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnWire {
    classes: [u64; Class::ALL.len()],
    empties: u64,
    missing: u64,
    nulls: Vec<u64>,
    lengths: Lengths,
    text_range: Option<(TextExtreme, TextExtreme)>,
    numbers: Option<(ExactSum, NumberExtreme, NumberExtreme, DyadicWire)>,
    times: Option<(i64, i64, DyadicWire)>,
    distinct: DistinctWire,
}

impl Numbers {
    fn of_one(sizes: SketchSizes, text: &[u8], number: Number, value: f64) -> Self {
        let extreme = NumberExtreme { value, text: canonical_text(text, number) };
        Self {
            sum: ExactSum::default(),
            min: extreme.clone(),
            max: extreme,
            ranks: Dyadic::new(sizes.histogram_buckets),
        }
    }
}

#[cfg(test)]
#[path = "column_tests.rs"]
mod tests;
