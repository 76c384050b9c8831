//! Several at once, each with connections of its own: what one process sees, several see.

use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

use data_inspector_domain::id::InspectionId;
use data_inspector_domain::inspection::InspectionState;
use data_inspector_domain::task::TaskState;
use data_inspector_domain::task::retry::RetryPolicy;
use data_inspector_domain::time::Timestamp;
use data_inspector_platform::store::{Disposition, NewInspection, Step, Store, StoreErrorKind};
use tokio::task::JoinSet;

use super::attempts::partial;
use super::fixture::{Fixture, change, completed, new_inspection, policy, release, request, split};
use super::worker::{accept, alive, done};

/// Another process, as far as the database can tell.
async fn another(fixture: &Fixture) -> Store {
    Store::connect(&fixture.config, fixture.clock()).await.unwrap()
}

/// The results of several calls made at once, each by a process of its own.
async fn at_once<T, F>(fixture: &Fixture, calls: usize, call: impl Fn(Store, usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let barrier = std::sync::Arc::new(tokio::sync::Barrier::new(calls));
    let mut running = JoinSet::new();
    for number in 0..calls {
        let store = another(fixture).await;
        let (work, barrier) = (call(store.clone(), number), std::sync::Arc::clone(&barrier));
        running.spawn(async move {
            barrier.wait().await;
            let result = work.await;
            store.close().await.unwrap();
            result
        });
    }
    running.join_all().await
}

pub(super) async fn one_of_two_claims_wins(fixture: &Fixture) {
    let (id, _) = fixture.running(1).await;
    let worker = fixture.released(id, "split/0").await;
    let found = at_once(fixture, 4, |store, _| {
        let mut twin = worker.twin();
        async move {
            let report = twin.claim_report();
            twin.say(&store, report).await
        }
    })
    .await;
    let accepted = found.iter().filter(|each| **each == Disposition::Accepted(None)).count();
    let revoked = found.iter().filter(|each| matches!(each, Disposition::Revoke(_))).count();
    assert_eq!((accepted, revoked), (1, 3), "{found:?}");
}

pub(super) async fn one_of_two_projectors_counts_a_result(fixture: &Fixture) {
    let (id, _) = fixture.running(1).await;
    let mut worker = fixture.claimed(id, "split/0").await;
    let message =
        worker.message(done(vec![partial(0, "p0")], Step { tasks: vec![split(1)], ..Step::default() }));
    let found = at_once(fixture, 4, |store, _| {
        let message = message.clone();
        async move { accept(&store, message).await }
    })
    .await;
    let accepted = found.iter().filter(|each| **each == Disposition::Accepted(None)).count();
    let duplicates = found.iter().filter(|each| **each == Disposition::Duplicate).count();
    assert_eq!((accepted, duplicates), (1, 3), "{found:?}");
    assert_eq!(fixture.tasks(id).await.len(), 3);
}

pub(super) async fn two_relays_share_the_outbox(fixture: &Fixture) {
    for _ in 0..5 {
        fixture.queued().await;
    }
    let backlog = usize::try_from(fixture.store.outbox_backlog().await.unwrap()).unwrap();
    let found = at_once(fixture, 4, |store, _| async move {
        let mut mine = Vec::new();
        loop {
            let claimed = store.claim_outbox(2, Duration::from_secs(60)).await.unwrap();
            if claimed.is_empty() {
                return mine;
            }
            mine.extend(claimed.into_iter().map(|message| message.id));
        }
    })
    .await;
    let all: Vec<i64> = found.into_iter().flatten().collect();
    assert_eq!(all.len(), all.iter().collect::<BTreeSet<_>>().len(), "none was claimed twice");
    // Rows that another relay has locked are skipped: a relay may stop early, but leaves them to that other.
    assert_eq!(all.len(), backlog);
    fixture.pass(Duration::from_secs(60));
}

pub(super) async fn two_dispatchers_release_a_task_once(fixture: &Fixture) {
    let (id, splits) = fixture.running(5).await;
    let ids: Vec<_> = splits.iter().map(|task| task.id).collect();
    let found = at_once(fixture, 4, |store, number| {
        let mut mine = ids.clone();
        mine.rotate_left(number);
        async move { release(&store, id, &mine).await }
    })
    .await;
    let released: Vec<_> = found.iter().flatten().map(|task| task.id).collect();
    assert_eq!(released.len(), 5);
    assert_eq!(released.into_iter().collect::<BTreeSet<_>>(), ids.into_iter().collect());
}

pub(super) async fn a_cancellation_and_a_result_at_once(fixture: &Fixture) {
    for _ in 0..5 {
        let (id, splits) = fixture.running(2).await;
        let worker = fixture.claimed(id, "split/0").await;
        let scope = fixture.scope;
        at_once(fixture, 2, |store, number| {
            let mut worker = worker.clone();
            async move {
                if number == 0 {
                    store.cancel_inspection(scope, id, change()).await.unwrap();
                } else {
                    worker.done(&store, Step::default()).await;
                }
            }
        })
        .await;
        assert_eq!(fixture.inspection(id).await.state, InspectionState::Cancelled);
        assert_eq!(fixture.task(splits[0].id).await.state, TaskState::Done);
        assert_eq!(fixture.task(splits[1].id).await.state, TaskState::Cancelled);
    }
}

pub(super) async fn two_completions_of_an_upload(fixture: &Fixture) {
    let (upload, file) = fixture.upload("a.csv").await;
    let waiting = fixture.inspect(file.id).await.id;
    let scope = fixture.scope;
    let found = at_once(fixture, 4, |store, number| async move {
        let etag = if number % 2 == 0 { "etag-0" } else { "etag-1" };
        store.complete_upload(scope, upload.id, completed(etag)).await
    })
    .await;
    let ready = fixture.store.file(scope, file.id).await.unwrap().unwrap();
    let accepted = found.iter().flatten().collect::<Vec<_>>();
    assert_eq!(accepted, [&ready, &ready], "those with the etag that came first");
    let refused = found.iter().filter_map(|each| each.as_ref().err());
    assert!(refused.into_iter().all(|error| matches!(error.kind, StoreErrorKind::FileRefused(_))));
    assert_eq!(fixture.tasks(waiting).await.len(), 1);
}

pub(super) async fn eight_requests_with_one_key(fixture: &Fixture) {
    let file = fixture.ready_file("a.csv").await.id;
    let scope = fixture.scope;
    let found = at_once(fixture, 8, |store, _| async move {
        let wanted = NewInspection { idempotency: Some(request("key", 1)), ..new_inspection(file) };
        store.create_inspection(scope, wanted).await.unwrap()
    })
    .await;
    assert_eq!(found.iter().filter(|each| !each.deduplicated).count(), 1);
    let ids: BTreeSet<InspectionId> = found.iter().map(|each| each.value.id).collect();
    assert_eq!(ids.len(), 1);
}

pub(super) async fn a_file_is_ready_while_inspections_are_created(fixture: &Fixture) {
    let (upload, file) = fixture.upload("a.csv").await;
    let scope = fixture.scope;
    let found = at_once(fixture, 6, |store, number| async move {
        if number == 0 {
            store.complete_upload(scope, upload.id, completed("etag-1")).await.unwrap();
            return None;
        }
        Some(store.create_inspection(scope, new_inspection(file.id)).await.unwrap().value.id)
    })
    .await;
    for id in found.into_iter().flatten() {
        assert_eq!(fixture.inspection(id).await.state, InspectionState::Queued, "none was forgotten");
        assert_eq!(fixture.tasks(id).await.len(), 1);
    }
}

pub(super) async fn heartbeats_and_an_expiry_at_once(fixture: &Fixture) {
    let (id, _) = fixture.running(1).await;
    let mut worker = fixture.claimed(id, "split/0").await;
    worker.pass(Duration::from_secs(120));
    let beat = worker.message(alive(10));
    let clock = Timestamp::from_micros(worker.at.as_micros() - 1);
    let found = at_once(fixture, 2, |store, number| {
        let beat = beat.clone();
        async move {
            if number == 0 {
                return accept(&store, beat).await == Disposition::Accepted(None);
            }
            !store.expire_leases(clock, &RetryPolicy::default(), 10).await.unwrap().is_empty()
        }
    })
    .await;
    let task = fixture.task(worker.task_id).await;
    let expired = task.state == TaskState::RetryWait;
    assert_eq!(found.iter().filter(|each| **each).count(), 1, "one of the two, whichever came first");
    assert_eq!(task.hold.epoch, if expired { worker.epoch.next() } else { worker.epoch });
}

/// Workers, a dispatcher, people and a reconciler on the same inspections. No call may fail for the company
/// it is in; what must hold is checked at the end.
pub(super) async fn everybody_at_once(fixture: &Fixture) {
    let mut inspections = Vec::new();
    for _ in 0..3 {
        inspections.push(fixture.running(6).await);
    }
    let scope = fixture.scope;
    at_once(fixture, 6, |store, number| {
        let mut work = inspections.clone();
        work.rotate_left(number % 3);
        async move {
            for (id, tasks) in work {
                for task in tasks {
                    for released in release(&store, id, &[task.id]).await {
                        let mut worker = super::worker::Worker::of(&released, released.released_at.unwrap());
                        let report = worker.claim_report();
                        worker.say(&store, report).await;
                        worker.say(&store, alive(1)).await;
                        worker.say(&store, done(Vec::new(), Step::default())).await;
                    }
                    store.expire_leases(Timestamp::from_micros(0), &policy().retry, 10).await.unwrap();
                }
                let paused = store.pause_inspection(scope, id, change()).await;
                let resumed = store.resume_inspection(scope, id, change()).await;
                for error in [paused.err(), resumed.err()].into_iter().flatten() {
                    assert!(matches!(error.kind, StoreErrorKind::Refused(_)), "{error:?}");
                }
            }
        }
    })
    .await;
}
