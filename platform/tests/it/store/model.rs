//! Random calls in random order, against a model that knows only what matters: who holds an attempt, what
//! counted, and that nothing goes back. What else must hold is checked after each call.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use data_inspector_domain::failure::FailureCode;
use data_inspector_domain::id::{InspectionId, Run, TaskId};
use data_inspector_domain::inspection::Coverage;
use data_inspector_domain::inspection::Verdict;
use data_inspector_domain::task::fence::Epoch;
use data_inspector_domain::task::retry::{AttemptProgress, RetryPolicy};
use data_inspector_domain::time::Timestamp;
use data_inspector_platform::store::{
    BlobRef, Disposition, Ending, ProfileRevision, Report, Step, StoreError, StoreErrorKind, TaskResult,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::fixture::{Fixture, change, split};
use super::invariants;
use super::worker::{Worker, accept, alive, done, failed, stopped};

/// One call. Numbers pick a task, a run or a message by its place among those there are.
#[derive(Clone, Debug)]
enum Call {
    Release(usize),
    Twin(usize),
    Claim(usize),
    Beat(usize),
    Done(usize),
    Succeed(usize),
    FailForNow { run: usize, progress: bool },
    FailForGood(usize),
    Stop(usize),
    Again(usize),
    Expire,
    Wake,
    Plan(u64),
    Pause,
    Resume,
    Cancel,
    Retry,
}

fn call() -> impl Strategy<Value = Call> {
    let number = 0..1_000_usize;
    prop_oneof![
        6 => number.clone().prop_map(Call::Release),
        1 => number.clone().prop_map(Call::Twin),
        6 => number.clone().prop_map(Call::Claim),
        2 => number.clone().prop_map(Call::Beat),
        4 => number.clone().prop_map(Call::Done),
        1 => number.clone().prop_map(Call::Succeed),
        2 => (number.clone(), any::<bool>()).prop_map(|(run, progress)| Call::FailForNow { run, progress }),
        1 => number.clone().prop_map(Call::FailForGood),
        1 => number.clone().prop_map(Call::Stop),
        3 => number.prop_map(Call::Again),
        1 => Just(Call::Expire),
        2 => Just(Call::Wake),
        1 => (0..6_u64).prop_map(Call::Plan),
        1 => Just(Call::Pause),
        2 => Just(Call::Resume),
        1 => Just(Call::Cancel),
        2 => Just(Call::Retry),
    ]
}

pub(super) async fn random_interleavings_keep_the_invariants(fixture: &Fixture) {
    let mut runner = TestRunner::new(Config { cases: 32, failure_persistence: None, ..Config::default() });
    let handle = tokio::runtime::Handle::current();
    let result = tokio::task::block_in_place(|| {
        runner.run(&prop::collection::vec(call(), 1..40), |calls| {
            handle.block_on(play(fixture, calls));
            Ok(())
        })
    });
    result.unwrap();
}

async fn play(fixture: &Fixture, calls: Vec<Call>) {
    let mut game = Game::new(fixture).await;
    for call in calls {
        game.play(call).await;
        game.check().await;
    }
}

/// An inspection, and what the model knows of it.
struct Game<'f> {
    fixture: &'f Fixture,
    id: InspectionId,
    runs: Vec<Worker>,
    sent: Vec<TaskResult>,
    holders: BTreeMap<(TaskId, Epoch), Run>,
    counted: BTreeSet<(TaskId, Epoch, Run, u64)>,
    done: BTreeSet<TaskId>,
    epochs: BTreeMap<TaskId, Epoch>,
    last_seq: u64,
    revision: u32,
}

impl<'f> Game<'f> {
    async fn new(fixture: &'f Fixture) -> Self {
        let id = fixture.running(2).await.0;
        Self {
            fixture,
            id,
            runs: Vec::new(),
            sent: Vec::new(),
            holders: BTreeMap::new(),
            counted: BTreeSet::new(),
            done: BTreeSet::new(),
            epochs: BTreeMap::new(),
            last_seq: 0,
            revision: 0,
        }
    }

    async fn play(&mut self, call: Call) {
        let (store, scope, id) = (&self.fixture.store, self.fixture.scope, self.id);
        match call {
            Call::Release(number) => self.release(number).await,
            Call::Twin(number) => {
                let twin = pick(&self.runs, number).map(Worker::twin);
                self.runs.extend(twin);
            }
            Call::Claim(number) => {
                let Some(run) = pick(&self.runs, number) else { return };
                let report = run.claim_report();
                self.say(number, report).await;
            }
            Call::Beat(number) => self.say(number, alive(1)).await,
            Call::Done(number) => self.say(number, done(Vec::new(), Step::default())).await,
            Call::Succeed(number) => {
                let step = self.success();
                self.say(number, done(Vec::new(), step)).await;
            }
            Call::FailForNow { run, progress } => {
                let progress = if progress { AttemptProgress::Made } else { AttemptProgress::None };
                self.say(run, failed(FailureCode::StorageUnavailable, progress)).await;
            }
            Call::FailForGood(number) => {
                self.say(number, failed(FailureCode::SourceChanged, AttemptProgress::None)).await;
            }
            Call::Stop(number) => self.say(number, stopped()).await,
            Call::Again(number) => {
                if let Some(message) = pick(&self.sent, number).cloned() {
                    self.deliver(message).await;
                }
            }
            Call::Expire => {
                let end_of_time = Timestamp::from_micros(i64::MAX);
                store.expire_leases(end_of_time, &RetryPolicy::default(), 100).await.unwrap();
            }
            Call::Wake => {
                self.fixture.pass(Duration::from_secs(300));
                store.wake_due_tasks(100).await.unwrap();
            }
            Call::Plan(number) => {
                let tasks = vec![split(number)];
                store.advance(id, Step { tasks, ..Step::default() }).await.unwrap();
            }
            Call::Pause => only_refused(store.pause_inspection(scope, id, change()).await),
            Call::Resume => only_refused(store.resume_inspection(scope, id, change()).await),
            Call::Cancel => only_refused(store.cancel_inspection(scope, id, change()).await),
            Call::Retry => only_refused(store.retry_inspection(scope, id, change()).await),
        }
    }

    async fn release(&mut self, number: usize) {
        let tasks = self.fixture.tasks(self.id).await;
        let Some(task) = pick(&tasks, number) else { return };
        for released in self.fixture.release(self.id, &[task.id]).await {
            self.runs.push(Worker::of(&released, self.fixture.now()));
        }
    }

    fn success(&mut self) -> Step {
        self.revision += 1;
        let blob = BlobRef { key: format!("profile/{}", self.revision), hash: [1; 32] };
        let profile = ProfileRevision { blob, changed_columns: Vec::new(), coverage: Coverage::Complete };
        Step { ending: Some(Ending::Succeeded { profile, verdict: Verdict::Pass }), ..Step::default() }
    }

    async fn say(&mut self, number: usize, report: Report) {
        let count = self.runs.len();
        if count > 0 {
            let message = self.runs[number % count].message(report);
            self.sent.push(message.clone());
            self.deliver(message).await;
        }
    }

    /// The store's answer must be one that the model allows.
    async fn deliver(&mut self, message: TaskResult) {
        let (task, stamp) = (message.task_id, message.stamp);
        let claims = matches!(message.report, Report::Claimed { .. });
        let ends_well = matches!(message.report, Report::Done { .. });
        let said = format!("{message:?}");
        let Disposition::Accepted(_) = accept(&self.fixture.store, message).await else { return };
        let holder = self.holders.get(&(task, stamp.epoch)).copied();
        assert_eq!(holder, if claims { None } else { Some(stamp.run) }, "{said}");
        self.holders.insert((task, stamp.epoch), stamp.run);
        assert!(self.counted.insert((task, stamp.epoch, stamp.run, stamp.n)), "counted twice: {said}");
        assert!(!ends_well || self.done.insert(task), "done twice: {said}");
    }

    async fn check(&mut self) {
        invariants::check(&self.fixture.store, self.fixture.scope, self.id).await;
        let inspection = self.fixture.inspection(self.id).await;
        let last_seq = inspection.last_seq.unwrap().get();
        assert!(last_seq >= self.last_seq, "a number was taken back");
        self.last_seq = last_seq;
        for task in self.fixture.tasks(self.id).await {
            let before = self.epochs.insert(task.id, task.hold.epoch);
            assert!(before <= Some(task.hold.epoch), "an epoch fell: {task:?}");
            let holder = self.holders.get(&(task.id, task.hold.epoch)).copied();
            let is_survey = task.name == "survey";
            assert!(is_survey || task.hold.run == holder, "the holder is another: {task:?}");
        }
    }
}

fn pick<T>(all: &[T], number: usize) -> Option<&T> {
    if all.is_empty() { None } else { Some(&all[number % all.len()]) }
}

fn only_refused<T>(result: Result<T, StoreError>) {
    if let Err(error) = result {
        assert!(matches!(error.kind, StoreErrorKind::Refused(_)), "{error:?}");
    }
}
