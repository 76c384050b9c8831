//! From one topic to many subscribers: what the coordinator has committed reaches everybody who follows it.
//!
//! A subscriber is a position in the events of an inspection. The newest events of each inspection that somebody
//! follows are in memory, put there by the topic; whatever is not there any more, or not there yet, is read from
//! the database. So replay, a hole left by relays that overtook each other, and a consumer that was too slow are
//! the same thing, nothing queues up per subscriber, and an event is never skipped. Progress is a single place
//! that is overwritten.
//!
//! Not here: what a frame looks like in GraphQL (`graphql`), sockets (`transport`).

mod changes;
mod counters;
mod events;
mod feed;
mod frame;
mod pump;
mod workspace;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use data_inspector_domain::event::cursor::Cursor;
use data_inspector_domain::id::{InspectionId, WorkspaceId};
use data_inspector_platform::bus::{BusError, EventBus, ReadFrom, Topic};
use data_inspector_platform::store::{Scope, Store, StoreError};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

pub use self::changes::{InspectionChange, InspectionChanges};
pub use self::counters::HubCounters;
pub use self::events::EventStream;
pub use self::frame::{EventFrame, GapReason, GoAwayReason};
pub use self::pump::Pump;
pub use self::workspace::{WorkspaceChange, WorkspaceChanges};

use self::feed::{Feed, Membership};
use self::workspace::Mailboxes;

/// How much the hub keeps, and how often it looks.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HubConfig {
    /// After this long without anything to say a subscriber is told that the stream lives, and the newest event
    /// is compared with the database.
    pub keep_alive_ms: u64,
    /// How long an event may be overtaken by its successor before the database is asked for it.
    pub reorder_grace_ms: u64,
    /// Events of an inspection that are kept in memory while somebody follows it.
    pub feed_events: usize,
    /// Bytes of events of an inspection that are kept in memory while somebody follows it.
    pub feed_bytes: usize,
    /// Events that are read from the database at once.
    pub replay_batch: u32,
    /// Inspections whose workspace is remembered.
    pub known_inspections: usize,
}

impl Default for HubConfig {
    fn default() -> Self {
        Self {
            keep_alive_ms: 20_000,
            reorder_grace_ms: 50,
            feed_events: 256,
            feed_bytes: 1 << 20,
            replay_batch: 200,
            known_inspections: 10_000,
        }
    }
}

impl HubConfig {
    fn keep_alive(&self) -> Duration {
        Duration::from_millis(self.keep_alive_ms.max(1))
    }

    fn reorder_grace(&self) -> Duration {
        Duration::from_millis(self.reorder_grace_ms)
    }
}

/// Why nobody can be subscribed.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// There is no such inspection in the workspace.
    #[error("no such inspection")]
    NotFound,
    /// The cursor is of another inspection, or of an event that has not happened.
    #[error("the cursor was not given out for this inspection")]
    ForeignCursor,
    /// The store cannot say.
    #[error("cannot read what has happened so far")]
    Store(#[from] StoreError),
}

/// The hub of one process. Clones are the same hub.
#[derive(Clone)]
pub struct Hub {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    config: HubConfig,
    shutdown: CancellationToken,
    feeds: Mutex<HashMap<InspectionId, Arc<Feed>>>,
    workspaces: Mailboxes,
    counters: Arc<HubCounters>,
}

impl Hub {
    /// A hub that follows the topic from now on, and the task that feeds it, which the caller runs. When the
    /// token is cancelled, every stream says so and ends.
    pub async fn open(
        store: Store,
        bus: Arc<dyn EventBus>,
        config: HubConfig,
        shutdown: CancellationToken,
    ) -> Result<(Self, Pump), BusError> {
        let reader = bus.read(Topic::Updates, ReadFrom::Now).await?;
        let workspaces = Mailboxes::new(config.known_inspections);
        let feeds = Mutex::default();
        let counters = Arc::default();
        let shared = Arc::new(Shared { store, config, shutdown, feeds, workspaces, counters });
        Ok((Self { shared: Arc::clone(&shared) }, Pump::new(shared, bus, reader)))
    }

    /// Follows the events of an inspection: all after a cursor, or where things stand and all from there. The
    /// stream ends after the event that ends the inspection.
    pub async fn subscribe_events(
        &self,
        scope: Scope,
        id: InspectionId,
        after: Option<Cursor>,
    ) -> Result<EventStream, HubError> {
        if after.is_some_and(|cursor| cursor.inspection_id != id) {
            return Err(HubError::ForeignCursor);
        }
        // First the feed, then the database: whatever is committed after this read comes through the feed.
        let member = Membership::join(&self.shared, id);
        let inspection = self.shared.store.inspection(scope, id).await?.ok_or(HubError::NotFound)?;
        if after.and_then(|cursor| cursor.after) > inspection.last_seq {
            return Err(HubError::ForeignCursor);
        }
        Ok(EventStream::new(member, scope, inspection, after))
    }

    /// Follows an inspection without its history: whoever is slow sees the newest only. The first change comes
    /// at once, the last when the inspection has ended.
    pub async fn subscribe_inspection(
        &self,
        scope: Scope,
        id: InspectionId,
    ) -> Result<InspectionChanges, HubError> {
        Ok(InspectionChanges::new(self.subscribe_events(scope, id, None).await?))
    }

    /// Follows which inspections of a workspace change. The first change, of everything, comes at once.
    pub fn subscribe_workspace(&self, workspace_id: WorkspaceId) -> WorkspaceChanges {
        WorkspaceChanges::new(Arc::clone(&self.shared), workspace_id)
    }

    /// What was handed out, and to how many, for metrics.
    pub fn counters(&self) -> &HubCounters {
        &self.shared.counters
    }

    /// Number of inspections that are followed.
    pub fn followed_inspections(&self) -> usize {
        self.shared.lock_feeds().len()
    }
}

impl Shared {
    fn lock_feeds(&self) -> std::sync::MutexGuard<'_, HashMap<InspectionId, Arc<Feed>>> {
        self.feeds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
