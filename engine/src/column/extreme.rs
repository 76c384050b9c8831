//! The smallest and largest values of a column.

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

use crate::exact_sum::Number;

/// Digits of the largest `u64`.
const U64_DIGITS: usize = 20;

/// The smallest or largest value by bytes: its head and its whole length.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TextExtreme {
    /// The first 256 bytes.
    pub head: Vec<u8>,
    /// Length of the whole value in bytes.
    pub len: u64,
}

/// The smallest or largest number: the nearest `f64`, and its digits to tell equal ones apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NumberExtreme {
    /// The nearest `f64`.
    pub value: f64,
    /// The number in decimal digits.
    pub text: String,
    /// The number, while `text` is still that of another one: in a sorted column each cell is an extreme, and one text
    /// is enough.
    #[serde(skip)]
    unwritten: Option<Number>,
}

impl TextExtreme {
    /// Takes over a value by its head and length.
    pub(super) fn replace(&mut self, head: &[u8], len: u64) {
        self.head.clear();
        self.head.extend_from_slice(head);
        self.len = len;
    }
}

impl NumberExtreme {
    pub(super) fn new(text: &[u8], number: Number, value: f64) -> Self {
        Self { value, text: canonical_text(text, number), unwritten: None }
    }

    /// Takes over a number that is on the `wanted` side of this one; numbers with the same `f64` are told apart
    /// by their digits.
    #[inline]
    pub(super) fn replace_if(&mut self, wanted: Ordering, text: &[u8], number: Number, value: f64) {
        if value.partial_cmp(&self.value) == Some(wanted) && matches!(number, Number::Decimal { .. }) {
            (self.value, self.unwritten) = (value, Some(number));
            return;
        }
        self.replace_by_digits(wanted, text, number, value);
    }

    #[inline(never)]
    fn replace_by_digits(&mut self, wanted: Ordering, text: &[u8], number: Number, value: f64) {
        self.write();
        // Decimals of up to 15 digits that share an f64 are the same number.
        let short = matches!(number, Number::Decimal { mantissa, .. } if mantissa.unsigned_abs() < 1_000_000_000_000_000);
        if value == self.value && short && self.text.len() <= 15 {
            return;
        }
        self.merge(wanted, &Self::new(text, number, value));
    }

    /// Makes `text` that of the number.
    pub(super) fn write(&mut self) {
        if let Some(number) = self.unwritten.take() {
            write_canonical(&[], number, &mut self.text);
        }
    }

    pub(super) fn merge(&mut self, wanted: Ordering, other: &Self) {
        let by_value = other.value.partial_cmp(&self.value).expect("numbers are finite");
        if by_value.then_with(|| compare_decimal_texts(&other.text, &self.text)) == wanted {
            self.clone_from(other);
        }
    }
}

/// One text per number: no exponent, no leading or trailing zeros; a number of too many digits as it was written.
pub(super) fn canonical_text(text: &[u8], number: Number) -> String {
    let mut canonical = String::new();
    write_canonical(text, number, &mut canonical);
    canonical
}

/// [`canonical_text`] in the place of what `out` holds.
fn write_canonical(text: &[u8], number: Number, out: &mut String) {
    out.clear();
    let Number::Decimal { mut mantissa, mut scale } = number else {
        out.push_str(&String::from_utf8_lossy(text));
        return;
    };
    while scale > 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        scale = if mantissa == 0 { 0 } else { scale - 1 };
    }
    if mantissa == 0 {
        return out.push('0');
    }
    if mantissa < 0 {
        out.push('-');
    }
    let mut digits = [b'0'; U64_DIGITS];
    let mut start = U64_DIGITS;
    let mut rest = mantissa.unsigned_abs();
    while rest > 0 {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let digits = &digits[start..];
    let fraction_len = usize::from(scale.max(0).unsigned_abs());
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(fraction_len));
    out.extend(whole.iter().map(|&digit| char::from(digit)));
    out.extend(std::iter::repeat_n('0', usize::from(scale.min(0).unsigned_abs())));
    if fraction_len > 0 {
        out.push_str(if whole.is_empty() { "0." } else { "." });
        out.extend(std::iter::repeat_n('0', fraction_len - fraction.len()));
        out.extend(fraction.iter().map(|&digit| char::from(digit)));
    }
}

/// Order of two numbers with the same `f64` by their digits; texts in scientific notation by their bytes. A total
/// order in any case, which is all that merging needs.
fn compare_decimal_texts(a: &str, b: &str) -> Ordering {
    let plain = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'.'));
    if !plain(a) || !plain(b) {
        return plain(a).cmp(&plain(b)).then_with(|| a.cmp(b));
    }
    let negative = a.starts_with('-');
    let whole = |text: &str| text.trim_start_matches('-').split('.').next().map_or(0, str::len);
    let order = whole(a).cmp(&whole(b)).then_with(|| a.cmp(b));
    if negative { order.reverse() } else { order }
}

/// The first eight bytes as a number of the same order.
#[inline]
pub(super) fn prefix_key(text: &[u8]) -> u64 {
    match text.first_chunk::<8>() {
        Some(first) => u64::from_be_bytes(*first),
        None => {
            let key = text.iter().fold(0u64, |key, &byte| key << 8 | u64::from(byte));
            if text.is_empty() { 0 } else { key << (8 * (8 - text.len())) }
        }
    }
}

/// [`prefix_key`] of `text[start..start + len]`, without a look at each byte where more bytes follow.
#[inline]
pub(super) fn prefix_key_in(text: &[u8], start: usize, len: usize) -> u64 {
    match text[start..].first_chunk::<8>() {
        Some(first) if len > 0 => u64::from_be_bytes(*first) & u64::MAX << (8 * 8usize.saturating_sub(len)),
        _ => prefix_key(&text[start..][..len]),
    }
}
