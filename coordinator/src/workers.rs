//! Which workers live, and how many tasks each can start soon. Pure; what is known of it comes from heartbeats and
//! from what passes by, and is forgotten with the coordinator.
//!
//! **The window.** A task is *out* from its release until its worker has said on the bus that the attempt has ended.
//! Of one coordinator no more tasks are out than live workers have slots:
//! * A task takes a slot from its release on ([`Worker::addressed`]), and goes on taking it as [`Worker::running`]
//!   when its claim is heard or a heartbeat lists it. It is in one of the two without a break.
//! * The slot is given back when the end is heard, or by a heartbeat that does not list the task and was sent after
//!   its claim. A worker lets neither of claims and heartbeats overtake the other, lists what it has claimed until
//!   the end is on the bus, and never claims twice: such a heartbeat says that the attempt has ended. One that was
//!   sent before the claim says nothing and takes nothing away, however late it comes.
//! * A release needs a free slot, so that slots taken never exceed slots.
//!
//! Exempt is who is given up for dead: a task that nobody claims within its deadline, a worker that is silent.
//! Their leases run out, and their runs are revoked. In the store a task counts as claimed until the end is not only
//! said but taken, so that there may be more. Where several coordinators hear a worker in turn, each has its window.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use data_inspector_domain::id::{TaskId, WorkerId};
use data_inspector_domain::message::WorkerHeartbeat;
use data_inspector_domain::time::Timestamp;

/// The workers this coordinator hears.
pub(crate) struct Workers {
    /// A worker that was silent for so long is not given work.
    silence: Duration,
    /// A task that nobody claimed in this time does not take a slot any more.
    claim_deadline: Duration,
    by_id: HashMap<WorkerId, Worker>,
}

struct Worker {
    heard_at: Instant,
    slots: usize,
    partitions: Vec<u32>,
    /// The partition to address next, by its place.
    turn: usize,
    /// At it, and since when by the clock of the bus: when the claim was sent, or a heartbeat that lists it.
    running: HashMap<TaskId, Timestamp>,
    /// Released to it, and not claimed yet.
    addressed: HashMap<TaskId, Instant>,
}

impl Workers {
    pub(crate) fn new(silence: Duration, claim_deadline: Duration) -> Self {
        Self { silence, claim_deadline, by_id: HashMap::new() }
    }

    /// Takes how a worker was when it sent this. One that ends is forgotten.
    pub(crate) fn heard(&mut self, heartbeat: WorkerHeartbeat, sent_at: Timestamp, now: Instant) {
        if heartbeat.draining {
            self.by_id.remove(&heartbeat.worker_id);
            return;
        }
        let fresh = || Worker {
            heard_at: now,
            slots: 0,
            partitions: Vec::new(),
            turn: 0,
            running: HashMap::new(),
            addressed: HashMap::new(),
        };
        let worker = self.by_id.entry(heartbeat.worker_id).or_insert_with(fresh);
        worker.heard_at = now;
        worker.slots = heartbeat.slots as usize;
        worker.partitions = heartbeat.partitions;
        let listed: HashSet<TaskId> = heartbeat.running.into_iter().collect();
        worker.running.retain(|task, since| listed.contains(task) || *since >= sent_at);
        for task in listed {
            worker.running.entry(task).or_insert(sent_at);
            worker.addressed.remove(&task);
        }
    }

    /// Forgets workers and claims that are overdue.
    pub(crate) fn expire(&mut self, now: Instant) {
        let (silence, claim_deadline) = (self.silence, self.claim_deadline);
        self.by_id.retain(|_, worker| now.duration_since(worker.heard_at) < silence);
        for worker in self.by_id.values_mut() {
            worker.addressed.retain(|_, released_at| now.duration_since(*released_at) < claim_deadline);
        }
    }

    /// A worker has claimed a task, whoever it was addressed to.
    pub(crate) fn claimed(&mut self, task: TaskId, by: WorkerId, sent_at: Timestamp) {
        for worker in self.by_id.values_mut() {
            worker.addressed.remove(&task);
        }
        if let Some(worker) = self.by_id.get_mut(&by) {
            worker.running.insert(task, sent_at);
        }
    }

    /// A worker is done with a task.
    pub(crate) fn ended(&mut self, task: TaskId, by: WorkerId) {
        if let Some(worker) = self.by_id.get_mut(&by) {
            worker.running.remove(&task);
        }
    }

    /// Tasks that all workers together can start now.
    pub(crate) fn free(&self) -> usize {
        self.by_id.values().map(Worker::free).sum()
    }

    /// Takes a slot of the worker that has most for a task; its next partition.
    pub(crate) fn address(&mut self, task: TaskId, now: Instant) -> Option<u32> {
        let most_free = |worker: &&mut Worker| worker.free();
        let worker = self.by_id.values_mut().filter(|worker| worker.free() > 0).max_by_key(most_free)?;
        worker.turn = (worker.turn + 1) % worker.partitions.len();
        worker.addressed.insert(task, now);
        Some(worker.partitions[worker.turn])
    }

    /// The task was not released after all.
    pub(crate) fn not_released(&mut self, task: TaskId) {
        for worker in self.by_id.values_mut() {
            worker.addressed.remove(&task);
        }
    }
}

impl Worker {
    fn free(&self) -> usize {
        if self.partitions.is_empty() {
            return 0;
        }
        self.slots.saturating_sub(self.running.len() + self.addressed.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn worker(id: u128) -> WorkerId {
        WorkerId::from_uuid(Uuid::from_u128(id))
    }

    fn task(id: u128) -> TaskId {
        TaskId::from_uuid(Uuid::from_u128(id))
    }

    fn heartbeat(id: u128, slots: u32, running: &[u128], partitions: &[u32]) -> WorkerHeartbeat {
        WorkerHeartbeat {
            worker_id: worker(id),
            version: String::new(),
            slots,
            free: slots - running.len() as u32,
            running: running.iter().map(|id| task(*id)).collect(),
            partitions: partitions.to_vec(),
            draining: false,
        }
    }

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    fn workers() -> (Workers, Instant) {
        (Workers::new(Duration::from_secs(3), Duration::from_secs(5)), Instant::now())
    }

    #[test]
    fn never_more_than_the_slots_are_taken() {
        let (mut workers, now) = workers();
        workers.heard(heartbeat(1, 2, &[], &[4, 5]), at(10), now);
        workers.heard(heartbeat(2, 1, &[9], &[6]), at(10), now);
        assert_eq!(workers.free(), 2);
        let partitions = [workers.address(task(1), now), workers.address(task(2), now)];
        assert_eq!(partitions, [Some(5), Some(4)]);
        assert_eq!((workers.free(), workers.address(task(3), now)), (0, None));
        // A heartbeat from before the claim does not give the slot back.
        workers.heard(heartbeat(1, 2, &[], &[4, 5]), at(10), now);
        assert_eq!(workers.free(), 0);
        workers.claimed(task(1), worker(1), at(11));
        workers.ended(task(1), worker(1));
        assert_eq!(workers.free(), 1);
    }

    #[test]
    fn a_heartbeat_from_before_a_claim_takes_nothing_away() {
        let (mut workers, now) = workers();
        workers.heard(heartbeat(1, 1, &[], &[0]), at(10), now);
        workers.address(task(1), now);
        workers.claimed(task(1), worker(1), at(12));
        workers.heard(heartbeat(1, 1, &[], &[0]), at(11), now);
        assert_eq!(workers.free(), 0, "it was sent before the claim");
        workers.heard(heartbeat(1, 1, &[1], &[0]), at(13), now);
        workers.heard(heartbeat(1, 1, &[], &[0]), at(14), now);
        assert_eq!(workers.free(), 1, "the end is on its way");
        workers.claimed(task(2), worker(1), at(15));
        workers.heard(heartbeat(1, 1, &[], &[0]), at(16), now);
        assert_eq!(workers.free(), 1);
    }

    #[test]
    fn a_task_claimed_elsewhere_takes_the_slot_there() {
        let (mut workers, now) = workers();
        workers.heard(heartbeat(1, 2, &[], &[0]), at(10), now);
        workers.heard(heartbeat(2, 1, &[], &[1]), at(10), now);
        workers.address(task(1), now);
        workers.claimed(task(1), worker(2), at(11));
        assert_eq!(workers.free(), 2);
    }

    #[test]
    fn the_silent_the_draining_and_those_without_partition_get_nothing() {
        let (mut workers, now) = workers();
        workers.heard(heartbeat(1, 2, &[], &[0]), at(10), now);
        workers.heard(heartbeat(2, 2, &[], &[]), at(10), now);
        assert_eq!(workers.free(), 2);
        workers.heard(WorkerHeartbeat { draining: true, ..heartbeat(1, 2, &[], &[0]) }, at(10), now);
        assert_eq!(workers.free(), 0);
        workers.heard(heartbeat(3, 2, &[], &[1]), at(10), now);
        workers.address(task(1), now);
        workers.expire(now + Duration::from_secs(2));
        assert_eq!(workers.free(), 1);
        workers.expire(now + Duration::from_secs(4));
        assert_eq!(workers.free(), 0);
    }

    #[test]
    fn an_unclaimed_task_frees_its_slot_in_the_end() {
        let (mut workers, now) = workers();
        workers.heard(heartbeat(1, 1, &[], &[0]), at(10), now);
        workers.address(task(1), now);
        let later = now + Duration::from_secs(6);
        workers.heard(heartbeat(1, 1, &[], &[0]), at(10), later);
        workers.expire(later);
        assert_eq!(workers.free(), 1);
    }
}
