//! Turns a partial into the profile document.

use data_inspector_domain::profile::{
    Alert, ByteRange, ColumnProfile, Format, LineEndings, PROFILE_VERSION, Profile,
};
use data_inspector_domain::spec::ResolvedSpec;

use crate::charset::Charset;
use crate::column::{ColumnSequence, ColumnState};
use crate::partial::Partial;
use crate::scan::LeafGrid;

mod alerts;
mod before;
mod column;
mod correlation;
mod dates;
mod distribution;
mod findings;
mod frequency;
mod meaning;
mod missingness;
mod numbers;
mod rows;
mod sample_rows;
mod sampled;
mod seen;
mod texts;
mod types;

use before::Before;
pub(crate) use findings::{described, excerpt_text, words};

/// The profile of the leaves in `partial`: of the whole file once it has all of them.
pub fn finish(spec: &ResolvedSpec, partial: &Partial) -> Profile {
    let rows = partial.rows();
    let sequences = partial.fold_sequences();
    let before = Before::new(spec, partial);
    let column = |index: usize| {
        let (state, sequence) = (&partial.columns[index], &sequences[index]);
        column::column_profile(spec, &column::Counted { index, rows, before: &before, state, sequence })
    };
    let columns: Vec<ColumnProfile> = (0..spec.columns.len()).map(column).collect();
    let alerts =
        |((column, state), sequence): ((&ColumnProfile, &ColumnState), &ColumnSequence)| -> Vec<Alert> {
            alerts::alerts(column, &state.census, &sequence.frequent, before.is_complete)
        };
    Profile {
        profile_version: PROFILE_VERSION,
        engine_version: spec.engine_version,
        bytes: spec.file_size_bytes,
        row_count: rows,
        column_count: spec.columns.len() as u32,
        format: format(spec, partial),
        seen_ranges: seen_ranges(spec, partial),
        alerts: columns.iter().zip(&partial.columns).zip(&sequences).flat_map(alerts).collect(),
        rows: rows::facts(partial, &columns, &before),
        columns,
        findings: findings::findings(spec, partial, &before),
    }
}

/// The ranges of the leaves, joined where they touch.
fn seen_ranges(spec: &ResolvedSpec, partial: &Partial) -> Vec<ByteRange> {
    let grid = LeafGrid::new(spec);
    let mut ranges: Vec<ByteRange> = Vec::new();
    for totals in &partial.leaves {
        let (start, end) = (grid.leaf_start(totals.leaf), grid.leaf_end(totals.leaf));
        match ranges.last_mut() {
            Some(last) if last.end == start => last.end = end,
            _ => ranges.push(ByteRange { start, end }),
        }
    }
    ranges
}

fn format(spec: &ResolvedSpec, partial: &Partial) -> Format {
    let text = |byte: u8| char::from(byte).to_string();
    Format {
        name: "csv".to_owned(),
        encoding: spec.head.encoding.clone(),
        byte_order_mark: spec.head.byte_order_mark,
        delimiter: delimiter(spec),
        quote: spec.dialect.quote.map(text),
        escape: spec.dialect.escape.map(text),
        comment: spec.dialect.comment.map(text),
        header: spec.head.has_header,
        confidence: spec.head.confidence,
        line_endings: line_endings(spec, partial),
        data_offset: spec.head.data_offset,
    }
}

fn delimiter(spec: &ResolvedSpec) -> String {
    let mut text = Vec::new();
    Charset::new(&spec.head.encoding).decode(spec.dialect.delimiter.as_bytes(), &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

fn line_endings(spec: &ResolvedSpec, partial: &Partial) -> LineEndings {
    let head = spec.head.line_endings;
    let [lf, crlf, cr] = partial
        .leaves
        .iter()
        .fold(head, |sum, leaf| std::array::from_fn(|kind| sum[kind] + leaf.line_endings[kind]));
    LineEndings { lf, crlf, cr }
}
/// A value as text: ill-formed bytes as U+FFFD, a long one cut.
fn shown(head: &[u8], len: u64) -> String {
    if len <= head.len() as u64 {
        return String::from_utf8_lossy(head).into_owned();
    }
    format!("{}…", String::from_utf8_lossy(whole_characters(head)))
}

/// Without the beginning of a character that was cut off at the end.
fn whole_characters(bytes: &[u8]) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => &bytes[..error.valid_up_to()],
        _ => bytes,
    }
}
