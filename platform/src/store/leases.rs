//! Leases that ran out, and attempts that are due again.

use data_inspector_domain::failure::{Failure, FailureCode};
use data_inspector_domain::id::{InspectionId, TaskId, WorkerId};
use data_inspector_domain::task::retry::{AttemptProgress, RetryPolicy};
use data_inspector_domain::task::{Command, TaskState};
use data_inspector_domain::time::Timestamp;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::codec::parsed;
use super::connect::Store;
use super::dispatch::HAS_LEASE;
use super::entity::tasks;
use super::error::StoreError;
use super::locked::LockedInspection;
use super::settle::FailedAttempt;
use super::tasks::LockedTask;

/// As in the index: SQLite uses a partial index only for the very words it was made with.
const BACKING_OFF: &str = "state = 'RETRY_WAIT'";

/// A task that was taken from whoever had it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expired {
    /// The task.
    pub task_id: TaskId,
    /// The inspection it is part of.
    pub inspection_id: InspectionId,
    /// The worker that had claimed it, if one had.
    pub worker_id: Option<WorkerId>,
    /// What became of the task.
    pub state: TaskState,
}

/// A task whose next attempt is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Woken {
    /// The task.
    pub task_id: TaskId,
    /// The inspection it is part of.
    pub inspection_id: InspectionId,
}

impl Store {
    /// Takes tasks from runs that were silent for too long, at most `limit`, each in a transaction of its own.
    ///
    /// `results_clock` is the time of the oldest message that may still come: while the broker is away it
    /// stands still, and nobody expires.
    pub async fn expire_leases(
        &self,
        results_clock: Timestamp,
        policy: &RetryPolicy,
        limit: u32,
    ) -> Result<Vec<Expired>, StoreError> {
        let overdue = tasks::Entity::find()
            .select_only()
            .column(tasks::Column::Id)
            .filter(Expr::cust(HAS_LEASE))
            .filter(tasks::Column::LeaseUntil.lt(results_clock.as_micros()))
            .order_by_asc(tasks::Column::LeaseUntil)
            .limit(u64::from(limit))
            .into_tuple::<String>()
            .all(&self.reader)
            .await?;
        let mut expired = Vec::new();
        for id in overdue {
            let task = async { self.expire_lease(parsed("tasks.id", &id)?, results_clock, policy).await };
            expired.extend(skip_bad_row(&id, task.await)?.flatten());
        }
        Ok(expired)
    }

    /// Looks again under the locks: a heartbeat, or another reconciler, may have been faster.
    async fn expire_lease(
        &self,
        id: TaskId,
        results_clock: Timestamp,
        policy: &RetryPolicy,
    ) -> Result<Option<Expired>, StoreError> {
        let writing = self.begin().await?;
        let Some(mut inspection) = LockedInspection::of_task(&writing, id).await? else { return Ok(None) };
        let Some(mut task) = LockedTask::by_id(&writing, id).await? else { return Ok(None) };
        let has_lease = matches!(task.task.state, TaskState::Released | TaskState::Claimed);
        if !has_lease || task.task.lease_until >= Some(results_clock) {
            return Ok(None);
        }
        let failure = Failure::new(FailureCode::HeartbeatLost, silence(task.task.state));
        let begun = task.task.state == TaskState::Claimed;
        let progress = if begun { AttemptProgress::None } else { AttemptProgress::NotBegun };
        let failed = FailedAttempt { failure: &failure, progress };
        if inspection.fail_attempt(&mut task, failed, policy).await?.is_err() {
            return Ok(None);
        }
        inspection.save().await?;
        let expired = Expired {
            task_id: id,
            inspection_id: task.task.inspection_id,
            worker_id: task.task.worker_id,
            state: task.task.state,
        };
        writing.commit().await?;
        Ok(Some(expired))
    }

    /// Lets tasks wait for their turn whose back-off is over, at most `limit`, each in a transaction of its own.
    pub async fn wake_due_tasks(&self, limit: u32) -> Result<Vec<Woken>, StoreError> {
        let now = self.now().await?;
        let due = tasks::Entity::find()
            .select_only()
            .column(tasks::Column::Id)
            .filter(Expr::cust(BACKING_OFF))
            .filter(tasks::Column::NotBefore.lte(now.as_micros()))
            .order_by_asc(tasks::Column::NotBefore)
            .limit(u64::from(limit))
            .into_tuple::<String>()
            .all(&self.reader)
            .await?;
        let mut woken = Vec::new();
        for id in due {
            let task = async { self.wake_task(parsed("tasks.id", &id)?).await };
            woken.extend(skip_bad_row(&id, task.await)?.flatten());
        }
        Ok(woken)
    }

    async fn wake_task(&self, id: TaskId) -> Result<Option<Woken>, StoreError> {
        let writing = self.begin().await?;
        let Some(mut inspection) = LockedInspection::of_task(&writing, id).await? else { return Ok(None) };
        let Some(mut task) = LockedTask::by_id(&writing, id).await? else { return Ok(None) };
        let is_due = task.task.not_before.is_some_and(|due| due <= writing.now);
        if !is_due || task.apply(Command::RetryDue).is_err() {
            return Ok(None);
        }
        task.save().await?;
        inspection.settle().await?;
        let woken = Woken { task_id: id, inspection_id: inspection.id };
        inspection.save().await?;
        writing.commit().await?;
        Ok(Some(woken))
    }
}

/// A row that nobody can make sense of must not keep others from their turn; what passes concerns all of them.
fn skip_bad_row<T>(task_id: &str, result: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match result {
        Err(error) if !error.is_transient() => {
            tracing::error!(task_id, error = &error as &dyn std::error::Error, "a task is passed over");
            Ok(None)
        }
        other => other.map(Some),
    }
}

fn silence(state: TaskState) -> &'static str {
    match state {
        TaskState::Claimed => "a worker stopped giving signs of life; its part is inspected again",
        _ => "no worker took a part of the work in time; it is offered again",
    }
}
