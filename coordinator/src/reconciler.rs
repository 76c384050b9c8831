//! Finds what nobody reports: leases that ran out, attempts that are due, inspections whose next step was never
//! planned. Everything it needs is in the store, so that it does not matter who died when.

use std::sync::Arc;
use std::time::Duration;

use data_inspector_domain::message::{MESSAGE_SCHEMA_VERSION, ResultMessage};
use data_inspector_domain::task::retry::RetryPolicy;
use data_inspector_domain::time::Timestamp;
use data_inspector_platform::bus::{EventBus, Message, Topic};
use data_inspector_platform::store::Store;
use tokio::sync::Notify;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::clock::ResultsClock;
use crate::error::CoordinatorError;
use crate::step::Steps;

/// Rows taken at once.
const BATCH: u32 = 100;
/// Published messages are kept so long.
const OUTBOX_KEPT: Duration = Duration::from_secs(3600);

/// Looks regularly.
pub(crate) struct Reconciler {
    pub(crate) store: Store,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) clock: Arc<ResultsClock>,
    pub(crate) retry: RetryPolicy,
    pub(crate) interval: Duration,
    pub(crate) leaves_per_split: Option<u64>,
    pub(crate) committed: Arc<Notify>,
    pub(crate) wanted: Arc<Notify>,
}

impl Reconciler {
    /// Runs until it is asked to end.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let mut regularly = tokio::time::interval(self.interval);
        regularly.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = regularly.tick() => {}
            }
            if let Err(error) = self.reconcile().await {
                tracing::warn!(error = &error as &dyn std::error::Error, "nothing is reconciled");
            }
        }
    }

    /// Takes all tasks back that are out: whoever had them died with the bus.
    pub(crate) async fn take_back_all(&self) -> Result<(), CoordinatorError> {
        while self.expire(Timestamp::from_micros(i64::MAX)).await? {}
        Ok(())
    }

    async fn reconcile(&self) -> Result<(), CoordinatorError> {
        self.tick().await?;
        if let Some(now) = self.clock.now() {
            self.expire(now).await?;
            let kept_micros = OUTBOX_KEPT.as_micros() as i64;
            let old = Timestamp::from_micros(now.as_micros().saturating_sub(kept_micros));
            self.store.prune_outbox(old, 10 * BATCH).await?;
        }
        let woken = self.store.wake_due_tasks(BATCH).await?;
        if !woken.is_empty() {
            self.announce();
        }
        self.plan_forgotten_steps().await
    }

    /// Moves the clock of the results stream, also where no worker has anything to say.
    async fn tick(&self) -> Result<(), CoordinatorError> {
        for partition in self.clock.partitions() {
            let json = ResultMessage::Tick.to_json();
            let tick = Message::new(Topic::Results, MESSAGE_SCHEMA_VERSION, json).to_partition(partition);
            self.bus.publish(tick).await?;
        }
        Ok(())
    }

    /// Takes tasks from the silent; whether there may be more.
    async fn expire(&self, now: Timestamp) -> Result<bool, CoordinatorError> {
        let expired = self.store.expire_leases(now, &self.retry, BATCH).await?;
        for each in &expired {
            let (task_id, inspection_id) = (each.task_id, each.inspection_id);
            tracing::warn!(%task_id, %inspection_id, worker_id = ?each.worker_id, state = ?each.state, "a lease ran out");
        }
        if !expired.is_empty() {
            self.announce();
        }
        Ok(!expired.is_empty())
    }

    async fn plan_forgotten_steps(&self) -> Result<(), CoordinatorError> {
        let steps = Steps { store: &self.store, leaves_per_split: self.leaves_per_split };
        for inspection_id in self.store.idle_inspections(BATCH).await? {
            let Some(step) = steps.stored(inspection_id).await? else { continue };
            if step.tasks.is_empty() {
                tracing::error!(%inspection_id, "an inspection has nothing left to do and no result");
                continue;
            }
            tracing::info!(%inspection_id, tasks = step.tasks.len(), "the next step is planned anew");
            self.store.advance(inspection_id, step).await?;
            self.announce();
        }
        Ok(())
    }

    fn announce(&self) {
        self.committed.notify_one();
        self.wanted.notify_one();
    }
}
