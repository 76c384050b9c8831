//! Makes reading slow on purpose: so that a test can see an inspection run, or a neighbour keeps his share of the line.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A token bucket that is emptied before it is paid: bytes that came late are caught up on for at most
/// [`Throttle::BURST`]. Whoever asks first is served first.
pub(super) struct Throttle {
    bytes_per_second: Option<u64>,
    /// When everything that was let through has been paid for.
    paid_at: Mutex<Option<Instant>>,
}

impl Throttle {
    const BURST: Duration = Duration::from_millis(50);

    /// Of so many bytes per second over all who take from it; `None`: no limit. Zero counts as one.
    pub(super) fn new(bytes_per_second: Option<u64>) -> Self {
        Self { bytes_per_second: bytes_per_second.map(|rate| rate.max(1)), paid_at: Mutex::default() }
    }

    /// When so many bytes may pass. They count from now on, whether or not they come.
    pub(super) fn book(&self, bytes: u64) -> Instant {
        let now = Instant::now();
        self.bytes_per_second.map_or(now, |rate| {
            let cost = Duration::from_secs_f64(bytes as f64 / rate as f64);
            self.book_at(now, cost)
        })
    }

    fn book_at(&self, now: Instant, cost: Duration) -> Instant {
        let mut paid_at = self.paid_at.lock().unwrap_or_else(PoisonError::into_inner);
        let free_from =
            paid_at.map_or(now, |paid_at| paid_at.max(now.checked_sub(Self::BURST).unwrap_or(now)));
        let due = free_from + cost;
        *paid_at = Some(due);
        due
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::time::sleep_until;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn all_who_take_share_the_rate() {
        let throttle = Arc::new(Throttle::new(Some(1000)));
        let start = Instant::now();
        let takers: Vec<_> = (0..10)
            .map(|_| {
                let throttle = Arc::clone(&throttle);
                tokio::spawn(async move {
                    for _ in 0..10 {
                        sleep_until(throttle.book(50)).await;
                    }
                })
            })
            .collect();
        for taker in takers {
            taker.await.unwrap();
        }
        let took = start.elapsed().as_millis();
        assert!((4_950..=5_100).contains(&took), "{took} ms for 5,000 bytes");
    }

    #[tokio::test(start_paused = true)]
    async fn idle_time_is_not_saved_up() {
        let throttle = Throttle::new(Some(1000));
        sleep_until(throttle.book(100)).await;
        tokio::time::advance(Duration::from_secs(3600)).await;
        let start = Instant::now();
        sleep_until(throttle.book(1000)).await;
        let took = start.elapsed();
        assert!(took >= Duration::from_millis(950), "{took:?}");
        sleep_until(Throttle::new(None).book(u64::MAX)).await;
        assert_eq!(start.elapsed(), took);
    }
}
