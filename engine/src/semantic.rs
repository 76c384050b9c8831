//! What texts may mean: e-mail addresses, URLs, telephone numbers and the like. The shape of a text says which
//! meanings it is worth to look at; a validator then reads the value itself. A meaning is a property of single values
//! here; whether a *column* has it is decided from the counts of all of them.

use serde::{Deserialize, Serialize};

use crate::text::shape::{BEYOND, DIGIT, LOWER, MIXED, MORE, Shape, UPPER, runs_of};

mod country;
mod json;
mod network;
mod notation;

/// What a text may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Meaning {
    /// `local@domain.tld`: a dot-atom of RFC 5322 §3.2.3 at a domain name with a dot.
    Email,
    /// `scheme://host…` of the usual schemes (RFC 3986).
    Url,
    /// Four numbers up to 255 without leading zeros.
    Ipv4,
    /// RFC 4291 §2.2.
    Ipv6,
    /// Six pairs of hexadecimal digits with `:` or `-` between.
    Mac,
    /// `+` and 7 to 15 digits (E.164), with blanks, hyphens, dots, brackets or slashes between.
    Phone,
    /// An amount with a currency sign or ISO 4217 code before or after it.
    Currency,
    /// A number and `%`.
    Percent,
    /// An officially assigned ISO 3166-1 code of two capital letters.
    CountryAlpha2,
    /// Of three.
    CountryAlpha3,
    /// A JSON object or array (RFC 8259).
    Json,
    /// 32, 40 or 64 hexadecimal digits: MD5, SHA-1, SHA-256.
    Hash,
    /// ISO 13616: country, check digits that are right, up to 30 letters and digits.
    Iban,
    /// Latitude and longitude in degrees, with decimals, a comma between.
    GeoPoint,
    /// Well-known text of a geometry.
    Wkt,
    /// `YYYYMMDD`, a day from 1800 to 2199. An integer too: that it is a date is only likely where all values are.
    CompactDate,
}

/// Number of meanings.
pub const MEANINGS: usize = Meaning::ALL.len();

impl Meaning {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 16] = [
        Self::Email,
        Self::Url,
        Self::Ipv4,
        Self::Ipv6,
        Self::Mac,
        Self::Phone,
        Self::Currency,
        Self::Percent,
        Self::CountryAlpha2,
        Self::CountryAlpha3,
        Self::Json,
        Self::Hash,
        Self::Iban,
        Self::GeoPoint,
        Self::Wkt,
        Self::CompactDate,
    ];

    /// The value has this meaning.
    fn is_of(self, text: &[u8]) -> bool {
        match self {
            Self::Email => network::is_email(text),
            Self::Url => network::is_url(text),
            Self::Ipv4 => network::is_ipv4(text),
            Self::Ipv6 => network::is_ipv6(text),
            Self::Mac => network::is_mac(text),
            Self::Phone => notation::is_phone(text),
            Self::Currency => notation::is_currency(text),
            Self::Percent => notation::is_percent(text),
            Self::CountryAlpha2 => country::is_alpha_2(text),
            Self::CountryAlpha3 => country::is_alpha_3(text),
            Self::Json => json::is_object_or_array(text),
            Self::Hash => notation::is_hash(text),
            Self::Iban => notation::is_iban(text),
            Self::GeoPoint => notation::is_geo_point(text),
            Self::Wkt => notation::is_wkt(text),
            Self::CompactDate => notation::is_compact_date(text),
        }
    }

    /// A text of these kinds of characters may have this meaning.
    fn may_have(self, kinds: &[u8]) -> bool {
        let has = |kind: u8| kinds.contains(&kind);
        let only = |set: &[u8]| kinds.iter().all(|kind| set.contains(kind));
        let starts = |with: &[u8]| with.contains(&kinds[0]);
        let ends = |with: &[u8]| with.contains(&kinds[kinds.len() - 1]);
        match self {
            Self::Email => (has(b'@') || has(MORE)) && !has(b' '),
            Self::Url => kinds.windows(2).take(6).any(|pair| pair == b":/") && starts(&[LOWER, UPPER, MIXED]),
            Self::Ipv4 => kinds == b"9.9.9.9",
            Self::Ipv6 => has(b':') && only(&[DIGIT, LOWER, UPPER, MIXED, b':', b'.', MORE]),
            Self::Mac => only(&[DIGIT, LOWER, UPPER, b':', MORE]) || only(&[DIGIT, LOWER, UPPER, b'-', MORE]),
            Self::Phone => starts(b"+(") && has(DIGIT) && only(b"+9 -()./"),
            Self::Currency => {
                (has(b'$') || has(BEYOND) || has(UPPER))
                    && has(DIGIT)
                    && only(&[DIGIT, BEYOND, UPPER, b'$', b' ', b',', b'.', b'-', b'+', b'\''])
            }
            Self::Percent => ends(b"%") && has(DIGIT) && only(b"9.,-+ %"),
            Self::CountryAlpha2 | Self::CountryAlpha3 => kinds == [UPPER],
            Self::Json => starts(b"{["),
            Self::Hash => only(&[MIXED, DIGIT, LOWER, UPPER]) && (has(MIXED) || has(DIGIT)),
            Self::Iban => {
                starts(&[UPPER, MIXED]) && only(&[UPPER, DIGIT, MIXED, b' ']) && kinds.len() > 1
                    || kinds == [MIXED]
            }
            Self::GeoPoint => has(b',') && has(b'.') && only(b"9.,- "),
            Self::Wkt => starts(&[UPPER, LOWER]) && has(b'(') && (ends(b")") || has(MORE)),
            Self::CompactDate => kinds == [DIGIT],
        }
    }
}

/// Meanings, a bit each: of a shape those that its texts may have, of a text those that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidates(u16);

impl Candidates {
    /// What texts of this shape may mean.
    pub(crate) fn of_shape(shape: &Shape) -> Self {
        let kinds = runs_of(&shape.kinds);
        let possible = Meaning::ALL.into_iter().filter(|meaning| meaning.may_have(kinds));
        Self(possible.fold(0, |bits, meaning| bits | 1 << meaning as u8))
    }

    /// Those of the candidates that the text has.
    #[inline]
    pub(crate) fn confirmed(self, text: &[u8]) -> Self {
        let (mut confirmed, mut left) = (0, self.0);
        while left != 0 {
            let at = left.trailing_zeros();
            left &= left - 1;
            confirmed |= u16::from(Meaning::ALL[at as usize].is_of(text)) << at;
        }
        Self(confirmed)
    }

    #[inline]
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// How many values have each meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Semantics([u64; MEANINGS]);

impl Semantics {
    /// Counts `weight` values with these meanings.
    #[inline]
    pub(crate) fn add(&mut self, meanings: Candidates, weight: u64) {
        let mut bits = meanings.0;
        while bits != 0 {
            self.0[bits.trailing_zeros() as usize] += weight;
            bits &= bits - 1;
        }
    }

    /// Counts values that are a boolean by themselves, and may be a country among others.
    pub(crate) fn add_short(&mut self, text: &[u8], weight: u64) {
        let is_country = Meaning::CountryAlpha2.is_of(text);
        self.0[Meaning::CountryAlpha2 as usize] += if is_country { weight } else { 0 };
    }

    /// Counts integers of eight digits, which may be dates.
    #[inline]
    pub(crate) fn add_compact_date(&mut self, text: &[u8], weight: u64) {
        let is_date = matches!(text[0], b'1' | b'2') && Meaning::CompactDate.is_of(text);
        self.0[Meaning::CompactDate as usize] += if is_date { weight } else { 0 };
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(mine, theirs)| *mine += theirs);
    }

    /// Each meaning with the number of values that have it.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Meaning, u64)> {
        Meaning::ALL.into_iter().zip(self.0)
    }
}

#[cfg(test)]
#[path = "semantic_tests.rs"]
mod tests;
