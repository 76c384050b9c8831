//! Takes what workers say: fence, dedupe, step, all in one transaction of the store; then the message is consumed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use data_inspector_domain::control::{CONTROL_SCHEMA_VERSION, ControlMessage, Order};
use data_inspector_domain::message::{Report, ResultMessage, TaskReport};
use data_inspector_domain::task::fence::StaleReason;
use data_inspector_domain::time::Timestamp;
use data_inspector_platform::bus::{Delivery, EventBus, GroupMember, Message, Record, Topic};
use data_inspector_platform::store::{self, AttemptPolicy, Disposition, Store, Task, TaskResult};
use futures_util::FutureExt;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::MAX_UNACKED;
use crate::clock::ResultsClock;
use crate::dispatcher::SharedWorkers;
use crate::error::CoordinatorError;
use crate::plan::Payload;
use crate::progress::SharedProgress;
use crate::step::Steps;

/// Pause before a message is taken again that the database could not take.
const AFTER_FAILURE: Duration = Duration::from_millis(200);

/// Consumes results.
pub(crate) struct Projector {
    pub(crate) store: Store,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) workers: SharedWorkers,
    pub(crate) progress: SharedProgress,
    pub(crate) clock: Arc<ResultsClock>,
    pub(crate) policy: AttemptPolicy,
    pub(crate) leaves_per_split: Option<u64>,
    pub(crate) committed: Arc<Notify>,
    pub(crate) wanted: Arc<Notify>,
}

impl Projector {
    /// Runs until it is asked to end or the bus is closed.
    pub(crate) async fn run(self, mut member: Box<dyn GroupMember>, shutdown: CancellationToken) {
        let mut assigned = member.assigned();
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => {
                    self.consume_what_has_come(&mut *member, &shutdown).await;
                    break;
                }
                Ok(()) = assigned.changed() => self.progress.forget(),
                delivery = member.next() => match delivery {
                    Ok(Some(delivery)) => if !self.consume(delivery, &shutdown).await { break },
                    Ok(None) => break,
                    Err(error) => {
                        tracing::warn!(error = &error as &dyn std::error::Error, "results are not consumed");
                        tokio::time::sleep(AFTER_FAILURE).await;
                    }
                },
            }
        }
        member.leave().await;
    }

    /// A worker that ends with this process has handed back what it was at, and its bus may end, too.
    async fn consume_what_has_come(&self, member: &mut dyn GroupMember, shutdown: &CancellationToken) {
        for _ in 0..MAX_UNACKED.get() {
            let Some(Ok(Some(delivery))) = member.next().now_or_never() else { return };
            if !self.consume(delivery, shutdown).await {
                return;
            }
        }
    }

    /// Takes a message until it is taken or can never be; whether to go on.
    async fn consume(&self, delivery: Delivery, shutdown: &CancellationToken) -> bool {
        let (position, key) = (delivery.record().position, delivery.record().key.clone());
        let key = key.as_deref().map(String::from_utf8_lossy);
        // The key is the id of the inspection, or of the worker whose heartbeat it is.
        let span = tracing::info_span!(
            "result",
            partition = position.partition,
            offset = position.offset,
            key = key.as_deref()
        );
        self.consume_one(delivery, shutdown).instrument(span).await
    }

    async fn consume_one(&self, delivery: Delivery, shutdown: &CancellationToken) -> bool {
        loop {
            match self.take(delivery.record()).await {
                Ok(()) => break,
                Err(error) if error.is_transient() => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "a result has to wait");
                    tokio::select! {
                        () = shutdown.cancelled() => return false,
                        () = tokio::time::sleep(AFTER_FAILURE) => {}
                    }
                }
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "a result cannot be taken");
                    self.dead_letter(delivery.record(), &error).await;
                    break;
                }
            }
        }
        self.clock.consumed(delivery.record());
        delivery.ack();
        true
    }

    async fn take(&self, record: &Record) -> Result<(), CoordinatorError> {
        let payload = record.payload.as_deref().unwrap_or_default();
        match ResultMessage::from_json(payload)? {
            ResultMessage::Tick => Ok(()),
            ResultMessage::Heartbeat(heartbeat) => {
                self.workers.lock().heard(heartbeat, record.published_at, Instant::now());
                self.wanted.notify_one();
                Ok(())
            }
            ResultMessage::Report(report) => {
                let (inspection_id, task_id) = (report.inspection_id, report.task_id);
                let span = tracing::info_span!("report", %inspection_id, %task_id);
                self.take_report(record, report).instrument(span).await
            }
        }
    }

    async fn take_report(&self, record: &Record, report: TaskReport) -> Result<(), CoordinatorError> {
        let Some(task) = self.store.task(report.task_id).await? else {
            tracing::warn!(task_id = %report.task_id, "a report about a task that is not there");
            return Ok(());
        };
        let steps = Steps { store: &self.store, leaves_per_split: self.leaves_per_split };
        let mut said = steps.report(&task, &report).await?;
        if let store::Report::Done { step, .. } = &mut said
            && let Some(checkpoint) = &mut step.checkpoint
        {
            let at_risk = self.progress.bytes_at_risk(&self.store, task.inspection_id).await?;
            checkpoint.loss_if_retried_now = at_risk;
        }
        // Once it has ended its progress stays as it is.
        if let (true, store::Report::Done { step, .. }) = (ends_inspection(&task, &report), &mut said) {
            step.progress = self.progress.complete(&self.store, &task, record.published_at).await?;
        }
        let result = TaskResult {
            task_id: report.task_id,
            stamp: report.stamp,
            at: record.published_at,
            report: said,
        };
        let disposition = self.store.accept_result(result, &self.policy).await?;
        // Whoever follows the inspection waits for this.
        if !matches!(report.report, Report::Alive { .. }) {
            self.committed.notify_one();
        }
        self.track_slots(&report, record.published_at);
        self.answer(&task, &report, disposition).await?;
        if matches!(disposition, Disposition::Accepted(_)) {
            self.progress.observe(&self.store, &task, &report, record.published_at).await?;
        }
        if !matches!(report.report, Report::Alive { .. }) {
            self.wanted.notify_one();
        }
        Ok(())
    }

    fn track_slots(&self, report: &TaskReport, sent_at: Timestamp) {
        let mut workers = self.workers.lock();
        match report.report {
            Report::Claimed => workers.claimed(report.task_id, report.worker_id, sent_at),
            Report::Alive { .. } => {}
            Report::Done { .. } | Report::Failed { .. } | Report::Stopped { .. } => {
                workers.ended(report.task_id, report.worker_id);
            }
        }
    }

    /// Tells a run what it should have heard, or that it has no say any more.
    async fn answer(
        &self,
        task: &Task,
        report: &TaskReport,
        disposition: Disposition,
    ) -> Result<(), CoordinatorError> {
        let order = match disposition {
            Disposition::Accepted(order) => order,
            // An order is about an attempt: it would hit the run that has it. This one goes on unheard.
            Disposition::Revoke(StaleReason::OtherRun) => None,
            Disposition::Revoke(reason) => {
                tracing::info!(task_id = %task.id, run = %report.stamp.run, ?reason, "a run is revoked");
                Some(Order::Revoke)
            }
            Disposition::Refused(refusal) => {
                tracing::info!(task_id = %task.id, run = %report.stamp.run, %refusal, "a report is refused");
                Some(Order::Revoke)
            }
            Disposition::Duplicate | Disposition::Stale(_) | Disposition::UnknownTask => None,
        };
        let Some(order) = order else { return Ok(()) };
        let json = ControlMessage::new(task.id, report.stamp.epoch, order).to_json();
        let message = Message::new(Topic::Control, CONTROL_SCHEMA_VERSION as u16, json);
        self.bus.publish(message.with_key(task.id.to_string())).await?;
        Ok(())
    }

    async fn dead_letter(&self, record: &Record, error: &CoordinatorError) {
        let payload = record.payload.clone().unwrap_or_default();
        let letter = Message::new(Topic::ResultsDeadLetters, record.schema_version.unwrap_or(0), payload)
            .with_header("origin-topic", record.topic.to_string())
            .with_header("origin-partition", record.position.partition.to_string())
            .with_header("origin-offset", record.position.offset.to_string())
            .with_header("error", error.to_string());
        if let Err(error) = self.bus.publish(letter).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a message that cannot be taken is lost"
            );
        }
    }
}

/// Whether the report is the result of the last merge.
fn ends_inspection(task: &Task, report: &TaskReport) -> bool {
    let is_done = matches!(report.report, Report::Done { .. });
    let payload = Payload::from_bytes(&task.payload);
    is_done && matches!(payload, Ok(Payload::Merge(merge)) if merge.is_last())
}
