//! What the values of a column are taken for: a dominant type with its exceptions, a meaning beyond the type, the
//! reading of dates, the order.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::column::DataType;
use super::figure::whole_as_integer;

/// The type of nearly all values of a column that is text only because of the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DominantType {
    /// The narrowest type that covers at least 95 % of the values.
    #[serde(rename = "type")]
    pub data_type: DataType,
    /// Share of the values that it covers.
    #[serde(serialize_with = "whole_as_integer")]
    pub share: f64,
    /// Number of values that it does not cover.
    pub exceptions: u64,
    /// The first places of the first ten different ones.
    pub examples: Vec<ValuePlace>,
}

/// Where a value is first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ValuePlace {
    /// Byte of the file at which its cell starts.
    pub byte_offset: u64,
    /// Number of its record, the first after the header being 1; among the rows that are read so far.
    pub row: u64,
    /// The value; over 64 bytes its head, followed by `…`.
    pub value: String,
}

/// What at least 95 % of the values mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SemanticType {
    /// The meaning.
    pub name: Meaning,
    /// Number of values that have it: each was looked at.
    pub count: u64,
    /// Share of the values.
    #[serde(serialize_with = "whole_as_integer")]
    pub share: f64,
}

/// A meaning beyond the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Meaning {
    /// An e-mail address.
    Email,
    /// `scheme://host…` of a usual scheme.
    Url,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
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
    CountryAlpha2,
    /// A country code of three letters.
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

impl Meaning {
    /// All meanings, in the order of their numbers.
    pub const ALL: [Self; 17] = [
        Self::Email,
        Self::Url,
        Self::Ipv4,
        Self::Ipv6,
        Self::MacAddress,
        Self::PhoneNumber,
        Self::CurrencyAmount,
        Self::Percentage,
        Self::CountryAlpha2,
        Self::CountryAlpha3,
        Self::Json,
        Self::Hash,
        Self::Iban,
        Self::GeoPoint,
        Self::Wkt,
        Self::CompactDate,
        Self::Uuid,
    ];
}

/// What is known of the dates and timestamps of a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DateFacts {
    /// Which of the two numbers before the year is the day; absent if no date has that form.
    pub day_month_order: Option<DayMonthOrder>,
    /// Dates whose first number is above 12: with the month first they are no days.
    pub day_first: u64,
    /// Dates whose second number is above 12: with the day first they are no days.
    pub month_first: u64,
    /// Dates that are a day in both readings, and not the same one.
    pub ambiguous: u64,
    /// Dates of two equal numbers: the same day in both readings.
    pub either_way: u64,
    /// Dates whose year has two digits, which leave the century open.
    pub two_digit_years: u64,
    /// Dates by month, from January; empty if not all are certain.
    pub months: Vec<u64>,
    /// Dates by day of the week, from Monday; empty if not all are certain.
    pub weekdays: Vec<u64>,
}

/// Which of two numbers before the year is the day, judged by all dates of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DayMonthOrder {
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SortOrder {
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
