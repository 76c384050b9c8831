//! Dates that end with the year. Day and month before it come in either order where both are numbers, which one value
//! cannot settle: all readings are kept. Where the month is a name there is one reading.

use super::{Moment, is_separator, parse_time_of_day, two_digits};

/// A date of two numbers and a year, perhaps with a time of day, that is a day in at least one of two readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct YearLast {
    first: u8,
    second: u8,
    /// `None` if it has two digits: its century is not known.
    year: Option<u16>,
    /// Microseconds since midnight.
    time: i64,
}

/// What a [`YearLast`] says about the order of day and month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The first number is no month.
    DayFirst,
    /// The second number is no month.
    MonthFirst,
    /// Both can be, and the readings are different days.
    Ambiguous,
    /// Both are the same number: one day, whatever the order.
    Same,
}

impl YearLast {
    /// Of a date with one or two digits each for day and month and four for the year, or two for each, with `-`, `/` or
    /// `.` between; perhaps a blank (or `T`) and a time of day, perhaps `AM` or `PM`.
    #[inline]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (first, after_first) = one_or_two_digits(text)?;
        let (&separator, rest) = after_first.split_first()?;
        let (second, after_second) = one_or_two_digits(rest)?;
        let (&same, rest) = after_second.split_first()?;
        if separator != same || !is_separator(separator) {
            return None;
        }
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let year = match (
            &rest[..digits],
            after_first.len() + 2 == text.len(),
            after_second.len() + 3 == after_first.len(),
        ) {
            ([y1, y2, y3, y4], ..) => Some((two_digits(*y1, *y2)? * 100 + two_digits(*y3, *y4)?) as u16),
            // With fewer digits it is rather the number of a version or a section.
            ([_, _], true, true) => None,
            _ => return None,
        };
        let time = match &rest[digits..] {
            [] => 0,
            [b' ' | b'T', time @ ..] => parse_clock(time)?,
            _ => return None,
        };
        let date = Self { first, second, year, time };
        (date.is_day(first, second) || date.is_day(second, first)).then_some(date)
    }

    /// The reading in which the day comes first; `None` if that is no day, or its century is not known.
    pub fn day_first(&self) -> Option<Moment> {
        self.moment(self.first, self.second)
    }

    /// The reading in which the month comes first, likewise.
    pub fn month_first(&self) -> Option<Moment> {
        self.moment(self.second, self.first)
    }

    /// The year has two digits.
    pub fn is_short(&self) -> bool {
        self.year.is_none()
    }

    /// What it says about the order.
    pub fn evidence(&self) -> Evidence {
        match (self.is_day(self.first, self.second), self.is_day(self.second, self.first)) {
            (true, false) => Evidence::DayFirst,
            (false, _) => Evidence::MonthFirst,
            (true, true) if self.first == self.second => Evidence::Same,
            (true, true) => Evidence::Ambiguous,
        }
    }

    fn is_day(&self, day: u8, month: u8) -> bool {
        // A leap year, where the century is not known.
        Moment::of_day(self.year.unwrap_or(2000).into(), month.into(), day.into()).is_some()
    }

    fn moment(&self, day: u8, month: u8) -> Option<Moment> {
        Moment::of_day(self.year?.into(), month.into(), day.into()).map(|date| date.plus(self.time))
    }
}

#[inline]
fn one_or_two_digits(text: &[u8]) -> Option<(u8, &[u8])> {
    match *text {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9', ref rest @ ..] => {
            Some(((tens - b'0') * 10 + ones - b'0', rest))
        }
        [ones @ b'0'..=b'9', ref rest @ ..] => Some((ones - b'0', rest)),
        _ => None,
    }
}

/// A time of day of 24 hours, or of 12 with `AM` or `PM` after it.
fn parse_clock(text: &[u8]) -> Option<i64> {
    const HOUR: i64 = 3_600_000_000;
    let Some((time, half)) =
        text.split_last_chunk::<2>().filter(|(_, half)| half[1].eq_ignore_ascii_case(&b'M'))
    else {
        return parse_padded(text);
    };
    let time = parse_padded(time.strip_suffix(b" ").unwrap_or(time))?;
    let in_half = time % (12 * HOUR);
    match half[0].to_ascii_uppercase() {
        _ if !(HOUR..13 * HOUR).contains(&time) => None,
        b'A' => Some(in_half),
        b'P' => Some(in_half + 12 * HOUR),
        _ => None,
    }
}

/// A time of day whose hour may have one digit.
fn parse_padded(text: &[u8]) -> Option<i64> {
    if text.get(1) != Some(&b':') || text.len() > 20 {
        return parse_time_of_day(text);
    }
    let mut padded = [b'0'; 21];
    padded[1..=text.len()].copy_from_slice(text);
    parse_time_of_day(&padded[..=text.len()])
}

const MONTHS: [&[u8]; 12] = [
    b"january",
    b"february",
    b"march",
    b"april",
    b"may",
    b"june",
    b"july",
    b"august",
    b"september",
    b"october",
    b"november",
    b"december",
];

/// A date whose month is an English name or its first three letters (`Sept` too), in any case: `31 Jan 2024`,
/// `31-JAN-2024`, `1. January 2024`, `Jan 31, 2024`.
pub fn parse_named(text: &[u8]) -> Option<Moment> {
    if text.len() > 20 {
        return None;
    }
    let mut parts = text.split(|byte| b" -/.,".contains(byte)).filter(|part| !part.is_empty());
    let (first, second, year) = (parts.next()?, parts.next()?, parts.next()?);
    let [y1, y2, y3, y4] = *year else { return None };
    let (day, name) = if first[0].is_ascii_digit() { (first, second) } else { (second, first) };
    let (day, rest) = one_or_two_digits(day)?;
    if !rest.is_empty() || parts.next().is_some() {
        return None;
    }
    Moment::of_day(two_digits(y1, y2)? * 100 + two_digits(y3, y4)?, month_of(name)?, day.into())
}

/// The number of the month with this name.
fn month_of(name: &[u8]) -> Option<i64> {
    let is_it = |month: &&[u8]| {
        let is_start = |len: usize| name.eq_ignore_ascii_case(&month[..len]);
        match name.len() {
            3 => is_start(3),
            4 => is_start(4) && (month.len() == 4 || **month == *b"september"),
            len => len == month.len() && is_start(len),
        }
    };
    MONTHS.iter().position(|month| month.len() >= name.len() && is_it(month)).map(|month| month as i64 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::format_timestamp;

    fn readings(text: &str) -> Option<(Option<String>, Option<String>, Evidence)> {
        let date = YearLast::parse(text.as_bytes())?;
        let shown = |moment: Option<Moment>| moment.map(|moment| format_timestamp(moment.micros));
        Some((shown(date.day_first()), shown(date.month_first()), date.evidence()))
    }

    fn check(text: &str, day_first: Option<&str>, month_first: Option<&str>, evidence: Evidence) {
        let shown = |date: Option<&str>| date.map(|date| format!("{date}Z"));
        assert_eq!(readings(text), Some((shown(day_first), shown(month_first), evidence)), "{text}");
    }

    #[test]
    fn both_readings_are_kept() {
        check("31/12/2020", Some("2020-12-31T00:00:00"), None, Evidence::DayFirst);
        check("12-31-2020", None, Some("2020-12-31T00:00:00"), Evidence::MonthFirst);
        check("3.4.2024", Some("2024-04-03T00:00:00"), Some("2024-03-04T00:00:00"), Evidence::Ambiguous);
        check("05/05/2024", Some("2024-05-05T00:00:00"), Some("2024-05-05T00:00:00"), Evidence::Same);
        check("29/02/2024 23:59:01", Some("2024-02-29T23:59:01"), None, Evidence::DayFirst);
        check("1/31/2024 1:05 PM", None, Some("2024-01-31T13:05:00"), Evidence::MonthFirst);
        check("31.01.2024 12:00 am", Some("2024-01-31T00:00:00"), None, Evidence::DayFirst);
        check("31.12.99", None, None, Evidence::DayFirst);
    }

    #[test]
    fn what_is_no_day_in_any_reading_is_none() {
        for text in [
            "31/31/2020",
            "29/02/2023",
            "0/1/2020",
            "1/2/24",
            "1.2.3",
            "10.12",
            "01/02-2020",
            "1/2/20240",
            "31/12/2020x",
            "1/31/2024 13:05 PM",
            "1/31/2024 0:05 AM",
            "31/12/2020 ",
            "31/12/2020 25:00",
        ] {
            assert_eq!(readings(text), None, "{text}");
        }
    }

    #[test]
    fn months_by_name() {
        let check = |text: &str, shown: Option<&str>| {
            let found = parse_named(text.as_bytes()).map(|moment| format_timestamp(moment.micros));
            assert_eq!(found, shown.map(|date| format!("{date}T00:00:00Z")), "{text}");
        };
        check("31 Jan 2024", Some("2024-01-31"));
        check("1-SEP-1999", Some("1999-09-01"));
        check("3. Sept. 1999", Some("1999-09-03"));
        check("February 29, 2024", Some("2024-02-29"));
        check("12 December 2023", Some("2023-12-12"));
        for text in [
            "29 Feb 2023",
            "Jan 2024",
            "31 Jan 24",
            "32 Jan 2024",
            "1 Janu 2024",
            "1 M 2024",
            "May 5 2024 x",
            "5 June4 2024",
        ] {
            check(text, None);
        }
    }
}
