//! Walks one leaf: finds out how it acts on every entry state, guesses or is told where its first record
//! starts, and counts the records that start in it, reading on past its end until the last one is complete.

use std::sync::Arc;

use data_inspector_domain::spec::{ColumnKind, Dialect, LengthLimits, LineEnding, ResolvedSpec, SketchSizes};

use crate::automaton::State;
use crate::charset::Charset;
use crate::column::NullSpellings;
use crate::lanes::{Lanes, TransitionVector, guess_entry};
use crate::leaf_counter::{Label, LeafCounter};
use crate::limits::{GUESS_BYTES, UNPROVEN_OVERRUN_BYTES};
use crate::long_record::Rules;
use crate::measure::Measure;
use crate::partial::LeafPartial;
use crate::utf16::{Decoder, PIECE_BYTES};

/// How a file is divided into leaves.
#[derive(Clone, Copy, Debug)]
pub struct LeafGrid {
    file_size: u64,
    leaf_size: u64,
    data_offset: u64,
}

impl LeafGrid {
    /// Of a resolved spec.
    pub fn new(spec: &ResolvedSpec) -> Self {
        Self {
            file_size: spec.file_size_bytes,
            leaf_size: spec.leaf_size_bytes,
            data_offset: spec.head.data_offset,
        }
    }

    /// The first leaf that can hold data: the one in which the header ends.
    pub fn first_leaf(&self) -> u64 {
        self.data_offset / self.leaf_size
    }

    /// One more than the last leaf with data.
    pub fn end_leaf(&self) -> u64 {
        if self.data_offset < self.file_size {
            self.file_size.div_ceil(self.leaf_size)
        } else {
            self.first_leaf()
        }
    }

    /// Where the data of a leaf start: its first byte, or the end of the header in it.
    pub fn leaf_start(&self, leaf: u64) -> u64 {
        (leaf * self.leaf_size).max(self.data_offset)
    }

    /// Where a leaf ends.
    pub fn leaf_end(&self, leaf: u64) -> u64 {
        ((leaf + 1) * self.leaf_size).min(self.file_size)
    }
}

/// What every leaf of a file needs to know.
#[derive(Clone, Debug)]
pub struct LeafContext {
    pub(crate) dialect: Dialect,
    pub(crate) width: usize,
    pub(crate) nulls: NullSpellings,
    pub(crate) sizes: SketchSizes,
    pub(crate) limits: LengthLimits,
    /// The names of the columns, if the file has them.
    pub(crate) header: Vec<Label>,
    /// As the first rows show them; empty if nobody has looked.
    pub(crate) column_kinds: Vec<ColumnKind>,
    pub(crate) line_ending: Option<LineEnding>,
    pub(crate) charset: Charset,
    grid: LeafGrid,
}

impl LeafContext {
    /// Of a resolved spec.
    pub fn new(spec: &ResolvedSpec) -> Arc<Self> {
        let names = spec.columns.iter().enumerate().filter(|_| spec.head.has_header);
        let charset = Charset::new(&spec.head.encoding);
        Arc::new(Self {
            dialect: spec.dialect,
            header: names.map(|(index, name)| Label::new(&charset, index, name)).collect(),
            charset,
            column_kinds: spec.column_kinds.clone(),
            line_ending: spec.head.line_ending,
            width: spec.columns.len(),
            nulls: NullSpellings::new(&spec.null_values),
            sizes: spec.sketches,
            limits: spec.limits,
            grid: LeafGrid::new(spec),
        })
    }

    /// See [`LeafGrid::first_leaf`].
    pub fn first_leaf(&self) -> u64 {
        self.grid.first_leaf()
    }

    /// See [`LeafGrid::end_leaf`].
    pub fn end_leaf(&self) -> u64 {
        self.grid.end_leaf()
    }

    /// See [`LeafGrid::leaf_start`].
    pub fn leaf_start(&self, leaf: u64) -> u64 {
        self.grid.leaf_start(leaf)
    }

    /// See [`LeafGrid::leaf_end`].
    pub fn leaf_end(&self, leaf: u64) -> u64 {
        self.grid.leaf_end(leaf)
    }

    pub(crate) fn rules(&self) -> Rules {
        let Self { dialect, limits, width, .. } = *self;
        Rules { dialect, charset: self.charset.clone(), limits, width }
    }

    /// The entry state that a leaf most likely has, by its first bytes.
    pub fn guess_entry(&self, head: &[u8]) -> State {
        match self.charset.decoder(u64::MAX) {
            None => guess_entry(&self.dialect, head),
            Some(mut decoder) => guess_entry(&self.dialect, decoder.decode(head)),
        }
    }

    /// Size of the file in bytes.
    pub fn file_size(&self) -> u64 {
        self.grid.file_size
    }
}

/// What is known about the state in which a leaf is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Nothing: guess it from the leaf's first bytes.
    Guess,
    /// The leaf before it was left in this state.
    Known(State),
    /// The first record that starts in the leaf starts here. Feed bytes from here on; no vector is made.
    FirstRecordAt(u64),
}

/// Whether a scan wants more bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Feed the bytes that follow.
    More,
    /// All is known; more bytes are ignored.
    Nothing,
}

/// What a [`LeafScan`] has counted.
pub enum Counted {
    /// All records that start in the leaf, given that the first one starts at
    /// [`first_start`](LeafPartial::first_start).
    All(LeafPartial),
    /// The guess led too far past the end of the leaf to be followed without proof.
    GaveUp,
}

/// Walks one leaf.
pub struct LeafScan {
    context: Arc<LeafContext>,
    leaf: u64,
    entry: Entry,
    /// Of the next byte to be fed.
    offset: u64,
    end: u64,
    /// Where records are cut out of text that is not the bytes of the file.
    decoder: Option<Decoder>,
    lanes: Option<Lanes>,
    /// The lanes have met, and the counter reads on in their stead.
    lanes_are_done: bool,
    /// The state in which it left the leaf.
    exit: Option<State>,
    vector_taken: bool,
    /// The text of the leaf's first bytes, until the entry state is decided.
    head: Vec<u8>,
    entry_state: Option<State>,
    first_start: Option<u64>,
    counter: LeafCounter,
    gave_up: bool,
}

impl LeafScan {
    /// A scan of `leaf`; the first byte to feed is at [`LeafContext::leaf_start`] (or where the first record is
    /// known to start). `counter` may come from an earlier scan of the same file, for its memory.
    pub fn new(context: &Arc<LeafContext>, leaf: u64, entry: Entry, mut counter: LeafCounter) -> Self {
        let start = context.leaf_start(leaf);
        let end = context.leaf_end(leaf);
        let (offset, first_start, entry_state) = match entry {
            Entry::FirstRecordAt(at) => (at, Some(at), None),
            Entry::Known(state) => (start, None, Some(state)),
            Entry::Guess => (start, None, None),
        };
        counter.begin(leaf, offset, end);
        let lanes = || Lanes::new(context.dialect, offset).measuring(context.charset.measure());
        Self {
            context: Arc::clone(context),
            leaf,
            entry,
            offset,
            end,
            decoder: context.charset.decoder(context.file_size() - offset),
            lanes: first_start.is_none().then(lanes),
            lanes_are_done: false,
            exit: None,
            vector_taken: false,
            head: Vec::new(),
            entry_state,
            first_start,
            counter,
            gave_up: false,
        }
    }

    /// Takes the next bytes of the file.
    pub fn feed(&mut self, bytes: &[u8]) -> Need {
        let in_leaf = bytes.len().min(self.end.saturating_sub(self.offset) as usize);
        let (in_leaf, after_leaf) = bytes.split_at(in_leaf);
        self.feed_part(in_leaf);
        if self.offset >= self.end && self.lanes_are_done {
            self.exit.get_or_insert_with(|| self.counter.state());
        }
        self.feed_part(after_leaf);
        self.need()
    }

    /// How the leaf acts on every entry state, once, as soon as its last byte has been fed; others may wait for
    /// it while this scan reads on. Never after [`Entry::FirstRecordAt`].
    pub fn take_vector(&mut self) -> Option<TransitionVector> {
        if self.vector_taken || self.offset < self.end {
            return None;
        }
        self.vector_taken = true;
        let lanes = self.lanes.as_ref()?;
        Some(match self.exit {
            Some(exit) => lanes.finish_with(exit),
            None => lanes.finish(),
        })
    }

    /// What was counted, once nothing more is needed or the file has ended, and the counter for the next scan.
    pub fn finish(mut self) -> (Counted, LeafCounter) {
        self.decide_entry();
        if self.offset >= self.context.file_size() {
            self.counter.feed_end();
        }
        let partial = self.counter.take(self.first_start);
        (if self.gave_up { Counted::GaveUp } else { Counted::All(partial) }, self.counter)
    }

    fn need(&mut self) -> Need {
        if self.offset >= self.context.file_size() {
            return Need::Nothing;
        }
        if self.offset < self.end && self.lanes.is_some() {
            return Need::More;
        }
        self.decide_entry();
        if self.first_start.is_none() || self.counter.is_done() {
            return Need::Nothing;
        }
        if self.entry == Entry::Guess && self.offset - self.end > UNPROVEN_OVERRUN_BYTES {
            self.gave_up = true;
            return Need::Nothing;
        }
        Need::More
    }

    /// Takes bytes of which all or none are in the leaf.
    fn feed_part(&mut self, bytes: &[u8]) {
        let Some(mut decoder) = self.decoder.take() else {
            self.offset += bytes.len() as u64;
            return self.feed_text(bytes);
        };
        for piece in bytes.chunks(PIECE_BYTES) {
            self.offset += piece.len() as u64;
            self.feed_text(decoder.decode(piece));
        }
        self.decoder = Some(decoder);
    }

    /// Takes the text of the bytes up to `offset`.
    fn feed_text(&mut self, text: &[u8]) {
        if self.lanes_are_done {
            return self.counter.feed(text);
        }
        let mut text_offset = self.end;
        if let Some(lanes) = self.lanes.as_mut().filter(|lanes| lanes.offset() < self.end) {
            text_offset = lanes.offset();
            lanes.feed(text);
            if self.offset >= self.end {
                lanes.end_at(self.end);
            }
        }
        match (self.first_start, self.entry_state) {
            (Some(_), _) => self.counter.feed(text),
            (None, Some(_)) => self.count_from_first_start(text_offset, text),
            (None, None) => self.collect_head(text),
        }
        // Text that was decoded may end in the middle of a pair, of which only the lanes know.
        let is_whole = matches!(self.context.charset.measure(), Measure::Bytes);
        let have_met = self.lanes.as_ref().is_some_and(Lanes::have_met);
        let is_counting = self.first_start.is_some();
        self.lanes_are_done = is_whole && have_met && is_counting && self.offset < self.end;
    }

    /// Counts from the first record on, if it starts in `text`.
    fn count_from_first_start(&mut self, text_offset: u64, text: &[u8]) {
        let (Some(lanes), Some(state)) = (&self.lanes, self.entry_state) else { return };
        self.first_start = lanes.first_start(state);
        if let Some(start) = self.first_start {
            self.count_from(start, text, text_offset);
        }
    }

    fn count_from(&mut self, first_start: u64, text: &[u8], text_offset: u64) {
        // After the text if the first half of its first character, a pair, is all there is of the record yet.
        let at = self.context.charset.measure().index_at(text, first_start - text_offset);
        let at = at.unwrap_or(text.len());
        self.counter.begin(self.leaf, first_start, self.end);
        self.counter.feed(&text[at..]);
    }

    fn collect_head(&mut self, text: &[u8]) {
        self.head.extend_from_slice(text);
        if self.head.len() >= GUESS_BYTES || self.offset >= self.end {
            self.decide_entry();
        }
    }

    /// Decides the entry state from the head of the leaf, if it is still open, and counts the head.
    fn decide_entry(&mut self) {
        if self.entry_state.is_some() || self.first_start.is_some() {
            return;
        }
        let head = std::mem::take(&mut self.head);
        let state = guess_entry(&self.context.dialect, &head[..head.len().min(GUESS_BYTES)]);
        self.entry_state = Some(state);
        let start = self.context.leaf_start(self.leaf);
        self.first_start = self.lanes.as_ref().and_then(|lanes| lanes.first_start(state));
        if let Some(first) = self.first_start {
            self.count_from(first, &head, start);
        }
    }
}
