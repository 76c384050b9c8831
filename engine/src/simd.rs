//! Finds the bytes that can change the automaton's state: versions for AVX-512 and AVX2 and their scalar twin, tested
//! equal; loops compiled for AVX2; and shapes, characters, numbers and dates of cells with AVX-512. The only unsafe code
//! of the engine.

use crate::calendar::Form;
use crate::cell::short_number::ShortNumber;
use crate::text::shape::Shape;

#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod numbers;

/// The bytes to look for: delimiter, quote, LF, CR, escape. A dialect without one of them repeats another.
#[derive(Clone, Copy)]
pub(crate) struct Needles(pub(crate) [u8; 5]);

impl Needles {
    pub(crate) fn new(dialect: &data_inspector_domain::spec::Dialect) -> Self {
        let quote = dialect.quote.unwrap_or(b'\n');
        Self([dialect.delimiter.first(), quote, b'\n', b'\r', dialect.escape.unwrap_or(quote)])
    }
}

/// Appends to `positions` the index (plus `base`) of every needle in `bytes`, ascending.
pub(crate) fn find_all(needles: Needles, bytes: &[u8], base: u32, positions: &mut Vec<u32>) {
    #[cfg(target_arch = "x86_64")]
    if avx512::is_there() {
        // SAFETY: what it needs has just been detected.
        unsafe { avx512::find_all(needles, bytes, base, positions) };
        return;
    } else if avx2::is_there() {
        // SAFETY: likewise.
        unsafe { avx2::find_all(needles, bytes, base, positions) };
        return;
    }
    find_all_scalar(needles, bytes, base, positions);
}

/// The shape of a text that is not empty, where the processor can tell it without a loop and no word of the text has
/// many runs.
#[inline(always)]
pub(crate) fn shape_of(text: &[u8]) -> Option<Shape> {
    #[cfg(target_arch = "x86_64")]
    if avx512::is_there() {
        // SAFETY: what it needs has just been detected.
        return unsafe { avx512::shape_of(text) };
    }
    None
}

/// How many bytes do not continue a sequence of UTF-8, of up to 64, where the processor can tell it without a loop.
#[inline(always)]
pub(crate) fn count_starts_of_chars(text: &[u8]) -> Option<u64> {
    #[cfg(target_arch = "x86_64")]
    if text.len() <= avx512::BLOCK && avx512::is_there() {
        // SAFETY: what it needs has just been detected.
        return Some(unsafe { avx512::count_starts_of_chars(text) });
    }
    None
}

/// The parts of `-digits.digits`, where the processor can tell them without a loop: `None` where it cannot,
/// `Some(None)` of a text that is not of that form, or longer than 16 characters.
#[inline(always)]
pub(crate) fn short_number(text: &[u8]) -> Option<Option<ShortNumber>> {
    #[cfg(target_arch = "x86_64")]
    if avx512::is_there() {
        // SAFETY: what it needs has just been detected.
        return Some(unsafe { avx512::short_number(text) });
    }
    None
}

/// The numbers of a text of a fixed form that is long enough, where the processor can read them without a loop: `None`
/// where it cannot, `Some(None)` if one of their digits is none.
#[inline(always)]
pub(crate) fn read_form(form: &Form, text: &[u8]) -> Option<Option<[u8; 8]>> {
    #[cfg(target_arch = "x86_64")]
    if avx512::is_there() {
        // SAFETY: what it needs has just been detected.
        return Some(unsafe { avx512::read_form(form, text) });
    }
    None
}

/// Texts that are read side by side.
pub(crate) const TEXTS: usize = 8;

/// What [`TEXTS`] texts say, if they are numbers. Of the others, nothing here means anything.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Numbers {
    /// With their signs.
    pub(crate) mantissas: [i64; TEXTS],
    /// Digits after their points.
    pub(crate) scales: [u32; TEXTS],
    /// The nearest `f64`.
    pub(crate) values: [f64; TEXTS],
    /// A bit per text, from the lowest: whether it is `-digits.digits` of up to 16 characters, without leading zeros if it
    /// has no point, and has a nearest `f64` that one rounding gives.
    pub(crate) are_numbers: u8,
    /// Likewise: whether it has a point.
    pub(crate) have_points: u8,
    /// Likewise: whether it is `-digits` of up to 16 characters with leading zeros.
    pub(crate) are_codes: u8,
}

/// The numbers of texts that end at these places of a buffer and have these lengths, where the processor can read them
/// side by side, and 16 bytes of the buffer are before each end.
#[inline(always)]
pub(crate) fn short_numbers(buffer: &[u8], ends: &[u32; TEXTS], lens: &[u32; TEXTS]) -> Option<Numbers> {
    #[cfg(target_arch = "x86_64")]
    if avx512::is_there() {
        // SAFETY: what it needs has just been detected.
        return unsafe { numbers::short_numbers(buffer, ends, lens) };
    }
    None
}

/// Does work that was compiled for the widest vectors there are, with all that is inlined into it.
#[inline]
pub(crate) fn widely<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if avx512::is_there() {
        // SAFETY: what it needs has just been detected.
        return unsafe { avx512::widely(work) };
    }
    work()
}

/// Something that is seen in bytes by loops that the compiler makes vectors of.
pub(crate) trait Seen {
    /// Has to be `#[inline(always)]`, to be compiled for the instructions of its caller.
    fn of_bytes(bytes: &[u8]) -> Self;
}

/// What is seen in the bytes, with the widest vectors there are.
#[inline]
pub(crate) fn look_at<T: Seen>(bytes: &[u8]) -> T {
    #[cfg(target_arch = "x86_64")]
    if avx2::is_there() {
        // SAFETY: what it needs has just been detected.
        return unsafe { avx2::look_at(bytes) };
    }
    T::of_bytes(bytes)
}

/// Appends `base` plus the place of each bit.
#[inline]
fn push_bits(mut mask: u64, base: u32, positions: &mut Vec<u32>) {
    positions.reserve(u64::BITS as usize);
    while mask != 0 {
        positions.push(base + mask.trailing_zeros());
        mask &= mask - 1;
    }
}

fn find_all_scalar(needles: Needles, bytes: &[u8], base: u32, positions: &mut Vec<u32>) {
    let mut table = [false; 256];
    needles.0.iter().for_each(|&needle| table[needle as usize] = true);
    positions.extend((0..bytes.len()).filter(|&i| table[bytes[i] as usize]).map(|i| base + i as u32));
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::Needles;
    use std::arch::x86_64::{
        __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256,
        _mm256_set1_epi8,
    };

    const BLOCK: usize = 64;

    /// The processor has AVX2, and the instructions for bits that all have that have it.
    #[inline]
    pub(super) fn is_there() -> bool {
        use std::arch::is_x86_feature_detected as has;
        has!("avx2") && has!("bmi1") && has!("bmi2") && has!("lzcnt") && has!("popcnt")
    }

    /// Needs AVX2.
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    pub(super) fn find_all(needles: Needles, bytes: &[u8], base: u32, positions: &mut Vec<u32>) {
        let wanted = needles.0.map(|needle| _mm256_set1_epi8(needle as i8));
        let (blocks, tail) = bytes.as_chunks::<BLOCK>();
        for (index, block) in blocks.iter().enumerate() {
            let (low, high) = block.split_at(BLOCK / 2);
            let mask = u64::from(match_mask(&wanted, low)) | u64::from(match_mask(&wanted, high)) << 32;
            super::push_bits(mask, base + (index * BLOCK) as u32, positions);
        }
        super::find_all_scalar(needles, tail, base + (blocks.len() * BLOCK) as u32, positions);
    }

    /// Needs AVX2.
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    pub(super) fn look_at<T: super::Seen>(bytes: &[u8]) -> T {
        T::of_bytes(bytes)
    }

    #[target_feature(enable = "avx2")]
    fn match_mask(wanted: &[__m256i; 5], half: &[u8]) -> u32 {
        assert!(half.len() == BLOCK / 2);
        // SAFETY: `half` has the 32 bytes that are read, and the load has no alignment.
        let data = unsafe { _mm256_loadu_si256(half.as_ptr().cast()) };
        let mut hits = _mm256_cmpeq_epi8(data, wanted[0]);
        for needle in &wanted[1..] {
            hits = _mm256_or_si256(hits, _mm256_cmpeq_epi8(data, *needle));
        }
        _mm256_movemask_epi8(hits) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::{Class, Value, classify};
    use crate::exact_sum::Number;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_side_by_side_are_those_of_each_text(
            texts in proptest::array::uniform8(prop_oneof![
                4 => "-?(0|[1-9][0-9]{0,15})(\\.[0-9]{0,8})?", 1 => "-?[0-9]{0,12}\\.[0-9]{0,15}",
                1 => "[-.0-9]{1,17}", 1 => "[0-9 x-]{0,12}", 1 => "[0-9]{16,20}",
                1 => "-?0[0-9]{0,15}",
            ]),
        ) {
            let mut buffer = vec![b'7'; 16];
            let (mut ends, mut lens) = ([0; TEXTS], [0; TEXTS]);
            for (at, text) in texts.iter().enumerate() {
                buffer.extend_from_slice(text.as_bytes());
                (ends[at], lens[at]) = (buffer.len() as u32, text.len() as u32);
                // Whatever comes between texts is no part of them.
                buffer.push(if at % 2 == 0 { b'-' } else { b'1' });
            }
            let Some(numbers) = short_numbers(&buffer, &ends, &lens) else {
                #[cfg(target_arch = "x86_64")]
                prop_assert!(!avx512::is_there(), "each text has 16 bytes before its end");
                return Ok(());
            };
            for (at, text) in texts.iter().enumerate() {
                let (is_number, has_point) = (numbers.are_numbers >> at & 1 == 1, numbers.have_points >> at & 1 == 1);
                match classify(text.as_bytes()) {
                    Value::Number(class @ (Class::Integer | Class::Decimal), Number::Decimal { mantissa, scale }, value)
                        if is_number =>
                    {
                        prop_assert_eq!(class == Class::Decimal, has_point, "{}", text);
                        prop_assert_eq!((mantissa, scale), (numbers.mantissas[at], numbers.scales[at] as i16));
                        prop_assert_eq!(value.to_bits(), numbers.values[at].to_bits());
                    }
                    Value::Number(Class::Integer | Class::Decimal, Number::Decimal { mantissa, scale }, _) => {
                        let is_hard = text.len() > 16 || (scale > 0 && mantissa.unsigned_abs() > 1 << 53);
                        prop_assert!(is_hard, "{} was not read", text);
                    }
                    _ => prop_assert!(!is_number, "{} is no number", text),
                }
                let is_code = classify(text.as_bytes()) == Value::Plain(Class::Code) && text.len() <= 16;
                prop_assert_eq!(numbers.are_codes >> at & 1 == 1, is_code, "{}", text);
            }
        }

        #[test]
        fn all_versions_find_the_same(
            // About sixteen needles in 64 bytes: with fewer and with more, other ways are taken.
            bytes in proptest::collection::vec(prop_oneof![
                1 => Just(b','), 1 => Just(b'"'), 1 => Just(b'\n'), 1 => Just(b'\r'), 1 => Just(b'\\'), 15 => any::<u8>()
            ], 0..400),
            base in 0u32..1000,
        ) {
            let needles = Needles([b',', b'"', b'\n', b'\r', b'\\']);
            let (mut fast, mut plain) = (Vec::new(), Vec::new());
            find_all(needles, &bytes, base, &mut fast);
            find_all_scalar(needles, &bytes, base, &mut plain);
            prop_assert_eq!(fast, &*plain);
            #[cfg(target_arch = "x86_64")]
            if avx2::is_there() {
                let mut found = Vec::new();
                // SAFETY: what it needs has just been detected.
                unsafe { avx2::find_all(needles, &bytes, base, &mut found) };
                prop_assert_eq!(found, plain);
            }
        }
    }
}
