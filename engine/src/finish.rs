//! Turns a partial into the profile document.

use data_inspector_domain::profile::{Format, LineEndings, PROFILE_VERSION, Profile};
use data_inspector_domain::spec::ResolvedSpec;

use crate::charset::Charset;
use crate::partial::Partial;

mod column;
mod distribution;
mod findings;
mod frequency;
mod numbers;
mod types;

pub(crate) use findings::{described, excerpt_text, words};

/// The profile of the leaves in `partial`: of the whole file once it has all of them.
pub fn finish(spec: &ResolvedSpec, partial: &Partial) -> Profile {
    let rows = partial.rows();
    let frequent = partial.fold_frequent();
    let column =
        |index: usize| column::column_profile(spec, index, rows, &partial.columns[index], &frequent[index]);
    Profile {
        profile_version: PROFILE_VERSION,
        engine_version: spec.engine_version,
        bytes: spec.file_size_bytes,
        row_count: rows,
        column_count: spec.columns.len() as u32,
        format: format(spec, partial),
        columns: (0..spec.columns.len()).map(column).collect(),
        findings: findings::findings(spec, partial),
    }
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
