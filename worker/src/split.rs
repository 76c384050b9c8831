//! Inspects one split of a file: a run of leaves whose entry state is known, or guessed and proven later by
//! whoever knows the splits before it.

use data_inspector_domain::failure::Failure;
use data_inspector_domain::message::{
    CountedFrom, EntryState, SplitEntry, SplitSummary, SplitVector, Transition,
};
use data_inspector_domain::spec::ResolvedSpec;
use data_inspector_engine::automaton::State;
use data_inspector_engine::lanes::TransitionVector;
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
            let leaf_end = context.leaf_end(split.leaves.start);
            let head_end = leaf_end.min(start + GUESS_BYTES as u64);
            split.source.expect(start..leaf_end);
            let source = HeadKept::read(split.source, start..head_end)?;
            let entry = RunEntry::Assumed(context.guess_entry(source.head()));
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
    use crate::in_memory::InMemory;
    use data_inspector_domain::spec::InspectionSpec;
    use data_inspector_engine::finish::finish;
    use std::num::NonZeroUsize;

    /// Inspects splits of so many leaves, each as a guess and again where it was wrong; gives the profile and how many
    /// were inspected again.
    fn by_splits(
        source: &InMemory,
        spec: &ResolvedSpec,
        leaves: u64,
        options: &InspectOptions,
    ) -> (String, u32) {
        let context = LeafContext::new(spec);
        let (mut whole, mut state, mut again) = (Partial::new(spec), EntryState::RECORD_START, 0);
        for start in (context.first_leaf()..context.end_leaf()).step_by(leaves as usize) {
            let inspect = |entry| {
                let leaves = start..(start + leaves).min(context.end_leaf());
                inspect_split(&Split { source, spec, leaves, entry }, options, &|_| {}).unwrap()
            };
            let mut split = inspect(SplitEntry::Guess);
            let truth = split.summary.vector.0[state.0 as usize];
            let proven = truth.first_start.map_or(CountedFrom::NoRecord, |at| CountedFrom::Record { at });
            if split.summary.counted_from != proven {
                again += 1;
                split = inspect(SplitEntry::Known { state });
            }
            whole.merge(split.partial).unwrap();
            state = truth.exit;
        }
        (finish(spec, &whole).to_json(), again)
    }

    /// Quoted lines, so that some splits begin in quotes, and surrogate pairs, so that some begin in one.
    #[test]
    fn splits_of_utf16_give_what_the_whole_gives() {
        let rows = "1,\"é\u{1F600}\n, \u{1F600}\"\n22,\u{1F600}\u{1F600}\n".repeat(40);
        let units = format!("\u{feff}id,text\n{rows}");
        let source = InMemory(units.encode_utf16().flat_map(u16::to_le_bytes).collect());
        for (leaf_size, chunk_size_bytes) in [(16, 3), (64, 5), (64, 4096)] {
            let spec = InspectionSpec { leaf_size_bytes: Some(leaf_size), ..InspectionSpec::default() };
            let options = InspectOptions { threads: NonZeroUsize::MIN, chunk_size_bytes };
            let whole = crate::inspect(&source, &spec, &options, &|_| {}).unwrap();
            for leaves in [1, 2, 7] {
                let (json, again) = by_splits(&source, &whole.spec, leaves, &options);
                assert!(json == whole.profile.to_json(), "{leaves} leaves of {leaf_size} bytes");
                let splits = source.size_bytes() / (leaf_size * leaves);
                assert!(leaf_size < 64 || u64::from(again) * 2 < splits, "{again} of {splits} guessed wrong");
            }
        }
    }

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
