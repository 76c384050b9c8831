//! The worker as a service: takes tasks from the bus, works on several at once, reports, stops when told.
//!
//! It has no database: what it knows of the world is the messages it gets, what it leaves is in the blob store,
//! and whether any of that counts is for the coordinator to say. A task's message is consumed as soon as the claim
//! is on the bus; a worker that dies after that is found out by its silence.

mod alerts;
mod attempt;
mod documents;
mod orders;
mod outlet;
mod watch;
mod work;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use data_inspector_domain::id::{Run, TaskId, WorkerId};
use data_inspector_domain::message::{TaskMessage, WorkerHeartbeat};
use data_inspector_domain::task::fence::Epoch;
use data_inspector_platform::blob::BlobStore;
use data_inspector_platform::bus::{
    BusError, Delivery, EventBus, GroupMember, JoinOptions, ReadFrom, Topic, TopicReader,
};
use serde::{Deserialize, Serialize};
use std::num::NonZeroUsize;
use tokio::sync::{oneshot, watch as state};
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use attempt::{Attempt, attempt};
use orders::Orders;
use outlet::Outlet;
use watch::{Stop, Watch};

/// What a worker needs.
#[derive(Clone)]
pub struct Deps {
    /// Where tasks come from and results go.
    pub bus: Arc<dyn EventBus>,
    /// Where files are, and where partials and profiles go.
    pub blobs: BlobStore,
}

/// How a worker works. Nothing here changes a result.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorkerConfig {
    /// Tasks it is at at once. With the size of states in the spec this bounds its memory: a slot holds about two
    /// partials per thread, and one more.
    #[serde(deserialize_with = "cores_if_zero")]
    pub slots: NonZeroUsize,
    /// Threads that count one split.
    pub threads_per_task: NonZeroUsize,
    /// Bytes handed to the engine at once. A stop is heeded between two chunks.
    pub chunk_size_bytes: usize,
    /// Time between two signs of life, of a task and of the worker.
    pub heartbeat_ms: u64,
    /// How long tasks may go on after the worker was asked to end; then they are handed back.
    pub drain_ms: u64,
    /// Largest document read from the blob store as a whole: a spec, a partial.
    pub max_document_bytes: u64,
    /// Size of a leaf in bytes, a power of two, where the spec does not say it. 0: it follows from the size of the
    /// file. The one setting here that is part of a result: the same on all workers, and for `inspect --leaf-size`.
    pub leaf_size_bytes: u64,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self {
            slots: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            threads_per_task: NonZeroUsize::MIN,
            chunk_size_bytes: 256 << 10,
            heartbeat_ms: 1_000,
            drain_ms: 20_000,
            max_document_bytes: 1 << 30,
            leaf_size_bytes: 0,
        }
    }
}

/// 0 stands for one per core.
fn cores_if_zero<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<NonZeroUsize, D::Error> {
    let slots = usize::deserialize(deserializer)?;
    Ok(NonZeroUsize::new(slots).unwrap_or_else(|| WorkerConfig::default().slots))
}

/// Why a worker ended.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The bus did not let it in.
    #[error("the worker cannot use the bus")]
    Bus(#[from] BusError),
}

/// Works until it is asked to end; then finishes what it is at, or hands it back. Dropping the future is like
/// killing the process: nothing is handed back. `on_ready` is called once the bus has let it in.
pub async fn run(
    deps: Deps,
    config: WorkerConfig,
    shutdown: CancellationToken,
    on_ready: impl FnOnce(),
) -> Result<(), WorkerError> {
    let mut control = deps.bus.read(Topic::Control, ReadFrom::Beginning).await?;
    let mut orders = Orders::default();
    // Orders are read before tasks: a task that was called off is not begun.
    while !control.caught_up() {
        match control.next().await {
            Ok(Some(record)) => drop(orders.take(&record)),
            Ok(None) => return Ok(()),
            Err(error) => tracing::warn!(%error, "orders were missed"),
        }
    }
    let options = JoinOptions { group: "workers".to_owned(), max_unacked: config.slots };
    let member = deps.bus.join(Topic::Tasks, options).await?;
    let worker_id = WorkerId::from_uuid(Uuid::now_v7());
    let assigned = member.assigned();
    let (health, seen) = state::channel(first_heartbeat(worker_id, &config));
    let outlet = Outlet::new(Arc::clone(&deps.bus));
    let mut helpers = JoinSet::new();
    helpers.spawn(outlet::send_heartbeats(
        outlet.clone(),
        seen,
        Duration::from_millis(config.heartbeat_ms.max(1)),
    ));
    tracing::info!(%worker_id, slots = config.slots.get(), "a worker is ready");
    on_ready();
    let service = Service {
        deps,
        config,
        worker_id,
        outlet,
        orders,
        health,
        assigned,
        running: HashMap::new(),
        attempts: JoinSet::new(),
    };
    service.serve(control, member, shutdown).await;
    tracing::info!(%worker_id, "the worker has ended");
    Ok(())
}

fn first_heartbeat(worker_id: WorkerId, config: &WorkerConfig) -> WorkerHeartbeat {
    let slots = config.slots.get() as u32;
    WorkerHeartbeat {
        worker_id,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        slots,
        free: slots,
        running: Vec::new(),
        partitions: Vec::new(),
        draining: false,
    }
}

struct Service {
    deps: Deps,
    config: WorkerConfig,
    worker_id: WorkerId,
    outlet: Outlet,
    orders: Orders,
    health: state::Sender<WorkerHeartbeat>,
    assigned: state::Receiver<Vec<u32>>,
    running: HashMap<Id, Running>,
    attempts: JoinSet<()>,
}

/// An attempt that is being worked on.
struct Running {
    task_id: TaskId,
    epoch: Epoch,
    watch: Arc<Watch>,
}

impl Drop for Running {
    /// Threads cannot be dropped; told to stop, they end at the next chunk.
    fn drop(&mut self) {
        self.watch.stop(Stop::Abandoned);
    }
}

impl Service {
    async fn serve(
        mut self,
        mut control: Box<dyn TopicReader>,
        mut member: Box<dyn GroupMember>,
        shutdown: CancellationToken,
    ) {
        self.tell_health(false);
        loop {
            let has_slot = self.running.len() < self.config.slots.get();
            tokio::select! {
                () = shutdown.cancelled() => break,
                record = control.next() => match record {
                    Ok(Some(record)) => self.heed(&record),
                    Ok(None) => break,
                    Err(error) => tracing::warn!(%error, "orders were missed"),
                },
                delivery = member.next(), if has_slot => match delivery {
                    Ok(Some(delivery)) => self.take(delivery).await,
                    Ok(None) => break,
                    Err(error) => self.outlet.pause_after(&error).await,
                },
                Some(ended) = self.attempts.join_next_with_id() => self.forget(ended),
                Ok(()) = self.assigned.changed() => self.tell_health(false),
            }
        }
        self.tell_health(true);
        member.leave().await;
        self.drain(control).await;
    }

    /// Lets attempts finish for a while, then has them handed back.
    async fn drain(&mut self, mut control: Box<dyn TopicReader>) {
        let deadline = tokio::time::sleep(Duration::from_millis(self.config.drain_ms));
        tokio::pin!(deadline);
        let mut patient = true;
        let mut hears_orders = true;
        while !self.attempts.is_empty() {
            tokio::select! {
                () = &mut deadline, if patient => {
                    patient = false;
                    self.running.values().for_each(|running| running.watch.stop(Stop::HandBack));
                }
                record = control.next(), if hears_orders => match record {
                    Ok(Some(record)) => self.heed(&record),
                    Ok(None) | Err(_) => hears_orders = false,
                },
                Some(ended) = self.attempts.join_next_with_id() => self.forget(ended),
            }
            self.tell_health(true);
        }
    }

    /// Takes an order, and stops whom it concerns.
    fn heed(&mut self, record: &data_inspector_platform::bus::Record) {
        let Some(order) = self.orders.take(record) else { return };
        let concerned = |running: &&Running| running.task_id == order.task_id && running.epoch <= order.epoch;
        self.running.values().filter(concerned).for_each(|running| running.watch.stop(Stop::Ordered));
    }

    async fn take(&mut self, delivery: Delivery) {
        let payload = delivery.record().payload.clone().unwrap_or_default();
        let message = match TaskMessage::from_json(&payload) {
            Ok(message) => message,
            Err(error) => {
                tracing::error!(%error, "a task cannot be read");
                self.outlet.dead_letter(delivery.record(), &error).await;
                return delivery.ack();
            }
        };
        if self.orders.cover(message.task_id, message.epoch) {
            return delivery.ack();
        }
        let watch = Arc::new(Watch::default());
        let running = Running { task_id: message.task_id, epoch: message.epoch, watch: Arc::clone(&watch) };
        let attempt = attempt(Attempt {
            blobs: self.deps.blobs.clone(),
            outlet: self.outlet.clone(),
            config: self.config.clone(),
            worker_id: self.worker_id,
            run: Run::from_uuid(Uuid::now_v7()),
            message,
            watch,
            delivery,
        });
        let (listed, is_listed) = oneshot::channel();
        let handle = self.attempts.spawn(async {
            // The claim comes after it is known that the worker is at it, so that no heartbeat contradicts it.
            let _ = is_listed.await;
            attempt.await;
        });
        self.running.insert(handle.id(), running);
        self.tell_health(false);
        let _ = listed.send(());
    }

    fn forget(&mut self, ended: Result<(Id, ()), tokio::task::JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => {
                tracing::error!(%error, "an attempt broke off");
                error.id()
            }
        };
        self.running.remove(&id);
        self.tell_health(false);
    }

    fn tell_health(&self, draining: bool) {
        let running: Vec<TaskId> = self.running.values().map(|running| running.task_id).collect();
        let partitions = self.assigned.borrow().clone();
        self.health.send_modify(|health| {
            health.draining |= draining;
            health.free = if health.draining { 0 } else { health.slots.saturating_sub(running.len() as u32) };
            health.running = running;
            health.partitions = if health.draining { Vec::new() } else { partitions };
        });
    }
}
