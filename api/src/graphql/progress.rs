//! How far an inspection is.

use async_graphql::{Enum, Object};
use data_inspector_domain::{event, progress};

use super::scalar::{DateTime, Long};

/// What the work is at. Parts of it may be further.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "event::Phase")]
pub(super) enum Phase {
    /// Nothing has begun.
    Waiting,
    /// Finding out how the file is to be read.
    Detecting,
    /// Reading the file.
    Scanning,
    /// Putting partial results together.
    Merging,
    /// Evaluating the checks.
    Evaluating,
    /// Making the result durable.
    Publishing,
    /// Nothing is left to do.
    Done,
}

/// How far an inspection is.
#[derive(Clone)]
pub(super) struct Progress {
    pub(super) progress: progress::Progress,
    /// The result is durable.
    pub(super) is_complete: bool,
}

/// How far an inspection is. Numbers may fall when work is done again.
#[Object]
impl Progress {
    /// What the work is at.
    async fn phase(&self) -> Phase {
        self.progress.phase.into()
    }

    /// Share of the file that is counted, 0 to 1; 1 only when the result is durable.
    async fn fraction(&self) -> f64 {
        let Some(total) = Some(self.progress.bytes_total).filter(|total| *total > 0) else {
            return if self.is_complete { 1.0 } else { 0.0 };
        };
        let fraction = self.progress.bytes_done as f64 / total as f64;
        if self.is_complete { 1.0 } else { fraction.min(0.999) }
    }

    /// Bytes of the file that are counted, or being counted.
    async fn bytes_done(&self) -> Long {
        self.progress.bytes_done.into()
    }

    /// Size of the file in bytes.
    async fn bytes_total(&self) -> Long {
        self.progress.bytes_total.into()
    }

    /// Records in what is counted.
    async fn rows_done(&self) -> Long {
        self.progress.rows_done.into()
    }

    /// Defects in what is counted.
    async fn findings(&self) -> Long {
        self.progress.findings.into()
    }

    /// Parts of the file whose result is durable and proven.
    async fn splits_done(&self) -> Long {
        self.progress.splits_done.into()
    }

    /// Parts the file is inspected in; 0 until that is decided.
    async fn splits_total(&self) -> Long {
        self.progress.splits_total.into()
    }

    /// Parts that were counted again because a quoted line break or the like had misled the first attempt.
    async fn splits_inspected_again(&self) -> Long {
        self.progress.splits_inspected_again.into()
    }

    /// Workers that are at it now, each slot of a worker counted.
    async fn running_attempts(&self) -> Long {
        self.progress.running_attempts.into()
    }

    /// Bytes per second lately.
    async fn bytes_per_second(&self) -> Long {
        self.progress.bytes_per_second.into()
    }

    /// Seconds it will take at the present speed; null if it stands still or has ended.
    async fn seconds_left(&self) -> Option<f64> {
        let left = self.progress.bytes_total.saturating_sub(self.progress.bytes_done);
        let moves = self.progress.bytes_per_second > 0 && !self.is_complete;
        moves.then(|| left as f64 / self.progress.bytes_per_second as f64)
    }

    /// When this was so.
    async fn at(&self) -> DateTime {
        self.progress.at.into()
    }
}
