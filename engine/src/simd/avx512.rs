//! Instructions that move marked bytes together (AVX-512 VBMI2): no loop over what is marked and no branch, as how much
//! that is cannot be foreseen.

use std::arch::x86_64::{
    _mm_and_si128, _mm_cmpneq_epi8_mask, _mm_cvtsi128_si64, _mm_loadu_si128, _mm_madd_epi16,
    _mm_maddubs_epi16, _mm_mask_blend_epi8, _mm_mask_cmpeq_epi8_mask, _mm_mask_cmplt_epu8_mask,
    _mm_maskz_loadu_epi8, _mm_maskz_sub_epi8, _mm_packus_epi16, _mm_packus_epi32, _mm_set1_epi8,
    _mm_set1_epi16, _mm_set1_epi32, _mm_slli_si128, _mm_storeu_si128, _mm256_castsi128_si256,
    _mm256_castsi256_si128, _mm256_cmplt_epu8_mask, _mm256_cvtepu8_epi16, _mm256_maskz_loadu_epi8,
    _mm256_maskz_permutexvar_epi8, _mm256_set1_epi8, _mm256_storeu_si256, _mm256_sub_epi8, _mm512_add_epi32,
    _mm512_castsi512_si128, _mm512_cmpeq_epi8_mask, _mm512_cmpneq_epi8_mask, _mm512_cvtepu8_epi32,
    _mm512_loadu_si512, _mm512_mask_blend_epi8, _mm512_mask_cmpge_epi8_mask, _mm512_maskz_compress_epi8,
    _mm512_maskz_loadu_epi8, _mm512_movepi8_mask, _mm512_permutex2var_epi8, _mm512_permutexvar_epi8,
    _mm512_set1_epi8, _mm512_set1_epi32, _mm512_storeu_si512, _pext_u64,
};

use std::sync::LazyLock;

use super::Needles;
use crate::calendar::Form;
use crate::cell::short_number::{LONGEST, ShortNumber};
use crate::text::shape::{BEYOND, LOOKED_AT, MORE, RUNS, RUNS_OF_A_WORD, Shape, is_of_word, kind_of};

/// Bytes of a vector.
pub(super) const BLOCK: usize = 64;
/// Positions that are written at once: few blocks have more.
const AT_ONCE: usize = 16;
/// No text of a fixed form is longer.
const LONGEST_FORM: usize = 32;
/// 0, 1, 2 and so on.
const PLACES: [u8; BLOCK] = counted_from(0);

/// `first` and the numbers after it.
const fn counted_from(first: u8) -> [u8; BLOCK] {
    let mut numbers = [first; BLOCK];
    let mut at = 0;
    while at < BLOCK {
        numbers[at] = first.wrapping_add(at as u8);
        at += 1;
    }
    numbers
}

/// Marks kinds that words are made of. [`BEYOND`] has this mark, and no other.
const OF_WORD: u8 = 0x80;
/// The kind of each character of ASCII, marked if words are made of it.
const KINDS: [[u8; BLOCK]; 2] = [kinds_from(0), kinds_from(64)];

const fn kinds_from(first: u8) -> [u8; BLOCK] {
    let mut kinds = counted_from(first);
    let mut at = 0;
    while at < BLOCK {
        let kind = kind_of(kinds[at]);
        kinds[at] = if is_of_word(kind) { kind | OF_WORD } else { kind };
        at += 1;
    }
    kinds
}

/// The place before each; any before the first.
const BEFORE: [u8; LOOKED_AT] = counted_from(u8::MAX);
/// The place after each.
const AFTER: [u8; LOOKED_AT] = counted_from(1);

/// The processor can move marked bytes together, and has what all that can have. Asked once: cells ask often.
#[inline]
pub(super) fn is_there() -> bool {
    use std::arch::is_x86_feature_detected as has;
    static IS_THERE: LazyLock<bool> = LazyLock::new(|| {
        has!("avx512f")
            && has!("avx512bw")
            && has!("avx512cd")
            && has!("avx512dq")
            && has!("avx512vl")
            && has!("avx512vbmi")
            && has!("avx512vbmi2")
            && has!("bmi2")
            && has!("popcnt")
    });
    *IS_THERE
}

/// Needs what [`is_there`] looks for.
#[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,bmi2,popcnt")]
pub(super) fn widely<R>(work: impl FnOnce() -> R) -> R {
    work()
}

/// Needs what [`is_there`] looks for.
#[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,bmi2,popcnt")]
pub(super) fn find_all(needles: Needles, bytes: &[u8], base: u32, positions: &mut Vec<u32>) {
    let wanted = needles.0.map(|needle| _mm512_set1_epi8(needle as i8));
    // SAFETY: a block has the 64 bytes that are read, and the load has no alignment.
    let load = |block: &[u8; BLOCK]| unsafe { _mm512_loadu_si512(block.as_ptr().cast()) };
    let (blocks, tail) = bytes.as_chunks::<BLOCK>();
    for (index, block) in blocks.iter().enumerate() {
        let data = load(block);
        let mask = wanted.iter().fold(0, |mask, &needle| mask | _mm512_cmpeq_epi8_mask(data, needle));
        let (base, count) = (base + (index * BLOCK) as u32, mask.count_ones() as usize);
        if count > AT_ONCE {
            super::push_bits(mask, base, positions);
            continue;
        }
        positions.reserve(AT_ONCE);
        let places = _mm512_castsi512_si128(_mm512_maskz_compress_epi8(mask, load(&PLACES)));
        let places = _mm512_add_epi32(_mm512_cvtepu8_epi32(places), _mm512_set1_epi32(base as i32));
        // SAFETY: there is room for 16 more, of which so many are positions.
        unsafe {
            _mm512_storeu_si512(positions.as_mut_ptr().add(positions.len()).cast(), places);
            positions.set_len(positions.len() + count);
        }
    }
    super::find_all_scalar(needles, tail, base + (blocks.len() * BLOCK) as u32, positions);
}

/// The shape of a text that is not empty; `None` if one of its words has many runs. Needs what [`is_there`] looks for.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,bmi2,popcnt")]
pub(super) fn shape_of(text: &[u8]) -> Option<Shape> {
    const { assert!(LOOKED_AT == BLOCK && RUNS == 16 && RUNS_OF_A_WORD == 4) };
    let used = text.len().min(LOOKED_AT);
    let within = u64::MAX >> (LOOKED_AT - used);
    // SAFETY: no byte is read but those of the text.
    let bytes = unsafe { _mm512_maskz_loadu_epi8(within, text.as_ptr().cast()) };
    // SAFETY: as many bytes as are read.
    let load = |numbers: &[u8; LOOKED_AT]| unsafe { _mm512_loadu_si512(numbers.as_ptr().cast()) };
    let [low, high] = &KINDS;
    let beyond = _mm512_movepi8_mask(bytes);
    let kinds = _mm512_permutex2var_epi8(load(low), bytes, load(high));
    let kinds = _mm512_mask_blend_epi8(beyond, kinds, _mm512_set1_epi8(BEYOND as i8));
    let of_words = _mm512_movepi8_mask(kinds);
    let before = _mm512_permutexvar_epi8(load(&BEFORE), kinds);
    let starts = (_mm512_cmpneq_epi8_mask(kinds, before) | 1) & within;
    let ends = starts >> 1 | 1 << (used - 1);

    // One run more than fit: it may make a word of many runs, which fits.
    let of_word = _pext_u64(of_words, starts) & ((1 << (RUNS + 1)) - 1);
    if of_word & of_word >> 1 & of_word >> 2 & of_word >> 3 & of_word >> 4 != 0 {
        return None;
    }
    let first_runs = |marked, values| _mm512_castsi512_si128(_mm512_maskz_compress_epi8(marked, values));
    // What `Shape::push_more` does. Bytes of what will be read as a vector are not written one by one.
    let runs = starts.count_ones();
    let goes_on = runs as usize > RUNS || used < text.len();
    let len = (runs + u32::from(goes_on)).min(RUNS as u32);
    let last = u16::from(goes_on) << (len - 1);
    let kinds = first_runs(starts, kinds);
    let without_mark = _mm_and_si128(kinds, _mm_set1_epi8(!OF_WORD as i8));
    let kinds =
        _mm_mask_blend_epi8(_mm_cmpneq_epi8_mask(kinds, _mm_set1_epi8(BEYOND as i8)), kinds, without_mark);
    let kinds = _mm_mask_blend_epi8(last, kinds, _mm_set1_epi8(MORE as i8));
    // A run starts where the one before ends.
    let ends = first_runs(ends, load(&AFTER));
    let with_len = (u16::MAX >> (RUNS as u32 - len)) & !last;
    let lens = _mm_maskz_sub_epi8(with_len, ends, _mm_slli_si128::<1>(ends));
    let mut shape = Shape { kinds: [0; RUNS], lens: [0; RUNS], len: len as usize };
    // SAFETY: both have the size of what is stored.
    unsafe {
        _mm_storeu_si128(shape.kinds.as_mut_ptr().cast(), kinds);
        _mm256_storeu_si256(shape.lens.as_mut_ptr().cast(), _mm256_cvtepu8_epi16(lens));
    }
    Some(shape)
}

/// Bytes that do not continue a sequence of UTF-8, among up to 64. Needs what [`is_there`] looks for.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,bmi2,popcnt")]
pub(super) fn count_starts_of_chars(text: &[u8]) -> u64 {
    assert!(text.len() <= BLOCK);
    let within = u64::MAX.checked_shr((BLOCK - text.len()) as u32).unwrap_or(0);
    // SAFETY: no byte is read but those of the text.
    let bytes = unsafe { _mm512_maskz_loadu_epi8(within, text.as_ptr().cast()) };
    u64::from(_mm512_mask_cmpge_epi8_mask(within, bytes, _mm512_set1_epi8(-0x40)).count_ones())
}

/// The parts of `-digits.digits` of up to 16 characters after the sign; `None` if the text is anything else. Needs what
/// [`is_there`] looks for.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,bmi2,popcnt")]
pub(super) fn short_number(text: &[u8]) -> Option<ShortNumber> {
    const { assert!(LONGEST == 16) };
    let negative = text.first() == Some(&b'-');
    let body = &text[usize::from(negative)..];
    if body.is_empty() || body.len() > LONGEST {
        return None;
    }
    // At the end of the vector: the last digit has the same place in all numbers.
    let within = u16::MAX << (LONGEST - body.len());
    let before = body.as_ptr().wrapping_add(body.len()).wrapping_sub(LONGEST);
    // SAFETY: no byte is read but those of the text.
    let bytes = unsafe { _mm_maskz_loadu_epi8(within, before.cast()) };
    let values = _mm_maskz_sub_epi8(within, bytes, _mm_set1_epi8(b'0' as i8));
    let digit = _mm_mask_cmplt_epu8_mask(within, values, _mm_set1_epi8(10));
    let point = _mm_mask_cmpeq_epi8_mask(within, bytes, _mm_set1_epi8(b'.' as i8));
    if digit | point != within || digit == 0 || point & point.wrapping_sub(1) != 0 {
        return None;
    }
    // What is before the point moves into its place; then neighbours become one number, three times.
    let up_to_point = (point << 1).wrapping_sub(u16::from(point != 0));
    let values = _mm_mask_blend_epi8(up_to_point, values, _mm_slli_si128::<1>(values));
    let pairs = _mm_maddubs_epi16(values, _mm_set1_epi16(i16::from_le_bytes([10, 1])));
    let fours = _mm_madd_epi16(pairs, _mm_set1_epi32(1 << 16 | 100));
    let eights = _mm_madd_epi16(_mm_packus_epi32(fours, fours), _mm_set1_epi32(1 << 16 | 10_000));
    let eights = _mm_cvtsi128_si64(eights) as u64;
    let mantissa = (eights & 0xFFFF_FFFF) * 100_000_000 + (eights >> 32);
    let digits = digit.count_ones() as usize;
    let fraction_len = if point == 0 { 0 } else { point.leading_zeros() as usize };
    Some(ShortNumber { negative, mantissa, digits, fraction_len, has_point: point != 0 })
}

/// The numbers of a text of a fixed form, zeros after them; `None` if one of their digits is none. Needs what [`is_there`]
/// looks for.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,bmi2,popcnt")]
pub(super) fn read_form(form: &Form, text: &[u8]) -> Option<[u8; 8]> {
    let within = u32::MAX >> (LONGEST_FORM - text.len().clamp(1, LONGEST_FORM));
    assert!(form.digits & !within == 0, "the text is long enough");
    // SAFETY: no byte is read but those of the text.
    let bytes = unsafe { _mm256_maskz_loadu_epi8(within, text.as_ptr().cast()) };
    let values = _mm256_sub_epi8(bytes, _mm256_set1_epi8(b'0' as i8));
    if form.digits & !_mm256_cmplt_epu8_mask(values, _mm256_set1_epi8(10)) != 0 {
        return None;
    }
    // SAFETY: 16 places are 16 bytes, and the load has no alignment.
    let places = _mm256_castsi128_si256(unsafe { _mm_loadu_si128(form.places.as_ptr().cast()) });
    let digits = _mm256_maskz_permutexvar_epi8((1 << (2 * form.numbers)) - 1, places, values);
    let numbers =
        _mm_maddubs_epi16(_mm256_castsi256_si128(digits), _mm_set1_epi16(i16::from_le_bytes([10, 1])));
    let numbers = _mm_packus_epi16(numbers, numbers);
    Some(_mm_cvtsi128_si64(numbers).to_le_bytes())
}
