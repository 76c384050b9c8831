//! The defects of a partial as findings: places become absolute, since the rows and lines of all leaves before are
//! known.

use data_inspector_domain::finding::{Finding, FindingCode, FindingExample};
use data_inspector_domain::spec::ResolvedSpec;
use std::collections::BTreeMap;

use super::whole_characters;
use crate::ledger::Example;
use crate::limits::EXAMPLES;
use crate::partial::Partial;

/// One finding per kind of defect, in the order of the catalogue.
pub(super) fn findings(spec: &ResolvedSpec, partial: &Partial) -> Vec<Finding> {
    let mut findings: BTreeMap<FindingCode, Finding> =
        spec.head.findings.iter().map(|finding| (finding.code, finding.clone())).collect();
    let places = Places::new(spec, partial);
    for (code, count, examples) in partial.ledger.iter() {
        let finding = findings.entry(code).or_insert_with(|| Finding {
            code,
            severity: code.severity(),
            count: 0,
            examples: Vec::new(),
        });
        finding.count += count;
        finding.examples.extend(examples.iter().map(|example| places.resolve(spec, example)));
        finding.examples.truncate(EXAMPLES);
    }
    findings.into_values().collect()
}

/// Rows and lines before each leaf.
struct Places(Vec<(u64, u64, u64)>);

impl Places {
    fn new(spec: &ResolvedSpec, partial: &Partial) -> Self {
        let (mut rows, mut lines) = (0, spec.head.data_line);
        let before = partial.leaves.iter().map(|totals| {
            let before = (totals.leaf, rows, lines);
            rows += totals.rows;
            lines += totals.lines;
            before
        });
        Self(before.collect())
    }

    fn resolve(&self, spec: &ResolvedSpec, example: &Example) -> FindingExample {
        let at = self.0.partition_point(|&(leaf, ..)| leaf < example.leaf);
        let (_, rows, lines) = self.0[at];
        let cells = |count: u32| format!("{count} {}", if count == 1 { "cell" } else { "cells" });
        FindingExample {
            byte_offset: example.byte_offset,
            row: example.row_in_leaf.map(|row| rows + row + 1),
            line: lines + example.line_in_leaf,
            column: example.column.and_then(|column| spec.columns.get(column as usize).cloned()),
            column_index: example.column,
            expected: example.cells.map(|_| cells(spec.columns.len() as u32)),
            found: example.cells.map(cells),
            excerpt: excerpt_text(&example.excerpt),
        }
    }
}

/// An excerpt as text, without halves of characters at its ends and without the line ending.
pub(crate) fn excerpt_text(bytes: &[u8]) -> String {
    let continues = |byte: &u8| (0x80..0xC0).contains(byte);
    let cut_off = bytes.iter().take(3).take_while(|byte| continues(byte)).count();
    let text = String::from_utf8_lossy(whole_characters(&bytes[cut_off..])).into_owned();
    text.trim_end_matches(['\n', '\r']).to_owned()
}
