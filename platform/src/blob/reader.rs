//! Reads a pinned version of a blob as streams of chunks, in bounded memory.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use object_store::GetOptions;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::AbortHandle;
use tracing::Instrument as _;

use super::fetch::{Chunk, Outlet, Pinned, fetch};
use super::retry::retrying;
use super::throttle::Throttle;
use super::{BlobError, BlobErrorKind, BlobKey, Etag, RetryPolicy};

/// Chunks that wait for the consumer, whatever their size. Their bytes are bounded by the read-ahead.
const MAX_WAITING_CHUNKS: usize = 1024;

/// How blobs are read. A zero counts as one.
#[derive(Clone, Debug)]
pub struct ReadConfig {
    /// Most bytes asked for in one request; 8–16 MiB suit Azure.
    pub sub_range_bytes: u64,
    /// Most bytes asked for at first by a stream that may be given up soon; each request after that is twice the one
    /// before. Past the end of a leaf nearly all are: they are there to see where a record ends.
    pub first_request_bytes: u64,
    /// Most bytes of one stream that wait for the consumer or that it is at. Like the requests it starts small and
    /// doubles.
    pub read_ahead_bytes: u32,
    /// Most bytes handed out at once.
    pub chunk_bytes: usize,
    /// How long the store may be silent: before an answer, and between two chunks of it.
    pub timeout: Duration,
    /// How often a request, and each chunk's worth of a body, is tried again.
    pub retry: RetryPolicy,
    /// Most bytes per second that all streams of the store get together; `None`: as fast as they come.
    pub max_bytes_per_second: Option<u64>,
    /// The same for each stream on its own.
    pub max_stream_bytes_per_second: Option<u64>,
}

impl Default for ReadConfig {
    fn default() -> Self {
        Self {
            sub_range_bytes: 8 << 20,
            first_request_bytes: 64 << 10,
            read_ahead_bytes: 8 << 20,
            chunk_bytes: 256 << 10,
            timeout: Duration::from_secs(25),
            retry: RetryPolicy::default(),
            max_bytes_per_second: None,
            max_stream_bytes_per_second: None,
        }
    }
}

impl ReadConfig {
    /// Most bytes of a piece: not more than ever fits into the read-ahead.
    pub(super) fn piece_bytes(&self) -> usize {
        self.chunk_bytes.clamp(1, self.read_ahead_bytes.max(1) as usize)
    }

    /// Not more than a chunk.
    pub(super) fn first_request_bytes(&self) -> u64 {
        self.first_request_bytes.min(self.chunk_bytes as u64).clamp(1, self.sub_range_bytes.max(1))
    }
}

/// A pinned version of a blob: every byte read is of this version, or the read fails with
/// [`BlobErrorKind::Changed`]. Clones are cheap.
#[derive(Clone)]
pub struct BlobReader {
    pinned: Arc<Pinned>,
}

impl BlobReader {
    pub(super) fn new(pinned: Pinned) -> Self {
        Self { pinned: Arc::new(pinned) }
    }

    /// Size of the pinned version.
    pub fn size_bytes(&self) -> u64 {
        self.pinned.size_bytes
    }

    /// The pinned version.
    pub fn etag(&self) -> &Etag {
        &self.pinned.etag
    }

    /// Its key.
    pub fn key(&self) -> &BlobKey {
        &self.pinned.key
    }

    /// Starts to read a range, on the current tokio runtime, with small requests as long as little of it was taken.
    /// Memory: the read-ahead, and one chunk as the store gives it.
    pub fn stream(&self, range: Range<u64>) -> Result<BlobStream, BlobError> {
        self.stream_from(range, self.pinned.config.first_request_bytes())
    }

    /// The same for a range that will be taken to its end: with large requests from the start.
    pub fn stream_of_all(&self, range: Range<u64>) -> Result<BlobStream, BlobError> {
        self.stream_from(range, self.pinned.config.sub_range_bytes.max(1))
    }

    fn stream_from(&self, range: Range<u64>, first_request_bytes: u64) -> Result<BlobStream, BlobError> {
        let size_bytes = self.pinned.size_bytes;
        if range.start > range.end || range.end > size_bytes {
            return Err(BlobErrorKind::OutOfRange { size_bytes }.on("read", &self.pinned.key));
        }
        let read_ahead_bytes = u64::from(self.pinned.config.read_ahead_bytes.max(1));
        let window = first_request_bytes.min(read_ahead_bytes) as usize;
        let permits = Arc::new(Semaphore::new(window));
        let (chunks, receiver) = mpsc::channel(MAX_WAITING_CHUNKS);
        let throttle = Throttle::new(self.pinned.config.max_stream_bytes_per_second);
        let outlet = Outlet { chunks, window: Arc::clone(&permits), throttle };
        let fetching = fetch(Arc::clone(&self.pinned), range.clone(), first_request_bytes, outlet);
        let task = tokio::spawn(fetching.in_current_span());
        Ok(BlobStream {
            pinned: Arc::clone(&self.pinned),
            receiver,
            permits,
            window,
            at: None,
            position: range.start,
            end: range.end,
            task: task.abort_handle(),
        })
    }

    /// Fails with [`BlobErrorKind::Changed`] if the blob is not the pinned version any more.
    pub async fn check_unchanged(&self) -> Result<(), BlobError> {
        let pinned = &self.pinned;
        let options = GetOptions {
            if_match: Some(pinned.etag.as_str().to_owned()),
            head: true,
            ..GetOptions::default()
        };
        let path = pinned.key.to_path();
        let head = || async {
            let answer = pinned.objects.get_opts(&path, options.clone()).await;
            answer.map_err(|error| BlobError::of_store(error, "check", &pinned.key))
        };
        let changed = |error: BlobError| match error.kind {
            BlobErrorKind::NotFound => BlobErrorKind::Changed.on("check", &pinned.key).with_source(error),
            _ => error,
        };
        let (config, on) = (&pinned.config, ("check", &pinned.key));
        let answer = retrying(config.retry, config.timeout, &pinned.counters, on, head).await;
        let meta = answer.map_err(changed)?.meta;
        let is_pinned = meta.e_tag.as_deref() == Some(pinned.etag.as_str()) && meta.size == pinned.size_bytes;
        if is_pinned { Ok(()) } else { Err(BlobErrorKind::Changed.on("check", &pinned.key)) }
    }
}

/// A range on its way. Dropping it stops the reading.
pub struct BlobStream {
    pinned: Arc<Pinned>,
    receiver: mpsc::Receiver<Result<Chunk, BlobError>>,
    permits: Arc<Semaphore>,
    /// Bytes the window has now.
    window: usize,
    /// The share of the window of the bytes that were handed out last.
    at: Option<OwnedSemaphorePermit>,
    position: u64,
    end: u64,
    task: AbortHandle,
}

impl BlobStream {
    /// Offset in the blob of the next byte.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Whether all of the range has been handed out.
    pub fn is_at_end(&self) -> bool {
        self.position == self.end
    }

    /// The next bytes, never empty; `None` at the end of the range.
    pub async fn next(&mut self) -> Result<Option<Bytes>, BlobError> {
        if self.position == self.end {
            return Ok(None);
        }
        self.widen();
        let received = self.receiver.recv().await;
        self.take(received).map(Some)
    }

    /// The same for a thread that may wait. Panics on a thread that runs async code.
    pub fn next_blocking(&mut self) -> Result<Option<Bytes>, BlobError> {
        if self.position == self.end {
            return Ok(None);
        }
        self.widen();
        let received = self.receiver.blocking_recv();
        self.take(received).map(Some)
    }

    fn take(&mut self, received: Option<Result<Chunk, BlobError>>) -> Result<Bytes, BlobError> {
        let ended =
            || BlobErrorKind::Unavailable.on("read", &self.pinned.key).with_source("its task has ended");
        let Chunk { bytes, permit } = received.ok_or_else(ended)??;
        self.at = Some(permit);
        self.position += bytes.len() as u64;
        Ok(bytes)
    }

    /// Makes room for more once the consumer has done with what it was at. A consumer that asks for no more, as its
    /// record has ended, costs the store nothing beyond what it got.
    fn widen(&mut self) {
        let Some(permit) = self.at.take() else { return };
        let room = (self.pinned.config.read_ahead_bytes as usize).saturating_sub(self.window);
        let more = permit.num_permits().min(room);
        self.window += more;
        self.permits.add_permits(more);
    }
}

impl Drop for BlobStream {
    fn drop(&mut self) {
        self.task.abort();
    }
}
