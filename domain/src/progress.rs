//! How far an inspection is: state that is replaced as it goes, pushed without a number and never replayed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::Phase;
use crate::id::InspectionId;
use crate::time::Timestamp;

/// Name of the header that tells the two kinds of messages for api replicas apart.
pub const UPDATE_KIND_HEADER: &str = "kind";

/// Value of [`UPDATE_KIND_HEADER`] of a committed event: the payload is the JSON of an
/// [`InspectionEvent`](crate::event::InspectionEvent).
pub const UPDATE_KIND_EVENT: &str = "event";

/// Value of [`UPDATE_KIND_HEADER`] of progress: the payload is the JSON of an [`InspectionProgress`].
pub const UPDATE_KIND_PROGRESS: &str = "progress";

/// How far an inspection is. Numbers may fall when work is done again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Progress {
    /// What the work is at.
    pub phase: Phase,
    /// Bytes of the file that are counted, or being counted by a live attempt; at most the size of the file.
    pub bytes_done: u64,
    /// Size of the file in bytes.
    pub bytes_total: u64,
    /// Records in the parts that are counted.
    pub rows_done: u64,
    /// Defects in the parts that are counted.
    pub findings: u64,
    /// Splits whose result is durable and proven.
    pub splits_done: u32,
    /// All splits; 0 before the survey.
    pub splits_total: u32,
    /// Splits that were counted again because they had been entered with a wrong guess.
    pub splits_inspected_again: u32,
    /// Attempts that are at work now.
    pub running_attempts: u32,
    /// Bytes per second lately.
    pub bytes_per_second: u64,
    /// When this was so, by the clock of the results stream.
    pub at: Timestamp,
}

/// Progress on its way to the api replicas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InspectionProgress {
    /// The inspection.
    pub inspection_id: InspectionId,
    /// How far it is.
    pub progress: Progress,
}
