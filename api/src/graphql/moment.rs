//! Moments as text: RFC 3339 in UTC, with as many digits of a second as the store keeps.

use std::time::{SystemTime, UNIX_EPOCH};

use data_inspector_domain::time::Timestamp;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// What time it is on this host: good enough to say whether something that lasts hours is over.
pub(super) fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX))
}

/// The moment as `2026-11-25T18:54:32.000001Z`.
pub(super) fn format(moment: Timestamp) -> String {
    let micros = moment.as_micros();
    let (year, month, day) = civil(micros.div_euclid(MICROS_PER_DAY));
    let of_day = micros.rem_euclid(MICROS_PER_DAY);
    let (seconds, fraction) = (of_day / 1_000_000, of_day % 1_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:06}Z")
}

/// The moment in a text of RFC 3339 with any offset; `None` if it is none, or not between the years 0 and 9999.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let (clock, offset_minutes) = split_offset(time)?;
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let [hour, minute, second] = numbers(whole, ':', [2, 2, 2])?;
    let in_calendar = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    // RFC 3339 knows leap seconds; like POSIX, we take one for the second after it.
    if !in_calendar || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let minutes = days(year, month, day) * 1440 + hour * 60 + minute - offset_minutes;
    Some(Timestamp::from_micros((minutes * 60 + second) * 1_000_000 + micros(fraction)?))
}

fn split_offset(time: &str) -> Option<(&str, i64)> {
    if let Some(clock) = time.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let (clock, offset) = time.split_at_checked(time.len().checked_sub(6)?)?;
    let [hours, minutes] = numbers(&offset[1..], ':', [2, 2])?;
    let offset_minutes = if hours < 24 && minutes < 60 { hours * 60 + minutes } else { return None };
    match offset.as_bytes()[0] {
        b'+' => Some((clock, offset_minutes)),
        b'-' => Some((clock, -offset_minutes)),
        _ => None,
    }
}

/// Numbers of exactly so many digits, with a separator between them.
fn numbers<const N: usize>(text: &str, separator: char, digits: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(separator);
    let mut found = [0; N];
    for (number, digits) in found.iter_mut().zip(digits) {
        let part = parts.next()?;
        if part.len() != digits || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    if parts.next().is_none() { Some(found) } else { None }
}

/// Digits behind the point of a second; those past the sixth are dropped.
fn micros(fraction: &str) -> Option<i64> {
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let six: String = fraction.chars().chain("00000".chars()).take(6).collect();
    six.parse().ok()
}

/// Day, from 1970-01-01 as 0, to year, month, day. Years begin in March here, and 400 of them have 146,097 days
/// (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The reverse of [`civil`].
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn days_in(year: i64, month: i64) -> i64 {
    let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    days(next_year, next_month, 1) - days(year, month, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros_of(text: &str) -> Option<i64> {
        parse(text).map(Timestamp::as_micros)
    }

    #[test]
    fn known_moments() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (1_764_096_872_000_001, "2025-11-25T18:54:32.000001Z"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(format(Timestamp::from_micros(micros)), text);
            assert_eq!(micros_of(text), Some(micros));
        }
    }

    #[test]
    fn every_day_of_1600_years_comes_back() {
        for day in days(1600, 1, 1)..days(3200, 1, 1) {
            let (year, month, day_of_month) = civil(day);
            assert_eq!(days(year, month, day_of_month), day);
        }
    }

    #[test]
    fn other_spellings_of_a_moment() {
        for text in
            ["1970-01-01t01:30:00+01:30", "1969-12-31 23:00:00.0-01:00", "1970-01-01T00:00:00.0000004Z"]
        {
            assert_eq!(micros_of(text), Some(0), "{text}");
        }
        assert_eq!(micros_of("1970-01-01T00:00:00.5Z"), Some(500_000));
    }

    #[test]
    fn no_moments() {
        for text in [
            "",
            "1970-01-01",
            "1970-01-01T00:00:00",
            "1970-02-29T00:00:00Z",
            "1970-13-01T00:00:00Z",
            "1970-01-01T24:00:00Z",
            "1970-01-01T00:60:00Z",
            "1970-1-01T00:00:00Z",
            "1970-01-01T00:00:00.Z",
            "1970-01-01T00:00:00.x5Z",
            "1970-01-01T00:00:00+1:30",
            "1970-01-01T00:00:00+24:00",
            "1970-01-01T00:00:00é00:00",
        ] {
            assert_eq!(micros_of(text), None, "{text}");
        }
    }
}
