//! The defects of a partial as findings: places become absolute, since the rows and lines of all leaves before are
//! known.

use data_inspector_domain::finding::{Finding, FindingCode, FindingExample, FindingHistogram};
use data_inspector_domain::spec::{LineEnding, ResolvedSpec};
use std::collections::BTreeMap;

use super::before::Before;
use super::whole_characters;
use crate::charset::Charset;
use crate::ledger::{Example, Found, Ledger, sample_rank};
use crate::limits::{EXAMPLES, LAST_EXAMPLES};
use crate::partial::Partial;

/// One finding per kind of defect, in the order of the catalogue.
pub(super) fn findings(spec: &ResolvedSpec, partial: &Partial, before: &Before) -> Vec<Finding> {
    let mut findings: BTreeMap<FindingCode, Finding> =
        spec.head.findings.iter().map(|finding| (finding.code, finding.clone())).collect();
    let charset = Charset::new(&spec.head.encoding);
    for of_data in described(&partial.ledger, |defect| example(spec, before, &charset, defect)) {
        match findings.get_mut(&of_data.code) {
            None => drop(findings.insert(of_data.code, of_data)),
            Some(of_head) => append(of_head, of_data),
        }
    }
    findings.into_values().map(without_repetition).collect()
}

/// The defects of a ledger as findings with all their examples, given how one of them is described.
pub(crate) fn described(
    ledger: &Ledger,
    describe: impl Fn(&Example) -> FindingExample + Copy,
) -> impl Iterator<Item = Finding> {
    ledger.iter().map(move |(code, entry)| {
        let all = |examples: &[Example]| examples.iter().map(describe).collect();
        let range_bytes = ledger.range_bytes();
        Finding {
            code,
            severity: code.severity(),
            count: entry.count,
            examples: all(&entry.first),
            last_examples: all(&entry.last),
            sample_examples: all(&entry.sample),
            histogram: FindingHistogram { range_bytes, counts: entry.histogram.clone() },
        }
    })
}

/// Appends the defects of the data to those of the same kind of the head, which are before them.
fn append(of_head: &mut Finding, of_data: Finding) {
    of_head.count += of_data.count;
    of_head.examples.extend(of_data.examples);
    of_head.examples.truncate(EXAMPLES);
    of_head.last_examples.extend(of_data.last_examples);
    of_head.last_examples.drain(..of_head.last_examples.len().saturating_sub(LAST_EXAMPLES));
    of_head.sample_examples.extend(of_data.sample_examples);
    of_head.sample_examples.sort_by_key(|example| sample_rank(example.byte_offset));
    of_head.sample_examples.truncate(EXAMPLES);
    let counts = of_head.histogram.counts.iter_mut().zip(of_data.histogram.counts);
    counts.for_each(|(mine, theirs)| *mine += theirs);
}

/// Where the first places are all places, the others would only repeat them.
fn without_repetition(mut finding: Finding) -> Finding {
    if finding.count <= EXAMPLES as u64 {
        finding.last_examples.clear();
        finding.sample_examples.clear();
    }
    finding.sample_examples.sort_by_key(|example| example.byte_offset);
    finding
}

fn example(spec: &ResolvedSpec, before: &Before, charset: &Charset, example: &Example) -> FindingExample {
    let (rows, line) = before.rows_and_line(example.leaf);
    let (expected, found) = match example.found {
        None => (None, None),
        Some(found) => (Some(expected(spec, found)), Some(words(found))),
    };
    FindingExample {
        byte_offset: example.byte_offset,
        row: example.row_in_leaf.map(|row| rows + row + 1),
        line: line + example.line_in_leaf,
        column: example.column.and_then(|column| spec.columns.get(column as usize).cloned()),
        column_index: example.column,
        expected,
        found,
        excerpt: excerpt_text(charset, &example.excerpt),
    }
}

fn expected(spec: &ResolvedSpec, found: Found) -> String {
    match found {
        Found::Cells(_) => words(Found::Cells(spec.columns.len() as u32)),
        Found::Rows(_) => words(Found::Rows(1)),
        Found::LineEnding(_) => spec.head.line_ending.map_or("", LineEnding::name).to_owned(),
    }
}

/// `19 cells`.
pub(crate) fn words(found: Found) -> String {
    let counted = |count: u64, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    match found {
        Found::Cells(count) => counted(count.into(), "cell"),
        Found::Rows(count) => counted(count, "row"),
        Found::LineEnding(ending) => ending.name().to_owned(),
    }
}

/// An excerpt as text, without halves of characters at its ends and without the line ending.
pub(crate) fn excerpt_text(charset: &Charset, bytes: &[u8]) -> String {
    if let Charset::SingleByte(_) = charset {
        let mut text = Vec::new();
        charset.decode(bytes, &mut text);
        return excerpt_text(&Charset::Utf8, &text);
    }
    let continues = |byte: &u8| (0x80..0xC0).contains(byte);
    let cut_off = bytes.iter().take(3).take_while(|byte| continues(byte)).count();
    let text = String::from_utf8_lossy(whole_characters(&bytes[cut_off..])).into_owned();
    text.trim_end_matches(['\n', '\r']).to_owned()
}
