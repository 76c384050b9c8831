//! What is known of some leaves of a file. Partials of disjoint leaves merge, in any order and grouping, to
//! the partial of all of them.

use data_inspector_domain::spec::ResolvedSpec;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

use crate::column::{ColumnSequence, ColumnState, ColumnWire};
use crate::ledger::Ledger;
use crate::row_facts::{RowState, RowWire};

/// Rows and lines of a leaf: of the records that start in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LeafTotals {
    /// Index of the leaf in the file.
    pub leaf: u64,
    /// Records.
    pub rows: u64,
    /// Line endings, quoted ones too, from the first record (or blank or comment line) on.
    pub lines: u64,
    /// Records, blank and comment lines by their ending, in the order of
    /// [`LineEnding::ALL`](data_inspector_domain::spec::LineEnding::ALL).
    pub line_endings: [u64; 3],
}

/// What is known of one leaf.
pub struct LeafPartial {
    /// Rows and lines.
    pub totals: LeafTotals,
    /// File offset of the first record that was counted, if there was one.
    pub first_start: Option<u64>,
    pub(crate) columns: Vec<ColumnState>,
    pub(crate) sequences: Vec<ColumnSequence>,
    pub(crate) row_facts: Box<RowState>,
    pub(crate) ledger: Ledger,
}

impl LeafPartial {
    /// Defects of the leaf.
    pub fn defects(&self) -> u64 {
        self.ledger.total()
    }

    /// Of a leaf in which no record starts.
    pub fn empty(spec: &ResolvedSpec, leaf: u64) -> Self {
        Self {
            totals: LeafTotals { leaf, rows: 0, lines: 0, line_endings: [0; 3] },
            first_start: None,
            columns: Partial::new(spec).columns,
            sequences: vec![ColumnSequence::default(); spec.columns.len()],
            row_facts: Box::new(RowState::new(spec.file_size_bytes, spec.sketches)),
            ledger: Ledger::new(spec.file_size_bytes),
        }
    }
}

/// What is known of some leaves.
#[derive(Clone, Debug)]
pub struct Partial {
    top_values_tracked: u32,
    pub(crate) columns: Vec<ColumnState>,
    /// Ascending by leaf.
    pub(crate) leaves: Vec<LeafTotals>,
    /// What depends on order of each column, by node of the fixed tree over leaf indices: the node
    /// (level, index) covers the leaves from index · 2^level on. Two siblings are folded as soon as both are
    /// there, so few nodes are pending.
    nodes: BTreeMap<(u8, u64), Vec<ColumnSequence>>,
    pub(crate) row_facts: RowState,
    pub(crate) ledger: Ledger,
}

/// Why bytes are no partial of an inspection, or partials do not fit together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartialError {
    /// The bytes do not begin like a partial.
    #[error("these bytes are no partial")]
    NotAPartial,
    /// Written by another version of the engine.
    #[error("partial of version {found}, this engine reads version {VERSION}")]
    UnknownVersion {
        /// The version in the bytes.
        found: u16,
    },
    /// The bytes were damaged or cut short.
    #[error("partial is damaged: its checksum does not match")]
    Damaged,
    /// The partial is of an inspection with another resolved spec.
    #[error("partial belongs to another inspection: its columns or sketch sizes differ")]
    OtherSpec,
    /// Two partials hold the same leaf.
    #[error("leaf {leaf} is in both partials")]
    LeafTwice {
        /// The leaf.
        leaf: u64,
    },
}

const MAGIC: &[u8; 6] = b"DIPART";
/// Version of the wire form.
pub const VERSION: u16 = 4;
const HEADER_BYTES: usize = MAGIC.len() + 2 + 8;

#[derive(Serialize, Deserialize)]
struct Wire {
    columns: Vec<ColumnWire>,
    leaves: Vec<LeafTotals>,
    nodes: Vec<((u8, u64), Vec<ColumnSequence>)>,
    rows: RowWire,
    ledger: Ledger,
}

impl Partial {
    /// Of no leaf.
    pub fn new(spec: &ResolvedSpec) -> Self {
        let column = || ColumnState::new(spec.sketches, spec.null_values.len());
        Self {
            top_values_tracked: spec.sketches.top_values_tracked,
            columns: std::iter::repeat_with(column).take(spec.columns.len()).collect(),
            leaves: Vec::new(),
            nodes: BTreeMap::new(),
            row_facts: RowState::new(spec.file_size_bytes, spec.sketches),
            ledger: Ledger::new(spec.file_size_bytes),
        }
    }

    /// Adds a leaf whose entry state is proven.
    pub fn add_leaf(&mut self, leaf: LeafPartial) -> Result<(), PartialError> {
        self.add_totals(&[leaf.totals])?;
        self.columns.iter_mut().zip(&leaf.columns).for_each(|(mine, theirs)| mine.merge(theirs));
        self.add_node((0, leaf.totals.leaf), leaf.sequences);
        self.row_facts.merge(*leaf.row_facts);
        self.ledger.merge(leaf.ledger);
        Ok(())
    }

    /// Adds the leaves of `other`.
    pub fn merge(&mut self, other: Self) -> Result<(), PartialError> {
        if other.columns.len() != self.columns.len() || other.top_values_tracked != self.top_values_tracked {
            return Err(PartialError::OtherSpec);
        }
        self.add_totals(&other.leaves)?;
        self.columns.iter_mut().zip(&other.columns).for_each(|(mine, theirs)| mine.merge(theirs));
        other.nodes.into_iter().for_each(|(node, sequences)| self.add_node(node, sequences));
        self.row_facts.merge(other.row_facts);
        self.ledger.merge(other.ledger);
        Ok(())
    }

    /// Number of leaves.
    pub fn leaf_count(&self) -> usize {
        self.leaves.len()
    }

    /// Records of the leaves.
    pub fn rows(&self) -> u64 {
        self.leaves.iter().map(|leaf| leaf.rows).sum()
    }

    /// Defects of the leaves.
    pub fn defects(&self) -> u64 {
        self.ledger.total()
    }

    /// The bytes of the partial: a magic number, the version, an XXH3 checksum and the states in postcard form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let wire = Wire {
            columns: self.columns.iter().map(ColumnState::to_wire).collect(),
            leaves: self.leaves.clone(),
            nodes: self.nodes.iter().map(|(node, sequences)| (*node, sequences.clone())).collect(),
            rows: self.row_facts.to_wire(),
            ledger: self.ledger.clone(),
        };
        let payload = postcard::to_stdvec(&wire).expect("the states have no type that postcard lacks");
        let mut bytes = Vec::with_capacity(HEADER_BYTES + payload.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&xxh3_64(&payload).to_le_bytes());
        bytes.extend_from_slice(&payload);
        bytes
    }

    /// The partial of an inspection with this spec, from its bytes.
    pub fn from_bytes(spec: &ResolvedSpec, bytes: &[u8]) -> Result<Self, PartialError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(PartialError::NotAPartial)?;
        let (version, rest) = rest.split_first_chunk().ok_or(PartialError::Damaged)?;
        let found = u16::from_le_bytes(*version);
        if found != VERSION {
            return Err(PartialError::UnknownVersion { found });
        }
        let (checksum, payload) = rest.split_first_chunk().ok_or(PartialError::Damaged)?;
        if xxh3_64(payload) != u64::from_le_bytes(*checksum) {
            return Err(PartialError::Damaged);
        }
        let wire: Wire = postcard::from_bytes(payload).map_err(|_| PartialError::Damaged)?;
        Self::from_wire(spec, wire).ok_or(PartialError::OtherSpec)
    }

    fn from_wire(spec: &ResolvedSpec, wire: Wire) -> Option<Self> {
        let width = spec.columns.len();
        if wire.columns.len() != width || wire.nodes.iter().any(|(_, sequences)| sequences.len() != width) {
            return None;
        }
        let column = |wire| ColumnState::from_wire(spec.sketches, spec.null_values.len(), wire);
        Some(Self {
            top_values_tracked: spec.sketches.top_values_tracked,
            columns: wire.columns.into_iter().map(column).collect::<Option<_>>()?,
            leaves: wire.leaves,
            nodes: wire.nodes.into_iter().collect(),
            row_facts: RowState::new(spec.file_size_bytes, spec.sketches).restored(wire.rows, width)?,
            ledger: wire.ledger,
        })
    }

    /// What depends on order of each column: the pending nodes, folded from the lowest level up. A node
    /// without sibling stands for its parent.
    pub(crate) fn fold_sequences(&self) -> Vec<ColumnSequence> {
        let mut nodes = self.nodes.clone();
        while nodes.len() > 1 {
            let ((level, index), sequences) = nodes.pop_first().expect("there is more than one node");
            let sibling = nodes.remove(&(level, index ^ 1));
            let parent = match sibling {
                None => sequences,
                Some(sibling) if index & 1 == 0 => self.merge_nodes(sequences, sibling),
                Some(sibling) => self.merge_nodes(sibling, sequences),
            };
            nodes.insert((level + 1, index >> 1), parent);
        }
        let none = || vec![ColumnSequence::default(); self.columns.len()];
        nodes.into_values().next().unwrap_or_else(none)
    }

    fn add_totals(&mut self, others: &[LeafTotals]) -> Result<(), PartialError> {
        let before = self.leaves.len();
        self.leaves.extend_from_slice(others);
        let in_order =
            before == 0 || others.first().is_none_or(|first| self.leaves[before - 1].leaf < first.leaf);
        if !in_order {
            self.leaves.sort_unstable();
        }
        match self.leaves.windows(2).find(|pair| pair[0].leaf == pair[1].leaf).filter(|_| !in_order) {
            None => Ok(()),
            Some(pair) => Err(PartialError::LeafTwice { leaf: pair[0].leaf }),
        }
    }

    fn add_node(&mut self, node: (u8, u64), sequences: Vec<ColumnSequence>) {
        let (mut level, mut index) = node;
        let mut sequences = sequences;
        while let Some(sibling) = self.nodes.remove(&(level, index ^ 1)) {
            sequences = if index & 1 == 0 {
                self.merge_nodes(sequences, sibling)
            } else {
                self.merge_nodes(sibling, sequences)
            };
            (level, index) = (level + 1, index >> 1);
        }
        self.nodes.insert((level, index), sequences);
    }

    fn merge_nodes(&self, left: Vec<ColumnSequence>, right: Vec<ColumnSequence>) -> Vec<ColumnSequence> {
        let capacity = self.top_values_tracked;
        left.into_iter()
            .zip(right)
            .map(|(left, right)| ColumnSequence::merge(left, right, capacity))
            .collect()
    }
}
