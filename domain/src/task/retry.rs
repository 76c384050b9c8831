//! How often a task is tried, and how long it waits in between.
//!
//! Two budgets, because the two cases differ: a task that fails without getting anywhere will most likely
//! fail again, one that gets further each time is worth more patience. They count failures of a task, not
//! leaves inspected again, not revocations, not outages of the broker.

use std::time::Duration;

/// The budgets and the back-off, as configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// This many failed attempts in a row, none of which made progress, are too many.
    pub max_attempts_without_progress: u32,
    /// This many failed attempts altogether are too many.
    pub max_attempts: u32,
    /// Upper end of the wait after the first failure, and after one with progress.
    pub backoff_base: Duration,
    /// Upper end of any wait.
    pub backoff_max: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts_without_progress: 5,
            max_attempts: 20,
            backoff_base: Duration::from_secs(1),
            backoff_max: Duration::from_secs(300),
        }
    }
}

/// The failed attempts of a task so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FailureCount {
    /// Those since an attempt last made progress.
    pub without_progress: u32,
    /// All of them.
    pub total: u32,
}

/// Whether a failed attempt left anything durable that the attempts before it had not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptProgress {
    /// Something.
    Made,
    /// Nothing.
    None,
    /// It never began: no worker took its message. The task is not to blame, so this counts altogether only.
    NotBegun,
}

/// What to do after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryDecision {
    /// Try again after this time.
    RetryAfter(Duration),
    /// Quarantine the task.
    Exhausted(RetryBudget),
}

/// One of the two budgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryBudget {
    /// [`RetryPolicy::max_attempts_without_progress`].
    WithoutProgress,
    /// [`RetryPolicy::max_attempts`].
    Total,
}

impl FailureCount {
    /// The count after one more failed attempt.
    pub fn after(self, progress: AttemptProgress) -> Self {
        let without_progress = match progress {
            AttemptProgress::Made => 0,
            AttemptProgress::None => self.without_progress.saturating_add(1),
            AttemptProgress::NotBegun => self.without_progress,
        };
        Self { without_progress, total: self.total.saturating_add(1) }
    }
}

impl RetryPolicy {
    /// Decides after a failed attempt, which `failures` includes. The same seed gives the same wait; take one
    /// that differs between tasks and attempts, or tasks that failed together come back together.
    pub fn decide(&self, failures: FailureCount, seed: u64) -> RetryDecision {
        if failures.without_progress >= self.max_attempts_without_progress {
            return RetryDecision::Exhausted(RetryBudget::WithoutProgress);
        }
        if failures.total >= self.max_attempts {
            return RetryDecision::Exhausted(RetryBudget::Total);
        }
        RetryDecision::RetryAfter(jittered(self.longest_wait(failures), seed))
    }

    /// The base, times four with each failure after the first that made no progress: a worker that died costs
    /// a second, and a storage that is away for a minute does not use up the budget.
    fn longest_wait(&self, failures: FailureCount) -> Duration {
        let factor = 4_u32.saturating_pow(failures.without_progress.saturating_sub(1));
        self.backoff_base.saturating_mul(factor).min(self.backoff_max)
    }
}

/// A wait between half of the longest and the longest, spread evenly over the seeds.
fn jittered(longest: Duration, seed: u64) -> Duration {
    let half_nanos = u64::try_from(longest.as_nanos() / 2).unwrap_or(u64::MAX);
    let share_nanos = (u128::from(split_mix(seed)) * u128::from(half_nanos)) >> 64;
    longest - Duration::from_nanos(share_nanos as u64)
}

/// The output function of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): neighbouring seeds, unrelated values.
fn split_mix(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
