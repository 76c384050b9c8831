//! Finds the bytes that can change the automaton's state: versions for AVX-512 and AVX2 and their scalar twin, tested
//! equal; loops compiled for AVX2; and shapes, characters, numbers and dates of cells with AVX-512. The only unsafe code
//! of the engine.

use crate::calendar::Form;
use crate::cell::short_number::ShortNumber;
use crate::text::shape::Shape;

#[cfg(target_arch = "x86_64")]
mod avx512;

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
    use proptest::prelude::*;

    proptest! {
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
