//! One attempt of a task: claim, signs of life, end.

use std::sync::Arc;
use std::time::Duration;

use data_inspector_domain::failure::Failure;
use data_inspector_domain::id::{Run, WorkerId};
use data_inspector_domain::message::{Outcome, Report, TaskMessage, TaskReport};
use data_inspector_domain::task::fence::Stamp;
use data_inspector_platform::blob::BlobStore;
use data_inspector_platform::bus::{BusError, Delivery};
use tokio::time::MissedTickBehavior;
use tracing::Instrument as _;

use super::WorkerConfig;
use super::documents::Documents;
use super::outlet::Outlet;
use super::watch::Watch;
use super::work::{Workplace, execute};

/// An attempt that begins.
pub(super) struct Attempt {
    pub(super) blobs: BlobStore,
    pub(super) outlet: Outlet,
    pub(super) config: WorkerConfig,
    pub(super) worker_id: WorkerId,
    pub(super) run: Run,
    pub(super) message: TaskMessage,
    pub(super) watch: Arc<Watch>,
    pub(super) delivery: Delivery,
}

/// Executes an attempt to its end, whatever that is, and reports it.
pub(super) async fn attempt(attempt: Attempt) {
    let TaskMessage { task_id, inspection_id, epoch, .. } = &attempt.message;
    let epoch = epoch.number();
    // Whatever is logged on behalf of the attempt says of which.
    let span =
        tracing::info_span!("attempt", %task_id, %inspection_id, epoch, worker_id = %attempt.worker_id);
    let speaking = async {
        tracing::debug!("an attempt begins");
        match speak_and_work(attempt).await {
            Ok(()) => tracing::debug!("an attempt has ended"),
            Err(error) => tracing::warn!(%error, "an attempt ends without a word"),
        }
    };
    speaking.instrument(span).await;
}

async fn speak_and_work(attempt: Attempt) -> Result<(), BusError> {
    let Attempt { blobs, outlet, config, worker_id, run, message, watch, delivery } = attempt;
    let heartbeat = Duration::from_millis(config.heartbeat_ms.max(1));
    let mut speaker = Speaker { outlet, worker_id, run, n: 0, message: &message };
    speaker.say(Report::Claimed).await?;
    delivery.ack();
    let documents = Documents {
        blobs,
        workspace_id: message.workspace_id,
        inspection_id: message.inspection_id,
        prefix: format!("{}.{run}", message.task_id),
        limit_bytes: config.max_document_bytes,
    };
    let workplace = Workplace { documents, config, watch: Arc::clone(&watch) };
    let work = execute(&workplace, &message);
    tokio::pin!(work);
    let mut regularly = tokio::time::interval(heartbeat);
    regularly.set_missed_tick_behavior(MissedTickBehavior::Delay);
    regularly.tick().await;
    let ended = loop {
        tokio::select! {
            ended = &mut work => break ended,
            _ = regularly.tick() => speaker.say(Report::Alive { bytes_done: watch.bytes_read() }).await?,
        }
    };
    speaker.say(end_of(ended, &watch)).await
}

fn end_of(ended: Result<Outcome, Failure>, watch: &Watch) -> Report {
    let bytes_done = watch.bytes_read();
    match ended {
        Ok(outcome) => Report::Done { bytes_done, outcome },
        Err(_) if watch.is_stopped() => Report::Stopped { bytes_done },
        Err(failure) => {
            tracing::warn!(code = ?failure.code, cause = failure.operator_message, "an attempt failed");
            Report::Failed { bytes_done, failure }
        }
    }
}

/// Numbers what a run says.
struct Speaker<'a> {
    outlet: Outlet,
    worker_id: WorkerId,
    run: Run,
    n: u64,
    message: &'a TaskMessage,
}

impl Speaker<'_> {
    async fn say(&mut self, report: Report) -> Result<(), BusError> {
        self.n += 1;
        let stamp = Stamp { epoch: self.message.epoch, run: self.run, n: self.n };
        let report = TaskReport {
            task_id: self.message.task_id,
            inspection_id: self.message.inspection_id,
            worker_id: self.worker_id,
            stamp,
            report,
        };
        self.outlet.report(report).await
    }
}
