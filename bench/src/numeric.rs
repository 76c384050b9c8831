//! Numbers only: the file every parser likes best.

use crate::random::Random;
use crate::row::Row;

pub(crate) const COLUMNS: [&str; 10] = [
    "id",
    "sensor",
    "reading",
    "delta",
    "price",
    "ratio",
    "wide_integer",
    "mostly_zero",
    "skewed",
    "measurement",
];

pub(crate) fn data(index: u64, random: &mut Random, row: &mut Row) {
    row.cell().number(index + 1);
    row.cell().number(random.below(512));
    row.cell().number(random.below(100_000));
    row.cell().signed(random.below(2_000_001) as i64 - 1_000_000);
    row.cell().decimal(random.below(10_000_000) as i64, 2);
    row.cell().decimal(random.below(1_000_000) as i64, 6);
    row.cell().signed(random.next() as i64);
    let is_zero = random.chance(90);
    row.cell().number(if is_zero { 0 } else { random.below(1_000) });
    row.cell().number(random.skewed_below(1_000_000));
    row.cell().decimal(random.below(2_000_000_000) as i64 - 1_000_000_000, 4);
}
