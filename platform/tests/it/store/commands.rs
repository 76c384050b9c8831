//! What people do with inspections.

use std::time::Duration;

use data_inspector_domain::control::{ControlMessage, Order};
use data_inspector_domain::failure::FailureCode;
use data_inspector_domain::file::FileState;
use data_inspector_domain::id::{FileId, InspectionId};
use data_inspector_domain::inspection::{InspectionState, RefusalCode};
use data_inspector_domain::spec::InspectionSpec;
use data_inspector_domain::task::TaskState;
use data_inspector_domain::task::retry::AttemptProgress;
use data_inspector_platform::store::{
    Advanced, Change, Disposition, NewInspection, NewUpload, Noun, Step, StoreError, StoreErrorKind, Topic,
};

use super::attempts::success;
use super::fixture::{Fixture, change, new_inspection, new_upload, request};
use super::worker::stopped;

fn refusal<T: std::fmt::Debug>(result: Result<T, StoreError>) -> RefusalCode {
    match result.unwrap_err().kind {
        StoreErrorKind::Refused(refusal) => refusal.code,
        other => panic!("{other:?}"),
    }
}

/// The orders in the outbox.
async fn orders(fixture: &Fixture) -> Vec<Order> {
    let messages = fixture.store.claim_outbox(1_000, Duration::ZERO).await.unwrap();
    let control = messages.into_iter().filter(|message| message.topic == Topic::Control);
    control.map(|message| ControlMessage::from_json(&message.bytes).unwrap().order).collect()
}

pub(super) async fn an_inspection_may_come_before_its_file(fixture: &Fixture) {
    let (upload, file) = fixture.upload("a.csv").await;
    let early = fixture.inspect(file.id).await;
    assert_eq!((early.state, file.state), (InspectionState::WaitingForFile, FileState::Transferring));
    assert_eq!(fixture.tasks(early.id).await, []);
    fixture.complete(upload.id).await;
    assert_eq!(fixture.inspection(early.id).await.state, InspectionState::Queued);
    let names: Vec<_> = fixture.tasks(early.id).await.into_iter().map(|task| task.name).collect();
    assert_eq!(names, ["survey"]);
    let late = fixture.inspect(file.id).await;
    assert_eq!(late.state, InspectionState::Queued);
}

pub(super) async fn a_repeated_request_makes_one_inspection(fixture: &Fixture) {
    let file = fixture.ready_file("a.csv").await;
    let wanted = |body| NewInspection { idempotency: Some(request("key", body)), ..new_inspection(file.id) };
    let first = fixture.store.create_inspection(fixture.scope, wanted(1)).await.unwrap();
    let second = fixture.store.create_inspection(fixture.scope, wanted(1)).await.unwrap();
    assert_eq!((first.deduplicated, second.deduplicated), (false, true));
    assert_eq!(first.value, second.value);
    let other_body = fixture.store.create_inspection(fixture.scope, wanted(2)).await.unwrap_err();
    assert_eq!(other_body.kind, StoreErrorKind::IdempotencyMismatch);
    let upload = NewUpload { idempotency: Some(request("key", 1)), ..new_upload("b.csv") };
    let other_operation = fixture.store.create_upload(fixture.scope, upload).await.unwrap_err();
    assert_eq!(other_operation.kind, StoreErrorKind::IdempotencyMismatch);
    let rerun = request("rerun", 1);
    let again =
        fixture.store.rerun_inspection(fixture.scope, first.value.id, Some(rerun.clone())).await.unwrap();
    let repeated = fixture.store.rerun_inspection(fixture.scope, first.value.id, Some(rerun)).await.unwrap();
    assert_eq!((again.value.id, again.deduplicated), (repeated.value.id, false));
    assert!(repeated.deduplicated);
}

pub(super) async fn a_key_is_not_taken_by_a_request_that_fails(fixture: &Fixture) {
    let unknown = FileId::from_uuid(uuid::Uuid::now_v7());
    let wanted = NewInspection { idempotency: Some(request("key", 1)), ..new_inspection(unknown) };
    let error = fixture.store.create_inspection(fixture.scope, wanted).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::NotFound(Noun::File));
    let file = fixture.ready_file("a.csv").await;
    let wanted = NewInspection { idempotency: Some(request("key", 2)), ..new_inspection(file.id) };
    assert!(!fixture.store.create_inspection(fixture.scope, wanted).await.unwrap().deduplicated);
}

pub(super) async fn a_request_is_forgotten_in_time(fixture: &Fixture) {
    let file = fixture.ready_file("a.csv").await;
    let wanted = || NewInspection { idempotency: Some(request("key", 1)), ..new_inspection(file.id) };
    fixture.store.create_inspection(fixture.scope, wanted()).await.unwrap();
    assert_eq!(fixture.store.prune_idempotency_keys(fixture.now(), 10).await.unwrap(), 0);
    fixture.pass(Duration::from_secs(1));
    assert_eq!(fixture.store.prune_idempotency_keys(fixture.now(), 10).await.unwrap(), 1);
    assert!(!fixture.store.create_inspection(fixture.scope, wanted()).await.unwrap().deduplicated);
}

pub(super) async fn a_stale_version_is_refused(fixture: &Fixture) {
    let seen = fixture.queued().await;
    let with_version = |version| Change { expected_version: Some(version), ..change() };
    let paused =
        fixture.store.pause_inspection(fixture.scope, seen.id, with_version(seen.version)).await.unwrap();
    assert_eq!(paused.version, seen.version + 1);
    let error = fixture
        .store
        .cancel_inspection(fixture.scope, seen.id, with_version(seen.version))
        .await
        .unwrap_err();
    let stale = StoreErrorKind::StaleVersion { expected: seen.version, found: paused.version };
    assert_eq!(error.kind, stale);
    assert_eq!(fixture.inspection(seen.id).await, paused);
}

pub(super) async fn what_the_state_does_not_allow_is_refused(fixture: &Fixture) {
    let (store, scope) = (&fixture.store, fixture.scope);
    let (_, file) = fixture.upload("a.csv").await;
    let waiting = fixture.inspect(file.id).await.id;
    assert_eq!(refusal(store.pause_inspection(scope, waiting, change()).await), RefusalCode::TooEarly);
    assert_eq!(refusal(store.resume_inspection(scope, waiting, change()).await), RefusalCode::AlreadySo);
    assert_eq!(refusal(store.retry_inspection(scope, waiting, change()).await), RefusalCode::TooEarly);
    let queued = fixture.queued().await.id;
    store.cancel_inspection(scope, queued, change()).await.unwrap();
    let before = fixture.inspection(queued).await;
    assert_eq!(refusal(store.cancel_inspection(scope, queued, change()).await), RefusalCode::AlreadySo);
    assert_eq!(refusal(store.pause_inspection(scope, queued, change()).await), RefusalCode::Ended);
    assert_eq!(refusal(store.resume_inspection(scope, queued, change()).await), RefusalCode::Ended);
    assert_eq!(fixture.inspection(queued).await, before);
}

pub(super) async fn another_workspace_sees_and_touches_nothing(fixture: &Fixture) {
    let (store, other) = (&fixture.store, fixture.other_workspace().await);
    let inspection = fixture.queued().await;
    let (id, not_found) = (inspection.id, StoreErrorKind::NotFound(Noun::Inspection));
    assert_eq!(store.inspection(other, id).await.unwrap(), None);
    assert_eq!(store.events_heads(other, &[id]).await.unwrap(), []);
    assert_eq!(store.task_counts(other, &[id]).await.unwrap(), []);
    let tasks: Vec<_> = fixture.tasks(id).await.into_iter().map(|task| task.id).collect();
    assert_eq!(store.tasks_by_id(other, &tasks).await.unwrap(), []);
    assert_eq!(store.cancel_inspection(other, id, change()).await.unwrap_err().kind, not_found);
    assert_eq!(store.pause_inspection(other, id, change()).await.unwrap_err().kind, not_found);
    assert_eq!(store.resume_inspection(other, id, change()).await.unwrap_err().kind, not_found);
    assert_eq!(store.retry_inspection(other, id, change()).await.unwrap_err().kind, not_found);
    assert_eq!(store.rerun_inspection(other, id, None).await.unwrap_err().kind, not_found);
    let of_file = store.create_inspection(other, new_inspection(inspection.file_id)).await.unwrap_err();
    assert_eq!(of_file.kind, StoreErrorKind::NotFound(Noun::File));
    let unknown = InspectionId::from_uuid(uuid::Uuid::now_v7());
    assert_eq!(store.cancel_inspection(fixture.scope, unknown, change()).await.unwrap_err().kind, not_found);
    assert_eq!(fixture.inspection(id).await, inspection);
}

pub(super) async fn a_pause_lets_running_work_finish(fixture: &Fixture) {
    let (store, scope) = (&fixture.store, fixture.scope);
    let (id, splits) = fixture.running(3).await;
    let mut running = fixture.claimed(id, "split/0").await;
    let mut unclaimed = fixture.released(id, "split/1").await;
    let pausing = store.pause_inspection(scope, id, change()).await.unwrap();
    assert_eq!(pausing.state, InspectionState::Pausing);
    assert_eq!(orders(fixture).await, [Order::Pause]);
    assert_eq!(fixture.task(splits[1].id).await.state, TaskState::Waiting, "nobody was at it");
    let report = unclaimed.claim_report();
    assert!(matches!(unclaimed.say(store, report).await, Disposition::Revoke(_)));
    running.done(store, Step::default()).await;
    assert_eq!(fixture.inspection(id).await.state, InspectionState::Paused);
    assert_eq!(fixture.release(id, &[splits[2].id]).await, []);
    assert_eq!(store.waiting_inspections(10).await.unwrap(), []);
    store.resume_inspection(scope, id, change()).await.unwrap();
    fixture.claimed(id, "split/2").await;
    assert_eq!(fixture.inspection(id).await.state, InspectionState::Running);
}

pub(super) async fn what_is_held_does_not_end(fixture: &Fixture) {
    let (store, scope) = (&fixture.store, fixture.scope);
    let (id, _) = fixture.running(1).await;
    fixture.claimed(id, "split/0").await.done(store, Step::default()).await;
    store.pause_inspection(scope, id, change()).await.unwrap();
    assert_eq!(store.advance(id, success()).await.unwrap(), Advanced::NotWanted);
    assert_eq!(fixture.inspection(id).await.state, InspectionState::Paused);
    store.resume_inspection(scope, id, change()).await.unwrap();
    assert_eq!(fixture.inspection(id).await.state, InspectionState::Queued);
}

pub(super) async fn a_cancellation_waits_for_running_work(fixture: &Fixture) {
    let (id, splits) = fixture.running(2).await;
    let mut first = fixture.claimed(id, "split/0").await;
    let mut second = fixture.claimed(id, "split/1").await;
    let cancelling = fixture.store.cancel_inspection(fixture.scope, id, change()).await.unwrap();
    assert_eq!(cancelling.state, InspectionState::Cancelling);
    assert_eq!(orders(fixture).await, [Order::Cancel, Order::Cancel]);
    assert_eq!(first.say(&fixture.store, stopped()).await, Disposition::Accepted(None));
    assert_eq!(fixture.inspection(id).await.state, InspectionState::Cancelling);
    second.fail(&fixture.store, FailureCode::StorageUnavailable, AttemptProgress::None).await;
    assert_eq!(fixture.inspection(id).await.state, InspectionState::Cancelled);
    for split in splits {
        assert_eq!(fixture.task(split.id).await.state, TaskState::Cancelled);
    }
}

pub(super) async fn a_cancellation_with_nothing_running_is_over_at_once(fixture: &Fixture) {
    let inspection = fixture.queued().await;
    let mut late = fixture.released(inspection.id, "survey").await;
    let cancelled = fixture.store.cancel_inspection(fixture.scope, inspection.id, change()).await.unwrap();
    assert_eq!(cancelled.state, InspectionState::Cancelled);
    assert_eq!(orders(fixture).await, []);
    let report = late.claim_report();
    assert!(matches!(late.say(&fixture.store, report).await, Disposition::Refused(_)));
}

pub(super) async fn a_retry_goes_on_with_what_is_left(fixture: &Fixture) {
    let (id, splits) = fixture.running(2).await;
    fixture.claimed(id, "split/0").await.done(&fixture.store, Step::default()).await;
    let mut failing = fixture.claimed(id, "split/1").await;
    failing.fail(&fixture.store, FailureCode::SourceChanged, AttemptProgress::None).await;
    let failed = fixture.inspection(id).await;
    assert_eq!(failed.failure.map(|failure| failure.code), Some(FailureCode::SourceChanged));
    let retried = fixture.store.retry_inspection(fixture.scope, id, change()).await.unwrap();
    assert_eq!((retried.state, retried.failure), (InspectionState::Queued, None));
    assert_eq!(fixture.task(splits[0].id).await.state, TaskState::Done, "what is durable is kept");
    let again = fixture.task(splits[1].id).await;
    assert_eq!((again.state, again.failures.total, again.hold.epoch.number()), (TaskState::Waiting, 0, 2));
    assert!(matches!(failing.say(&fixture.store, stopped()).await, Disposition::Stale(_)), "epochs go on");
    fixture.claimed(id, "split/1").await;
}

pub(super) async fn a_rerun_repeats_the_spec(fixture: &Fixture) {
    let file = fixture.ready_file("a.csv").await;
    let spec = InspectionSpec { top_values: 7, ..InspectionSpec::default() };
    let wanted = NewInspection { spec: spec.clone(), priority: 5, ..new_inspection(file.id) };
    let original = fixture.store.create_inspection(fixture.scope, wanted).await.unwrap().value;
    let colleague = fixture.colleague().await;
    let rerun = fixture.store.rerun_inspection(colleague, original.id, None).await.unwrap().value;
    assert_eq!((rerun.spec, rerun.priority, rerun.rerun_of), (spec, 5, Some(original.id)));
    assert_eq!((rerun.created_by, rerun.state), (colleague.principal_id, InspectionState::Queued));
}
