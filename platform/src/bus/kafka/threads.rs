//! The threads of the consumers, counted, so that closing the bus can wait for them.

use std::thread;
use std::time::Duration;

use rdkafka::error::{KafkaError, KafkaResult};
use tokio::sync::watch;

/// The threads that run.
pub(super) struct Threads {
    running: watch::Sender<usize>,
}

impl Threads {
    pub(super) fn new() -> Self {
        Self { running: watch::Sender::new(0) }
    }

    /// Runs this on a thread of its own.
    pub(super) fn spawn(&self, name: &str, run: impl FnOnce() + Send + 'static) -> KafkaResult<()> {
        let running = Running::new(self.running.clone());
        let started = thread::Builder::new().name(name.to_owned()).spawn(move || {
            run();
            drop(running);
        });
        started.map(drop).map_err(|error| KafkaError::ClientCreation(error.to_string()))
    }

    /// Waits until none runs, at most so long; says whether it came to that.
    pub(super) async fn ended(&self, at_most: Duration) -> bool {
        let mut running = self.running.subscribe();
        let none = running.wait_for(|count| *count == 0);
        tokio::time::timeout(at_most, none).await.is_ok()
    }
}

struct Running(watch::Sender<usize>);

impl Running {
    fn new(count: watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}
