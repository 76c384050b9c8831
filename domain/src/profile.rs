//! The profile document: the answer of an inspection. `inspect FILE`, the worker and the service produce
//! these same bytes through [`Profile::to_json`]. It holds no id, no time of running and no duration.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::Finding;
use crate::spec::Confidence;

mod alert;
mod column;
mod figure;
mod meaning;
mod number;
mod rows;
mod text;

pub use alert::{Alert, AlertCode};
pub use column::{ColumnProfile, DataType, NullSpelling, TypeShare};
pub use figure::{Estimate, Histogram, HistogramKind, Quantile, TopValue};
pub use meaning::{DateFacts, DayMonthOrder, DominantType, Meaning, SemanticType, SortOrder, ValuePlace};
pub use number::{NumberFacts, Outliers};
pub use rows::{
    CoNullPair, CorrelatedPair, Correlations, MissingnessPattern, RepeatedRow, RowAlert, RowAlertCode,
    RowCompleteness, RowFacts, RowPlace, RowSampleSize, SampleRow, SampleRows,
};
pub use text::{Pattern, TextFacts};

/// Version of this document's shape; rises when a reader of the old shape would break.
pub const PROFILE_VERSION: u32 = 3;

/// What is in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Profile {
    /// [`PROFILE_VERSION`].
    pub profile_version: u32,
    /// Version of the engine's semantics that produced it.
    pub engine_version: u32,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// Number of data records; the header, blank and comment lines are none.
    pub row_count: u64,
    /// Number of columns.
    pub column_count: u32,
    /// How the file was read.
    pub format: Format,
    /// The bytes of the file whose records are counted, ascending, as far as leaves are known: all data once it is read.
    pub seen_ranges: Vec<ByteRange>,
    /// What is known of the rows as wholes.
    pub rows: RowFacts,
    /// One entry per column, in file order.
    pub columns: Vec<ColumnProfile>,
    /// What deserves a look in the columns, in their order.
    pub alerts: Vec<Alert>,
    /// One entry per kind of defect, in the order of the catalogue.
    pub findings: Vec<Finding>,
}

/// Bytes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ByteRange {
    /// The first byte.
    pub start: u64,
    /// One after the last byte.
    pub end: u64,
}

/// How the file was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Format {
    /// `csv`, for any delimited text.
    pub name: String,
    /// Encoding of the text: `utf-8`, `utf-16le`, `utf-16be`, or the name of one of single bytes in lower case.
    pub encoding: String,
    /// The file starts with a byte-order mark.
    pub byte_order_mark: bool,
    /// Character between two fields.
    pub delimiter: String,
    /// Character around quoted fields.
    pub quote: Option<String>,
    /// Character that escapes a quote, where quotes are not doubled.
    pub escape: Option<String>,
    /// Character that starts a comment line.
    pub comment: Option<String>,
    /// The first record names the columns.
    pub header: bool,
    /// How clearly the file shows that.
    pub confidence: Confidence,
    /// Exact number of lines by how they end: records, header, blank and comment lines.
    pub line_endings: LineEndings,
    /// Byte at which the data start.
    pub data_offset: u64,
}

/// Lines by how they end. Line endings inside of quotes are not among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LineEndings {
    /// In a line feed.
    pub lf: u64,
    /// In a carriage return and a line feed.
    pub crlf: u64,
    /// In a carriage return alone.
    pub cr: u64,
}
impl Profile {
    /// The canonical JSON of the document: UTF-8, no white space, fields in declared order.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a profile has string keys and finite numbers only")
    }
}
