//! What is known of one column: a [`ColumnState`], which is a function of the multiset of its cells and
//! merges in any order. [`ColumnCounter`] builds it over the records of one leaf.

use data_inspector_domain::spec::SketchSizes;
use serde::{Deserialize, Serialize};

use crate::cell::{Class, Value};
use crate::exact_sum::Number;
use crate::limits::VALUE_BYTES;
use crate::semantic::Semantics;
use crate::sketch::distinct::{Distinct, DistinctWire};
use crate::text::{Census, Shapes};

mod block;
mod counter;
mod extreme;
mod order;
mod places;
mod ranked;
mod sequence;
mod two_readings;

pub(crate) use counter::BatchText;
pub(crate) use counter::count_chars;
pub use counter::{ColumnCounter, NullSpellings};
use extreme::prefix_key;
pub use extreme::{NumberExtreme, TextExtreme};
pub use order::{ColumnOrder, Trend};
pub(crate) use places::{BatchPlace, places_kept};
pub use places::{PLACES, Place, Places, Sighting};
pub use ranked::{Calendar, NumberCounts, Numbers, Ranks, Times};
use ranked::{NumbersWire, TimesWire, merge_optional};
pub use sequence::ColumnSequence;
pub(crate) use sequence::shapes_of;
use two_readings::TwoReadingsWire;
pub use two_readings::{Proof, TwoReadings};

/// Lengths of the values in characters or bytes.
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

impl Lengths {
    #[inline]
    fn add(&mut self, length: u64, weight: u64) {
        self.min = self.min.min(length);
        self.max = self.max.max(length);
        self.sum += length * weight;
    }

    /// Of one value each.
    #[inline]
    fn of_each(lengths: &[u32]) -> Self {
        let min = lengths.iter().fold(u32::MAX, |min, &length| min.min(length));
        let max = lengths.iter().fold(0, |max, &length| max.max(length));
        Self { min: min.into(), max: max.into(), sum: lengths.iter().map(|&length| u64::from(length)).sum() }
    }

    fn merge(&mut self, other: &Self) {
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.sum += other.sum;
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
    /// Lengths of the values in characters.
    pub lengths: Lengths,
    /// Lengths of the values in bytes.
    pub bytes: Lengths,
    /// Smallest and largest value by bytes.
    pub text_range: Option<(TextExtreme, TextExtreme)>,
    /// The numbers, if there are any.
    pub numbers: Option<Box<Numbers>>,
    /// The dates and timestamps of one reading, if there are any.
    pub times: Option<Box<Times>>,
    /// Those of two, if there are any.
    pub two_readings: Option<Box<TwoReadings>>,
    /// What hides in the texts.
    pub census: Census,
    /// What the values may mean.
    pub semantics: Semantics,
    /// Where values of each class are.
    pub places: Places,
    /// Different values.
    pub distinct: Distinct,
    /// First eight bytes of the smallest and of the largest value, to reject most comparisons at once.
    range_keys: (u64, u64),
    /// A bit per class of which `places` has all that are kept.
    full_places: u16,
    /// Hashes that are still to be added to `distinct`, as the keys in [`Ranks`].
    queued_hashes: Vec<u64>,
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
            bytes: Lengths::default(),
            text_range: None,
            numbers: None,
            times: None,
            two_readings: None,
            census: Census::default(),
            semantics: Semantics::default(),
            places: Places::default(),
            distinct: Distinct::new(sizes.distinct_exact, sizes.distinct_log2_registers),
            range_keys: (u64::MAX, 0),
            full_places: 0,
            queued_hashes: Vec::new(),
        }
    }

    /// Does the additions that are queued, once there are `len` of them.
    #[inline]
    fn settle_long_queues(&mut self, len: usize) {
        if self.queued_hashes.len() < len {
            return;
        }
        self.settle_hashes();
        self.ranks().for_each(Ranks::settle);
        self.numbers.iter_mut().for_each(|numbers| numbers.settle());
    }

    /// Does all additions that are put off. Before this, the state is not complete.
    fn complete(&mut self) {
        self.settle_hashes();
        self.ranks().for_each(Ranks::complete);
        self.numbers.iter_mut().for_each(|numbers| numbers.complete());
    }

    fn settle_hashes(&mut self) {
        self.distinct.add_all(&self.queued_hashes);
        self.queued_hashes.clear();
    }

    fn ranks(&mut self) -> impl Iterator<Item = &mut Ranks> {
        let numbers = self.numbers.iter_mut().map(|numbers| &mut numbers.ranks);
        let times = self.times.iter_mut().map(|times| &mut times.ranks);
        numbers.chain(times).chain(self.two_readings.iter_mut().flat_map(|dates| dates.ranks()))
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
        self.lengths.merge(&other.lengths);
        self.bytes.merge(&other.bytes);
        if let Some((min, max)) = &other.text_range {
            self.extend_text_range(&min.head, min.len);
            self.extend_text_range(&max.head, max.len);
        }
        merge_optional(&mut self.numbers, other.numbers.as_deref(), Numbers::merge);
        merge_optional(&mut self.times, other.times.as_deref(), Times::merge);
        merge_optional(&mut self.two_readings, other.two_readings.as_deref(), TwoReadings::merge);
        self.census.merge(&other.census);
        self.semantics.merge(&other.semantics);
        self.places.merge(&other.places, places_kept(self.sizes));
        self.distinct.merge(&other.distinct);
    }

    /// Notes where a value is first, whose place is after all that were noted.
    #[inline(always)]
    fn note_place(&mut self, class: Class, hash: u64, whole: (&[u8], u64), place: impl FnOnce() -> Place) {
        if self.full_places >> class as u8 & 1 == 0 {
            self.note_early_place(class, hash, whole, place());
        }
    }

    #[cold]
    fn note_early_place(&mut self, class: Class, hash: u64, whole: (&[u8], u64), place: Place) {
        if self.places.of(class).len() < places_kept(self.sizes) {
            self.places.add(class, hash, whole, place);
        } else {
            self.full_places |= 1 << class as u8;
        }
    }

    /// Counts `weight` cells with a value that is not null. `text` is the whole value, and was read as `value`. Inlined
    /// so that a value is not passed through memory.
    #[inline(always)]
    fn measure(
        &mut self,
        hash: u64,
        (text, chars): (&[u8], u64),
        value: Value,
        weight: u64,
        shapes: &mut Shapes,
    ) {
        self.measure_any(hash, text, text.len() as u64, chars, weight);
        self.classes[value.class() as usize] += weight;
        match value {
            Value::Number(class, number, nearest) => {
                self.measure_number(text, class, (number, nearest), weight)
            }
            Value::Time(_, moment) => {
                let sizes = self.sizes;
                let first = || Box::new(Times::before(sizes, moment.micros));
                self.times.get_or_insert_with(first).add(moment, weight);
            }
            Value::YearLast(_, date) => {
                let sizes = self.sizes;
                self.two_readings.get_or_insert_default().add(sizes, date, weight);
            }
            Value::Plain(Class::Text | Class::Code) => {
                shapes.add(text, weight, &mut self.census, &mut self.semantics);
            }
            // Norway, among countries.
            Value::Plain(Class::Boolean) if text.len() == 2 => self.semantics.add_short(text, weight),
            Value::Plain(Class::Uuid) => self.semantics.add_uuid(weight),
            Value::Plain(_) => {}
        }
    }

    #[inline(always)]
    fn measure_any(&mut self, hash: u64, head: &[u8], len: u64, chars: u64, weight: u64) {
        self.queued_hashes.push(hash);
        self.lengths.add(chars, weight);
        self.bytes.add(len, weight);
        self.note_prefix(head, len, prefix_key(head));
    }

    /// Notes a value as smallest or largest if it may be. `key` is that of its first bytes.
    #[inline(always)]
    fn note_prefix(&mut self, head: &[u8], len: u64, key: u64) {
        if key <= self.range_keys.0 || key >= self.range_keys.1 {
            self.extend_text_range(head, len);
        }
    }

    #[inline(always)]
    fn measure_number(&mut self, text: &[u8], class: Class, number: (Number, f64), weight: u64) {
        let sizes = self.sizes;
        let first = || Box::new(Numbers::before(sizes, text, number.0, number.1));
        self.numbers.get_or_insert_with(first).add(text, class, number, weight);
        if class == Class::Integer && text.len() == 8 {
            self.semantics.add_compact_date(text, weight);
        }
    }

    fn extend_text_range(&mut self, text: &[u8], len: u64) {
        let head = &text[..text.len().min(VALUE_BYTES)];
        match &mut self.text_range {
            None => {
                let only = TextExtreme { head: head.to_vec(), len };
                self.text_range = Some((only.clone(), only));
                self.range_keys = (prefix_key(head), prefix_key(head));
            }
            Some((min, max)) => {
                if (head, len) < (&min.head[..], min.len) {
                    min.replace(head, len);
                    self.range_keys.0 = prefix_key(head);
                } else if (head, len) > (&max.head[..], max.len) {
                    max.replace(head, len);
                    self.range_keys.1 = prefix_key(head);
                }
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
            bytes: self.bytes,
            text_range: self.text_range.clone(),
            numbers: self.numbers.as_deref().map(Numbers::to_wire),
            times: self.times.as_deref().map(Times::to_wire),
            two_readings: self.two_readings.as_deref().map(TwoReadings::to_wire),
            census: self.census,
            semantics: self.semantics,
            places: self.places.clone(),
            distinct: self.distinct.to_wire(),
        }
    }

    /// The state from its wire form; `None` if it does not fit the sizes.
    pub fn from_wire(sizes: SketchSizes, null_spellings: usize, wire: ColumnWire) -> Option<Self> {
        if wire.nulls.len() != null_spellings {
            return None;
        }
        let numbers = match wire.numbers {
            None => None,
            Some(numbers) => Some(Box::new(Numbers::from_wire(sizes, numbers)?)),
        };
        let times = Times::from_optional_wire(sizes, wire.times)?;
        let two_readings = match wire.two_readings {
            None => None,
            Some(dates) => Some(Box::new(TwoReadings::from_wire(sizes, dates)?)),
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
            bytes: wire.bytes,
            text_range: wire.text_range,
            numbers,
            times,
            two_readings,
            census: wire.census,
            semantics: wire.semantics,
            places: wire.places,
            distinct,
            range_keys,
            full_places: 0,
            queued_hashes: Vec::new(),
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
    bytes: Lengths,
    text_range: Option<(TextExtreme, TextExtreme)>,
    numbers: Option<NumbersWire>,
    times: Option<TimesWire>,
    two_readings: Option<TwoReadingsWire>,
    census: Census,
    semantics: Semantics,
    places: Places,
    distinct: DistinctWire,
}

#[cfg(test)]
#[path = "column_tests.rs"]
mod tests;
