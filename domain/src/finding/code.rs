//! The catalogue: what each kind of defect is, how bad, and in words.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Severity;

/// Every kind of defect the engine reports. The name in JSON is kebab-case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FindingCode {
    /// The file begins with two byte-order marks; the second one is skipped too.
    DoubleByteOrderMark,
    /// A line above the header: of another number of cells, or with hardly one filled. It is skipped.
    Preamble,
    /// The header has a column without a name.
    BlankLabel,
    /// Two columns of the header have the same name.
    DuplicateLabel,
    /// A name of the header has whitespace around it.
    PaddedLabel,
    /// A name of the header equals an earlier one but for upper and lower case.
    CaseCollidingLabel,
    /// A name of the header is a number, date, or other typed value.
    DataLikeLabel,
    /// A record has fewer fields than there are columns.
    MissingCell,
    /// A record has more fields than there are columns.
    ExtraCell,
    /// A record with too few or too many fields whose values fit the columns if those from some field on are moved: a
    /// delimiter is missing, or one too many, in the middle.
    ColumnShift,
    /// A line between records is empty; it is no record.
    BlankRow,
    /// All fields of a record are empty.
    EmptyRow,
    /// All fields of a record are empty or spaces and tabs, and at least one is not empty.
    WhitespaceRow,
    /// A record equals the header, cell by cell.
    RepeatedHeader,
    /// A record with too few or too many fields that begins with `#`, where the file has no comments.
    CommentLikeRow,
    /// A quote inside an unquoted field; it is taken as text.
    StrayQuote,
    /// Text between a closing quote and the next delimiter; it is appended to the field.
    TextAfterClosingQuote,
    /// A quoted field that is still open where the file ends.
    UnclosedQuote,
    /// A quoted field that holds line after line with as many delimiters as a record has: 16 such lines one after
    /// another, 256 in a file of two columns.
    RunawayQuote,
    /// A quoted field with a line ending in it.
    QuotedLineEnding,
    /// A record, blank or comment line ends in another way than most lines at the head of the file.
    MixedLineEnding,
    /// The file ends without a line ending, in its last record or comment.
    MissingFinalLineEnding,
    /// The file ends without a line ending in a record that is too short or in an open quote.
    TruncatedLastRecord,
    /// Bytes that are not UTF-8; each maximal ill-formed sequence counts once (Unicode 16, §3.9, U+FFFD).
    InvalidUtf8,
    /// Bytes that mean nothing in the encoding of the file, where that is not UTF-8.
    UndecodableByte,
    /// A byte-order mark after the start of the file.
    MisplacedByteOrderMark,
    /// The replacement character U+FFFD.
    ReplacementCharacter,
    /// A character of UTF-8 whose bytes were read as Windows-1252 and written as UTF-8 again.
    Mojibake,
    /// NUL bytes; a run of them counts once.
    NulByte,
    /// Control characters of ASCII other than NUL, tab and line endings; a run of them counts once.
    ControlCharacter,
    /// A field longer than 1 MiB; it is identified by its head, tail and length.
    FieldTooLong,
}

impl FindingCode {
    /// All codes, in the order of reports.
    pub const ALL: [Self; 31] = [
        Self::DoubleByteOrderMark,
        Self::Preamble,
        Self::BlankLabel,
        Self::DuplicateLabel,
        Self::PaddedLabel,
        Self::CaseCollidingLabel,
        Self::DataLikeLabel,
        Self::MissingCell,
        Self::ExtraCell,
        Self::ColumnShift,
        Self::BlankRow,
        Self::EmptyRow,
        Self::WhitespaceRow,
        Self::RepeatedHeader,
        Self::CommentLikeRow,
        Self::StrayQuote,
        Self::TextAfterClosingQuote,
        Self::UnclosedQuote,
        Self::RunawayQuote,
        Self::QuotedLineEnding,
        Self::MixedLineEnding,
        Self::MissingFinalLineEnding,
        Self::TruncatedLastRecord,
        Self::InvalidUtf8,
        Self::UndecodableByte,
        Self::MisplacedByteOrderMark,
        Self::ReplacementCharacter,
        Self::Mojibake,
        Self::NulByte,
        Self::ControlCharacter,
        Self::FieldTooLong,
    ];

    /// The severity this defect is reported with.
    pub fn severity(self) -> Severity {
        match self {
            Self::BlankRow | Self::QuotedLineEnding | Self::MissingFinalLineEnding => Severity::Info,
            Self::DoubleByteOrderMark
            | Self::Preamble
            | Self::BlankLabel
            | Self::DuplicateLabel
            | Self::PaddedLabel
            | Self::CaseCollidingLabel
            | Self::DataLikeLabel
            | Self::EmptyRow
            | Self::WhitespaceRow
            | Self::CommentLikeRow
            | Self::StrayQuote
            | Self::MixedLineEnding
            | Self::MisplacedByteOrderMark
            | Self::ReplacementCharacter
            | Self::Mojibake
            | Self::ControlCharacter
            | Self::FieldTooLong => Severity::Warn,
            Self::MissingCell
            | Self::ExtraCell
            | Self::ColumnShift
            | Self::RepeatedHeader
            | Self::TextAfterClosingQuote
            | Self::UnclosedQuote
            | Self::RunawayQuote
            | Self::TruncatedLastRecord
            | Self::InvalidUtf8
            | Self::UndecodableByte
            | Self::NulByte => Severity::Error,
        }
    }

    /// One sentence for a person who has never heard of the code.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::DoubleByteOrderMark => "the file begins with two byte-order marks",
            Self::Preamble => "a line above the table that is no part of it",
            Self::BlankLabel => "a column of the header has no name",
            Self::DuplicateLabel => "two columns of the header have the same name",
            Self::PaddedLabel => "a column name has spaces around it",
            Self::CaseCollidingLabel => "two column names differ only in upper and lower case",
            Self::DataLikeLabel => "a column name looks like a value: is the header missing?",
            Self::MissingCell => "the row has fewer cells than there are columns",
            Self::ExtraCell => "the row has more cells than there are columns",
            Self::ColumnShift => "from about here on the values of the row stand in the wrong columns",
            Self::BlankRow => "an empty line between the rows",
            Self::EmptyRow => "a row of nothing but empty cells",
            Self::WhitespaceRow => "a row of nothing but spaces",
            Self::RepeatedHeader => "the header again, as if files had been joined",
            Self::CommentLikeRow => "a row that looks like a comment",
            Self::StrayQuote => "a quote inside an unquoted cell, taken as text",
            Self::TextAfterClosingQuote => "text between a closing quote and the next delimiter",
            Self::UnclosedQuote => "a quoted cell that never ends: everything after it was swallowed",
            Self::RunawayQuote => "a quoted cell that seems to have swallowed rows",
            Self::QuotedLineEnding => "a cell of more than one line",
            Self::MixedLineEnding => "a line that ends in another way than most",
            Self::MissingFinalLineEnding => "the last line does not end",
            Self::TruncatedLastRecord => "the file seems to be cut off in its last row",
            Self::InvalidUtf8 => "bytes that are not UTF-8 text",
            Self::UndecodableByte => "a byte that means nothing in the encoding of the file",
            Self::MisplacedByteOrderMark => "a byte-order mark inside the file, as if files had been joined",
            Self::ReplacementCharacter => "a character that an earlier program could not read",
            Self::Mojibake => "text that was decoded with the wrong encoding, such as é as Ã©",
            Self::NulByte => "a byte of value zero",
            Self::ControlCharacter => "a control character in the text",
            Self::FieldTooLong => "a cell of more than 1 MiB",
        }
    }
}
