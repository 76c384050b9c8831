//! Decides what is done next, and is the only one that writes the state of jobs: relays what is committed,
//! dispatches tasks to workers, projects their results into state and events, sequences and plans splits and
//! merges, reconciles what nobody reports.
//!
//! Several coordinators may run: work is claimed by guarded updates, never assumed. Nothing that matters is only
//! in memory: whatever a coordinator was at when it died, another finds it in the store.
//!
//! ```text
//! outbox -> relay -> bus            results -> projector -> store (state, events, next tasks, outbox)
//! waiting tasks -> dispatcher -> outbox         leases, retries, forgotten steps -> reconciler -> store
//! ```

mod caretaker;
mod clock;
mod dispatcher;
mod error;
mod frontier;
mod plan;
mod progress;
mod projector;
mod reconciler;
mod relay;
mod shares;
mod step;
mod workers;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use data_inspector_domain::task::retry::RetryPolicy;
use data_inspector_platform::bus::{EventBus, JoinOptions, Topic};
use data_inspector_platform::store::{AttemptPolicy, Store};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use caretaker::{CareConfig, take_care};
pub use error::CoordinatorError;

use clock::ResultsClock;
use dispatcher::{Dispatcher, SharedWorkers};
use progress::SharedProgress;
use projector::Projector;
use reconciler::Reconciler;
use relay::Relay;
use shares::Shares;
use workers::Workers;

/// Results taken from the bus before the first of them is committed.
const MAX_UNACKED: NonZeroUsize = NonZeroUsize::new(64).expect("64 is not 0");

/// What a coordinator needs.
#[derive(Clone)]
pub struct Deps {
    /// Where state is kept.
    pub store: Store,
    /// Where tasks go and results come from.
    pub bus: Arc<dyn EventBus>,
}

/// How a coordinator coordinates. Nothing here changes a result.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CoordinatorConfig {
    /// How long what another process committed may wait for this one to see it.
    pub poll_ms: u64,
    /// How long a released task may wait to be claimed.
    pub claim_deadline_ms: u64,
    /// How long a run may be silent. Several of the workers' heartbeats.
    pub lease_ms: u64,
    /// A worker that was silent for so long gets no tasks.
    pub worker_silence_ms: u64,
    /// Time between two looks for overdue leases, due retries and forgotten steps.
    pub reconcile_ms: u64,
    /// Time between two reports of progress of one inspection.
    pub progress_ms: u64,
    /// Failed attempts of a task in a row that made no progress; so many are too many.
    pub max_attempts_without_progress: u32,
    /// Failed attempts of a task; so many are too many.
    pub max_attempts: u32,
    /// Longest wait after the first failed attempt.
    pub backoff_base_ms: u64,
    /// Longest wait after any.
    pub backoff_max_ms: u64,
    /// The bus lives and dies with this process: what was out when it starts is lost.
    pub bus_is_volatile: bool,
    /// Leaves per split, rounded up to a power of two; by default it follows from the size of the file.
    #[serde(with = "zero_is_none")]
    pub leaves_per_split: Option<u64>,
}

/// A configuration has no word for "none": it writes 0.
mod zero_is_none {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(value.unwrap_or(0))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
        Ok(Some(u64::deserialize(deserializer)?).filter(|value| *value > 0))
    }
}

impl Default for CoordinatorConfig {
    fn default() -> Self {
        let retry = RetryPolicy::default();
        Self {
            poll_ms: 30,
            claim_deadline_ms: 15_000,
            lease_ms: 10_000,
            worker_silence_ms: 5_000,
            reconcile_ms: 500,
            progress_ms: 500,
            max_attempts_without_progress: retry.max_attempts_without_progress,
            max_attempts: retry.max_attempts,
            backoff_base_ms: 1_000,
            backoff_max_ms: 300_000,
            bus_is_volatile: false,
            leaves_per_split: None,
        }
    }
}

impl CoordinatorConfig {
    fn policy(&self) -> AttemptPolicy {
        let retry = RetryPolicy {
            max_attempts_without_progress: self.max_attempts_without_progress,
            max_attempts: self.max_attempts,
            backoff_base: Duration::from_millis(self.backoff_base_ms),
            backoff_max: Duration::from_millis(self.backoff_max_ms),
        };
        AttemptPolicy { lease: Duration::from_millis(self.lease_ms), retry }
    }
}

/// Coordinates until it is asked to end. Dropping the future is like killing the process. `on_ready` is called once the
/// bus has let it in.
pub async fn run(
    deps: Deps,
    config: CoordinatorConfig,
    shutdown: CancellationToken,
    on_ready: impl FnOnce(),
) -> Result<(), CoordinatorError> {
    let Deps { store, bus } = deps;
    let shutdown = shutdown.child_token();
    let poll = Duration::from_millis(config.poll_ms.max(1));
    let claim_deadline = Duration::from_millis(config.claim_deadline_ms);
    let policy = config.policy();
    let options = JoinOptions { group: "coordinators".to_owned(), max_unacked: MAX_UNACKED };
    let member = bus.join(Topic::Results, options).await?;
    let clock = Arc::new(ResultsClock::new(member.assigned()));
    let silence = Duration::from_millis(config.worker_silence_ms);
    let workers = SharedWorkers::new(Workers::new(silence, claim_deadline));
    let progress = SharedProgress::default();
    let (committed, wanted) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let reconciler = Reconciler {
        store: store.clone(),
        bus: Arc::clone(&bus),
        clock: Arc::clone(&clock),
        retry: policy.retry,
        interval: Duration::from_millis(config.reconcile_ms.max(1)),
        leaves_per_split: config.leaves_per_split,
        committed: Arc::clone(&committed),
        wanted: Arc::clone(&wanted),
    };
    if config.bus_is_volatile {
        reconciler.take_back_all().await?;
    }
    let relay =
        Relay { store: store.clone(), bus: Arc::clone(&bus), committed: Arc::clone(&committed), poll };
    let dispatcher = Dispatcher {
        store: store.clone(),
        workers: workers.clone(),
        shares: Shares::default(),
        wanted: Arc::clone(&wanted),
        committed: Arc::clone(&committed),
        poll,
        claim_deadline,
    };
    let projector = Projector {
        store: store.clone(),
        bus: Arc::clone(&bus),
        workers,
        progress: progress.clone(),
        clock,
        policy,
        leaves_per_split: config.leaves_per_split,
        committed,
        wanted,
    };
    let progress_interval = Duration::from_millis(config.progress_ms.max(1));
    let mut parts = JoinSet::new();
    parts.spawn(relay.run(shutdown.clone()));
    parts.spawn(dispatcher.run(shutdown.clone()));
    parts.spawn(projector.run(member, shutdown.clone()));
    parts.spawn(reconciler.run(shutdown.clone()));
    parts.spawn(progress.run(store, bus, progress_interval, shutdown.clone()));
    tracing::info!("a coordinator is ready");
    on_ready();
    while let Some(ended) = parts.join_next().await {
        // One without the others is of no use.
        shutdown.cancel();
        if let Err(error) = ended {
            tracing::error!(error = &error as &dyn std::error::Error, "a part of the coordinator broke off");
        }
    }
    tracing::info!("the coordinator has ended");
    Ok(())
}
