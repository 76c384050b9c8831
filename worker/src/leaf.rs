//! Reads one leaf into the engine.

use data_inspector_domain::failure::Failure;
use data_inspector_engine::lanes::TransitionVector;
use data_inspector_engine::leaf_counter::LeafCounter;
use data_inspector_engine::scan::{Counted, Entry, LeafContext, LeafScan, Need};
use data_inspector_platform::source::ByteSource;
use std::sync::Arc;

/// Reads leaves of one file, one after the other, into memory that is kept.
pub(crate) struct LeafReader<'a> {
    source: &'a dyn ByteSource,
    context: &'a Arc<LeafContext>,
    chunk: Vec<u8>,
    counter: Option<LeafCounter>,
    /// File offset past which no record is followed.
    limit: u64,
}

/// Who wants to hear of a leaf while it is read.
pub(crate) trait LeafObserver {
    /// So many more bytes have been read.
    fn read(&self, bytes: u64);
    /// The leaf has been read to its end: this is how it acts on every entry state.
    fn vector(&self, leaf: u64, vector: TransitionVector);
}

impl<'a> LeafReader<'a> {
    pub(crate) fn new(
        source: &'a dyn ByteSource,
        context: &'a Arc<LeafContext>,
        chunk_size_bytes: usize,
        limit: u64,
    ) -> Self {
        Self { source, context, chunk: vec![0; chunk_size_bytes], counter: None, limit }
    }

    /// Counts the records that start in a leaf; `None` if the last one leads past the limit.
    pub(crate) fn count(
        &mut self,
        leaf: u64,
        entry: Entry,
        observer: &impl LeafObserver,
    ) -> Result<Option<Counted>, Failure> {
        let counter = self.counter.take().unwrap_or_else(|| LeafCounter::new(self.context));
        let mut scan = LeafScan::new(self.context, leaf, entry, counter);
        let mut offset = match entry {
            Entry::FirstRecordAt(start) => start,
            Entry::Known(_) | Entry::Guess => self.context.leaf_start(leaf),
        };
        self.source.expect(offset..self.context.leaf_end(leaf));
        let mut need = Need::More;
        while need == Need::More && offset <= self.limit {
            let count = self.source.read_at(offset, &mut self.chunk)?;
            observer.read(count as u64);
            offset += count as u64;
            need = if count == 0 { Need::Nothing } else { scan.feed(&self.chunk[..count]) };
            if let Some(vector) = scan.take_vector() {
                observer.vector(leaf, vector);
            }
        }
        let (counted, counter) = scan.finish();
        self.counter = Some(counter);
        Ok((need == Need::Nothing).then_some(counted))
    }
}
