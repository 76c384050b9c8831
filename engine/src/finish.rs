//! Turns a partial into the profile document.

use data_inspector_domain::profile::{Format, PROFILE_VERSION, Profile};
use data_inspector_domain::spec::ResolvedSpec;

use crate::partial::Partial;

mod column;
mod distribution;
mod findings;
mod frequency;
mod numbers;
mod types;

pub(crate) use findings::{described, excerpt_text};

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
        format: format(spec),
        columns: (0..spec.columns.len()).map(column).collect(),
        findings: findings::findings(spec, partial),
    }
}

fn format(spec: &ResolvedSpec) -> Format {
    let text = |byte: u8| char::from(byte).to_string();
    Format {
        name: "csv".to_owned(),
        encoding: "utf-8".to_owned(),
        byte_order_mark: spec.head.byte_order_mark,
        delimiter: text(spec.dialect.delimiter),
        quote: spec.dialect.quote.map(text),
        escape: spec.dialect.escape.map(text),
        comment: spec.dialect.comment.map(text),
        header: spec.head.has_header,
        data_offset: spec.head.data_offset,
    }
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
