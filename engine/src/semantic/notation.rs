//! Notations: telephone numbers, amounts of money, shares, hashes, bank accounts, places.

use std::ops::RangeInclusive;

use crate::calendar;

/// Digits of a telephone number (E.164).
pub(super) const PHONE_DIGITS: RangeInclusive<usize> = 7..=15;

/// `+` or `(+`, [`PHONE_DIGITS`] of which the first is no 0, and nothing between but blanks, hyphens, dots,
/// slashes and brackets.
pub(super) fn is_phone(text: &[u8]) -> bool {
    let Some(rest) = text.strip_prefix(b"+").or_else(|| text.strip_prefix(b"(+")) else { return false };
    let mut digits = 0;
    let only_those = rest.iter().all(|byte| {
        digits += usize::from(byte.is_ascii_digit());
        matches!(byte, b'0'..=b'9' | b' ' | b'-' | b'.' | b'(' | b')' | b'/')
    });
    only_those
        && PHONE_DIGITS.contains(&digits)
        && rest.first().is_some_and(|byte| (b'1'..=b'9').contains(byte))
        && rest.last().is_some_and(u8::is_ascii_digit)
}

const SIGNS: [&str; 7] = ["$", "€", "£", "¥", "₹", "₽", "₺"];
/// The codes of ISO 4217 that most trade is in.
const CODES: [&str; 32] = [
    "AED", "ARS", "AUD", "BGN", "BRL", "CAD", "CHF", "CLP", "CNY", "COP", "CZK", "DKK", "EUR", "GBP", "HKD",
    "HUF", "IDR", "ILS", "INR", "JPY", "KRW", "MXN", "MYR", "NOK", "NZD", "PLN", "RON", "SEK", "SGD", "TRY",
    "USD", "ZAR",
];

/// A sign or code on one side of an amount, a blank between perhaps.
pub(super) fn is_currency(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    SIGNS.iter().chain(&CODES).any(|unit| {
        let amount = text.strip_prefix(unit.as_bytes()).or_else(|| text.strip_suffix(unit.as_bytes()));
        amount.is_some_and(|amount| is_amount(without_blank(amount)))
    })
}

fn without_blank(amount: &[u8]) -> &[u8] {
    let ends = [&b" "[..], "\u{a0}".as_bytes()];
    let cut = |text: &[u8]| ends.iter().find(|blank| text.starts_with(blank)).map_or(0, |blank| blank.len());
    let amount = &amount[cut(amount)..];
    let end = ends.iter().find(|blank| amount.ends_with(blank)).map_or(0, |blank| blank.len());
    &amount[..amount.len() - end]
}

/// Digits with a point or comma before the last ones, and points, commas, blanks or apostrophes between each three.
fn is_amount(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    let (whole, fraction) = match text.iter().rposition(|byte| matches!(byte, b'.' | b',')) {
        Some(at) if text.len() - at != 4 => (&text[..at], &text[at + 1..]),
        _ => (text, &text[..0]),
    };
    let mut groups = whole.split(|byte| matches!(byte, b'.' | b',' | b' ' | b'\''));
    let is_digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    let first = groups.next().unwrap_or_default();
    !first.is_empty()
        && is_digits(first)
        && groups.all(|group| group.len() == 3 && is_digits(group))
        && is_digits(fraction)
}

/// A number, a blank perhaps, `%`.
pub(super) fn is_percent(text: &[u8]) -> bool {
    let Some(number) = text.strip_suffix(b"%") else { return false };
    let number = number.strip_suffix(b" ").unwrap_or(number);
    let number = number.strip_prefix(b"-").or_else(|| number.strip_prefix(b"+")).unwrap_or(number);
    is_plain_decimal(number)
}

/// Digits, perhaps with one point or comma between.
fn is_plain_decimal(text: &[u8]) -> bool {
    let mut parts = text.splitn(2, |byte| matches!(byte, b'.' | b','));
    parts.all(|part| !part.is_empty() && part.iter().all(u8::is_ascii_digit))
}

/// Hexadecimal digits, as many as MD5, SHA-1 or SHA-256 have; the letters of one case.
pub(super) fn is_hash(text: &[u8]) -> bool {
    let is_of = |is_letter: fn(&u8) -> bool| text.iter().all(|byte| byte.is_ascii_digit() || is_letter(byte));
    matches!(text.len(), 32 | 40 | 64)
        && (is_of(|byte| matches!(byte, b'a'..=b'f')) || is_of(|byte| matches!(byte, b'A'..=b'F')))
        && text.iter().any(|byte| !byte.is_ascii_digit())
}

/// Two letters, two check digits, 11 to 30 letters and digits, blanks between groups of four perhaps; the number of
/// all, letters as 10 to 35 and the first four characters last, is 1 modulo 97 (ISO 7064).
pub(super) fn is_iban(text: &[u8]) -> bool {
    let [c1, c2, d1, d2, ..] = *text else { return false };
    let starts_right =
        c1.is_ascii_uppercase() && c2.is_ascii_uppercase() && d1.is_ascii_digit() && d2.is_ascii_digit();
    if !starts_right || text.len() > 42 {
        return false;
    }
    let characters = || text.iter().copied().filter(|&byte| byte != b' ');
    let len = characters().count();
    if !(15..=34).contains(&len)
        || !characters().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
    {
        return false;
    }
    let remainder = characters().skip(4).chain(characters().take(4)).fold(0u32, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
    });
    remainder == 1
}

/// Two decimals with a point, up to 90 and up to 180 degrees, a comma and perhaps a blank between.
pub(super) fn is_geo_point(text: &[u8]) -> bool {
    let mut parts = text.splitn(2, |&byte| byte == b',');
    let (Some(latitude), Some(longitude)) = (parts.next(), parts.next()) else { return false };
    let longitude = longitude.strip_prefix(b" ").unwrap_or(longitude);
    is_degrees(latitude, 90) && is_degrees(longitude, 180)
}

fn is_degrees(text: &[u8], most: u32) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let Some(point) = text.iter().position(|&byte| byte == b'.') else { return false };
    let (whole, fraction) = (&text[..point], &text[point + 1..]);
    let is_digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    if !is_digits(whole) || !is_digits(fraction) || whole.len() > 3 {
        return false;
    }
    let degrees = whole.iter().fold(0, |degrees, digit| degrees * 10 + u32::from(digit - b'0'));
    degrees < most || degrees == most && fraction.iter().all(|&digit| digit == b'0')
}

const GEOMETRIES: [&[u8]; 7] = [
    b"POINT",
    b"LINESTRING",
    b"POLYGON",
    b"MULTIPOINT",
    b"MULTILINESTRING",
    b"MULTIPOLYGON",
    b"GEOMETRYCOLLECTION",
];

/// The name of a geometry, perhaps `Z` or `M`, and brackets that close.
pub(super) fn is_wkt(text: &[u8]) -> bool {
    let Some(bracket) = text.iter().take(24).position(|&byte| byte == b'(') else { return false };
    let name = text[..bracket].trim_ascii_end();
    let name = [&b" Z"[..], b" M", b" ZM"].iter().find_map(|end| name.strip_suffix(*end)).unwrap_or(name);
    let mut open = 0i64;
    let closes = text[bracket..].iter().all(|byte| {
        open += i64::from(*byte == b'(') - i64::from(*byte == b')');
        open >= 0 && (byte.is_ascii_digit() || byte.is_ascii_alphabetic() || b" ,.-+()".contains(byte))
    });
    GEOMETRIES.iter().any(|known| name.eq_ignore_ascii_case(known))
        && closes
        && open == 0
        && text.ends_with(b")")
}

/// A day from 1800 to 2199 as `YYYYMMDD`.
pub(super) fn is_compact_date(text: &[u8]) -> bool {
    let [y1, y2, y3, y4, m1, m2, d1, d2] = *text else { return false };
    let date = [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2];
    matches!((y1, y2), (b'1', b'8' | b'9') | (b'2', b'0' | b'1'))
        && calendar::parse_year_first(&date).is_some()
}
