//! The newest of one inspection, in memory while somebody follows it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use data_inspector_domain::event::EventType;
use data_inspector_domain::event::cursor::Cursor;
use data_inspector_domain::id::{InspectionId, Sequence};
use data_inspector_domain::inspection::InspectionState;
use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{HubConfig, Shared};

/// So close before what is in memory, a missing event may only have been overtaken.
const OVERTAKEN_BY: u64 = 16;

/// An event, and what the hub has to know of it.
#[derive(Clone, Debug)]
pub(super) struct FeedEvent {
    pub(super) seq: Sequence,
    pub(super) event_type: Option<EventType>,
    /// The inspection has ended with it, until somebody retries it.
    pub(super) ends: bool,
    pub(super) bytes: Bytes,
}

/// As much of an event's JSON as is needed. What a newer release adds is passed on unread.
#[derive(Deserialize)]
struct Envelope<'a> {
    seq: Sequence,
    #[serde(borrow)]
    event: EnvelopeBody<'a>,
}

#[derive(Deserialize)]
struct EnvelopeBody<'a> {
    #[serde(rename = "type")]
    event_type: &'a str,
    to: Option<&'a str>,
}

impl FeedEvent {
    pub(super) fn read(bytes: Bytes) -> Result<Self, serde_json::Error> {
        let envelope: Envelope = serde_json::from_slice(&bytes)?;
        let seq = envelope.seq;
        let event_type = named(envelope.event.event_type);
        let state: Option<InspectionState> = envelope.event.to.and_then(named);
        let ends = event_type == Some(EventType::State) && state.is_some_and(InspectionState::is_terminal);
        Ok(Self { seq, event_type, ends, bytes })
    }
}

fn named<T: serde::de::DeserializeOwned>(name: &str) -> Option<T> {
    serde_json::from_value(name.into()).ok()
}

/// What a subscriber at some position does next.
#[derive(Debug)]
pub(super) enum Next {
    Send(FeedEvent),
    /// The event is committed and not in memory.
    Missing {
        overtaken: bool,
    },
    /// Nobody knows whether there is one.
    Doubt,
    Progress {
        number: u64,
        bytes: Bytes,
    },
    Wait,
}

/// The newest of one inspection.
pub(super) struct Feed {
    pub(super) inspection_id: InspectionId,
    pub(super) state: watch::Sender<FeedState>,
    /// Whoever holds it asks the database for what all miss.
    pub(super) repair: tokio::sync::Mutex<()>,
    members: AtomicUsize,
}

pub(super) struct FeedState {
    events: BTreeMap<Sequence, FeedEvent>,
    bytes: usize,
    max_events: usize,
    max_bytes: usize,
    /// Number of the newest event that is known to be committed.
    head: Option<Sequence>,
    progress: Bytes,
    /// Rises with each progress; 0 before the first.
    progress_number: u64,
    /// Times something may have been lost, and how many of them the database has been asked about.
    doubts: u64,
    settled_doubts: u64,
    compared_at: Instant,
}

impl FeedState {
    fn new(config: &HubConfig) -> Self {
        Self {
            events: BTreeMap::new(),
            bytes: 0,
            max_events: config.feed_events.max(1),
            max_bytes: config.feed_bytes,
            head: None,
            progress: Bytes::new(),
            progress_number: 0,
            doubts: 0,
            settled_doubts: 0,
            compared_at: Instant::now(),
        }
    }

    pub(super) fn next(&self, cursor: Cursor, seen_progress: u64) -> Next {
        let wanted = cursor.next();
        if let Some(event) = self.events.get(&wanted) {
            return Next::Send(event.clone());
        }
        if self.head >= Some(wanted) {
            let oldest = self.events.keys().next();
            let overtaken = oldest.is_some_and(|oldest| wanted.get() + OVERTAKEN_BY > oldest.get());
            return Next::Missing { overtaken };
        }
        if self.doubts > self.settled_doubts {
            return Next::Doubt;
        }
        if self.progress_number > seen_progress {
            return Next::Progress { number: self.progress_number, bytes: self.progress.clone() };
        }
        Next::Wait
    }

    pub(super) fn head(&self) -> Option<Sequence> {
        self.head
    }

    pub(super) fn doubts(&self) -> u64 {
        self.doubts
    }

    pub(super) fn progress_number(&self) -> u64 {
        self.progress_number
    }

    fn insert(&mut self, event: FeedEvent) {
        self.head = self.head.max(Some(event.seq));
        let size_bytes = event.bytes.len();
        if self.events.insert(event.seq, event).is_none() {
            self.bytes += size_bytes;
        }
        while self.events.len() > self.max_events || self.bytes > self.max_bytes {
            let Some((_, oldest)) = self.events.pop_first() else { break };
            self.bytes -= oldest.bytes.len();
        }
    }
}

impl Feed {
    fn new(inspection_id: InspectionId, config: &HubConfig) -> Self {
        let state = watch::Sender::new(FeedState::new(config));
        Self { inspection_id, state, repair: tokio::sync::Mutex::default(), members: AtomicUsize::new(0) }
    }

    /// An event arrived.
    pub(super) fn push(&self, event: FeedEvent) {
        self.state.send_modify(|state| state.insert(event));
    }

    /// Progress arrived; it replaces what was there.
    pub(super) fn push_progress(&self, bytes: Bytes) {
        self.state.send_modify(|state| {
            state.progress = bytes;
            state.progress_number += 1;
        });
    }

    /// There are at least so many events.
    pub(super) fn know_head(&self, head: Option<Sequence>) {
        self.state.send_if_modified(|state| {
            let is_news = head > state.head;
            state.head = state.head.max(head);
            is_news
        });
    }

    /// The topic may have lost something.
    pub(super) fn doubt(&self) {
        self.state.send_modify(|state| state.doubts += 1);
    }

    /// The same if the database has not been asked for this long.
    pub(super) fn doubt_if_not_compared(&self, config: &HubConfig) {
        self.state.send_if_modified(|state| {
            let is_due = state.compared_at.elapsed() >= config.keep_alive();
            if is_due {
                state.compared_at = Instant::now();
                state.doubts += 1;
            }
            is_due
        });
    }

    /// What the database had, and how many doubts that settles.
    pub(super) fn learn(&self, events: &[FeedEvent], settled_doubts: u64) {
        self.state.send_modify(|state| {
            state.settled_doubts = state.settled_doubts.max(settled_doubts);
            for event in events {
                state.insert(event.clone());
            }
        });
    }
}

/// Somebody follows an inspection; when the last one goes, its feed goes.
pub(super) struct Membership {
    pub(super) shared: Arc<Shared>,
    pub(super) feed: Arc<Feed>,
}

impl Membership {
    pub(super) fn join(shared: &Arc<Shared>, id: InspectionId) -> Self {
        let mut feeds = shared.lock_feeds();
        let feed = feeds.entry(id).or_insert_with(|| Arc::new(Feed::new(id, &shared.config)));
        // Counted under the lock of the map, here and in `drop`.
        feed.members.fetch_add(1, Ordering::Relaxed);
        let feed = Arc::clone(feed);
        drop(feeds);
        Self { shared: Arc::clone(shared), feed }
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let mut feeds = self.shared.lock_feeds();
        if self.feed.members.fetch_sub(1, Ordering::Relaxed) == 1 {
            feeds.remove(&self.feed.inspection_id);
        }
    }
}
