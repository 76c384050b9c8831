//! Recognises what is no delimited text, so that the error names what it is.

use data_inspector_domain::failure::{Failure, FailureCode};

use crate::measure::Measure;

/// First bytes of formats that people upload by mistake or ahead of time.
const MAGIC: [(&[u8], &str); 12] = [
    (b"PAR1", "a Parquet file"),
    (b"\x1F\x8B", "gzip-compressed data"),
    (b"\x28\xB5\x2F\xFD", "zstd-compressed data"),
    (b"BZh", "bzip2-compressed data"),
    (b"\xFD7zXZ\x00", "xz-compressed data"),
    (b"PK\x03\x04", "a zip archive or an Office document"),
    (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "an old Office document"),
    (b"%PDF-", "a PDF document"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"ARROW1", "an Arrow file"),
    (b"\xFF\xFE\x00\x00", UTF_32),
    (b"\x00\x00\xFE\xFF", UTF_32),
];

/// How it begins is also how UTF-16 with a NUL begins, which hardly any file has.
const UTF_32: &str = "UTF-32 text";
/// Of a text in UTF-32, one in so many characters is a letter of English, a digit, a line ending or the like.
const CHARACTERS_PER_ASCII: usize = 5;

/// One NUL per this many bytes is more than damage: random bytes have one in 256.
const BYTES_PER_NUL: usize = 1000;

/// By the first bytes of a file.
pub(super) fn refuse_known_formats(sample: &[u8]) -> Result<(), Failure> {
    match MAGIC.iter().find(|(magic, _)| sample.starts_with(magic)) {
        Some((_, what)) => Err(refusal(what, 0)),
        None => Ok(()),
    }
}

/// By the text of the first bytes, or by those bytes if that is the same.
pub(super) fn refuse_binary_data(text: &[u8], measure: Measure) -> Result<(), Failure> {
    let nuls = memchr::memchr_iter(0, text).count();
    let Some(first) = memchr::memchr(0, text).filter(|_| nuls * BYTES_PER_NUL > text.len()) else {
        return Ok(());
    };
    let first = measure.bytes(&text[..first]);
    if measure == Measure::Bytes && (is_utf32(text, u32::from_le_bytes) || is_utf32(text, u32::from_be_bytes))
    {
        return Err(refusal(UTF_32, first));
    }
    Err(refusal(&format!("binary data (the first of {nuls} NUL bytes is at byte {first})"), first))
}

fn refusal(what: &str, byte: u64) -> Failure {
    let advice = match what {
        UTF_32 => {
            "it cannot be read in this encoding: convert it to UTF-8 first, as with iconv -f UTF-32 -t UTF-8"
        }
        _ => "it is not delimited text: convert or decompress it first",
    };
    Failure::new(FailureCode::UnsupportedFormat, format!("this is {what}; {advice}")).at_byte(byte)
}

fn is_utf32(sample: &[u8], read: fn([u8; 4]) -> u32) -> bool {
    let characters = sample.as_chunks::<4>().0;
    let is_text = |&bytes: &[u8; 4]| read(bytes) > 0 && char::from_u32(read(bytes)).is_some();
    let ascii = characters.iter().filter(|&&bytes| is_ascii_text(read(bytes))).count();
    characters.iter().all(is_text) && ascii * CHARACTERS_PER_ASCII > characters.len()
}

/// A character of ASCII that a table may well have: no control character other than a tab and line endings.
pub(super) fn is_ascii_text(character: u32) -> bool {
    matches!(character, 0x09 | 0x0A | 0x0D | 0x20..0x7F)
}
