//! Events: the committed, numbered facts about an inspection.

use async_graphql::{Enum, ID, Interface, SimpleObject};
use data_inspector_domain::event::cursor::Cursor as EventCursor;
use data_inspector_domain::event::{self, EventBody, EventError};
use data_inspector_domain::id::{InspectionId, Sequence};
use data_inspector_domain::time::Timestamp;

use super::error::RequestError;
use super::failure::Failure;
use super::finding::{FindingCode, Severity};
use super::inspection::InspectionState;
use super::progress::Phase;
use super::scalar::{Cursor, DateTime, Long};
use super::task::{TaskKind, TaskState};

/// The types of events. More may come.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "event::EventType")]
pub(super) enum EventType {
    /// `StateChanged`.
    State,
    /// `PhaseChanged`.
    Phase,
    /// `AttemptChanged`.
    Attempt,
    /// `CheckpointSaved`.
    Checkpoint,
    /// `AlertRaised`.
    Alert,
    /// `ProfileRevised`.
    Profile,
}

/// A committed fact about an inspection. Events are numbered 1, 2, 3, … within their inspection, without a hole, and
/// never change. Types may be added: take one you do not know for what this interface says of it.
#[derive(Clone, Interface)]
#[graphql(
    field(name = "cursor", ty = "&Cursor", desc = "The position after this event."),
    field(name = "seq", ty = "&Long", desc = "Its number within the inspection, from 1."),
    field(name = "inspection_id", ty = "&ID", desc = "The inspection it is about."),
    field(name = "at", ty = "&DateTime", desc = "When it was committed.")
)]
pub(super) enum InspectionEvent {
    StateChanged(StateChanged),
    PhaseChanged(PhaseChanged),
    AttemptChanged(AttemptChanged),
    CheckpointSaved(CheckpointSaved),
    AlertRaised(AlertRaised),
    ProfileRevised(ProfileRevised),
    OtherEvent(OtherEvent),
}

/// The inspection went into a state.
#[derive(Clone, SimpleObject)]
pub(super) struct StateChanged {
    /// The position after this event.
    cursor: Cursor,
    /// Its number within the inspection, from 1.
    seq: Long,
    /// The inspection it is about.
    inspection_id: ID,
    /// When it was committed.
    at: DateTime,
    /// The state before; null when the inspection was created.
    from: Option<InspectionState>,
    /// The state now.
    to: InspectionState,
    /// Version of the inspection since.
    version: u32,
    /// Why; null when the inspection was created.
    reason: Option<StateReason>,
}

/// Why an inspection went into a state.
#[derive(Clone, SimpleObject)]
struct StateReason {
    /// What moved it.
    command: InspectionCommand,
    /// One sentence for the person who owns the data; the words of the person who moved it, if any.
    message: String,
    /// Id of the person who moved it; null if nobody did.
    actor_id: Option<ID>,
    /// The failure that led to it; null if none did.
    failure: Option<Failure>,
}

/// What may happen to an inspection: by a person, or because the work came to some point.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "data_inspector_domain::inspection::Command")]
enum InspectionCommand {
    /// The bytes of the file are there.
    FileReady,
    /// The bytes of the file will not come.
    FileFailed,
    /// A worker has taken some of it.
    Start,
    /// A person wants it held.
    Pause,
    /// The last worker has stopped.
    WorkDrained,
    /// A person wants it to go on.
    Resume,
    /// A person wants it called off.
    Cancel,
    /// Everything that is left failed and waits to be tried again.
    BackOff,
    /// The time to try again has come.
    RetryDue,
    /// The result is durable.
    Succeed,
    /// It cannot go on.
    Fail,
    /// A person wants another try of what is left.
    Retry,
    /// Its deadline has passed.
    Expire,
}

/// The work went into a phase.
#[derive(Clone, SimpleObject)]
pub(super) struct PhaseChanged {
    /// The position after this event.
    cursor: Cursor,
    /// Its number within the inspection, from 1.
    seq: Long,
    /// The inspection it is about.
    inspection_id: ID,
    /// When it was committed.
    at: DateTime,
    /// The phase it is in now.
    phase: Phase,
}

/// An attempt of a task began or ended.
#[derive(Clone, SimpleObject)]
pub(super) struct AttemptChanged {
    /// The position after this event.
    cursor: Cursor,
    /// Its number within the inspection, from 1.
    seq: Long,
    /// The inspection it is about.
    inspection_id: ID,
    /// When it was committed.
    at: DateTime,
    /// The attempt as it was then.
    attempt: Attempt,
}

/// One attempt of one task.
#[derive(Clone, SimpleObject)]
struct Attempt {
    /// Id of the task.
    task_id: ID,
    /// What the task is for.
    kind: TaskKind,
    /// Number of the attempt, from 1.
    number: Long,
    /// The state of the task, or the one this attempt left it in.
    state: TaskState,
    /// Id of the worker that claimed it; null before.
    worker_id: Option<ID>,
    /// When it was released.
    started_at: DateTime,
    /// When it ended; null before.
    ended_at: Option<DateTime>,
    /// Byte of the file it began at; null if it reads no part of the file.
    from_byte: Option<Long>,
    /// Bytes it has read.
    bytes_done: Long,
    /// It left something durable that the attempts before it had not.
    made_progress: bool,
    /// Why it failed; null unless it did.
    failure: Option<Failure>,
}

/// More of the work is durable.
#[derive(Clone, SimpleObject)]
pub(super) struct CheckpointSaved {
    /// The position after this event.
    cursor: Cursor,
    /// Its number within the inspection, from 1.
    seq: Long,
    /// The inspection it is about.
    inspection_id: ID,
    /// When it was committed.
    at: DateTime,
    /// Bytes of the file whose results are durable.
    bytes_durable: Long,
    /// Parts of the file whose results are durable.
    splits_durable: Long,
    /// Bytes that were read and not durable then: a retry would have read them again.
    loss_if_retried_now: Long,
}

/// Something about the data deserves attention.
#[derive(Clone, SimpleObject)]
pub(super) struct AlertRaised {
    /// The position after this event.
    cursor: Cursor,
    /// Its number within the inspection, from 1.
    seq: Long,
    /// The inspection it is about.
    inspection_id: ID,
    /// When it was committed.
    at: DateTime,
    /// What it is.
    alert: Alert,
}

/// Something about the data that deserves attention. It holds no value of the file.
#[derive(Clone, SimpleObject)]
struct Alert {
    /// How bad it is.
    severity: Severity,
    /// What kind of defect.
    code: FindingCode,
    /// The column it is in; null if it is in none.
    column: Option<String>,
    /// One sentence for the person who owns the data.
    message: String,
    /// What was expected, such as `20 cells`.
    expected: Option<String>,
    /// What is there, such as `19 cells`.
    observed: Option<String>,
    /// Rows it was found in so far; null if it has no rows.
    rows_affected: Option<Long>,
    /// Byte of the file where it was found first.
    first_seen_at_byte: Option<Long>,
    /// It may turn out otherwise when the rest of the file is read.
    provisional: bool,
}

/// There is a newer profile.
#[derive(Clone, SimpleObject)]
pub(super) struct ProfileRevised {
    /// The position after this event.
    cursor: Cursor,
    /// Its number within the inspection, from 1.
    seq: Long,
    /// The inspection it is about.
    inspection_id: ID,
    /// When it was committed.
    at: DateTime,
    /// Number of the profile; rises within an inspection.
    revision: u32,
    /// Names of the columns that changed; null: any may have.
    changed_columns: Option<Vec<String>>,
    /// It is the result.
    is_final: bool,
}

/// An event that this server does not know: a newer release wrote it.
#[derive(Clone, SimpleObject)]
pub(super) struct OtherEvent {
    /// The position after this event.
    cursor: Cursor,
    /// Its number within the inspection, from 1.
    seq: Long,
    /// The inspection it is about.
    inspection_id: ID,
    /// When it was committed.
    at: DateTime,
}

impl InspectionEvent {
    /// Reads an event as it is stored and published.
    pub(super) fn read(
        inspection_id: InspectionId,
        seq: Sequence,
        bytes: &[u8],
    ) -> Result<Self, RequestError> {
        let position = Cursor(EventCursor::after(inspection_id, seq).to_string());
        match event::InspectionEvent::from_json(bytes) {
            Ok(event) => Ok(Self::known(position, event)),
            Err(EventError::UnknownType { .. } | EventError::UnknownVersion { .. }) => {
                let at =
                    moment_of(bytes).ok_or_else(|| RequestError::internal("an event without a moment"))?;
                let inspection_id = inspection_id.into();
                Ok(Self::OtherEvent(OtherEvent {
                    cursor: position,
                    seq: seq.get().into(),
                    inspection_id,
                    at,
                }))
            }
            Err(error) => Err(RequestError::internal(error)),
        }
    }

    fn known(cursor: Cursor, event: event::InspectionEvent) -> Self {
        let (seq, inspection_id, at) =
            (event.seq.get().into(), ID::from(event.inspection_id), event.at.into());
        match event.event {
            EventBody::StateChanged(event::StateChanged { from, to, version, reason }) => {
                let (from, to, reason) = (from.map(Into::into), to.into(), reason.map(StateReason::from));
                Self::StateChanged(StateChanged { cursor, seq, inspection_id, at, from, to, version, reason })
            }
            EventBody::PhaseChanged(event::PhaseChanged { phase }) => {
                Self::PhaseChanged(PhaseChanged { cursor, seq, inspection_id, at, phase: phase.into() })
            }
            EventBody::AttemptChanged(event::AttemptChanged { attempt }) => {
                Self::AttemptChanged(AttemptChanged {
                    cursor,
                    seq,
                    inspection_id,
                    at,
                    attempt: attempt.into(),
                })
            }
            EventBody::CheckpointSaved(event::CheckpointSaved { checkpoint }) => {
                Self::CheckpointSaved(CheckpointSaved {
                    cursor,
                    seq,
                    inspection_id,
                    at,
                    bytes_durable: checkpoint.bytes_durable.into(),
                    splits_durable: checkpoint.splits_durable.into(),
                    loss_if_retried_now: checkpoint.loss_if_retried_now.into(),
                })
            }
            EventBody::AlertRaised(event::AlertRaised { alert }) => {
                Self::AlertRaised(AlertRaised { cursor, seq, inspection_id, at, alert: alert.into() })
            }
            EventBody::ProfileRevised(event::ProfileRevised { revision, changed_columns, is_final }) => {
                Self::ProfileRevised(ProfileRevised {
                    cursor,
                    seq,
                    inspection_id,
                    at,
                    revision,
                    changed_columns,
                    is_final,
                })
            }
        }
    }
}

/// The moment of an event of whatever release.
fn moment_of(bytes: &[u8]) -> Option<DateTime> {
    let json: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    json.get("at")?.as_i64().map(|micros| DateTime(Timestamp::from_micros(micros)))
}

impl From<event::StateReason> for StateReason {
    fn from(reason: event::StateReason) -> Self {
        Self {
            command: reason.command.into(),
            message: reason.message,
            actor_id: reason.actor.map(ID::from),
            failure: reason.failure.map(Failure),
        }
    }
}

impl From<event::Attempt> for Attempt {
    fn from(attempt: event::Attempt) -> Self {
        Self {
            task_id: attempt.task_id.into(),
            kind: attempt.kind.into(),
            number: attempt.number.number().into(),
            state: attempt.state.into(),
            worker_id: attempt.worker_id.map(ID::from),
            started_at: attempt.started_at.into(),
            ended_at: attempt.ended_at.map(DateTime),
            from_byte: attempt.from_byte.map(Long),
            bytes_done: attempt.bytes_done.into(),
            made_progress: attempt.made_progress,
            failure: attempt.failure.map(Failure),
        }
    }
}

impl From<event::Alert> for Alert {
    fn from(alert: event::Alert) -> Self {
        Self {
            severity: alert.severity.into(),
            code: alert.code.into(),
            column: alert.column,
            message: alert.message,
            expected: alert.expected,
            observed: alert.observed,
            rows_affected: alert.rows_affected.map(Long),
            first_seen_at_byte: alert.first_seen_at_byte.map(Long),
            provisional: alert.provisional,
        }
    }
}
