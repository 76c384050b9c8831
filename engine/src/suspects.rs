//! Bytes that are text and yet show that something went wrong before: NUL bytes, control characters, byte-order marks
//! inside of the file, replacement characters, and UTF-8 that was taken for Windows-1252 and written as UTF-8 again.

use data_inspector_domain::finding::FindingCode;

use crate::simd;

/// What a text is made of, as far as that decides which looks it needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traits {
    /// All of it is ASCII.
    pub(crate) ascii: bool,
    /// It has control characters other than tabs and line endings.
    pub(crate) control: bool,
    /// Two of its bytes follow each other as they do in a suspect sequence.
    pub(crate) suspect_pair: bool,
}

impl Traits {
    pub(crate) fn of(text: &[u8]) -> Self {
        simd::look_at(text)
    }
}

impl simd::Seen for Traits {
    #[inline(always)]
    fn of_bytes(text: &[u8]) -> Self {
        // Vectors of the compiler's choice: no early end, no branch.
        let fold =
            |(high, control): (u8, u8), &byte: &u8| (high | byte, control | u8::from(is_control(byte)));
        let (high, control) = text.iter().fold((0, 0), fold);
        let pairs = text.iter().zip(text.get(1..).unwrap_or_default());
        let suspect_pair =
            pairs.fold(0, |found, (&byte, &next)| found | u8::from(is_suspect_pair(byte, next)));
        Self { ascii: high < 0x80, control: control != 0, suspect_pair: suspect_pair != 0 }
    }
}

/// A control character other than tabs and line endings.
#[inline]
pub(crate) const fn is_control(byte: u8) -> bool {
    (byte < b' ' && byte != b'\t' && byte != b'\n' && byte != b'\r') | (byte == 0x7F)
}

fn control_code(byte: u8) -> FindingCode {
    if byte == 0 { FindingCode::NulByte } else { FindingCode::ControlCharacter }
}

/// Finds runs of NUL bytes, and of other control characters, in a text that may come in pieces: each run counts once.
#[derive(Default)]
struct ControlRuns {
    /// What the last byte was.
    last: Option<FindingCode>,
}

impl ControlRuns {
    fn feed(&mut self, offset: u64, piece: &[u8], report: &mut impl FnMut(FindingCode, u64)) {
        for (index, &byte) in piece.iter().enumerate() {
            let code = is_control(byte).then(|| control_code(byte));
            if let Some(code) = code.filter(|_| code != self.last) {
                report(code, offset + index as u64);
            }
            self.last = code;
        }
    }
}

/// Sequences that are suspect wherever they stand. `Ã`, `Â` and `â€` with what follows them are what Windows-1252 shows
/// of the UTF-8 of `é`, of `°` and of a dash.
const SEQUENCES: [(&[u8], FindingCode); 6] = [
    (b"\xEF\xBB\xBF", FindingCode::MisplacedByteOrderMark),
    (b"\xEF\xBF\xBD", FindingCode::ReplacementCharacter),
    (b"\xC3\x83\xC2", FindingCode::Mojibake),
    (b"\xC3\x82\xC2", FindingCode::Mojibake),
    (b"\xC3\x83\xE2\x80", FindingCode::Mojibake),
    (b"\xC3\xA2\xE2\x82\xAC", FindingCode::Mojibake),
];

/// The first two bytes of a suspect sequence.
#[inline]
const fn is_suspect_pair(byte: u8, next: u8) -> bool {
    ((byte == 0xC3) & ((next == 0x82) | (next == 0x83) | (next == 0xA2)))
        | ((byte == 0xEF) & ((next == 0xBB) | (next == 0xBF)))
}

const _: () = {
    let mut at = 0;
    while at < SEQUENCES.len() {
        assert!(is_suspect_pair(SEQUENCES[at].0[0], SEQUENCES[at].0[1]));
        at += 1;
    }
};

/// Calls `report` for every suspect place of a text whose traits are given, ascending for each code.
pub(crate) fn for_each_suspect(text: &[u8], traits: Traits, mut report: impl FnMut(FindingCode, usize)) {
    if traits.control {
        let mut controls = ControlRuns::default();
        controls.feed(0, text, &mut |code, at| report(code, at as usize));
    }
    if traits.ascii || !traits.suspect_pair {
        return;
    }
    for at in memchr::memchr2_iter(0xEF, 0xC3, text) {
        let found = SEQUENCES.iter().find(|(sequence, _)| text[at..].starts_with(sequence));
        found.iter().for_each(|(_, code)| report(*code, at));
    }
}

/// The same over a text that comes in pieces.
#[derive(Default)]
pub(crate) struct SuspectStream {
    /// The last bytes, the newest one lowest; zero where an ASCII byte was.
    recent: u64,
    controls: ControlRuns,
}

impl SuspectStream {
    /// Takes the next piece, which starts at `offset`.
    pub(crate) fn feed(&mut self, offset: u64, piece: &[u8], report: &mut impl FnMut(FindingCode, u64)) {
        let traits = Traits::of(piece);
        if traits.control {
            self.controls.feed(offset, piece, report);
        } else {
            self.controls.last = self.controls.last.filter(|_| piece.is_empty());
        }
        if traits.ascii {
            self.recent = if piece.is_empty() { self.recent } else { 0 };
            return;
        }
        for (index, &byte) in piece.iter().enumerate() {
            self.recent = if byte.is_ascii() { 0 } else { self.recent << 8 | u64::from(byte) };
            let ends = |(sequence, _): &&(&[u8], FindingCode)| self.ends_with(sequence);
            if self.recent != 0
                && let Some((sequence, code)) = SEQUENCES.iter().find(ends)
            {
                report(*code, offset + index as u64 + 1 - sequence.len() as u64);
            }
        }
    }

    fn ends_with(&self, sequence: &[u8]) -> bool {
        let value = sequence.iter().fold(0, |value, &byte| value << 8 | u64::from(byte));
        self.recent & ((1 << (8 * sequence.len())) - 1) == value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pieces_find_what_the_whole_finds(
            text in proptest::collection::vec(prop_oneof![
                Just(b'a'), Just(b'\n'), Just(0), Just(0x7F), Just(0xC3), Just(0x83), Just(0x82), Just(0xC2), Just(0xE2),
                Just(0xA2), Just(0x80), Just(0xAC), Just(0xEF), Just(0xBB), Just(0xBF), Just(0xBD)
            ], 0..60),
            piece in 1usize..9,
        ) {
            let (mut whole, mut pieces) = (Vec::new(), Vec::new());
            for_each_suspect(&text, Traits::of(&text), |code, at| whole.push((code, at as u64)));
            let mut stream = SuspectStream::default();
            for (index, part) in text.chunks(piece).enumerate() {
                stream.feed((index * piece) as u64, part, &mut |code, at| pieces.push((code, at)));
            }
            whole.sort_unstable();
            pieces.sort_unstable();
            prop_assert_eq!(whole, pieces);
        }
    }

    #[test]
    fn only_damage_is_suspect() {
        let found = |text: &str| {
            let mut codes = Vec::new();
            for_each_suspect(text.as_bytes(), Traits::of(text.as_bytes()), |code, _| codes.push(code));
            codes
        };
        assert_eq!(found("Café, São Paulo, Ärger – 20 °C\t\r\n"), []);
        assert_eq!(found("CafÃ©"), [FindingCode::Mojibake]);
        assert_eq!(found("20 Â°C â€“ 5"), [FindingCode::Mojibake, FindingCode::Mojibake]);
        assert_eq!(
            found("a\u{feff}b\u{fffd}"),
            [FindingCode::MisplacedByteOrderMark, FindingCode::ReplacementCharacter]
        );
        assert_eq!(found("\0\u{1b}"), [FindingCode::NulByte, FindingCode::ControlCharacter]);
    }
}
