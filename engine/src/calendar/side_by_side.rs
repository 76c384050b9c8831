//! Dates and timestamps of several texts at once, without a branch on what they say, so that the compiler makes vectors
//! of them.

use super::{DAY_MICROS, FIRST_DAY, Moment, date_numbers, timestamp_numbers};
use crate::simd::TEXTS;

/// Points in time, with what a calendar says about their days; see [`Moment`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moments {
    pub(crate) micros: [i64; TEXTS],
    pub(crate) months: [u8; TEXTS],
    pub(crate) weekdays: [u8; TEXTS],
}

impl Moments {
    /// What [`parse_year_first`](super::parse_year_first) reads in each text; `None` if one is no day.
    #[inline(always)]
    pub(crate) fn of_dates<'a>(text_of: impl Fn(usize) -> &'a [u8]) -> Option<Self> {
        Self::of_texts(text_of, date_numbers)
    }

    /// What [`parse_usual_timestamp`](super::parse_usual_timestamp) reads in each text; `None` if one is anything else.
    #[inline(always)]
    pub(crate) fn of_timestamps<'a>(text_of: impl Fn(usize) -> &'a [u8]) -> Option<Self> {
        Self::of_texts(text_of, timestamp_numbers)
    }

    #[inline(always)]
    fn of_texts<'a>(
        text_of: impl Fn(usize) -> &'a [u8],
        numbers_of: impl Fn(&[u8]) -> Option<[u8; 8]>,
    ) -> Option<Self> {
        let mut numbers = [0; TEXTS];
        for (at, numbers) in numbers.iter_mut().enumerate() {
            *numbers = u64::from_le_bytes(numbers_of(text_of(at))?);
        }
        Self::of_numbers(&numbers)
    }

    /// Of century, year in it, month, day, hour, minute and second, a byte each from the lowest.
    #[inline(always)]
    fn of_numbers(numbers: &[u64; TEXTS]) -> Option<Self> {
        let mut moments = Self { micros: [0; TEXTS], months: [0; TEXTS], weekdays: [0; TEXTS] };
        let mut are_valid = true;
        for (at, numbers) in numbers.iter().enumerate() {
            let number = |place: u32| (numbers >> (8 * place)) as u32 & 0xFF;
            let (century, year, month, day) = (number(0), number(1), number(2), number(3));
            let (hour, minute, second) = (number(4), number(5), number(6));
            let starts_century = u32::from(year == 0);
            let leap = u32::from((year + starts_century * century).is_multiple_of(4));
            let is_february = u32::from(month == 2);
            let length = 30 + ((month ^ month >> 3) & 1) - is_february * (2 - leap);
            are_valid &= (month.wrapping_sub(1) < 12) & (day.wrapping_sub(1) < length);
            are_valid &= (hour < 24) & (minute < 60) & (second <= 60);
            // So that nothing overflows where there is no such day.
            let (month, day) = (month.max(1), day.max(1));

            // Of the first years of centuries, only each fourth is a leap year.
            let year = century * 100 + year;
            let centuries = century + 1 - starts_century;
            let days_before_year = year * 365 + year.div_ceil(4) - centuries + centuries.div_ceil(4);
            // Reingold and Dershowitz, *Calendrical Calculations*: as if February had 30 days.
            let after_february = u32::from(month > 2);
            let days_before_month = (367 * month - 362) / 12 - after_february * (2 - leap);
            let days = days_before_year + days_before_month + day - 1;
            let seconds = (hour * 60 + minute) * 60 + second;
            let days_since_epoch = i64::from(days) - FIRST_DAY;
            moments.micros[at] = days_since_epoch * DAY_MICROS + i64::from(seconds) * 1_000_000;
            moments.months[at] = month as u8 - 1;
            moments.weekdays[at] = ((days + 5) % 7) as u8;
        }
        are_valid.then_some(moments)
    }

    /// One of them.
    #[inline]
    pub(crate) fn get(&self, at: usize) -> Moment {
        Moment { micros: self.micros[at], month: self.months[at], weekday: self.weekdays[at] }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{parse_usual_timestamp, parse_year_first};
    use super::*;
    use proptest::prelude::*;

    fn check(texts: &[String; TEXTS]) {
        let text_of = |at: usize| texts[at].as_bytes();
        let all = |moments: Option<Moments>| {
            moments.map(|moments| [0, 1, 2, 3, 4, 5, 6, 7].map(|at| moments.get(at)))
        };
        let each = |parse: fn(&[u8]) -> Option<Moment>| -> Option<Vec<Moment>> {
            texts.iter().map(|text| parse(text.as_bytes())).collect()
        };
        assert_eq!(all(Moments::of_dates(text_of)).map(Vec::from), each(parse_year_first), "{texts:?}");
        assert_eq!(
            all(Moments::of_timestamps(text_of)).map(Vec::from),
            each(parse_usual_timestamp),
            "{texts:?}"
        );
    }

    #[test]
    fn every_day_and_every_number_that_is_none() {
        for year in (0..2500).chain([9999]) {
            for month in 0..=99 {
                let days = if month < 14 { 0..=33 } else { 1..=1 };
                for day in days {
                    let date = format!("{year:04}-{month:02}-{day:02}");
                    let texts = [0; TEXTS].map(|_| date.clone());
                    let expected = parse_year_first(date.as_bytes());
                    let read = Moments::of_dates(|at| texts[at].as_bytes()).map(|moments| moments.get(3));
                    assert_eq!(read, expected, "{date}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn side_by_side_as_one_by_one(
            times in proptest::array::uniform8(
                ("[0-9]{4}-[01][0-9]-[0-3][0-9]", "[T ]([01][0-9]|2[0-4]):[0-5][0-9]:([0-5][0-9]|60)Z?"),
            ),
            damage in proptest::option::of((0..TEXTS, 0usize..21, "[-0-9:/.TZ +xé]")),
        ) {
            for with_time in [false, true] {
                let mut texts = times.clone().map(|(date, time)| if with_time { date + &time } else { date });
                check(&texts);
                // All valid but one at most.
                texts[1..].iter_mut().for_each(|text| text.replace_range(5..10, "12-31"));
                check(&texts);
                if let Some((at, from, other)) = &damage {
                    let from = (*from).min(texts[*at].len());
                    texts[*at].replace_range(from..(from + 1).min(texts[*at].len()), other);
                    check(&texts);
                }
            }
        }
    }
}
