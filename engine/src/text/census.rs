//! What hides in texts: spaces at their ends, characters nobody sees, letters of which case.

use serde::{Deserialize, Serialize};

use crate::suspects::is_control;

use super::shape::{BEYOND, DIGIT, Kinds, LOWER, MIXED, MORE, UPPER, runs_of};

/// Counts of texts that have something; a text counts once for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Census {
    /// Texts.
    pub texts: u64,
    /// White space before the first other character.
    pub leading_space: u64,
    /// White space after the last other character.
    pub trailing_space: u64,
    /// Either, or both.
    pub surrounding_space: u64,
    /// A line feed or carriage return.
    pub line_break: u64,
    /// A control character other than tab, line feed and carriage return.
    pub control: u64,
    /// A character beyond ASCII.
    pub non_ascii: u64,
    /// A no-break space, zero-width character, soft hyphen or byte-order mark.
    pub invisible: u64,
    /// Letters A to Z and none of a to z.
    pub upper_case: u64,
    /// Letters a to z and none of A to Z.
    pub lower_case: u64,
    /// Both.
    pub mixed_case: u64,
}

/// Bytes that are looked at at once.
const BLOCK: usize = 32;
/// A byte without traits.
const NEUTRAL: u8 = b'0';

/// What one text has: a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Traits(u8);

impl Traits {
    const LEADING_SPACE: u8 = 1;
    const TRAILING_SPACE: u8 = 1 << 1;
    const LINE_BREAK: u8 = 1 << 2;
    const CONTROL: u8 = 1 << 3;
    const NON_ASCII: u8 = 1 << 4;
    const UPPER: u8 = 1 << 5;
    const LOWER: u8 = 1 << 6;

    /// Of all texts with this shape; `None` if that depends on the text.
    pub(super) fn of_shape(kinds: &Kinds) -> Option<Self> {
        let runs = runs_of(kinds);
        if runs.iter().any(|&kind| matches!(kind, MIXED | MORE)) {
            return None;
        }
        Some(Self::of_bytes(runs))
    }

    /// Of a text, or of the kinds of its runs, which have the same. Inlined to be compiled for wide vectors with its caller.
    #[inline(always)]
    pub(super) fn of_bytes(text: &[u8]) -> Self {
        let is_space = |byte: Option<&u8>| byte.is_some_and(|byte| matches!(byte, b'\t'..=b'\r' | b' '));
        // Blocks of a fixed length, so that the compiler turns the loops into instructions for many bytes at once.
        let (blocks, tail) = text.as_chunks::<BLOCK>();
        let mut last = [NEUTRAL; BLOCK];
        last[..tail.len()].copy_from_slice(tail);
        let mut traits =
            blocks.iter().fold(Self::of_block(&last), |traits, block| traits | Self::of_block(block));
        traits |= if is_space(text.first()) { Self::LEADING_SPACE } else { 0 };
        traits |= if is_space(text.last()) { Self::TRAILING_SPACE } else { 0 };
        Self(traits)
    }

    /// Of a text of which only the head and the tail are known.
    pub(super) fn of_ends(head: &[u8], tail: &[u8]) -> Self {
        let (Self(head), Self(tail)) = (Self::of_bytes(head), Self::of_bytes(tail));
        Self(head & !Self::TRAILING_SPACE | tail & !Self::LEADING_SPACE)
    }

    #[inline(always)]
    fn of_block(block: &[u8; BLOCK]) -> u8 {
        block.iter().fold(0, |traits, &byte| traits | Self::of_byte(byte))
    }

    #[inline(always)]
    fn of_byte(byte: u8) -> u8 {
        let is = |condition: bool, bit: u8| if condition { bit } else { 0 };
        is((byte == b'\n') | (byte == b'\r'), Self::LINE_BREAK)
            | is(is_control(byte), Self::CONTROL)
            | is(byte.is_ascii_uppercase(), Self::UPPER)
            | is(byte.is_ascii_lowercase(), Self::LOWER)
            | is(byte >= 0x80, Self::NON_ASCII)
    }

    /// There is a character that may be invisible.
    #[inline]
    pub(super) fn is_non_ascii(self) -> bool {
        self.0 & Self::NON_ASCII != 0
    }
}

impl Census {
    /// Counts `weight` texts with these traits.
    pub(super) fn add(&mut self, Traits(traits): Traits, weight: u64) {
        let count = |bits: u8| if traits & bits != 0 { weight } else { 0 };
        self.texts += weight;
        self.leading_space += count(Traits::LEADING_SPACE);
        self.trailing_space += count(Traits::TRAILING_SPACE);
        self.surrounding_space += count(Traits::LEADING_SPACE | Traits::TRAILING_SPACE);
        self.line_break += count(Traits::LINE_BREAK);
        self.control += count(Traits::CONTROL);
        self.non_ascii += count(Traits::NON_ASCII);
        match traits & (Traits::UPPER | Traits::LOWER) {
            Traits::UPPER => self.upper_case += weight,
            Traits::LOWER => self.lower_case += weight,
            0 => {}
            _ => self.mixed_case += weight,
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        let mine = [
            (&mut self.texts, other.texts),
            (&mut self.leading_space, other.leading_space),
            (&mut self.trailing_space, other.trailing_space),
            (&mut self.surrounding_space, other.surrounding_space),
            (&mut self.line_break, other.line_break),
            (&mut self.control, other.control),
            (&mut self.non_ascii, other.non_ascii),
            (&mut self.invisible, other.invisible),
            (&mut self.upper_case, other.upper_case),
            (&mut self.lower_case, other.lower_case),
            (&mut self.mixed_case, other.mixed_case),
        ];
        mine.into_iter().for_each(|(mine, theirs)| *mine += theirs);
    }
}

/// Whether a text has a character that takes no ink: U+00A0, U+00AD, U+200B to U+200F, U+202F, U+2060, U+FEFF.
pub(super) fn has_invisible(text: &[u8]) -> bool {
    memchr::memchr3_iter(0xC2, 0xE2, 0xEF, text).any(|at| {
        matches!(
            text[at..],
            [0xC2, 0xA0 | 0xAD, ..]
                | [0xE2, 0x80, 0x8B..=0x8F | 0xAF, ..]
                | [0xE2, 0x81, 0xA0, ..]
                | [0xEF, 0xBB, 0xBF, ..]
        )
    })
}

const _: () = assert!(DIGIT == b'9' && UPPER == b'A' && LOWER == b'a' && BEYOND >= 0x80);
