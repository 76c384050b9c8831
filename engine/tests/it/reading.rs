//! Reads bytes with the engine in any way the caller likes.

use data_inspector_domain::failure::Failure;
use data_inspector_domain::spec::{InspectionSpec, LengthLimits, ResolvedSpec};
use data_inspector_engine::finish::finish;
use data_inspector_engine::lanes::TransitionVector;
use data_inspector_engine::leaf_counter::LeafCounter;
use data_inspector_engine::partial::{LeafPartial, Partial};
use data_inspector_engine::scan::{Counted, Entry, LeafContext, LeafScan, Need};
use data_inspector_engine::sequencer::Sequencer;
use data_inspector_engine::survey::Survey;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A file in memory, surveyed.
pub(crate) struct Reading<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) spec: ResolvedSpec,
    pub(crate) context: Arc<LeafContext>,
}

impl<'a> Reading<'a> {
    pub(crate) fn try_new(bytes: &'a [u8], spec: &InspectionSpec, chunk: usize) -> Result<Self, Failure> {
        let mut survey = Survey::try_new(spec, bytes.len() as u64)?;
        for piece in bytes.chunks(chunk) {
            if survey.feed(piece)? == Need::Nothing {
                break;
            }
        }
        let spec = survey.finish()?;
        let context = LeafContext::new(&spec);
        Ok(Self { bytes, spec, context })
    }

    /// The same file with other limits.
    pub(crate) fn with_limits(mut self, limits: LengthLimits) -> Self {
        self.spec.limits = limits;
        self.context = LeafContext::new(&self.spec);
        self
    }

    pub(crate) fn leaves(&self) -> std::ops::Range<u64> {
        self.context.first_leaf()..self.context.end_leaf()
    }

    /// Counts a leaf, fed in chunks.
    pub(crate) fn count(&self, leaf: u64, entry: Entry, chunk: usize) -> (Option<TransitionVector>, Counted) {
        let mut scan = LeafScan::new(&self.context, leaf, entry, LeafCounter::new(&self.context));
        let start = match entry {
            Entry::FirstRecordAt(at) => at,
            Entry::Guess | Entry::Known(_) => self.context.leaf_start(leaf),
        };
        let mut vector = None;
        for piece in self.bytes[start as usize..].chunks(chunk) {
            let need = scan.feed(piece);
            vector = vector.or(scan.take_vector());
            if need == Need::Nothing {
                break;
            }
        }
        (vector, scan.finish().0)
    }

    /// The proven counts of all leaves, each first counted from a guess and again where the guess was wrong.
    pub(crate) fn proven_leaves(&self, chunk: usize) -> Vec<LeafPartial> {
        let mut sequencer = Sequencer::new(self.context.first_leaf());
        let mut guessed = BTreeMap::new();
        let mut truths = Vec::new();
        // The last leaf first: proofs then come as late as they can.
        for leaf in self.leaves().rev() {
            let (vector, counted) = self.count(leaf, Entry::Guess, chunk);
            truths.extend(sequencer.add(leaf, vector.expect("a leaf that was read has a vector")));
            guessed.insert(leaf, counted);
        }
        let prove = |truth: data_inspector_engine::sequencer::Truth| {
            let counted = guessed.remove(&truth.leaf).expect("every leaf was counted once");
            match (truth.first_start, counted) {
                (start, Counted::All(partial)) if partial.first_start == start => partial,
                (None, _) => LeafPartial::empty(&self.spec, truth.leaf),
                (Some(start), _) => match self.count(truth.leaf, Entry::FirstRecordAt(start), chunk).1 {
                    Counted::All(partial) => partial,
                    Counted::GaveUp => panic!("a proven leaf is counted to its end"),
                },
            }
        };
        truths.into_iter().map(prove).collect()
    }

    /// One leaf after the other, each entered in the state in which the one before it was left.
    pub(crate) fn sequential(&self) -> Partial {
        let mut sequencer = Sequencer::new(self.context.first_leaf());
        let mut partial = Partial::new(&self.spec);
        for leaf in self.leaves() {
            let state = sequencer.frontier().1;
            let (vector, counted) = self.count(leaf, Entry::Known(state), usize::MAX);
            sequencer.add(leaf, vector.expect("a leaf that was read has a vector"));
            match counted {
                Counted::All(counts) => partial.add_leaf(counts).unwrap(),
                Counted::GaveUp => panic!("a known entry needs no proof"),
            }
        }
        partial
    }

    pub(crate) fn json(&self, partial: &Partial) -> String {
        finish(&self.spec, partial).to_json()
    }

    /// The partial of one leaf as bytes.
    pub(crate) fn leaf_bytes(&self, leaf: LeafPartial) -> Vec<u8> {
        let mut partial = Partial::new(&self.spec);
        partial.add_leaf(leaf).unwrap();
        partial.to_bytes()
    }
}
