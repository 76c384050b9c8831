//! What one cell can be read as: decided by the value itself, never by a sample.

use crate::calendar::year_last::{self, YearLast};
use crate::calendar::{self, Moment};
use crate::exact_sum::Number;
use crate::ledger::count_where;
use long_number::long_number_or;
use short_number::ShortNumber;

mod long_number;
pub(crate) mod short_number;

/// The class of a value that is not null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Class {
    /// `true false yes no t f y n`, in any case.
    Boolean,
    /// Digits, perhaps after `-`. A leading `+` makes it a telephone number or the like: text.
    Integer,
    /// Digits around a decimal point.
    Decimal,
    /// Scientific notation.
    Float,
    /// `inf`, `infinity`, in any case, perhaps after `-`.
    Infinite,
    /// `nan`, in any case.
    Nan,
    /// A date that begins with the year.
    DateYearFirst,
    /// A date of two numbers and a year of four digits.
    DateYearLast,
    /// A date of two numbers and a year of two digits, without a time of day.
    DateShortYear,
    /// A date whose month is a name.
    DateNamed,
    /// A date that begins with the year, and a time of day.
    Timestamp,
    /// A date that ends with the year, and a time of day.
    TimestampYearLast,
    /// A time of day.
    Time,
    /// 36 characters of RFC 9562.
    Uuid,
    /// Digits with leading zeros.
    Code,
    /// Everything else.
    Text,
}

impl Class {
    /// All classes, in the order of their numbers.
    pub const ALL: [Self; 16] = [
        Self::Boolean,
        Self::Integer,
        Self::Decimal,
        Self::Float,
        Self::Infinite,
        Self::Nan,
        Self::DateYearFirst,
        Self::DateYearLast,
        Self::DateShortYear,
        Self::DateNamed,
        Self::Timestamp,
        Self::TimestampYearLast,
        Self::Time,
        Self::Uuid,
        Self::Code,
        Self::Text,
    ];
}

/// A value with what its class measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A number, exact and as the nearest `f64`.
    Number(Class, Number, f64),
    /// A date or timestamp.
    Time(Class, Moment),
    /// A date or timestamp of two readings.
    YearLast(Class, YearLast),
    /// A value that is only counted.
    Plain(Class),
}

/// Every integer up to here is an `f64`.
pub(crate) const EXACT_IN_F64: u64 = 1 << 53;
/// Powers that are an `f64`, by their exponents.
pub(crate) const POWERS_OF_TEN: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

impl Value {
    /// Its class.
    pub fn class(&self) -> Class {
        match *self {
            Self::Number(class, ..)
            | Self::Time(class, _)
            | Self::YearLast(class, _)
            | Self::Plain(class) => class,
        }
    }
}

/// What a cell's bytes, after unquoting, can be read as.
#[inline(always)]
pub fn classify(text: &[u8]) -> Value {
    // First, because whether a UUID begins with a digit or a letter cannot be foreseen.
    if text.len() == UUID_LEN && text.first_chunk().is_some_and(is_uuid) {
        return Value::Plain(Class::Uuid);
    }
    match text {
        // Signed or not: which of them a column has next cannot be foreseen.
        [b'-'..=b'9', ..] => match classify_usual_time(text) {
            Some(time) => time,
            None => classify_short_number(text).unwrap_or_else(|| classify_not_short(text)),
        },
        [b'A'..=b'Z' | b'a'..=b'z', ..] => classify_letters(text),
        _ => Value::Plain(Class::Text),
    }
}

/// What nearly all dates and timestamps are.
#[inline(always)]
fn classify_usual_time(text: &[u8]) -> Option<Value> {
    match text.len() {
        10 => calendar::parse_year_first(text).map(|date| Value::Time(Class::DateYearFirst, date)),
        19 | 20 => calendar::parse_usual_timestamp(text).map(|time| Value::Time(Class::Timestamp, time)),
        _ => None,
    }
}

/// What is no short number. No date or time has digits and one point alone.
#[inline(never)]
fn classify_not_short(text: &[u8]) -> Value {
    if !text[0].is_ascii_digit() {
        return long_number_or(text, Class::Text);
    }
    let at = |index: usize| text.get(index).copied().unwrap_or(0);
    let ends_day = |byte: u8| matches!(byte, b'-' | b'/' | b'.' | b' ');
    if text.len() >= 10
        && calendar::is_separator(text[4])
        && let Some(time) = calendar::parse_timestamp(text)
    {
        return Value::Time(Class::Timestamp, time);
    }
    if ends_day(at(2)) || ends_day(at(1)) {
        if let Some(value) = classify_year_at_end(text) {
            return value;
        }
    } else if at(2) == b':' && calendar::parse_time_of_day(text).is_some() {
        return Value::Plain(Class::Time);
    }
    long_number_or(text, Class::Text)
}

/// A date that ends with the year, perhaps with a time after it. Most texts that come here are decimals.
fn classify_year_at_end(text: &[u8]) -> Option<Value> {
    let after = if text[1].is_ascii_digit() { 3 } else { 2 };
    if text.len() < 8 || text[after..after + 3].iter().all(u8::is_ascii_digit) {
        return None;
    }
    if let Some(date) = YearLast::parse(text) {
        let class = match (date.is_short(), text.len() > 10) {
            (_, true) => Class::TimestampYearLast,
            (true, false) => Class::DateShortYear,
            (false, false) => Class::DateYearLast,
        };
        return Some(Value::YearLast(class, date));
    }
    year_last::parse_named(text).map(|date| Value::Time(Class::DateNamed, date))
}

fn classify_letters(text: &[u8]) -> Value {
    let is_one_of = |words: &[&[u8]]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    // Which lengths a column has cannot be foreseen, but nearly none of its texts is anything else, whatever its length.
    let may_be_word = text.len() <= 8;
    let may_be_date = (text.len() <= 20) & ends_in_year(text);
    if !(may_be_word | may_be_date) {
        return Value::Plain(Class::Text);
    }
    let starts_boolean = matches!(text[0] | 0x20, b't' | b'f' | b'y' | b'n');
    match text.len() {
        1 if starts_boolean => Value::Plain(Class::Boolean),
        2..=5 if starts_boolean && is_one_of(&[b"true", b"false", b"yes", b"no"]) => {
            Value::Plain(Class::Boolean)
        }
        3 if is_one_of(&[b"nan"]) => Value::Plain(Class::Nan),
        3 | 8 if is_one_of(&[b"inf", b"infinity"]) => Value::Plain(Class::Infinite),
        10..=20 if may_be_date => match year_last::parse_named(text) {
            Some(date) => Value::Time(Class::DateNamed, date),
            None => Value::Plain(Class::Text),
        },
        _ => Value::Plain(Class::Text),
    }
}

/// As a date does that begins with the name of its month. Most texts of letters and digits that come here are addresses.
fn ends_in_year(text: &[u8]) -> bool {
    // Without branches: which characters it ends in cannot be foreseen.
    text.last_chunk::<4>().is_some_and(|year| year.iter().fold(true, |all, byte| all & byte.is_ascii_digit()))
}

/// Characters of a UUID.
const UUID_LEN: usize = 36;

#[inline(always)]
fn is_uuid(text: &[u8; UUID_LEN]) -> bool {
    let has_hyphens = [8, 13, 18, 23].iter().all(|&at| text[at] == b'-');
    has_hyphens && count_where(text, |byte| byte.is_ascii_hexdigit()) == 32
}

/// What nearly every number is: up to 16 digits, so that they fit, perhaps with a point.
#[inline(always)]
fn classify_short_number(text: &[u8]) -> Option<Value> {
    let ShortNumber { negative, mantissa, digits, fraction_len, has_point } = short_number::scan(text)?;
    let class = if has_point { Class::Decimal } else { Class::Integer };
    if !has_point && digits > 1 && text[usize::from(negative)] == b'0' {
        return Some(Value::Plain(Class::Code));
    }
    let magnitude = nearest_f64(mantissa, fraction_len as i64)?;
    let sign = 1 - 2 * i64::from(negative);
    let (mantissa, value) = (mantissa as i64 * sign, magnitude * sign as f64);
    Some(Value::Number(class, Number::Decimal { mantissa, scale: fraction_len as i16 }, value))
}

/// The `f64` nearest to `mantissa / 10^scale`, where one rounding gives it: both operands of the division are exact
/// (Clinger, PLDI 1990), or there is no division.
#[inline]
fn nearest_f64(mantissa: u64, scale: i64) -> Option<f64> {
    let exact = mantissa <= EXACT_IN_F64 && (0..=22).contains(&scale);
    match scale {
        0 => Some(mantissa as f64),
        _ if exact => Some(mantissa as f64 / POWERS_OF_TEN[scale as usize]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn class_of(text: &str) -> Class {
        classify(text.as_bytes()).class()
    }

    #[test]
    fn classes() {
        let check = |class: Class, texts: &[&str]| {
            texts.iter().for_each(|text| assert_eq!(class_of(text), class, "{text:?}"));
        };
        check(Class::Boolean, &["true", "FALSE", "Yes", "n", "T"]);
        check(Class::Integer, &["0", "-1", "42", "123456789012345678901234567890", "20240101"]);
        check(Class::Decimal, &["0.5", "-1.25", ".5", "5.", "00.5", "12.345678", "1.234567"]);
        check(Class::Float, &["1e5", "-2.5E-10", "1e+3"]);
        check(Class::Infinite, &["inf", "-inf", "Infinity"]);
        check(Class::Nan, &["NaN", "nan"]);
        check(Class::DateYearFirst, &["2024-01-31", "1999/12/31", "2024.02.29"]);
        check(Class::DateYearLast, &["31.01.2024", "12/31/1999", "1/2/2024", "31/1/2024"]);
        check(Class::DateShortYear, &["31.01.24", "12/31/99"]);
        check(Class::DateNamed, &["31 Jan 2024", "1-JAN-2024", "January 31, 2024", "31 March 2024"]);
        check(Class::DateNamed, &["1. September 2024", "3-December-1999"]);
        check(
            Class::TimestampYearLast,
            &["31.01.2024 10:00", "1/2/2024 9:05 PM", "12/31/1999 23:59:59", "31.12.99 10:00"],
        );
        check(Class::Timestamp, &["2024-01-31 10:00", "2024-01-31T10:00:00.123Z"]);
        check(Class::Time, &["10:00", "23:59:59.5"]);
        check(Class::Uuid, &["123e4567-e89b-12d3-a456-426614174000", "a23e4567-e89b-12d3-a456-42661417400F"]);
        check(Class::Code, &["007", "-01", "00"]);
        let texts = [
            "+49151",
            "1,5",
            "1e",
            "e5",
            "-",
            ".",
            "--1",
            "1.2.3",
            "1.2.34",
            "12 345.67",
            "2024-02-30",
            "31/31/2020",
            "10:61",
            "0x10",
            "1e99999",
            " 1",
        ];
        check(Class::Text, &texts);
    }

    proptest! {
        #[test]
        fn numbers_are_the_nearest_f64(text in "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{0,24})?([eE][-+]?[0-9]{1,3})?") {
            let expected: f64 = text.parse().unwrap();
            match classify(text.as_bytes()) {
                Value::Number(_, _, value) => prop_assert_eq!(value, expected),
                Value::Plain(Class::Text) => prop_assert!(expected.is_infinite()),
                other => prop_assert!(false, "{:?}", other),
            }
        }

        #[test]
        fn any_bytes_have_a_class(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            classify(&bytes);
        }
    }
}
