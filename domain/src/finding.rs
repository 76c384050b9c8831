//! Located defects: the catalogue of codes, and a defect with its exact count and examples.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod code;

pub use code::FindingCode;

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
    /// The last occurrences by byte offset, at most 10; none where `examples` has all occurrences.
    pub last_examples: Vec<FindingExample>,
    /// A uniform sample of all occurrences, at most 100, by byte offset: those whose offsets have the smallest hashes.
    /// None where `examples` has all occurrences.
    pub sample_examples: Vec<FindingExample>,
    /// Where in the file the occurrences are.
    pub histogram: FindingHistogram,
}

/// Occurrences by place: the file in ranges of equal length.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FindingHistogram {
    /// Length of a range: a 64th of the file, rounded up to bytes.
    pub range_bytes: u64,
    /// Exact number of occurrences in each of the 64 ranges, from the start of the file on.
    pub counts: Vec<u64>,
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
    /// What is there, e.g. `19 cells`; never text of the file, which only the excerpt shows.
    pub found: Option<String>,
    /// A few characters of the record around the place; ill-formed bytes shown as U+FFFD.
    pub excerpt: String,
}
