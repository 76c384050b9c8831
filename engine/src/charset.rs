//! From the bytes of a file to UTF-8. Line endings, quotes, escapes and comments are ASCII in nearly every encoding that is
//! read here, and a delimiter is stated in the file's encoding, so that records are cut out of the bytes as they are, and
//! only what goes into a column is decoded. UTF-16 alone becomes UTF-8 first ([`crate::utf16`]). Offsets stay those of the
//! file ([`crate::measure`]).

use encoding_rs::Encoding;
use std::collections::HashMap;
use std::sync::Arc;

use crate::measure::Measure;
use crate::records::{Cell, Span};
use crate::utf16::{self, ByteOrder};

/// How bytes become text.
#[derive(Clone, Debug)]
pub(crate) enum Charset {
    /// As they are.
    Utf8,
    /// Each byte of 0x80 and above by a table.
    SingleByte(Arc<Table>),
    /// They have been decoded already, and are UTF-8.
    Utf16(ByteOrder),
}

/// The characters of the bytes from 0x80 on, in UTF-8; `None` where the encoding has none.
#[derive(Debug)]
pub(crate) struct Table {
    characters: [Option<char>; 128],
    /// The other way round.
    bytes: HashMap<char, u8>,
}

impl Charset {
    /// Of a name that [`supported`] gave.
    pub(crate) fn new(name: &str) -> Self {
        if let Some(order) = ByteOrder::of_name(name) {
            return Self::Utf16(order);
        }
        match Encoding::for_label(name.as_bytes()) {
            Some(encoding) if encoding.is_single_byte() => Self::SingleByte(Arc::new(Table::new(encoding))),
            _ => Self::Utf8,
        }
    }

    /// Appends the text of `bytes`; a byte that has no character becomes U+FFFD.
    pub(crate) fn decode(&self, bytes: &[u8], text: &mut Vec<u8>) {
        match self {
            Self::Utf8 | Self::Utf16(_) => text.extend_from_slice(bytes),
            Self::SingleByte(_) if bytes.is_ascii() => text.extend_from_slice(bytes),
            Self::SingleByte(table) => {
                for &byte in bytes {
                    let mut buffer = [0; 4];
                    let shown = table.character(byte).unwrap_or(char::REPLACEMENT_CHARACTER);
                    text.extend_from_slice(shown.encode_utf8(&mut buffer).as_bytes());
                }
            }
        }
    }

    /// The bytes that [`decode`](Self::decode) makes this text of; `None` if there are none.
    pub(crate) fn encode(&self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Utf8 | Self::Utf16(_) => Some(text.as_bytes().to_vec()),
            Self::SingleByte(table) => text.chars().map(|character| table.byte(character)).collect(),
        }
    }

    /// Calls `report` with the index of every byte without a character, in an encoding of single bytes, or of what stands
    /// for a code unit without one.
    pub(crate) fn for_each_undecodable(&self, bytes: &[u8], report: impl FnMut(usize)) {
        match self {
            Self::Utf8 => {}
            Self::SingleByte(table) => {
                let places = bytes.iter().enumerate().filter(|&(_, &byte)| table.character(byte).is_none());
                places.map(|(at, _)| at).for_each(report);
            }
            Self::Utf16(_) => memchr::memchr2_iter(utf16::UNIT, utf16::BYTE, bytes).for_each(report),
        }
    }

    /// Records are cut out of UTF-8: what is suspect in it shows.
    pub(crate) fn is_unicode(&self) -> bool {
        !matches!(self, Self::SingleByte(_))
    }

    /// How many bytes of the file a text stands for that records are cut out of.
    pub(crate) fn measure(&self) -> Measure {
        match self {
            Self::Utf8 | Self::SingleByte(_) => Measure::Bytes,
            Self::Utf16(_) => Measure::Utf16,
        }
    }

    /// What makes UTF-8 of the bytes of the file, if that is done before records are cut; so many bytes are to come up to
    /// its end.
    pub(crate) fn decoder(&self, to_come: u64) -> Option<utf16::Decoder> {
        match self {
            Self::Utf8 | Self::SingleByte(_) => None,
            Self::Utf16(order) => Some(utf16::Decoder::new(*order, to_come)),
        }
    }

    /// Decodes the cells of a batch: appends their text to `text`, where the spans point from now on.
    pub(crate) fn decode_cells(&self, bytes: &[u8], spans: &mut [Span], text: &mut Vec<u8>) {
        for span in spans {
            let start = text.len();
            match span.cell() {
                Cell::Plain { start: from, end } => {
                    self.decode(&bytes[from..end], text);
                    *span = Span::plain(start, text.len());
                }
                Cell::Quoted { start: from, end } => {
                    self.decode(&bytes[from..end], text);
                    *span = Span::quoted(start, text.len());
                }
                Cell::Missing => {}
            }
        }
    }
}

impl Table {
    fn new(encoding: &'static Encoding) -> Self {
        let characters = std::array::from_fn(|index| character(encoding, 0x80 + index as u8));
        let bytes = (0x80..=u8::MAX)
            .zip(&characters)
            .filter_map(|(byte, character)| Some((*character.as_ref()?, byte)));
        Self { bytes: bytes.collect(), characters }
    }

    fn byte(&self, character: char) -> Option<u8> {
        match u8::try_from(character) {
            Ok(ascii @ 0..0x80) => Some(ascii),
            _ => self.bytes.get(&character).copied(),
        }
    }

    fn character(&self, byte: u8) -> Option<char> {
        match byte.checked_sub(0x80) {
            None => Some(char::from(byte)),
            Some(index) => self.characters[index as usize],
        }
    }
}

/// The WHATWG standard fills what Windows leaves open with control characters; a file that has those is damaged.
fn character(encoding: &'static Encoding, byte: u8) -> Option<char> {
    let bytes = [byte];
    let text = encoding.decode_without_bom_handling_and_without_replacement(&bytes)?;
    let is_windows = encoding.name().starts_with("windows-");
    text.chars().next().filter(|character| !(is_windows && character.is_control()))
}

/// The name of an encoding that is read here, in lower case, whatever of its labels is given (WHATWG Encoding, §4.2:
/// `latin1` and `iso-8859-1` are windows-1252, `utf-16` is utf-16le).
pub(crate) fn supported(label: &str) -> Option<String> {
    let encoding = Encoding::for_label(label.as_bytes())?;
    let is_read = [encoding_rs::UTF_8, encoding_rs::UTF_16LE, encoding_rs::UTF_16BE].contains(&encoding)
        || encoding.is_single_byte() && encoding != encoding_rs::X_USER_DEFINED;
    is_read.then(|| encoding.name().to_ascii_lowercase())
}

/// The label says UTF-16, and not which byte of a code unit comes first.
pub(crate) fn leaves_byte_order_open(label: &str) -> bool {
    let label = label.trim().to_ascii_lowercase();
    let says_order = label.ends_with("le") || label.ends_with("be") || label.starts_with("unicodef");
    supported(&label).and_then(|name| ByteOrder::of_name(&name)).is_some() && !says_order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, bytes: &[u8], text: &str, undecodable: &[usize]) {
        let charset = Charset::new(name);
        let mut decoded = Vec::new();
        charset.decode(bytes, &mut decoded);
        assert_eq!(String::from_utf8(decoded).unwrap(), text);
        let mut places = Vec::new();
        charset.for_each_undecodable(bytes, |at| places.push(at));
        assert_eq!(places, undecodable);
        if undecodable.is_empty() {
            assert_eq!(charset.encode(text).as_deref(), Some(bytes));
        }
    }

    #[test]
    fn bytes_become_characters() {
        check("windows-1252", b"caf\xE9 \x80", "café €", &[]);
        check("windows-1252", b"a\x81b", "a\u{fffd}b", &[1]);
        check("windows-1251", b"\xCC\xE8\xF0", "Мир", &[]);
        check("windows-1253", b"\xD9\xAA", "Ω\u{fffd}", &[1]);
        check("iso-8859-2", b"\xB3\xF3d\xBC", "łódź", &[]);
        check("utf-8", "łódź".as_bytes(), "łódź", &[]);
        check("utf-16be", "łódź".as_bytes(), "łódź", &[]);
    }

    #[test]
    fn labels_have_one_name() {
        assert_eq!(supported("Latin1").as_deref(), Some("windows-1252"));
        assert_eq!(supported("UTF8").as_deref(), Some("utf-8"));
        assert_eq!(supported("cp1250").as_deref(), Some("windows-1250"));
        assert_eq!(supported("UTF-16").as_deref(), Some("utf-16le"));
        assert_eq!(supported("utf-16be").as_deref(), Some("utf-16be"));
        assert_eq!(supported("utf-32"), None);
        assert_eq!(supported("shift_jis"), None);
        assert_eq!(supported("klingon"), None);
    }

    #[test]
    fn some_labels_leave_the_byte_order_open() {
        for label in ["utf-16", " UTF-16", "unicode", "ucs-2", "csunicode", "iso-10646-ucs-2"] {
            assert!(leaves_byte_order_open(label), "{label}");
        }
        for label in
            ["utf-16le", "UTF-16BE", "unicodefffe", "unicodefeff", "utf-8", "latin1", "utf-32", "table"]
        {
            assert!(!leaves_byte_order_open(label), "{label}");
        }
    }
}
