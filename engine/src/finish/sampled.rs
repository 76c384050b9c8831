//! The sample of rows as it is worked with: for what columns have to do with each other.

use data_inspector_domain::profile::RowSampleSize;

use crate::row_facts::SampledRow;

/// The sample of rows.
#[derive(Clone, Copy)]
pub(super) struct Sampled<'a> {
    /// Ascending by rank.
    pub(super) rows: &'a [SampledRow],
    /// All rows are in it.
    pub(super) is_whole: bool,
}

impl Sampled<'_> {
    pub(super) fn size(&self) -> RowSampleSize {
        RowSampleSize { rows: self.rows.len() as u64, is_whole: self.is_whole }
    }
}
