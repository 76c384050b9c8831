//! A task: one message of work for a worker. Its states, and the commands that move it.
//!
//! Not here: which message of which run counts ([`fence`]), and how often a task is tried ([`retry`]).

pub mod fence;
pub mod retry;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a worker is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaskKind {
    /// Look at head, middle and tail of a file and say how it is to be read.
    Survey,
    /// Inspect a run of leaves.
    InspectSplit,
    /// Fold partials into one.
    Merge,
    /// Copy a file from a source into the blob store.
    Import,
    /// Write a result in another format.
    Export,
}

/// What is being done about a task. The last four are ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaskState {
    /// It waits for what it needs, or for its turn.
    Waiting,
    /// Its message is out, with a deadline for the claim.
    Released,
    /// A run holds it, with a lease that heartbeats renew.
    Claimed,
    /// An attempt failed; it waits for the next one to be due.
    RetryWait,
    /// Its result is accepted.
    Done,
    /// It failed in a way that trying again cannot mend.
    Failed,
    /// It failed so often that it is not tried again.
    Quarantined,
    /// It is not wanted any more.
    Cancelled,
}

/// What may happen to a task. Messages of workers have passed the [`fence`] first; a heartbeat that passes it
/// and is refused here comes from a run whose task has ended, and is answered with a revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Command {
    /// The dispatcher sends its message.
    Release,
    /// A run takes it.
    Claim,
    /// The run that holds it is alive, and may report progress. Renews the lease, keeps the state.
    Heartbeat,
    /// The run that holds it has the result.
    Finish,
    /// It stopped without a failure, or was not claimed yet: pause, drain of a worker, preemption. Costs no
    /// budget.
    PutBack,
    /// The attempt failed or its lease ran out, and the budget allows another.
    BackOff,
    /// The next attempt is due.
    RetryDue,
    /// The attempt failed, and trying again cannot help.
    Fail,
    /// The attempt failed or its lease ran out, and the budget is used up.
    Quarantine,
    /// It is not wanted any more. While the inspection is `CANCELLING`, a claimed task is cancelled only
    /// when its run has stopped or lost its lease: until then somebody is at it.
    Cancel,
    /// A person wants another try of the inspection. The budgets start anew, the epochs go on.
    Retry,
}

/// Why a command does not fit a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefusalCode {
    /// What it wants is so already: a repeated command, safe to ignore.
    AlreadySo,
    /// No message of it is out.
    NotReleased,
    /// No run holds it.
    NotClaimed,
    /// A run holds it.
    Claimed,
    /// It waits for its next attempt to be due.
    BackingOff,
    /// It has not ended.
    NotEnded,
    /// It has ended.
    Ended,
}

/// A command that does not fit the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why, to decide by.
    pub code: RefusalCode,
    /// The state that refused.
    pub state: TaskState,
    /// The command it refused.
    pub command: Command,
}

/// The state after a command, or why there is none. Only a heartbeat keeps the state.
pub fn apply(state: TaskState, command: Command) -> Result<TaskState, Refusal> {
    use Command::*;
    use RefusalCode::{AlreadySo, BackingOff, Ended, NotClaimed, NotEnded, NotReleased};
    use TaskState::*;

    let next = match (command, state) {
        (Release, Waiting) => Ok(Released),
        (Release, Released) => Err(AlreadySo),
        (Release, Claimed) => Err(RefusalCode::Claimed),
        (Release, RetryWait) => Err(BackingOff),
        (Release, Done | Failed | Quarantined | Cancelled) => Err(Ended),

        (Claim, Released) => Ok(Claimed),
        (Claim, Waiting) => Err(NotReleased),
        (Claim, Claimed) => Err(AlreadySo),
        (Claim, RetryWait) => Err(BackingOff),
        (Claim, Done | Failed | Quarantined | Cancelled) => Err(Ended),

        (Heartbeat, Claimed) => Ok(Claimed),
        (Heartbeat, Waiting | Released | RetryWait) => Err(NotClaimed),
        (Heartbeat, Done | Failed | Quarantined | Cancelled) => Err(Ended),

        (Finish, Claimed) => Ok(Done),
        (Finish, Waiting | Released | RetryWait) => Err(NotClaimed),
        (Finish, Done) => Err(AlreadySo),
        (Finish, Failed | Quarantined | Cancelled) => Err(Ended),

        (PutBack, Released | Claimed) => Ok(Waiting),
        (PutBack, Waiting) => Err(AlreadySo),
        (PutBack, RetryWait) => Err(BackingOff),
        (PutBack, Done | Failed | Quarantined | Cancelled) => Err(Ended),

        (BackOff, Released | Claimed) => Ok(RetryWait),
        (BackOff, Waiting) => Err(NotReleased),
        (BackOff, RetryWait) => Err(AlreadySo),
        (BackOff, Done | Failed | Quarantined | Cancelled) => Err(Ended),

        (RetryDue, RetryWait) => Ok(Waiting),
        (RetryDue, Waiting | Released | Claimed) => Err(AlreadySo),
        (RetryDue, Done | Failed | Quarantined | Cancelled) => Err(Ended),

        (Fail, Claimed) => Ok(Failed),
        (Fail, Waiting | Released | RetryWait) => Err(NotClaimed),
        (Fail, Failed) => Err(AlreadySo),
        (Fail, Done | Quarantined | Cancelled) => Err(Ended),

        (Quarantine, Released | Claimed) => Ok(Quarantined),
        (Quarantine, Waiting) => Err(NotReleased),
        (Quarantine, RetryWait) => Err(BackingOff),
        (Quarantine, Quarantined) => Err(AlreadySo),
        (Quarantine, Done | Failed | Cancelled) => Err(Ended),

        (Cancel, Waiting | Released | Claimed | RetryWait) => Ok(Cancelled),
        (Cancel, Cancelled) => Err(AlreadySo),
        (Cancel, Done | Failed | Quarantined) => Err(Ended),

        (Retry, Failed | Quarantined | Cancelled) => Ok(Waiting),
        (Retry, Waiting | Released | Claimed | RetryWait) => Err(NotEnded),
        (Retry, Done) => Err(Ended),
    };
    next.map_err(|code| Refusal { code, state, command })
}

impl TaskState {
    /// All states, ends last.
    pub const ALL: [Self; 8] = [
        Self::Waiting,
        Self::Released,
        Self::Claimed,
        Self::RetryWait,
        Self::Done,
        Self::Failed,
        Self::Quarantined,
        Self::Cancelled,
    ];

    /// It has ended: nothing but a retry of the inspection moves it any more.
    pub fn is_terminal(self) -> bool {
        match self {
            Self::Waiting | Self::Released | Self::Claimed | Self::RetryWait => false,
            Self::Done | Self::Failed | Self::Quarantined | Self::Cancelled => true,
        }
    }

    fn clause(self) -> &'static str {
        match self {
            Self::Waiting => "it waits for its turn",
            Self::Released => "no run has claimed it",
            Self::Claimed => "a run holds it",
            Self::RetryWait => "it waits for its next attempt",
            Self::Done => "it is done",
            Self::Failed => "it has failed",
            Self::Quarantined => "it is quarantined",
            Self::Cancelled => "it was cancelled",
        }
    }
}

impl Command {
    /// All commands.
    pub const ALL: [Self; 11] = [
        Self::Release,
        Self::Claim,
        Self::Heartbeat,
        Self::Finish,
        Self::PutBack,
        Self::BackOff,
        Self::RetryDue,
        Self::Fail,
        Self::Quarantine,
        Self::Cancel,
        Self::Retry,
    ];

    /// With it the task's next epoch begins ([`fence::Hold::next_epoch`]), so that no earlier run comes back.
    pub fn starts_next_epoch(self) -> bool {
        match self {
            Self::PutBack | Self::BackOff | Self::Retry => true,
            Self::Release
            | Self::Claim
            | Self::Heartbeat
            | Self::Finish
            | Self::RetryDue
            | Self::Fail
            | Self::Quarantine
            | Self::Cancel => false,
        }
    }

    fn predicate(self) -> &'static str {
        match self {
            Self::Release => "be released",
            Self::Claim => "be claimed",
            Self::Heartbeat => "be kept by a heartbeat",
            Self::Finish => "be done",
            Self::PutBack => "be put back",
            Self::BackOff => "wait for another attempt",
            Self::RetryDue => "be due again",
            Self::Fail => "fail",
            Self::Quarantine => "be quarantined",
            Self::Cancel => "be cancelled",
            Self::Retry => "be retried",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the task cannot {}: {}", self.command.predicate(), self.state.clause())
    }
}

impl std::error::Error for Refusal {}
