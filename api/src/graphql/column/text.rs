//! What is known of the texts of a column.

use async_graphql::SimpleObject;
use data_inspector_domain::profile;

use super::figure::Estimate;
use crate::graphql::scalar::Long;

/// Counts of values that are text, each once per kind.
#[derive(SimpleObject)]
pub(super) struct TextFacts {
    /// Values that are text.
    count: Long,
    /// White space at the start.
    leading_space: Long,
    /// White space at the end.
    trailing_space: Long,
    /// A line feed or carriage return inside.
    line_breaks: Long,
    /// Control characters other than tab, line feed and carriage return.
    control_characters: Long,
    /// A no-break space, soft hyphen, zero-width character or byte-order mark: looks like nothing, and makes values that
    /// look alike differ.
    invisible_characters: Long,
    /// Characters beyond ASCII.
    non_ascii: Long,
    /// Letters A to Z and none of a to z.
    upper_case: Long,
    /// Letters a to z and none of A to Z.
    lower_case: Long,
    /// Both.
    mixed_case: Long,
}

/// A shape that texts of a column have.
#[derive(SimpleObject)]
pub(super) struct Pattern {
    /// The shape: `A` a capital letter, `a` a small one, `9` a digit, `ä` a character beyond ASCII, `X` a letter or digit
    /// in a word that mixes them, other characters themselves. Up to three are written out, more as `9{5}`; `9{3,7}`
    /// are three to seven.
    pattern: String,
    /// How many values have it; the bounds are hard.
    count: Estimate,
    /// Share of the values that are text, 0 to 1.
    share: f64,
}

impl From<&profile::TextFacts> for TextFacts {
    fn from(facts: &profile::TextFacts) -> Self {
        Self {
            count: facts.count.into(),
            leading_space: facts.leading_space.into(),
            trailing_space: facts.trailing_space.into(),
            line_breaks: facts.line_breaks.into(),
            control_characters: facts.control_characters.into(),
            invisible_characters: facts.invisible_characters.into(),
            non_ascii: facts.non_ascii.into(),
            upper_case: facts.upper_case.into(),
            lower_case: facts.lower_case.into(),
            mixed_case: facts.mixed_case.into(),
        }
    }
}

impl From<&profile::Pattern> for Pattern {
    fn from(pattern: &profile::Pattern) -> Self {
        Self { pattern: pattern.pattern.clone(), count: (&pattern.count).into(), share: pattern.share }
    }
}
