//! The reference automaton of delimited text: the one definition of where records and fields begin and end.
//!
//! Semantics are those of the `csv` crate (csv-core, `transition_nfa`), blank lines apart, which are counted:
//! a quote opens a field only at its start; elsewhere in an unquoted field it is text; in a quoted field a
//! doubled quote is a quote, and after the closing quote anything but a delimiter or line ending continues
//! the field as unquoted text. LF, CRLF and lone CR end records. The fast paths in `records` and
//! [`crate::lanes`] must equal this, and are tested against it.

use data_inspector_domain::spec::{Delimiter, Dialect};
use serde::{Deserialize, Serialize};

/// Where the automaton is *before* it takes the next byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum State {
    /// At the first byte of a record, or of a blank line.
    RecordStart,
    /// After a delimiter.
    FieldStart,
    /// In a field that did not start with a quote, or after text behind a closing quote.
    Unquoted,
    /// In a quoted field.
    Quoted,
    /// After a quote in a quoted field: the end of it, or the first half of a doubled quote.
    QuoteInQuoted,
    /// After the escape byte in a quoted field.
    Escaped,
    /// After a CR that ended a record: a LF here belongs to it.
    AfterCr,
    /// In a comment line.
    Comment,
    /// After the first byte of a delimiter that has more. If the others do not follow, it was text.
    Delimiter1,
    /// After the first two bytes.
    Delimiter2,
    /// After the first three bytes.
    Delimiter3,
}

/// In a delimiter, by the number of its bytes that have come, less one.
const IN_DELIMITER: [State; Delimiter::MOST_BYTES - 1] =
    [State::Delimiter1, State::Delimiter2, State::Delimiter3];

impl State {
    /// Every state, in the order of transition vectors.
    pub const ALL: [Self; 11] = [
        Self::RecordStart,
        Self::FieldStart,
        Self::Unquoted,
        Self::Quoted,
        Self::QuoteInQuoted,
        Self::Escaped,
        Self::AfterCr,
        Self::Comment,
        Self::Delimiter1,
        Self::Delimiter2,
        Self::Delimiter3,
    ];

    /// The state after `byte`.
    #[inline]
    pub fn step(self, dialect: &Dialect, byte: u8) -> Self {
        match self {
            Self::RecordStart => Self::at_record_start(dialect, byte),
            Self::AfterCr if byte == b'\n' => Self::RecordStart,
            Self::AfterCr => Self::at_record_start(dialect, byte),
            Self::FieldStart if Some(byte) == dialect.quote => Self::Quoted,
            Self::FieldStart | Self::Unquoted => Self::outside(dialect, byte),
            Self::Quoted if Some(byte) == dialect.quote => Self::QuoteInQuoted,
            Self::Quoted if Some(byte) == dialect.escape => Self::Escaped,
            Self::Quoted | Self::Escaped => Self::Quoted,
            Self::QuoteInQuoted if Some(byte) == dialect.quote => Self::Quoted,
            Self::QuoteInQuoted => Self::outside(dialect, byte),
            Self::Comment => match byte {
                b'\n' => Self::RecordStart,
                b'\r' => Self::AfterCr,
                _ => Self::Comment,
            },
            Self::Delimiter1 | Self::Delimiter2 | Self::Delimiter3 => {
                Self::in_delimiter(dialect, self.delimiter_bytes(), byte)
            }
        }
    }

    /// Bytes before the next one that are the beginning of a delimiter, if the others follow.
    pub(crate) fn delimiter_bytes(self) -> usize {
        IN_DELIMITER.iter().position(|&state| state == self).map_or(0, |index| index + 1)
    }

    /// The next byte, if it is `byte`, is the first of a record or blank or comment line.
    pub fn starts_record(self, byte: u8) -> bool {
        self == Self::RecordStart || (self == Self::AfterCr && byte != b'\n')
    }

    fn at_record_start(dialect: &Dialect, byte: u8) -> Self {
        if Some(byte) == dialect.quote {
            Self::Quoted
        } else if Some(byte) == dialect.comment {
            Self::Comment
        } else {
            Self::outside(dialect, byte)
        }
    }

    /// The state after a byte that cannot open, close or double a quote.
    pub(crate) fn outside(dialect: &Dialect, byte: u8) -> Self {
        match byte {
            b'\n' => Self::RecordStart,
            b'\r' => Self::AfterCr,
            _ if byte == dialect.delimiter.first() => Self::after_delimiter_bytes(dialect, 1),
            _ => Self::Unquoted,
        }
    }

    fn after_delimiter_bytes(dialect: &Dialect, count: usize) -> Self {
        if count == dialect.delimiter.len() { Self::FieldStart } else { IN_DELIMITER[count - 1] }
    }

    /// The state after `byte`, when the `seen` bytes before it are the first ones of the delimiter. Where it does not
    /// go on, a later one of these bytes may begin it (Knuth, Morris and Pratt 1977).
    fn in_delimiter(dialect: &Dialect, seen: usize, byte: u8) -> Self {
        let delimiter = dialect.delimiter.as_bytes();
        // Lanes run from every state, also from those that this delimiter does not have.
        let seen = seen.min(delimiter.len() - 1);
        let goes_on =
            |&count: &usize| delimiter[seen - count..seen] == delimiter[..count] && delimiter[count] == byte;
        match (0..=seen).rev().find(goes_on) {
            Some(count) => Self::after_delimiter_bytes(dialect, count + 1),
            None => Self::outside(dialect, byte),
        }
    }
}
