//! What an inspection is asked to do ([`InspectionSpec`]) and what was decided before the first byte was
//! counted ([`ResolvedSpec`]). The resolved spec is part of a result's identity: the same bytes under the
//! same resolved spec and engine version give the same profile, byte for byte.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::Finding;

mod delimiter;

pub use delimiter::{Delimiter, LineEnding};

/// Version of the engine's semantics. It rises whenever the same bytes and spec could give another profile.
pub const ENGINE_VERSION: u32 = 6;

/// What to do with a file: everything a person may choose, all of it optional.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct InspectionSpec {
    /// Format decisions taken by the user instead of by the survey.
    pub format: FormatOverrides,
    /// Cell texts that mean "no value", compared byte for byte after unquoting. The empty cell always does.
    pub null_values: Vec<String>,
    /// Ranks in `0.0..=1.0` at which quantiles are reported.
    pub quantiles: Vec<f64>,
    /// Number of equal-width bars in a histogram (1 to 1,000).
    pub histogram_bins: u32,
    /// Number of most frequent values reported per column (0 to 1,000).
    pub top_values: u32,
    /// Size of a leaf in bytes, a power of two; by default it follows from the size of the file.
    pub leaf_size_bytes: Option<u64>,
    /// Bytes that the states of one partial may take; with many columns estimates get wider instead. A worker
    /// holds about two partials per thread and one more.
    pub state_budget_bytes: u64,
}

impl Default for InspectionSpec {
    fn default() -> Self {
        Self {
            format: FormatOverrides::default(),
            null_values: ["NA", "N/A", "n/a", "NULL", "null", "None", "nil", "-", "\\N", "#N/A"]
                .map(String::from)
                .to_vec(),
            quantiles: vec![0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99],
            histogram_bins: 64,
            top_values: 20,
            leaf_size_bytes: None,
            state_budget_bytes: 16 << 20,
        }
    }
}

/// The parts of a format a user may fix. `None`: the survey decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FormatOverrides {
    /// Encoding of the text, by any label of the WHATWG standard: UTF-8, UTF-16, or one of single bytes.
    pub encoding: Option<String>,
    /// Field delimiter.
    pub delimiter: Option<Delimiter>,
    /// Quote character, or that the file has none.
    pub quote: Option<ByteChoice>,
    /// Byte that escapes a quote inside a quoted field, or that quotes are doubled only.
    pub escape: Option<ByteChoice>,
    /// Byte that starts a comment line, or that there are no comments.
    pub comment: Option<ByteChoice>,
    /// Whether the first record names the columns.
    pub header: Option<bool>,
    /// Number of physical lines before the first record that are not data.
    pub skip_lines: Option<u64>,
}

/// A special byte of a dialect, or the decision that the dialect has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ByteChoice {
    /// The dialect has no such byte.
    None,
    /// The dialect has this byte.
    Byte(u8),
}

impl ByteChoice {
    /// The byte, if the dialect has one.
    pub fn byte(self) -> Option<u8> {
        match self {
            Self::None => None,
            Self::Byte(byte) => Some(byte),
        }
    }
}

/// How delimited text is cut into fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dialect {
    /// What is between two fields.
    pub delimiter: Delimiter,
    /// Byte that opens and closes a quoted field; doubled inside, it stands for itself.
    pub quote: Option<u8>,
    /// Byte that, inside a quoted field, takes the next byte literally.
    pub escape: Option<u8>,
    /// Byte that, at the start of a record, makes the line a comment.
    pub comment: Option<u8>,
}

impl Dialect {
    /// RFC 4180: comma, double quote, quotes doubled, no comments.
    pub const RFC4180: Self =
        Self { delimiter: Delimiter::byte(b','), quote: Some(b'"'), escape: None, comment: None };
}

/// Everything that is decided before the first leaf is inspected, frozen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResolvedSpec {
    /// [`ENGINE_VERSION`] of the engine that resolved it.
    pub engine_version: u32,
    /// Size of the file in bytes.
    pub file_size_bytes: u64,
    /// Size of a leaf in bytes, a power of two.
    pub leaf_size_bytes: u64,
    /// How records are cut.
    pub dialect: Dialect,
    /// What was found before the data: byte-order mark, skipped lines, header.
    pub head: FileHead,
    /// Names of the columns, in file order. A name over the value limit is cut.
    pub columns: Vec<String>,
    /// What the first rows show of each column, in the same order; empty where an older engine has not looked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub column_kinds: Vec<ColumnKind>,
    /// Cell texts that mean "no value" besides the empty cell, sorted, without duplicates.
    pub null_values: Vec<String>,
    /// Ranks at which quantiles are reported, ascending.
    pub quantiles: Vec<f64>,
    /// Bars of a histogram.
    pub histogram_bins: u32,
    /// Most frequent values reported per column.
    pub top_values: u32,
    /// Sizes of the estimating states.
    pub sketches: SketchSizes,
    /// Lengths above which a record or field is not held whole.
    pub limits: LengthLimits,
}

/// What nearly all values of a column are in the first rows of a file. It decides nothing about the values: it tells
/// rows whose values stand in the wrong columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ColumnKind {
    /// Text, or now this and now that.
    Any,
    /// `true false yes no t f y n`.
    Boolean,
    /// Digits, with or without a point, sign or exponent.
    Number,
    /// A date, with or without a time of day.
    Date,
    /// A time of day.
    Time,
    /// 36 characters of RFC 9562.
    Uuid,
}

/// Lengths above which the engine reads in pieces. They bound memory, never the file: what is longer is still
/// read, counted and located.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LengthLimits {
    /// At least 2, a CRLF. A record of more bytes is read in pieces; excerpts of its defects show only what is before them.
    pub record_bytes: u32,
    /// At least 256. A field of more bytes is identified by its head, tail and length.
    pub field_bytes: u32,
}

impl Default for LengthLimits {
    fn default() -> Self {
        Self { record_bytes: 1 << 20, field_bytes: 1 << 20 }
    }
}

/// What precedes the data of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FileHead {
    /// The file starts with the UTF-8 byte-order mark.
    pub byte_order_mark: bool,
    /// The first record names the columns.
    pub has_header: bool,
    /// Encoding of the text: `utf-8`, `utf-16le`, `utf-16be`, or the name of one of single bytes in lower case.
    pub encoding: String,
    /// How clearly the file shows how it is to be read.
    pub confidence: Confidence,
    /// How most lines at the head of the file end, if any does.
    pub line_ending: Option<LineEnding>,
    /// Lines before the data by their ending, in the order of [`LineEnding::ALL`].
    pub line_endings: [u64; 3],
    /// Byte at which the first data record (or a blank or comment line before it) starts.
    pub data_offset: u64,
    /// Physical line, from 1, at `data_offset`.
    pub data_line: u64,
    /// Defects of the header record and the lines before it.
    pub findings: Vec<Finding>,
}

/// How clearly a file shows how it is to be read: from 0 to 1, and 1 for what a person decided.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Confidence {
    /// Share of what is not ASCII that the encoding can read; a half where all is ASCII.
    pub encoding: f64,
    /// How far the next best delimiter is behind: 1 if nothing else makes a table.
    pub delimiter: f64,
    /// Share of quotes that open and close fields as they should; a half where there are none.
    pub quote: f64,
    /// A half and half the share by which the columns agree whether there is a header; a half where none can tell.
    pub header: f64,
}

impl Default for Confidence {
    /// Nothing to judge by.
    fn default() -> Self {
        Self { encoding: 0.5, delimiter: 0.0, quote: 0.5, header: 0.5 }
    }
}

/// Sizes of the states that hold estimates; chosen from the number of columns so that memory is bounded,
/// and the same everywhere so that any partials merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SketchSizes {
    /// Distinct values counted exactly up to this number.
    pub distinct_exact: u32,
    /// Base-two logarithm of the number of HyperLogLog registers above it.
    pub distinct_log2_registers: u8,
    /// Buckets of the adaptive dyadic histogram behind quantiles and histograms.
    pub histogram_buckets: u32,
    /// Values tracked for the most frequent ones; counts are exact up to this many distinct values.
    pub top_values_tracked: u32,
}
