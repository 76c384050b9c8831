//! Inspects a whole file on the threads of this machine.

use data_inspector_domain::failure::Failure;
use data_inspector_domain::profile::Profile;
use data_inspector_domain::spec::{InspectionSpec, ResolvedSpec};
use data_inspector_engine::automaton::State;
use data_inspector_engine::finish::finish;
use data_inspector_engine::scan::LeafContext;
use data_inspector_platform::source::ByteSource;

use crate::count::{InspectOptions, LeafRun, Progress, RunEntry, count};
use crate::survey::survey;

/// What it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadStats {
    /// Bytes read from the source, bytes read twice counted twice.
    pub bytes_read: u64,
    /// Leaves whose entry state had been guessed wrong.
    pub leaves_inspected_again: u64,
}

/// The answer.
pub struct Inspected {
    /// What is in the file.
    pub profile: Profile,
    /// How it was read.
    pub spec: ResolvedSpec,
    /// What it took.
    pub stats: ReadStats,
}

/// Inspects a file. `on_progress` is called from any of the threads, after each chunk.
pub fn inspect(
    source: &dyn ByteSource,
    spec: &InspectionSpec,
    options: &InspectOptions,
    on_progress: &(dyn Fn(Progress) + Sync),
) -> Result<Inspected, Failure> {
    let (spec, surveyed) = survey(source, spec, options.chunk_size_bytes.max(1))?;
    let context = LeafContext::new(&spec);
    let run = LeafRun {
        source,
        spec: &spec,
        context: &context,
        leaves: context.first_leaf()..context.end_leaf(),
        bytes_total: source.size_bytes(),
        // The data of a file start with a record.
        entry: RunEntry::Proven(State::RecordStart),
    };
    let counted = count(&run, options, on_progress)?;
    source.check_unchanged()?;
    let stats = ReadStats {
        bytes_read: surveyed + counted.bytes_read,
        leaves_inspected_again: counted.leaves_inspected_again,
    };
    Ok(Inspected { profile: finish(&spec, &counted.partial), spec, stats })
}
