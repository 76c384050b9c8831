//! Counts a run of leaves on threads: reads, guesses, sequences, inspects again, merges. The one driver behind
//! `inspect FILE`, which counts all leaves of a file, and the service, which counts them split by split.

use data_inspector_domain::failure::{Failure, FailureCode};
use data_inspector_domain::spec::ResolvedSpec;
use data_inspector_engine::automaton::State;
use data_inspector_engine::lanes::TransitionVector;
use data_inspector_engine::limits::UNPROVEN_OVERRUN_BYTES;
use data_inspector_engine::partial::{LeafPartial, Partial};
use data_inspector_engine::scan::LeafContext;
use data_inspector_platform::source::ByteSource;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use crate::leaf::{LeafObserver, LeafReader};
use crate::plan::{Decided, Plan, Work};

/// How leaves are counted. Nothing here changes the result.
#[derive(Clone, Copy, Debug)]
pub struct InspectOptions {
    /// Threads that count.
    pub threads: NonZeroUsize,
    /// Bytes asked for in one read, at least 1.
    pub chunk_size_bytes: usize,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the run's leaves that are decided or being read.
    pub bytes_done: u64,
    /// Bytes of all its leaves; of the whole file if they are all.
    pub bytes_total: u64,
    /// Records in proven leaves.
    pub rows_done: u64,
    /// Defects in proven leaves.
    pub findings: u64,
}

/// Leaves to count.
pub(crate) struct LeafRun<'a> {
    pub(crate) source: &'a dyn ByteSource,
    pub(crate) spec: &'a ResolvedSpec,
    pub(crate) context: &'a Arc<LeafContext>,
    pub(crate) leaves: Range<u64>,
    pub(crate) bytes_total: u64,
    pub(crate) entry: RunEntry,
}

/// The state in which the first leaf of a run is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunEntry {
    /// It is proven: records are followed wherever they lead.
    Proven(State),
    /// It is assumed: what leads far past the end of the run is given up.
    Assumed(State),
}

/// What was counted.
pub(crate) struct CountedRun {
    /// All leaves of the run, given its entry state; meaningless if it was given up.
    pub(crate) partial: Partial,
    /// How the run acts on every entry state; `None` if it has no leaf.
    pub(crate) vector: Option<TransitionVector>,
    pub(crate) gave_up: bool,
    pub(crate) rows: u64,
    pub(crate) findings: u64,
    pub(crate) bytes_read: u64,
    pub(crate) leaves_inspected_again: u64,
}

/// Counts the leaves. `on_progress` is called from any of the threads, after each chunk.
pub(crate) fn count(
    run: &LeafRun<'_>,
    options: &InspectOptions,
    on_progress: &(dyn Fn(Progress) + Sync),
) -> Result<CountedRun, Failure> {
    let threads = options.threads.get();
    let plan = Plan::new(run.leaves.clone(), run.entry.state(), 2 * threads as u64);
    let job = Job {
        run,
        on_progress,
        bytes_read: AtomicU64::new(0),
        plan: Mutex::new(Shared { plan, failure: None }),
        changed: Condvar::new(),
        merged: Mutex::new(Partial::new(run.spec)),
        totals: Mutex::new((0, 0)),
    };
    let reader = || LeafReader::new(run.source, run.context, options.chunk_size_bytes.max(1), run.limit());
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| job.work(reader()));
        }
        // Whoever asks works, too: what they counted with is memory that they can finish with.
        job.work(reader());
    });
    job.finish()
}

impl RunEntry {
    fn state(self) -> State {
        match self {
            Self::Proven(state) | Self::Assumed(state) => state,
        }
    }
}

impl LeafRun<'_> {
    /// File offset past which no record is followed.
    fn limit(&self) -> u64 {
        match self.entry {
            RunEntry::Proven(_) => u64::MAX,
            RunEntry::Assumed(_) => {
                let end = self.leaves.end.checked_sub(1).map_or(0, |last| self.context.leaf_end(last));
                end.saturating_add(UNPROVEN_OVERRUN_BYTES)
            }
        }
    }
}

struct Shared {
    plan: Plan,
    failure: Option<Failure>,
}

/// One run, shared by its threads. Locks are taken one at a time.
struct Job<'a> {
    run: &'a LeafRun<'a>,
    on_progress: &'a (dyn Fn(Progress) + Sync),
    bytes_read: AtomicU64,
    plan: Mutex<Shared>,
    changed: Condvar,
    merged: Mutex<Partial>,
    /// Rows and defects that have been merged.
    totals: Mutex<(u64, u64)>,
}

impl Job<'_> {
    fn work(&self, mut reader: LeafReader<'_>) {
        let _guard = FailOnPanic(self);
        loop {
            let (leaf, entry) = match self.next_work() {
                Work::Count(leaf, entry) => (leaf, entry),
                Work::Wait | Work::Finished => return,
            };
            let decided = match reader.count(leaf, entry, self) {
                Ok(Some(counted)) => self.lock_plan().plan.add_counts(leaf, counted),
                Ok(None) => self.lock_plan().plan.give_up(leaf),
                Err(failure) => return self.fail(failure),
            };
            self.changed.notify_all();
            self.merge(decided);
        }
    }

    /// Waits until there is work, or none will come.
    fn next_work(&self) -> Work {
        let mut shared = self.lock_plan();
        loop {
            if shared.failure.is_some() {
                return Work::Finished;
            }
            match shared.plan.next_work() {
                Work::Wait => shared = self.changed.wait(shared).expect("no thread panics with the lock"),
                work @ (Work::Count(..) | Work::Finished) => return work,
            }
        }
    }

    fn merge(&self, decided: impl IntoIterator<Item = Decided>) {
        for decided in decided {
            let leaf = match decided {
                Decided::Proven(partial) => partial,
                Decided::Empty(leaf) => LeafPartial::empty(self.run.spec, leaf),
            };
            let (rows, defects) = (leaf.totals.rows, leaf.defects());
            if let Err(error) = self.merged.lock().expect("no thread panics with the lock").add_leaf(leaf) {
                return self.fail(internal().with_cause(&error));
            }
            let mut totals = self.totals.lock().expect("no thread panics with the lock");
            *totals = (totals.0 + rows, totals.1 + defects);
        }
    }

    fn fail(&self, failure: Failure) {
        self.lock_plan().failure.get_or_insert(failure);
        self.changed.notify_all();
    }

    fn lock_plan(&self) -> MutexGuard<'_, Shared> {
        self.plan.lock().expect("no thread panics with the lock")
    }

    fn finish(self) -> Result<CountedRun, Failure> {
        let Shared { plan, failure } = self.plan.into_inner().expect("no thread panicked");
        if let Some(failure) = failure {
            return Err(failure);
        }
        let (rows, findings) = self.totals.into_inner().expect("no thread panicked");
        Ok(CountedRun {
            partial: self.merged.into_inner().expect("no thread panicked"),
            vector: plan.vector().cloned(),
            gave_up: plan.gave_up,
            rows,
            findings,
            bytes_read: self.bytes_read.into_inner(),
            leaves_inspected_again: plan.inspected_again,
        })
    }
}

/// What a defect of this program leads to.
pub(crate) fn internal() -> Failure {
    Failure::new(FailureCode::Internal, "the inspection failed by a defect of its own")
}

/// Stops the other threads when one panics, instead of letting them wait for its leaf for ever.
struct FailOnPanic<'a>(&'a Job<'a>);

impl Drop for FailOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail(internal());
        }
    }
}

impl LeafObserver for Job<'_> {
    fn read(&self, bytes: u64) {
        let done = self.bytes_read.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let (rows_done, findings) = *self.totals.lock().expect("no thread panics with the lock");
        let bytes_total = self.run.bytes_total;
        (self.on_progress)(Progress { bytes_done: done.min(bytes_total), bytes_total, rows_done, findings });
    }

    fn vector(&self, leaf: u64, vector: TransitionVector) {
        let decided = self.lock_plan().plan.add_vector(leaf, vector);
        self.changed.notify_all();
        self.merge(decided);
    }
}
