//! The committed, numbered facts about an inspection, and their JSON: the form they are stored, published
//! and fanned out in. Progress is none of them: it is state.
//!
//! The JSON lasts longer than any release. Replicas of two releases read each other's events during a
//! deployment, and a stored event is replayed years later. Hence:
//! * a field may be added without a new version: a reader ignores fields it does not know, and whoever
//!   forwards an event forwards its bytes. The one exception is `failure`, whose shape is closed;
//! * an added field is optional, and left out where it says nothing, so that older events stay as they are;
//! * whatever else changes the JSON raises [`EVENT_SCHEMA_VERSION`], and the old version stays readable;
//! * the golden files in `tests/golden/events` are added to, never edited.
//!
//! No event holds a cell's text: columns are named, values are counted.

pub mod cursor;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::failure::Failure;
use crate::finding::{FindingCode, Severity};
use crate::id::{InspectionId, PrincipalId, Sequence, TaskId, WorkerId};
use crate::inspection::{Command, InspectionState};
use crate::task::fence::Epoch;
use crate::task::{TaskKind, TaskState};
use crate::time::Timestamp;

/// Version of the events' JSON.
pub const EVENT_SCHEMA_VERSION: u32 = 1;

/// More changed columns than this are not named one by one.
pub const MAX_CHANGED_COLUMNS: usize = 100;

/// One fact about an inspection, with its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InspectionEvent {
    schema_version: KnownVersion,
    /// The inspection it is about.
    pub inspection_id: InspectionId,
    /// Its number within the inspection.
    pub seq: Sequence,
    /// When it was committed, by the database's clock.
    pub at: Timestamp,
    /// The fact.
    pub event: EventBody,
}

/// [`EVENT_SCHEMA_VERSION`]; reading refuses every other number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
struct KnownVersion;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum EventBody {
    /// The inspection went into a state.
    #[serde(rename = "STATE")]
    StateChanged(StateChanged),
    /// The work went into a phase.
    #[serde(rename = "PHASE")]
    PhaseChanged(PhaseChanged),
    /// An attempt of a task began or ended.
    #[serde(rename = "ATTEMPT")]
    AttemptChanged(AttemptChanged),
    /// More of the work is durable.
    #[serde(rename = "CHECKPOINT")]
    CheckpointSaved(CheckpointSaved),
    /// Something about the data deserves attention.
    #[serde(rename = "ALERT")]
    AlertRaised(AlertRaised),
    /// There is a newer profile.
    #[serde(rename = "PROFILE")]
    ProfileRevised(ProfileRevised),
}

/// The types of events, as `type` names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EventType {
    /// [`StateChanged`].
    State,
    /// [`PhaseChanged`].
    Phase,
    /// [`AttemptChanged`].
    Attempt,
    /// [`CheckpointSaved`].
    Checkpoint,
    /// [`AlertRaised`].
    Alert,
    /// [`ProfileRevised`].
    Profile,
}

/// The inspection went into a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StateChanged {
    /// The state before; absent when the inspection was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<InspectionState>,
    /// The state now.
    pub to: InspectionState,
    /// Version of the inspection: rises by one with each of these events.
    pub version: u32,
    /// Why; absent when the inspection was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<StateReason>,
}

/// Why an inspection went into a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StateReason {
    /// The command that moved it.
    pub command: Command,
    /// One sentence for the person who owns the data; the words of the person who gave the command, if any.
    pub message: String,
    /// Who gave the command; absent if nobody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<PrincipalId>,
    /// The failure that led to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// The work went into a phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PhaseChanged {
    /// The phase it is in now.
    pub phase: Phase,
}

/// What the work is at. Parts of it may be further.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Phase {
    /// Nothing has begun.
    #[default]
    Waiting,
    /// Finding out how the file is to be read.
    Detecting,
    /// Reading the file.
    Scanning,
    /// Putting the partials together.
    Merging,
    /// Evaluating the checks.
    Evaluating,
    /// Making the result durable.
    Publishing,
    /// Nothing is left to do.
    Done,
}

/// An attempt of a task began or ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttemptChanged {
    /// The attempt as it is now.
    pub attempt: Attempt,
}

/// One attempt of one task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// The task.
    pub task_id: TaskId,
    /// What the task is for.
    pub kind: TaskKind,
    /// Number of the attempt: the task's epoch.
    pub number: Epoch,
    /// The state of the task, or the one this attempt left it in.
    pub state: TaskState,
    /// The worker that claimed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker_id: Option<WorkerId>,
    /// When it was released.
    pub started_at: Timestamp,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Byte of the file it began at, if it reads a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_byte: Option<u64>,
    /// Bytes of the file it has read.
    pub bytes_done: u64,
    /// It left something durable that the attempts before it had not.
    pub made_progress: bool,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// More of the work is durable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckpointSaved {
    /// What a retry would start from.
    pub checkpoint: Checkpoint,
}

/// The durable part of an inspection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checkpoint {
    /// Bytes of the file whose partials are durable.
    pub bytes_durable: u64,
    /// Splits whose partials are durable.
    pub splits_durable: u32,
    /// Bytes that were read and not durable when it was saved: a retry would have read them again.
    pub loss_if_retried_now: u64,
}

/// Something about the data deserves attention.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertRaised {
    /// What it is.
    pub alert: Alert,
}

/// Something about the data that deserves attention. The event's inspection and number identify it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of defect.
    pub code: FindingCode,
    /// The column it is in, if in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// One sentence for the person who owns the data.
    pub message: String,
    /// What was expected, e.g. `20 cells`. Never the text of a cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What is there, e.g. `19 cells`. Never the text of a cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed: Option<String>,
    /// Rows it was found in so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_affected: Option<u64>,
    /// Byte of the file where it was found first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen_at_byte: Option<u64>,
    /// It may turn out otherwise when the rest of the file is read.
    pub provisional: bool,
}

/// There is a newer profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProfileRevised {
    /// Number of the revision; rises within an inspection.
    pub revision: u32,
    /// Names of the columns that changed, at most [`MAX_CHANGED_COLUMNS`]; absent: any column may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_columns: Option<Vec<String>>,
    /// It is the result.
    pub is_final: bool,
}

/// Why bytes are not an event.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// Written by another release, with a version of the JSON that this one does not know.
    #[error("cannot read an event of schema version {found}, only of version {EVENT_SCHEMA_VERSION}")]
    UnknownVersion {
        /// The version it says it has.
        found: u64,
    },
    /// Written by a newer release, and of a type that this one does not know.
    #[error("cannot read an event of type `{found}`, which is not known here")]
    UnknownType {
        /// The type it says it has.
        found: String,
    },
    /// Not what any release writes.
    #[error("cannot read an event")]
    Malformed(#[source] serde_json::Error),
}

impl TryFrom<u64> for KnownVersion {
    type Error = EventError;

    fn try_from(found: u64) -> Result<Self, EventError> {
        if found == u64::from(EVENT_SCHEMA_VERSION) {
            Ok(Self)
        } else {
            Err(EventError::UnknownVersion { found })
        }
    }
}

impl From<KnownVersion> for u64 {
    fn from(KnownVersion: KnownVersion) -> Self {
        EVENT_SCHEMA_VERSION.into()
    }
}

impl InspectionEvent {
    /// A fact, with the number it got under the inspection's lock.
    pub fn new(inspection_id: InspectionId, seq: Sequence, at: Timestamp, event: EventBody) -> Self {
        Self { schema_version: KnownVersion, inspection_id, seq, at, event }
    }

    /// The JSON to store and publish: UTF-8, no white space, fields in declared order.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("an event has string keys and integers only")
    }

    /// Reads what [`InspectionEvent::to_json`] of this or another release wrote.
    pub fn from_json(json: &[u8]) -> Result<Self, EventError> {
        // What goes wrong is rare, and looked into then.
        if let Ok(event) = serde_json::from_slice(json) {
            return Ok(event);
        }
        let value: Value = serde_json::from_slice(json).map_err(EventError::Malformed)?;
        if let Some(version) = value.get("schemaVersion").and_then(Value::as_u64) {
            KnownVersion::try_from(version)?;
        }
        let event_type = value.pointer("/event/type").and_then(Value::as_str);
        if let Some(found) = event_type.filter(|name| !EventType::is_known(name)) {
            return Err(EventError::UnknownType { found: found.to_owned() });
        }
        serde_json::from_value(value).map_err(EventError::Malformed)
    }
}

impl EventBody {
    /// The type of the event.
    pub fn event_type(&self) -> EventType {
        match self {
            Self::StateChanged(_) => EventType::State,
            Self::PhaseChanged(_) => EventType::Phase,
            Self::AttemptChanged(_) => EventType::Attempt,
            Self::CheckpointSaved(_) => EventType::Checkpoint,
            Self::AlertRaised(_) => EventType::Alert,
            Self::ProfileRevised(_) => EventType::Profile,
        }
    }
}

impl EventType {
    fn is_known(name: &str) -> bool {
        serde_json::from_value::<Self>(Value::from(name)).is_ok()
    }
}

impl ProfileRevised {
    /// A revision; changed columns that are too many to name are not named.
    pub fn new(revision: u32, changed_columns: Vec<String>, is_final: bool) -> Self {
        let changed_columns = Some(changed_columns).filter(|names| names.len() <= MAX_CHANGED_COLUMNS);
        Self { revision, changed_columns, is_final }
    }
}
