//! Many columns: what the work per column costs.

use crate::random::Random;
use crate::row::Row;

const COLUMN_COUNT: u64 = 500;
const NULL_PERCENT: u64 = 10;
const CODES: [&str; 8] = ["A", "B", "C", "AA", "AB", "BB", "X1", "X2"];

pub(crate) fn header(row: &mut Row) {
    for column in 0..COLUMN_COUNT {
        let name = match column % 5 {
            0 => "count_",
            1 => "amount_",
            2 => "code_",
            3 => "day_",
            _ => "level_",
        };
        row.cell().text(name);
        row.padded(column, 3);
    }
}

/// The first column is never null, so that no row is an empty line.
pub(crate) fn data(index: u64, random: &mut Random, row: &mut Row) {
    row.cell().number(index);
    for column in 1..COLUMN_COUNT {
        row.cell();
        if random.chance(NULL_PERCENT) {
            continue;
        }
        match column % 5 {
            0 => row.number(random.below(10_000)),
            1 => row.decimal(random.below(1_000_000) as i64 - 500_000, 2),
            2 => row.text(random.pick(&CODES)),
            3 => row.date(2015, 10, random),
            _ => row.number(random.below(5)),
        }
    }
}
