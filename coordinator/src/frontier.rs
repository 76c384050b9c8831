//! The sequencer: composes how splits act on every entry state, in file order, and so proves or refutes what each
//! was counted from. Everything is read from the store; nothing is remembered between two looks.

use data_inspector_domain::id::InspectionId;
use data_inspector_domain::message::{BlobHash, EntryState, SplitSummary, StoredBlob};
use data_inspector_platform::store::{NewPartial, Partial, Store};
use serde::{Deserialize, Serialize};

use crate::error::CoordinatorError;
use crate::plan::{FAN_IN, Frontier, Plan, Sequenced};

/// Level of partials of splits in the store.
pub(crate) const SPLITS: u64 = 0;
/// Level of the partial that grows.
pub(crate) const MERGED: u64 = 1;

/// So many splits are looked at beyond the merged ones: enough for the next merge and the one after it.
const LOOK_AHEAD: u64 = 2 * FAN_IN;

/// What is stored beside the partial that grows.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MergedSummary {
    pub(crate) end_split: u64,
    pub(crate) exit: EntryState,
}

/// Looks how far the splits of an inspection are proven, as if `added` were stored already.
pub(crate) async fn look(
    store: &Store,
    id: InspectionId,
    plan: &Plan,
    added: Option<&NewPartial>,
) -> Result<Frontier, CoordinatorError> {
    let first_leaf = plan.layout.first_leaf;
    let mut frontier = Frontier::start();
    let stored = store.partials_from(id, MERGED, first_leaf, 1).await?.into_iter().next();
    let added_merge = added.filter(|partial| partial.level == MERGED).map(Known::of_new);
    if let Some(merged) = added_merge.or(stored.as_ref().map(Known::of_stored)) {
        let summary: MergedSummary = serde_json::from_slice(merged.summary)?;
        frontier.merged = summary.end_split;
        frontier.base = summary.exit;
        frontier.merged_blob = Some(merged.blob);
    }
    if frontier.merged >= plan.split_count() {
        return Ok(frontier);
    }
    let from_leaf = plan.leaves(frontier.merged).start;
    let stored = store.partials_from(id, SPLITS, from_leaf, LOOK_AHEAD as u32).await?;
    let added = added.filter(|partial| partial.level == SPLITS).map(Known::of_new);
    sequence(plan, &mut frontier, &stored, added.as_ref())?;
    Ok(frontier)
}

fn sequence(
    plan: &Plan,
    frontier: &mut Frontier,
    stored: &[Partial],
    added: Option<&Known<'_>>,
) -> Result<(), CoordinatorError> {
    let mut stored = stored.iter().map(Known::of_stored).peekable();
    let mut state = frontier.base;
    let end = plan.split_count().min(frontier.merged + LOOK_AHEAD);
    for split in frontier.merged..end {
        let first_leaf = plan.leaves(split).start;
        let here = stored.next_if(|partial| partial.first_leaf == first_leaf);
        let added = added.filter(|partial| partial.first_leaf == first_leaf).cloned();
        let Some(partial) = added.or(here) else { break };
        let summary = SplitSummary::from_json(partial.summary)?;
        let transition =
            summary.vector.from(state).ok_or(CoordinatorError::Inconsistent("a split without its vector"))?;
        frontier.splits.push(Sequenced {
            partial: partial.blob,
            entry: state,
            exit: transition.exit,
            is_empty: transition.first_start.is_none(),
            is_proven: summary.counted_from.is_proven_by(transition.first_start),
            vector: summary.vector,
        });
        state = transition.exit;
    }
    Ok(())
}

/// A partial, whether it is stored already or not.
#[derive(Clone)]
struct Known<'a> {
    first_leaf: u64,
    blob: StoredBlob,
    summary: &'a [u8],
}

impl<'a> Known<'a> {
    fn of_stored(partial: &'a Partial) -> Self {
        let blob = StoredBlob {
            key: partial.blob.key.clone(),
            hash: BlobHash(partial.blob.hash),
            size_bytes: partial.size_bytes,
        };
        Self { first_leaf: partial.leaves.start, blob, summary: &partial.summary }
    }

    fn of_new(partial: &'a NewPartial) -> Self {
        let blob = StoredBlob {
            key: partial.blob.key.clone(),
            hash: BlobHash(partial.blob.hash),
            size_bytes: partial.size_bytes,
        };
        Self { first_leaf: partial.leaves.start, blob, summary: &partial.summary }
    }
}
