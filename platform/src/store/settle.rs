//! What follows for an inspection and its other tasks when something happens to one of them, or to itself.

use data_inspector_domain::control::Order;
use data_inspector_domain::failure::{Failure, FailureCode};
use data_inspector_domain::inspection::{self, InspectionState};
use data_inspector_domain::task::retry::{AttemptProgress, RetryDecision, RetryPolicy};
use data_inspector_domain::task::{self, Command, TaskState};
use data_inspector_domain::time::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::codec::{later, name};
use super::entity::tasks;
use super::error::{StoreError, StoreErrorKind};
use super::locked::{LockedInspection, Reason};
use super::tasks::{AttemptEnd, LockedTask, order};

/// An attempt that failed.
pub(super) struct FailedAttempt<'a> {
    pub(super) failure: &'a Failure,
    pub(super) progress: AttemptProgress,
}

impl LockedInspection<'_> {
    /// Takes its work back after a command of a person or an end. Tasks that no run holds are moved at once;
    /// whoever holds one is told. With [`Order::Revoke`] nobody is waited for.
    pub(super) async fn stop_work(&mut self, stop: Order) -> Result<(), StoreError> {
        for mut task in LockedTask::open_attempts(self.writing, self.id).await? {
            let claimed = task.task.state == TaskState::Claimed;
            if claimed {
                self.outgoing.push(order(&task.task, stop));
            }
            let command = match stop {
                Order::Cancel | Order::Pause if claimed => continue,
                Order::Pause => Command::PutBack,
                Order::Cancel | Order::Revoke => Command::Cancel,
            };
            self.take_back(&mut task, command).await?;
        }
        match stop {
            Order::Pause => Ok(()),
            Order::Cancel | Order::Revoke => {
                self.move_tasks(Command::Cancel, &[TaskState::Waiting, TaskState::RetryWait]).await
            }
        }
    }

    async fn take_back(&mut self, task: &mut LockedTask<'_>, command: Command) -> Result<(), StoreError> {
        let end = AttemptEnd { command, progress: AttemptProgress::None, failure: None };
        task.end_attempt(self, end)?.map_err(|_| StoreErrorKind::Internal)?;
        task.save().await
    }

    /// Moves all its tasks in some states at once.
    pub(super) async fn move_tasks(&self, command: Command, from: &[TaskState]) -> Result<(), StoreError> {
        for state in from {
            let to = task::apply(*state, command).map_err(|_| StoreErrorKind::Internal)?;
            let mut update = tasks::Entity::update_many()
                .col_expr(tasks::Column::State, Expr::value(name(to)))
                .filter(tasks::Column::InspectionId.eq(self.id.to_string()))
                .filter(tasks::Column::State.eq(name(state)));
            if command.starts_next_epoch() {
                update = update
                    .col_expr(tasks::Column::Epoch, Expr::col(tasks::Column::Epoch).add(1))
                    .col_expr(tasks::Column::Run, Expr::value(None::<String>))
                    .col_expr(tasks::Column::LastN, Expr::value(0_i64));
            }
            if command == Command::Retry {
                update = update
                    .col_expr(tasks::Column::Attempts, Expr::value(0_i64))
                    .col_expr(tasks::Column::AttemptsWithoutProgress, Expr::value(0_i64))
                    .col_expr(tasks::Column::Failure, Expr::value(None::<String>));
            }
            update.exec(&self.writing.tx).await?;
        }
        Ok(())
    }

    /// Counts a failed attempt: the task is tried again, or quarantined, or fails; with it the inspection. Says
    /// what became of the task, or that it could not fail.
    pub(super) async fn fail_attempt(
        &mut self,
        task: &mut LockedTask<'_>,
        failed: FailedAttempt<'_>,
        policy: &RetryPolicy,
    ) -> Result<Result<(), task::Refusal>, StoreError> {
        let FailedAttempt { failure, progress } = failed;
        let failures = task.task.failures.after(progress);
        let mut end = AttemptEnd { command: Command::Fail, progress, failure: Some(failure) };
        let mut verdict = Some(failure.clone());
        if self.state == InspectionState::Cancelling {
            (end.command, verdict) = (Command::Cancel, None);
        } else if failure.code.retryable() {
            let seed = task.task.id.as_uuid().as_u128() as u64 ^ u64::from(task.task.hold.epoch.number());
            (end.command, verdict) = match policy.decide(failures, seed) {
                RetryDecision::RetryAfter(wait) => {
                    task.task.not_before = Some(Timestamp::from_micros(later(self.now, wait)));
                    (Command::BackOff, None)
                }
                RetryDecision::Exhausted(_) => (Command::Quarantine, Some(exhausted(failure))),
            };
        }
        if let Err(refusal) = task.end_attempt(self, end)? {
            return Ok(Err(refusal));
        }
        task.task.failures = failures;
        task.save().await?;
        match verdict {
            Some(failure) => self.fail(&failure).await?,
            None => self.settle().await?,
        }
        Ok(Ok(()))
    }

    /// It cannot go on. What was found before is kept. That it failed is its last event: whoever follows it ends there.
    pub(super) async fn fail(&mut self, failure: &Failure) -> Result<(), StoreError> {
        self.stop_work(Order::Revoke).await?;
        self.apply(inspection::Command::Fail, Reason::failure(failure))
    }

    /// Brings it to rest if nobody is at it any more or nothing of it can run now, and out of it if something
    /// can.
    pub(super) async fn settle(&mut self) -> Result<(), StoreError> {
        use TaskState::{Claimed, Released, RetryWait, Waiting};
        match self.state {
            InspectionState::Pausing | InspectionState::Cancelling => {
                if !self.has_tasks(&[Claimed]).await? {
                    let reason = Reason::of_itself("no worker is at it any more");
                    self.apply(inspection::Command::WorkDrained, reason)?;
                }
            }
            InspectionState::Queued | InspectionState::Running => {
                let backing_off = self.has_tasks(&[RetryWait]).await?;
                if backing_off && !self.has_tasks(&[Waiting, Released, Claimed]).await? {
                    let reason = Reason::of_itself("everything that is left failed and is tried again later");
                    self.apply(inspection::Command::BackOff, reason)?;
                }
            }
            InspectionState::RetryWait => {
                if self.has_tasks(&[Waiting]).await? {
                    self.apply(inspection::Command::RetryDue, Reason::of_itself("some of it can run again"))?;
                }
            }
            InspectionState::WaitingForFile
            | InspectionState::Paused
            | InspectionState::Succeeded
            | InspectionState::Failed
            | InspectionState::Cancelled
            | InspectionState::Expired => {}
        }
        Ok(())
    }

    async fn has_tasks(&self, states: &[TaskState]) -> Result<bool, StoreError> {
        let found = tasks::Entity::find()
            .select_only()
            .column(tasks::Column::Id)
            .filter(tasks::Column::InspectionId.eq(self.id.to_string()))
            .filter(tasks::Column::State.is_in(states.iter().map(name)))
            .limit(1)
            .into_tuple::<String>()
            .one(&self.writing.tx)
            .await?;
        Ok(found.is_some())
    }
}

fn exhausted(last: &Failure) -> Failure {
    let message = format!("given up after repeated failures, the last being: {}", last.user_message);
    let mut failure = Failure::new(FailureCode::RetriesExhausted, message);
    failure.operator_message.clone_from(&last.operator_message);
    failure.at_byte = last.at_byte;
    failure
}
