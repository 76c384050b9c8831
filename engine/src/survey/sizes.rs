//! Sizes of the states of a column, from the number of columns: what they may take together is the memory that a
//! partial has.

use data_inspector_domain::spec::SketchSizes;

use crate::cell::Class;
use crate::column::{places_kept, shapes_of};

/// What a column takes whatever the sizes: counts, lengths, extremes, census, meanings, sums, calendars, order.
const FIXED_BYTES: u64 = 3072;
/// A place with its value, by class.
const PLACE_BYTES: u64 = 160;
/// A shape while a leaf is read, and as it is merged.
const SHAPE_BYTES: u64 = 240;

/// As large as anything is ever made.
const FULL: SketchSizes = SketchSizes {
    distinct_exact: 4096,
    distinct_log2_registers: 14,
    histogram_buckets: 4096,
    top_values_tracked: 1024,
};

/// The largest sizes with which the states of all columns stay within the budget; never below a minimum. What a column
/// has beside its tables is a few percent of full ones and is left out of account there: a file of few columns has full
/// ones. Beside small tables it is most.
pub(super) fn sketch_sizes(columns: u64, budget_bytes: u64) -> SketchSizes {
    let mut sizes = FULL;
    let mut bytes = table_bytes(&sizes);
    while columns * bytes > budget_bytes && sizes.top_values_tracked > 4 {
        sizes.distinct_exact /= 2;
        sizes.distinct_log2_registers = (sizes.distinct_log2_registers - 1).max(6);
        sizes.histogram_buckets /= 2;
        sizes.top_values_tracked /= 2;
        bytes = table_bytes(&sizes) + other_bytes(&sizes);
    }
    sizes
}

/// Slots of tables are at most half used: 16 bytes per hash, 32 per bucket, 80 and a text per value; for each value that
/// is tracked there are 8 sampled rows, with 9 bytes per cell.
fn table_bytes(sizes: &SketchSizes) -> u64 {
    let SketchSizes { distinct_exact, histogram_buckets, top_values_tracked, .. } = *sizes;
    u64::from(distinct_exact) * 16 + u64::from(histogram_buckets) * 32 + u64::from(top_values_tracked) * 184
}

fn other_bytes(sizes: &SketchSizes) -> u64 {
    let places = (places_kept(*sizes) * Class::ALL.len()) as u64 * PLACE_BYTES;
    FIXED_BYTES + places + u64::from(shapes_of(*sizes)) * SHAPE_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::{ColumnCounter, ColumnSequence, ColumnState, Numbers, Sighting, Times, TwoReadings};
    use crate::text::shapes::BYTES_PER_SHAPE;
    use std::mem::size_of;

    /// Neither is what a column takes less than what its parts are.
    #[test]
    fn nothing_is_left_out() {
        let times = 3 * size_of::<Times>();
        let counter = size_of::<ColumnCounter>() - size_of::<ColumnState>();
        let fixed = size_of::<ColumnState>()
            + size_of::<ColumnSequence>()
            + size_of::<Numbers>()
            + size_of::<TwoReadings>()
            + times
            + counter;
        assert!(fixed as u64 <= FIXED_BYTES, "{fixed} bytes");
        assert!(BYTES_PER_SHAPE as u64 <= SHAPE_BYTES, "{BYTES_PER_SHAPE} bytes");
        assert!(size_of::<Sighting>() as u64 + 64 <= PLACE_BYTES, "{} bytes", size_of::<Sighting>());
    }

    #[test]
    fn all_states_stay_in_the_budget() {
        let budget = 16 << 20;
        let taken = |columns: u64| {
            let sizes = sketch_sizes(columns, budget);
            columns * (table_bytes(&sizes) + other_bytes(&sizes))
        };
        for columns in [54, 100, 500, 1000, 2000] {
            assert!(taken(columns) <= budget, "{columns} columns take {}", taken(columns));
        }
        assert_eq!([sketch_sizes(1, budget), sketch_sizes(43, budget)], [FULL, FULL]);
        assert_ne!(sketch_sizes(44, budget), FULL);
        let wide = sketch_sizes(50_000, 1 << 30);
        assert!(wide.top_values_tracked > 4);
        assert!(50_000 * (table_bytes(&wide) + other_bytes(&wide)) <= 1 << 30);
    }
}
