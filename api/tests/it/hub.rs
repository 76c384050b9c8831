//! The hub on a real SQLite store and the in-process bus: whoever joins, whenever and wherever, sees exactly what
//! a scan of the events sees.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use data_inspector_api::expiry::Expiry;
use data_inspector_api::hub::{EventFrame, EventStream, GoAwayReason, Hub, HubConfig, HubError};
use data_inspector_api::hub::{InspectionChange, WorkspaceChange};
use data_inspector_domain::event::cursor::Cursor;
use data_inspector_domain::id::{InspectionId, Sequence};
use data_inspector_domain::time::Timestamp;
use data_inspector_platform::bus::in_process::{InProcessBus, InProcessConfig};
use data_inspector_platform::bus::{EventBus, Message, Topic};
use data_inspector_platform::store::{
    Change, Clock, CompletedUpload, NewInspection, NewUpload, NewWorkspace, Scope, Store, StoreConfig,
};
use tokio_util::sync::CancellationToken;

/// Long enough for anything that is going to happen; reached only by a failing test.
const PATIENCE: Duration = Duration::from_secs(60);

struct Bench {
    store: Store,
    bus: InProcessBus,
    hub: Hub,
    scope: Scope,
    shutdown: CancellationToken,
    _dir: tempfile::TempDir,
}

/// What becomes of a message between the outbox and the topic.
#[derive(Clone, Copy)]
enum Relay {
    InOrder,
    /// As several relays do: late, twice, overtaken.
    Shuffled,
    /// As no relay does, but a bus may lose its memory.
    Lossy,
}

impl Bench {
    async fn new(config: HubConfig) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}?mode=rwc", dir.path().join("store.sqlite").display());
        let store = Store::connect(&StoreConfig::new(url), Clock::Database).await.unwrap();
        store.migrate().await.unwrap();
        let owner = NewWorkspace { name: "Test".into(), owner_name: "Owner".into() };
        let scope = store.create_workspace(owner).await.unwrap();
        let clock = Arc::new(|| Timestamp::from_micros(0));
        let bus = InProcessBus::new(InProcessConfig::default(), clock);
        let shutdown = CancellationToken::new();
        let (hub, pump) =
            Hub::open(store.clone(), Arc::new(bus.clone()), config, shutdown.clone()).await.unwrap();
        tokio::spawn(pump.run());
        Self { store, bus, hub, scope, shutdown, _dir: dir }
    }

    async fn inspection(&self) -> InspectionId {
        let upload = NewUpload {
            file_name: "a.csv".into(),
            size_bytes: 1,
            block_size_bytes: 1,
            lifetime: Duration::from_secs(60),
            idempotency: None,
        };
        let (upload, file) = self.store.create_upload(self.scope, upload).await.unwrap().value;
        let completed = CompletedUpload { size_bytes: 1, etag: "1".into(), content_id: None };
        self.store.complete_upload(self.scope, upload.id, completed).await.unwrap();
        let wanted =
            NewInspection { file_id: file.id, spec: Default::default(), priority: 0, idempotency: None };
        self.store.create_inspection(self.scope, wanted).await.unwrap().value.id
    }

    /// Makes at least two events.
    async fn hold_and_let_go(&self, id: InspectionId) {
        self.store.pause_inspection(self.scope, id, any_version()).await.unwrap();
        self.store.resume_inspection(self.scope, id, any_version()).await.unwrap();
    }

    async fn cancel(&self, id: InspectionId) {
        self.store.cancel_inspection(self.scope, id, any_version()).await.unwrap();
    }

    async fn publish_all(&self, relay: Relay) {
        loop {
            let claimed = self.store.claim_outbox(100, Duration::from_secs(60)).await.unwrap();
            if claimed.is_empty() {
                return;
            }
            self.store.mark_published(&claimed.iter().map(|row| row.id).collect::<Vec<_>>()).await.unwrap();
            let updates =
                claimed.into_iter().filter(|row| row.topic == data_inspector_platform::store::Topic::Updates);
            let mut rows: Vec<_> = updates.map(|row| (row.key.unwrap(), row.bytes)).collect();
            match relay {
                Relay::InOrder => {}
                Relay::Shuffled => {
                    let again = rows.iter().step_by(3).cloned().collect::<Vec<_>>();
                    rows.extend(again);
                    fastrand::shuffle(&mut rows);
                }
                Relay::Lossy => rows.retain(|_| fastrand::u8(..3) > 0),
            }
            for (key, bytes) in rows {
                self.publish(key, "event", bytes).await;
            }
        }
    }

    async fn publish(&self, key: String, kind: &'static str, bytes: Vec<u8>) {
        let message = Message::new(Topic::Updates, 1, bytes).with_key(key).with_header("kind", kind);
        self.bus.publish(message).await.unwrap();
    }

    async fn scan(&self, id: InspectionId) -> Vec<Vec<u8>> {
        let events = self.store.events_after(self.scope, Cursor::start(id), u32::MAX).await.unwrap();
        events.into_iter().map(|event| event.bytes).collect()
    }

    async fn follow(&self, id: InspectionId, after: Option<Cursor>) -> EventStream {
        self.hub.subscribe_events(self.scope, id, after).await.unwrap()
    }
}

fn any_version() -> Change {
    Change { expected_version: None, reason: "a test".into() }
}

fn quick() -> HubConfig {
    HubConfig { keep_alive_ms: 200, reorder_grace_ms: 1, ..HubConfig::default() }
}

fn cursor_after(id: InspectionId, number: u64) -> Cursor {
    Sequence::try_from(number).map_or(Cursor::start(id), |seq| Cursor::after(id, seq))
}

async fn next(events: &mut EventStream) -> Option<EventFrame> {
    tokio::time::timeout(PATIENCE, events.next()).await.expect("a frame comes")
}

/// All events until the stream ends, and the number of the first; panics if one is out of order.
async fn drain(mut events: EventStream) -> Vec<Vec<u8>> {
    let mut seen: Vec<Vec<u8>> = Vec::new();
    let mut at: Option<Cursor> = None;
    while let Some(frame) = next(&mut events).await {
        match frame {
            EventFrame::Event { cursor, bytes, .. } => {
                assert!(at.is_none_or(|at| Some(at.next()) == cursor.after), "one after the other");
                at = Some(cursor);
                seen.push(bytes.to_vec());
            }
            EventFrame::Snapshot { cursor, .. } => at = Some(cursor),
            EventFrame::Progress { .. } | EventFrame::KeepAlive { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    seen
}

/// Subscribers join at random moments, at random places, while events are made; all see what a scan sees.
async fn check_seam(config: HubConfig, relay: Relay) {
    let bench = Arc::new(Bench::new(config).await);
    let id = bench.inspection().await;
    let mut followers = Vec::new();
    for round in 0..60 {
        bench.hold_and_let_go(id).await;
        for _ in 0..fastrand::usize(..2) + 1 {
            let known =
                bench.store.inspection(bench.scope, id).await.unwrap().unwrap().last_seq.unwrap().get();
            let after = fastrand::u64(..=known);
            let bench = Arc::clone(&bench);
            followers.push(tokio::spawn(async move {
                let events = bench.follow(id, Some(cursor_after(id, after))).await;
                (after, drain(events).await)
            }));
        }
        if round % 4 > 0 {
            bench.publish_all(relay).await;
        }
    }
    bench.cancel(id).await;
    bench.publish_all(relay).await;
    let scan = bench.scan(id).await;
    assert!(followers.len() >= 50 && scan.len() > 120, "{} events", scan.len());
    for follower in followers {
        let (after, seen) = follower.await.unwrap();
        assert!(seen == scan[after as usize..], "after {after}: {} of {}", seen.len(), scan.len());
    }
    assert_eq!(bench.hub.followed_inspections(), 0, "a feed goes with its last follower");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_see_what_a_scan_sees() {
    check_seam(quick(), Relay::InOrder).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn relays_that_overtake_each_other_change_nothing() {
    check_seam(quick(), Relay::Shuffled).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_topic_loses_is_in_the_database() {
    check_seam(quick(), Relay::Lossy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_keeps_next_to_nothing_loses_nothing() {
    check_seam(HubConfig { feed_events: 1, replay_batch: 3, ..quick() }, Relay::InOrder).await;
    check_seam(HubConfig { feed_bytes: 0, replay_batch: 1, ..quick() }, Relay::Shuffled).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_consumer_misses_nothing() {
    let bench = Bench::new(HubConfig { feed_events: 4, ..quick() }).await;
    let id = bench.inspection().await;
    let slow = bench.follow(id, Some(Cursor::start(id))).await;
    for _ in 0..20 {
        bench.hold_and_let_go(id).await;
        bench.publish_all(Relay::InOrder).await;
    }
    bench.cancel(id).await;
    bench.publish_all(Relay::InOrder).await;
    assert_eq!(drain(slow).await, bench.scan(id).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_cursor_a_snapshot_comes_first_and_its_cursor_is_the_seam() {
    let bench = Bench::new(quick()).await;
    let id = bench.inspection().await;
    let mut events = bench.follow(id, None).await;
    let Some(EventFrame::Snapshot { cursor, inspection }) = next(&mut events).await else {
        panic!("a snapshot")
    };
    assert_eq!(inspection.last_seq, cursor.after);
    bench.cancel(id).await;
    bench.publish_all(Relay::InOrder).await;
    let before = cursor.after.map_or(0, Sequence::get) as usize;
    assert_eq!(drain(events).await, bench.scan(id).await[before..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_the_newest_only_and_moves_no_cursor() {
    let bench = Bench::new(HubConfig::default()).await;
    let id = bench.inspection().await;
    let mut events = bench.follow(id, None).await;
    let snapshot = next(&mut events).await.unwrap();
    for number in 0..50 {
        bench.publish(id.to_string(), "progress", format!("{number}").into_bytes()).await;
    }
    // The messages of a key come in order: when the event is there, so is the last progress.
    bench.cancel(id).await;
    bench.publish_all(Relay::InOrder).await;
    let mut newest = None;
    while let Some(frame) = next(&mut events).await {
        if let EventFrame::Progress { cursor, bytes } = frame {
            assert_eq!(cursor, snapshot.cursor());
            assert!(
                newest < Some(bytes.clone())
                    || newest.as_ref().is_some_and(|old: &Bytes| old.len() < bytes.len())
            );
            newest = Some(bytes);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_what_has_ended_ends() {
    let bench = Bench::new(quick()).await;
    let id = bench.inspection().await;
    bench.cancel(id).await;
    let scan = bench.scan(id).await;
    let mut events = bench.follow(id, None).await;
    assert!(matches!(next(&mut events).await, Some(EventFrame::Snapshot { .. })));
    assert!(next(&mut events).await.is_none());
    for after in 0..=scan.len() {
        let events = bench.follow(id, Some(cursor_after(id, after as u64))).await;
        assert_eq!(drain(events).await, scan[after..]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_was_followed_by_a_retry_is_no_end() {
    let bench = Bench::new(quick()).await;
    let id = bench.inspection().await;
    bench.cancel(id).await;
    bench.store.retry_inspection(bench.scope, id, any_version()).await.unwrap();
    bench.cancel(id).await;
    bench.publish_all(Relay::InOrder).await;
    let events = bench.follow(id, Some(Cursor::start(id))).await;
    assert_eq!(drain(events).await, bench.scan(id).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_is_told_that_the_stream_lives_and_when_it_dies() {
    let bench = Bench::new(quick()).await;
    let id = bench.inspection().await;
    let mut events = bench.follow(id, None).await;
    let snapshot = next(&mut events).await.unwrap();
    let alive = next(&mut events).await.unwrap();
    assert!(matches!(alive, EventFrame::KeepAlive { .. }), "{alive:?}");
    bench.shutdown.cancel();
    let last = next(&mut events).await.unwrap();
    assert!(matches!(last, EventFrame::GoAway { reason: GoAwayReason::Shutdown, .. }), "{last:?}");
    assert_eq!(last.cursor(), snapshot.cursor());
    assert!(next(&mut events).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_its_token_does() {
    let bench = Bench::new(HubConfig::default()).await;
    let id = bench.inspection().await;
    let soon = tokio::time::Instant::now() + Duration::from_millis(50);
    let mut events = bench.follow(id, None).await.expiring(Expiry::at(Some(soon)));
    next(&mut events).await.unwrap();
    let last = next(&mut events).await.unwrap();
    assert!(matches!(last, EventFrame::GoAway { reason: GoAwayReason::Expired, .. }), "{last:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_was_never_given_out_is_refused() {
    let bench = Bench::new(quick()).await;
    let (id, other) = (bench.inspection().await, bench.inspection().await);
    let refused = |after| bench.hub.subscribe_events(bench.scope, id, Some(after));
    assert!(matches!(refused(cursor_after(id, 1_000)).await.err(), Some(HubError::ForeignCursor)));
    assert!(matches!(refused(Cursor::start(other)).await.err(), Some(HubError::ForeignCursor)));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_another_workspace_there_is_nothing() {
    let bench = Bench::new(quick()).await;
    let id = bench.inspection().await;
    let owner = NewWorkspace { name: "Other".into(), owner_name: "Other".into() };
    let stranger = bench.store.create_workspace(owner).await.unwrap();
    let refused = bench.hub.subscribe_events(stranger, id, None).await;
    assert!(matches!(refused.err(), Some(HubError::NotFound)));
    assert_eq!(bench.hub.followed_inspections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_nobody_looked_at_become_one() {
    let bench = Bench::new(HubConfig::default()).await;
    let id = bench.inspection().await;
    let mut changes = bench.hub.subscribe_inspection(bench.scope, id).await.unwrap();
    let first = changes.next().await.unwrap();
    assert!(matches!(first, InspectionChange::Changed { profile: true, .. }), "{first:?}");
    let mut events = bench.follow(id, None).await;
    for _ in 0..20 {
        bench.hold_and_let_go(id).await;
    }
    bench.publish_all(Relay::InOrder).await;
    let head = bench.scan(id).await.len() as u64;
    while next(&mut events).await.unwrap().cursor() != cursor_after(id, head) {}
    let InspectionChange::Changed { cursor, profile, .. } = changes.next().await.unwrap() else { panic!() };
    assert_eq!((cursor, profile), (cursor_after(id, head), false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_hears_of_its_own_inspections_only() {
    let bench = Bench::new(HubConfig::default()).await;
    let owner = NewWorkspace { name: "Other".into(), owner_name: "Other".into() };
    let stranger = bench.store.create_workspace(owner).await.unwrap();
    let mut mine = bench.hub.subscribe_workspace(bench.scope.workspace_id);
    let mut theirs = bench.hub.subscribe_workspace(stranger.workspace_id);
    assert_eq!(mine.next().await, Some(WorkspaceChange::Anything));
    assert_eq!(theirs.next().await, Some(WorkspaceChange::Anything));
    let ids = BTreeSet::from([bench.inspection().await, bench.inspection().await]);
    bench.publish_all(Relay::InOrder).await;
    let mut seen = BTreeSet::new();
    while seen != ids {
        match tokio::time::timeout(PATIENCE, mine.next()).await.expect("changes come") {
            Some(WorkspaceChange::Inspections(changed)) => seen.extend(changed),
            other => panic!("{other:?}"),
        }
    }
    bench.shutdown.cancel();
    assert_eq!(theirs.next().await, Some(WorkspaceChange::GoAway(GoAwayReason::Shutdown)));
}
