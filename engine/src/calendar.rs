//! Dates and times of day in text, to and from microseconds since 1970-01-01T00:00:00 UTC in the proleptic
//! Gregorian calendar. The way back: Howard Hinnant, *chrono-Compatible Low-Level Date Algorithms* (`civil_from_days`).
//!
//! Dates that begin with the year are here, several at once in [`side_by_side`], those that end with it in [`year_last`].

use crate::simd;

pub(crate) mod side_by_side;
pub mod year_last;

/// Microseconds of a day.
pub const DAY_MICROS: i64 = 86_400_000_000;

/// The first day that can be written, 0000-01-01, is so many days before the epoch.
const FIRST_DAY: i64 = 719_528;

/// A point in time, with what a calendar says about its day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Microseconds since the epoch.
    pub micros: i64,
    /// From 0, January.
    pub month: u8,
    /// From 0, Monday.
    pub weekday: u8,
}

impl Moment {
    /// Midnight of a day; `None` if there is no such day.
    #[inline(always)]
    fn of_day(year: i64, month: i64, day: i64) -> Option<Self> {
        let days = days_of(year, month, day)?;
        // The first day was a Saturday.
        let weekday = (days + FIRST_DAY + 5) as u32 % 7;
        Some(Self { micros: days * DAY_MICROS, month: month as u8 - 1, weekday: weekday as u8 })
    }

    /// The same day, at another time of it.
    pub(crate) fn plus(self, micros: i64) -> Self {
        Self { micros: self.micros + micros, ..self }
    }
}

/// A text of numbers of two digits, at places that are always the same.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    /// A bit for each byte that has to be a digit.
    pub(crate) digits: u32,
    /// Where the digits of the numbers are.
    pub(crate) places: [u8; 16],
    pub(crate) numbers: usize,
}

impl Form {
    /// Of numbers that start here.
    const fn of(starts: &[u8]) -> Self {
        let mut form = Self { digits: 0, places: [0; 16], numbers: starts.len() };
        let mut at = 0;
        while at < starts.len() {
            form.digits |= 0b11 << starts[at];
            (form.places[2 * at], form.places[2 * at + 1]) = (starts[at], starts[at] + 1);
            at += 1;
        }
        form
    }

    /// The numbers of a text that is long enough, zeros after them; `None` if one of their digits is none.
    #[inline(always)]
    fn read(&self, text: &[u8]) -> Option<[u8; 8]> {
        simd::read_form(self, text).unwrap_or_else(|| self.read_plainly(text))
    }

    fn read_plainly(&self, text: &[u8]) -> Option<[u8; 8]> {
        let mut numbers = [0; 8];
        for (number, places) in numbers.iter_mut().zip(self.places.as_chunks::<2>().0).take(self.numbers) {
            *number = two_digits(text[usize::from(places[0])], text[usize::from(places[1])])? as u8;
        }
        Some(numbers)
    }
}

/// `YYYY-MM-DD`.
const DATE: Form = Form::of(&[0, 2, 5, 8]);
/// `YYYY-MM-DDTHH:MM:SS`.
const DATE_AND_TIME: Form = Form::of(&[0, 2, 5, 8, 11, 14, 17]);

/// The time of a text that has the length and the separators of `YYYY-MM-DDTHH:MM:SS`, perhaps with a `Z`: what nearly all
/// timestamps are. `None` of any other text.
#[inline(always)]
pub(crate) fn parse_usual_timestamp(text: &[u8]) -> Option<Moment> {
    let numbers = timestamp_numbers(text)?;
    let [_, _, _, _, hour, minute, second, _] = numbers;
    let seconds = second_of_day(hour.into(), minute.into(), second.into())?;
    Some(day_of(numbers)?.plus(seconds * 1_000_000))
}

/// Century, year in it, month, day, hour, minute and second, whatever they are.
#[inline(always)]
fn timestamp_numbers(text: &[u8]) -> Option<[u8; 8]> {
    let ([_, _, _, _, first, _, _, second, _, _, b'T' | b' ', _, _, b':', _, _, b':', _, _]
    | [_, _, _, _, first, _, _, second, _, _, b'T' | b' ', _, _, b':', _, _, b':', _, _, b'Z']) = *text
    else {
        return None;
    };
    if first != second || !is_separator(first) {
        return None;
    }
    DATE_AND_TIME.read(text)
}

/// The day of `YYYY-MM-DD`, with `-`, `/` or `.` between; `None` if that is no day.
#[inline(always)]
pub fn parse_year_first(text: &[u8]) -> Option<Moment> {
    day_of(date_numbers(text)?)
}

/// Century, year in it, month and day, whatever they are.
#[inline(always)]
fn date_numbers(text: &[u8]) -> Option<[u8; 8]> {
    if text.len() != 10 || text[4] != text[7] || !is_separator(text[4]) {
        return None;
    }
    DATE.read(text)
}

#[inline(always)]
fn day_of([century, year, month, day, ..]: [u8; 8]) -> Option<Moment> {
    Moment::of_day(i64::from(century) * 100 + i64::from(year), month.into(), day.into())
}

/// Microseconds of `HH:MM`, `HH:MM:SS` or `HH:MM:SS.f` with 1 to 9 digits (beyond microseconds they are
/// dropped). A leap second, `:60`, is accepted as the second after `:59`.
pub fn parse_time_of_day(text: &[u8]) -> Option<i64> {
    let (&[h1, h2, b':', m1, m2], rest) = text.split_first_chunk()? else { return None };
    let (hour, minute) = (two_digits(h1, h2)?, two_digits(m1, m2)?);
    let (second, fraction) = match rest {
        [] => (0, 0),
        [b':', s1, s2] => (two_digits(*s1, *s2)?, 0),
        [b':', s1, s2, b'.' | b',', fraction @ ..] => (two_digits(*s1, *s2)?, parse_fraction(fraction)?),
        _ => return None,
    };
    Some(second_of_day(hour, minute, second)? * 1_000_000 + fraction)
}

#[inline(always)]
fn second_of_day(hour: i64, minute: i64, second: i64) -> Option<i64> {
    let valid = hour < 24 && minute < 60 && second <= 60;
    valid.then_some((hour * 60 + minute) * 60 + second)
}

/// A date and time of day with `T` or a blank between and an optional offset (`Z`, `+01:00`, `+0100`, `+01`). Without
/// an offset the time is taken as UTC. Month and weekday are those of the date as it is written.
pub fn parse_timestamp(text: &[u8]) -> Option<Moment> {
    parse_usual_timestamp(text).or_else(|| parse_any_timestamp(text))
}

fn parse_any_timestamp(text: &[u8]) -> Option<Moment> {
    let (date, rest) = text.split_at_checked(10)?;
    let (&separator, rest) = rest.split_first()?;
    if separator != b'T' && separator != b' ' {
        return None;
    }
    let date = parse_year_first(date)?;
    // No time of day is shorter than `HH:MM`.
    let after = rest.get(5..)?;
    let zone_at = after.iter().position(|byte| matches!(byte, b'Z' | b'+' | b'-')).unwrap_or(after.len());
    let (time, zone) = rest.split_at(5 + zone_at);
    Some(date.plus(parse_time_of_day(time)? - parse_offset(zone)?))
}

/// The nanoseconds that a timestamp has beyond its microseconds, which [`parse_timestamp`] drops.
pub(crate) fn nanos_after_micros(text: &[u8]) -> u16 {
    let Some((b".", fraction) | (b",", fraction)) = text.get(19..).and_then(|rest| rest.split_at_checked(1))
    else {
        return 0;
    };
    let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit());
    let below = digits.skip(6).take(3).zip([100, 10, 1]);
    below.map(|(digit, weight)| u16::from(digit - b'0') * weight).sum()
}

/// `YYYY-MM-DD` of days since the epoch.
pub fn format_date(days: i64) -> String {
    let (year, month, day) = civil_from_days(days);
    format!("{year:04}-{month:02}-{day:02}")
}

/// `YYYY-MM-DDTHH:MM:SS[.ffffff]Z` of microseconds since the epoch.
pub fn format_timestamp(micros: i64) -> String {
    let (days, rest) = (micros.div_euclid(DAY_MICROS), micros.rem_euclid(DAY_MICROS));
    let (seconds, fraction) = (rest / 1_000_000, rest % 1_000_000);
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = if fraction == 0 { String::new() } else { format!(".{fraction:06}") };
    format!("{}T{clock}{}Z", format_date(days), fraction.trim_end_matches('0'))
}

pub(crate) fn is_separator(byte: u8) -> bool {
    matches!(byte, b'-' | b'/' | b'.')
}

pub(crate) fn two_digits(tens: u8, ones: u8) -> Option<i64> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| i64::from(tens * 10 + ones))
}

fn parse_fraction(digits: &[u8]) -> Option<i64> {
    let valid = (1..=9).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    valid.then(|| (0..6).fold(0, |micros, i| micros * 10 + digits.get(i).map_or(0, |d| i64::from(d - b'0'))))
}

fn parse_offset(zone: &[u8]) -> Option<i64> {
    let (sign, hours, minutes) = match *zone {
        [] | [b'Z'] => return Some(0),
        [sign, h1, h2] => (sign, two_digits(h1, h2)?, 0),
        [sign, h1, h2, m1, m2] | [sign, h1, h2, b':', m1, m2] => {
            (sign, two_digits(h1, h2)?, two_digits(m1, m2)?)
        }
        _ => return None,
    };
    let micros = (hours * 60 + minutes) * 60_000_000;
    match sign {
        _ if hours > 18 || minutes > 59 => None,
        b'+' => Some(micros),
        b'-' => Some(-micros),
        _ => None,
    }
}

/// Days of the months before, and days of the month, in a year that is no leap year.
const MONTHS: [(u16, u8); 12] = [
    (0, 31),
    (31, 28),
    (59, 31),
    (90, 30),
    (120, 31),
    (151, 30),
    (181, 31),
    (212, 31),
    (243, 30),
    (273, 31),
    (304, 30),
    (334, 31),
];

/// Days since the epoch, of a year from 0 to 9999; `None` if there is no such day.
#[inline(always)]
fn days_of(year: i64, month: i64, day: i64) -> Option<i64> {
    let (year, month, day) = (year as u32, month as u32, day as u32);
    let &(before, length) = MONTHS.get(month.wrapping_sub(1) as usize)?;
    // Without branches: nobody foresees years and months.
    let leap = u32::from((year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0)));
    if day == 0 || day > u32::from(length) + (leap & u32::from(month == 2)) {
        return None;
    }
    // Year 0 has a leap day, and so have those before this one that can be divided by 4, but not by 100, or by 400.
    let days_before = year * 365 + year.div_ceil(4) - year.div_ceil(100) + year.div_ceil(400);
    let day_of_year = u32::from(before) + day - 1 + (leap & u32::from(month > 2));
    Some(i64::from(days_before + day_of_year) - FIRST_DAY)
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn all_ways_read_the_same(
            date in "[0-9]{4}[-./][0-9]{2}[-./][0-9]{2}",
            time in "[T ][0-2][0-9]:[0-5][0-9]:[0-6][0-9]Z?",
            at in 0usize..20,
            other in "[-0-9:/.TZ +x]",
        ) {
            let mut text = (date + &time).into_bytes();
            for damaged in [false, true] {
                prop_assert_eq!(parse_timestamp(&text), parse_any_timestamp(&text));
                prop_assert_eq!(DATE.read(&text), DATE.read_plainly(&text));
                prop_assert_eq!(DATE_AND_TIME.read(&text), DATE_AND_TIME.read_plainly(&text));
                if let Some(byte) = text.get_mut(at).filter(|_| !damaged) {
                    *byte = other.as_bytes()[0];
                }
            }
        }
    }

    #[test]
    fn days_go_round_trip() {
        for days in (-719_528..2_932_896).step_by(17) {
            let parsed = parse_year_first(format_date(days).as_bytes()).unwrap();
            assert_eq!(parsed.micros, days * DAY_MICROS);
            assert_eq!(i64::from(parsed.weekday), (days + 3).rem_euclid(7));
        }
        let leap_day = Moment { micros: 19_782 * DAY_MICROS, month: 1, weekday: 3 };
        assert_eq!(parse_year_first(b"2024/02/29"), Some(leap_day));
    }

    #[test]
    fn what_is_no_day_is_none() {
        for text in ["2023-02-29", "2023-13-01", "2023-00-10", "2023-1-010", "2023-01/01", "20230-1-01"] {
            assert_eq!(parse_year_first(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn timestamps_with_offsets() {
        let check = |text: &str, shown: &str| {
            assert_eq!(
                parse_timestamp(text.as_bytes()).map(|moment| format_timestamp(moment.micros)).as_deref(),
                Some(shown),
                "{text}"
            );
        };
        check("2024-05-06T07:08", "2024-05-06T07:08:00Z");
        check("2024-05-06 07:08:09.25", "2024-05-06T07:08:09.25Z");
        check("2024-05-06T00:08:09+01:30", "2024-05-05T22:38:09Z");
        check("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z");
        for text in [
            "2024-05-06T25:00",
            "2024-05-06T",
            "2024-05-06T10:00+1",
            "2024-05-06T10:00:00.",
            "2024-05-06x10:00",
        ] {
            assert_eq!(parse_timestamp(text.as_bytes()), None, "{text}");
        }
    }
}
