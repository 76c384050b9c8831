//! The catalogue: what each kind of defect is, how bad, and in words.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Severity;

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
