//! Counts the records that start in a leaf, from its first record on: buffers bytes until records are
//! complete, has them cut in batches, and counts column by column.

use std::sync::Arc;

use crate::automaton::State;
use crate::lanes;
use crate::long_record::LongRecord;
use crate::measure::Measure;
use crate::partial::LeafPartial;
use crate::records::{Batch, Buffer, Cutter, Stop};
use crate::scan::LeafContext;
use crate::simd::{Needles, find_all};

mod rows;
mod totals;

pub(crate) use rows::Label;
use totals::Totals;

/// Bytes taken into the buffer before records are cut: small enough for the second-level cache.
const PIECE_BYTES: usize = 256 << 10;

/// Values of all columns that may wait to be added to the large tables of their columns: so many of one column at
/// once that its tables are fetched into the cache for many of them.
const QUEUED_VALUES: usize = 1 << 18;
/// Of one column: more would not make it faster.
const MOST_QUEUED_VALUES: usize = 1 << 14;

/// Counts the records of one leaf at a time; keeps its memory from leaf to leaf.
pub struct LeafCounter {
    context: Arc<LeafContext>,
    measure: Measure,
    cutter: Cutter,
    needles: Needles,
    totals: Totals,
    /// End of the leaf in the file.
    leaf_end: u64,
    /// Bytes from the start of the next record on, the first at `offset`.
    buffer: Vec<u8>,
    offset: u64,
    positions: Vec<u32>,
    /// Cutting is tried again when the buffer has this length.
    retry_len: usize,
    batch: Batch,
    long: Option<LongRecord>,
    done: bool,
}

impl LeafCounter {
    /// A counter for leaves of this file.
    pub fn new(context: &Arc<LeafContext>) -> Self {
        let queue_len = (QUEUED_VALUES / context.width.max(1)).min(MOST_QUEUED_VALUES);
        let cutter = Cutter::new(context.dialect, context.width, context.limits.record_bytes as usize);
        Self {
            context: Arc::clone(context),
            measure: context.charset.measure(),
            cutter: cutter.expecting(context.line_ending),
            needles: Needles::new(&context.dialect),
            totals: Totals::new(context, queue_len),
            leaf_end: 0,
            buffer: Vec::new(),
            offset: 0,
            positions: Vec::new(),
            retry_len: 0,
            batch: Batch::default(),
            long: None,
            done: false,
        }
    }

    /// The next byte to be fed is at `offset` and starts the first record of `leaf`.
    pub(crate) fn begin(&mut self, leaf: u64, offset: u64, leaf_end: u64) {
        self.totals.leaf = leaf;
        self.leaf_end = leaf_end;
        self.offset = offset;
        self.buffer.clear();
        self.positions.clear();
        self.retry_len = 0;
        self.long = None;
        self.done = offset >= leaf_end;
    }

    /// All records that start in the leaf are counted.
    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// The state of the automaton after the bytes that were fed, unless they reached past the end of the leaf.
    pub(crate) fn state(&self) -> State {
        let at_start_of_buffer = State::RecordStart;
        match &self.long {
            Some(long) => long.state(),
            None => lanes::run(&self.context.dialect, at_start_of_buffer, &self.buffer),
        }
    }

    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(PIECE_BYTES) {
            if self.done {
                return;
            }
            self.feed_piece(piece);
        }
    }

    /// The file ends here.
    pub(crate) fn feed_end(&mut self) {
        while !self.done {
            match self.long.take() {
                Some(mut long) => {
                    let end = long.finish(&mut self.totals.sink(&self.context));
                    self.totals.end_long_record(&self.context, &end);
                    self.done = true;
                }
                None => self.cut_buffer(AtEof::Yes),
            }
        }
    }

    /// What was counted, and nothing left.
    pub(crate) fn take(&mut self, first_start: Option<u64>) -> LeafPartial {
        self.totals.take(&self.context, first_start)
    }

    fn feed_piece(&mut self, piece: &[u8]) {
        let mut piece = piece;
        if let Some(mut long) = self.long.take() {
            match long.feed(piece, &mut self.totals.sink(&self.context)) {
                None => {
                    self.long = Some(long);
                    self.offset += self.measure.bytes(piece);
                    return;
                }
                Some((taken, end)) => {
                    self.totals.end_long_record(&self.context, &end);
                    self.offset += self.measure.bytes(&piece[..taken]);
                    piece = &piece[taken..];
                    self.done = self.offset >= self.leaf_end;
                }
            }
        }
        if self.done {
            return;
        }
        let indexed = self.buffer.len();
        self.buffer.extend_from_slice(piece);
        find_all(self.needles, piece, indexed as u32, &mut self.positions);
        if self.buffer.len() >= self.retry_len {
            self.cut_buffer(AtEof::No);
        }
    }

    fn cut_buffer(&mut self, at_eof: AtEof) {
        loop {
            match self.count_next_batch(at_eof) {
                Stop::BatchFull => {}
                Stop::Done => return self.done = true,
                Stop::NeedMore => return self.retry_len = 2 * self.buffer.len(),
                Stop::LongRecord => return self.start_long_record(),
            }
        }
    }

    fn count_next_batch(&mut self, at_eof: AtEof) -> Stop {
        self.batch.clear();
        let to_leaf_end = self.leaf_end.saturating_sub(self.offset);
        let limit = self.measure.index_at(&self.buffer, to_leaf_end).unwrap_or(usize::MAX);
        let buffer =
            Buffer { bytes: &self.buffer, positions: &self.positions, at_eof: matches!(at_eof, AtEof::Yes) };
        let (cut, stop) = self.cutter.cut(buffer, limit, &mut self.batch);
        self.offset =
            self.totals.count_batch(&self.context, &self.buffer[..cut], self.offset, &mut self.batch);
        self.drop_front(cut);
        stop
    }

    fn drop_front(&mut self, count: usize) {
        self.buffer.drain(..count);
        let gone = self.positions.partition_point(|&position| (position as usize) < count);
        self.positions.drain(..gone);
        self.positions.iter_mut().for_each(|position| *position -= count as u32);
        self.retry_len = 0;
    }

    fn start_long_record(&mut self) {
        self.long = Some(LongRecord::new(&self.context.rules(), self.offset));
        self.positions.clear();
        let buffered = std::mem::take(&mut self.buffer);
        self.feed(&buffered);
    }
}

#[derive(Clone, Copy)]
enum AtEof {
    Yes,
    No,
}
