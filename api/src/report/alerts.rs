//! What deserves a look in the columns: each with the column and the number that decided.

use data_inspector_domain::profile::{Alert, AlertCode};

use super::line::{Line, Piece, Tone};
use super::number::{count, counted, measured, percent};
use super::text::{visible, width};

const SHOWN: usize = 30;
const MAX_COLUMN_CELLS: usize = 24;

pub(super) fn lines(alerts: &[Alert], width_limit: usize) -> Vec<Line> {
    if alerts.is_empty() {
        return Vec::new();
    }
    let mut title = Line::default();
    title.push(Tone::Strong, "Alerts");
    title.push(Tone::Warn, &format!("  ▲ {}", counted(alerts.len() as u64, "alert", "alerts")));
    let mut lines = vec![title];
    let shown = &alerts[..alerts.len().min(SHOWN)];
    let widest =
        |text: fn(&Alert) -> String| shown.iter().map(|alert| width(&text(alert))).max().unwrap_or(0);
    let names = widest(|alert| name(alert.code));
    let columns = widest(|alert| visible(&alert.column)).min(MAX_COLUMN_CELLS);
    for alert in shown {
        let mut line = Line::default();
        let (glyph, tone) = if is_note(alert.code) { ("•", Tone::Dim) } else { ("▲", Tone::Warn) };
        line.push(tone, &format!("{glyph} {}", name(alert.code)));
        line.put(names + 4, columns, &Piece::new(Tone::Strong, alert.column.as_str()));
        let at = names + columns + 6;
        line.put(at, width_limit.saturating_sub(at), &Piece::new(Tone::Plain, words(alert)));
        lines.push(line);
    }
    if alerts.len() > SHOWN {
        let mut line = Line::default();
        line.push(Tone::Dim, &format!("… and {} more", count((alerts.len() - SHOWN) as u64)));
        lines.push(line);
    }
    lines.push(Line::default());
    lines
}

/// `high-cardinality`, as findings are called.
pub(super) fn name(code: AlertCode) -> String {
    match serde_json::to_value(code) {
        Ok(serde_json::Value::String(name)) => name.to_lowercase().replace('_', "-"),
        _ => format!("{code:?}"),
    }
}

/// Worth knowing, and nothing to mend.
pub(super) fn is_note(code: AlertCode) -> bool {
    matches!(
        code,
        AlertCode::Unique | AlertCode::Uniform | AlertCode::HighCardinality | AlertCode::ConstantLength
    )
}

/// What it is, with the number.
pub(super) fn words(alert: &Alert) -> String {
    let (share, number) = (percent(alert.value), count(alert.value.round() as u64));
    let words = match alert.code {
        AlertCode::Empty => "no value at all".to_owned(),
        AlertCode::Constant => "the same value everywhere".to_owned(),
        AlertCode::Unique => "no value occurs twice".to_owned(),
        AlertCode::Missing => format!("{share} of the rows have no value"),
        AlertCode::MixedTypes => format!("values of several types; the most frequent has {share}"),
        AlertCode::HighCardinality => format!("{number} different texts"),
        AlertCode::Imbalance => "some values are far more frequent than the others".to_owned(),
        AlertCode::Uniform => "all values are about as frequent".to_owned(),
        AlertCode::DirtyCategory => format!("{number} values differ in case or spaces only"),
        AlertCode::ConstantLength => format!("all texts have {number} characters"),
        AlertCode::Zeros => format!("{share} of the numbers are zero"),
        AlertCode::Infinite => format!("{number} infinite numbers"),
        AlertCode::NotANumber => format!("{number} values say that they are not a number"),
        AlertCode::Skewed => format!("skewness {}", measured(alert.value)),
        AlertCode::AmbiguousDates => format!("{number} dates can be read day first or month first"),
        AlertCode::MixedDates => "some dates begin with the day, some with the month".to_owned(),
        AlertCode::TwoDigitYears => format!("{number} years of two digits"),
        AlertCode::SurroundingSpace => format!("{number} texts begin or end with spaces"),
        AlertCode::InvisibleCharacters => format!("{number} texts hold characters that are not seen"),
    };
    match (alert.certain, alert.provisional) {
        (true, false) => words,
        (_, true) => format!("{words}, so far"),
        (false, false) => format!("{words}, probably"),
    }
}
