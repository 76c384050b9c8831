//! Recognises what is no delimited text, so that the error names what it is.

use data_inspector_domain::failure::{Failure, FailureCode};

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
    (b"\xFF\xFE", "UTF-16 text"),
    (b"\xFE\xFF", "UTF-16 text"),
];

/// One NUL per this many bytes is more than damage: random bytes have one in 256.
const BYTES_PER_NUL: usize = 1000;

pub(super) fn refuse_what_is_no_text(sample: &[u8]) -> Result<(), Failure> {
    let refuse = |what: &str, byte: usize| {
        let advice = "only delimited text in UTF-8 can be inspected; convert or decompress it first";
        let message = format!("this is {what}, not delimited text: {advice}");
        Err(Failure::new(FailureCode::UnsupportedFormat, message).at_byte(byte as u64))
    };
    if let Some((_, what)) = MAGIC.iter().find(|(magic, _)| sample.starts_with(magic)) {
        return refuse(what, 0);
    }
    let nuls = memchr::memchr_iter(0, sample).count();
    match memchr::memchr(0, sample) {
        Some(first) if nuls * BYTES_PER_NUL > sample.len() => {
            refuse(&format!("binary data (the first of {nuls} NUL bytes is at byte {first})"), first)
        }
        _ => Ok(()),
    }
}
