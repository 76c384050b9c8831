//! What workers report, and what follows.

use std::time::Duration;

use data_inspector_domain::event::cursor::Cursor;
use data_inspector_domain::event::{Checkpoint, EventBody, InspectionEvent, Phase};
use data_inspector_domain::failure::FailureCode;
use data_inspector_domain::id::{InspectionId, TaskId};
use data_inspector_domain::inspection::{Coverage, InspectionState, Verdict};
use data_inspector_domain::task::TaskState;
use data_inspector_domain::task::fence::StaleReason;
use data_inspector_domain::task::retry::AttemptProgress;
use data_inspector_platform::store::{
    Advanced, BlobRef, Disposition, Ending, NewPartial, ProfileRevision, Step,
};

use super::fixture::{Fixture, change, split};
use super::invariants;
use super::worker::{Worker, accept, alive, done, failed, stopped};

fn blob(key: &str) -> BlobRef {
    BlobRef { key: key.to_owned(), hash: [9; 32] }
}

pub(super) fn partial(leaf: u64, key: &str) -> NewPartial {
    NewPartial { level: 0, leaves: leaf..leaf + 1, blob: blob(key), size_bytes: 10, summary: vec![1, 2] }
}

fn revision(key: &str, coverage: Coverage) -> ProfileRevision {
    ProfileRevision { blob: blob(key), changed_columns: vec!["name".to_owned()], coverage }
}

pub(super) fn success() -> Step {
    let profile = revision("profile/final", Coverage::Complete);
    Step { ending: Some(Ending::Succeeded { profile, verdict: Verdict::Pass }), ..Step::default() }
}

async fn due(fixture: &Fixture) {
    fixture.pass(Duration::from_secs(300));
    fixture.store.wake_due_tasks(100).await.unwrap();
}

pub(super) async fn from_survey_to_success(fixture: &Fixture) {
    let store = &fixture.store;
    let id = fixture.queued().await.id;
    let mut survey = fixture.claimed(id, "survey").await;
    assert_eq!(fixture.inspection(id).await.state, InspectionState::Running);
    let plan = Step {
        phase: Some(Phase::Scanning),
        resolved_spec: Some(blob("resolved")),
        tasks: vec![split(0), split(1)],
        ..Step::default()
    };
    survey.done(store, plan).await;
    let mut first = fixture.claimed(id, "split/0").await;
    assert_eq!(first.say(store, alive(40)).await, Disposition::Accepted(None));
    assert_eq!(fixture.task(first.task_id).await.bytes_done, 40);
    let checkpoint = Checkpoint { bytes_durable: 100, splits_durable: 1, loss_if_retried_now: 0 };
    let step = Step {
        checkpoint: Some(checkpoint),
        profile: Some(revision("profile/1", Coverage::Partial)),
        ..Step::default()
    };
    assert_eq!(first.say(store, done(vec![partial(0, "p0")], step)).await, Disposition::Accepted(None));
    let running = fixture.inspection(id).await;
    assert_eq!((running.profile_revision, running.profile), (1, Some(blob("profile/1"))));
    assert_eq!((running.phase, running.resolved_spec), (Phase::Scanning, Some(blob("resolved"))));
    fixture.pass(Duration::from_secs(9));
    let mut second = fixture.claimed(id, "split/1").await;
    assert_eq!(second.say(store, done(vec![partial(1, "p1")], success())).await, Disposition::Accepted(None));

    let ended = fixture.inspection(id).await;
    assert_eq!(
        (ended.state, ended.verdict, ended.coverage),
        (InspectionState::Succeeded, Verdict::Pass, Coverage::Complete)
    );
    assert_eq!((ended.phase, ended.profile_revision, ended.ended_at), (Phase::Done, 2, Some(fixture.now())));
    let partials = store.partials_from(id, 0, 0, 10).await.unwrap();
    let places: Vec<_> = partials.iter().map(|each| (each.leaves.start, each.blob.key.as_str())).collect();
    assert_eq!(places, [(0, "p0"), (1, "p1")]);
    // What the result was made from, and what it replaced, is kept for a while and not for ever.
    assert_eq!(store.garbage(Duration::from_secs(1), 10).await.unwrap(), [""; 0]);
    fixture.pass(Duration::from_secs(1));
    let mut garbage = store.garbage(Duration::from_secs(1), 10).await.unwrap();
    garbage.sort();
    assert_eq!(garbage, ["p0", "p1", "profile/1"]);
    store.forget_garbage(&garbage).await.unwrap();
    assert_eq!(store.garbage(Duration::ZERO, 10).await.unwrap(), [""; 0]);
    assert_eq!((partials[0].task_id, partials[0].run), (first.task_id, first.run));
    assert_eq!(store.partials_from(id, 0, 1, 10).await.unwrap(), partials[1..]);
    assert_eq!(store.partials_from(id, 1, 0, 10).await.unwrap(), []);
    let events = store.events_after(fixture.scope, Cursor::start(id), 100).await.unwrap();
    let last = InspectionEvent::from_json(&events.last().unwrap().bytes).unwrap();
    assert!(
        matches!(last.event, EventBody::StateChanged(changed) if changed.to == InspectionState::Succeeded)
    );
}

/// An end calls off what is still open, and comes after it.
pub(super) async fn success_is_the_last_event(fixture: &Fixture) {
    let (id, _) = fixture.running(2).await;
    fixture.released(id, "split/1").await;
    let mut first = fixture.claimed(id, "split/0").await;
    first.say(&fixture.store, done(Vec::new(), success())).await;
    assert_eq!(fixture.inspection(id).await.state, InspectionState::Succeeded);
    invariants::check(&fixture.store, fixture.scope, id).await;
}

pub(super) async fn the_same_message_counts_once(fixture: &Fixture) {
    let (id, _) = fixture.running(1).await;
    let mut worker = fixture.released(id, "split/0").await;
    let report = worker.claim_report();
    let claim = worker.message(report);
    let beat = worker.message(alive(10));
    let end = worker.message(done(vec![partial(0, "p0")], Step::default()));
    for message in [claim, beat, end] {
        assert_eq!(accept(&fixture.store, message.clone()).await, Disposition::Accepted(None));
        let before = (fixture.inspection(id).await, fixture.task(worker.task_id).await);
        fixture.pass(Duration::from_secs(1));
        assert_eq!(accept(&fixture.store, message).await, Disposition::Duplicate);
        assert_eq!((fixture.inspection(id).await, fixture.task(worker.task_id).await), before);
    }
    let again = worker.say(&fixture.store, done(Vec::new(), Step::default())).await;
    assert!(matches!(again, Disposition::Refused(_)));
}

pub(super) async fn only_the_run_that_claimed_counts(fixture: &Fixture) {
    let store = &fixture.store;
    let (id, _) = fixture.running(1).await;
    let mut winner = fixture.released(id, "split/0").await;
    let mut early = winner.twin();
    assert_eq!(early.say(store, alive(1)).await, Disposition::Revoke(StaleReason::NeverClaimed));
    winner.claim(store).await;
    let mut loser = winner.twin();
    let report = loser.claim_report();
    assert_eq!(loser.say(store, report).await, Disposition::Revoke(StaleReason::OtherRun));
    // Its second message has the number of the winner's next: it must not swallow that one.
    assert_eq!(loser.say(store, alive(99)).await, Disposition::Revoke(StaleReason::OtherRun));
    let stolen = done(vec![partial(0, "stolen")], success());
    assert_eq!(loser.say(store, stolen).await, Disposition::Stale(StaleReason::OtherRun));
    assert_eq!(store.partials_from(id, 0, 0, 10).await.unwrap(), []);
    assert_eq!(winner.say(store, alive(7)).await, Disposition::Accepted(None));
    winner.done(store, Step::default()).await;
    let mut nobody = Worker { task_id: TaskId::from_uuid(uuid::Uuid::now_v7()), ..winner };
    assert_eq!(nobody.say(store, alive(1)).await, Disposition::UnknownTask);
    assert_eq!(nobody.say(store, stopped()).await, Disposition::UnknownTask);
}

pub(super) async fn a_run_of_an_earlier_epoch_is_revoked(fixture: &Fixture) {
    let (id, _) = fixture.running(1).await;
    let mut old = fixture.claimed(id, "split/0").await;
    old.fail(&fixture.store, FailureCode::StorageUnavailable, AttemptProgress::None).await;
    due(fixture).await;
    let mut new = fixture.claimed(id, "split/0").await;
    assert_eq!(new.epoch.number(), 2);
    assert_eq!(old.say(&fixture.store, alive(1)).await, Disposition::Revoke(StaleReason::EpochOver));
    assert_eq!(old.say(&fixture.store, stopped()).await, Disposition::Stale(StaleReason::EpochOver));
    let mut from_the_future = Worker { epoch: new.epoch.next(), ..new.clone() };
    let unknown = Disposition::Revoke(StaleReason::EpochUnknown);
    assert_eq!(from_the_future.say(&fixture.store, alive(1)).await, unknown);
    new.done(&fixture.store, Step::default()).await;
}

pub(super) async fn a_task_planned_again_is_the_same(fixture: &Fixture) {
    let (id, splits) = fixture.running(2).await;
    fixture.claimed(id, "split/0").await.done(&fixture.store, Step::default()).await;
    let before = fixture.tasks(id).await;
    let again = Step { tasks: vec![split(0), split(1), split(2)], ..Step::default() };
    assert_eq!(fixture.store.advance(id, again).await.unwrap(), Advanced::Taken);
    let after = fixture.tasks(id).await;
    assert_eq!(after[..3], before);
    assert_eq!((after.len(), after[3].name.as_str(), splits.len()), (4, "split/2", 2));
}

pub(super) async fn a_partial_inspected_again_replaces_the_first(fixture: &Fixture) {
    let (id, _) = fixture.running(1).await;
    let again = Step { tasks: vec![split(1)], ..Step::default() };
    let mut guess = fixture.claimed(id, "split/0").await;
    guess.say(&fixture.store, done(vec![partial(0, "guess"), partial(1, "next")], again)).await;
    let mut proven = fixture.claimed(id, "split/1").await;
    let replacement = NewPartial { summary: vec![3], ..partial(0, "proven") };
    proven.say(&fixture.store, done(vec![replacement], Step::default())).await;
    let found = fixture.store.partials_from(id, 0, 0, 10).await.unwrap();
    let keys: Vec<_> = found.iter().map(|each| each.blob.key.as_str()).collect();
    assert_eq!(keys, ["proven", "next"]);
    assert_eq!(fixture.store.garbage(Duration::ZERO, 10).await.unwrap(), ["guess"]);
    assert_eq!((found[0].task_id, found[0].run, &found[0].summary), (proven.task_id, proven.run, &vec![3]));
}

pub(super) async fn a_failure_that_trying_again_cannot_mend_fails_the_inspection(fixture: &Fixture) {
    let (id, splits) = fixture.running(3).await;
    let mut failing = fixture.claimed(id, "split/0").await;
    let mut other = fixture.claimed(id, "split/1").await;
    failing.fail(&fixture.store, FailureCode::SourceChanged, AttemptProgress::Made).await;
    let failed = fixture.inspection(id).await;
    let code = failed.failure.map(|failure| failure.code);
    assert_eq!((failed.state, code), (InspectionState::Failed, Some(FailureCode::SourceChanged)));
    let states = [TaskState::Failed, TaskState::Cancelled, TaskState::Cancelled];
    for (split, state) in splits.iter().zip(states) {
        assert_eq!(fixture.task(split.id).await.state, state);
    }
    assert!(
        matches!(other.say(&fixture.store, alive(1)).await, Disposition::Refused(_)),
        "it is told to stop"
    );
    invariants::check(&fixture.store, fixture.scope, id).await;
}

pub(super) async fn the_budget_without_progress_runs_out(fixture: &Fixture) {
    let (id, splits) = fixture.running(2).await;
    let kept = Step { profile: Some(revision("profile/1", Coverage::Partial)), ..Step::default() };
    fixture.claimed(id, "split/1").await.done(&fixture.store, kept).await;
    for attempt in 1..=5 {
        assert!(!fixture.inspection(id).await.state.is_terminal(), "before attempt {attempt}");
        let mut worker = fixture.claimed(id, "split/0").await;
        worker.fail(&fixture.store, FailureCode::StorageUnavailable, AttemptProgress::None).await;
        due(fixture).await;
    }
    assert_eq!(fixture.task(splits[0].id).await.state, TaskState::Quarantined);
    let failed = fixture.inspection(id).await;
    let failure = failed.failure.unwrap();
    assert_eq!((failed.state, failure.code), (InspectionState::Failed, FailureCode::RetriesExhausted));
    assert!(failure.user_message.contains("it went wrong"), "{}", failure.user_message);
    assert_eq!(
        (failed.profile, failed.coverage),
        (Some(blob("profile/1")), Coverage::Partial),
        "what was found is kept"
    );
}

pub(super) async fn progress_buys_patience_but_not_for_ever(fixture: &Fixture) {
    let (id, splits) = fixture.running(1).await;
    for attempt in 1..=20 {
        assert!(!fixture.inspection(id).await.state.is_terminal(), "before attempt {attempt}");
        let mut worker = fixture.claimed(id, "split/0").await;
        worker.fail(&fixture.store, FailureCode::StorageUnavailable, AttemptProgress::Made).await;
        due(fixture).await;
    }
    assert_eq!(fixture.task(splits[0].id).await.state, TaskState::Quarantined);
    assert_eq!(fixture.inspection(id).await.state, InspectionState::Failed);
}

pub(super) async fn nobody_is_released_twice_or_when_not_wanted(fixture: &Fixture) {
    let (id, splits) = fixture.running(2).await;
    let ids = [splits[0].id, splits[0].id, splits[1].id];
    let released = fixture.release(id, &ids).await;
    assert_eq!(released.iter().map(|task| task.id).collect::<Vec<_>>(), [splits[0].id, splits[1].id]);
    assert_eq!(fixture.release(id, &ids).await, []);
    let other = fixture.queued().await.id;
    assert_eq!(fixture.release(other, &ids).await, [], "tasks of another inspection");
    let in_flight = fixture.store.in_flight().await.unwrap();
    assert_eq!(in_flight.len(), 1);
    assert_eq!(
        (in_flight[0].inspection_id, in_flight[0].state, in_flight[0].tasks),
        (id, TaskState::Released, 2)
    );
    fixture.store.cancel_inspection(fixture.scope, id, change()).await.unwrap();
    assert_eq!(fixture.store.in_flight().await.unwrap(), []);
}

pub(super) async fn a_stopped_run_costs_no_budget(fixture: &Fixture) {
    let (id, _) = fixture.running(1).await;
    for _ in 0..7 {
        let mut worker = fixture.claimed(id, "split/0").await;
        assert_eq!(worker.say(&fixture.store, stopped()).await, Disposition::Accepted(None));
        let task = fixture.task(worker.task_id).await;
        assert_eq!((task.state, task.failures.total), (TaskState::Waiting, 0));
        assert_eq!(task.hold.epoch, worker.epoch.next());
    }
}

pub(super) async fn a_step_after_the_end_is_not_wanted(fixture: &Fixture) {
    let (id, _) = fixture.running(1).await;
    let mut worker = fixture.claimed(id, "split/0").await;
    fixture.store.cancel_inspection(fixture.scope, id, change()).await.unwrap();
    worker.done(&fixture.store, success()).await;
    let cancelled = fixture.inspection(id).await;
    assert_eq!((cancelled.state, &cancelled.profile), (InspectionState::Cancelled, &None), "it was promised");
    assert_eq!(fixture.store.advance(id, success()).await.unwrap(), Advanced::NotWanted);
    assert_eq!(fixture.inspection(id).await, cancelled);
    let unknown = InspectionId::from_uuid(uuid::Uuid::now_v7());
    assert!(fixture.store.advance(unknown, Step::default()).await.is_err());
}

pub(super) async fn progress_is_state_until_the_end(fixture: &Fixture) {
    let (id, _) = fixture.running(1).await;
    let before = fixture.inspection(id).await;
    fixture.store.save_progress(id, "{\"rows\":1}").await.unwrap();
    let after = fixture.inspection(id).await;
    assert_eq!((after.progress.as_deref(), after.last_seq), (Some("{\"rows\":1}"), before.last_seq));
    let mut worker = fixture.claimed(id, "split/0").await;
    assert_eq!(fixture.inspection(id).await.progress, after.progress, "events leave it alone");
    worker.say(&fixture.store, failed(FailureCode::InvalidSpec, AttemptProgress::None)).await;
    fixture.store.save_progress(id, "{\"rows\":2}").await.unwrap();
    assert_eq!(fixture.inspection(id).await.progress, after.progress, "it has ended");
}
