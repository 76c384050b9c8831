//! How often, and after which pauses, a store is asked again.

use std::future::Future;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::timeout;

use super::{BlobError, BlobErrorKind, BlobKey, ReadCounters};

/// Retries of one request, or of one piece of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often it is tried again.
    pub max_retries: u32,
    /// Upper bound of the first pause; each next one is twice as long. The pause is random between half of it and
    /// all of it.
    pub first_pause: Duration,
    /// Upper bound of all pauses.
    pub longest_pause: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        let (first_pause, longest_pause) = (Duration::from_millis(100), Duration::from_secs(10));
        Self { max_retries: 8, first_pause, longest_pause }
    }
}

/// Counts the retries of one thing.
pub(super) struct Retries {
    policy: RetryPolicy,
    used: u32,
}

impl Retries {
    pub(super) fn new(policy: RetryPolicy) -> Self {
        Self { policy, used: 0 }
    }

    /// The pause before the next try, or `None` when the budget is used up.
    pub(super) fn next_pause(&mut self) -> Option<Duration> {
        if self.used >= self.policy.max_retries {
            return None;
        }
        let factor = 1_u32.checked_shl(self.used).unwrap_or(u32::MAX);
        self.used += 1;
        let longest = self.policy.first_pause.saturating_mul(factor).min(self.policy.longest_pause);
        Some(longest.mul_f64(0.5 + fastrand::f64() / 2.0))
    }

    pub(super) fn used(&self) -> u32 {
        self.used
    }

    /// Gives the budget anew: there was progress.
    pub(super) fn reset(&mut self) {
        self.used = 0;
    }
}

/// Makes a request, each time within the limit, until it succeeds, fails in a way that trying again cannot mend, or
/// the budget is used up.
pub(super) async fn retrying<T, F>(
    policy: RetryPolicy,
    limit: Duration,
    counters: &ReadCounters,
    (doing, key): (&'static str, &BlobKey),
    request: impl Fn() -> F,
) -> Result<T, BlobError>
where
    F: Future<Output = Result<T, BlobError>>,
{
    let mut retries = Retries::new(policy);
    loop {
        counters.requests.fetch_add(1, Ordering::Relaxed);
        let answer = timeout(limit, request()).await;
        let answer = answer
            .unwrap_or_else(|elapsed| Err(BlobErrorKind::Unavailable.on(doing, key).with_source(elapsed)));
        let error = match answer {
            Err(error) if error.kind.retryable() => error,
            final_answer => return final_answer,
        };
        let Some(pause) = retries.next_pause() else { return Err(error) };
        counters.retries.fetch_add(1, Ordering::Relaxed);
        let (cause, retry) = (error.source.as_deref().map(tracing::field::display), retries.used());
        tracing::warn!(%key, doing, retry, error = cause, "a request to the blob store is made again");
        tokio::time::sleep(pause).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_are_bounded_and_end() {
        let millis = Duration::from_millis;
        let policy = RetryPolicy { max_retries: 40, first_pause: millis(100), longest_pause: millis(1000) };
        let mut retries = Retries::new(policy);
        for upper in [100, 200, 400, 800].into_iter().chain([1000; 36]) {
            let pause = retries.next_pause().unwrap();
            assert!(pause >= millis(upper) / 2 && pause <= millis(upper), "{pause:?} of {upper}");
        }
        assert_eq!(retries.next_pause(), None);
        retries.reset();
        assert!(retries.next_pause().unwrap() <= millis(100));
    }
}
