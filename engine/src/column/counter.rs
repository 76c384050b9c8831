//! Counts the cells of one column over the records of one leaf.

use data_inspector_domain::spec::SketchSizes;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::block::{AT_ONCE, Source, Sources, ValueRef};
use super::places::{BatchPlace, Place};
use super::{ColumnOrder, ColumnSequence, ColumnState, shapes_of};
use crate::cell::{Class, Value, classify};
use crate::ledger::count_where;
use crate::limits::VALUE_BYTES;
use crate::records::{Cell, Span, unquote};
use crate::scan::LeafContext;
use crate::simd;
use crate::sketch::frequent::Frequent;
use crate::text::Shapes;

/// Cell texts that mean "no value".
#[derive(Clone, Debug)]
pub struct NullSpellings {
    spellings: Vec<Vec<u8>>,
    longest: usize,
    first_bytes: [bool; 256],
}

impl NullSpellings {
    /// Of the spellings in the resolved spec; the empty one is always a null and need not be listed.
    pub fn new(spellings: &[String]) -> Self {
        let spellings: Vec<Vec<u8>> = spellings.iter().map(|text| text.as_bytes().to_vec()).collect();
        let mut first_bytes = [false; 256];
        spellings
            .iter()
            .filter_map(|text| text.first())
            .for_each(|&first| first_bytes[first as usize] = true);
        let longest = spellings.iter().map(Vec::len).max().unwrap_or(0);
        Self { spellings, longest, first_bytes }
    }

    /// Number of spellings.
    pub(crate) fn len(&self) -> usize {
        self.spellings.len()
    }

    /// The text means "no value".
    pub(crate) fn is_null(&self, text: &[u8]) -> bool {
        text.is_empty() || self.position(text).is_some()
    }

    #[inline]
    fn position(&self, text: &[u8]) -> Option<usize> {
        if text.len() > self.longest || !self.first_bytes[text[0] as usize] {
            return None;
        }
        self.spellings.iter().position(|spelling| spelling == text)
    }
}

/// The text that a batch was cut from.
pub(crate) struct BatchText<'a> {
    pub(crate) text: &'a [u8],
    /// All of it is ASCII.
    pub(crate) ascii: bool,
    /// The same as it is in the file: another one where it had to be decoded.
    pub(crate) raw: &'a [u8],
    /// Where it is, and the row of its first record.
    pub(crate) place: BatchPlace<'a>,
    /// Null and missing cells of each record so far, where those of this column are added.
    pub(crate) nulls_of_rows: &'a mut [u32],
}

/// Counts the cells of one column over the records of one leaf.
///
/// While the leaf has shown few different values, a cell costs one look-up and its measures are taken at the
/// end, once per value: states are functions of the multiset, so that is the same.
pub struct ColumnCounter {
    pub(super) state: ColumnState,
    frequent: Frequent,
    shapes: Shapes,
    pub(super) order: ColumnOrder,
    /// Hash of the value before, while the order is open.
    last_hash: Option<u64>,
    /// `frequent` has all values, whole, and none is measured yet.
    deferring: bool,
    /// The first place of each value that is not measured yet, in the order of `frequent`.
    deferred_places: Vec<Place>,
    /// Memory of [`add_batch`](Self::add_batch): cells without their quotes, and values to be counted.
    unquoted: Vec<u8>,
    values: Vec<ValueRef>,
    /// Values are queued up to this number before they are added to the large tables.
    queue_len: usize,
}

impl ColumnCounter {
    /// No cells. Up to `queue_len` values wait before they are added to the large tables.
    pub fn new(sizes: SketchSizes, null_spellings: usize, queue_len: usize) -> Self {
        Self {
            state: ColumnState::new(sizes, null_spellings),
            frequent: Frequent::new(sizes.top_values_tracked),
            shapes: Shapes::new(shapes_of(sizes)),
            order: ColumnOrder::default(),
            last_hash: None,
            deferring: true,
            deferred_places: Vec::new(),
            unquoted: Vec::new(),
            values: Vec::new(),
            queue_len,
        }
    }

    /// Counts a record that is too short to have this cell.
    #[inline]
    pub fn add_missing(&mut self) {
        self.state.missing += 1;
    }

    /// Counts one cell by its unquoted bytes.
    pub fn add(&mut self, nulls: &NullSpellings, text: &[u8], place: Place) {
        if let Some(hash) = self.count_cheaply(nulls, text, || place, || {}) {
            self.frequent.add(hash, text, text.len() as u64);
            self.measure(hash, text, classify(text), false, || place);
            self.state.settle_long_queues(self.queue_len);
        }
    }

    /// Counts the cells of a batch, by where they are in the text; `raw_span` of a row says where its cell is in the
    /// text as it is in the file.
    pub(crate) fn add_batch(
        &mut self,
        context: &LeafContext,
        batch: BatchText<'_>,
        spans: impl Iterator<Item = Span>,
        raw_span: impl Fn(usize) -> Span,
    ) {
        simd::widely(
            #[inline(always)]
            || self.add_cells(context, batch, spans, raw_span),
        );
    }

    /// All that is done for a cell is inlined here, to be compiled for wide vectors with it.
    #[inline(always)]
    fn add_cells(
        &mut self,
        LeafContext { nulls, dialect, .. }: &LeafContext,
        batch: BatchText<'_>,
        spans: impl Iterator<Item = Span>,
        raw_span: impl Fn(usize) -> Span,
    ) {
        let BatchText { text, ascii, raw, place, nulls_of_rows } = batch;
        let mut unquoted = std::mem::take(&mut self.unquoted);
        let mut values = std::mem::take(&mut self.values);
        let place_in = |row: usize| place.after(raw_span(row).cell_start(raw, dialect) as u64, row as u64);
        let mut measured = 0;
        let usual = self.state.usual();
        for (row, span) in spans.enumerate() {
            let (cell, source, start) = match span.cell() {
                Cell::Plain { start, end } => (&text[start..end], Source::Text, start),
                Cell::Quoted { start, end } => {
                    let at = unquoted.len();
                    unquote(dialect, &text[start..end], &mut unquoted);
                    (&unquoted[at..], Source::Unquoted, at)
                }
                Cell::Missing => {
                    self.state.missing += 1;
                    nulls_of_rows[row] += 1;
                    continue;
                }
            };
            let note_null = || nulls_of_rows[row] += 1;
            if let Some(hash) = self.count_cheaply(nulls, cell, || place_in(row), note_null) {
                let value =
                    ValueRef { hash, source, start: start as u32, len: cell.len() as u32, row: row as u32 };
                values.push(value);
                match usual {
                    None => self.measure(hash, cell, classify(cell), ascii, || place_in(row)),
                    Some(usual) if values.len() - measured == AT_ONCE => {
                        let sources = Sources { text, unquoted: &unquoted, ascii };
                        self.measure_mostly(usual, sources, &values[measured..], place_in);
                        measured = values.len();
                    }
                    Some(_) => {}
                }
            }
        }
        let sources = Sources { text, unquoted: &unquoted, ascii };
        if let Some(usual) = usual {
            self.measure_mostly(usual, sources, &values[measured..], place_in);
        }
        for value in values.drain(..) {
            self.frequent.add_lazily(value.hash, || (sources.of(&value), u64::from(value.len)));
        }
        self.state.settle_long_queues(self.queue_len);
        unquoted.clear();
        (self.unquoted, self.values) = (unquoted, values);
    }

    /// Counts a cell that is null, or one whose value can be measured later; else returns the hash of its value.
    #[inline(always)]
    fn count_cheaply(
        &mut self,
        nulls: &NullSpellings,
        text: &[u8],
        place: impl Fn() -> Place,
        note_null: impl FnOnce(),
    ) -> Option<u64> {
        if text.is_empty() {
            self.state.empties += 1;
            note_null();
            return None;
        }
        if let Some(spelling) = nulls.position(text) {
            self.state.nulls[spelling] += 1;
            note_null();
            return None;
        }
        let hash = xxh3_64(text);
        if !self.deferring {
            return Some(hash);
        }
        let short = text.len() <= VALUE_BYTES;
        if short && self.frequent.count_known(hash) {
            self.note_order(hash, (text, text.len() as u64), || classify(text));
            return None;
        }
        if short && !self.frequent.is_full() {
            self.note_order(hash, (text, text.len() as u64), || classify(text));
            self.frequent.add(hash, text, text.len() as u64);
            self.deferred_places.push(place());
            return None;
        }
        // A long value is measured as it comes: too little of it is kept to do so later.
        self.measure_deferred();
        Some(hash)
    }

    /// Measures a value at once, as what it was read. `ascii` if it is known to be.
    #[inline(always)]
    pub(super) fn measure(
        &mut self,
        hash: u64,
        text: &[u8],
        read: Value,
        ascii: bool,
        place: impl Fn() -> Place,
    ) {
        // Only texts have other characters.
        let is_ascii = ascii || read.class() != Class::Text;
        let chars = if is_ascii { text.len() as u64 } else { count_chars(text) };
        self.state.measure(hash, (text, chars), read, 1, &mut self.shapes);
        self.note_where(hash, text, read, place);
    }

    /// Notes a value by its place and by the one before.
    #[inline(always)]
    pub(super) fn note_where(&mut self, hash: u64, text: &[u8], read: Value, place: impl Fn() -> Place) {
        let whole = (text, text.len() as u64);
        self.note_order(hash, whole, || read);
        self.state.note_place(read.class(), hash, whole, place);
    }

    #[inline]
    fn note_order(&mut self, hash: u64, (text, len): (&[u8], u64), value: impl Fn() -> Value) {
        if !self.order.is_open() {
            return;
        }
        if self.last_hash.replace(hash) == Some(hash) {
            self.order.repeat();
        } else {
            self.order.add(hash, (text, len), value());
        }
    }

    /// Counts a cell over the length limit by what is kept of it, and its number of characters.
    pub fn add_long(&mut self, (head, tail): (&[u8], &[u8]), len: u64, chars: u64, place: Place) {
        if self.deferring {
            self.measure_deferred();
        }
        let mut hasher = Xxh3::new();
        hasher.update(head);
        hasher.update(tail);
        hasher.update(&len.to_le_bytes());
        let hash = hasher.digest();
        self.frequent.add(hash, head, len);
        self.state.measure_any(hash, head, len, chars, 1);
        self.state.classes[Class::Text as usize] += 1;
        self.shapes.add_long((head, tail), &mut self.state.census);
        self.note_order(hash, (head, len), || Value::Plain(Class::Text));
        self.state.note_place(Class::Text, hash, (head, len), || place);
    }

    /// The states of the leaf, and an empty counter.
    pub fn take(&mut self) -> (ColumnState, ColumnSequence) {
        if self.deferring {
            self.measure_deferred();
        }
        self.deferring = true;
        self.state.complete();
        self.last_hash = None;
        let sequence = ColumnSequence {
            frequent: self.frequent.take_summary(),
            shapes: self.shapes.take_summary(&mut self.state.census),
            order: std::mem::take(&mut self.order),
        };
        let empty = ColumnState::new(self.state.sizes, self.state.nulls.len());
        (std::mem::replace(&mut self.state, empty), sequence)
    }

    #[cold]
    fn measure_deferred(&mut self) {
        let (state, shapes) = (&mut self.state, &mut self.shapes);
        let mut places = self.deferred_places.drain(..);
        self.frequent.for_each(|hash, text, len, count| {
            debug_assert_eq!(text.len() as u64, len, "only whole values are deferred");
            let value = classify(text);
            state.measure(hash, (text, count_chars(text)), value, count, shapes);
            let place = places.next().expect("each value that is deferred has a place");
            state.note_place(value.class(), hash, (text, len), || place);
        });
        self.deferring = false;
    }
}

/// Characters of a text: bytes that do not continue a sequence. Every ill-formed byte that could start a
/// character counts as one.
#[inline]
pub(crate) fn count_chars(text: &[u8]) -> u64 {
    simd::count_starts_of_chars(text).unwrap_or_else(|| count_where(text, |byte| byte as i8 >= -0x40))
}
