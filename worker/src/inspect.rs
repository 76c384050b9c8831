//! Inspects a whole file on the threads of this machine.

use data_inspector_domain::failure::{Failure, FailureCode};
use data_inspector_domain::profile::Profile;
use data_inspector_domain::spec::{InspectionSpec, ResolvedSpec};
use data_inspector_engine::finish::finish;
use data_inspector_engine::lanes::TransitionVector;
use data_inspector_engine::partial::{LeafPartial, Partial};
use data_inspector_engine::scan::LeafContext;
use data_inspector_platform::source::ByteSource;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};

use crate::leaf::{LeafObserver, LeafReader};
use crate::plan::{Decided, Plan, Work};
use crate::survey::survey;

/// How a file is inspected. Nothing here changes the result.
#[derive(Clone, Copy, Debug)]
pub struct InspectOptions {
    /// Threads that count.
    pub threads: NonZeroUsize,
    /// Bytes asked for in one read, at least 1.
    pub chunk_size_bytes: usize,
}

/// How far an inspection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the file in leaves that are decided or being read.
    pub bytes_done: u64,
    /// Size of the file.
    pub bytes_total: u64,
    /// Records in proven leaves.
    pub rows_done: u64,
    /// Defects in proven leaves.
    pub findings: u64,
}

/// What it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadStats {
    /// Bytes read from the source, bytes read twice counted twice.
    pub bytes_read: u64,
    /// Leaves whose entry state had been guessed wrong.
    pub leaves_inspected_again: u64,
}

/// The answer.
pub struct Inspected {
    /// What is in the file.
    pub profile: Profile,
    /// How it was read.
    pub spec: ResolvedSpec,
    /// What it took.
    pub stats: ReadStats,
}

/// Inspects a file. `on_progress` is called from any of the threads, after each chunk.
pub fn inspect(
    source: &dyn ByteSource,
    spec: &InspectionSpec,
    options: &InspectOptions,
    on_progress: &(dyn Fn(Progress) + Sync),
) -> Result<Inspected, Failure> {
    let chunk_size_bytes = options.chunk_size_bytes.max(1);
    let (spec, surveyed) = survey(source, spec, chunk_size_bytes)?;
    let context = LeafContext::new(&spec);
    let threads = options.threads.get();
    let job = Job {
        spec: &spec,
        source,
        on_progress,
        bytes_read: AtomicU64::new(0),
        plan: Mutex::new(Shared { plan: Plan::new(&context, 2 * threads as u64), failure: None }),
        changed: Condvar::new(),
        merged: Mutex::new(Partial::new(&spec)),
        totals: Mutex::new((0, 0)),
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| job.work(LeafReader::new(source, &context, chunk_size_bytes)));
        }
    });
    let shared = job.plan.into_inner().expect("no thread panicked");
    if let Some(failure) = shared.failure {
        return Err(failure);
    }
    source.check_unchanged()?;
    let merged = job.merged.into_inner().expect("no thread panicked");
    let stats = ReadStats {
        bytes_read: surveyed + job.bytes_read.into_inner(),
        leaves_inspected_again: shared.plan.inspected_again,
    };
    Ok(Inspected { profile: finish(&spec, &merged), spec, stats })
}

struct Shared {
    plan: Plan,
    failure: Option<Failure>,
}

/// One inspection, shared by its threads. Locks are taken one at a time.
struct Job<'a> {
    spec: &'a ResolvedSpec,
    source: &'a dyn ByteSource,
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
                Ok(counted) => self.lock_plan().plan.add_counts(leaf, counted),
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
                Decided::Empty(leaf) => LeafPartial::empty(self.spec, leaf),
            };
            let (rows, defects) = (leaf.totals.rows, leaf.defects());
            if let Err(error) = self.merged.lock().expect("no thread panics with the lock").add_leaf(leaf) {
                let failure =
                    Failure::new(FailureCode::Internal, "the inspection failed by a defect of its own");
                return self.fail(failure.with_cause(&error));
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
}

/// Stops the other threads when one panics, instead of letting them wait for its leaf for ever.
struct FailOnPanic<'a>(&'a Job<'a>);

impl Drop for FailOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail(Failure::new(FailureCode::Internal, "the inspection failed by a defect of its own"));
        }
    }
}

impl LeafObserver for Job<'_> {
    fn read(&self, bytes: u64) {
        let done = self.bytes_read.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let (rows_done, findings) = *self.totals.lock().expect("no thread panics with the lock");
        let bytes_total = self.source.size_bytes();
        (self.on_progress)(Progress { bytes_done: done.min(bytes_total), bytes_total, rows_done, findings });
    }

    fn vector(&self, leaf: u64, vector: TransitionVector) {
        let decided = self.lock_plan().plan.add_vector(leaf, vector);
        self.changed.notify_all();
        self.merge(decided);
    }
}
