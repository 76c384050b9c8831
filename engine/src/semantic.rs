//! What texts may mean: e-mail addresses, URLs, telephone numbers and the like. The shape of a text says which
//! meanings it is worth to look at; a validator then reads the value itself. A meaning is a property of single values
//! here; whether a *column* has it is decided from the counts of all of them.

use data_inspector_domain::profile::Meaning;
use serde::{Deserialize, Serialize};

use crate::text::shape::{BEYOND, DIGIT, Kinds, LOWER, MIXED, MORE, Shape, UPPER, runs_of};

mod certain;
mod country;
mod json;
mod network;
mod notation;

pub(crate) use certain::Certain;

/// The value has this meaning.
fn is_of(meaning: Meaning, text: &[u8]) -> bool {
    match meaning {
        Meaning::Email => network::is_email(text),
        Meaning::Url => network::is_url(text),
        Meaning::Ipv4 => network::is_ipv4(text),
        Meaning::Ipv6 => network::is_ipv6(text),
        Meaning::MacAddress => network::is_mac(text),
        Meaning::PhoneNumber => notation::is_phone(text),
        Meaning::CurrencyAmount => notation::is_currency(text),
        Meaning::Percentage => notation::is_percent(text),
        Meaning::CountryAlpha2 => country::is_alpha_2(text),
        Meaning::CountryAlpha3 => country::is_alpha_3(text),
        Meaning::Json => json::is_object_or_array(text),
        Meaning::Hash => notation::is_hash(text),
        Meaning::Iban => notation::is_iban(text),
        Meaning::GeoPoint => notation::is_geo_point(text),
        Meaning::Wkt => notation::is_wkt(text),
        Meaning::CompactDate => notation::is_compact_date(text),
        // A type of its own.
        Meaning::Uuid => false,
    }
}

/// Kinds of characters, a bit each.
#[derive(Clone, Copy)]
struct KindSet(u128);

impl KindSet {
    const fn of(kinds: &[u8]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < kinds.len() {
            bits |= 1
                << match kinds[at] {
                    // No kind is 0, and no meaning has control characters, so that these can be one bit.
                    BEYOND => 0,
                    1 | 2 => 1,
                    MORE => 2,
                    kind => kind,
                };
            at += 1;
        }
        Self(bits)
    }

    const fn has(self, kind: u8) -> bool {
        self.0 & Self::of(&[kind]).0 != 0
    }

    const fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }
}

/// A text of these kinds of characters may have this meaning.
fn may_have(meaning: Meaning, kinds: &[u8], set: KindSet) -> bool {
    let starts = |with: &[u8]| with.contains(&kinds[0]);
    let ends = |with: u8| with == kinds[kinds.len() - 1];
    macro_rules! only {
        ($set:expr) => {
            set.is_within(const { KindSet::of($set) })
        };
    }
    match meaning {
        Meaning::Email => (set.has(b'@') || set.has(MORE)) && !set.has(b' '),
        Meaning::Url => {
            set.has(b':')
                && kinds.windows(2).take(6).any(|pair| pair == b":/")
                && starts(&[LOWER, UPPER, MIXED])
        }
        Meaning::Ipv4 => kinds == b"9.9.9.9",
        Meaning::Ipv6 => set.has(b':') && only!(&[DIGIT, LOWER, UPPER, MIXED, b':', b'.', MORE]),
        Meaning::MacAddress => {
            only!(&[DIGIT, LOWER, UPPER, b':', MORE]) || only!(&[DIGIT, LOWER, UPPER, b'-', MORE])
        }
        Meaning::PhoneNumber => {
            starts(b"+(") && set.has(DIGIT) && only!(&[DIGIT, MORE, b'+', b' ', b'-', b'(', b')', b'.', b'/'])
        }
        Meaning::CurrencyAmount => {
            (set.has(b'$') || set.has(BEYOND) || set.has(UPPER))
                && set.has(DIGIT)
                && only!(&[DIGIT, BEYOND, UPPER, b'$', b' ', b',', b'.', b'-', b'+', b'\''])
        }
        Meaning::Percentage => ends(b'%') && set.has(DIGIT) && only!(b"9.,-+ %"),
        Meaning::CountryAlpha2 | Meaning::CountryAlpha3 => kinds == [UPPER],
        Meaning::Json => starts(b"{["),
        Meaning::Hash => only!(&[MIXED, DIGIT, LOWER, UPPER]) && (set.has(MIXED) || set.has(DIGIT)),
        Meaning::Iban => {
            starts(&[UPPER, MIXED]) && only!(&[UPPER, DIGIT, MIXED, b' ', MORE]) && kinds.len() > 1
                || kinds == [MIXED]
        }
        Meaning::GeoPoint => set.has(b',') && set.has(b'.') && only!(b"9.,- "),
        Meaning::Wkt => starts(&[UPPER, LOWER]) && set.has(b'(') && (ends(b')') || set.has(MORE)),
        Meaning::CompactDate => kinds == [DIGIT],
        Meaning::Uuid => false,
    }
}

/// Small letters and blanks, and nothing that well-known text or JSON has: texts of these kinds have no meaning, and there
/// are many such shapes.
fn is_prose(kinds: &Kinds) -> bool {
    let has = |wanted: u8| kinds.iter().fold(false, |has, &kind| has | (kind == wanted));
    has(LOWER) & has(b' ') & !has(b'(') && !b"{[".contains(&kinds[0])
}

/// Meanings, a bit each: of a shape those that its texts may have, of a text those that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidates(u32);

impl Candidates {
    /// What texts of this shape may mean.
    pub(crate) fn of_shape(shape: &Shape) -> Self {
        if is_prose(&shape.kinds) {
            return Self(0);
        }
        let kinds = runs_of(&shape.kinds);
        let set = KindSet::of(kinds);
        let possible = Meaning::ALL.into_iter().filter(|&meaning| may_have(meaning, kinds, set));
        Self(possible.fold(0, |bits, meaning| bits | 1 << meaning as u8))
    }

    /// When a text of these kinds has the meaning, if there is only one that it may have and the shape decides it.
    pub(crate) fn certain(self, kinds: &Kinds) -> Option<Certain> {
        const EMAIL: u32 = 1 << Meaning::Email as u32;
        const PHONE_NUMBER: u32 = 1 << Meaning::PhoneNumber as u32;
        match self.0 {
            EMAIL => Certain::email(kinds),
            PHONE_NUMBER => Certain::phone_number(kinds),
            _ => None,
        }
    }

    /// Those of the candidates that the text has.
    #[inline]
    pub(crate) fn confirmed(self, text: &[u8]) -> Self {
        let (mut confirmed, mut left) = (0, self.0);
        while left != 0 {
            let at = left.trailing_zeros();
            left &= left - 1;
            confirmed |= u32::from(is_of(Meaning::ALL[at as usize], text)) << at;
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
pub struct Semantics([u64; Meaning::ALL.len()]);

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
        let is_country = is_of(Meaning::CountryAlpha2, text);
        self.0[Meaning::CountryAlpha2 as usize] += if is_country { weight } else { 0 };
    }

    /// Counts integers of eight digits, which may be dates.
    #[inline]
    pub(crate) fn add_compact_date(&mut self, text: &[u8], weight: u64) {
        let is_date = matches!(text[0], b'1' | b'2') && is_of(Meaning::CompactDate, text);
        self.0[Meaning::CompactDate as usize] += if is_date { weight } else { 0 };
    }

    /// Counts values of the type that is a meaning.
    pub(crate) fn add_uuid(&mut self, weight: u64) {
        self.0[Meaning::Uuid as usize] += weight;
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
