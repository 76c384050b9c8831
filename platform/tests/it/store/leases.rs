//! Silence, and time.

use std::time::Duration;

use data_inspector_domain::control::Order;
use data_inspector_domain::failure::FailureCode;
use data_inspector_domain::id::TaskId;
use data_inspector_domain::inspection::InspectionState;
use data_inspector_domain::task::TaskState;
use data_inspector_domain::task::retry::{AttemptProgress, RetryPolicy};
use data_inspector_domain::time::Timestamp;
use data_inspector_platform::store::{Disposition, Expired, Step, Store};
use sea_orm::{ConnectionTrait, Database};

use super::fixture::{CLAIM_DEADLINE, Fixture, LEASE, change};
use super::worker::alive;

fn after(moment: Timestamp, time: Duration) -> Timestamp {
    Timestamp::from_micros(moment.as_micros() + i64::try_from(time.as_micros()).unwrap())
}

async fn expire(store: &Store, results_clock: Timestamp) -> Vec<Expired> {
    store.expire_leases(results_clock, &RetryPolicy::default(), 100).await.unwrap()
}

/// Makes the row of a task such as no release has written it.
async fn spoil(fixture: &Fixture, id: TaskId) {
    let db = Database::connect(&fixture.config.url).await.unwrap();
    db.execute_unprepared(&format!("UPDATE tasks SET kind = 'NONSENSE' WHERE id = '{id}'")).await.unwrap();
    db.close().await.unwrap();
}

async fn mend(fixture: &Fixture, id: TaskId) {
    let db = Database::connect(&fixture.config.url).await.unwrap();
    db.execute_unprepared(&format!("UPDATE tasks SET kind = 'INSPECT_SPLIT' WHERE id = '{id}'"))
        .await
        .unwrap();
    db.close().await.unwrap();
}

pub(super) async fn a_row_that_cannot_be_read_keeps_nobody_from_their_turn(fixture: &Fixture) {
    let (id, _) = fixture.running(2).await;
    let spoilt = fixture.claimed(id, "split/0").await;
    fixture.pass(INSTANT);
    let good = fixture.claimed(id, "split/1").await;
    spoil(fixture, spoilt.task_id).await;
    let expired = expire(&fixture.store, after(good.at, LONG)).await;
    assert_eq!(expired.iter().map(|each| each.task_id).collect::<Vec<_>>(), [good.task_id]);
    fixture.pass(LONG);
    let woken = fixture.store.wake_due_tasks(10).await.unwrap();
    assert_eq!(woken.iter().map(|each| each.task_id).collect::<Vec<_>>(), [good.task_id]);
    mend(fixture, spoilt.task_id).await;
}

const LONG: Duration = Duration::from_secs(300);
const INSTANT: Duration = Duration::from_micros(1);

pub(super) async fn silence_costs_an_attempt_by_the_clock_of_the_results(fixture: &Fixture) {
    let store = &fixture.store;
    let (id, _) = fixture.running(1).await;
    let worker = fixture.claimed(id, "split/0").await;
    let until = fixture.task(worker.task_id).await.lease_until.unwrap();
    // The deadline for the claim was later than the first lease: a lease is never shortened.
    assert_eq!(until, after(worker.at, CLAIM_DEADLINE));
    fixture.pass(Duration::from_secs(3_600));
    assert_eq!(expire(store, until).await, [], "the broker was away: nobody was heard of, nobody expires");
    let expired = expire(store, after(until, INSTANT)).await;
    let expected = Expired {
        task_id: worker.task_id,
        inspection_id: id,
        worker_id: Some(worker.id),
        state: TaskState::RetryWait,
    };
    assert_eq!(expired, [expected]);
    assert_eq!(expire(store, after(until, LONG)).await, [], "once");
    let task = fixture.task(worker.task_id).await;
    assert_eq!((task.hold.epoch, task.hold.run), (worker.epoch.next(), None));
    assert_eq!((task.failures.total, task.failures.without_progress), (1, 1));
    assert_eq!(task.failure.map(|failure| failure.code), Some(FailureCode::HeartbeatLost));
}

pub(super) async fn a_heartbeat_keeps_the_lease_and_hears_of_orders(fixture: &Fixture) {
    let store = &fixture.store;
    let (id, _) = fixture.running(1).await;
    let mut worker = fixture.claimed(id, "split/0").await;
    worker.pass(LONG);
    assert_eq!(worker.say(store, alive(10)).await, Disposition::Accepted(None));
    let until = after(worker.at, LEASE);
    assert_eq!(fixture.task(worker.task_id).await.lease_until, Some(until));
    assert_eq!(expire(store, until).await, []);
    store.cancel_inspection(fixture.scope, id, change()).await.unwrap();
    assert_eq!(worker.say(store, alive(20)).await, Disposition::Accepted(Some(Order::Cancel)));
    let (id, _) = fixture.running(1).await;
    let mut worker = fixture.claimed(id, "split/0").await;
    store.pause_inspection(fixture.scope, id, change()).await.unwrap();
    assert_eq!(worker.say(store, alive(20)).await, Disposition::Accepted(Some(Order::Pause)));
}

pub(super) async fn messages_that_nobody_takes_cost_the_larger_budget_only(fixture: &Fixture) {
    let (id, splits) = fixture.running(1).await;
    for round in 1..=20 {
        assert!(!fixture.inspection(id).await.state.is_terminal(), "before round {round}");
        let unclaimed = fixture.released(id, "split/0").await;
        let until = fixture.task(unclaimed.task_id).await.lease_until.unwrap();
        let expired = expire(&fixture.store, after(until, INSTANT)).await;
        assert_eq!((expired.len(), expired[0].worker_id), (1, None));
        let failures = fixture.task(unclaimed.task_id).await.failures;
        assert_eq!((failures.total, failures.without_progress), (round, 0));
        fixture.pass(LONG);
        fixture.store.wake_due_tasks(10).await.unwrap();
    }
    assert_eq!(fixture.task(splits[0].id).await.state, TaskState::Quarantined);
    let failed = fixture.inspection(id).await;
    assert_eq!(failed.failure.unwrap().code, FailureCode::RetriesExhausted);
}

pub(super) async fn an_inspection_waits_only_when_nothing_of_it_can_run(fixture: &Fixture) {
    let (id, _) = fixture.running(2).await;
    let mut first = fixture.claimed(id, "split/0").await;
    first.fail(&fixture.store, FailureCode::StorageUnavailable, AttemptProgress::None).await;
    assert_eq!(fixture.inspection(id).await.state, InspectionState::Running, "another part can run");
    let mut second = fixture.claimed(id, "split/1").await;
    second.fail(&fixture.store, FailureCode::StorageUnavailable, AttemptProgress::None).await;
    assert_eq!(fixture.inspection(id).await.state, InspectionState::RetryWait);
    assert_eq!(fixture.store.wake_due_tasks(10).await.unwrap(), [], "it is not due");
    fixture.pass(LONG);
    assert_eq!(fixture.store.wake_due_tasks(1).await.unwrap().len(), 1);
    assert_eq!(fixture.inspection(id).await.state, InspectionState::Queued);
    assert_eq!(fixture.store.wake_due_tasks(10).await.unwrap().len(), 1);
    let waiting = fixture.store.waiting_inspections(10).await.unwrap();
    let tasks = fixture.store.next_waiting_tasks(id, 10).await.unwrap();
    assert_eq!((waiting[0].inspection_id, tasks.len()), (id, 2));
    // Held while it waits, it is held; let go before it is due, it waits again.
    fixture.claimed(id, "split/0").await.done(&fixture.store, Step::default()).await;
    let mut again = fixture.claimed(id, "split/1").await;
    again.fail(&fixture.store, FailureCode::StorageUnavailable, AttemptProgress::None).await;
    fixture.store.pause_inspection(fixture.scope, id, change()).await.unwrap();
    assert_eq!(fixture.inspection(id).await.state, InspectionState::Paused);
    fixture.store.resume_inspection(fixture.scope, id, change()).await.unwrap();
    assert_eq!(fixture.inspection(id).await.state, InspectionState::RetryWait);
}

pub(super) async fn a_silent_worker_does_not_hold_up_a_cancellation(fixture: &Fixture) {
    let (id, _) = fixture.running(1).await;
    let worker = fixture.claimed(id, "split/0").await;
    fixture.store.cancel_inspection(fixture.scope, id, change()).await.unwrap();
    assert_eq!(fixture.inspection(id).await.state, InspectionState::Cancelling);
    let expired = expire(&fixture.store, after(worker.at, LONG)).await;
    assert_eq!(expired[0].state, TaskState::Cancelled);
    assert_eq!(fixture.inspection(id).await.state, InspectionState::Cancelled);
}

pub(super) async fn nothing_to_do_is_found(fixture: &Fixture) {
    let (id, _) = fixture.running(1).await;
    assert_eq!(fixture.store.idle_inspections(10).await.unwrap(), []);
    fixture.claimed(id, "split/0").await.done(&fixture.store, Step::default()).await;
    assert_eq!(fixture.store.idle_inspections(10).await.unwrap(), [id]);
    let other = fixture.queued().await.id;
    let mut unfinished = vec![(id, InspectionState::Running), (other, InspectionState::Queued)];
    unfinished.sort();
    assert_eq!(fixture.store.unfinished_inspections(None, 10).await.unwrap(), unfinished);
    let rest = fixture.store.unfinished_inspections(Some(unfinished[0].0), 10).await.unwrap();
    assert_eq!(rest, unfinished[1..]);
    fixture.store.cancel_inspection(fixture.scope, other, change()).await.unwrap();
    assert_eq!(fixture.store.unfinished_inspections(None, 10).await.unwrap().len(), 1);
}
