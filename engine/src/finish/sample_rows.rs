//! The rows that are shown.

use data_inspector_domain::profile::{SampleRow, SampleRows};

use super::before::Before;
use super::whole_characters;
use crate::row_facts::{COLUMNS_SHOWN, ShownCell, ShownRow, ShownRows};

/// Characters shown of a cell.
const CHARACTERS: usize = 64;

/// None of them twice.
pub(super) fn samples(shown: &ShownRows, width: usize, before: &Before) -> SampleRows {
    let is_in = |rows: &[ShownRow], row: &ShownRow| rows.iter().any(|other| other.place == row.place);
    let last = shown.last.iter().filter(|row| !is_in(&shown.first, row));
    let between = |row: &&ShownRow| !is_in(&shown.first, row) && !is_in(&shown.last, row);
    let mut random: Vec<&ShownRow> = shown.sample.iter().filter(between).collect();
    random.sort_unstable_by_key(|row| row.place);
    let row = |row: &ShownRow| SampleRow {
        row: before.row(row.place),
        byte_offset: row.place.offset,
        cells: row.cells().map(|(cell, head)| text(cell, head)).collect(),
    };
    SampleRows {
        columns: width.min(COLUMNS_SHOWN) as u32,
        first: shown.first.iter().map(row).collect(),
        random: random.into_iter().map(row).collect(),
        last: last.map(row).collect(),
    }
}

fn text(cell: ShownCell, head: &[u8]) -> Option<String> {
    let (text, is_cut) = match cell {
        ShownCell::Null => return None,
        ShownCell::Whole(_) => (String::from_utf8_lossy(head), false),
        ShownCell::Head(_) => (String::from_utf8_lossy(whole_characters(head)), true),
    };
    let end = text.char_indices().nth(CHARACTERS).map(|(at, _)| at);
    match end {
        None if !is_cut => Some(text.into_owned()),
        end => Some(format!("{}…", &text[..end.unwrap_or(text.len())])),
    }
}
