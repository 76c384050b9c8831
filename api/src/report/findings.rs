//! What is wrong with the file: each kind of defect, how often, and its first places.

use data_inspector_domain::finding::{Finding, FindingCode, FindingExample, Severity};

use super::line::{Flow, Line, Piece, Tone, flow};
use super::number::{count, counted};
use super::text::{truncate, visible, width};

const PLACES_SHOWN: usize = 3;
const PLACE_INDENT: usize = 4;
const NAME_CELLS: usize = 32;
/// From this width on, an excerpt stands beside its place instead of below.
const WIDTH_OF_ONE_LINE_PLACES: usize = 120;
const MIN_EXCERPT_CELLS: usize = 40;

pub(super) fn lines(findings: &[Finding], width: usize) -> Vec<Line> {
    let mut title = Line::default();
    title.push(Tone::Strong, "Findings");
    if findings.is_empty() {
        title.push(Tone::Good, "  ✓ no defects found");
        return vec![title];
    }
    for severity in [Severity::Error, Severity::Warn, Severity::Info] {
        push_total(&mut title, findings, severity);
    }
    let mut worst_first: Vec<&Finding> = findings.iter().collect();
    worst_first.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let columns = Columns::of(findings, width);
    let mut lines = vec![title];
    for finding in worst_first {
        lines.extend(defect(finding, &columns, width));
        lines.extend(places(finding, &columns, width));
    }
    lines
}

/// What all findings share, so that they line up.
struct Columns {
    /// Cells of the longest code.
    code: usize,
    /// Cells of the largest count.
    count: usize,
    /// First cell of excerpts that stand beside their place, if there is room.
    excerpt_beside: Option<usize>,
}

impl Columns {
    fn of(findings: &[Finding], width_limit: usize) -> Self {
        let codes = findings.iter().map(|finding| width(&code(finding.code)));
        let counts = findings.iter().map(|finding| width(&count(finding.count)));
        let shown = findings.iter().flat_map(examples_shown);
        let places = shown.map(|example| width(&place(example).join(", ")));
        let after_places = PLACE_INDENT + places.max().unwrap_or(0) + 2;
        let is_room =
            width_limit >= WIDTH_OF_ONE_LINE_PLACES && after_places + MIN_EXCERPT_CELLS <= width_limit;
        Self {
            code: codes.max().unwrap_or(0),
            count: counts.max().unwrap_or(0),
            excerpt_beside: is_room.then_some(after_places),
        }
    }
}

fn examples_shown(finding: &Finding) -> &[FindingExample] {
    &finding.examples[..finding.examples.len().min(PLACES_SHOWN)]
}

fn push_total(title: &mut Line, findings: &[Finding], severity: Severity) {
    let of_severity = findings.iter().filter(|finding| finding.severity == severity);
    let total = of_severity.map(|finding| finding.count).fold(0, u64::saturating_add);
    let (glyph, tone, one, many) = look(severity);
    if total > 0 {
        title.push(tone, &format!("  {glyph} {}", counted(total, one, many)));
    }
}

/// Glyph, tone, and the words for one and for many.
pub(super) fn look(severity: Severity) -> (&'static str, Tone, &'static str, &'static str) {
    match severity {
        Severity::Error => ("✗", Tone::Error, "error", "errors"),
        Severity::Warn => ("▲", Tone::Warn, "warning", "warnings"),
        Severity::Info => ("•", Tone::Dim, "note", "notes"),
    }
}

/// The code as JSON has it, so that it can be searched for.
pub(super) fn code(code: FindingCode) -> String {
    match serde_json::to_value(code) {
        Ok(serde_json::Value::String(name)) => name,
        _ => format!("{code:?}"),
    }
}

/// `✗ missing-cell  1,234  the row has fewer cells than there are columns`.
fn defect(finding: &Finding, columns: &Columns, width: usize) -> Vec<Line> {
    let (glyph, tone, _, _) = look(finding.severity);
    let mut line = Line::default();
    line.push(tone, &format!("{glyph} {}", code(finding.code)));
    let count_at = 2 + columns.code + 2;
    line.put_right(count_at, columns.count, &Piece::new(Tone::Strong, count(finding.count)));
    let words_at = count_at + columns.count + 2;
    line.pad_to(words_at);
    let words = finding.code.explanation().split(' ').map(|word| Piece::new(Tone::Plain, word)).collect();
    flow(line, &Flow { separator: " ", indent: words_at, width }, words)
}

/// The first places, and how many more there are.
fn places(finding: &Finding, columns: &Columns, width_limit: usize) -> Vec<Line> {
    let shown = examples_shown(finding);
    let mut lines = Vec::new();
    for example in shown {
        let parts = place(example).into_iter().map(|part| Piece::new(Tone::Plain, part)).collect();
        let how = Flow { separator: ", ", indent: PLACE_INDENT, width: width_limit };
        let placed = flow(Line::indented(PLACE_INDENT), &how, parts);
        lines.extend(with_excerpt(placed, &example.excerpt, columns.excerpt_beside, width_limit));
    }
    let more = finding.count.saturating_sub(shown.len() as u64);
    if more > 0 && !shown.is_empty() {
        let mut line = Line::indented(PLACE_INDENT);
        line.push(Tone::Dim, &format!("… and {} more", count(more)));
        lines.push(line);
    }
    lines
}

fn with_excerpt(mut place: Vec<Line>, excerpt: &str, beside: Option<usize>, width_limit: usize) -> Vec<Line> {
    if excerpt.is_empty() {
        return place;
    }
    let piece = Piece::new(Tone::Dim, format!("│ {excerpt}"));
    match (beside, place.last_mut()) {
        (Some(column), Some(line)) => line.put(column, width_limit - column, &piece),
        _ => {
            let mut line = Line::default();
            line.put(PLACE_INDENT, width_limit - PLACE_INDENT, &piece);
            place.push(line);
        }
    }
    place
}

/// Where it is, and what is there instead of what: `row 12`, `line 14`, `byte 1,234`, `column name`, ….
pub(super) fn place(example: &FindingExample) -> Vec<String> {
    let mut parts = Vec::new();
    match example.row {
        Some(0) => parts.push(String::from("header")),
        Some(row) => parts.push(format!("row {}", count(row))),
        None => {}
    }
    parts.push(format!("line {}", count(example.line)));
    parts.push(format!("byte {}", count(example.byte_offset)));
    let name = example.column.as_ref().map(|name| truncate(&visible(name), NAME_CELLS));
    match (name, example.column_index) {
        (Some(name), _) if !name.is_empty() => parts.push(format!("column {name}")),
        (_, Some(index)) => parts.push(format!("column {}", count(u64::from(index) + 1))),
        _ => {}
    }
    match (&example.found, &example.expected) {
        (Some(found), Some(expected)) => parts.push(format!("{found} instead of {expected}")),
        (Some(found), None) => parts.push(found.clone()),
        (None, Some(expected)) => parts.push(format!("expected {expected}")),
        (None, None) => {}
    }
    parts
}
