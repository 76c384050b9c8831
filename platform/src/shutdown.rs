//! How a process ends: asked by a signal, it finishes or hands back what it is at, within a deadline.

use std::future::Future;
use std::io;
use std::process::exit;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Exit code of a process that was told twice to end.
const TOLD_TWICE: i32 = 130;

/// The section `shutdown` of a configuration.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShutdownSettings {
    /// How long what is at work may take to finish or to be handed back.
    pub deadline_ms: u64,
}

impl Default for ShutdownSettings {
    fn default() -> Self {
        Self { deadline_ms: 25_000 }
    }
}

impl ShutdownSettings {
    /// The same as a duration.
    pub fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms)
    }
}

/// Not everything ended within the deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not everything ended in time; what was at work is done again")]
pub struct TooLate;

/// Does the work to its end; once `shutdown` is cancelled, for so long at most.
pub async fn within_deadline<T>(
    work: impl Future<Output = T>,
    shutdown: &CancellationToken,
    deadline: Duration,
) -> Result<T, TooLate> {
    let too_late = async {
        shutdown.cancelled().await;
        tokio::time::sleep(deadline).await;
    };
    tokio::select! {
        biased;
        done = work => Ok(done),
        () = too_late => Err(TooLate),
    }
}

/// The token is cancelled at the first SIGINT or SIGTERM; the second one ends the process at once.
pub fn on_signals(shutdown: CancellationToken) -> io::Result<()> {
    let mut signals =
        Signals { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? };
    tokio::spawn(async move {
        signals.next().await;
        tracing::info!("asked to end: finishing what can be finished; a second signal ends at once");
        shutdown.cancel();
        signals.next().await;
        exit(TOLD_TWICE);
    });
    Ok(())
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_who_was_asked_to_end_is_late() {
        let (shutdown, second) = (CancellationToken::new(), Duration::from_secs(1));
        let work = async |seconds: u64| tokio::time::sleep(Duration::from_secs(seconds)).await;
        assert_eq!(within_deadline(work(60), &shutdown, second).await, Ok(()));
        shutdown.cancel();
        assert_eq!(within_deadline(work(60), &shutdown, second).await, Err(TooLate));
        assert_eq!(within_deadline(async { 7 }, &shutdown, Duration::ZERO).await, Ok(7));
    }
}
