//! Numbers of any length, and in scientific notation: few are not short.

use super::{Class, Value, nearest_f64};
use crate::exact_sum::Number;

/// No number or date is longer than this.
const LONGEST: usize = 400;
/// Any number of so many digits fits into a `u64`.
const U64_DIGITS: usize = 19;
const MAX_SCALE: i64 = 400;

/// The parts of `-digits.digits e±digits`.
struct Digits {
    negative: bool,
    /// The significant digits, if they fit.
    mantissa: u64,
    significant: usize,
    whole_len: usize,
    fraction_len: usize,
    has_point: bool,
    exponent: Option<i64>,
}

/// A number of any length, perhaps in scientific notation, or infinity; else this class.
#[inline(never)]
pub(super) fn long_number_or(text: &[u8], otherwise: Class) -> Value {
    let Some(digits) = scan_number(text) else {
        let unsigned = text.strip_prefix(b"-").unwrap_or(text);
        let infinite = unsigned.eq_ignore_ascii_case(b"inf") || unsigned.eq_ignore_ascii_case(b"infinity");
        return Value::Plain(if infinite { Class::Infinite } else { otherwise });
    };
    let class = match digits {
        Digits { exponent: Some(_), .. } => Class::Float,
        Digits { has_point: true, .. } => Class::Decimal,
        Digits { whole_len, .. } if whole_len > 1 && text[usize::from(digits.negative)] == b'0' => {
            return Value::Plain(Class::Code);
        }
        _ => Class::Integer,
    };
    let scale = digits.fraction_len as i64 - digits.exponent.unwrap_or(0);
    let mantissa = digits.mantissa_as_i64().filter(|_| scale.abs() <= MAX_SCALE);
    match (to_f64(text, &digits, scale), mantissa) {
        (Some(value), Some(mantissa)) => {
            Value::Number(class, Number::Decimal { mantissa, scale: scale as i16 }, value)
        }
        (Some(value), None) => Value::Number(class, Number::Binary(value), value),
        (None, _) => Value::Plain(otherwise),
    }
}

impl Digits {
    /// The significant digits with their sign, if an `i64` holds them.
    fn mantissa_as_i64(&self) -> Option<i64> {
        let magnitude = Some(self.mantissa).filter(|_| self.significant <= U64_DIGITS)?;
        if self.negative { 0i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
    }
}

fn scan_number(text: &[u8]) -> Option<Digits> {
    if text.len() > LONGEST {
        return None;
    }
    let negative = text.first() == Some(&b'-');
    let body = &text[usize::from(negative)..];
    let (mut mantissa, mut significant) = (0u64, 0);
    let mut run = |bytes: &[u8]| {
        let mut len = 0;
        for &byte in bytes {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
            significant += usize::from(significant > 0 || digit > 0);
            len += 1;
        }
        len
    };
    let whole_len = run(body);
    let has_point = body.get(whole_len) == Some(&b'.');
    let fraction_start = whole_len + usize::from(has_point);
    let fraction_len = if has_point { run(&body[fraction_start..]) } else { 0 };
    let rest = &body[fraction_start + fraction_len..];
    let exponent = match rest {
        [] => None,
        [b'e' | b'E', exponent @ ..] => Some(scan_exponent(exponent)?),
        _ => return None,
    };
    (whole_len + fraction_len > 0).then_some(Digits {
        negative,
        mantissa,
        significant,
        whole_len,
        fraction_len,
        has_point,
        exponent,
    })
}

fn scan_exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || digits.len() > 5 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits.iter().fold(0i64, |value, digit| value * 10 + i64::from(digit - b'0'));
    Some(if negative { -value } else { value })
}

/// The nearest `f64`; `None` if it is not finite.
#[inline]
fn to_f64(text: &[u8], digits: &Digits, scale: i64) -> Option<f64> {
    let mantissa = Some(digits.mantissa).filter(|_| digits.significant <= U64_DIGITS);
    if let Some(magnitude) = mantissa.and_then(|mantissa| nearest_f64(mantissa, scale)) {
        return Some(if digits.negative { -magnitude } else { magnitude });
    }
    let text = std::str::from_utf8(text).expect("a scanned number is ASCII");
    text.parse().ok().filter(|value: &f64| value.is_finite())
}
