//! Composes the transition vectors of all leaves in file order, and so knows the state in which each leaf is
//! truly entered and where its first record truly starts. What a leaf was counted with is thereby proven or
//! refuted.

use std::collections::BTreeMap;

use crate::automaton::State;
use crate::lanes::TransitionVector;

/// Where the first record of a leaf truly starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truth {
    /// The leaf.
    pub leaf: u64,
    /// File offset of the first record (or blank or comment line) that starts in it; `None` if none does.
    pub first_start: Option<u64>,
}

/// Takes vectors in any order, gives truths in file order.
#[derive(Debug)]
pub struct Sequencer {
    /// The first leaf whose vector is missing.
    next_leaf: u64,
    /// The true state in which it is entered.
    state: State,
    waiting: BTreeMap<u64, TransitionVector>,
    /// How the leaves before `next_leaf` act together.
    composed: Option<TransitionVector>,
}

impl Sequencer {
    /// Before the first leaf with data; the data start with a record.
    pub fn new(first_leaf: u64) -> Self {
        Self::entered(first_leaf, State::RecordStart)
    }

    /// Before any leaf, entered in this state.
    pub fn entered(first_leaf: u64, state: State) -> Self {
        Self { next_leaf: first_leaf, state, waiting: BTreeMap::new(), composed: None }
    }

    /// The first leaf whose vector is missing, and the true state in which it is entered.
    pub fn frontier(&self) -> (u64, State) {
        (self.next_leaf, self.state)
    }

    /// How the leaves before the frontier act together on every state in which the first of them may be entered;
    /// `None` if there is none.
    pub fn composed(&self) -> Option<&TransitionVector> {
        self.composed.as_ref()
    }

    /// Takes the vector of a leaf and returns the truths that follow, in file order. A vector is a function of the
    /// file: one that comes again says nothing new.
    pub fn add(&mut self, leaf: u64, vector: TransitionVector) -> Vec<Truth> {
        if leaf >= self.next_leaf {
            self.waiting.insert(leaf, vector);
        }
        let mut truths = Vec::new();
        while let Some(vector) = self.waiting.remove(&self.next_leaf) {
            let transition = vector.from(self.state);
            truths.push(Truth { leaf: self.next_leaf, first_start: transition.first_start });
            self.state = transition.exit;
            self.next_leaf += 1;
            self.composed = Some(match self.composed.take() {
                None => vector,
                Some(before) => before.then(&vector),
            });
        }
        truths
    }
}
