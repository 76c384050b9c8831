//! What the topic of results carries: reports about tasks, heartbeats of workers, and ticks that move its clock.

use serde::{Deserialize, Serialize};

use super::split::SplitSummary;
use super::{MessageError, StoredBlob, from_json, to_json};
use crate::event::Alert;
use crate::failure::Failure;
use crate::id::{InspectionId, TaskId, WorkerId};
use crate::task::fence::{Signal, Stamp};

/// A message on the topic of results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ResultMessage {
    /// About a task. Keyed by the inspection.
    Report(TaskReport),
    /// About a worker. Keyed by the worker.
    Heartbeat(WorkerHeartbeat),
    /// Nothing: whoever consumes it knows that everything before it in its partition has been consumed. Sent by
    /// coordinators, to each partition.
    Tick,
}

/// What a run says about its task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskReport {
    /// The task.
    pub task_id: TaskId,
    /// The inspection it is part of; also the key of the message.
    pub inspection_id: InspectionId,
    /// The worker that executes the run.
    pub worker_id: WorkerId,
    /// Which attempt, run and message of it.
    pub stamp: Stamp,
    /// What it says.
    pub report: Report,
}

/// What a run says. Counts are of the whole attempt so far, never differences.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "camelCase")]
pub enum Report {
    /// It takes the task.
    Claimed,
    /// It is at it. At most once a second, and at least once per heartbeat.
    Alive {
        /// Bytes of the file it has read.
        bytes_done: u64,
    },
    /// It has the result.
    Done {
        /// Bytes of the file it has read.
        bytes_done: u64,
        /// The result.
        outcome: Outcome,
    },
    /// It failed.
    Failed {
        /// Bytes of the file it has read.
        bytes_done: u64,
        /// Why.
        failure: Failure,
    },
    /// It stopped without a failure: it was told to, or its worker is being drained.
    Stopped {
        /// Bytes of the file it has read.
        bytes_done: u64,
    },
}

/// The result of a task; of which kind follows from the work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "camelCase")]
pub enum Outcome {
    /// It is decided how the file is read.
    Survey {
        /// The resolved spec, as JSON.
        resolved_spec: StoredBlob,
        /// What splits are made from.
        layout: FileLayout,
    },
    /// A split is counted.
    Split(SplitDone),
    /// Partials are folded.
    Merge(MergeDone),
}

/// Where the data of a file are, in leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileLayout {
    /// Size of the file in bytes.
    pub size_bytes: u64,
    /// Size of a leaf in bytes, a power of two.
    pub leaf_size_bytes: u64,
    /// Byte at which the data start.
    pub data_offset: u64,
    /// The first leaf with data.
    pub first_leaf: u64,
    /// One more than the last leaf with data; the first leaf if there are no data.
    pub end_leaf: u64,
}

/// A split that is counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SplitDone {
    /// Its partial; of no leaf if nothing was counted.
    pub partial: StoredBlob,
    /// What is to be known without reading it.
    pub summary: SplitSummary,
}

/// Partials that are folded into one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MergeDone {
    /// The one.
    pub partial: StoredBlob,
    /// The profile of it.
    pub profile: StoredBlob,
    /// Records in it.
    pub rows: u64,
    /// Defects in it.
    pub findings: u64,
    /// What of it deserves attention, one alert for each kind of defect. The coordinator knows which are news.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<Alert>,
}

/// How a worker is. Sent when anything of it changes, and regularly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkerHeartbeat {
    /// The worker.
    pub worker_id: WorkerId,
    /// Version of its program.
    pub version: String,
    /// Tasks it can be at at once.
    pub slots: u32,
    /// Slots that are free.
    pub free: u32,
    /// What it is at, at most one task per slot.
    pub running: Vec<TaskId>,
    /// Partitions of the topic of tasks that come to it.
    pub partitions: Vec<u32>,
    /// It takes no more tasks, and goes when those it has are finished or handed back.
    pub draining: bool,
}

impl Report {
    /// What it says about the run.
    pub fn signal(&self) -> Signal {
        match self {
            Self::Claimed => Signal::Claim,
            Self::Alive { .. } => Signal::Alive,
            Self::Done { .. } | Self::Failed { .. } | Self::Stopped { .. } => Signal::End,
        }
    }
}

impl ResultMessage {
    /// The JSON to publish: UTF-8, no white space, fields in declared order.
    pub fn to_json(&self) -> String {
        to_json(self)
    }

    /// Reads what [`ResultMessage::to_json`] of this or another release wrote.
    pub fn from_json(json: &[u8]) -> Result<Self, MessageError> {
        from_json(json)
    }
}
