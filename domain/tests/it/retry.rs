use std::time::Duration;

use data_inspector_domain::task::retry::{
    AttemptProgress, FailureCount, RetryBudget, RetryDecision, RetryPolicy,
};
use proptest::prelude::*;

/// What becomes of a task whose attempts all fail like this.
fn course(progress: impl Iterator<Item = AttemptProgress>) -> (u32, RetryBudget) {
    let mut failures = FailureCount::default();
    for made in progress {
        failures = failures.after(made);
        if let RetryDecision::Exhausted(budget) = RetryPolicy::default().decide(failures, 1) {
            return (failures.total, budget);
        }
    }
    unreachable!("the budgets end every course")
}

fn wait(policy: &RetryPolicy, failures: FailureCount, seed: u64) -> Duration {
    match policy.decide(failures, seed) {
        RetryDecision::RetryAfter(wait) => wait,
        RetryDecision::Exhausted(budget) => panic!("{budget:?} is used up by {failures:?}"),
    }
}

#[test]
fn the_fifth_failure_in_a_row_without_progress_is_the_last() {
    assert_eq!(course(std::iter::repeat(AttemptProgress::None)), (5, RetryBudget::WithoutProgress));
}

#[test]
fn the_twentieth_failure_is_the_last_even_with_progress() {
    assert_eq!(course(std::iter::repeat(AttemptProgress::Made)), (20, RetryBudget::Total));
}

#[test]
fn progress_makes_up_for_failures_before_it() {
    let four_without_then_one_with = [AttemptProgress::None; 4].into_iter().chain([AttemptProgress::Made]);
    assert_eq!(course(four_without_then_one_with.cycle()), (20, RetryBudget::Total));
}

#[test]
fn waits_grow_fourfold_up_to_a_bound() {
    let policy =
        RetryPolicy { max_attempts_without_progress: 100, max_attempts: 100, ..RetryPolicy::default() };
    let mut waits_by_failures = String::new();
    for without_progress in [0, 1, 2, 3, 4, 6, 7, 8, 40, 99] {
        let failures = FailureCount { without_progress, total: 99 };
        let waits =
            [1, 2, 3, u64::MAX].map(|seed| format!("{:>6}", wait(&policy, failures, seed).as_millis()));
        waits_by_failures
            .push_str(&format!("{without_progress:>2} without progress: {} ms\n", waits.join(" ")));
    }
    insta::assert_snapshot!(waits_by_failures);
}

#[test]
fn waits_of_tasks_that_failed_together_are_spread() {
    let failures = FailureCount { without_progress: 3, total: 3 };
    let waits = (0..1000).map(|seed| wait(&RetryPolicy::default(), failures, seed).as_millis());
    let mut quarters = [0_u32; 4];
    for millis in waits {
        quarters[(millis as usize - 8000) / 2001] += 1;
    }
    assert!(quarters.iter().all(|count| (200..300).contains(count)), "{quarters:?}");
}

proptest! {
    #[test]
    fn a_wait_is_between_half_of_the_longest_and_the_longest(
        base_ms in 0..100_000_u64, max_ms in 0..10_000_000_u64, without_progress in 0..50_u32, seed: u64,
    ) {
        let policy = RetryPolicy {
            max_attempts_without_progress: u32::MAX,
            max_attempts: u32::MAX,
            backoff_base: Duration::from_millis(base_ms),
            backoff_max: Duration::from_millis(max_ms),
        };
        let failures = FailureCount { without_progress, total: without_progress };
        let factor = 4_u64.saturating_pow(without_progress.saturating_sub(1));
        let longest = Duration::from_millis(base_ms.saturating_mul(factor).min(max_ms));
        let wait = wait(&policy, failures, seed);
        prop_assert!(longest / 2 <= wait && wait <= longest, "{:?} of {:?}", wait, longest);
    }

    #[test]
    fn no_policy_panics(without_progress: u32, more: u32, seed: u64, seconds: u64) {
        let longest = Duration::from_secs(seconds);
        let policy = RetryPolicy { backoff_base: longest, backoff_max: Duration::MAX, ..RetryPolicy::default() };
        let failures = FailureCount { without_progress, total: without_progress.saturating_add(more) };
        policy.decide(failures.after(AttemptProgress::None), seed);
    }
}
