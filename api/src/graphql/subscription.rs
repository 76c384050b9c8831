//! What can be followed, and the messages of each stream.

use async_graphql::{Context, Enum, ID, SimpleObject, Subscription, Union};
use data_inspector_domain::event::cursor::Cursor as EventCursor;
use data_inspector_domain::id::{FileId, InspectionId};
use data_inspector_domain::progress::InspectionProgress;
use futures_util::{Stream, StreamExt};

use super::column::Column;
use super::context::Caller;
use super::error::RequestError;
use super::event::{
    AlertRaised, AttemptChanged, CheckpointSaved, InspectionEvent, OtherEvent, PhaseChanged, ProfileRevised,
    StateChanged,
};
use super::file::File;
use super::follow::{ProfileFollower, TransferFollower, WorkspaceFollower};
use super::handover;
use super::inspection::Inspection;
use super::moment;
use super::page::LARGEST_SIZE;
use super::progress::Progress;
use super::scalar::{Cursor, DateTime, Long};
use crate::hub::{self, EventFrame, HubError};

/// Where things stand: the first message of a stream without a cursor.
#[derive(SimpleObject)]
pub(super) struct Snapshot {
    /// The position the snapshot is true at.
    cursor: Cursor,
    /// The inspection as it is.
    inspection: Inspection,
}

/// The newest progress. It is no event: it has no number, and older progress is left out.
#[derive(SimpleObject)]
pub(super) struct ProgressAdvanced {
    /// The position after the last event that was sent.
    cursor: Cursor,
    /// How far the inspection is.
    progress: Progress,
}

/// Events that are gone for good. Read the inspection again; the stream goes on after them.
#[derive(SimpleObject)]
pub(super) struct Gap {
    /// Number of the first of them.
    from_seq: Long,
    /// Number of the last of them.
    to_seq: Long,
    /// Why they are gone.
    gap_reason: GapReason,
    /// The position after them.
    cursor: Cursor,
}

/// Why events are gone.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "hub::GapReason")]
enum GapReason {
    /// They were older than what is kept.
    Retention,
}

/// Nothing else has come for a while: the stream lives, and proxies see it.
#[derive(SimpleObject)]
pub(super) struct KeepAlive {
    /// The position after the last event that was sent.
    cursor: Cursor,
    /// What time it is on the server.
    server_time: DateTime,
}

/// The server ends the stream; its last message. Subscribe again from the cursor.
#[derive(SimpleObject)]
pub(super) struct GoAway {
    /// The position after the last event that was sent.
    cursor: Cursor,
    /// Why the stream ends.
    go_away_reason: GoAwayReason,
}

/// Nothing else has come for a while: the stream of a view, which has no events, lives.
#[derive(SimpleObject)]
pub(super) struct ViewKeepAlive {
    /// What time it is on the server.
    server_time: DateTime,
}

/// The server ends the stream of a view, which has no events; its last message. Subscribe again.
#[derive(SimpleObject)]
pub(super) struct ViewGoAway {
    /// Why the stream ends.
    go_away_reason: GoAwayReason,
}

/// Why the server ends a stream.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "hub::GoAwayReason")]
enum GoAwayReason {
    /// This server stops; another is there, or will be.
    Shutdown,
    /// The token has expired.
    Expired,
    /// The server cannot read what has happened; try again in a moment.
    Unavailable,
}

impl KeepAlive {
    pub(super) fn at(cursor: EventCursor) -> Self {
        Self { cursor: position(cursor), server_time: moment::now().into() }
    }
}

impl GoAway {
    pub(super) fn because(reason: hub::GoAwayReason, cursor: EventCursor) -> Self {
        Self { cursor: position(cursor), go_away_reason: reason.into() }
    }
}

impl ViewKeepAlive {
    pub(super) fn now() -> Self {
        Self { server_time: moment::now().into() }
    }
}

impl ViewGoAway {
    pub(super) fn because(reason: hub::GoAwayReason) -> Self {
        Self { go_away_reason: reason.into() }
    }
}

pub(super) fn position(cursor: EventCursor) -> Cursor {
    Cursor(cursor.to_string())
}

/// A message of the stream of events of an inspection. More types may come.
#[derive(Union)]
#[expect(clippy::large_enum_variant, reason = "one value per message, moved at once")]
enum InspectionStreamItem {
    Snapshot(Snapshot),
    StateChanged(StateChanged),
    PhaseChanged(PhaseChanged),
    AttemptChanged(AttemptChanged),
    CheckpointSaved(CheckpointSaved),
    AlertRaised(AlertRaised),
    ProfileRevised(ProfileRevised),
    OtherEvent(OtherEvent),
    ProgressAdvanced(ProgressAdvanced),
    Gap(Gap),
    KeepAlive(KeepAlive),
    GoAway(GoAway),
}

impl InspectionStreamItem {
    fn of_frame(id: InspectionId, frame: EventFrame) -> Result<Self, RequestError> {
        Ok(match frame {
            EventFrame::Snapshot { cursor, inspection } => {
                Self::Snapshot(Snapshot { cursor: position(cursor), inspection: Inspection(*inspection) })
            }
            EventFrame::Event { cursor, bytes, .. } => {
                let seq = cursor.after.ok_or_else(|| RequestError::internal("an event without a number"))?;
                InspectionEvent::read(id, seq, &bytes)?.into()
            }
            EventFrame::Progress { cursor, bytes } => {
                let read: InspectionProgress =
                    serde_json::from_slice(&bytes).map_err(RequestError::internal)?;
                let progress = Progress { progress: read.progress, is_complete: false };
                Self::ProgressAdvanced(ProgressAdvanced { cursor: position(cursor), progress })
            }
            EventFrame::KeepAlive { cursor } => Self::KeepAlive(KeepAlive::at(cursor)),
            EventFrame::Gap { from, to, reason, cursor } => Self::Gap(Gap {
                from_seq: from.get().into(),
                to_seq: to.get().into(),
                gap_reason: reason.into(),
                cursor: position(cursor),
            }),
            EventFrame::GoAway { cursor, reason } => Self::GoAway(GoAway::because(reason, cursor)),
        })
    }
}

impl From<InspectionEvent> for InspectionStreamItem {
    fn from(event: InspectionEvent) -> Self {
        match event {
            InspectionEvent::StateChanged(event) => Self::StateChanged(event),
            InspectionEvent::PhaseChanged(event) => Self::PhaseChanged(event),
            InspectionEvent::AttemptChanged(event) => Self::AttemptChanged(event),
            InspectionEvent::CheckpointSaved(event) => Self::CheckpointSaved(event),
            InspectionEvent::AlertRaised(event) => Self::AlertRaised(event),
            InspectionEvent::ProfileRevised(event) => Self::ProfileRevised(event),
            InspectionEvent::OtherEvent(event) => Self::OtherEvent(event),
        }
    }
}

/// A newer profile, of which only the columns come that were asked for and have changed. Any message but the newest
/// may be lost without harm: a column always comes whole.
#[derive(SimpleObject)]
pub(super) struct ProfilePatch {
    /// The position of the newest event.
    pub(super) cursor: Cursor,
    /// Number of the profile; rises within an inspection.
    pub(super) revision: u32,
    /// It is the result: it does not change any more.
    pub(super) is_final: bool,
    /// Number of records so far.
    pub(super) row_count: Long,
    /// Share of the file that is counted, 0 to 1.
    pub(super) fraction_seen: f64,
    /// The columns that changed; in the first message, all that were asked for.
    pub(super) columns: Vec<Column>,
}

/// A message of the stream of profiles of an inspection. More types may come.
#[derive(Union)]
pub(super) enum ProfileStreamItem {
    ProfilePatch(ProfilePatch),
    KeepAlive(KeepAlive),
    GoAway(GoAway),
}

/// What changed in the workspace.
#[derive(SimpleObject)]
pub(super) struct WorkspaceTick {
    /// Inspections that changed, as they are now.
    pub(super) inspections: Vec<Inspection>,
    /// Anything may have changed: read the lists again. So it is in the first message.
    pub(super) read_again: bool,
}

/// A message of the stream of changes in a workspace. More types may come.
#[derive(Union)]
pub(super) enum WorkspaceStreamItem {
    WorkspaceTick(WorkspaceTick),
    ViewKeepAlive(ViewKeepAlive),
    ViewGoAway(ViewGoAway),
}

/// How much of a file has arrived.
#[derive(SimpleObject)]
pub(super) struct TransferTick {
    /// The file as it is now.
    pub(super) file: File,
    /// Bytes that have arrived.
    pub(super) bytes_done: Long,
    /// Size of the file in bytes.
    pub(super) bytes_total: Long,
}

/// A message of the stream of a transfer. More types may come.
#[derive(Union)]
#[expect(clippy::large_enum_variant, reason = "one value per message, moved at once")]
pub(super) enum TransferStreamItem {
    TransferTick(TransferTick),
    ViewKeepAlive(ViewKeepAlive),
    ViewGoAway(ViewGoAway),
}

impl From<HubError> for RequestError {
    fn from(error: HubError) -> Self {
        match error {
            HubError::NotFound => Self::NotFound("inspection"),
            HubError::ForeignCursor => Self::InvalidCursor(error.to_string()),
            HubError::Store(error) => error.into(),
        }
    }
}

fn inspection_id(id: &ID) -> Result<InspectionId, RequestError> {
    id.parse().map_err(|_| RequestError::NotFound("inspection"))
}

/// What is followed. Everything that is followed can be read by a query as well, a little later.
#[derive(Default)]
pub struct SubscriptionRoot;

/// Following something. Everything that is followed can be read by a query as well, a little later.
#[Subscription(name = "Subscription")]
impl SubscriptionRoot {
    /// Every event of an inspection, once and in order, until it has ended. Without a cursor where things stand comes
    /// first; with one, everything that happened since. Between events comes the newest progress. After a broken
    /// connection subscribe again from the last cursor, on any server.
    async fn inspection_events<'ctx>(
        &self,
        ctx: &Context<'ctx>,
        #[graphql(desc = "The inspection.")] id: ID,
        #[graphql(desc = "The last cursor you have; `0`: from the first event; nothing: from now on.")]
        after: Option<Cursor>,
    ) -> Result<impl Stream<Item = Result<InspectionStreamItem, RequestError>> + use<>, RequestError> {
        let caller = Caller::reading(ctx)?;
        let id = inspection_id(&id)?;
        let counters = caller.deps.hub.clone();
        let frames = match handover::the_one(ctx) {
            Some(frame) => frame,
            None => {
                let after = after.map(|cursor| EventCursor::parse_for(id, &cursor.0)).transpose()?;
                let events = caller.deps.hub.subscribe_events(caller.scope(), id, after).await?;
                handover::offer(ctx, events.expiring(caller.expiry()))
            }
        };
        Ok(frames.map(move |frame| {
            counters.counters().a_frame_is_executed();
            InspectionStreamItem::of_frame(id, frame)
        }))
    }

    /// The profile of an inspection as it grows, until it is final: of each newer profile the columns that changed.
    async fn inspection_profile<'ctx>(
        &self,
        ctx: &Context<'ctx>,
        #[graphql(desc = "The inspection.")] id: ID,
        #[graphql(
            desc = "Names of the columns to follow, at most 100: those on screen. Nothing: the first 100."
        )]
        columns: Option<Vec<String>>,
    ) -> Result<impl Stream<Item = Result<ProfileStreamItem, RequestError>> + use<>, RequestError> {
        let caller = Caller::reading(ctx)?;
        if columns.as_ref().is_some_and(|columns| columns.len() > LARGEST_SIZE as usize) {
            return Err(RequestError::BadUserInput(format!(
                "at most {LARGEST_SIZE} columns can be followed"
            )));
        }
        let id = inspection_id(&id)?;
        let changes = caller.deps.hub.subscribe_inspection(caller.scope(), id).await?;
        if caller.sees_values() {
            caller.load().note_values_seen(id).await?;
        }
        let changes = changes.expiring(caller.expiry());
        Ok(ProfileFollower::new(caller, changes, columns).into_stream())
    }

    /// Which inspections of the workspace change, put together at most twice a second: one stream for a whole list.
    async fn workspace_activity<'ctx>(
        &self,
        ctx: &Context<'ctx>,
    ) -> Result<impl Stream<Item = Result<WorkspaceStreamItem, RequestError>> + use<>, RequestError> {
        let caller = Caller::reading(ctx)?;
        let changes = caller.deps.hub.subscribe_workspace(caller.scope().workspace_id);
        let changes = changes.expiring(caller.expiry());
        Ok(WorkspaceFollower::new(caller, changes).into_stream())
    }

    /// How much of a file has arrived, looked at once a second, until its transfer has ended.
    async fn transfer_progress<'ctx>(
        &self,
        ctx: &Context<'ctx>,
        #[graphql(desc = "The file.")] file_id: ID,
    ) -> Result<impl Stream<Item = Result<TransferStreamItem, RequestError>> + use<>, RequestError> {
        let caller = Caller::reading(ctx)?;
        let id: FileId = file_id.parse().map_err(|_| RequestError::NotFound("file"))?;
        if caller.load().file(id).await?.is_none() {
            return Err(RequestError::NotFound("file"));
        }
        Ok(TransferFollower::new(caller, id).into_stream())
    }
}
