//! How a record that was read in pieces ended.

use data_inspector_domain::spec::LineEnding;

/// How a long record ended.
pub(crate) struct LongRecordEnd {
    /// It was a comment line, not a record.
    pub(crate) is_comment: bool,
    /// Offset of its first byte.
    pub(crate) start: u64,
    pub(crate) fields: usize,
    /// XXH3 of its bytes without the line ending.
    pub(crate) hash: u64,
    /// Its lines, and its line ending.
    pub(crate) lines: u64,
    /// `None` at the end of the file.
    pub(crate) line_ending: Option<LineEnding>,
    /// The last field is in quotes that do not close.
    pub(crate) in_open_quote: bool,
    pub(crate) first_byte: u8,
    /// Offset of the line ending, or the end of the file, and the lines of the record before it.
    pub(crate) content_end: (u64, u64),
    /// Offset of the first field past the last column and the lines before it.
    pub(crate) first_extra: Option<(u64, u64)>,
    /// The last bytes of the record.
    pub(crate) excerpt: Vec<u8>,
}

/// A record that ended in a CR, and the next byte, which is at `at`: a LF belongs to it.
pub(super) fn after_cr(end: LongRecordEnd, at: usize, next: u8) -> (usize, LongRecordEnd) {
    if next == b'\n' {
        return (at + 1, LongRecordEnd { line_ending: Some(LineEnding::Crlf), ..end });
    }
    (at, end)
}
