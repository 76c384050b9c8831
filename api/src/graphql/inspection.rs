//! Inspections: jobs over one file.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use data_inspector_domain::event::cursor::Cursor as EventCursor;
use data_inspector_domain::inspection;
use data_inspector_domain::progress;
use data_inspector_platform::store;

use super::context::Caller;
use super::error::RequestError;
use super::event::{EventType, InspectionEvent};
use super::failure::Failure;
use super::file::File;
use super::loaders::EventsKey;
use super::page::{Connection, Edge, PageArguments, size};
use super::person::User;
use super::profile::Profile;
use super::progress::{Phase, Progress};
use super::scalar::{Cursor, DateTime};
use super::spec::InspectionSpec;
use super::task::{Task, TaskState};

/// An inspection.
#[derive(Clone)]
pub(super) struct Inspection(pub(super) store::Inspection);

/// What is being done about an inspection. The last four are ends. More states may come.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "inspection::InspectionState")]
pub(super) enum InspectionState {
    /// The bytes of the file are not there yet.
    WaitingForFile,
    /// It can run, and no worker has taken any of it since it was queued.
    Queued,
    /// A worker has taken some of it.
    Running,
    /// Nothing of it can run now: everything that is left failed and waits to be tried again.
    RetryWait,
    /// A person holds it; workers are still finishing what they can keep.
    Pausing,
    /// A person holds it; no worker is at it.
    Paused,
    /// It was called off; workers may still be at it.
    Cancelling,
    /// The result is complete and durable.
    Succeeded,
    /// It cannot go on; what was found before is kept.
    Failed,
    /// It was called off, and no worker is at it.
    Cancelled,
    /// It came to its deadline, or was held for too long.
    Expired,
}

/// What the checks say about the data.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "inspection::Verdict")]
pub(super) enum Verdict {
    /// Every check passed.
    Pass,
    /// Only checks failed that warn.
    Warn,
    /// A check failed that must not.
    Fail,
    /// There were no checks, or they were not decided.
    NotEvaluated,
}

/// How much of the file the result is based on.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "inspection::Coverage")]
pub(super) enum Coverage {
    /// Nothing.
    None,
    /// Parts of it, because the rest was not reached.
    Partial,
    /// A sample, because a sample was asked for.
    Sampled,
    /// Every byte.
    Complete,
}

/// What a person may want to do with an inspection.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "inspection::InspectionVerb")]
enum InspectionVerb {
    /// Hold it.
    Pause,
    /// Let it go on.
    Resume,
    /// Call it off.
    Cancel,
    /// Try again what is left of it.
    Retry,
    /// Make a new inspection of the same file.
    Rerun,
}

/// Whether the viewer may do something with an inspection now.
#[derive(SimpleObject)]
struct InspectionAction {
    /// What they may want to do.
    action: InspectionVerb,
    /// They may.
    allowed: bool,
    /// Why they may not, as a sentence; null if they may.
    reason: Option<String>,
}

/// One job over one file. `state` says what the machinery does, `verdict` what the data turned out to be, `coverage`
/// how much of the file that is based on: an inspection that found a broken file has succeeded.
#[Object]
impl Inspection {
    /// Its id.
    pub(super) async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The file it inspects.
    async fn file(&self, ctx: &Context<'_>) -> Result<Option<File>, RequestError> {
        Ok(Caller::reading(ctx)?.load().file(self.0.file_id).await?.map(File))
    }

    /// What it was asked to do.
    async fn spec(&self) -> InspectionSpec {
        InspectionSpec(self.0.spec.clone())
    }

    /// What is being done about it.
    async fn state(&self) -> InspectionState {
        self.0.state.into()
    }

    /// It has ended: nothing but a retry moves it any more.
    async fn has_ended(&self) -> bool {
        self.0.state.is_terminal()
    }

    /// Rises by one with each change of state; send it back as `expectedVersion`.
    async fn version(&self) -> u32 {
        self.0.version
    }

    /// What the work is at.
    async fn phase(&self) -> Phase {
        self.0.phase.into()
    }

    /// What the checks say about the data.
    async fn verdict(&self) -> Verdict {
        self.0.verdict.into()
    }

    /// How much of the file the result is based on.
    async fn coverage(&self) -> Coverage {
        self.0.coverage.into()
    }

    /// Higher goes first.
    async fn priority(&self) -> i32 {
        self.0.priority
    }

    /// How far it is; null before the work begins.
    async fn progress(&self) -> Result<Option<Progress>, RequestError> {
        let Some(json) = &self.0.progress else { return Ok(None) };
        let progress: progress::Progress = serde_json::from_str(json).map_err(RequestError::internal)?;
        let is_complete = self.0.state == inspection::InspectionState::Succeeded;
        Ok(Some(Progress { progress, is_complete }))
    }

    /// Why it failed; null unless it did.
    async fn failure(&self) -> Option<Failure> {
        self.0.failure.clone().map(Failure)
    }

    /// What was found, as far as the file is read; null before there is anything.
    async fn profile(&self, ctx: &Context<'_>) -> Result<Option<Profile>, RequestError> {
        Box::pin(Profile::of(Caller::reading(ctx)?, &self.0)).await
    }

    /// What has happened, in order. The subscription `inspectionEvents` sends the same.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100, usually 20.")] first: Option<i32>,
        #[graphql(desc = "Only what happened after this event. `0`, or nothing: from the first.")]
        after: Option<Cursor>,
        #[graphql(desc = "Only events of these types; of all if it is empty or left out.")] types: Option<
            Vec<EventType>,
        >,
    ) -> Result<Connection<InspectionEvent>, RequestError> {
        let after = match after {
            Some(cursor) => EventCursor::parse_for(self.0.id, &cursor.0)?,
            None => EventCursor::start(self.0.id),
        };
        let size = size(first)?;
        let types = types.unwrap_or_default().into_iter().map(Into::into).collect();
        let key = EventsKey { after, types, limit: size + 1 };
        let mut events = Caller::reading(ctx)?.load().events(key).await?;
        let has_more = events.len() > size as usize;
        events.truncate(size as usize);
        let edge = |event: store::StoredEvent| {
            let node = InspectionEvent::read(self.0.id, event.seq, &event.bytes)?;
            let cursor = Cursor(EventCursor::after(self.0.id, event.seq).to_string());
            Ok(Edge { cursor, node: Arc::new(node) })
        };
        let edges = events.into_iter().map(edge).collect::<Result<_, RequestError>>()?;
        Ok(Connection::of_edges(edges, after.after.is_some(), has_more))
    }

    /// The position of its newest event: follow it from here.
    async fn cursor(&self) -> Cursor {
        Cursor(EventCursor { inspection_id: self.0.id, after: self.0.last_seq }.to_string())
    }

    /// The work it is made of, in the order it is done.
    async fn tasks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those in one of these states; in any if it is empty or left out.")]
        states: Option<Vec<TaskState>>,
        #[graphql(desc = "Entries from the start, or after a cursor: 1 to 100, usually 20.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this entry.")] after: Option<Cursor>,
        #[graphql(desc = "Entries from the end, or before a cursor.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this entry.")] before: Option<Cursor>,
    ) -> Result<Connection<Task>, RequestError> {
        let caller = Caller::reading(ctx)?;
        let list = format!("tasks of {}", self.0.id);
        let request = PageArguments { first, after, last, before }.request(&list)?;
        let states: Vec<_> = states.unwrap_or_default().into_iter().map(Into::into).collect();
        let page = Box::pin(caller.store().list_tasks(caller.scope(), self.0.id, &states, &request)).await?;
        Ok(Connection::of_page(page, &request, &list, store::Task::key, Task))
    }

    /// What the viewer may do with it now, and why not.
    async fn actions(&self, ctx: &Context<'_>) -> Result<Vec<InspectionAction>, RequestError> {
        let may_write = Caller::reading(ctx)?.viewer.may(crate::auth::Right::Write);
        let action = |action: inspection::InspectionAction| {
            let refused = action.refusal.map(|refusal| refusal.to_string());
            let forbidden = (!may_write).then(|| RequestError::Forbidden.to_string());
            let reason = forbidden.or(refused);
            InspectionAction { action: action.verb.into(), allowed: reason.is_none(), reason }
        };
        Ok(self.0.actions().into_iter().map(action).collect())
    }

    /// The inspection it repeats; null if it repeats none.
    async fn rerun_of(&self, ctx: &Context<'_>) -> Result<Option<Inspection>, RequestError> {
        let Some(id) = self.0.rerun_of else { return Ok(None) };
        Ok(Caller::reading(ctx)?.load().inspection(id).await?.map(Inspection))
    }

    /// Who asked for it.
    async fn created_by(&self, ctx: &Context<'_>) -> Result<Option<User>, RequestError> {
        Ok(Caller::reading(ctx)?.load().person(self.0.created_by).await?.map(User::from))
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When its newest event was.
    async fn updated_at(&self) -> DateTime {
        self.0.updated_at.into()
    }

    /// When a worker first took some of it; null before.
    async fn started_at(&self) -> Option<DateTime> {
        self.0.started_at.map(DateTime)
    }

    /// When it ended; null before.
    async fn ended_at(&self) -> Option<DateTime> {
        self.0.ended_at.map(DateTime)
    }
}
