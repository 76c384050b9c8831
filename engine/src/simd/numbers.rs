//! Numbers of eight texts at once (AVX-512): four in the lanes of one vector, four in those of another. One after the
//! other, each number waits for a chain of instructions, and few of them fit into the processor at a time.

use std::arch::x86_64::{
    __m128i, __m512i, __mmask64, _mm_add_epi16, _mm_and_si128, _mm_cmpeq_epi16_mask, _mm_cvtsi64_si128,
    _mm_cvtsi128_si64, _mm_extract_epi64, _mm_loadu_si128, _mm_maskz_set1_epi16, _mm_or_si128,
    _mm_set1_epi16, _mm_setr_epi8, _mm_setzero_si128, _mm_shuffle_epi8, _mm_slli_epi16, _mm_sub_epi16,
    _mm_test_epi16_mask, _mm_testn_epi16_mask, _mm_unpacklo_epi16, _mm256_castsi128_si256,
    _mm256_cmpeq_epi32_mask, _mm256_cvtepi32_epi8, _mm256_cvtepu16_epi32, _mm256_inserti128_si256,
    _mm256_loadu_si256, _mm256_lzcnt_epi32, _mm256_maskz_sub_epi32, _mm256_min_epu32, _mm256_set1_epi32,
    _mm256_storeu_si256, _mm256_sub_epi32, _mm512_add_epi64, _mm512_bslli_epi128, _mm512_castpd_si512,
    _mm512_castsi128_si512, _mm512_castsi256_si512, _mm512_castsi512_pd, _mm512_cmpge_epu8_mask,
    _mm512_cmple_epu64_mask, _mm512_cvtepi32_epi64, _mm512_cvtepu64_pd, _mm512_div_pd, _mm512_inserti64x4,
    _mm512_loadu_pd, _mm512_loadu_si512, _mm512_madd_epi16, _mm512_maddubs_epi16,
    _mm512_mask_cmpeq_epi8_mask, _mm512_mask_cmplt_epu8_mask, _mm512_mask_mov_epi8, _mm512_mask_sub_epi64,
    _mm512_mask_xor_epi64, _mm512_maskz_sub_epi8, _mm512_mul_epu32, _mm512_packus_epi32,
    _mm512_permutex2var_pd, _mm512_permutexvar_epi8, _mm512_set1_epi8, _mm512_set1_epi16, _mm512_set1_epi32,
    _mm512_set1_epi64, _mm512_setzero_si512, _mm512_srli_epi64, _mm512_storeu_pd, _mm512_storeu_si512,
};

use super::{Numbers, TEXTS};
use crate::cell::short_number::LONGEST;
use crate::cell::{EXACT_IN_F64, POWERS_OF_TEN};

/// Bytes of the four texts of one vector, and what some of them are: 16 bits per text.
struct Four {
    /// The texts without their signs.
    body: __mmask64,
    digits: __mmask64,
    points: __mmask64,
    zeros: __mmask64,
    signs: __mmask64,
    values: __m512i,
}

/// Places of bytes in their lanes.
const PLACES: [u8; 64] = per_byte(0, 0, 1);
/// Of each byte in the lanes of the first vector, the text that it is of; texts with even numbers are there.
const EVEN_TEXTS: [u8; 64] = per_byte(0, 2, 0);
/// The same of the second.
const ODD_TEXTS: [u8; 64] = per_byte(1, 2, 0);

const fn per_byte(first: u8, per_lane: u8, per_place: u8) -> [u8; 64] {
    let mut numbers = [0; 64];
    let mut at = 0;
    while at < 64 {
        numbers[at] = first + (at / LONGEST) as u8 * per_lane + (at % LONGEST) as u8 * per_place;
        at += 1;
    }
    numbers
}

/// See [`super::short_numbers`]. Needs what [`super::avx512::is_there`] looks for.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,bmi2,popcnt")]
pub(super) fn short_numbers(buffer: &[u8], ends: &[u32; TEXTS], lens: &[u32; TEXTS]) -> Option<Numbers> {
    const { assert!(LONGEST == 16 && TEXTS == 8) };
    let first_end = ends.iter().fold(u32::MAX, |least, &end| least.min(end)) as usize;
    let last_end = ends.iter().fold(0, |most, &end| most.max(end)) as usize;
    if first_end < LONGEST || last_end > buffer.len() {
        return None;
    }
    // SAFETY: eight numbers are read.
    let lens = unsafe { _mm256_loadu_si256(lens.as_ptr().cast()) };
    let fitting = _mm256_min_epu32(lens, _mm256_set1_epi32(LONGEST as i32));
    let are_short = _mm256_cmpeq_epi32_mask(fitting, lens);
    let starts = _mm256_cvtepi32_epi8(_mm256_sub_epi32(_mm256_set1_epi32(LONGEST as i32), fitting));
    // SAFETY: each text ends in the buffer, after its first 16 bytes.
    let even = unsafe { load_four(buffer, [ends[0], ends[2], ends[4], ends[6]]) };
    // SAFETY: likewise.
    let odd = unsafe { load_four(buffer, [ends[1], ends[3], ends[5], ends[7]]) };
    let even = look_at_four(even, starts, &EVEN_TEXTS);
    let odd = look_at_four(odd, starts, &ODD_TEXTS);

    // From here on 16 bits for each text, in their order.
    let join = |of: fn(&Four) -> __mmask64| {
        _mm_unpacklo_epi16(_mm_cvtsi64_si128(of(&even) as i64), _mm_cvtsi64_si128(of(&odd) as i64))
    };
    let (body, digits) = (join(|four| four.body), join(|four| four.digits));
    let (points, zeros) = (join(|four| four.points), join(|four| four.zeros));
    let minus_one = _mm_set1_epi16(-1);
    let decimals = _mm_test_epi16_mask(points, points);
    let at_most_one_point = _mm_testn_epi16_mask(points, _mm_add_epi16(points, minus_one));
    let nothing_else = _mm_cmpeq_epi16_mask(_mm_or_si128(digits, points), body);
    let first_of_body = _mm_and_si128(body, _mm_sub_epi16(_mm_setzero_si128(), body));
    let many = _mm_test_epi16_mask(body, _mm_add_epi16(body, minus_one));
    let codes = _mm_test_epi16_mask(first_of_body, zeros) & many & !decimals;
    let negatives = {
        let signs = join(|four| four.signs);
        _mm_test_epi16_mask(signs, signs)
    };
    let with_digits = _mm_test_epi16_mask(digits, digits);
    let sixteen = _mm256_set1_epi32(16);
    let scales = _mm256_maskz_sub_epi32(decimals, _mm256_lzcnt_epi32(_mm256_cvtepu16_epi32(points)), sixteen);

    // What is before the point moves into its place; then neighbours become one number, three times.
    let up_to_points = _mm_sub_epi16(_mm_slli_epi16::<1>(points), _mm_maskz_set1_epi16(decimals, 1));
    let apart = _mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15);
    let up_to_points = _mm_shuffle_epi8(up_to_points, apart);
    let even = fours_of(even.values, _mm_cvtsi128_si64(up_to_points) as u64);
    let odd = fours_of(odd.values, _mm_extract_epi64::<1>(up_to_points) as u64);
    let eights = _mm512_madd_epi16(_mm512_packus_epi32(even, odd), _mm512_set1_epi32(1 << 16 | 10_000));
    let high = _mm512_mul_epu32(eights, _mm512_set1_epi64(100_000_000));
    let magnitudes = _mm512_add_epi64(high, _mm512_srli_epi64::<32>(eights));
    let are_exact = !decimals | _mm512_cmple_epu64_mask(magnitudes, _mm512_set1_epi64(EXACT_IN_F64 as i64));

    let mut nearest = _mm512_cvtepu64_pd(magnitudes);
    if decimals != 0 {
        let places = _mm512_cvtepi32_epi64(scales);
        // SAFETY: eight numbers each are read.
        let (low, high) = unsafe {
            (_mm512_loadu_pd(POWERS_OF_TEN.as_ptr()), _mm512_loadu_pd(POWERS_OF_TEN[8..].as_ptr()))
        };
        nearest = _mm512_div_pd(nearest, _mm512_permutex2var_pd(low, places, high));
    }
    let sign = _mm512_set1_epi64(i64::MIN);
    let bits = _mm512_castpd_si512(nearest);
    let nearest = _mm512_castsi512_pd(_mm512_mask_xor_epi64(bits, negatives, bits, sign));
    let mantissas = _mm512_mask_sub_epi64(magnitudes, negatives, _mm512_setzero_si512(), magnitudes);
    let are_short = are_short & nothing_else & with_digits & at_most_one_point;
    let mut numbers = Numbers {
        are_numbers: are_short & !codes & are_exact,
        have_points: decimals,
        are_codes: are_short & codes,
        ..Numbers::default()
    };
    // SAFETY: each has the size of what is stored.
    unsafe {
        _mm512_storeu_si512(numbers.mantissas.as_mut_ptr().cast(), mantissas);
        _mm512_storeu_pd(numbers.values.as_mut_ptr(), nearest);
        _mm256_storeu_si256(numbers.scales.as_mut_ptr().cast(), scales);
    }
    Some(numbers)
}

/// The last 16 bytes up to each end, one text per lane.
///
/// # Safety
/// Every end is at least 16 and at most the length of the buffer.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,bmi2,popcnt")]
unsafe fn load_four(buffer: &[u8], ends: [u32; 4]) -> __m512i {
    // SAFETY: 16 bytes before the end are in the buffer, as the caller has to see to.
    let load = |end: u32| unsafe { _mm_loadu_si128(buffer.as_ptr().add(end as usize - LONGEST).cast()) };
    let low = _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(load(ends[0])), load(ends[1]));
    let high = _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(load(ends[2])), load(ends[3]));
    _mm512_inserti64x4::<1>(_mm512_castsi256_si512(low), high)
}

/// What the bytes are of four texts, which start at these places of their lanes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,bmi2,popcnt")]
fn look_at_four(bytes: __m512i, starts: __m128i, texts: &[u8; 64]) -> Four {
    // SAFETY: both have the 64 bytes that are read.
    let (places, texts) =
        unsafe { (_mm512_loadu_si512(PLACES.as_ptr().cast()), _mm512_loadu_si512(texts.as_ptr().cast())) };
    let all = |byte: u8| _mm512_set1_epi8(byte as i8);
    let starts = _mm512_permutexvar_epi8(texts, _mm512_castsi128_si512(starts));
    let within = _mm512_cmpge_epu8_mask(places, starts);
    let firsts = _mm512_mask_cmpeq_epi8_mask(within, places, starts);
    let signs = _mm512_mask_cmpeq_epi8_mask(firsts, bytes, all(b'-'));
    let body = within & !signs;
    let values = _mm512_maskz_sub_epi8(body, bytes, all(b'0'));
    Four {
        body,
        digits: _mm512_mask_cmplt_epu8_mask(body, values, all(10)),
        points: _mm512_mask_cmpeq_epi8_mask(body, bytes, all(b'.')),
        zeros: _mm512_mask_cmpeq_epi8_mask(body, bytes, all(b'0')),
        signs,
        values,
    }
}

/// Four digits each as one number of 32 bits.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,bmi2,popcnt")]
fn fours_of(values: __m512i, up_to_points: __mmask64) -> __m512i {
    let values = _mm512_mask_mov_epi8(values, up_to_points, _mm512_bslli_epi128::<1>(values));
    let pairs = _mm512_maddubs_epi16(values, _mm512_set1_epi16(i16::from_le_bytes([10, 1])));
    _mm512_madd_epi16(pairs, _mm512_set1_epi32(1 << 16 | 100))
}
