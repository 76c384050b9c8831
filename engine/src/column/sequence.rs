//! What of a column depends on the order of its cells: built per leaf in record order, merged along the fixed tree.

use data_inspector_domain::spec::SketchSizes;
use serde::{Deserialize, Serialize};

use super::ColumnOrder;
use crate::sketch::frequent::FrequentSummary;
use crate::text::ShapeSummary;

/// The ordered part of what is known of a column over some neighbouring leaves.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ColumnSequence {
    /// The most frequent values.
    pub frequent: FrequentSummary,
    /// The most frequent shapes of texts.
    pub shapes: ShapeSummary,
    /// Whether the values ascend or descend.
    pub order: ColumnOrder,
}

impl ColumnSequence {
    /// Of the leaves of `left`, followed by those of `right`.
    pub fn merge(left: Self, right: Self, top_values_tracked: u32) -> Self {
        let mut order = left.order;
        order.append(right.order);
        Self {
            frequent: FrequentSummary::merge(left.frequent, right.frequent, top_values_tracked),
            shapes: ShapeSummary::merge(left.shapes, right.shapes, shapes_tracked(top_values_tracked)),
            order,
        }
    }
}

/// How many shapes are told apart, where so many values are.
pub(super) fn shapes_tracked(top_values_tracked: u32) -> u32 {
    (top_values_tracked / 16).clamp(4, 64)
}

/// The same, of the sizes of a resolved spec.
pub(crate) fn shapes_of(sizes: SketchSizes) -> u32 {
    shapes_tracked(sizes.top_values_tracked)
}
