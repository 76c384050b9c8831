//! What the values of a column are taken for beyond their type.

use async_graphql::{Enum, SimpleObject};
use data_inspector_domain::profile;

use super::DataType;
use crate::graphql::scalar::Long;

/// The type of nearly all values of a column that is text only because of the others.
#[derive(SimpleObject)]
pub(super) struct DominantType {
    /// The narrowest type that covers at least 95 % of the values.
    #[graphql(name = "type")]
    data_type: DataType,
    /// Share of the values that it covers, 0 to 1.
    share: f64,
    /// Number of values that it does not cover.
    exceptions: Long,
    /// The first places of the first ten different ones.
    examples: Vec<ValuePlace>,
}

/// Where a value is first.
#[derive(SimpleObject)]
struct ValuePlace {
    /// Byte of the file at which its cell starts.
    byte_offset: Long,
    /// Number of its record, the first after the header being 1; among the rows that are read so far.
    row: Long,
    /// The value; over 64 bytes its head. Null for whoever may not see values.
    value: Option<String>,
}

/// What at least 95 % of the values mean.
#[derive(SimpleObject)]
pub(super) struct SemanticType {
    /// The meaning.
    name: ValueMeaning,
    /// Number of values that have it: each was looked at.
    count: Long,
    /// Share of the values, 0 to 1.
    share: f64,
}

/// A meaning beyond the type.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "profile::Meaning")]
enum ValueMeaning {
    /// An e-mail address.
    Email,
    /// `scheme://host…` of a usual scheme.
    Url,
    /// An IPv4 address.
    #[graphql(name = "IPV4")]
    Ipv4,
    /// An IPv6 address.
    #[graphql(name = "IPV6")]
    Ipv6,
    /// A MAC address, six pairs of hexadecimal digits.
    MacAddress,
    /// A telephone number that begins with `+`.
    PhoneNumber,
    /// An amount with its currency.
    CurrencyAmount,
    /// A number and `%`.
    Percentage,
    /// A country code of two letters, ISO 3166-1.
    #[graphql(name = "COUNTRY_ALPHA2")]
    CountryAlpha2,
    /// A country code of three letters.
    #[graphql(name = "COUNTRY_ALPHA3")]
    CountryAlpha3,
    /// A JSON object or array.
    Json,
    /// 32, 40 or 64 hexadecimal digits: MD5, SHA-1 or SHA-256.
    Hash,
    /// An international bank account number whose check digits are right.
    Iban,
    /// Latitude and longitude.
    GeoPoint,
    /// A geometry as well-known text.
    Wkt,
    /// `YYYYMMDD`.
    CompactDate,
    /// A UUID.
    Uuid,
}

/// What is known of the dates and timestamps of a column.
#[derive(SimpleObject)]
pub(super) struct DateFacts {
    /// Which of the two numbers before the year is the day; null if no date has that form.
    day_month_order: Option<DayMonthOrder>,
    /// Dates whose first number is above 12: with the month first they are no days.
    day_first: Long,
    /// Dates whose second number is above 12: with the day first they are no days.
    month_first: Long,
    /// Dates that are a day in both readings, and not the same one.
    ambiguous: Long,
    /// Dates of two equal numbers: the same day in both readings.
    either_way: Long,
    /// Dates whose year has two digits, which leave the century open.
    two_digit_years: Long,
    /// Dates by month, from January; empty if not all are certain.
    months: Vec<Long>,
    /// Dates by day of the week, from Monday; empty if not all are certain.
    weekdays: Vec<Long>,
}

/// Which of two numbers before the year is the day, judged by all dates of a column.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "profile::DayMonthOrder")]
enum DayMonthOrder {
    /// The first: at least one date proves it, and none the contrary.
    ProvedDayFirst,
    /// The second, likewise.
    ProvedMonthFirst,
    /// Both are proved: the column mixes the two.
    Mixed,
    /// No date proves either.
    Ambiguous,
}

/// The order of the values of a column down the file; nulls are passed over.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "profile::SortOrder")]
pub(super) enum SortOrder {
    /// Each value is larger than the one before.
    StrictlyIncreasing,
    /// No value is smaller than the one before.
    Increasing,
    /// Each value is smaller than the one before.
    StrictlyDecreasing,
    /// No value is larger than the one before.
    Decreasing,
    /// All values are the same.
    Constant,
    /// None of these.
    Unsorted,
}

impl DominantType {
    /// As it is shown to whoever may see values, or may not.
    pub(super) fn new(dominant: &profile::DominantType, shows_values: bool) -> Self {
        let place = |place: &profile::ValuePlace| ValuePlace {
            byte_offset: place.byte_offset.into(),
            row: place.row.into(),
            value: shows_values.then(|| place.value.clone()),
        };
        Self {
            data_type: dominant.data_type.into(),
            share: dominant.share,
            exceptions: dominant.exceptions.into(),
            examples: dominant.examples.iter().map(place).collect(),
        }
    }
}

impl From<&profile::SemanticType> for SemanticType {
    fn from(semantic: &profile::SemanticType) -> Self {
        Self { name: semantic.name.into(), count: semantic.count.into(), share: semantic.share }
    }
}

impl From<&profile::DateFacts> for DateFacts {
    fn from(facts: &profile::DateFacts) -> Self {
        let counts = |counts: &[u64]| counts.iter().map(|&count| count.into()).collect();
        Self {
            day_month_order: facts.day_month_order.map(DayMonthOrder::from),
            day_first: facts.day_first.into(),
            month_first: facts.month_first.into(),
            ambiguous: facts.ambiguous.into(),
            either_way: facts.either_way.into(),
            two_digit_years: facts.two_digit_years.into(),
            months: counts(&facts.months),
            weekdays: counts(&facts.weekdays),
        }
    }
}
