//! A run of a worker, and what it says.

use std::time::Duration;

use data_inspector_domain::failure::{Failure, FailureCode};
use data_inspector_domain::id::{Run, TaskId, WorkerId};
use data_inspector_domain::task::fence::{Epoch, Stamp};
use data_inspector_domain::task::retry::AttemptProgress;
use data_inspector_domain::time::Timestamp;
use data_inspector_platform::store::{Disposition, NewPartial, Report, Step, Store, Task, TaskResult};
use uuid::Uuid;

use super::fixture::policy;

/// One execution of one attempt of a task.
#[derive(Clone, Debug)]
pub(super) struct Worker {
    pub(super) task_id: TaskId,
    pub(super) id: WorkerId,
    pub(super) epoch: Epoch,
    pub(super) run: Run,
    /// Number of its last message.
    pub(super) n: u64,
    /// By the clock of the results stream.
    pub(super) at: Timestamp,
}

impl Worker {
    pub(super) fn of(task: &Task, at: Timestamp) -> Self {
        Self {
            task_id: task.id,
            id: WorkerId::from_uuid(Uuid::now_v7()),
            epoch: task.hold.epoch,
            run: Run::from_uuid(Uuid::now_v7()),
            n: 0,
            at,
        }
    }

    /// Another run that got the same message.
    pub(super) fn twin(&self) -> Self {
        Self {
            id: WorkerId::from_uuid(Uuid::now_v7()),
            run: Run::from_uuid(Uuid::now_v7()),
            n: 0,
            ..self.clone()
        }
    }

    pub(super) fn pass(&mut self, time: Duration) {
        let micros = self.at.as_micros() + i64::try_from(time.as_micros()).unwrap();
        self.at = Timestamp::from_micros(micros);
    }

    /// Its next message.
    pub(super) fn message(&mut self, report: Report) -> TaskResult {
        self.n += 1;
        let stamp = Stamp { epoch: self.epoch, run: self.run, n: self.n };
        TaskResult { task_id: self.task_id, stamp, at: self.at, report }
    }

    pub(super) async fn say(&mut self, store: &Store, report: Report) -> Disposition {
        let message = self.message(report);
        accept(store, message).await
    }

    pub(super) async fn claim(&mut self, store: &Store) {
        let report = self.claim_report();
        assert_eq!(self.say(store, report).await, Disposition::Accepted(None));
    }

    pub(super) fn claim_report(&self) -> Report {
        Report::Claimed { worker_id: self.id }
    }

    pub(super) async fn done(&mut self, store: &Store, step: Step) {
        assert_eq!(self.say(store, done(Vec::new(), step)).await, Disposition::Accepted(None));
    }

    pub(super) async fn fail(&mut self, store: &Store, code: FailureCode, progress: AttemptProgress) {
        assert_eq!(self.say(store, failed(code, progress)).await, Disposition::Accepted(None));
    }
}

pub(super) async fn accept(store: &Store, message: TaskResult) -> Disposition {
    store.accept_result(message, &policy()).await.unwrap()
}

pub(super) fn alive(bytes_done: u64) -> Report {
    Report::Alive { bytes_done }
}

pub(super) fn done(partials: Vec<NewPartial>, step: Step) -> Report {
    Report::Done { bytes_done: 100, partials, step: Box::new(step) }
}

pub(super) fn failed(code: FailureCode, progress: AttemptProgress) -> Report {
    Report::Failed { bytes_done: 50, progress, failure: Failure::new(code, "it went wrong") }
}

pub(super) fn stopped() -> Report {
    Report::Stopped { bytes_done: 50 }
}
