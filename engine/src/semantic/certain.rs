//! Texts of which the shape says for certain that they are addresses of e-mail: of most the validator need not look at
//! each byte.

use crate::text::shape::{BEYOND, DIGIT, Kinds, LOWER, MIXED, MORE, RUNS, UPPER, runs_of};

use super::network::may_be_in_atom;

/// Within these lengths of its runs, every text of a shape is an address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LensOfEmail {
    least: [u16; RUNS],
    most: [u16; RUNS],
}

impl LensOfEmail {
    /// `None` where it depends on more than lengths: on letters, or on what the shape does not show.
    pub(super) fn of_kinds(kinds: &Kinds) -> Option<Self> {
        let runs = runs_of(kinds);
        let at = runs.iter().position(|&kind| kind == b'@')?;
        let (local, domain) = (&runs[..at], &runs[at + 1..]);
        let last_point = domain.iter().rposition(|&kind| kind == b'.')?;
        let last = &domain[last_point + 1..];
        let atoms = || local.split(|&kind| kind == b'.');
        let labels = || domain.split(|&kind| kind == b'.');
        let are_addresses = !runs.contains(&MORE)
            && atoms().all(|atom| !atom.is_empty() && atom.iter().all(|&kind| is_of_atom(kind)))
            && labels().all(is_label)
            && last.iter().all(|kind| [UPPER, LOWER, BEYOND].contains(kind));
        if !are_addresses {
            return None;
        }
        let mut lens = Self { least: [0; RUNS], most: [u16::MAX; RUNS] };
        for (most, kind) in lens.most.iter_mut().zip(runs) {
            if matches!(kind, b'@' | b'.') {
                *most = 1;
            }
        }
        // The last label has two letters at least: as many runs, or one that is long enough.
        if last.len() == 1 {
            lens.least[runs.len() - 1] = 2;
        }
        Some(lens)
    }

    /// A text of the shape with these lengths of runs is an address.
    #[inline(always)]
    pub(crate) fn have(&self, lens: &[u16; RUNS]) -> bool {
        let are_within = |(len, (least, most)): (&u16, (&u16, &u16))| (least <= len) & (len <= most);
        lens.iter().zip(self.least.iter().zip(&self.most)).fold(true, |all, run| all & are_within(run))
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
