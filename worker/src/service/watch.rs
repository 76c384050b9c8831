//! What the threads of an attempt and the task that speaks for them share.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use data_inspector_domain::failure::{Failure, FailureCode};
use data_inspector_platform::source::ByteSource;

/// How far an attempt is, and whether it shall stop.
#[derive(Default)]
pub(super) struct Watch {
    bytes_read: AtomicU64,
    stopped: AtomicBool,
}

/// Why an attempt shall stop. What follows is the same: it says that it stopped, and the coordinator knows why.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stop {
    /// The coordinator wants it.
    Ordered,
    /// The worker ends.
    HandBack,
    /// Nobody speaks for it any more.
    Abandoned,
}

impl Watch {
    pub(super) fn stop(&self, why: Stop) {
        tracing::debug!(?why, "an attempt is told to stop");
        self.stopped.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    /// Fails once the attempt shall stop.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.is_stopped() {
            return Err(Failure::new(FailureCode::Cancelled, "the work was stopped"));
        }
        Ok(())
    }
}

/// A file whose reader is counted, and stopped between two chunks.
pub(super) struct Watched<'a, S> {
    pub(super) source: S,
    pub(super) watch: &'a Watch,
}

impl<S: ByteSource> ByteSource for Watched<'_, S> {
    fn size_bytes(&self) -> u64 {
        self.source.size_bytes()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Failure> {
        self.watch.check()?;
        let count = self.source.read_at(offset, buffer)?;
        self.watch.bytes_read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }

    fn expect(&self, range: Range<u64>) {
        self.source.expect(range);
    }

    fn check_unchanged(&self) -> Result<(), Failure> {
        self.source.check_unchanged()
    }
}
