//! What the coordinator has to know of an inspected split without reading its partial: how it acts on every
//! state it may be entered in, and what it was counted with. From it the sequencer proves or refutes the counts.

use serde::{Deserialize, Serialize};

use super::{MessageError, from_json, to_json};

/// A state of the engine's automaton between two bytes, by its place in the engine's list of all states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntryState(pub u8);

impl EntryState {
    /// Before the first byte of a record: the state in which the data of a file begin.
    pub const RECORD_START: Self = Self(0);
}

/// What a split does to one entry state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transition {
    /// File offset of the first record (or blank or comment line) that starts in the split; `None` if none does.
    pub first_start: Option<u64>,
    /// State after the split's last byte.
    pub exit: EntryState,
}

/// For every entry state what the split does to it. A function of the file: it comes out the same every time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SplitVector(pub Vec<Transition>);

impl SplitVector {
    /// What the split does to `entry`; `None` if there is no such state.
    pub fn from(&self, entry: EntryState) -> Option<Transition> {
        self.0.get(usize::from(entry.0)).copied()
    }
}

/// Which record the counts of a split begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CountedFrom {
    /// The first one starts at this byte of the file.
    Record {
        /// File offset.
        at: u64,
    },
    /// None starts in the split: there is nothing to count.
    NoRecord,
    /// Nothing was counted: the guess led too far past the end of the split to be followed without proof.
    GaveUp,
}

impl CountedFrom {
    /// The counts are right if this is where the first record truly starts. From there on everything is the same
    /// in whichever state the split was entered.
    pub fn is_proven_by(self, true_first_start: Option<u64>) -> bool {
        match self {
            Self::Record { at } => true_first_start == Some(at),
            Self::NoRecord => true_first_start.is_none(),
            Self::GaveUp => false,
        }
    }
}

/// All that the coordinator keeps beside a split's partial. Stored, so it lasts longer than a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SplitSummary {
    /// How it acts on every entry state.
    pub vector: SplitVector,
    /// What its counts begin with.
    pub counted_from: CountedFrom,
    /// Records that start in it, as counted.
    pub rows: u64,
    /// Defects in it, as counted.
    pub findings: u64,
}

impl SplitSummary {
    /// The JSON to store: UTF-8, no white space, fields in declared order.
    pub fn to_json(&self) -> String {
        to_json(self)
    }

    /// Reads what [`SplitSummary::to_json`] of this or another release wrote.
    pub fn from_json(json: &[u8]) -> Result<Self, MessageError> {
        from_json(json)
    }
}
