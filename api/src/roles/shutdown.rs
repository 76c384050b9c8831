//! The signals by which a process is asked to end.

use std::io;
use std::process::exit;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Exit code of a process that was told twice to end.
const TOLD_TWICE: i32 = 130;

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
