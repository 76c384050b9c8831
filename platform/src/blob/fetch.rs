//! Fetches a range of a blob in bounded sub-ranges, and goes on inside a body that broke off.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use object_store::{GetOptions, GetRange, ObjectStore};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{sleep_until, timeout};

use super::body::Body;
use super::retry::Retries;
use super::throttle::Throttle;
use super::{BlobError, BlobErrorKind, BlobKey, BlobStore, Etag, ReadConfig};
use crate::telemetry::{MetricName, Metrics};

const DOING: &str = "read";

/// What reading has cost since the store was opened; for metrics.
#[derive(Debug, Default)]
pub struct ReadCounters {
    pub(super) bytes: AtomicU64,
    pub(super) requests: AtomicU64,
    pub(super) retries: AtomicU64,
}

impl ReadCounters {
    /// Bytes received.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Ranges asked for, retries included.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Requests that were made again, of any kind.
    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }
}

impl BlobStore {
    /// What reading has cost since the store was opened.
    pub fn counters(&self) -> &ReadCounters {
        &self.inner.counters
    }

    /// The same for blobs that are read as a whole, with [`BlobStore::get`]: not files, but what is kept beside them.
    pub fn document_counters(&self) -> &ReadCounters {
        &self.inner.document_counters
    }

    /// Adds what reading costs to the metrics of the process.
    pub fn register_metrics(&self, metrics: &Metrics) {
        let name = |name, help| MetricName { name, help };
        let of = self.clone();
        let both = move |read: fn(&ReadCounters) -> u64| {
            let (files, documents) = (read(of.counters()), read(of.document_counters()));
            vec![("files".to_owned(), files), ("documents".to_owned(), documents)]
        };
        let help = "Bytes received from the blob store, of files and of documents beside them";
        let bytes = both.clone();
        metrics.counters(name("blob_read_bytes", help), "of", move || bytes(ReadCounters::bytes));
        let help = "Ranges asked for, retries included";
        metrics.counters(name("blob_read_requests", help), "of", move || both(ReadCounters::requests));
        let of = self.clone();
        let help = "Requests to the blob store that were made again";
        metrics.counter(name("blob_retries", help), move || of.counters().retries());
    }
}

/// A pinned version of a blob, and how to get at it.
pub(super) struct Pinned {
    pub(super) objects: Arc<dyn ObjectStore>,
    pub(super) key: BlobKey,
    pub(super) etag: Etag,
    pub(super) size_bytes: u64,
    pub(super) config: ReadConfig,
    pub(super) counters: Arc<ReadCounters>,
    pub(super) throttle: Arc<Throttle>,
}

/// Bytes on their way to the consumer; the permit is their share of the read-ahead.
pub(super) struct Chunk {
    pub(super) bytes: Bytes,
    pub(super) permit: OwnedSemaphorePermit,
}

/// Where chunks go, and how fast. An error is the last thing sent.
pub(super) struct Outlet {
    pub(super) chunks: mpsc::Sender<Result<Chunk, BlobError>>,
    pub(super) window: Arc<Semaphore>,
    pub(super) throttle: Throttle,
}

/// Why no more bytes come.
enum Stop {
    Failed(BlobError),
    /// Nobody wants them.
    Unwanted,
}

impl From<BlobError> for Stop {
    fn from(error: BlobError) -> Self {
        Self::Failed(error)
    }
}

/// Fetches a range until its end, a failure that retries do not mend, or until nobody wants it. The first request is for
/// so many bytes, and each after that for twice as many as the one before.
pub(super) async fn fetch(blob: Arc<Pinned>, range: Range<u64>, first_request_bytes: u64, outlet: Outlet) {
    let mut sub_range_bytes = first_request_bytes;
    let mut offset = range.start;
    while offset < range.end && outlet.has_room().await {
        let end = range.end.min(offset.saturating_add(sub_range_bytes));
        match blob.fetch_sub_range(offset..end, &outlet).await {
            Ok(()) => {}
            Err(Stop::Unwanted) => return,
            Err(Stop::Failed(error)) => {
                // Nobody to tell is no failure.
                let _ = outlet.chunks.send(Err(error)).await;
                return;
            }
        }
        offset = end;
        sub_range_bytes = (sub_range_bytes * 2).min(blob.config.sub_range_bytes.max(1));
    }
}

impl Pinned {
    /// Retries inside one sub-range. The budget is given anew after each chunk's worth of progress.
    async fn fetch_sub_range(&self, range: Range<u64>, outlet: &Outlet) -> Result<(), Stop> {
        let mut retries = Retries::new(self.config.retry);
        let (mut offset, mut budget_from) = (range.start, range.start);
        loop {
            let broken = match self.fetch_body(&mut offset, range.end, outlet).await {
                Ok(()) => return Ok(()),
                Err(Stop::Failed(error)) if error.kind.retryable() => error,
                Err(stop) => return Err(stop),
            };
            if offset - budget_from >= self.config.chunk_bytes as u64 {
                retries.reset();
                budget_from = offset;
            }
            let Some(pause) = retries.next_pause() else { return Err(broken.into()) };
            self.counters.retries.fetch_add(1, Ordering::Relaxed);
            let (error, retry) = (broken.source.as_deref().map(tracing::field::display), retries.used());
            tracing::warn!(key = %self.key, offset, retry, error, "reading a blob is tried again");
            tokio::time::sleep(pause).await;
        }
    }

    /// Passes on what one answer has. `offset` is moved past every byte that was passed on.
    async fn fetch_body(&self, offset: &mut u64, end: u64, outlet: &Outlet) -> Result<(), Stop> {
        let mut body = self.ask(*offset..end).await?;
        while *offset < end {
            let mut chunk = self.next_chunk(&mut body).await?;
            if chunk.len() as u64 > end - *offset {
                return Err(self.wrong("the answer has more bytes than were asked for").into());
            }
            self.counters.bytes.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            while !chunk.is_empty() {
                let piece = chunk.split_to(chunk.len().min(self.config.piece_bytes()));
                let length = piece.len() as u64;
                let due = outlet.throttle.book(length).max(self.throttle.book(length));
                sleep_until(due).await;
                outlet.send(piece).await?;
                *offset += length;
            }
        }
        Ok(())
    }

    /// Asks for a range of the pinned version, and makes sure that the answer is one.
    async fn ask(&self, range: Range<u64>) -> Result<Body, BlobError> {
        self.counters.requests.fetch_add(1, Ordering::Relaxed);
        let options = GetOptions {
            if_match: Some(self.etag.as_str().to_owned()),
            range: Some(GetRange::Bounded(range.clone())),
            ..GetOptions::default()
        };
        let path = self.key.to_path();
        let answer = timeout(self.config.timeout, self.objects.get_opts(&path, options)).await;
        let answer = match answer {
            Err(elapsed) => return Err(BlobErrorKind::Unavailable.on(DOING, &self.key).with_source(elapsed)),
            // It was there when it was pinned.
            Ok(Err(error @ object_store::Error::NotFound { .. })) => {
                return Err(BlobErrorKind::Changed.on(DOING, &self.key).with_source(error));
            }
            Ok(answer) => answer.map_err(|error| BlobError::of_store(error, DOING, &self.key))?,
        };
        if answer.meta.e_tag.as_deref() != Some(self.etag.as_str()) || answer.meta.size != self.size_bytes {
            return Err(BlobErrorKind::Changed.on(DOING, &self.key));
        }
        if answer.range.start != range.start || answer.range.end > range.end {
            return Err(self.wrong("the answer is another range"));
        }
        Ok(Body::new(answer))
    }

    /// The next bytes of a body that is not complete: no bytes mean that it broke off.
    async fn next_chunk(&self, body: &mut Body) -> Result<Bytes, BlobError> {
        let unavailable = || BlobErrorKind::Unavailable.on(DOING, &self.key);
        let next = timeout(self.config.timeout, body.next(self.config.chunk_bytes.max(1))).await;
        let chunk = next.map_err(|elapsed| unavailable().with_source(elapsed))?;
        match chunk.map_err(|error| unavailable().with_source(error))? {
            Some(chunk) if !chunk.is_empty() => Ok(chunk),
            Some(_) | None => Err(self.wrong("the answer has fewer bytes than were asked for")),
        }
    }

    fn wrong(&self, what: &'static str) -> BlobError {
        BlobErrorKind::Unavailable.on(DOING, &self.key).with_source(what)
    }
}

impl Outlet {
    /// Waits until anything fits into the read-ahead; false if nothing ever will.
    async fn has_room(&self) -> bool {
        self.window.acquire().await.is_ok()
    }

    /// Waits until the piece fits into the read-ahead.
    async fn send(&self, bytes: Bytes) -> Result<(), Stop> {
        let permits = bytes.len() as u32;
        let permit =
            Arc::clone(&self.window).acquire_many_owned(permits).await.map_err(|_| Stop::Unwanted)?;
        self.chunks.send(Ok(Chunk { bytes, permit })).await.map_err(|_| Stop::Unwanted)
    }
}
