//! What is said about rows as wholes: which repeat, how complete they are, which columns go together.

use data_inspector_domain::profile::{Profile, RowAlert, RowAlertCode, RowFacts, RowPlace};

use super::chart::sparkline;
use super::line::{Line, Piece, SEPARATOR, Tone};
use super::number::{count, counted, estimated_count, measured, percent, share};

/// Cells of the picture of rows by their nulls.
const PICTURE_CELLS: usize = 16;

pub(super) fn lines(profile: &Profile, width_limit: usize) -> Vec<Line> {
    if profile.row_count == 0 {
        return Vec::new();
    }
    let rows = &profile.rows;
    let mut line = Line::default();
    line.push(Tone::Strong, "Rows");
    line.push(Tone::Plain, &format!("  {}", same(rows, profile.row_count)));
    line.push(Tone::Dim, SEPARATOR);
    line.push(Tone::Plain, &complete(rows, profile.row_count));
    let by_nulls = &rows.completeness.by_nulls;
    if by_nulls.iter().skip(1).any(|&rows| rows > 0) {
        line.push(Tone::Dim, &format!("{SEPARATOR}nulls per row 0"));
        line.push(Tone::Chart, &format!(" {} ", sparkline(by_nulls, PICTURE_CELLS)));
        line.push(Tone::Dim, &most_nulls(rows));
    }
    let mut lines = vec![line];
    for alert in &rows.alerts {
        let mut line = Line::default();
        line.push(Tone::Warn, &format!("▲ {}", name(alert.code)));
        let at = line.width() + 2;
        let words = words(alert, |position| column(profile, position));
        line.put(at, width_limit.saturating_sub(at), &Piece::new(Tone::Plain, words));
        lines.push(line);
    }
    lines.push(Line::default());
    lines
}

/// `all different`, `12 repeat another (0.1%)`.
pub(super) fn same(rows: &RowFacts, row_count: u64) -> String {
    if rows.surplus.exact && rows.surplus.value == 0.0 {
        return "all different".to_owned();
    }
    if rows.surplus.lower == 0.0 && rows.repeated_examples.is_empty() {
        return "none found that repeats another".to_owned();
    }
    let part = percent(rows.surplus.value / row_count as f64);
    format!("{} repeat another ({part})", estimated_count(&rows.surplus))
}

/// `all complete`, `91.2% complete`.
pub(super) fn complete(rows: &RowFacts, row_count: u64) -> String {
    let mut words = match rows.completeness.complete {
        complete if complete == row_count => "all complete".to_owned(),
        0 => "none complete".to_owned(),
        complete => format!("{} complete", percent(share(complete, row_count))),
    };
    if rows.completeness.all_null > 0 {
        words += &format!(", {} without any value", count(rows.completeness.all_null));
    }
    words
}

/// The right end of the picture.
pub(super) fn most_nulls(rows: &RowFacts) -> String {
    let most = rows.completeness.by_nulls.len().saturating_sub(1);
    format!("{most}{}", if rows.completeness.last_is_open { "+" } else { "" })
}

/// `duplicate-rows`, as findings are called.
pub(super) fn name(code: RowAlertCode) -> &'static str {
    match code {
        RowAlertCode::DuplicateRows => "duplicate-rows",
        RowAlertCode::HighCorrelation => "high-correlation",
    }
}

/// What it is, with the number.
pub(super) fn words(alert: &RowAlert, column: impl Fn(u32) -> String) -> String {
    let words = match alert.code {
        RowAlertCode::DuplicateRows => {
            let places: Vec<String> = alert.examples.iter().map(place).collect();
            let such_as =
                if places.is_empty() { String::new() } else { format!(", such as {}", places.join(" and ")) };
            format!("{} of the rows repeat another{such_as}", percent(alert.value))
        }
        RowAlertCode::HighCorrelation => {
            let columns: Vec<String> = alert.columns.iter().map(|&position| column(position)).collect();
            format!("{} say nearly the same: {}", columns.join(" and "), measured(alert.value))
        }
    };
    match (alert.certain, alert.provisional) {
        (true, false) => words,
        (_, true) => format!("{words}, so far"),
        (false, false) => format!("{words}, probably"),
    }
}

/// `row 17`, or where it starts.
pub(super) fn place(place: &RowPlace) -> String {
    match place.row {
        Some(row) => format!("row {}", count(row)),
        None => format!("the row at byte {}", count(place.byte_offset)),
    }
}

/// The name of a column.
pub(super) fn column(profile: &Profile, position: u32) -> String {
    profile.columns.get(position as usize).map_or_else(String::new, |column| column.name.clone())
}

/// `4,096 rows`, of which something follows.
pub(super) fn sampled(rows: &RowFacts) -> String {
    if rows.sample.is_whole {
        return "all rows".to_owned();
    }
    format!("a sample of {}", counted(rows.sample.rows, "row", "rows"))
}
