//! What is to be done next, and what is known so far: the state that the threads of a run share. Pure: no
//! thread, no lock.

use data_inspector_engine::automaton::State;
use data_inspector_engine::lanes::TransitionVector;
use data_inspector_engine::partial::LeafPartial;
use data_inspector_engine::scan::{Counted, Entry};
use data_inspector_engine::sequencer::Sequencer;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

/// The state of a run of leaves.
pub(crate) struct Plan {
    next_leaf: u64,
    end_leaf: u64,
    /// How many leaves may be counted before the first one without a proof.
    max_ahead: u64,
    sequencer: Sequencer,
    /// Where the first record of a leaf truly starts, until its counts are there.
    truths: BTreeMap<u64, Option<u64>>,
    /// Counts of leaves whose truth is not known yet.
    unproven: BTreeMap<u64, Counted>,
    again: VecDeque<(u64, u64)>,
    /// Leaves that have neither been handed out as proven nor found empty.
    open_leaves: u64,
    pub(crate) inspected_again: u64,
    /// A record led too far past the end of the run. Only the vectors count any more.
    pub(crate) gave_up: bool,
}

/// What a thread should do.
pub(crate) enum Work {
    /// Count this leaf.
    Count(u64, Entry),
    /// Nothing now; other threads will find something.
    Wait,
    /// Nothing ever.
    Finished,
}

/// A leaf that is decided.
pub(crate) enum Decided {
    /// Its counts hold.
    Proven(LeafPartial),
    /// No record starts in it.
    Empty(u64),
}

impl Plan {
    /// Of leaves of which the first is entered in this state.
    pub(crate) fn new(leaves: Range<u64>, entry: State, max_ahead: u64) -> Self {
        Self {
            next_leaf: leaves.start,
            end_leaf: leaves.end,
            max_ahead,
            sequencer: Sequencer::entered(leaves.start, entry),
            truths: BTreeMap::new(),
            unproven: BTreeMap::new(),
            again: VecDeque::new(),
            open_leaves: leaves.end - leaves.start,
            inspected_again: 0,
            gave_up: false,
        }
    }

    /// How the leaves act together on every entry state, once all have been read.
    pub(crate) fn vector(&self) -> Option<&TransitionVector> {
        self.sequencer.composed()
    }

    /// The next work for a thread.
    pub(crate) fn next_work(&mut self) -> Work {
        if let Some((leaf, first_start)) = self.again.pop_front() {
            return Work::Count(leaf, Entry::FirstRecordAt(first_start));
        }
        let (frontier, state) = self.sequencer.frontier();
        if self.next_leaf < self.end_leaf && self.next_leaf - frontier < self.max_ahead {
            let leaf = self.next_leaf;
            self.next_leaf += 1;
            return Work::Count(leaf, if leaf == frontier { Entry::Known(state) } else { Entry::Guess });
        }
        if self.open_leaves == 0 { Work::Finished } else { Work::Wait }
    }

    /// Takes how a leaf acts on every entry state.
    pub(crate) fn add_vector(&mut self, leaf: u64, vector: TransitionVector) -> Vec<Decided> {
        let mut decided = Vec::new();
        for truth in self.sequencer.add(leaf, vector) {
            match self.unproven.remove(&truth.leaf) {
                Some(counted) => decided.extend(self.judge(truth.leaf, truth.first_start, counted)),
                None => {
                    self.truths.insert(truth.leaf, truth.first_start);
                }
            }
        }
        decided
    }

    /// Takes what was counted of a leaf.
    pub(crate) fn add_counts(&mut self, leaf: u64, counted: Counted) -> Option<Decided> {
        match self.truths.remove(&leaf) {
            Some(truth) => self.judge(leaf, truth, counted),
            None => {
                self.unproven.insert(leaf, counted);
                None
            }
        }
    }

    /// Takes that the last record of a leaf leads too far to be followed.
    pub(crate) fn give_up(&mut self, leaf: u64) -> Option<Decided> {
        self.gave_up = true;
        self.add_counts(leaf, Counted::GaveUp)
    }

    fn judge(&mut self, leaf: u64, truth: Option<u64>, counted: Counted) -> Option<Decided> {
        match (truth, counted) {
            (truth, Counted::All(partial)) if partial.first_start == truth => {
                self.open_leaves -= 1;
                Some(Decided::Proven(partial))
            }
            (None, Counted::All(_) | Counted::GaveUp) => {
                self.open_leaves -= 1;
                Some(Decided::Empty(leaf))
            }
            (Some(_), Counted::All(_) | Counted::GaveUp) if self.gave_up => {
                self.open_leaves -= 1;
                None
            }
            (Some(first_start), Counted::All(_) | Counted::GaveUp) => {
                self.truths.insert(leaf, truth);
                self.again.push_back((leaf, first_start));
                self.inspected_again += 1;
                None
            }
        }
    }
}
