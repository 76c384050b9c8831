//! UTF-16 becomes UTF-8 before records are cut. What is no character keeps its place: a code unit that belongs to none
//! (half of a surrogate pair, U+FFFE: a byte-order mark the wrong way round) becomes the byte [`UNIT`], and half a code
//! unit at the end of the file becomes [`BYTE`]. UTF-8 has neither, so that they are found again, and a text says how many
//! bytes of the file it stands for ([`crate::measure`]).

use encoding_rs::{DecoderResult, Encoding, UTF_16BE, UTF_16LE};

/// Stands for a code unit that is no character.
pub(crate) const UNIT: u8 = 0xFF;
/// Stands for the last byte of a file that has an odd number of them.
pub(crate) const BYTE: u8 = 0xFE;

/// Bytes to decode at once, so that the text stays in the cache.
pub(crate) const PIECE_BYTES: usize = 64 << 10;

/// U+FFFE in UTF-8.
const SWAPPED_MARK: &[u8] = b"\xEF\xBF\xBE";
/// What the decoder wants to have free beside what it writes.
const SPARE_BYTES: usize = 16;

/// Which byte of a code unit is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ByteOrder {
    /// The lower one.
    LittleEndian,
    /// The higher one.
    BigEndian,
}

impl ByteOrder {
    pub(crate) const ALL: [Self; 2] = [Self::LittleEndian, Self::BigEndian];

    /// The name of UTF-16 in this order.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::LittleEndian => "utf-16le",
            Self::BigEndian => "utf-16be",
        }
    }

    /// The order that has this name, if it is UTF-16.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.name() == name)
    }

    /// The byte-order mark.
    pub(crate) fn mark(self) -> [u8; 2] {
        self.bytes(0xFEFF)
    }

    /// The code unit of two bytes.
    pub(crate) fn unit(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::LittleEndian => u16::from_le_bytes(bytes),
            Self::BigEndian => u16::from_be_bytes(bytes),
        }
    }

    fn bytes(self, unit: u16) -> [u8; 2] {
        match self {
            Self::LittleEndian => unit.to_le_bytes(),
            Self::BigEndian => unit.to_be_bytes(),
        }
    }

    fn encoding(self) -> &'static Encoding {
        match self {
            Self::LittleEndian => UTF_16LE,
            Self::BigEndian => UTF_16BE,
        }
    }
}

/// Decodes what comes in pieces that may be cut anywhere. A byte-order mark is a character like others.
pub(crate) struct Decoder {
    decoder: encoding_rs::Decoder,
    /// Bytes up to the end of the file.
    to_come: u64,
    /// Memory for the text, which is as long as `len`.
    text: Vec<u8>,
    len: usize,
}

impl Decoder {
    /// At the first byte of a code unit; so many bytes are to come up to the end of the file.
    pub(crate) fn new(order: ByteOrder, to_come: u64) -> Self {
        let decoder = order.encoding().new_decoder_without_bom_handling();
        Self { decoder, to_come, text: Vec::new(), len: 0 }
    }

    /// The text of the next bytes, best no more than [`PIECE_BYTES`]: whole characters, of which the first may have begun
    /// in the bytes before.
    pub(crate) fn decode(&mut self, bytes: &[u8]) -> &[u8] {
        self.len = 0;
        if bytes.is_empty() {
            return &[];
        }
        self.to_come = self.to_come.saturating_sub(bytes.len() as u64);
        let mut rest = bytes;
        loop {
            // Most of UTF-8 per code unit is 3 bytes, and what came before has at most two left.
            let most = 3 * (rest.len() / 2 + 3) + SPARE_BYTES;
            if self.text.len() < self.len + most {
                self.text.resize(self.len + most, 0);
            }
            let is_last = self.to_come == 0;
            let room = &mut self.text[self.len..];
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(rest, room, is_last);
            self.len += written;
            rest = &rest[read..];
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                // Half of a pair and half a unit may be left at the end of the file, and are told together.
                DecoderResult::Malformed(1, _) => self.push(BYTE),
                DecoderResult::Malformed(2, _) => self.push(UNIT),
                DecoderResult::Malformed(..) => {
                    self.push(UNIT);
                    self.push(BYTE);
                }
            }
        }
        self.replace_swapped_marks();
        &self.text[..self.len]
    }

    fn push(&mut self, byte: u8) {
        self.text[self.len] = byte;
        self.len += 1;
    }

    fn replace_swapped_marks(&mut self) {
        let Some(first) = memchr::memmem::find(&self.text[..self.len], SWAPPED_MARK) else { return };
        let (mut read, mut written) = (first, first);
        while read < self.len {
            let is_mark = self.text[read..self.len].starts_with(SWAPPED_MARK);
            self.text[written] = if is_mark { UNIT } else { self.text[read] };
            read += if is_mark { SWAPPED_MARK.len() } else { 1 };
            written += 1;
        }
        self.len = written;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Measure;
    use proptest::prelude::*;

    fn decoded(order: ByteOrder, bytes: &[u8], piece: usize) -> Vec<u8> {
        let mut decoder = Decoder::new(order, bytes.len() as u64);
        bytes.chunks(piece).flat_map(|piece| decoder.decode(piece).to_vec()).collect()
    }

    /// One code unit after the other.
    fn plainly(order: ByteOrder, bytes: &[u8]) -> Vec<u8> {
        let (units, rest) = bytes.as_chunks::<2>();
        let mut text = Vec::new();
        for character in char::decode_utf16(units.iter().map(|&bytes| order.unit(bytes))) {
            match character {
                Ok('\u{FFFE}') | Err(_) => text.push(UNIT),
                Ok(character) => text.extend_from_slice(character.to_string().as_bytes()),
            }
        }
        text.extend(rest.iter().map(|_| BYTE));
        text
    }

    proptest! {
        #[test]
        fn pieces_become_what_the_whole_becomes(
            units in proptest::collection::vec(prop_oneof![
                Just(0x61), Just(0xE9), Just(0x20AC), Just(0xD83D), Just(0xDE00), Just(0xFFFE), Just(0xFEFF), any::<u16>()
            ], 0..60),
            odd in any::<bool>(),
            big in any::<bool>(),
            piece in 1usize..9,
        ) {
            let order = ByteOrder::ALL[usize::from(big)];
            let mut bytes: Vec<u8> = units.iter().flat_map(|&unit| order.bytes(unit)).collect();
            bytes.extend(odd.then_some(0x3D));
            let text = plainly(order, &bytes);
            prop_assert_eq!(Measure::Utf16.bytes(&text), bytes.len() as u64);
            prop_assert_eq!(&decoded(order, &bytes, piece), &text);
            prop_assert_eq!(&decoded(order, &bytes, PIECE_BYTES), &text);
        }
    }

    /// Nothing but damage takes no more time or memory than text.
    #[test]
    fn a_piece_of_halves_of_pairs() {
        let bytes = [0x00, 0xDC].repeat(PIECE_BYTES / 2);
        assert_eq!(decoded(ByteOrder::LittleEndian, &bytes, PIECE_BYTES), vec![UNIT; PIECE_BYTES / 2]);
    }

    #[test]
    fn orders_have_names() {
        for order in ByteOrder::ALL {
            assert_eq!(ByteOrder::of_name(order.name()), Some(order));
            assert_eq!(order.unit(order.mark()), 0xFEFF);
        }
        assert_eq!(ByteOrder::of_name("utf-8"), None);
    }
}
