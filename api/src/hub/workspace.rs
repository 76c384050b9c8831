//! Following which inspections of a workspace change.
//!
//! The topic names inspections, not workspaces. Which inspection is whose is looked up once and remembered, and
//! only while somebody follows a workspace.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use data_inspector_domain::id::{InspectionId, WorkspaceId};
use futures_util::Stream;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::Shared;
use super::counters::Subscriber;
use super::frame::GoAwayReason;
use crate::expiry::Expiry;

/// More changed inspections than this are not named one by one.
const MAX_NAMED: usize = 1_000;

/// What changed in a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkspaceChange {
    /// These inspections.
    Inspections(BTreeSet<InspectionId>),
    /// Anything may have: the first one, and when something was lost.
    Anything,
    /// Nothing for a while.
    KeepAlive,
    /// The server ends the stream; the last one.
    GoAway(GoAwayReason),
}

/// The changes in one workspace. Those that come while nobody looks become one.
pub struct WorkspaceChanges {
    shared: Arc<Shared>,
    workspace_id: WorkspaceId,
    mailbox: Arc<Mailbox>,
    over: bool,
    expiry: Expiry,
    subscriber: Subscriber,
}

#[derive(Default)]
struct Mailbox {
    pending: Mutex<Pending>,
    arrived: Notify,
}

#[derive(Default)]
struct Pending {
    inspections: BTreeSet<InspectionId>,
    anything: bool,
}

/// Who follows which workspace, and which inspections changed of which it is not yet known whose they are.
pub(super) struct Mailboxes {
    inner: Mutex<Inner>,
    pub(super) unsorted: Notify,
    max_known: usize,
}

#[derive(Default)]
struct Inner {
    followers: HashMap<WorkspaceId, Vec<Arc<Mailbox>>>,
    unsorted: BTreeSet<InspectionId>,
    known: HashMap<InspectionId, WorkspaceId>,
}

impl Mailbox {
    fn put(&self, change: impl FnOnce(&mut Pending)) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut pending);
        if pending.inspections.len() > MAX_NAMED {
            pending.inspections.clear();
            pending.anything = true;
        }
        drop(pending);
        self.arrived.notify_one();
    }

    fn take(&self) -> Option<WorkspaceChange> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let inspections = std::mem::take(&mut pending.inspections);
        if std::mem::take(&mut pending.anything) {
            return Some(WorkspaceChange::Anything);
        }
        (!inspections.is_empty()).then_some(WorkspaceChange::Inspections(inspections))
    }
}

impl Mailboxes {
    pub(super) fn new(max_known: usize) -> Self {
        Self { inner: Mutex::default(), unsorted: Notify::new(), max_known: max_known.max(1) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn join(&self, workspace_id: WorkspaceId) -> Arc<Mailbox> {
        let mailbox = Arc::new(Mailbox::default());
        mailbox.put(|pending| pending.anything = true);
        self.lock().followers.entry(workspace_id).or_default().push(Arc::clone(&mailbox));
        mailbox
    }

    fn leave(&self, workspace_id: WorkspaceId, mailbox: &Arc<Mailbox>) {
        let mut inner = self.lock();
        let Some(followers) = inner.followers.get_mut(&workspace_id) else { return };
        followers.retain(|other| !Arc::ptr_eq(other, mailbox));
        if followers.is_empty() {
            inner.followers.remove(&workspace_id);
        }
    }

    /// An inspection changed.
    pub(super) fn changed(&self, id: InspectionId) {
        let mut inner = self.lock();
        if inner.followers.is_empty() {
            return;
        }
        if let Some(&workspace_id) = inner.known.get(&id) {
            inner.deliver(workspace_id, id);
        } else {
            inner.unsorted.insert(id);
            self.unsorted.notify_one();
        }
    }

    /// Something was lost.
    pub(super) fn anything_changed(&self) {
        for mailbox in self.lock().followers.values().flatten() {
            mailbox.put(|pending| pending.anything = true);
        }
    }

    /// Inspections that changed and of which nobody knows whose they are.
    pub(super) fn take_unsorted(&self) -> BTreeSet<InspectionId> {
        std::mem::take(&mut self.lock().unsorted)
    }

    /// Whose an inspection is, which changed.
    pub(super) fn sort(&self, id: InspectionId, workspace_id: WorkspaceId) {
        let mut inner = self.lock();
        if inner.known.len() >= self.max_known {
            inner.known.clear();
        }
        inner.known.insert(id, workspace_id);
        inner.deliver(workspace_id, id);
    }
}

impl Inner {
    fn deliver(&self, workspace_id: WorkspaceId, id: InspectionId) {
        for mailbox in self.followers.get(&workspace_id).into_iter().flatten() {
            mailbox.put(|pending| {
                pending.inspections.insert(id);
            });
        }
    }
}

impl WorkspaceChanges {
    pub(super) fn new(shared: Arc<Shared>, workspace_id: WorkspaceId) -> Self {
        let mailbox = shared.workspaces.join(workspace_id);
        let subscriber = Subscriber::new(&shared.counters);
        Self { shared, workspace_id, mailbox, over: false, expiry: Expiry::at(None), subscriber }
    }

    /// The same, sent away when what the client authenticated with expires.
    pub fn expiring(mut self, expiry: Expiry) -> Self {
        self.expiry = expiry;
        self
    }

    /// The same as a [`Stream`].
    pub fn into_stream(self) -> impl Stream<Item = WorkspaceChange> + Send {
        futures_util::stream::unfold(self, async |mut changes| {
            let change = changes.next().await?;
            Some((change, changes))
        })
    }

    /// The next change, or `None` after the last. Loses nothing when the future is dropped.
    pub async fn next(&mut self) -> Option<WorkspaceChange> {
        let change = self.find_next().await;
        if change.is_some() {
            self.subscriber.is_handed_a_frame();
        }
        change
    }

    async fn find_next(&mut self) -> Option<WorkspaceChange> {
        let keep_alive_at = Instant::now() + self.shared.config.keep_alive();
        while !self.over {
            // Where much happens there is always a change, and the wait below never comes.
            if self.expiry.has_passed() {
                self.over = true;
                return Some(WorkspaceChange::GoAway(GoAwayReason::Expired));
            }
            if let Some(change) = self.mailbox.take() {
                return Some(change);
            }
            let reason = tokio::select! {
                biased;
                () = self.shared.shutdown.cancelled() => GoAwayReason::Shutdown,
                () = self.expiry.passed() => GoAwayReason::Expired,
                () = self.mailbox.arrived.notified() => continue,
                () = sleep_until(keep_alive_at) => return Some(WorkspaceChange::KeepAlive),
            };
            self.over = true;
            return Some(WorkspaceChange::GoAway(reason));
        }
        None
    }
}

impl Drop for WorkspaceChanges {
    fn drop(&mut self) {
        self.shared.workspaces.leave(self.workspace_id, &self.mailbox);
    }
}
