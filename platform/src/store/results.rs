//! What workers report. The order is the same for every message: lock the inspection, lock the task, fence,
//! drop what was seen before, move both, number the events, write what is to be published; one transaction.

use std::time::Duration;

use data_inspector_domain::control::Order;
use data_inspector_domain::failure::Failure;
use data_inspector_domain::id::{TaskId, WorkerId};
use data_inspector_domain::inspection::{self, InspectionState};
use data_inspector_domain::task::fence::{Fencing, Signal, StaleReason, Stamp, fence};
use data_inspector_domain::task::retry::{AttemptProgress, RetryPolicy};
use data_inspector_domain::task::{self, Command};
use data_inspector_domain::time::Timestamp;
use sea_orm::{EntityTrait, QuerySelect};

use super::codec::{later, variant};
use super::connect::{Store, Writing};
use super::entity::inspections;
use super::error::{StoreError, StoreErrorKind};
use super::locked::{LockedInspection, Reason};
use super::settle::FailedAttempt;
use super::step::{NewPartial, Step};
use super::tasks::{AttemptEnd, LockedTask};

/// How long a run may be silent, and how often a task is tried.
#[derive(Clone, Copy, Debug)]
pub struct AttemptPolicy {
    /// From one sign of life to the next.
    pub lease: Duration,
    /// The budgets and the back-off.
    pub retry: RetryPolicy,
}

/// A message of a worker about a task.
#[derive(Clone, Debug)]
pub struct TaskResult {
    /// The task.
    pub task_id: TaskId,
    /// Which attempt, run and message of it.
    pub stamp: Stamp,
    /// When it was sent, by the clock of the results stream.
    pub at: Timestamp,
    /// What it says.
    pub report: Report,
}

/// What a worker says about a task.
#[derive(Clone, Debug)]
pub enum Report {
    /// It wants the task.
    Claimed {
        /// The worker.
        worker_id: WorkerId,
    },
    /// It is at it.
    Alive {
        /// Bytes of the file it has read.
        bytes_done: u64,
    },
    /// It has the result.
    Done {
        /// Bytes of the file it has read.
        bytes_done: u64,
        /// What it left in the blob store.
        partials: Vec<NewPartial>,
        /// What follows from it.
        step: Box<Step>,
    },
    /// It failed.
    Failed {
        /// Bytes of the file it has read.
        bytes_done: u64,
        /// Whether it left anything durable.
        progress: AttemptProgress,
        /// Why.
        failure: Failure,
    },
    /// It stopped without a failure: it was told to, or its worker is being drained.
    Stopped {
        /// Bytes of the file it has read.
        bytes_done: u64,
    },
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// It counts. The order is what the run should have heard already.
    Accepted(Option<Order>),
    /// It has counted before.
    Duplicate,
    /// It comes from a run that lost the task and has ended.
    Stale(StaleReason),
    /// It comes from a run that lost the task and does not know: tell it to stop.
    Revoke(StaleReason),
    /// It comes from the run that holds the task, which has ended otherwise: tell it to stop.
    Refused(task::Refusal),
    /// There is no such task.
    UnknownTask,
}

impl Report {
    fn signal(&self) -> Signal {
        match self {
            Self::Claimed { .. } => Signal::Claim,
            Self::Alive { .. } => Signal::Alive,
            Self::Done { .. } | Self::Failed { .. } | Self::Stopped { .. } => Signal::End,
        }
    }
}

impl Store {
    /// Takes a message of a worker. Taking it again changes nothing.
    pub async fn accept_result(
        &self,
        result: TaskResult,
        policy: &AttemptPolicy,
    ) -> Result<Disposition, StoreError> {
        let writing = match result.report {
            Report::Alive { .. } => self.begin_hasty().await?,
            _ => self.begin().await?,
        };
        let disposition = match result.report {
            Report::Alive { bytes_done } => writing.accept_heartbeat(&result, bytes_done, policy).await?,
            _ => writing.accept_transition(result, policy).await?,
        };
        writing.commit().await?;
        Ok(disposition)
    }
}

impl Writing {
    /// A heartbeat numbers no event, so the inspection is not locked for it.
    async fn accept_heartbeat(
        &self,
        result: &TaskResult,
        bytes_done: u64,
        policy: &AttemptPolicy,
    ) -> Result<Disposition, StoreError> {
        let Some(mut task) = LockedTask::by_id(self, result.task_id).await? else {
            return Ok(Disposition::UnknownTask);
        };
        if let Some(dropped) = dropped(&task, result) {
            return Ok(dropped);
        }
        if let Err(refusal) = task.apply(Command::Heartbeat) {
            return Ok(Disposition::Refused(refusal));
        }
        task.task.hold = task.task.hold.after(&result.stamp);
        task.task.bytes_done = bytes_done;
        task.renew_lease(result.at, policy.lease);
        task.save().await?;
        Ok(Disposition::Accepted(self.standing_order(&task).await?))
    }

    /// What a run of an inspection that is being stopped has been told, in case it has not heard.
    async fn standing_order(&self, task: &LockedTask<'_>) -> Result<Option<Order>, StoreError> {
        let state = inspections::Entity::find_by_id(task.task.inspection_id.to_string())
            .select_only()
            .column(inspections::Column::State)
            .into_tuple::<String>()
            .one(&self.tx)
            .await?
            .ok_or(StoreErrorKind::Corrupt("tasks.inspection_id"))?;
        Ok(match variant("inspections.state", &state)? {
            InspectionState::Cancelling => Some(Order::Cancel),
            InspectionState::Pausing => Some(Order::Pause),
            InspectionState::WaitingForFile
            | InspectionState::Queued
            | InspectionState::Running
            | InspectionState::RetryWait
            | InspectionState::Paused
            | InspectionState::Succeeded
            | InspectionState::Failed
            | InspectionState::Cancelled
            | InspectionState::Expired => None,
        })
    }

    async fn accept_transition(
        &self,
        result: TaskResult,
        policy: &AttemptPolicy,
    ) -> Result<Disposition, StoreError> {
        let Some(mut inspection) = LockedInspection::of_task(self, result.task_id).await? else {
            return Ok(Disposition::UnknownTask);
        };
        let Some(mut task) = LockedTask::by_id(self, result.task_id).await? else {
            return Ok(Disposition::UnknownTask);
        };
        if let Some(dropped) = dropped(&task, &result) {
            return Ok(dropped);
        }
        task.task.hold = task.task.hold.after(&result.stamp);
        let moved = inspection.take_report(&mut task, result, policy).await?;
        let Err(refusal) = moved else {
            inspection.save().await?;
            return Ok(Disposition::Accepted(None));
        };
        Ok(Disposition::Refused(refusal))
    }
}

/// `None`: the message counts.
fn dropped(task: &LockedTask<'_>, result: &TaskResult) -> Option<Disposition> {
    match fence(&task.task.hold, &result.stamp, result.report.signal()) {
        Fencing::Accept => None,
        Fencing::Duplicate => Some(Disposition::Duplicate),
        Fencing::Stale(reason) => Some(Disposition::Stale(reason)),
        Fencing::Revoke(reason) => Some(Disposition::Revoke(reason)),
    }
}

impl LockedTask<'_> {
    /// A lease is never shortened: messages of several partitions have several clocks.
    fn renew_lease(&mut self, at: Timestamp, lease: Duration) {
        let until = Timestamp::from_micros(later(at, lease));
        self.task.lease_until = self.task.lease_until.max(Some(until));
    }
}

impl LockedInspection<'_> {
    async fn take_report(
        &mut self,
        task: &mut LockedTask<'_>,
        result: TaskResult,
        policy: &AttemptPolicy,
    ) -> Result<Result<(), task::Refusal>, StoreError> {
        match result.report {
            Report::Claimed { worker_id } => {
                if let Err(refusal) = task.apply(Command::Claim) {
                    return Ok(Err(refusal));
                }
                task.task.worker_id = Some(worker_id);
                task.renew_lease(result.at, policy.lease);
                self.take_claim(task).await?;
                Ok(Ok(()))
            }
            Report::Alive { .. } => Err(StoreErrorKind::Internal.into()),
            Report::Done { bytes_done, partials, step } => {
                task.task.bytes_done = bytes_done;
                self.take_result(task, partials, *step).await
            }
            Report::Failed { bytes_done, progress, failure } => {
                task.task.bytes_done = bytes_done;
                let failed = FailedAttempt { failure: &failure, progress };
                self.fail_attempt(task, failed, &policy.retry).await
            }
            Report::Stopped { bytes_done } => {
                task.task.bytes_done = bytes_done;
                self.take_stop(task).await
            }
        }
    }

    async fn take_claim(&mut self, task: &LockedTask<'_>) -> Result<(), StoreError> {
        task.record_attempt(self)?;
        task.save().await?;
        if self.state == InspectionState::Queued {
            self.apply(inspection::Command::Start, Reason::of_itself("a worker has begun"))?;
        }
        Ok(())
    }

    async fn take_result(
        &mut self,
        task: &mut LockedTask<'_>,
        partials: Vec<NewPartial>,
        step: Step,
    ) -> Result<Result<(), task::Refusal>, StoreError> {
        let end = AttemptEnd { command: Command::Finish, progress: AttemptProgress::Made, failure: None };
        if let Err(refusal) = task.end_attempt(self, end)? {
            return Ok(Err(refusal));
        }
        task.save().await?;
        self.record_partials(&task.task, partials).await?;
        self.take_step(step).await?;
        self.settle().await?;
        Ok(Ok(()))
    }

    async fn take_stop(
        &mut self,
        task: &mut LockedTask<'_>,
    ) -> Result<Result<(), task::Refusal>, StoreError> {
        let called_off = self.state == InspectionState::Cancelling;
        let command = if called_off { Command::Cancel } else { Command::PutBack };
        let end = AttemptEnd { command, progress: AttemptProgress::None, failure: None };
        if let Err(refusal) = task.end_attempt(self, end)? {
            return Ok(Err(refusal));
        }
        task.save().await?;
        self.settle().await?;
        Ok(Ok(()))
    }
}
