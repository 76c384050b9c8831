//! Located defects: the catalogue of codes, and a defect with its exact count and examples.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Every kind of defect the engine reports. The name in JSON is kebab-case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FindingCode {
    /// The header has a column without a name.
    BlankLabel,
    /// Two columns of the header have the same name.
    DuplicateLabel,
    /// A record has fewer fields than there are columns.
    MissingCell,
    /// A record has more fields than there are columns.
    ExtraCell,
    /// A line between records is empty; it is no record.
    BlankRow,
    /// A quote inside an unquoted field; it is taken as text.
    StrayQuote,
    /// Text between a closing quote and the next delimiter; it is appended to the field.
    TextAfterClosingQuote,
    /// A quoted field that is still open where the file ends.
    UnclosedQuote,
    /// Bytes that are not UTF-8; each maximal ill-formed sequence counts once (Unicode 16, §3.9, U+FFFD).
    InvalidUtf8,
    /// A field longer than 1 MiB; it is identified by its head, tail and length.
    FieldTooLong,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Readable, but probably not meant so.
    Warn,
    /// The file says something else than its writer meant, or readers will disagree about it.
    Error,
}

impl FindingCode {
    /// All codes, in the order of reports.
    pub const ALL: [Self; 10] = [
        Self::BlankLabel,
        Self::DuplicateLabel,
        Self::MissingCell,
        Self::ExtraCell,
        Self::BlankRow,
        Self::StrayQuote,
        Self::TextAfterClosingQuote,
        Self::UnclosedQuote,
        Self::InvalidUtf8,
        Self::FieldTooLong,
    ];

    /// The severity this defect is reported with.
    pub fn severity(self) -> Severity {
        match self {
            Self::BlankRow => Severity::Info,
            Self::BlankLabel | Self::DuplicateLabel | Self::StrayQuote | Self::FieldTooLong => Severity::Warn,
            Self::MissingCell
            | Self::ExtraCell
            | Self::TextAfterClosingQuote
            | Self::UnclosedQuote
            | Self::InvalidUtf8 => Severity::Error,
        }
    }

    /// One sentence for a person who has never heard of the code.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::BlankLabel => "a column of the header has no name",
            Self::DuplicateLabel => "two columns of the header have the same name",
            Self::MissingCell => "the row has fewer cells than there are columns",
            Self::ExtraCell => "the row has more cells than there are columns",
            Self::BlankRow => "an empty line between the rows",
            Self::StrayQuote => "a quote inside an unquoted cell, taken as text",
            Self::TextAfterClosingQuote => "text between a closing quote and the next delimiter",
            Self::UnclosedQuote => "a quoted cell that never ends: everything after it was swallowed",
            Self::InvalidUtf8 => "bytes that are not UTF-8 text",
            Self::FieldTooLong => "a cell of more than 1 MiB",
        }
    }
}

/// One kind of defect in a file: how often, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Finding {
    /// What is wrong.
    pub code: FindingCode,
    /// How bad it is.
    pub severity: Severity,
    /// Exact number of occurrences in the bytes inspected; never capped.
    pub count: u64,
    /// The first occurrences by byte offset, at most 100.
    pub examples: Vec<FindingExample>,
}

/// One occurrence of a defect.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FindingExample {
    /// Byte offset in the file of the offending byte.
    pub byte_offset: u64,
    /// Data row, from 1; 0 in the header; absent where the place belongs to no row.
    pub row: Option<u64>,
    /// Physical line, from 1.
    pub line: u64,
    /// Name of the column, if the defect is in one.
    pub column: Option<String>,
    /// Position of the column, from 0.
    pub column_index: Option<u32>,
    /// What the format asks for, e.g. `20 cells`.
    pub expected: Option<String>,
    /// What is there, e.g. `19 cells`.
    pub found: Option<String>,
    /// A few characters of the record around the place; ill-formed bytes shown as U+FFFD.
    pub excerpt: String,
}
