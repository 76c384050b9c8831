//! Numbers of up to 16 characters, all at once: nearly every number is so short. Digits in the bytes of a word are
//! checked and converted side by side (Lemire, *Quickly parsing eight digits*, 2018).

use crate::simd;

/// The parts of `-digits.digits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ShortNumber {
    pub(crate) negative: bool,
    pub(crate) mantissa: u64,
    pub(crate) digits: usize,
    pub(crate) fraction_len: usize,
    pub(crate) has_point: bool,
}

/// Characters after the sign.
pub(crate) const LONGEST: usize = 16;

/// Reads digits with at most one point; `None` if the text is anything else, or longer.
#[inline(always)]
pub(super) fn scan(text: &[u8]) -> Option<ShortNumber> {
    simd::short_number(text).unwrap_or_else(|| scan_words(text))
}

/// The same with words alone.
#[inline]
fn scan_words(text: &[u8]) -> Option<ShortNumber> {
    let negative = text.first() == Some(&b'-');
    let body = &text[usize::from(negative)..];
    match body.len() {
        1..=8 => scan_eight(body, negative),
        9..=LONGEST => scan_sixteen(body, negative),
        _ => None,
    }
}

/// A scan of as many characters as fit into a word of this type.
macro_rules! scan_word {
    ($name:ident, $word:ty, $load:ident, $convert:ident) => {
        #[inline]
        fn $name(body: &[u8], negative: bool) -> Option<ShortNumber> {
            const BYTES: usize = size_of::<$word>();
            const ZEROS: $word = <$word>::from_ne_bytes([b'0'; BYTES]);
            const HIGH_BITS: $word = <$word>::from_ne_bytes([0x80; BYTES]);
            // Added to a byte below 0x80, sets its high bit if it is above 9.
            const ABOVE_NINE: $word = <$word>::from_ne_bytes([0x7F - 9; BYTES]);

            // The number of which so many bytes, at least one, are the digits' values, the first one lowest.
            let convert = |values: $word, digits: usize| $convert(values << (8 * (BYTES - digits)));
            let values = ($load(body) ^ ZEROS) & (<$word>::MAX >> (8 * (BYTES - body.len())));
            let others = (((values & !HIGH_BITS) + ABOVE_NINE) | values) & HIGH_BITS;
            if others == 0 {
                let (mantissa, digits) = (convert(values, body.len()), body.len());
                return Some(ShortNumber { negative, mantissa, digits, fraction_len: 0, has_point: false });
            }
            let point = others.trailing_zeros() as usize / 8;
            if others & (others - 1) != 0 || body[point] != b'.' || body.len() == 1 {
                return None;
            }
            let before = values & ((1 << (8 * point)) - 1);
            let after = values >> (8 * point) >> 8 << (8 * point);
            let digits = body.len() - 1;
            let mantissa = convert(before | after, digits);
            Some(ShortNumber { negative, mantissa, digits, fraction_len: digits - point, has_point: true })
        }
    };
}

scan_word!(scan_eight, u64, load_eight, convert_eight);
scan_word!(scan_sixteen, u128, load_sixteen, convert_sixteen);

/// 1 to 8 bytes, the first one lowest, zeros above. Loads overlap where the length is no power of two.
#[inline]
fn load_eight(bytes: &[u8]) -> u64 {
    let len = bytes.len();
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return u64::from(first) | u64::from(last) << (8 * (len - 4));
    }
    let at = |index: usize| u64::from(bytes[index]) << (8 * index);
    at(0) | at(len / 2) | at(len - 1)
}

/// 8 to 16 bytes, likewise.
#[inline]
fn load_sixteen(bytes: &[u8]) -> u128 {
    let (first, last) = (bytes.first_chunk().expect("8 bytes"), bytes.last_chunk().expect("8 bytes"));
    u128::from(u64::from_le_bytes(*first)) | u128::from(u64::from_le_bytes(*last)) << (8 * (bytes.len() - 8))
}

#[inline]
fn convert_sixteen(values: u128) -> u64 {
    convert_eight(values as u64) * 100_000_000 + convert_eight((values >> 64) as u64)
}

#[inline]
fn convert_eight(values: u64) -> u64 {
    let pairs = (values * 10 + (values >> 8)) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_FFFF_0000_FFFF;
    (fours * 10_000 + (fours >> 32)) & 0xFFFF_FFFF
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Byte by byte.
    fn plainly(text: &[u8]) -> Option<ShortNumber> {
        let negative = text.first() == Some(&b'-');
        let body = &text[usize::from(negative)..];
        let points = body.iter().filter(|&&byte| byte == b'.').count();
        let digits: Vec<u8> = body.iter().copied().filter(u8::is_ascii_digit).collect();
        if body.len() > LONGEST || points > 1 || digits.is_empty() || digits.len() + points != body.len() {
            return None;
        }
        let point = body.iter().position(|&byte| byte == b'.');
        let mantissa = std::str::from_utf8(&digits).unwrap().parse().unwrap();
        let fraction_len = point.map_or(0, |point| body.len() - point - 1);
        Some(ShortNumber {
            negative,
            mantissa,
            digits: digits.len(),
            fraction_len,
            has_point: point.is_some(),
        })
    }

    fn check(text: &[u8]) {
        let plainly = plainly(text);
        assert_eq!(scan(text), plainly, "{:?}", String::from_utf8_lossy(text));
        assert_eq!(scan_words(text), plainly, "{:?}", String::from_utf8_lossy(text));
    }

    #[test]
    fn every_length_with_every_byte_everywhere() {
        for len in 0..19 {
            let digits: Vec<u8> = (0..len).map(|at| b'1' + (at * 7 % 9) as u8).collect();
            check(&digits);
            for at in 0..len {
                for byte in 0..=255 {
                    let mut text = digits.clone();
                    text[at] = byte;
                    check(&text);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn short_numbers(text in "-?[0-9]{0,17}\\.?[0-9]{0,17}") {
            check(text.as_bytes());
        }

        #[test]
        fn what_looks_like_numbers(text in "[-0-9.:/é]{0,18}") {
            check(text.as_bytes());
        }
    }
}
