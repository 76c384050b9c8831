//! Reading from a store that does what stores do on bad days: the right bytes or a typed failure, never wrong bytes,
//! never for ever. Time is virtual.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetRange, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use tokio::time::{Instant, sleep};

use super::memory::MemoryBlocks;
use super::{Backend, BlobErrorKind, BlobKey, BlobReader, BlobStore, ReadConfig, RetryPolicy};

const SIZE: usize = 1_000_000;
const SUB_RANGE: u64 = 200_000;
const TIMEOUT: Duration = Duration::from_secs(25);

/// What is wrong with an answer. Lengths are in bytes, of the body.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// Nothing.
    Right,
    /// The connection breaks, without an error: the body just ends.
    Ends(usize),
    /// The connection breaks with an error.
    Breaks(usize),
    /// No more bytes come, and no end.
    Stalls(usize),
    /// No answer comes.
    Silent,
    /// 503, or another status without a meaning of its own.
    Refuses,
    /// An honest 206 of fewer bytes than were asked for.
    Short(usize),
    /// A 206 of fewer bytes that says it is what was asked for.
    Lies(usize),
    /// More bytes than were asked for.
    Long,
    /// A 206 of other bytes, as honest as that.
    OtherRange,
    /// The whole blob.
    Whole,
    /// Another version although a version was asked for.
    OtherVersion,
    /// 412.
    Replaced,
    /// 404.
    Gone,
    /// 403.
    Forbidden,
    /// So many bytes at once, each after so many milliseconds.
    Trickles(usize, u64),
}

/// A store whose ranged answers have these faults, one after the other, and after that the last of them or none.
struct Faulty {
    inner: InMemory,
    faults: Mutex<VecDeque<Fault>>,
    for_ever: Option<Fault>,
    asked: Mutex<Vec<Range<u64>>>,
}

impl Faulty {
    fn next_fault(&self) -> Fault {
        self.faults.lock().unwrap().pop_front().or(self.for_ever).unwrap_or(Fault::Right)
    }

    async fn answer(&self, path: &Path, mut options: GetOptions) -> Result<GetResult> {
        let Some(GetRange::Bounded(range)) = options.range.clone() else {
            return self.inner.get_opts(path, options).await;
        };
        self.asked.lock().unwrap().push(range.clone());
        let fault = self.next_fault();
        let size = self.inner.get_opts(path, GetOptions::default()).await?.meta.size;
        let source = || "as asked for".into();
        match fault {
            Fault::Silent => std::future::pending().await,
            Fault::Refuses => return Err(object_store::Error::Generic { store: "faulty", source: source() }),
            Fault::Replaced => {
                return Err(object_store::Error::Precondition { path: path.to_string(), source: source() });
            }
            Fault::Gone => {
                return Err(object_store::Error::NotFound { path: path.to_string(), source: source() });
            }
            Fault::Forbidden => {
                return Err(object_store::Error::PermissionDenied {
                    path: path.to_string(),
                    source: source(),
                });
            }
            Fault::Short(length) => options.range = Some((range.start..range.start + length as u64).into()),
            Fault::OtherRange => options.range = Some((range.start + 1..(range.end + 1).min(size)).into()),
            Fault::Whole => options.range = None,
            _ => {}
        }
        let mut answer = self.inner.get_opts(path, options).await?;
        if matches!(fault, Fault::OtherVersion) {
            answer.meta.e_tag = Some("\"other\"".to_owned());
        }
        let GetResultPayload::Stream(mut body) = answer.payload else { panic!("memory streams") };
        let bytes = body.next().await.unwrap()?;
        answer.payload = GetResultPayload::Stream(faulty_body(fault, bytes));
        Ok(answer)
    }
}

fn faulty_body(fault: Fault, bytes: Bytes) -> BoxStream<'static, Result<Bytes>> {
    let first = |length: usize| stream::iter([Ok(bytes.slice(..length.min(bytes.len())))]);
    match fault {
        Fault::Ends(length) | Fault::Lies(length) => first(length).boxed(),
        Fault::Breaks(length) => {
            let broken = object_store::Error::Generic { store: "faulty", source: "connection reset".into() };
            first(length).chain(stream::iter([Err(broken)])).boxed()
        }
        Fault::Stalls(length) => first(length).chain(stream::pending()).boxed(),
        Fault::Long => stream::iter([Ok(bytes.clone()), Ok(bytes)]).boxed(),
        Fault::Trickles(length, pause_ms) => stream::unfold(bytes, move |mut rest| async move {
            sleep(Duration::from_millis(pause_ms)).await;
            let chunk = rest.split_to(length.min(rest.len()));
            (!chunk.is_empty()).then_some((Ok(chunk), rest))
        })
        .boxed(),
        _ => stream::iter([Ok(bytes)]).boxed(),
    }
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("faulty")
    }
}

impl fmt::Debug for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[async_trait::async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.inner.put_opts(path, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.answer(path, options).await
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

struct Scene {
    store: BlobStore,
    faulty: Arc<Faulty>,
    key: BlobKey,
    bytes: Bytes,
    reader: BlobReader,
}

fn config() -> ReadConfig {
    ReadConfig {
        sub_range_bytes: SUB_RANGE,
        read_ahead_bytes: 100_000,
        chunk_bytes: 50_000,
        timeout: TIMEOUT,
        retry: RetryPolicy { max_retries: 3, ..RetryPolicy::default() },
        ..ReadConfig::default()
    }
}

async fn scene(faults: &[Fault], for_ever: Option<Fault>, config: ReadConfig) -> Scene {
    let faults = Mutex::new(faults.iter().copied().collect());
    let faulty = Arc::new(Faulty { inner: InMemory::new(), faults, for_ever, asked: Mutex::default() });
    let objects = Arc::clone(&faulty) as Arc<dyn ObjectStore>;
    let store = BlobStore::new(objects, Backend::Memory(MemoryBlocks::default()), config);
    let key: BlobKey = "file".parse().unwrap();
    let mut random = fastrand::Rng::with_seed(1);
    let bytes: Bytes = std::iter::repeat_with(|| random.u8(..)).take(SIZE).collect();
    store.put(&key, bytes.clone()).await.unwrap();
    let reader = store.open(&key).await.unwrap();
    Scene { store, faulty, key, bytes, reader }
}

impl Scene {
    /// Reads all, and checks each chunk when it comes: no wrong byte gets out, not even before a failure.
    async fn read(&self) -> std::result::Result<(), BlobErrorKind> {
        let mut stream = self.reader.stream(0..SIZE as u64).unwrap();
        let mut at = 0;
        while let Some(chunk) = stream.next().await.map_err(|error| error.kind)? {
            assert!(chunk == self.bytes[at..at + chunk.len()], "wrong bytes from {at} on");
            at += chunk.len();
        }
        assert_eq!(at, SIZE);
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_mended() {
    use Fault::*;
    let cases: &[&[Fault]] = &[
        &[Right],
        &[Ends(0)],
        &[Ends(10_000)],
        &[Right, Ends(99_999), Ends(1)],
        &[Breaks(0)],
        &[Right, Right, Breaks(60_000), Breaks(7)],
        &[Stalls(0)],
        &[Right, Stalls(70_001)],
        &[Silent],
        &[Refuses, Refuses, Refuses],
        &[Short(10_000)],
        &[Right, Short(1), Short(2)],
        &[Lies(10_000)],
        &[OtherRange],
        &[Whole],
        &[Long],
        &[Trickles(100, 20)],
        &[Ends(5), Stalls(6), Refuses, Right, Silent, Breaks(9), Short(3)],
    ];
    for faults in cases {
        let scene = scene(faults, None, config()).await;
        let start = Instant::now();
        assert_eq!(scene.read().await, Ok(()), "{faults:?}");
        assert!(start.elapsed() < TIMEOUT * 4, "{faults:?} took {:?}", start.elapsed());
        assert!(scene.faulty.faults.lock().unwrap().is_empty(), "{faults:?} were not all met");
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_pass_is_a_typed_failure() {
    use Fault::*;
    for fault in [Ends(0), Breaks(0), Stalls(0), Silent, Refuses, Lies(0), OtherRange, Whole] {
        let scene = scene(&[Right], Some(fault), config()).await;
        let start = Instant::now();
        assert_eq!(scene.read().await, Err(BlobErrorKind::Unavailable), "{fault:?}");
        assert!(
            start.elapsed() < (TIMEOUT + Duration::from_secs(10)) * 4,
            "{fault:?} took {:?}",
            start.elapsed()
        );
        assert_eq!(scene.store.counters().retries(), 3, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_version_is_never_asked_for_again() {
    use Fault::*;
    for (fault, kind) in [
        (OtherVersion, BlobErrorKind::Changed),
        (Replaced, BlobErrorKind::Changed),
        (Gone, BlobErrorKind::Changed),
        (Forbidden, BlobErrorKind::PermissionDenied),
    ] {
        let scene = scene(&[Right, Breaks(60_000), fault], None, config()).await;
        assert_eq!(scene.read().await, Err(kind), "{fault:?}");
        assert_eq!(scene.faulty.asked.lock().unwrap().len(), 3, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn progress_gives_the_budget_anew() {
    // A body that breaks after each 60 kB: many more breaks than retries, and each byte is asked for once.
    let scene = scene(&[], Some(Fault::Breaks(60_000)), config()).await;
    assert_eq!(scene.read().await, Ok(()));
    assert!(scene.store.counters().retries() > 6, "{} retries", scene.store.counters().retries());
    assert_eq!(scene.store.counters().bytes(), SIZE as u64);
    // Less than a chunk at a time is no progress: it would take for ever.
    let scene = scene_of_drops().await;
    assert_eq!(scene.read().await, Err(BlobErrorKind::Unavailable));
}

async fn scene_of_drops() -> Scene {
    scene(&[], Some(Fault::Breaks(1)), config()).await
}

#[tokio::test(start_paused = true)]
async fn requests_are_bounded_and_start_small() {
    let scene = scene(&[], None, config()).await;
    scene.read().await.unwrap();
    let asked = scene.faulty.asked.lock().unwrap().clone();
    let lengths: Vec<u64> = asked.iter().map(|range| range.end - range.start).collect();
    assert_eq!(lengths, [50_000, 100_000, 200_000, 200_000, 200_000, 200_000, 50_000]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_for_behind_what_the_consumer_is_at_first() {
    let scene = scene(&[], None, config()).await;
    let mut stream = scene.reader.stream(0..SIZE as u64).unwrap();
    let first = stream.next().await.unwrap().unwrap().len() as u64;
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(scene.store.counters().bytes(), first);
    stream.next().await.unwrap().unwrap();
    sleep(Duration::from_secs(3600)).await;
    assert!(scene.store.counters().bytes() > 2 * first);
}

#[tokio::test(start_paused = true)]
async fn a_consumer_who_waits_holds_the_store_up() {
    let mut config = config();
    (config.sub_range_bytes, config.chunk_bytes, config.read_ahead_bytes) = (10_000, 1_000, 20_000);
    let scene = scene(&[], None, config).await;
    let mut stream = scene.reader.stream(0..SIZE as u64).unwrap();
    let mut taken = 0;
    // The read-ahead grows to its bound with what was taken.
    for _ in 0..100 {
        taken += stream.next().await.unwrap().unwrap().len() as u64;
    }
    sleep(Duration::from_secs(3600)).await;
    let received = scene.store.counters().bytes();
    let ahead = received - taken;
    // The answer that does not fit is in hand.
    assert!((20_000..=30_000).contains(&ahead), "{ahead} bytes ahead");
    drop(stream);
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(scene.store.counters().bytes(), received, "nothing is read for nobody");
}

#[tokio::test(start_paused = true)]
async fn a_throttle_bounds_all_streams_together_and_each() {
    let rates = [(Some(100_000), None, 20), (None, Some(100_000), 10), (Some(400_000), Some(100_000), 10)];
    for (max_bytes_per_second, max_stream_bytes_per_second, seconds) in rates {
        let config = ReadConfig { max_bytes_per_second, max_stream_bytes_per_second, ..config() };
        let scene = scene(&[], None, config).await;
        let start = Instant::now();
        let (first, second) = tokio::join!(scene.read(), scene.read());
        first.and(second).unwrap();
        let took = start.elapsed().as_secs_f64();
        assert!((took - f64::from(seconds)).abs() < 0.5, "{took} s instead of {seconds}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_small_blob_is_asked_for_at_once_and_read_again_when_it_is_replaced() {
    let scene = scene(&[Fault::Replaced, Fault::Replaced], None, config()).await;
    assert!(scene.store.get(&scene.key, u64::MAX).await.unwrap() == scene.bytes);
    let asked = scene.faulty.asked.lock().unwrap().clone();
    assert_eq!(asked[..3], [0..SUB_RANGE, 0..SUB_RANGE, 0..SUB_RANGE]);
    let scene = scene_that_never_rests().await;
    let error = scene.store.get(&scene.key, u64::MAX).await.unwrap_err();
    assert_eq!(error.kind, BlobErrorKind::Changed);
}

async fn scene_that_never_rests() -> Scene {
    scene(&[], Some(Fault::Replaced), config()).await
}
