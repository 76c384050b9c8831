//! The life of an inspection: its states, the commands that move it, and what a person may do with it.
//!
//! The state says what the machinery does. What the data turned out to be is the [`Verdict`], how much of
//! the file that is based on is the [`Coverage`]: an inspection that found a broken file has `SUCCEEDED`.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is being done about an inspection. The last four are ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InspectionState {
    /// The bytes are not there yet. Every inspection starts here, if only for the length of a transaction.
    WaitingForFile,
    /// It can run, and no worker has taken any of it since it was queued.
    Queued,
    /// A worker has taken some of it.
    Running,
    /// Nothing of it can run now: everything that is left failed and waits to be tried again.
    RetryWait,
    /// A person holds it; workers are still finishing what they can keep.
    Pausing,
    /// A person holds it; no worker is at it.
    Paused,
    /// It was called off; workers may still be at it.
    Cancelling,
    /// The result is complete and durable.
    Succeeded,
    /// It cannot go on; what was found before is kept.
    Failed,
    /// It was called off, and no worker is at it.
    Cancelled,
    /// It came to its deadline, or was held for too long.
    Expired,
}

/// What the checks say about the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// Every check passed.
    Pass,
    /// Only checks failed that warn.
    Warn,
    /// A check failed that must not.
    Fail,
    /// There were no checks, or they were not decided.
    NotEvaluated,
}

/// How much of the file the result is based on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Coverage {
    /// Nothing.
    None,
    /// Parts of it, because the rest was not reached.
    Partial,
    /// A sample, because a sample was asked for.
    Sampled,
    /// Every byte.
    Complete,
}

/// What may happen to an inspection: by a person, or because the work came to some point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Command {
    /// The bytes of the file are there. For a file that is ready already: given with creation or retry, in
    /// the same transaction.
    FileReady,
    /// The bytes will not come.
    FileFailed,
    /// A worker has claimed the first task since the inspection was queued.
    Start,
    /// A person wants it held.
    Pause,
    /// The last running task stopped. Given at once with a pause or cancellation that finds none running.
    WorkDrained,
    /// A person wants it to go on.
    Resume,
    /// A person wants it called off.
    Cancel,
    /// No task is running, and none may be released before some time.
    BackOff,
    /// That time has come.
    RetryDue,
    /// The final profile is durable.
    Succeed,
    /// It cannot go on. Tasks that still run are revoked.
    Fail,
    /// A person wants another try of what is left.
    Retry,
    /// The deadline, or that of the pause, has passed. Tasks that still run are revoked.
    Expire,
}

/// Why a command does not fit a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefusalCode {
    /// What it wants is so already, or on its way: a repeated command, safe to ignore.
    AlreadySo,
    /// Something else has to happen first.
    TooEarly,
    /// It belongs to a step that is past.
    TooLate,
    /// The inspection is being paused or cancelled, and that is not over yet.
    WindingDown,
    /// The inspection is paused.
    OnHold,
    /// The inspection has ended.
    Ended,
}

/// A command that does not fit the state. Displayed, it is a sentence for the person who gave the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why, to decide by.
    pub code: RefusalCode,
    /// The state that refused.
    pub state: InspectionState,
    /// The command it refused.
    pub command: Command,
}

/// The state after a command, or why there is none. A command that is not refused always changes the state.
pub fn apply(state: InspectionState, command: Command) -> Result<InspectionState, Refusal> {
    use Command::*;
    use InspectionState::*;
    use RefusalCode::*;

    // A pause ends in whatever comes first. A cancellation ends in CANCELLED, even if a result comes first:
    // it was promised.
    let next = match (command, state) {
        (FileReady, WaitingForFile) => Ok(Queued),
        (FileReady, Queued | Running | RetryWait | Pausing | Paused | Cancelling) => Err(AlreadySo),
        (FileReady, Succeeded | Failed | Cancelled | Expired) => Err(Ended),

        (FileFailed, WaitingForFile) => Ok(Failed),
        (FileFailed, Queued | Running | RetryWait | Pausing | Paused | Cancelling) => Err(TooLate),
        (FileFailed, Succeeded | Failed | Cancelled | Expired) => Err(Ended),

        (Start, Queued) => Ok(Running),
        (Start, WaitingForFile | RetryWait) => Err(TooEarly),
        (Start, Running) => Err(AlreadySo),
        (Start, Pausing | Cancelling) => Err(WindingDown),
        (Start, Paused) => Err(OnHold),
        (Start, Succeeded | Failed | Cancelled | Expired) => Err(Ended),

        (Pause, Running) => Ok(Pausing),
        (Pause, Queued | RetryWait) => Ok(Paused),
        (Pause, WaitingForFile) => Err(TooEarly),
        (Pause, Pausing | Paused) => Err(AlreadySo),
        (Pause, Cancelling) => Err(WindingDown),
        (Pause, Succeeded | Failed | Cancelled | Expired) => Err(Ended),

        (WorkDrained, Pausing) => Ok(Paused),
        (WorkDrained, Cancelling) => Ok(Cancelled),
        (WorkDrained, WaitingForFile | Queued | Running | RetryWait) => Err(TooEarly),
        (WorkDrained, Paused | Cancelled) => Err(AlreadySo),
        (WorkDrained, Succeeded | Failed | Expired) => Err(Ended),

        (Resume, Paused) => Ok(Queued),
        (Resume, WaitingForFile | Queued | Running | RetryWait) => Err(AlreadySo),
        (Resume, Pausing | Cancelling) => Err(WindingDown),
        (Resume, Succeeded | Failed | Cancelled | Expired) => Err(Ended),

        (Cancel, Running | Pausing) => Ok(Cancelling),
        (Cancel, WaitingForFile | Queued | RetryWait | Paused) => Ok(Cancelled),
        (Cancel, Cancelling | Cancelled) => Err(AlreadySo),
        (Cancel, Succeeded | Failed | Expired) => Err(Ended),

        (BackOff, Queued | Running) => Ok(RetryWait),
        (BackOff, WaitingForFile) => Err(TooEarly),
        (BackOff, RetryWait) => Err(AlreadySo),
        (BackOff, Pausing | Cancelling) => Err(WindingDown),
        (BackOff, Paused) => Err(OnHold),
        (BackOff, Succeeded | Failed | Cancelled | Expired) => Err(Ended),

        (RetryDue, RetryWait) => Ok(Queued),
        (RetryDue, WaitingForFile) => Err(TooEarly),
        (RetryDue, Queued | Running) => Err(AlreadySo),
        (RetryDue, Pausing | Cancelling) => Err(WindingDown),
        (RetryDue, Paused) => Err(OnHold),
        (RetryDue, Succeeded | Failed | Cancelled | Expired) => Err(Ended),

        (Succeed, Running | Pausing) => Ok(Succeeded),
        (Succeed, WaitingForFile | Queued | RetryWait) => Err(TooEarly),
        (Succeed, Paused) => Err(OnHold),
        (Succeed, Cancelling) => Err(WindingDown),
        (Succeed, Succeeded) => Err(AlreadySo),
        (Succeed, Failed | Cancelled | Expired) => Err(Ended),

        (Fail, WaitingForFile | Queued | Running | RetryWait | Pausing | Paused) => Ok(Failed),
        (Fail, Cancelling) => Err(WindingDown),
        (Fail, Failed) => Err(AlreadySo),
        (Fail, Succeeded | Cancelled | Expired) => Err(Ended),

        (Expire, WaitingForFile | Queued | Running | RetryWait | Pausing | Paused) => Ok(Expired),
        (Expire, Cancelling) => Err(WindingDown),
        (Expire, Expired) => Err(AlreadySo),
        (Expire, Succeeded | Failed | Cancelled) => Err(Ended),

        (Retry, Failed | Cancelled | Expired) => Ok(WaitingForFile),
        (Retry, WaitingForFile | Queued | Running | RetryWait) => Err(TooEarly),
        (Retry, Pausing | Cancelling) => Err(WindingDown),
        (Retry, Paused) => Err(OnHold),
        (Retry, Succeeded) => Err(Ended),
    };
    next.map_err(|code| Refusal { code, state, command })
}

impl InspectionState {
    /// All states, ends last.
    pub const ALL: [Self; 11] = [
        Self::WaitingForFile,
        Self::Queued,
        Self::Running,
        Self::RetryWait,
        Self::Pausing,
        Self::Paused,
        Self::Cancelling,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
        Self::Expired,
    ];

    /// It has ended: nothing but a retry moves it any more.
    pub fn is_terminal(self) -> bool {
        match self {
            Self::WaitingForFile
            | Self::Queued
            | Self::Running
            | Self::RetryWait
            | Self::Pausing
            | Self::Paused
            | Self::Cancelling => false,
            Self::Succeeded | Self::Failed | Self::Cancelled | Self::Expired => true,
        }
    }

    fn clause(self) -> &'static str {
        match self {
            Self::WaitingForFile => "it waits for its file",
            Self::Queued => "it waits for a worker",
            Self::Running => "it is running",
            Self::RetryWait => "it waits to try again by itself",
            Self::Pausing => "it is being paused",
            Self::Paused => "it is paused",
            Self::Cancelling => "it is being cancelled",
            Self::Succeeded => "it has succeeded",
            Self::Failed => "it has failed",
            Self::Cancelled => "it was cancelled",
            Self::Expired => "it has expired",
        }
    }
}

impl Command {
    /// All commands.
    pub const ALL: [Self; 13] = [
        Self::FileReady,
        Self::FileFailed,
        Self::Start,
        Self::Pause,
        Self::WorkDrained,
        Self::Resume,
        Self::Cancel,
        Self::BackOff,
        Self::RetryDue,
        Self::Succeed,
        Self::Fail,
        Self::Expire,
        Self::Retry,
    ];

    fn predicate(self) -> &'static str {
        match self {
            Self::FileReady => "take its file",
            Self::FileFailed => "be told that its file failed",
            Self::Start => "start",
            Self::Pause => "be paused",
            Self::WorkDrained => "come to rest",
            Self::Resume => "be resumed",
            Self::Cancel => "be cancelled",
            Self::BackOff => "wait to try again",
            Self::RetryDue => "try again",
            Self::Succeed => "succeed",
            Self::Fail => "fail",
            Self::Expire => "expire",
            Self::Retry => "be retried",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the inspection cannot {}: {}", self.command.predicate(), self.state.clause())
    }
}

impl std::error::Error for Refusal {}

/// What a person may want to do with an inspection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InspectionVerb {
    /// Hold it.
    Pause,
    /// Let it go on.
    Resume,
    /// Call it off.
    Cancel,
    /// Try again what is left of it.
    Retry,
    /// Make a new inspection of the same file.
    Rerun,
}

/// Whether a person may do something now, as far as the state decides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InspectionAction {
    /// What they may want to do.
    pub verb: InspectionVerb,
    /// Why they may not; `None` if they may.
    pub refusal: Option<Refusal>,
}

impl InspectionVerb {
    /// All verbs, in the order they are offered.
    pub const ALL: [Self; 5] = [Self::Pause, Self::Resume, Self::Cancel, Self::Retry, Self::Rerun];

    /// The command it gives; `None` if it leaves this inspection as it is, whose state then has no say.
    pub fn command(self) -> Option<Command> {
        match self {
            Self::Pause => Some(Command::Pause),
            Self::Resume => Some(Command::Resume),
            Self::Cancel => Some(Command::Cancel),
            Self::Retry => Some(Command::Retry),
            Self::Rerun => None,
        }
    }
}

/// What may be done with an inspection in this state, and why not.
pub fn actions(state: InspectionState) -> [InspectionAction; 5] {
    InspectionVerb::ALL.map(|verb| {
        let refusal = verb.command().and_then(|command| apply(state, command).err());
        InspectionAction { verb, refusal }
    })
}
