//! The fence: which message of a worker still counts. Deliveries come twice, late and from workers that
//! were given up for dead; only the run that claimed the current epoch may change a task, each of its
//! messages once.
//!
//! The order of the checks matters. Were a message compared with the last number before the fence, that of
//! a run that lost could swallow one of the run that won.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::Run;

/// Number of an attempt of a task, from 1. It never falls, and rises whenever a task is taken from a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Epoch(u32);

impl Epoch {
    /// The first attempt.
    pub const FIRST: Self = Self(1);

    /// The attempt of this number, as stored.
    pub fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// The number of the attempt.
    pub fn number(self) -> u32 {
        self.0
    }

    /// The attempt after this one.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who holds a task, as the coordinator has it under the lock of the task's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The current attempt.
    pub epoch: Epoch,
    /// The run that claimed it, if one has.
    pub run: Option<Run>,
    /// Number of the last message accepted from that run; 0 before the first.
    pub last_n: u64,
}

/// What every result of a worker carries besides the task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stamp {
    /// The attempt its task message was for.
    pub epoch: Epoch,
    /// The execution that sends it.
    pub run: Run,
    /// Number of the message within the run, from 1.
    pub n: u64,
}

/// What a message says about the run that sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// It wants the task.
    Claim,
    /// It is at work: heartbeat, progress.
    Alive,
    /// It has ended: done, failed, stopped.
    End,
}

/// What to do with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fencing {
    /// It counts; the hold becomes [`Hold::after`].
    Accept,
    /// It has counted before, or a later one of the run has: drop it.
    Duplicate,
    /// It comes from a run that lost the task and has ended: drop it.
    Stale(StaleReason),
    /// It comes from a run that lost the task and does not know: drop it, and tell the worker to stop.
    Revoke(StaleReason),
}

/// Why a run has no say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaleReason {
    /// Its attempt is over.
    EpochOver,
    /// No such attempt was ever started: the database is older than the worker.
    EpochUnknown,
    /// Another run has claimed the attempt.
    OtherRun,
    /// It has not claimed the attempt, and nobody else has.
    NeverClaimed,
}

/// Decides about a message before anything else of it is looked at.
pub fn fence(hold: &Hold, stamp: &Stamp, signal: Signal) -> Fencing {
    match (stale_reason(hold, stamp, signal), signal) {
        (Some(reason), Signal::Claim | Signal::Alive) => Fencing::Revoke(reason),
        (Some(reason), Signal::End) => Fencing::Stale(reason),
        (None, _) if stamp.n <= hold.last_n => Fencing::Duplicate,
        (None, _) => Fencing::Accept,
    }
}

fn stale_reason(hold: &Hold, stamp: &Stamp, signal: Signal) -> Option<StaleReason> {
    if stamp.epoch < hold.epoch {
        return Some(StaleReason::EpochOver);
    }
    if stamp.epoch > hold.epoch {
        return Some(StaleReason::EpochUnknown);
    }
    match (hold.run, signal) {
        (Some(run), _) if run == stamp.run => None,
        (Some(_), _) => Some(StaleReason::OtherRun),
        (None, Signal::Claim) => None,
        (None, Signal::Alive | Signal::End) => Some(StaleReason::NeverClaimed),
    }
}

impl Hold {
    /// A task that no run has ever held.
    pub const NEW: Self = Self { epoch: Epoch::FIRST, run: None, last_n: 0 };

    /// The hold after a message that [`fence`] accepted.
    pub fn after(self, accepted: &Stamp) -> Self {
        Self { epoch: self.epoch, run: Some(accepted.run), last_n: accepted.n }
    }

    /// The hold after the task was taken from whoever had it.
    pub fn next_epoch(self) -> Self {
        Self { epoch: self.epoch.next(), run: None, last_n: 0 }
    }
}
