//! What is said about one column, apart from where it stands on the line.

use data_inspector_domain::profile::{ColumnProfile, DataType, Estimate, TopValue};

use super::line::{Piece, SEPARATOR, Tone};
use super::number::{count, counted, measured, percent, share};
use super::text::{fair_widths, head, truncate, visible_value, width};

const TOP_VALUES_SHOWN: usize = 3;
/// A value cut to less than this is not recognised.
const READABLE_CELLS: usize = 12;
const RANGE_SEPARATOR: &str = " … ";
/// Cells of `YYYY-MM-DD`.
const DATE_CELLS: usize = 10;

pub(super) fn type_name(data_type: DataType) -> &'static str {
    match data_type {
        DataType::Empty => "empty",
        DataType::Boolean => "boolean",
        DataType::Integer => "integer",
        DataType::Decimal => "decimal",
        DataType::Float => "float",
        DataType::Date => "date",
        DataType::Timestamp => "timestamp",
        DataType::Time => "time",
        DataType::Uuid => "uuid",
        DataType::String => "string",
    }
}

/// `min … max` in at most `cells` cells; one value if they are the same.
pub(super) fn range(column: &ColumnProfile, cells: usize) -> Vec<Piece> {
    let (Some(min), Some(max)) = (&column.min, &column.max) else {
        return Vec::new();
    };
    if min == max {
        return vec![Piece::new(Tone::Plain, visible_value(min))];
    }
    let ends = [visible_value(min), visible_value(max)];
    let room = cells.saturating_sub(width(RANGE_SEPARATOR));
    let fitted = fit_ends(column.data_type, ends, room);
    let [min, max] = fitted.map(|end| Piece::new(Tone::Plain, end));
    vec![min, Piece::new(Tone::Dim, RANGE_SEPARATOR), max]
}

/// Shortens both ends of a range by what matters least: the time of a date, the last digits of a number, the
/// tail of a text.
fn fit_ends(data_type: DataType, ends: [String; 2], room: usize) -> [String; 2] {
    if width(&ends[0]) + width(&ends[1]) <= room {
        return ends;
    }
    match data_type {
        DataType::Timestamp => ends.map(|end| head(&end, DATE_CELLS)),
        DataType::Integer | DataType::Decimal | DataType::Float => ends.map(|end| rounded(&end)),
        _ => {
            let widths = fair_widths(&[width(&ends[0]), width(&ends[1])], room);
            [truncate(&ends[0], widths[0]), truncate(&ends[1], widths[1])]
        }
    }
}

/// A number cut at its end would be another number.
fn rounded(number: &str) -> String {
    number.parse().map_or_else(|_| number.to_owned(), |value: f64| format!("≈{}", measured(value)))
}

/// `mean 14.3 ± 16.1 · median 8`, as far as known.
pub(super) fn average(column: &ColumnProfile) -> Vec<Piece> {
    let mut pieces = Vec::new();
    if let Some(mean) = &column.mean {
        pieces.push(Piece::new(Tone::Dim, "mean "));
        pieces.push(Piece::new(Tone::Plain, measured_estimate(mean)));
    }
    if let (Some(_), Some(deviation)) = (&column.mean, &column.stddev) {
        pieces.push(Piece::new(Tone::Dim, " ± "));
        pieces.push(Piece::new(Tone::Plain, measured_estimate(deviation)));
    }
    if let Some(median) = &column.median {
        let separator = if pieces.is_empty() { "" } else { SEPARATOR };
        let mark = if median.exact { "" } else { "≈" };
        pieces.push(Piece::new(Tone::Dim, format!("{separator}median ")));
        pieces.push(Piece::new(Tone::Plain, format!("{mark}{}", visible_value(&median.value))));
    }
    pieces
}

pub(super) fn measured_estimate(estimate: &Estimate) -> String {
    let mark = if estimate.exact { "" } else { "≈" };
    format!("{mark}{}", measured(estimate.value))
}

/// `retail 56.1% · business 29.0% · public 9.3%` in at most `cells` cells: rather fewer values than unreadable
/// ones.
pub(super) fn top(column: &ColumnProfile, cells: usize) -> Vec<Piece> {
    let most = &column.top_values[..column.top_values.len().min(TOP_VALUES_SHOWN)];
    if every_value_once(column) {
        return vec![Piece::new(Tone::Dim, "every value once")];
    }
    let readable = (1..=most.len()).rev().find(|shown| {
        let texts = most[..*shown].iter().map(|top| width(&visible_value(&top.value)));
        texts.zip(widths_of(&most[..*shown], cells)).all(|(whole, cut)| cut >= whole.min(READABLE_CELLS))
    });
    let shown = &most[..readable.unwrap_or(most.len().min(1))];
    let values = shown.iter().zip(widths_of(shown, cells)).map(|(top, value_cells)| {
        let value = truncate(&visible_value(&top.value), value_cells);
        [Piece::new(Tone::Plain, value), Piece::new(Tone::Dim, share_of(top))]
    });
    let separator = [Piece::new(Tone::Dim, SEPARATOR)];
    values.collect::<Vec<_>>().join(separator.as_slice())
}

pub(super) fn every_value_once(column: &ColumnProfile) -> bool {
    let values = column.count.saturating_sub(column.nulls);
    values > 1 && column.top_values.first().is_some_and(|first| first.count.upper <= 1.0)
}

/// The cells each of these values may take so that all fit with their shares.
fn widths_of(shown: &[TopValue], cells: usize) -> Vec<usize> {
    let shares: usize = shown.iter().map(|top| width(&share_of(top))).sum();
    let separators = width(SEPARATOR) * shown.len().saturating_sub(1);
    let wanted: Vec<usize> = shown.iter().map(|top| width(&visible_value(&top.value))).collect();
    fair_widths(&wanted, cells.saturating_sub(shares + separators))
}

fn share_of(top: &TopValue) -> String {
    let mark = if top.count.exact { "" } else { "≈" };
    format!(" {mark}{}", percent(top.share))
}

/// Lengths of texts, where there is no histogram to show: `3–24 characters`.
pub(super) fn lengths(column: &ColumnProfile, cells: usize) -> Option<String> {
    let (min, max) = (column.min_length?, column.max_length?);
    if column.data_type != DataType::String {
        return None;
    }
    let long = if min == max { count(max) } else { format!("{}–{}", count(min), count(max)) };
    let unit = if max == 1 { "character" } else { "characters" };
    let text = format!("{long} {unit}");
    Some(if width(&text) <= cells { text } else { format!("{long} chars") })
}

/// What is worth a warning or a second look: values that would nearly have been of another type, and nulls that
/// are spelt out.
pub(super) fn notes(column: &ColumnProfile) -> Vec<Piece> {
    let mut notes = Vec::new();
    let is_mixed = column.type_mix.iter().any(|part| part.data_type != DataType::String);
    if column.data_type == DataType::String && is_mixed {
        let parts = column
            .type_mix
            .iter()
            .map(|part| format!("{} {}", percent(part.share), type_name(part.data_type)));
        notes.push(Piece::new(Tone::Warn, format!("mixed: {}", parts.collect::<Vec<_>>().join(", "))));
    }
    if column.null_spellings.iter().any(|null| !null.spelling.is_empty()) {
        let parts = column.null_spellings.iter().map(|null| match null.spelling.as_str() {
            "" => format!("{} empty", count(null.count)),
            spelling => format!("{} {}", count(null.count), visible_value(spelling)),
        });
        notes.push(Piece::new(Tone::Dim, format!("nulls: {}", parts.collect::<Vec<_>>().join(", "))));
    }
    if column.missing > 0 {
        notes.push(Piece::new(Tone::Dim, format!("missing in {}", counted(column.missing, "row", "rows"))));
    }
    notes
}

/// Share of the records without a value here.
pub(super) fn null_share(column: &ColumnProfile) -> f64 {
    share(column.nulls, column.count)
}
