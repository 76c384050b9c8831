//! What hides in the texts of a column, and which shapes they have.

use data_inspector_domain::profile::{Pattern, TextFacts};

use super::frequency::count_estimate;
use crate::column::ColumnState;
use crate::text::shape::{BEYOND, MORE, runs_of};
use crate::text::{ShapeCounter, ShapeSummary};

const PATTERNS: usize = 10;
/// Runs of up to so many are written out.
const WRITTEN_OUT: u16 = 3;

/// Facts of a column that has texts.
pub(super) fn facts(state: &ColumnState) -> Option<TextFacts> {
    let census = &state.census;
    (census.texts > 0).then_some(TextFacts {
        count: census.texts,
        leading_space: census.leading_space,
        trailing_space: census.trailing_space,
        line_breaks: census.line_break,
        control_characters: census.control,
        invisible_characters: census.invisible,
        non_ascii: census.non_ascii,
        upper_case: census.upper_case,
        lower_case: census.lower_case,
        mixed_case: census.mixed_case,
    })
}

/// The most frequent shapes, as far as they are certainly more frequent than all that are not tracked.
pub(super) fn patterns(state: &ColumnState, shapes: &ShapeSummary) -> Vec<Pattern> {
    let mut counters: Vec<&ShapeCounter> =
        shapes.counters.iter().filter(|counter| counter.count > shapes.error).collect();
    counters.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.kinds.cmp(&b.kinds)));
    counters.truncate(PATTERNS);
    let pattern = |counter: &ShapeCounter| Pattern {
        pattern: text_of(counter),
        count: count_estimate(counter.count, shapes.error),
        share: counter.count as f64 / state.census.texts as f64,
    };
    counters.into_iter().map(pattern).collect()
}

fn text_of(counter: &ShapeCounter) -> String {
    let mut text = String::new();
    for (&kind, &(least, most)) in runs_of(&counter.kinds).iter().zip(&counter.lens) {
        let symbol = match kind {
            MORE => {
                text.push('…');
                continue;
            }
            BEYOND => {
                text.push_str("ä+");
                continue;
            }
            b'\\' | b'{' | b'}' | b'+' => format!("\\{}", char::from(kind)),
            _ if kind.is_ascii_control() => char::from(kind).escape_default().to_string(),
            _ => char::from(kind).to_string(),
        };
        if least == most && most <= WRITTEN_OUT {
            text.push_str(&symbol.repeat(most.into()));
        } else if least == most {
            text.push_str(&format!("{symbol}{{{most}}}"));
        } else {
            text.push_str(&format!("{symbol}{{{least},{most}}}"));
        }
    }
    text
}
