//! Measures columns of numbers, dates and timestamps eight values at a time. Other columns are measured value by value, in
//! the loop that hashes them: whether a branch was foreseen shows late there, and hashing fills the time.

use super::counter::ColumnCounter;
use super::extreme::prefix_key_in;
use super::ranked::Numbers;
use super::{ColumnState, Lengths, Place, Times};
use crate::calendar::side_by_side::Moments;
use crate::cell::{Class, Value, classify};
use crate::exact_sum::Number;
use crate::simd::{self, TEXTS};

/// A whole value in a batch.
#[derive(Clone, Copy, Default)]
pub(super) struct ValueRef {
    pub(super) hash: u64,
    pub(super) source: Source,
    pub(super) start: u32,
    pub(super) len: u32,
    pub(super) row: u32,
}

/// The bytes that a [`ValueRef`] points into.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Source {
    /// The text of the batch.
    #[default]
    Text,
    /// What was made of cells that had to be unquoted.
    Unquoted,
}

/// The bytes of both sources.
#[derive(Clone, Copy)]
pub(super) struct Sources<'a> {
    pub(super) text: &'a [u8],
    pub(super) unquoted: &'a [u8],
    /// All of it is ASCII.
    pub(super) ascii: bool,
}

impl<'a> Sources<'a> {
    #[inline]
    pub(super) fn of(self, value: &ValueRef) -> &'a [u8] {
        &self.all(value.source)[value.start as usize..][..value.len as usize]
    }

    #[inline]
    fn all(self, source: Source) -> &'a [u8] {
        match source {
            Source::Text => self.text,
            Source::Unquoted => self.unquoted,
        }
    }

    #[inline]
    fn prefix_key(self, value: &ValueRef) -> u64 {
        prefix_key_in(self.all(value.source), value.start as usize, value.len as usize)
    }
}

/// Values that are measured at once, at most: so few that their bytes stay in the first-level cache since they were
/// hashed.
pub(super) const AT_ONCE: usize = 64;

/// What nearly all values of a column are that is measured eight at a time.
#[derive(Clone, Copy, Debug)]
pub(super) enum Usual {
    /// Integers and decimals, and among them perhaps codes.
    Numbers,
    /// Dates that begin with the year, and timestamps.
    Times,
}

impl simd::Numbers {
    /// That of one of the texts, if it is one.
    #[inline]
    fn get(&self, at: usize) -> Option<Value> {
        let (mantissa, scale) = (self.mantissas[at], self.scales[at] as i16);
        let has_point = self.have_points >> at & 1 == 1;
        let class = if has_point { Class::Decimal } else { Class::Integer };
        let number = Value::Number(class, Number::Decimal { mantissa, scale }, self.values[at]);
        (self.are_numbers >> at & 1 == 1).then_some(number)
    }
}

impl ColumnCounter {
    /// Measures at most [`AT_ONCE`] values in the order of their rows, of which nearly all are as is usual.
    pub(super) fn measure_mostly(
        &mut self,
        usual: Usual,
        sources: Sources<'_>,
        values: &[ValueRef],
        place_in: impl Fn(usize) -> Place,
    ) {
        match usual {
            // Where the order of values and of places does not count any more.
            Usual::Numbers if self.state.has_all_places(Class::Code) && !self.order.is_open() => {
                self.measure_codes_before_numbers(sources, values, place_in)
            }
            Usual::Numbers => self.measure_mostly_numbers(sources, values, place_in),
            Usual::Times => self.measure_mostly_times(sources, values, place_in),
        }
    }

    /// Measures codes first where all values are numbers or codes, but for those after the last eight.
    #[inline(never)]
    fn measure_codes_before_numbers(
        &mut self,
        sources: Sources<'_>,
        values: &[ValueRef],
        place_in: impl Fn(usize) -> Place,
    ) {
        let (mut codes, mut are_all_known) = (0, true);
        for (at, block) in values.as_chunks::<TEXTS>().0.iter().enumerate() {
            let numbers = numbers_of(sources.text, block).unwrap_or_default();
            codes |= u64::from(numbers.are_codes) << (TEXTS * at);
            are_all_known &= numbers.are_numbers | numbers.are_codes == u8::MAX;
        }
        // The order of shapes counts as well, and texts have some.
        if !are_all_known || codes == 0 {
            return self.measure_mostly_numbers(sources, values, place_in);
        }
        // Without a branch: which of them are codes cannot be foreseen.
        let (mut others, mut count) = ([ValueRef::default(); AT_ONCE], 0);
        for (at, value) in values.iter().enumerate() {
            others[count] = *value;
            count += usize::from(codes >> at & 1 == 0);
        }
        let mut left = codes;
        while left != 0 {
            let value = &values[left.trailing_zeros() as usize];
            let code = Value::Plain(Class::Code);
            self.measure(value.hash, sources.of(value), code, true, || place_in(value.row as usize));
            left &= left - 1;
        }
        self.measure_mostly_numbers(sources, &others[..count], place_in);
    }

    #[inline(never)]
    fn measure_mostly_numbers(
        &mut self,
        sources: Sources<'_>,
        values: &[ValueRef],
        place_in: impl Fn(usize) -> Place,
    ) {
        self.measure_in_blocks(
            sources,
            values,
            &place_in,
            #[inline(always)]
            |counter, block| match numbers_of(sources.text, block) {
                Some(numbers) if numbers.are_numbers == u8::MAX => {
                    counter.measure_numbers(sources, block, &numbers, &place_in)
                }
                numbers => counter.measure_mixed(sources, block, numbers.as_ref(), &place_in),
            },
        )
    }

    #[inline(never)]
    fn measure_mostly_times(
        &mut self,
        sources: Sources<'_>,
        values: &[ValueRef],
        place_in: impl Fn(usize) -> Place,
    ) {
        self.measure_in_blocks(
            sources,
            values,
            &place_in,
            #[inline(always)]
            |counter, block| match times_of(sources, block) {
                Some((class, moments)) => counter.measure_times(sources, block, class, &moments, &place_in),
                None => counter.measure_mixed(sources, block, None, &place_in),
            },
        )
    }

    /// Measures values eight at a time, and the last ones one by one.
    #[inline(always)]
    fn measure_in_blocks(
        &mut self,
        sources: Sources<'_>,
        values: &[ValueRef],
        place_in: &impl Fn(usize) -> Place,
        measure: impl Fn(&mut Self, &[ValueRef; TEXTS]),
    ) {
        simd::widely(
            #[inline(always)]
            || {
                let (blocks, rest) = values.as_chunks::<TEXTS>();
                // What `for_each` calls is not always inlined, and then not compiled for wide vectors.
                for block in blocks {
                    measure(self, block);
                }
                self.measure_mixed(sources, rest, None, place_in);
            },
        )
    }

    /// Measures values of which some may have been read as numbers.
    #[inline(never)]
    fn measure_mixed(
        &mut self,
        sources: Sources<'_>,
        values: &[ValueRef],
        numbers: Option<&simd::Numbers>,
        place_in: impl Fn(usize) -> Place,
    ) {
        simd::widely(
            #[inline(always)]
            || {
                for (at, value) in values.iter().enumerate() {
                    let text = sources.of(value);
                    let read = numbers.and_then(|numbers| numbers.get(at)).unwrap_or_else(|| classify(text));
                    self.measure(value.hash, text, read, sources.ascii, || place_in(value.row as usize));
                }
            },
        )
    }

    /// Measures values that are all short numbers.
    #[inline(always)]
    fn measure_numbers(
        &mut self,
        sources: Sources<'_>,
        block: &[ValueRef; TEXTS],
        numbers: &simd::Numbers,
        place_in: impl Fn(usize) -> Place,
    ) {
        let lens = each(block, |value| value.len);
        self.state.measure_any_of_each(sources, block, &lens);
        let state = &mut self.state;
        let decimals = u64::from(numbers.have_points.count_ones());
        state.classes[Class::Decimal as usize] += decimals;
        state.classes[Class::Integer as usize] += TEXTS as u64 - decimals;
        let sizes = state.sizes;
        let first = || {
            let number = Number::Decimal { mantissa: numbers.mantissas[0], scale: numbers.scales[0] as i16 };
            Box::new(Numbers::before(sizes, sources.of(&block[0]), number, numbers.values[0]))
        };
        let text_of = |at: usize| sources.of(&block[at]);
        state.numbers.get_or_insert_with(first).add_block(text_of, &lens, numbers);

        let is_integer = |at: usize| numbers.have_points >> at & 1 == 0;
        if lens.contains(&8) {
            (0..TEXTS).filter(|&at| lens[at] == 8 && is_integer(at)).for_each(|at| {
                state.semantics.add_compact_date(text_of(at), 1);
            });
        }
        let has_all_places = (state.has_all_places(Class::Integer) || decimals == TEXTS as u64)
            && (state.has_all_places(Class::Decimal) || decimals == 0);
        if self.order.is_open() || !has_all_places {
            let read = |at: usize| numbers.get(at).expect("all are numbers");
            self.note_where_of_each(sources, block, read, place_in);
        }
    }

    /// Measures values that are all dates or timestamps, of one class.
    #[inline(always)]
    fn measure_times(
        &mut self,
        sources: Sources<'_>,
        block: &[ValueRef; TEXTS],
        class: Class,
        moments: &Moments,
        place_in: impl Fn(usize) -> Place,
    ) {
        self.state.measure_any_of_each(sources, block, &each(block, |value| value.len));
        let state = &mut self.state;
        state.classes[class as usize] += TEXTS as u64;
        let sizes = state.sizes;
        let first = || Box::new(Times::before(sizes, moments.micros[0]));
        state.times.get_or_insert_with(first).add_block(moments);
        if self.order.is_open() || !state.has_all_places(class) {
            self.note_where_of_each(sources, block, |at| Value::Time(class, moments.get(at)), place_in);
        }
    }

    /// Notes their order and places.
    #[inline(never)]
    fn note_where_of_each(
        &mut self,
        sources: Sources<'_>,
        block: &[ValueRef; TEXTS],
        read: impl Fn(usize) -> Value,
        place_in: impl Fn(usize) -> Place,
    ) {
        for (at, value) in block.iter().enumerate() {
            self.note_where(value.hash, sources.of(value), read(at), || place_in(value.row as usize));
        }
    }
}

impl ColumnState {
    /// What nearly all values so far are.
    pub(super) fn usual(&self) -> Option<Usual> {
        let of = |class: Class| self.classes[class as usize];
        let numbers = of(Class::Integer) + of(Class::Decimal);
        let times = of(Class::DateYearFirst) + of(Class::Timestamp);
        let are_nearly_all = |some: u64| 16 * some > 15 * self.values();
        if are_nearly_all(numbers + of(Class::Code)) && numbers > of(Class::Code) {
            Some(Usual::Numbers)
        } else if are_nearly_all(times) {
            Some(Usual::Times)
        } else {
            None
        }
    }

    /// All places of values of this class are noted that are kept.
    #[inline]
    fn has_all_places(&self, class: Class) -> bool {
        self.full_places >> class as u8 & 1 == 1
    }

    /// Measures of each value what does not depend on what it is. All characters are bytes.
    #[inline(always)]
    fn measure_any_of_each(&mut self, sources: Sources<'_>, block: &[ValueRef; TEXTS], lens: &[u32; TEXTS]) {
        self.queued_hashes.extend_from_slice(&each(block, |value| value.hash));
        self.extend_text_range_by(sources, block);
        let lengths = Lengths::of_each(lens);
        self.lengths.merge(&lengths);
        self.bytes.merge(&lengths);
    }

    /// Notes the first bytes of some values: compares only the least and the greatest of them with those before.
    #[inline(always)]
    fn extend_text_range_by(&mut self, sources: Sources<'_>, block: &[ValueRef; TEXTS]) {
        let keys = each(block, |value| sources.prefix_key(value));
        let least = keys.iter().fold(u64::MAX, |least, &key| least.min(key));
        let most = keys.iter().fold(0, |most, &key| most.max(key));
        if least <= self.range_keys.0 || most >= self.range_keys.1 {
            self.extend_text_range_by_ends(sources, block, &keys, (least, most));
        }
    }

    #[inline(never)]
    fn extend_text_range_by_ends(
        &mut self,
        sources: Sources<'_>,
        block: &[ValueRef; TEXTS],
        keys: &[u64; TEXTS],
        (least, most): (u64, u64),
    ) {
        for (value, &key) in block.iter().zip(keys).filter(|&(_, &key)| key == least || key == most) {
            self.note_prefix(sources.of(value), value.len.into(), key);
        }
    }
}

/// The numbers of values that are all in the text.
#[inline(always)]
fn numbers_of(text: &[u8], block: &[ValueRef; TEXTS]) -> Option<simd::Numbers> {
    if block.iter().any(|value| value.source == Source::Unquoted) {
        return None;
    }
    let ends = each(block, |value| value.start + value.len);
    simd::short_numbers(text, &ends, &each(block, |value| value.len))
}

/// The dates or timestamps of values, if all are of one class.
#[inline(always)]
fn times_of(sources: Sources<'_>, block: &[ValueRef; TEXTS]) -> Option<(Class, Moments)> {
    let text_of = |at: usize| sources.of(&block[at]);
    let (class, moments) = match block[0].len {
        10 => (Class::DateYearFirst, Moments::of_dates(text_of)),
        _ => (Class::Timestamp, Moments::of_timestamps(text_of)),
    };
    moments.map(|moments| (class, moments))
}

/// What is asked of each value. `array::map` is not always inlined.
#[inline(always)]
fn each<T: Copy + Default>(block: &[ValueRef; TEXTS], of: impl Fn(&ValueRef) -> T) -> [T; TEXTS] {
    let mut all = [T::default(); TEXTS];
    all.iter_mut().zip(block).for_each(|(one, value)| *one = of(value));
    all
}
