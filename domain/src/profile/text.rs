//! What is known of the texts of a column.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::figure::{Estimate, whole_as_integer};

/// Counts of values that are text (or codes), each once per kind. Of a value over 1 MiB its first 4,096 bytes are looked
/// at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TextFacts {
    /// Values that are text.
    pub count: u64,
    /// White space at the start.
    pub leading_space: u64,
    /// White space at the end.
    pub trailing_space: u64,
    /// A line feed or carriage return inside.
    pub line_breaks: u64,
    /// Control characters other than tab, line feed and carriage return.
    pub control_characters: u64,
    /// A no-break space, soft hyphen, zero-width character or byte-order mark: looks like nothing, and makes values
    /// that look alike differ.
    pub invisible_characters: u64,
    /// Characters beyond ASCII.
    pub non_ascii: u64,
    /// Letters A to Z and none of a to z.
    pub upper_case: u64,
    /// Letters a to z and none of A to Z.
    pub lower_case: u64,
    /// Both.
    pub mixed_case: u64,
}

/// A shape that texts of a column have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pattern {
    /// The shape: `A` a capital letter, `a` a small one, `9` a digit, `ä` a character beyond ASCII, `X` a letter or
    /// digit in a word that mixes them, other characters themselves (`\` before one of `AaXä9{}+…\`). Up to three are
    /// written out, more as `9{5}`; `9{3,7}` are three to seven bytes, `ä+` one or more; `…`: the text goes on.
    pub pattern: String,
    /// How many values have it; the bounds are hard.
    pub count: Estimate,
    /// `count.value` as a share of the values that are text.
    #[serde(serialize_with = "whole_as_integer")]
    pub share: f64,
}
