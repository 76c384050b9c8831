//! What coordinator and workers say to each other, and its JSON on the topics of tasks and results.
//!
//! Messages are small: partials, profiles and resolved specs travel by reference to the blob store. A worker may
//! be of another release than the coordinator, and so may messages that waited on a topic. Hence the rules of
//! events ([`crate::event`]): added fields are optional and a reader ignores what it does not know; whatever
//! else changes the JSON raises the version; a message of an unknown version is a typed error, for the dead
//! letters; the golden files in `tests/golden/messages` are added to, never edited.

pub mod blob;
pub mod result;
pub mod split;
pub mod task;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use blob::{BlobHash, StoredBlob};
pub use result::{
    FileLayout, MergeDone, Outcome, Report, ResultMessage, SplitDone, TaskReport, WorkerHeartbeat,
};
pub use split::{CountedFrom, EntryState, SplitSummary, SplitVector, Transition};
pub use task::{LeafRange, MergeWork, SplitEntry, SplitWork, StoredFile, TaskMessage, Work};

/// Version of the JSON of all messages between coordinator and workers.
pub const MESSAGE_SCHEMA_VERSION: u16 = 1;

/// Why bytes are not a message.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// Written by another release, with a version of the JSON that this one does not know.
    #[error("cannot read a message of schema version {found}, only of version {MESSAGE_SCHEMA_VERSION}")]
    UnknownVersion {
        /// The version it says it has.
        found: u64,
    },
    /// Not what any release writes.
    #[error("cannot read a message")]
    Malformed(#[source] serde_json::Error),
}

/// A message as it is written: its version beside its own fields.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Versioned<'a, T> {
    schema_version: u16,
    #[serde(flatten)]
    message: &'a T,
}

/// UTF-8, no white space, fields in declared order.
fn to_json(message: &impl Serialize) -> String {
    let versioned = Versioned { schema_version: MESSAGE_SCHEMA_VERSION, message };
    serde_json::to_string(&versioned).expect("a message has string keys and finite numbers only")
}

/// Looks at the version before anything else, which another version may have changed.
fn from_json<T: DeserializeOwned>(json: &[u8]) -> Result<T, MessageError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Version {
        schema_version: u64,
    }
    let Version { schema_version: found } = serde_json::from_slice(json).map_err(MessageError::Malformed)?;
    if found != u64::from(MESSAGE_SCHEMA_VERSION) {
        return Err(MessageError::UnknownVersion { found });
    }
    serde_json::from_slice(json).map_err(MessageError::Malformed)
}
