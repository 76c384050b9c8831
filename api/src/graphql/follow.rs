//! Views that are followed: whoever is slow sees the newest state and misses only what it replaced.

use std::sync::Arc;
use std::time::Duration;

use data_inspector_domain::event::cursor::Cursor as EventCursor;
use data_inspector_domain::file::FileState;
use data_inspector_domain::id::FileId;
use data_inspector_domain::inspection::InspectionState;
use data_inspector_domain::progress;
use data_inspector_platform::store::{self, Scope};
use futures_util::Stream;
use tokio::time::{Instant, sleep_until};

use super::context::{Caller, Deps};
use super::error::RequestError;
use super::file::File;
use super::inspection::Inspection;
use super::profile::Profile;
use super::profile_cache::{Document, ProfileCache};
use super::subscription::{
    GoAway, KeepAlive, ProfilePatch, ProfileStreamItem, TransferStreamItem, TransferTick, ViewGoAway,
    ViewKeepAlive, WorkspaceStreamItem, WorkspaceTick, position,
};
use super::upload::received_blocks;
use crate::expiry::Expiry;
use crate::hub::{GoAwayReason, InspectionChange, InspectionChanges, WorkspaceChange, WorkspaceChanges};

/// Between two messages about a workspace.
const WORKSPACE_PAUSE: Duration = Duration::from_millis(500);

/// Between two looks at a transfer.
const TRANSFER_PAUSE: Duration = Duration::from_secs(1);

/// Looks at a transfer without news before the client is told that the stream lives.
const LOOKS_PER_KEEP_ALIVE: u32 = 20;

/// Inspections of one message at most; if more changed, the lists are to be read again.
const MOST_INSPECTIONS: usize = 100;

/// The growing profile of an inspection.
pub(super) struct ProfileFollower {
    deps: Deps,
    scope: Scope,
    profiles: ProfileCache,
    shows_values: bool,
    changes: InspectionChanges,
    columns: Option<Vec<String>>,
    /// The profile that was sent last, with its number.
    sent: Option<(u32, Arc<Document>)>,
    sent_final: bool,
}

impl ProfileFollower {
    pub(super) fn new(caller: Caller<'_>, changes: InspectionChanges, columns: Option<Vec<String>>) -> Self {
        Self {
            deps: caller.deps.clone(),
            scope: caller.scope(),
            profiles: caller.profiles().clone(),
            shows_values: caller.sees_values(),
            changes,
            columns,
            sent: None,
            sent_final: false,
        }
    }

    pub(super) fn into_stream(self) -> impl Stream<Item = Result<ProfileStreamItem, RequestError>> + Send {
        futures_util::stream::unfold(self, async |mut follower| {
            let item = follower.next().await?;
            Some((item, follower))
        })
    }

    async fn next(&mut self) -> Option<Result<ProfileStreamItem, RequestError>> {
        loop {
            match self.changes.next().await? {
                // The end of the inspection makes its last profile final, without a newer one.
                InspectionChange::Changed { cursor, .. } => match self.patch(cursor).await {
                    Ok(Some(patch)) => return Some(Ok(ProfileStreamItem::ProfilePatch(patch))),
                    Ok(None) => {}
                    Err(error) => return Some(Err(error)),
                },
                InspectionChange::KeepAlive { cursor } => {
                    return Some(Ok(ProfileStreamItem::KeepAlive(KeepAlive::at(cursor))));
                }
                InspectionChange::GoAway { cursor, reason } => {
                    return Some(Ok(ProfileStreamItem::GoAway(GoAway::because(reason, cursor))));
                }
            }
        }
    }

    /// What is new about the profile, if anything is.
    async fn patch(&mut self, cursor: EventCursor) -> Result<Option<ProfilePatch>, RequestError> {
        let found = self.deps.store.inspection(self.scope, cursor.inspection_id).await?;
        let Some(inspection) = found else { return Ok(None) };
        let sent_revision = self.sent.as_ref().map_or(0, |(revision, _)| *revision);
        let is_final = inspection.state == InspectionState::Succeeded;
        if inspection.profile_revision <= sent_revision && is_final == self.sent_final {
            return Ok(None);
        }
        let read = Profile::read(&self.profiles, &self.deps.blobs, &inspection, self.shows_values).await?;
        let Some(profile) = read else { return Ok(None) };
        let columns = profile.positions(self.columns.as_deref()).into_iter();
        let columns = columns.map(|index| profile.column_at(index));
        let is_new = |column: &super::column::Column| {
            self.sent.as_ref().is_none_or(|(_, document)| !column.is_as_in(document))
        };
        let columns = columns.filter(is_new).collect();
        self.sent = Some((profile.revision, Arc::clone(&profile.document)));
        self.sent_final = is_final;
        Ok(Some(ProfilePatch {
            cursor: position(cursor),
            revision: profile.revision,
            is_final,
            row_count: profile.document.profile.row_count.into(),
            fraction_seen: fraction_seen(&inspection, is_final)?,
            columns,
        }))
    }
}

fn fraction_seen(inspection: &store::Inspection, is_final: bool) -> Result<f64, RequestError> {
    let Some(json) = inspection.progress.as_ref().filter(|_| !is_final) else {
        return Ok(if is_final { 1.0 } else { 0.0 });
    };
    let progress: progress::Progress = serde_json::from_str(json).map_err(RequestError::internal)?;
    Ok(progress.bytes_done as f64 / progress.bytes_total.max(1) as f64)
}

/// The changes in a workspace.
pub(super) struct WorkspaceFollower {
    deps: Deps,
    scope: Scope,
    changes: WorkspaceChanges,
    not_before: Instant,
}

impl WorkspaceFollower {
    pub(super) fn new(caller: Caller<'_>, changes: WorkspaceChanges) -> Self {
        Self { deps: caller.deps.clone(), scope: caller.scope(), changes, not_before: Instant::now() }
    }

    pub(super) fn into_stream(self) -> impl Stream<Item = Result<WorkspaceStreamItem, RequestError>> + Send {
        futures_util::stream::unfold(self, async |mut follower| {
            let item = follower.next().await?;
            Some((item, follower))
        })
    }

    async fn next(&mut self) -> Option<Result<WorkspaceStreamItem, RequestError>> {
        sleep_until(self.not_before).await;
        let change = self.changes.next().await?;
        self.not_before = Instant::now() + WORKSPACE_PAUSE;
        Some(self.item(change).await)
    }

    async fn item(&self, change: WorkspaceChange) -> Result<WorkspaceStreamItem, RequestError> {
        let everything = WorkspaceTick { inspections: Vec::new(), read_again: true };
        Ok(match change {
            WorkspaceChange::Inspections(ids) if ids.len() <= MOST_INSPECTIONS => {
                let ids: Vec<_> = ids.into_iter().collect();
                let found = self.deps.store.inspections_by_id(self.scope, &ids).await?;
                let inspections = found.into_iter().map(Inspection).collect();
                WorkspaceStreamItem::WorkspaceTick(WorkspaceTick { inspections, read_again: false })
            }
            WorkspaceChange::Inspections(_) | WorkspaceChange::Anything => {
                WorkspaceStreamItem::WorkspaceTick(everything)
            }
            WorkspaceChange::KeepAlive => WorkspaceStreamItem::ViewKeepAlive(ViewKeepAlive::now()),
            WorkspaceChange::GoAway(reason) => WorkspaceStreamItem::ViewGoAway(ViewGoAway::because(reason)),
        })
    }
}

/// The transfer of a file. Who puts blocks tells the storage, not us: it is looked at again and again.
pub(super) struct TransferFollower {
    deps: Deps,
    scope: Scope,
    id: FileId,
    expiry: Expiry,
    next_look: Instant,
    looks_without_news: u32,
    /// State and bytes that were sent last.
    sent: Option<(FileState, u64)>,
    over: bool,
}

impl TransferFollower {
    pub(super) fn new(caller: Caller<'_>, id: FileId) -> Self {
        Self {
            deps: caller.deps.clone(),
            scope: caller.scope(),
            id,
            expiry: caller.expiry(),
            next_look: Instant::now(),
            looks_without_news: 0,
            sent: None,
            over: false,
        }
    }

    pub(super) fn into_stream(self) -> impl Stream<Item = Result<TransferStreamItem, RequestError>> + Send {
        futures_util::stream::unfold(self, async |mut follower| {
            let item = follower.next().await.transpose()?;
            Some((item, follower))
        })
    }

    async fn next(&mut self) -> Result<Option<TransferStreamItem>, RequestError> {
        while !self.over {
            sleep_until(self.next_look).await;
            self.next_look = Instant::now() + TRANSFER_PAUSE;
            if self.expiry.moment().is_some_and(|moment| moment <= Instant::now()) {
                self.over = true;
                let go_away = ViewGoAway::because(GoAwayReason::Expired);
                return Ok(Some(TransferStreamItem::ViewGoAway(go_away)));
            }
            if let Some(tick) = self.look().await? {
                self.looks_without_news = 0;
                return Ok(Some(TransferStreamItem::TransferTick(tick)));
            }
            self.looks_without_news += 1;
            if self.looks_without_news == LOOKS_PER_KEEP_ALIVE {
                self.looks_without_news = 0;
                return Ok(Some(TransferStreamItem::ViewKeepAlive(ViewKeepAlive::now())));
            }
        }
        Ok(None)
    }

    async fn look(&mut self) -> Result<Option<TransferTick>, RequestError> {
        let Some(file) = self.deps.store.file(self.scope, self.id).await? else {
            self.over = true;
            return Ok(None);
        };
        self.over = file.state != FileState::Transferring;
        let bytes_done = match file.state {
            FileState::Ready => file.size_bytes,
            FileState::Transferring => {
                received_blocks(&self.deps.blobs, &file).await?.iter().map(|(_, bytes)| bytes).sum()
            }
            FileState::Failed => self.sent.map_or(0, |(_, bytes)| bytes),
        };
        let now = Some((file.state, bytes_done));
        if self.sent == now {
            return Ok(None);
        }
        self.sent = now;
        let bytes_total = file.size_bytes.into();
        Ok(Some(TransferTick { file: File(file), bytes_done: bytes_done.into(), bytes_total }))
    }
}
