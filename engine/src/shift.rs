//! Rows whose values stand in the wrong columns. A delimiter too many or too few in the middle of a row moves all that
//! comes after it; what the first rows of the file show of the columns tells where.

use data_inspector_domain::finding::FindingCode;
use data_inspector_domain::spec::ColumnKind;

use crate::cell::{Class, classify};
use crate::long_record::FieldBuffer;
use crate::records::{Batch, Cell, Defect, fields, unquote};
use crate::scan::LeafContext;

/// Columns by which values are looked for elsewhere, at most.
const MOST: usize = 16;
/// Values that have to fit where they are looked for: one may do so by accident.
const WITNESSES: usize = 2;

/// What a cell shows: nothing if it is empty or null.
type Shown = Option<ColumnKind>;

/// The kind of a value.
pub(crate) fn kind(text: &[u8]) -> ColumnKind {
    match classify(text).class() {
        Class::Boolean => ColumnKind::Boolean,
        Class::Integer | Class::Decimal | Class::Float | Class::Infinite | Class::Nan | Class::Code => {
            ColumnKind::Number
        }
        Class::DateYearFirst
        | Class::DateYearLast
        | Class::DateShortYear
        | Class::DateNamed
        | Class::Timestamp
        | Class::TimestampYearLast => ColumnKind::Date,
        Class::Time => ColumnKind::Time,
        Class::Uuid => ColumnKind::Uuid,
        Class::Text => ColumnKind::Any,
    }
}

fn fits(column: ColumnKind, shown: Shown) -> bool {
    column == ColumnKind::Any || shown.is_none_or(|kind| kind == column)
}

/// The first column whose value is not of its kind, if the row is so much too long or too short that the values from
/// there on belong to other columns: with the last value in the last column they all fit, and some of them show something.
fn first_misplaced(kinds: &[ColumnKind], cells: &[Shown]) -> Option<usize> {
    let (width, count) = (kinds.len(), cells.len());
    if width == count || width.abs_diff(count) > MOST {
        return None;
    }
    let first = kinds.iter().zip(cells).position(|(&kind, &shown)| !fits(kind, shown))?;
    let from_the_right = kinds.iter().rev().zip(cells.iter().rev());
    let (mut fitting, mut witnesses) = (0, 0);
    for (&kind, &shown) in from_the_right.take_while(|&(&kind, &shown)| fits(kind, shown)) {
        fitting += 1;
        witnesses += usize::from(kind != ColumnKind::Any && shown.is_some());
    }
    // Of a row that is too long the value of that column may itself be what was cut in two.
    let last = if count > width { width - 1 } else { count };
    (first + fitting >= last && witnesses >= WITNESSES).then_some(first)
}

/// What the cells of a long record show, as they come.
#[derive(Default)]
pub(crate) struct LongShift {
    cells: Vec<Shown>,
    /// Where the first value starts that is not of its column's kind, and the lines before it.
    at: Option<(u64, u64)>,
}

impl LongShift {
    /// Adds the next field, which starts there.
    pub(crate) fn add(&mut self, context: &LeafContext, at: (u64, u64), field: &FieldBuffer) {
        let kinds = &context.column_kinds;
        if kinds.is_empty() || self.cells.len() > kinds.len() + MOST {
            return;
        }
        let shown = match field.is_long() {
            true => Some(ColumnKind::Any),
            false => shown(context, &field.head),
        };
        if self.at.is_none() && kinds.get(self.cells.len()).is_some_and(|&kind| !fits(kind, shown)) {
            self.at = Some(at);
        }
        self.cells.push(shown);
    }

    /// The column and the place of the first value that stands in a wrong one.
    pub(crate) fn first_misplaced(&self, context: &LeafContext) -> Option<(usize, (u64, u64))> {
        first_misplaced(&context.column_kinds, &self.cells).zip(self.at)
    }
}

/// Of text in UTF-8.
fn shown(context: &LeafContext, text: &[u8]) -> Shown {
    (!context.nulls.is_null(text)).then(|| kind(text))
}

/// Of a cell as it is in the file.
fn shown_in_file(context: &LeafContext, cell: &[u8]) -> Shown {
    if context.charset.is_unicode() || cell.is_ascii() {
        return shown(context, cell);
    }
    let mut text = Vec::new();
    context.charset.decode(cell, &mut text);
    shown(context, &text)
}

/// The shifted rows of a batch, among those that have too few or too many cells.
pub(crate) fn defects(context: &LeafContext, text: &[u8], batch: &Batch) -> Vec<Defect> {
    if context.column_kinds.is_empty() {
        return Vec::new();
    }
    batch.defects.iter().filter_map(|ragged| defect(context, text, batch, ragged)).collect()
}

fn defect(context: &LeafContext, text: &[u8], batch: &Batch, ragged: &Defect) -> Option<Defect> {
    let row =
        ragged.row.filter(|_| matches!(ragged.code, FindingCode::MissingCell | FindingCode::ExtraCell))?;
    let spans = &batch.spans[row * context.width..][..context.width];
    let mut content = Vec::new();
    let mut cells: Vec<Shown> = spans
        .iter()
        .map_while(|span| match span.cell() {
            Cell::Plain { start, end } => Some(shown_in_file(context, &text[start..end])),
            Cell::Quoted { start, end } => {
                content.clear();
                unquote(&context.dialect, &text[start..end], &mut content);
                Some(shown_in_file(context, &content))
            }
            Cell::Missing => None,
        })
        .collect();
    // Most rows have what is too much at their end: the extra cells need not be cut.
    if context.column_kinds.iter().zip(&cells).all(|(&kind, &shown)| fits(kind, shown)) {
        return None;
    }
    if ragged.code == FindingCode::ExtraCell {
        let extra = fields(&context.dialect, &text[ragged.at..batch.bounds[row].1], MOST + 1);
        cells.extend(extra.iter().map(|cell| shown_in_file(context, cell)));
    }
    let column = first_misplaced(&context.column_kinds, &cells)?;
    let at = spans[column].cell_start(text, &context.dialect);
    Some(Defect {
        code: FindingCode::ColumnShift,
        at,
        row: Some(row),
        column: Some(column),
        found: ragged.found,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ColumnKind::{Any, Date, Number};

    const KINDS: [ColumnKind; 5] = [Number, Any, Any, Number, Date];

    fn first(cells: &str) -> Option<usize> {
        let shown = |text: &str| (!text.is_empty()).then(|| kind(text.as_bytes()));
        first_misplaced(&KINDS, &cells.split(',').map(shown).collect::<Vec<_>>())
    }

    #[test]
    fn a_value_that_was_cut_in_two_moves_those_after_it() {
        assert_eq!(first("1,Ann,Smith,Jr,2.5,2024-01-01"), Some(3));
        assert_eq!(first("1,Ann,Smith,1,234.50,2024-01-01"), Some(4), "the number itself was cut");
        assert_eq!(first("1,a,b,c,d,e,2.5,2024-01-01"), Some(3));
    }

    #[test]
    fn a_lost_delimiter_moves_those_after_it() {
        assert_eq!(first("1,Ann Smith,2.5,2024-01-01"), Some(3));
        assert_eq!(first("Ann,Smith,2.5,2024-01-01"), Some(0), "the first cell is lost");
    }

    #[test]
    fn what_is_too_much_or_too_little_at_the_end_moves_nothing() {
        assert_eq!(first("1,Ann,Smith,2.5,2024-01-01,"), None);
        assert_eq!(first("1,Ann,Smith,2.5,2024-01-01,more"), None);
        assert_eq!(first("1,Ann,Smith,2.5"), None);
        assert_eq!(first("1"), None);
    }

    #[test]
    fn what_fits_nowhere_is_not_said_to_be_moved() {
        assert_eq!(first("1,Ann,Smith,Jr,2.5,never"), None);
        assert_eq!(first("1,Ann,Smith,Jr,,2024-01-01"), None, "one value may fit by accident");
        assert_eq!(first("1,Ann,Smith,Jr,2024-01-01"), None, "as many cells as columns");
        let long = format!("1,{}2.5,2024-01-01", "x,".repeat(2 + MOST + 1));
        assert_eq!(first(&long), None);
    }
}
