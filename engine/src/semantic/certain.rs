//! Texts of which the shape says for certain that they are addresses of e-mail or telephone numbers: of most the validator
//! need not look at each byte.

use crate::text::shape::{BEYOND, DIGIT, Kinds, LOWER, MIXED, MORE, Shape, UPPER, runs_of};

use super::network::may_be_in_atom;
use super::notation::PHONE_DIGITS;

/// What a text of some shape has to have besides to have its meaning. It is little: there is one for each shape.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Certain {
    /// An address has so many bytes in its last run.
    Email { least_of_last: u16 },
    /// The digits of a telephone number start at this run and byte.
    PhoneNumber { start: u8 },
}

impl Certain {
    /// Of addresses of these kinds; `None` where more than lengths decides: letters, or what the shape does not show.
    pub(super) fn email(kinds: &Kinds) -> Option<Self> {
        let runs = runs_of(kinds);
        let at = runs.iter().position(|&kind| kind == b'@')?;
        let (local, domain) = (&runs[..at], &runs[at + 1..]);
        let last_point = domain.iter().rposition(|&kind| kind == b'.')?;
        let last = &domain[last_point + 1..];
        let mut atoms = local.split(|&kind| kind == b'.');
        let mut labels = domain.split(|&kind| kind == b'.');
        let are_addresses = !runs.contains(&MORE)
            && atoms.all(|atom| !atom.is_empty() && atom.iter().all(|&kind| is_of_atom(kind)))
            && labels.all(is_label)
            && last.iter().all(|kind| [UPPER, LOWER, BEYOND].contains(kind));
        // The last label has two letters at least: as many runs, or one that is long enough.
        are_addresses.then_some(Self::Email { least_of_last: if last.len() == 1 { 2 } else { 1 } })
    }

    /// Of telephone numbers of these kinds; `None` of any other.
    pub(super) fn phone_number(kinds: &Kinds) -> Option<Self> {
        let runs = runs_of(kinds);
        let start = runs.iter().position(|&kind| kind == DIGIT)?;
        let are_numbers = matches!(&runs[..start], b"+" | b"(+")
            && runs[start..].iter().all(|&kind| kind == DIGIT || b" -.()/".contains(&kind))
            && runs.last() == Some(&DIGIT);
        are_numbers.then_some(Self::PhoneNumber { start: start as u8 })
    }

    /// A text of this shape has the meaning.
    #[inline(always)]
    pub(crate) fn holds(self, shape: &Shape, text: &[u8]) -> bool {
        let runs = shape.kinds.iter().zip(&shape.lens);
        match self {
            // Single points, and one `@`.
            Self::Email { least_of_last } => {
                let is_fit = |(&kind, &len): (&u8, &u16)| (kind != b'.') & (kind != b'@') | (len == 1);
                runs.fold(true, |all, run| all & is_fit(run)) & (shape.lens[shape.len - 1] >= least_of_last)
            }
            Self::PhoneNumber { start } => {
                let start = usize::from(start);
                let digits = |(&kind, &len): (&u8, &u16)| if kind == DIGIT { len } else { 0 };
                let count = runs.fold(0, |count, run| count + digits(run));
                // `++` is one run.
                let starts_well = shape.lens[..start].iter().all(|&len| len == 1) && text[start] != b'0';
                PHONE_DIGITS.contains(&count.into()) && starts_well
            }
        }
    }
}

/// Letters and digits, with hyphens between them.
fn is_label(runs: &[u8]) -> bool {
    let is_hyphen = |run: Option<&u8>| run.is_none_or(|&kind| kind == b'-');
    let are_of_label = runs.iter().all(|&kind| is_alphanumeric(kind) || kind == b'-');
    are_of_label && !is_hyphen(runs.first()) && !is_hyphen(runs.last())
}

fn is_of_atom(kind: u8) -> bool {
    is_alphanumeric(kind) || may_be_in_atom(kind)
}

fn is_alphanumeric(kind: u8) -> bool {
    [UPPER, LOWER, DIGIT, MIXED, BEYOND].contains(&kind)
}
