//! How many bytes of the file a text stands for: it is those bytes, or was decoded from UTF-16 ([`crate::utf16`]). Then
//! each byte of the text says by itself how far it reaches in the file, so that no table of places is needed: the first
//! byte of a character stands for its code units, the others for nothing.

use crate::simd;
use crate::utf16::{BYTE, UNIT};

/// Bytes of the text between two places whose offsets are noted.
const STEP: usize = 64;

/// How a text is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Measure {
    /// It is the bytes of the file.
    #[default]
    Bytes,
    /// It was decoded from UTF-16.
    Utf16,
}

impl Measure {
    /// Bytes of the file that the text stands for. What two texts stand for together is the sum, wherever they were cut.
    #[inline]
    pub(crate) fn bytes(self, text: &[u8]) -> u64 {
        match self {
            Self::Bytes => text.len() as u64,
            Self::Utf16 => simd::look_at::<UnitsBytes>(text).0,
        }
    }

    /// Where the first character begins that has at least so many bytes of the file before it: the next one after the
    /// text, or one in it. `None` if that is not next.
    pub(crate) fn index_at(self, text: &[u8], bytes: u64) -> Option<usize> {
        match self {
            Self::Bytes => usize::try_from(bytes).ok().filter(|&at| at <= text.len()),
            // Whole characters stand for at most two bytes per byte.
            Self::Utf16 if bytes > 2 * text.len() as u64 => None,
            Self::Utf16 => {
                let (mut at, mut before) = (0, 0);
                for step in text.chunks(STEP) {
                    let with_step = before + u64::from(units_bytes(step));
                    if with_step >= bytes {
                        break;
                    }
                    (at, before) = (at + step.len(), with_step);
                }
                for &byte in &text[at..] {
                    if before >= bytes && unit_bytes(byte) > 0 {
                        break;
                    }
                    (at, before) = (at + 1, before + u64::from(unit_bytes(byte)));
                }
                (before >= bytes).then_some(at)
            }
        }
    }
}

/// Bytes of UTF-16 that a text stands for.
struct UnitsBytes(u64);

impl simd::Seen for UnitsBytes {
    #[inline(always)]
    fn of_bytes(text: &[u8]) -> Self {
        Self(text.chunks(STEP).map(|step| u64::from(units_bytes(step))).sum())
    }
}

#[inline(always)]
fn units_bytes(step: &[u8]) -> u16 {
    step.iter().map(|&byte| u16::from(unit_bytes(byte))).sum()
}

/// Bytes of UTF-16 that a byte of its text stands for.
#[inline(always)]
fn unit_bytes(byte: u8) -> u8 {
    let begins = u8::from(byte as i8 >= -0x40);
    let of_two_units = u8::from((0xF0..BYTE).contains(&byte));
    2 * begins + 2 * of_two_units - u8::from(byte == BYTE)
}

const _: () =
    assert!(BYTE == 0xFE && UNIT == 0xFF, "bytes that no UTF-8 has, above those that begin two units");

/// Where the bytes of one text after the other are in the file; keeps its memory.
#[derive(Debug, Default)]
pub(crate) struct Offsets {
    first: u64,
    end: u64,
    /// Bytes of the file before every [`STEP`] bytes of the text; empty if the text is those bytes.
    steps: Vec<u32>,
}

impl Offsets {
    /// Of a text that starts at an offset.
    pub(crate) fn restart(&mut self, measure: Measure, first: u64, text: &[u8]) {
        self.steps.clear();
        let len = match measure {
            Measure::Bytes => text.len() as u64,
            Measure::Utf16 => {
                let steps = &mut self.steps;
                let mut before = 0;
                text.chunks(STEP).for_each(|step| {
                    steps.push(before);
                    before += u32::from(units_bytes(step));
                });
                u64::from(before)
            }
        };
        (self.first, self.end) = (first, first + len);
    }

    /// Offset of the byte at `at` of the text.
    #[inline]
    pub(crate) fn of(&self, text: &[u8], at: usize) -> u64 {
        if self.steps.is_empty() {
            return self.first + at as u64;
        }
        self.of_decoded(text, at)
    }

    fn of_decoded(&self, text: &[u8], at: usize) -> u64 {
        match self.steps.get(at / STEP) {
            None => self.end,
            Some(&before) => {
                self.first + u64::from(before) + u64::from(units_bytes(&text[at / STEP * STEP..at]))
            }
        }
    }

    /// Offset of what comes after the text.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A character, a code unit that is none, or half a code unit: its text, and its bytes in the file.
    fn piece() -> impl Strategy<Value = (Vec<u8>, u64)> {
        prop_oneof![
            any::<char>().prop_map(|c| (c.to_string().into_bytes(), 2 * c.len_utf16() as u64)),
            "[ -~]".prop_map(|ascii| (ascii.into_bytes(), 2)),
            Just((vec![UNIT], 2)),
            Just((vec![BYTE], 1)),
        ]
    }

    proptest! {
        #[test]
        fn every_place_is_where_its_character_is(
            pieces in proptest::collection::vec(piece(), 0..200),
            first in 0u64..1000,
            cut in any::<proptest::sample::Index>(),
        ) {
            let text: Vec<u8> = pieces.iter().flat_map(|(text, _)| text.clone()).collect();
            let mut offsets = Offsets::default();
            offsets.restart(Measure::Utf16, first, &text);
            let (mut at, mut bytes) = (0, 0);
            for (piece, len) in &pieces {
                prop_assert_eq!(offsets.of(&text, at), first + bytes);
                prop_assert_eq!(Measure::Utf16.bytes(&text[..at]), bytes);
                prop_assert_eq!(Measure::Utf16.index_at(&text, bytes), Some(at));
                (at, bytes) = (at + piece.len(), bytes + len);
            }
            prop_assert_eq!(offsets.of(&text, text.len()), first + bytes);
            prop_assert_eq!(offsets.end(), first + bytes);
            prop_assert_eq!(Measure::Utf16.index_at(&text, bytes), Some(text.len()));
            prop_assert_eq!(Measure::Utf16.index_at(&text, bytes + 1), None);
            let (head, tail) = text.split_at(cut.index(text.len() + 1));
            prop_assert_eq!(Measure::Utf16.bytes(head) + Measure::Utf16.bytes(tail), bytes);
        }
    }

    #[test]
    fn a_text_that_is_the_file_is_as_long_as_it_is() {
        let mut offsets = Offsets::default();
        offsets.restart(Measure::Bytes, 7, "é\u{1F600}".as_bytes());
        assert_eq!((offsets.of(b"", 3), offsets.end()), (10, 13));
        assert_eq!((Measure::Bytes.bytes("é".as_bytes()), Measure::Bytes.index_at(b"abc", 3)), (2, Some(3)));
        assert_eq!(Measure::Bytes.index_at(b"abc", 4), None);
    }
}
