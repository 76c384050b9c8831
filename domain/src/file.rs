//! The life of a stored file: its states, and the commands that move it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the bytes of a file are. The last two are ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FileState {
    /// They are on their way.
    Transferring,
    /// They are all there, and pinned: they do not change any more.
    Ready,
    /// They will not come.
    Failed,
}

/// What may happen to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Command {
    /// The last byte is durable.
    Complete,
    /// The transfer was given up.
    Fail,
}

/// A command that does not fit the state. Displayed, it is a sentence for the person who gave the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The state that refused.
    pub state: FileState,
    /// The command it refused.
    pub command: Command,
}

/// The state after a command, or that there is none.
pub fn apply(state: FileState, command: Command) -> Result<FileState, Refusal> {
    match (command, state) {
        (Command::Complete, FileState::Transferring) => Ok(FileState::Ready),
        (Command::Fail, FileState::Transferring) => Ok(FileState::Failed),
        (Command::Complete | Command::Fail, FileState::Ready | FileState::Failed) => {
            Err(Refusal { state, command })
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.command {
            Command::Complete => "be completed",
            Command::Fail => "be given up",
        };
        let clause = match self.state {
            FileState::Transferring => "its transfer is not over",
            FileState::Ready => "it is complete",
            FileState::Failed => "its transfer has failed",
        };
        write!(f, "the file cannot {verb}: {clause}")
    }
}

impl std::error::Error for Refusal {}
