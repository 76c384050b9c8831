//! What the coordinator tells every worker about one attempt of a task, and its JSON on the control topic.
//!
//! The topic is compacted by task: only the newest order of a task is kept, and an order is about one attempt
//! and those before it. So nothing has to be taken back when the task is tried again: that is the next epoch.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::TaskId;
use crate::task::fence::Epoch;

/// Version of the orders' JSON.
pub const CONTROL_SCHEMA_VERSION: u32 = 1;

/// What a run is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Order {
    /// Stop and say so: the inspection was called off.
    Cancel,
    /// Make durable what can be kept, stop and say so: a person holds the inspection.
    Pause,
    /// Stop; nothing it says counts any more.
    Revoke,
}

/// An order to whoever is at an attempt of a task, or at one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ControlMessage {
    schema_version: u32,
    /// The task; also the key of the message.
    pub task_id: TaskId,
    /// The last attempt it is for.
    pub epoch: Epoch,
    /// What to do.
    pub order: Order,
}

/// Why bytes are not an order.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Written by another release, with a version of the JSON that this one does not know.
    #[error("cannot read an order of schema version {found}, only of version {CONTROL_SCHEMA_VERSION}")]
    UnknownVersion {
        /// The version it says it has.
        found: u32,
    },
    /// Not what any release writes.
    #[error("cannot read an order")]
    Malformed(#[source] serde_json::Error),
}

impl ControlMessage {
    /// An order.
    pub fn new(task_id: TaskId, epoch: Epoch, order: Order) -> Self {
        Self { schema_version: CONTROL_SCHEMA_VERSION, task_id, epoch, order }
    }

    /// The JSON to publish: UTF-8, no white space, fields in declared order.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("an order has string keys and integers only")
    }

    /// Reads what [`ControlMessage::to_json`] of this or another release wrote.
    pub fn from_json(json: &[u8]) -> Result<Self, ControlError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Version {
            schema_version: u32,
        }
        let Version { schema_version: found } =
            serde_json::from_slice(json).map_err(ControlError::Malformed)?;
        if found != CONTROL_SCHEMA_VERSION {
            return Err(ControlError::UnknownVersion { found });
        }
        serde_json::from_slice(json).map_err(ControlError::Malformed)
    }
}
