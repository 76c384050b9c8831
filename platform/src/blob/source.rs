//! A blob, read by the threads that inspect it.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::{Buf, Bytes};
use data_inspector_domain::failure::Failure;
use tokio::runtime::Handle;

use super::{BlobReader, BlobStream};
use crate::source::ByteSource;

/// A [`ByteSource`] over a pinned blob. Threads that each read on from where they stopped have a stream each; a
/// read from anywhere else starts a new one. Bytes are copied once, from the chunk into the caller's buffer.
///
/// Its methods wait: call them on threads that do not run async code (`spawn_blocking`, or threads of one's own).
pub struct BlobSource {
    reader: BlobReader,
    runtime: Handle,
    /// Streams at rest, the one used last at the end.
    resting: Mutex<Vec<Reading>>,
    /// What will be read to its end, said last at the end.
    expected: Mutex<Vec<Range<u64>>>,
    max_streams: usize,
    window_bytes: u64,
}

/// A stream, and what is left of its last chunk.
struct Reading {
    stream: BlobStream,
    rest: Bytes,
}

impl Reading {
    fn position(&self) -> u64 {
        self.stream.position() - self.rest.len() as u64
    }
}

/// How many streams a source has, and how far they reach.
#[derive(Clone, Copy, Debug)]
pub struct SourceOptions {
    /// Streams that are kept: as many as threads read at once, at least 1. Memory is this many times the read-ahead.
    pub max_streams: usize,
    /// Streams end at the multiples of this many bytes, so that nothing is read ahead into what another worker
    /// reads: the size of a leaf, or of a split.
    pub window_bytes: u64,
}

impl BlobSource {
    /// A source whose streams run on this runtime.
    pub fn new(reader: BlobReader, runtime: Handle, options: SourceOptions) -> Self {
        let max_streams = options.max_streams.max(1);
        Self {
            reader,
            runtime,
            resting: Mutex::default(),
            expected: Mutex::default(),
            max_streams,
            window_bytes: options.window_bytes.max(1),
        }
    }

    /// The stream that stands at this offset, or a new one.
    fn reading_from(&self, offset: u64) -> Result<Reading, Failure> {
        let mut resting = lock(&self.resting);
        if let Some(found) = resting.iter().position(|reading| reading.position() == offset) {
            return Ok(resting.remove(found));
        }
        drop(resting);
        let window_end = (offset / self.window_bytes + 1).saturating_mul(self.window_bytes);
        let window_end = window_end.min(self.reader.size_bytes());
        let _on_runtime = self.runtime.enter();
        let stream = match self.take_expected(offset) {
            Some(expected) => self.reader.stream_of_all(offset..window_end.min(expected.end))?,
            None => self.reader.stream(offset..window_end)?,
        };
        Ok(Reading { stream, rest: Bytes::new() })
    }

    /// What is expected to be read to its end from here on. It is read once.
    fn take_expected(&self, offset: u64) -> Option<Range<u64>> {
        let mut expected = lock(&self.expected);
        let found = expected.iter().position(|range| range.contains(&offset))?;
        Some(expected.remove(found))
    }

    /// Keeps a stream for the next read if it has more, and gives up the one that rests longest.
    fn keep(&self, reading: Reading) {
        if reading.rest.is_empty() && reading.stream.is_at_end() {
            return;
        }
        let mut resting = lock(&self.resting);
        if resting.len() >= self.max_streams {
            resting.remove(0);
        }
        resting.push(reading);
    }
}

impl ByteSource for BlobSource {
    fn size_bytes(&self) -> u64 {
        self.reader.size_bytes()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Failure> {
        let mut filled = 0;
        let wanted = (buffer.len() as u64).min(self.size_bytes().saturating_sub(offset)) as usize;
        while filled < wanted {
            let at = offset + filled as u64;
            let mut reading = self.reading_from(at)?;
            while filled < wanted {
                if reading.rest.is_empty() {
                    let next =
                        reading.stream.next_blocking().map_err(|error| Failure::from(error).at_byte(at))?;
                    let Some(chunk) = next else { break };
                    reading.rest = chunk;
                }
                let count = reading.rest.len().min(wanted - filled);
                reading.rest.copy_to_slice(&mut buffer[filled..filled + count]);
                filled += count;
            }
            self.keep(reading);
        }
        Ok(filled)
    }

    fn expect(&self, range: Range<u64>) {
        let mut expected = lock(&self.expected);
        if expected.len() >= self.max_streams {
            expected.remove(0);
        }
        expected.push(range);
    }

    fn check_unchanged(&self) -> Result<(), Failure> {
        Ok(self.runtime.block_on(self.reader.check_unchanged())?)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
