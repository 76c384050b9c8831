//! A message of work: from the coordinator to one worker.

use serde::{Deserialize, Serialize};

use super::split::EntryState;
use super::{MessageError, StoredBlob, from_json, to_json};
use crate::id::{InspectionId, TaskId, WorkspaceId};
use crate::spec::InspectionSpec;
use crate::task::fence::Epoch;

/// One attempt of a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskMessage {
    /// The task.
    pub task_id: TaskId,
    /// The attempt.
    pub epoch: Epoch,
    /// The workspace it is done for.
    pub workspace_id: WorkspaceId,
    /// The inspection it is part of.
    pub inspection_id: InspectionId,
    /// The file it is about.
    pub file: StoredFile,
    /// What to do.
    pub work: Work,
}

/// A file in the blob store, pinned to one version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredFile {
    /// Key of its blob.
    pub key: String,
    /// The version to read, as the blob store names it.
    pub etag: String,
    /// Size of that version.
    pub size_bytes: u64,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Work {
    /// Decide how the file is read, from what was asked for.
    Survey {
        /// What was asked for.
        spec: Box<InspectionSpec>,
    },
    /// Count the records that start in a run of leaves.
    InspectSplit(SplitWork),
    /// Fold partials into one, and make the profile of what is there.
    Merge(MergeWork),
}

/// A run of leaves, by their indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeafRange {
    /// The first one.
    pub first: u64,
    /// One more than the last one.
    pub end: u64,
}

/// A split to inspect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SplitWork {
    /// The resolved spec, as JSON.
    pub resolved_spec: StoredBlob,
    /// Its leaves.
    pub leaves: LeafRange,
    /// What is known about the state in which it is entered.
    pub entry: SplitEntry,
}

/// What is known about the state in which a split is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SplitEntry {
    /// Nothing: guess it from the split's first bytes.
    Guess,
    /// It is proven.
    Known {
        /// The state.
        state: EntryState,
    },
    /// It is proven, and no record starts in the split: nothing has to be read.
    NoRecord,
}

/// Partials to fold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MergeWork {
    /// The resolved spec, as JSON.
    pub resolved_spec: StoredBlob,
    /// The partials, few enough for one message; none if the file has no data.
    pub parts: Vec<StoredBlob>,
    /// The leaves they cover together.
    pub leaves: LeafRange,
    /// They are all leaves of the file: the profile is the result.
    pub is_last: bool,
}

impl TaskMessage {
    /// The JSON to publish: UTF-8, no white space, fields in declared order.
    pub fn to_json(&self) -> String {
        to_json(self)
    }

    /// Reads what [`TaskMessage::to_json`] of this or another release wrote.
    pub fn from_json(json: &[u8]) -> Result<Self, MessageError> {
        from_json(json)
    }
}

impl LeafRange {
    /// Number of leaves.
    pub fn count(self) -> u64 {
        self.end - self.first
    }
}
