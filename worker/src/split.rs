//! Inspects one split of a file: a run of leaves whose entry state is known, or guessed and proven later by
//! whoever knows the splits before it.

use data_inspector_domain::failure::Failure;
use data_inspector_domain::message::{
    CountedFrom, EntryState, SplitEntry, SplitSummary, SplitVector, Transition,
};
use data_inspector_domain::spec::ResolvedSpec;
use data_inspector_engine::automaton::State;
use data_inspector_engine::lanes::{TransitionVector, guess_entry};
use data_inspector_engine::limits::GUESS_BYTES;
use data_inspector_engine::partial::{LeafPartial, Partial};
use data_inspector_engine::scan::LeafContext;
use data_inspector_platform::source::ByteSource;
use std::ops::Range;

use crate::count::{CountedRun, InspectOptions, LeafRun, Progress, RunEntry, count, internal};
use crate::head::HeadKept;

/// A split to inspect.
pub(crate) struct Split<'a> {
    pub(crate) source: &'a dyn ByteSource,
    pub(crate) spec: &'a ResolvedSpec,
    pub(crate) leaves: Range<u64>,
    pub(crate) entry: SplitEntry,
}

/// A split that is inspected.
pub(crate) struct InspectedSplit {
    /// Its leaves, or none if nothing was counted.
    pub(crate) partial: Partial,
    pub(crate) summary: SplitSummary,
}

/// Inspects a split. `on_progress` is called from any of the threads, after each chunk.
pub(crate) fn inspect_split(
    split: &Split<'_>,
    options: &InspectOptions,
    on_progress: &(dyn Fn(Progress) + Sync),
) -> Result<InspectedSplit, Failure> {
    let context = LeafContext::new(split.spec);
    let within = context.first_leaf() <= split.leaves.start && split.leaves.end <= context.end_leaf();
    if split.leaves.is_empty() || !within {
        return Err(internal());
    }
    let (start, end) = (context.leaf_start(split.leaves.start), context.leaf_end(split.leaves.end - 1));
    let run = |source, entry| {
        let leaves = split.leaves.clone();
        LeafRun { source, spec: split.spec, context: &context, leaves, bytes_total: end - start, entry }
    };
    match split.entry {
        SplitEntry::NoRecord => without_records(split),
        SplitEntry::Known { state } => {
            let entry = RunEntry::Proven(engine_state(state)?);
            summarize(count(&run(split.source, entry), options, on_progress)?, entry)
        }
        SplitEntry::Guess => {
            let head_end = context.leaf_end(split.leaves.start).min(start + GUESS_BYTES as u64);
            let source = HeadKept::read(split.source, start..head_end)?;
            let entry = RunEntry::Assumed(guess_entry(&split.spec.dialect, source.head()));
            summarize(count(&run(&source, entry), options, on_progress)?, entry)
        }
    }
}

/// Of a split in which no record starts. Its vector is known from the first time; this one says nothing.
fn without_records(split: &Split<'_>) -> Result<InspectedSplit, Failure> {
    let mut partial = Partial::new(split.spec);
    for leaf in split.leaves.clone() {
        let empty = LeafPartial::empty(split.spec, leaf);
        partial.add_leaf(empty).map_err(|error| internal().with_cause(&error))?;
    }
    let vector = SplitVector(Vec::new());
    let summary = SplitSummary { vector, counted_from: CountedFrom::NoRecord, rows: 0, findings: 0 };
    Ok(InspectedSplit { partial, summary })
}

fn summarize(run: CountedRun, entry: RunEntry) -> Result<InspectedSplit, Failure> {
    let vector = run.vector.ok_or_else(internal)?;
    let (RunEntry::Proven(state) | RunEntry::Assumed(state)) = entry;
    let counted_from = match (run.gave_up, vector.from(state).first_start) {
        (true, _) => CountedFrom::GaveUp,
        (false, None) => CountedFrom::NoRecord,
        (false, Some(at)) => CountedFrom::Record { at },
    };
    let vector = wire_vector(&vector);
    let summary = SplitSummary { vector, counted_from, rows: run.rows, findings: run.findings };
    Ok(InspectedSplit { partial: run.partial, summary })
}

fn wire_vector(vector: &TransitionVector) -> SplitVector {
    let wire = |entry: State| {
        let transition = vector.from(entry);
        Transition { first_start: transition.first_start, exit: EntryState(transition.exit as u8) }
    };
    SplitVector(State::ALL.map(wire).to_vec())
}

fn engine_state(state: EntryState) -> Result<State, Failure> {
    State::ALL.get(usize::from(state.0)).copied().ok_or_else(internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_numbered_by_their_place() {
        for (place, state) in State::ALL.into_iter().enumerate() {
            assert_eq!(state as usize, place);
            assert_eq!(engine_state(EntryState(place as u8)).unwrap(), state);
        }
        assert_eq!(engine_state(EntryState::RECORD_START).unwrap(), State::RecordStart);
        assert!(engine_state(EntryState(State::ALL.len() as u8)).is_err());
    }
}
