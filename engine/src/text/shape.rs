//! The shape of a text: which kinds of characters follow each other, and how many of each. `AB-1234` is two capital
//! letters, a hyphen, four digits.

use crate::simd;

/// A shape has so many runs at most; what follows is [`MORE`].
pub(crate) const RUNS: usize = 16;
/// Bytes in which runs are looked for.
pub(crate) const LOOKED_AT: usize = 64;
/// A word of more runs than this is one of mixed letters and digits: hexadecimal digits, random identifiers.
pub(crate) const RUNS_OF_A_WORD: usize = 4;

/// Capital letters A to Z.
pub(crate) const UPPER: u8 = b'A';
/// Small letters a to z.
pub(crate) const LOWER: u8 = b'a';
/// Digits 0 to 9.
pub(crate) const DIGIT: u8 = b'9';
/// Bytes of characters beyond ASCII.
pub(crate) const BEYOND: u8 = 0x80;
/// Letters and digits, mixed.
pub(crate) const MIXED: u8 = b'X';
/// More runs than fit.
pub(crate) const MORE: u8 = 0xFF;
/// The byte 0, which marks the end of a shape, stands for another control character.
pub(crate) const NUL: u8 = 1;

/// The kinds of the runs of a text; zero after the last. Other ASCII characters are a kind each.
pub(crate) type Kinds = [u8; RUNS];

/// The shape of one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) kinds: Kinds,
    /// Bytes of each run; 0 for [`MORE`].
    pub(crate) lens: [u16; RUNS],
    pub(crate) len: usize,
}

impl Shape {
    /// The shape of a text that is not empty.
    #[inline(always)]
    pub(crate) fn of(text: &[u8]) -> Self {
        simd::shape_of(text).unwrap_or_else(|| simd::look_at(text))
    }

    /// Of a text's first `N` bytes, a multiple of 8. Short loops of a fixed length, so that the compiler turns them
    /// into instructions for many bytes at once.
    #[inline(always)]
    fn within<const N: usize>(text: &[u8]) -> Self {
        let used = text.len().min(N);
        let mut kinds = [0; N];
        kinds[..used].copy_from_slice(&text[..used]);
        kinds.iter_mut().for_each(|kind| *kind = kind_of(*kind));
        let starts = run_starts(&kinds) & (u64::MAX >> (64 - used));
        let mut shape = Self::of_plain_runs(&kinds, starts, used)
            .unwrap_or_else(|| Self::of_any_runs(&kinds, starts, used));
        if used < text.len() {
            shape.push_more();
        }
        shape
    }

    /// Of runs in words of few: those of nearly all texts. `starts` has a bit where each begins.
    #[inline(always)]
    fn of_plain_runs(kinds: &[u8], mut starts: u64, used: usize) -> Option<Self> {
        let len = starts.count_ones() as usize;
        let mut shape = Self { kinds: [0; RUNS], lens: [0; RUNS], len };
        let (mut of_word, mut most) = (0, 0);
        for (kind, run_len) in shape.kinds.iter_mut().zip(&mut shape.lens).take(len) {
            let start = starts.trailing_zeros() as usize;
            starts &= starts - 1;
            let end = used.min(starts.trailing_zeros() as usize);
            (*kind, *run_len) = (kinds[start], (end - start) as u16);
            of_word = if is_of_word(*kind) { of_word + 1 } else { 0 };
            most = most.max(of_word);
        }
        if len > RUNS {
            // The next one may make a word of many runs, which fits.
            let next_is_of_word = is_of_word(kinds[starts.trailing_zeros() as usize]);
            most = most.max(of_word + usize::from(next_is_of_word));
            shape.push_more();
        }
        (most <= RUNS_OF_A_WORD).then_some(shape)
    }

    #[inline(never)]
    fn of_any_runs(kinds: &[u8], mut starts: u64, used: usize) -> Self {
        let mut shape = Self { kinds: [0; RUNS], lens: [0; RUNS], len: 0 };
        let mut word = 0;
        while starts != 0 {
            let start = starts.trailing_zeros() as usize;
            starts &= starts - 1;
            let end = used.min(starts.trailing_zeros() as usize);
            if !shape.push(&mut word, kinds[start], (end - start) as u16) {
                break;
            }
        }
        shape
    }

    /// Adds a run; `word` is where the current word starts. `false` if it does not fit.
    fn push(&mut self, word: &mut usize, kind: u8, len: u16) -> bool {
        if !is_of_word(kind) {
            *word = self.len + 1;
        } else if self.len > *word && self.kinds[*word] == MIXED {
            self.lens[*word] += len;
            return true;
        } else if self.len - *word == RUNS_OF_A_WORD {
            let whole = self.lens[*word..self.len].iter().sum::<u16>() + len;
            self.kinds[*word..self.len].fill(0);
            self.lens[*word..self.len].fill(0);
            (self.kinds[*word], self.lens[*word]) = (MIXED, whole);
            self.len = *word + 1;
            return true;
        }
        if self.len == RUNS {
            self.push_more();
            return false;
        }
        (self.kinds[self.len], self.lens[self.len]) = (kind, len);
        self.len += 1;
        true
    }

    /// Says that the text goes on, instead of its last run where there is no room.
    pub(crate) fn push_more(&mut self) {
        self.len = (self.len + 1).min(RUNS);
        (self.kinds[self.len - 1], self.lens[self.len - 1]) = (MORE, 0);
    }
}

impl simd::Seen for Shape {
    #[inline(always)]
    fn of_bytes(text: &[u8]) -> Self {
        match text.len() <= LOOKED_AT / 2 {
            true => Self::within::<{ LOOKED_AT / 2 }>(text),
            false => Self::within::<LOOKED_AT>(text),
        }
    }
}

/// The kinds of the runs, without the zeros after the last.
pub(crate) fn runs_of(kinds: &Kinds) -> &[u8] {
    let len = kinds.iter().position(|&kind| kind == 0).unwrap_or(RUNS);
    &kinds[..len]
}

/// The kind of a byte; ASCII characters that are no letters, digits or NUL are their own.
#[inline(always)]
pub(crate) const fn kind_of(byte: u8) -> u8 {
    let kind = if byte.wrapping_sub(b'A') < 26 { UPPER } else { byte };
    let kind = if byte.wrapping_sub(b'a') < 26 { LOWER } else { kind };
    let kind = if byte.wrapping_sub(b'0') < 10 { DIGIT } else { kind };
    let kind = if byte >= 0x80 { BEYOND } else { kind };
    if byte == 0 { NUL } else { kind }
}

/// A letter or digit.
#[inline(always)]
pub(crate) const fn is_of_word(kind: u8) -> bool {
    matches!(kind, UPPER | LOWER | DIGIT | BEYOND)
}

/// A bit per place where a kind follows another.
#[inline(always)]
fn run_starts<const N: usize>(kinds: &[u8; N]) -> u64 {
    let mut before = [0; N];
    before[1..].copy_from_slice(&kinds[..N - 1]);
    let mut starts = [0; N];
    for at in 0..N {
        starts[at] = u8::from(kinds[at] != before[at]);
    }
    let (eights, _) = starts.as_chunks::<8>();
    // Moves the lowest bits of eight bytes together.
    let gather = |eight: &[u8; 8]| u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    eights.iter().enumerate().fold(0, |bits, (at, eight)| bits | gather(eight) << (8 * at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Byte by byte; with the number of runs before words of many became one.
    fn plainly(text: &[u8]) -> (Vec<(u8, u16)>, usize) {
        let mut words: Vec<Vec<(u8, u16)>> = Vec::new();
        let mut was_in_word = false;
        for &byte in &text[..text.len().min(LOOKED_AT)] {
            let kind = kind_of(byte);
            let in_word = matches!(kind, UPPER | LOWER | DIGIT | BEYOND);
            if words.is_empty() || in_word != was_in_word {
                words.push(Vec::new());
            }
            was_in_word = in_word;
            let word = words.last_mut().unwrap();
            match word.last_mut() {
                Some((last, len)) if *last == kind => *len += 1,
                _ => word.push((kind, 1)),
            }
        }
        let single = words.iter().map(Vec::len).sum();
        let is_mixed = |word: &[(u8, u16)]| word.len() > RUNS_OF_A_WORD && is_of_word(word[0].0);
        let mut runs: Vec<(u8, u16)> = Vec::new();
        for word in words {
            match is_mixed(&word) {
                true => runs.push((MIXED, word.iter().map(|run| run.1).sum())),
                false => runs.extend(word),
            }
        }
        if text.len() > LOOKED_AT {
            runs.push((MORE, 0));
        }
        (runs, single)
    }

    fn check(text: &str, kinds: &[u8], lens: &[u16]) {
        let shape = Shape::of(text.as_bytes());
        assert_eq!((runs_of(&shape.kinds), &shape.lens[..shape.len]), (kinds, lens), "{text:?}");
    }

    #[test]
    fn shapes() {
        check("AB-1234", b"A-9", &[2, 1, 4]);
        check("anna.17@example.com", b"a.9@a.a", &[4, 1, 2, 1, 7, 1, 3]);
        check("d41d8cd98f00b204e9800998ecf8427e", b"X", &[32]);
        check("Łódź", &[BEYOND, LOWER, BEYOND], &[4, 1, 2]);
        check("x\0", &[LOWER, NUL], &[1, 1]);
        check(&"a-".repeat(9), b"a-a-a-a-a-a-a-a\xFF", &[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
        check(&"a".repeat(65), b"a\xFF", &[64, 0]);
    }

    proptest! {
        #[test]
        fn short_loops_find_what_single_bytes_are(text in "[aaaAB19 .é-]{1,80}") {
            let (expected, single) = plainly(text.as_bytes());
            let shape = Shape::of(text.as_bytes());
            prop_assume!(single < RUNS);
            let found: Vec<_> = shape.kinds.into_iter().zip(shape.lens).take(shape.len).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn many_runs_are_cut_off_where_a_look_at_each_cuts_them(text in "[a]{0,3}([ .]?[aB19é]{1,3}[ -]){4,30}") {
            let bytes = &text.as_bytes()[..text.len().min(LOOKED_AT)];
            let kinds: Vec<u8> = bytes.iter().map(|&byte| kind_of(byte)).collect();
            let starts = (0..kinds.len()).filter(|&at| at == 0 || kinds[at] != kinds[at - 1]);
            let mut expected =
                Shape::of_any_runs(&kinds, starts.fold(0, |bits, at| bits | 1 << at), kinds.len());
            if text.len() > LOOKED_AT {
                expected.push_more();
            }
            prop_assert_eq!(Shape::of(text.as_bytes()), expected);
            prop_assert_eq!(simd::look_at::<Shape>(text.as_bytes()), expected);
        }

        #[test]
        fn both_versions_find_the_same(
            words in proptest::collection::vec(prop_oneof!["[ -~]", "[a-z]{1,9}", "[A-Z0-9]{1,3}"], 1..30),
            any: Vec<u8>,
        ) {
            let text = [words.concat().into_bytes(), any].concat();
            prop_assert_eq!(Shape::of(&text), <Shape as simd::Seen>::of_bytes(&text));
        }
    }
}
