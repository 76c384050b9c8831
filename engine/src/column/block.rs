//! Measures columns of numbers eight values at a time. Other columns are measured value by value, in the loop that hashes
//! them: whether a branch was foreseen shows late there, and hashing fills the time.

use super::counter::ColumnCounter;
use super::extreme::prefix_key_in;
use super::ranked::Numbers;
use super::{ColumnState, Lengths, Place};
use crate::cell::{Class, Value, classify};
use crate::exact_sum::Number;
use crate::simd::{self, TEXTS};

/// A whole value in a batch.
#[derive(Clone, Copy)]
pub(super) struct ValueRef {
    pub(super) hash: u64,
    pub(super) source: Source,
    pub(super) start: u32,
    pub(super) len: u32,
    pub(super) row: u32,
}

/// The bytes that a [`ValueRef`] points into.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The text of the batch.
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
    /// Measures values in the order of their rows, of which nearly all are numbers.
    #[inline(never)]
    pub(super) fn measure_mostly_numbers(
        &mut self,
        sources: Sources<'_>,
        values: &[ValueRef],
        place_in: impl Fn(usize) -> Place,
    ) {
        simd::widely(
            #[inline(always)]
            || {
                let (blocks, rest) = values.as_chunks::<TEXTS>();
                for block in blocks {
                    match numbers_of(sources.text, block) {
                        Some(numbers) if numbers.are_numbers == u8::MAX => {
                            self.measure_numbers(sources, block, &numbers, &place_in)
                        }
                        numbers => self.measure_mixed(sources, block, numbers.as_ref(), &place_in),
                    }
                }
                self.measure_mixed(sources, rest, None, &place_in);
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
        let state = &mut self.state;
        state.queued_hashes.extend_from_slice(&each(block, |value| value.hash));
        state.extend_text_range_by(sources, block);
        let lens = each(block, |value| value.len);
        let lengths = Lengths::of_each(&lens);
        state.lengths.merge(&lengths);
        state.bytes.merge(&lengths);
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
        let is_full = |class: Class| state.full_places >> class as u8 & 1 == 1;
        let has_all_places = (is_full(Class::Integer) || decimals == TEXTS as u64)
            && (is_full(Class::Decimal) || decimals == 0);
        if self.order.is_open() || !has_all_places {
            self.note_numbers(sources, block, numbers, place_in);
        }
    }

    /// Notes their order and places.
    #[inline(never)]
    fn note_numbers(
        &mut self,
        sources: Sources<'_>,
        block: &[ValueRef; TEXTS],
        numbers: &simd::Numbers,
        place_in: impl Fn(usize) -> Place,
    ) {
        for (at, value) in block.iter().enumerate() {
            let read = numbers.get(at).expect("all are numbers");
            self.note_where(value.hash, sources.of(value), read, || place_in(value.row as usize));
        }
    }
}

impl ColumnState {
    /// Nearly all values so far are numbers.
    pub(super) fn expects_numbers(&self) -> bool {
        let numbers = self.classes[Class::Integer as usize] + self.classes[Class::Decimal as usize];
        16 * numbers > 15 * self.values()
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

/// What is asked of each value. `array::map` is not always inlined.
#[inline(always)]
fn each<T: Copy + Default>(block: &[ValueRef; TEXTS], of: impl Fn(&ValueRef) -> T) -> [T; TEXTS] {
    let mut all = [T::default(); TEXTS];
    all.iter_mut().zip(block).for_each(|(one, value)| *one = of(value));
    all
}
