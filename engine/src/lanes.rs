//! How a leaf acts on every state it may be entered in: its [`TransitionVector`].
//!
//! Inside or outside of quotes is not enough to know (`a,|"b` and `aa|"b` are both outside and differ), so
//! one lane runs per state of the automaton. Lanes that reach the same state go on as one; usually a few
//! bytes suffice. Method: function composition of automata over blocks, as in Ge et al., *Speculative
//! Distributed CSV Data Parsing for Big Data Analytics* (SIGMOD 2019), and Stehle and Jacobsen, *ParPaRaw*
//! (VLDB 2020).

use data_inspector_domain::spec::Dialect;
use serde::{Deserialize, Serialize};

use crate::automaton::State;
use crate::measure::Measure;
use crate::utf16;

const STATES: usize = State::ALL.len();

/// Bytes stepped one by one before lanes that still differ run apart, each at full speed.
const CLOSE_BYTES: u64 = 256;
/// Bytes between two looks at whether lanes that run apart have met.
const BLOCK_BYTES: usize = 4096;

/// For every entry state of a leaf: where its first record starts, and the state it is left in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransitionVector {
    entries: [Transition; STATES],
}

/// What a leaf does to one entry state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// File offset of the first record (or blank or comment line) that starts in the leaf.
    pub first_start: Option<u64>,
    /// State after the leaf's last byte.
    pub exit: State,
}

impl TransitionVector {
    /// What the leaf does to `entry`.
    pub fn from(&self, entry: State) -> Transition {
        self.entries[entry as usize]
    }

    /// How this leaf and the one after it act together.
    pub fn then(&self, next: &Self) -> Self {
        let compose = |first: Transition| {
            let second = next.from(first.exit);
            Transition { first_start: first.first_start.or(second.first_start), exit: second.exit }
        };
        Self { entries: self.entries.map(compose) }
    }
}

/// Runs all lanes over the bytes of a leaf.
pub struct Lanes {
    dialect: Dialect,
    measure: Measure,
    offset: u64,
    bytes_seen: u64,
    /// For every entry state, which lane it runs in.
    lane_of: [u8; STATES],
    /// State of each lane; only the lanes in `live` count.
    states: [State; STATES],
    live: Vec<u8>,
    first_start: [Option<u64>; STATES],
}

impl Lanes {
    /// Lanes at the first byte of a leaf, `offset` in the file.
    pub fn new(dialect: Dialect, offset: u64) -> Self {
        Self {
            dialect,
            measure: Measure::Bytes,
            offset,
            bytes_seen: 0,
            lane_of: std::array::from_fn(|entry| entry as u8),
            states: State::ALL,
            live: (0..STATES as u8).collect(),
            first_start: [None; STATES],
        }
    }

    /// The bytes that are fed are text that stands for others in the file.
    pub(crate) fn measuring(self, measure: Measure) -> Self {
        Self { measure, ..self }
    }

    /// File offset of the next byte.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The leaf ends here. If that is inside of a surrogate pair, the pair is not among the text yet: its first half is
    /// text as well as any in this leaf, and so is its second half in the next one.
    pub(crate) fn end_at(&mut self, leaf_end: u64) {
        if self.offset < leaf_end {
            self.feed(&[utf16::UNIT]);
        }
    }

    /// Every entry state has led to the same state, and it is known where its first record starts: whoever reads on from
    /// any of these starts knows the exit.
    pub(crate) fn have_met(&self) -> bool {
        self.live.len() == 1 && self.first_start.iter().all(Option::is_some)
    }

    /// The vector, if all that was not fed led from where they had met to `exit`.
    pub(crate) fn finish_with(&self, exit: State) -> TransitionVector {
        TransitionVector { entries: self.first_start.map(|first_start| Transition { first_start, exit }) }
    }

    /// Takes the next bytes of the leaf.
    pub fn feed(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let close = self.live.len() > 1 && self.bytes_seen < CLOSE_BYTES;
            let (block, after) = rest.split_at(rest.len().min(if close { 1 } else { self.block_len() }));
            for index in 0..self.live.len() {
                self.run_lane(self.live[index], block);
            }
            self.offset += self.measure.bytes(block);
            self.bytes_seen += block.len() as u64;
            self.join_lanes_that_met();
            rest = after;
        }
    }

    /// Where the first record would start for `entry`, as far as the bytes so far show.
    pub fn first_start(&self, entry: State) -> Option<u64> {
        self.first_start[entry as usize]
    }

    /// The vector, once all bytes of the leaf have been fed.
    pub fn finish(&self) -> TransitionVector {
        TransitionVector {
            entries: std::array::from_fn(|entry| Transition {
                first_start: self.first_start[entry],
                exit: self.states[self.lane_of[entry] as usize],
            }),
        }
    }

    fn block_len(&self) -> usize {
        if self.live.len() > 1 { BLOCK_BYTES } else { usize::MAX }
    }

    fn run_lane(&mut self, lane: u8, block: &[u8]) {
        let state = &mut self.states[lane as usize];
        let unknown = (0..STATES).any(|e| self.lane_of[e] == lane && self.first_start[e].is_none());
        if unknown && let Some(start) = first_record_start(&self.dialect, *state, block) {
            for entry in (0..STATES).filter(|&e| self.lane_of[e] == lane) {
                let offset = self.offset + self.measure.bytes(&block[..start]);
                self.first_start[entry].get_or_insert(offset);
            }
        }
        *state = run(&self.dialect, *state, block);
    }

    fn join_lanes_that_met(&mut self) {
        if self.live.len() == 1 {
            return;
        }
        let mut kept: Vec<u8> = Vec::with_capacity(self.live.len());
        for &lane in &self.live {
            let twin = kept.iter().find(|&&other| self.states[other as usize] == self.states[lane as usize]);
            match twin {
                None => kept.push(lane),
                Some(&twin) => {
                    self.lane_of.iter_mut().filter(|of| **of == lane).for_each(|of| *of = twin);
                }
            }
        }
        self.live = kept;
    }
}

/// The entry state a leaf that begins with `head` most likely has: outside of quotes, unless reading it as
/// inside gives fewer stray quotes and fewer texts after closing quotes.
pub(crate) fn guess_entry(dialect: &Dialect, head: &[u8]) -> State {
    let (outside, inside) = (State::Unquoted, State::Quoted);
    if dialect.quote.is_none() || violations(dialect, outside, head) <= violations(dialect, inside, head) {
        outside
    } else {
        inside
    }
}

/// Places a careful writer would not have written, reading `bytes` from `state`.
fn violations(dialect: &Dialect, mut state: State, bytes: &[u8]) -> u64 {
    let mut count = 0;
    for &byte in bytes {
        let next = state.step(dialect, byte);
        let stray = state == State::Unquoted && Some(byte) == dialect.quote;
        let text_after = state == State::QuoteInQuoted && next == State::Unquoted;
        count += u64::from(stray || text_after);
        state = next;
    }
    count
}

/// The state after `bytes`, at the speed of `memchr` between quotes. Equals stepping byte by byte.
pub(crate) fn run(dialect: &Dialect, mut state: State, bytes: &[u8]) -> State {
    if dialect.comment.is_some() || dialect.delimiter.len() > 1 {
        return bytes.iter().fold(state, |state, &byte| state.step(dialect, byte));
    }
    let mut at = 0;
    while at < bytes.len() {
        match state {
            State::Quoted => match find_quote_or_escape(dialect, &bytes[at..]) {
                None => return State::Quoted,
                Some(found) => {
                    state = State::Quoted.step(dialect, bytes[at + found]);
                    at += found + 1;
                }
            },
            State::RecordStart | State::FieldStart | State::Unquoted => {
                let end = dialect
                    .quote
                    .and_then(|q| memchr::memchr(q, &bytes[at..]))
                    .map_or(bytes.len(), |q| at + q);
                if end > at {
                    state = State::outside(dialect, bytes[end - 1]);
                }
                if end < bytes.len() {
                    state = state.step(dialect, bytes[end]);
                }
                at = end + 1;
            }
            _ => {
                state = state.step(dialect, bytes[at]);
                at += 1;
            }
        }
    }
    state
}

pub(crate) fn find_quote_or_escape(dialect: &Dialect, bytes: &[u8]) -> Option<usize> {
    match (dialect.quote, dialect.escape) {
        (Some(quote), Some(escape)) => memchr::memchr2(quote, escape, bytes),
        (Some(quote), None) => memchr::memchr(quote, bytes),
        (None, _) => None,
    }
}

/// Index in `bytes` of the first byte that starts a record when they are read from `state`.
fn first_record_start(dialect: &Dialect, mut state: State, bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while at < bytes.len() {
        if state.starts_record(bytes[at]) {
            return Some(at);
        }
        match state {
            State::Quoted => at += find_quote_or_escape(dialect, &bytes[at..])?,
            State::Unquoted => at += memchr::memchr3(dialect.delimiter.first(), b'\n', b'\r', &bytes[at..])?,
            _ => {}
        }
        state = state.step(dialect, bytes[at]);
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_inspector_domain::spec::Delimiter;
    use proptest::prelude::*;

    fn dialects() -> [Dialect; 6] {
        let delimited = |bytes: &[u8]| Dialect {
            delimiter: Delimiter::try_new(bytes).expect("a delimiter"),
            ..Dialect::RFC4180
        };
        let [a, b, c, d] = DIALECTS;
        [a, b, c, d, delimited(b",,"), delimited(b",a,a")]
    }

    const DIALECTS: [Dialect; 4] = [
        Dialect::RFC4180,
        Dialect { escape: Some(b'\\'), ..Dialect::RFC4180 },
        Dialect { comment: Some(b'#'), ..Dialect::RFC4180 },
        Dialect { quote: None, ..Dialect::RFC4180 },
    ];

    /// One lane after the other, byte by byte.
    fn reference(dialect: &Dialect, base: u64, bytes: &[u8]) -> TransitionVector {
        let entries = State::ALL.map(|entry| {
            let (mut state, mut first_start) = (entry, None);
            for (index, &byte) in bytes.iter().enumerate() {
                if first_start.is_none() && state.starts_record(byte) {
                    first_start = Some(base + index as u64);
                }
                state = state.step(dialect, byte);
            }
            Transition { first_start, exit: state }
        });
        TransitionVector { entries }
    }

    proptest! {
        #[test]
        fn the_vector_equals_stepping_byte_by_byte(
            text in proptest::collection::vec(prop_oneof![
                Just(b'a'), Just(b','), Just(b'"'), Just(b'\n'), Just(b'\r'), Just(b'\\'), Just(b'#')
            ], 0..900),
            long_run in 0usize..9000,
            chunk in 1usize..5000,
            which in 0usize..6,
        ) {
            let dialect = dialects()[which];
            let mut bytes = text.clone();
            bytes.extend(std::iter::repeat_n(b'x', long_run));
            bytes.extend(text.iter().rev());
            let mut lanes = Lanes::new(dialect, 77);
            bytes.chunks(chunk).for_each(|piece| lanes.feed(piece));
            prop_assert_eq!(lanes.finish(), reference(&dialect, 77, &bytes));
        }
    }

    #[test]
    fn inside_is_guessed_where_outside_would_be_nonsense() {
        let head = b"and so on\",5\n\"next, text\",6\n";
        assert_eq!(guess_entry(&Dialect::RFC4180, head), State::Quoted);
        assert_eq!(guess_entry(&Dialect::RFC4180, b"lo,5\nhi,6\n"), State::Unquoted);
    }
}
