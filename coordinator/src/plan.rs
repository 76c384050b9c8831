//! How a file is cut into splits and how their partials are folded. Pure. What a task needs to know of it travels
//! in the task's payload, so that the next step can be decided from any task of an inspection.

use std::ops::Range;

use data_inspector_domain::message::{EntryState, FileLayout, SplitEntry, SplitVector, StoredBlob};
use data_inspector_domain::task::TaskKind;
use data_inspector_platform::store::NewTask;
use serde::{Deserialize, Serialize};

/// With so many leaves or fewer, each is a split of its own.
const LEAVES_WORTH_SINGLE_SPLITS: u64 = 256;
/// More leaves no split has: 1 GiB of leaves of 16 MiB.
const MAX_LEAVES_PER_SPLIT: u64 = 64;
/// Partials folded by one merge, the one that grows included.
pub(crate) const FAN_IN: u64 = 32;
/// With so many partials a merge is worth its while.
const WORTH_A_MERGE: u64 = 16;

/// Ranks of tasks: what others wait for goes before what is next in the file.
const RANK_FIRST: u64 = 0;
const RANK_SPLITS: u64 = 1;

/// How a file is cut. A function of the survey's answer and, in tests, of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Plan {
    pub(crate) resolved_spec: StoredBlob,
    pub(crate) layout: FileLayout,
    /// A power of two: splits are aligned runs of so many leaves.
    pub(crate) leaves_per_split: u64,
}

/// What is stored with a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Payload {
    /// Of a split.
    Split(SplitPayload),
    /// Of a merge.
    Merge(MergePayload),
}

/// What is stored with the task of a split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SplitPayload {
    pub(crate) plan: Plan,
    pub(crate) index: u64,
    pub(crate) entry: SplitEntry,
    /// How it acts on every entry state, if it is inspected again.
    pub(crate) vector: Option<SplitVector>,
}

/// What is stored with the task of a merge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MergePayload {
    pub(crate) plan: Plan,
    pub(crate) parts: Vec<StoredBlob>,
    /// The splits before this one are in it.
    pub(crate) end_split: u64,
    /// The state in which that one is entered.
    pub(crate) exit: EntryState,
}

/// What is known of the first splits of a file that are not merged yet.
#[derive(Clone, Debug)]
pub(crate) struct Frontier {
    /// Splits that are merged, and their partial.
    pub(crate) merged: u64,
    pub(crate) merged_blob: Option<StoredBlob>,
    /// The state in which the first split after them is entered.
    pub(crate) base: EntryState,
    /// Splits after them, in file order, without a hole.
    pub(crate) splits: Vec<Sequenced>,
}

/// A split whose true entry state is known.
#[derive(Clone, Debug)]
pub(crate) struct Sequenced {
    pub(crate) partial: StoredBlob,
    pub(crate) entry: EntryState,
    pub(crate) exit: EntryState,
    pub(crate) vector: SplitVector,
    /// No record starts in it.
    pub(crate) is_empty: bool,
    /// What was counted holds.
    pub(crate) is_proven: bool,
}

impl Plan {
    /// The sizes of splits follow from the file alone.
    pub(crate) fn new(resolved_spec: StoredBlob, layout: FileLayout, leaves_per_split: Option<u64>) -> Self {
        let leaves = layout.end_leaf - layout.first_leaf;
        let by_size = leaves.div_ceil(LEAVES_WORTH_SINGLE_SPLITS).next_power_of_two();
        let leaves_per_split = leaves_per_split.unwrap_or(by_size).next_power_of_two();
        Self { resolved_spec, layout, leaves_per_split: leaves_per_split.clamp(1, MAX_LEAVES_PER_SPLIT) }
    }

    pub(crate) fn split_count(&self) -> u64 {
        let FileLayout { first_leaf, end_leaf, .. } = self.layout;
        if first_leaf == end_leaf {
            return 0;
        }
        end_leaf.div_ceil(self.leaves_per_split) - first_leaf / self.leaves_per_split
    }

    /// The leaves of a split.
    pub(crate) fn leaves(&self, split: u64) -> Range<u64> {
        let first = (self.layout.first_leaf / self.leaves_per_split + split) * self.leaves_per_split;
        let end = first + self.leaves_per_split;
        first.max(self.layout.first_leaf)..end.min(self.layout.end_leaf)
    }

    /// The leaves of the splits before one.
    pub(crate) fn leaves_before(&self, split: u64) -> Range<u64> {
        let end = split.checked_sub(1).map_or(self.layout.first_leaf, |last| self.leaves(last).end);
        self.layout.first_leaf..end
    }

    /// The bytes of a split.
    pub(crate) fn bytes(&self, split: u64) -> Range<u64> {
        let leaves = self.leaves(split);
        let start = (leaves.start * self.layout.leaf_size_bytes).max(self.layout.data_offset);
        start..(leaves.end * self.layout.leaf_size_bytes).min(self.layout.size_bytes)
    }

    /// The first tasks after the survey: all splits; or the merge of nothing, if the file has no data.
    pub(crate) fn first_tasks(&self) -> Vec<NewTask> {
        if self.split_count() == 0 {
            return vec![self.merge(&Frontier::start(), 0)];
        }
        (0..self.split_count()).map(|index| self.split(index)).collect()
    }

    fn split(&self, index: u64) -> NewTask {
        let entry = match index {
            0 => SplitEntry::Known { state: EntryState::RECORD_START },
            _ => SplitEntry::Guess,
        };
        let payload = SplitPayload { plan: self.clone(), index, entry, vector: None };
        self.split_task(format!("split/{index}"), RANK_SPLITS + index, payload)
    }

    /// A split that was counted from another record than its first one.
    fn split_again(&self, index: u64, split: &Sequenced) -> NewTask {
        let entry =
            if split.is_empty { SplitEntry::NoRecord } else { SplitEntry::Known { state: split.entry } };
        let vector = Some(split.vector.clone());
        let payload = SplitPayload { plan: self.clone(), index, entry, vector };
        self.split_task(format!("again/{index}"), RANK_FIRST, payload)
    }

    fn split_task(&self, name: String, rank: u64, payload: SplitPayload) -> NewTask {
        let bytes = self.bytes(payload.index);
        let reads = payload.entry != SplitEntry::NoRecord;
        NewTask {
            name,
            kind: TaskKind::InspectSplit,
            rank,
            leaves: Some(self.leaves(payload.index)),
            from_byte: Some(bytes.start),
            size_bytes: if reads { bytes.end - bytes.start } else { 0 },
            payload: Payload::Split(payload).to_bytes(),
        }
    }

    /// What follows from the frontier: wrong guesses are inspected again, proven splits are merged. Deciding it
    /// twice makes the same tasks; while a merge is out, no other one begins where it began.
    pub(crate) fn next_tasks(&self, frontier: &Frontier) -> Vec<NewTask> {
        let wrong = frontier.splits.iter().enumerate().filter(|(_, split)| !split.is_proven);
        let mut tasks: Vec<NewTask> =
            wrong.map(|(place, split)| self.split_again(frontier.merged + place as u64, split)).collect();
        let proven = frontier.splits.iter().take_while(|split| split.is_proven).count() as u64;
        let left = self.split_count() - frontier.merged;
        // The first few are merged at once, so that there is something to see.
        let worth = frontier.merged.clamp(1, WORTH_A_MERGE);
        if left > 0 && (proven >= worth || proven == left) {
            tasks.push(self.merge(frontier, proven.min(FAN_IN - 1)));
        }
        tasks
    }

    fn merge(&self, frontier: &Frontier, splits: u64) -> NewTask {
        let added = &frontier.splits[..splits as usize];
        let parts: Vec<StoredBlob> =
            frontier.merged_blob.iter().chain(added.iter().map(|split| &split.partial)).cloned().collect();
        let exit = added.last().map_or(frontier.base, |split| split.exit);
        let end_split = frontier.merged + splits;
        let leaves = self.leaves_before(end_split);
        let payload = MergePayload { plan: self.clone(), parts, end_split, exit };
        NewTask {
            name: format!("merge/{}", frontier.merged),
            kind: TaskKind::Merge,
            rank: RANK_FIRST,
            leaves: Some(leaves).filter(|leaves| !leaves.is_empty()),
            from_byte: None,
            size_bytes: 0,
            payload: Payload::Merge(payload).to_bytes(),
        }
    }
}

impl MergePayload {
    /// The splits are all of the file: the profile is the result.
    pub(crate) fn is_last(&self) -> bool {
        self.end_split == self.plan.split_count()
    }
}

impl Frontier {
    /// Before the first split.
    pub(crate) fn start() -> Self {
        Self { merged: 0, merged_blob: None, base: EntryState::RECORD_START, splits: Vec::new() }
    }

    /// The state in which a split is truly entered, if that is known.
    pub(crate) fn entry_of(&self, split: u64) -> Option<EntryState> {
        let place = split.checked_sub(self.merged)? as usize;
        match self.splits.get(place) {
            Some(sequenced) => Some(sequenced.entry),
            None if place == self.splits.len() => {
                Some(self.splits.last().map_or(self.base, |last| last.exit))
            }
            None => None,
        }
    }
}

impl Payload {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a payload has string keys and integers only")
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    pub(crate) fn plan(&self) -> &Plan {
        match self {
            Self::Split(split) => &split.plan,
            Self::Merge(merge) => &merge.plan,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_inspector_domain::message::BlobHash;

    fn blob() -> StoredBlob {
        StoredBlob { key: "k".to_owned(), hash: BlobHash([0; 32]), size_bytes: 1 }
    }

    fn plan(size_bytes: u64, leaf_size_bytes: u64, data_offset: u64, leaves: Option<u64>) -> Plan {
        let (first_leaf, end_leaf) = if data_offset < size_bytes {
            (data_offset / leaf_size_bytes, size_bytes.div_ceil(leaf_size_bytes))
        } else {
            (data_offset / leaf_size_bytes, data_offset / leaf_size_bytes)
        };
        let layout = FileLayout { size_bytes, leaf_size_bytes, data_offset, first_leaf, end_leaf };
        Plan::new(blob(), layout, leaves)
    }

    #[test]
    fn splits_tile_the_data_and_are_aligned() {
        for (size, offset, leaves) in [(1000, 0, 1), (1000, 37, 4), (1024, 130, 8), (5, 4, 2), (65, 64, 2)] {
            let plan = plan(size, 16, offset, Some(leaves));
            let mut next = offset;
            for split in 0..plan.split_count() {
                assert_eq!(plan.bytes(split).start, next, "{plan:?}");
                assert!(split == 0 || plan.leaves(split).start.is_multiple_of(leaves), "{plan:?}");
                next = plan.bytes(split).end;
            }
            assert_eq!(next, size);
            assert_eq!(plan.leaves_before(plan.split_count()).end, plan.layout.end_leaf);
        }
        assert_eq!(plan(0, 16, 0, None).split_count(), 0);
        assert_eq!(plan(16, 16, 16, None).split_count(), 0);
    }

    #[test]
    fn splits_grow_with_the_file_up_to_a_gigabyte() {
        let per_split = |size: u64| plan(size, 16 << 20, 0, None).leaves_per_split;
        assert_eq!([per_split(1 << 20), per_split(4 << 30), per_split(16 << 30)], [1, 1, 4]);
        assert_eq!([per_split(256 << 30), per_split(2 << 40)], [64, 64]);
    }

    fn sequenced(is_proven: bool) -> Sequenced {
        Sequenced {
            partial: blob(),
            entry: EntryState(2),
            exit: EntryState(2),
            vector: SplitVector(Vec::new()),
            is_empty: false,
            is_proven,
        }
    }

    fn names(plan: &Plan, merged: u64, proven: &[bool]) -> Vec<String> {
        let splits = proven.iter().map(|is_proven| sequenced(*is_proven)).collect();
        let frontier = Frontier { merged, merged_blob: None, base: EntryState::RECORD_START, splits };
        plan.next_tasks(&frontier).into_iter().map(|task| task.name).collect()
    }

    #[test]
    fn merges_begin_early_and_grow() {
        let plan = plan(16 * 100, 16, 0, Some(1));
        assert_eq!(names(&plan, 0, &[]), [""; 0]);
        assert_eq!(names(&plan, 0, &[true]), ["merge/0"]);
        assert_eq!(names(&plan, 4, &[true; 3]), [""; 0]);
        assert_eq!(names(&plan, 4, &[true; 4]), ["merge/4"]);
        assert_eq!(names(&plan, 64, &[true; 15]), [""; 0]);
        assert_eq!(names(&plan, 98, &[true; 2]), ["merge/98"]);
        assert_eq!(names(&plan, 100, &[]), [""; 0]);
    }

    #[test]
    fn a_merge_never_folds_more_than_fits() {
        let plan = plan(16 * 100, 16, 0, Some(1));
        let splits = vec![sequenced(true); 60];
        let frontier = Frontier { merged: 20, merged_blob: Some(blob()), base: EntryState(0), splits };
        let task = plan.next_tasks(&frontier).pop().unwrap();
        let Payload::Merge(merge) = Payload::from_bytes(&task.payload).unwrap() else { panic!("no merge") };
        assert_eq!((merge.parts.len() as u64, merge.end_split), (FAN_IN, 51));
        assert_eq!(task.leaves, Some(0..51));
    }

    #[test]
    fn wrong_guesses_are_inspected_again_and_hold_up_the_merge() {
        let plan = plan(16 * 4, 16, 0, Some(1));
        assert_eq!(names(&plan, 1, &[false, true, false]), ["again/1", "again/3"]);
        assert_eq!(names(&plan, 1, &[true, false]), ["again/2", "merge/1"]);
    }
}
