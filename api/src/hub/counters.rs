//! What a hub has handed out, and to how many, for metrics.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts subscribers and frames.
#[derive(Debug, Default)]
pub struct HubCounters {
    subscriptions: AtomicU64,
    frames: AtomicU64,
    executions: AtomicU64,
}

impl HubCounters {
    /// Subscriptions that are open.
    pub fn subscriptions(&self) -> u64 {
        self.subscriptions.load(Ordering::Relaxed)
    }

    /// Frames that were handed to subscribers since the hub was opened.
    pub fn frames(&self) -> u64 {
        self.frames.load(Ordering::Relaxed)
    }

    /// Times a selection was executed on a frame of events: fewer than frames, where equal subscribers share.
    pub fn executions(&self) -> u64 {
        self.executions.load(Ordering::Relaxed)
    }

    /// Counts one of those.
    pub fn a_frame_is_executed(&self) {
        self.executions.fetch_add(1, Ordering::Relaxed);
    }
}

/// A subscription that is open as long as this value lives.
pub(super) struct Subscriber(Arc<HubCounters>);

impl Subscriber {
    pub(super) fn new(counters: &Arc<HubCounters>) -> Self {
        counters.subscriptions.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(counters))
    }

    pub(super) fn is_handed_a_frame(&self) {
        self.0.frames.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.0.subscriptions.fetch_sub(1, Ordering::Relaxed);
    }
}
