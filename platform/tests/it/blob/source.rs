//! A blob as the threads that inspect it see it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use data_inspector_domain::failure::FailureCode;
use data_inspector_platform::blob::{BlobSource, BlobStore, ReadConfig, SourceOptions};
use data_inspector_platform::source::ByteSource;
use tokio::runtime::{Handle, Runtime};

use super::conformance::{key, noise};

const SIZE: usize = 4 << 20;
const WINDOW: u64 = 1 << 20;
const THREADS: usize = 4;

fn config() -> ReadConfig {
    ReadConfig {
        sub_range_bytes: 64 << 10,
        read_ahead_bytes: 64 << 10,
        chunk_bytes: 8 << 10,
        ..ReadConfig::default()
    }
}

fn source(runtime: &Runtime, store: &BlobStore, bytes: &Bytes) -> BlobSource {
    let reader = runtime.block_on(async {
        store.put(&key("file"), bytes.clone()).await.unwrap();
        store.open(&key("file")).await.unwrap()
    });
    BlobSource::new(
        reader,
        runtime.handle().clone(),
        SourceOptions { max_streams: THREADS, window_bytes: WINDOW },
    )
}

/// Runs on a runtime of its own, as the worker does it, with a folder and with memory.
fn check(test: impl Fn(&Runtime, BlobStore)) {
    let runtime = Runtime::new().unwrap();
    let place = tempfile::tempdir().unwrap();
    test(&runtime, BlobStore::local(place.path(), config()).unwrap());
    test(&runtime, BlobStore::in_memory(config()));
}

fn read_exactly(source: &BlobSource, bytes: &Bytes, offset: usize, buffer: &mut [u8]) {
    let count = source.read_at(offset as u64, buffer).unwrap();
    assert_eq!(count, buffer.len().min(bytes.len().saturating_sub(offset)), "from {offset}");
    let expected = bytes.get(offset..offset + count).unwrap_or_default();
    assert!(buffer[..count] == *expected, "other bytes from {offset}");
}

#[test]
fn a_leaf_per_thread_costs_each_byte_once() {
    check(|runtime, store| {
        let bytes = noise(SIZE, 7);
        let source = source(runtime, &store, &bytes);
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let (source, bytes) = (&source, &bytes);
                scope.spawn(move || {
                    let mut buffer = vec![0; 10_000];
                    let window = thread * WINDOW as usize..(thread + 1) * WINDOW as usize;
                    for offset in window.clone().step_by(10_000) {
                        let length = buffer.len().min(window.end - offset);
                        read_exactly(source, bytes, offset, &mut buffer[..length]);
                    }
                });
            }
        });
        source.check_unchanged().unwrap();
        assert_eq!(store.counters().bytes(), SIZE as u64);
    });
}

/// A leaf is asked for in large requests from its first byte on; what comes after it is not.
#[test]
fn what_is_expected_is_asked_for_as_a_whole() {
    check(|runtime, store| {
        let bytes = noise(SIZE, 13);
        let source = source(runtime, &store, &bytes);
        let (leaf, before) = (100..WINDOW, store.counters().requests());
        source.expect(leaf.clone());
        for offset in leaf.clone().step_by(1000) {
            read_exactly(
                &source,
                &bytes,
                offset as usize,
                &mut [0; 1000][..1000.min(leaf.end - offset) as usize],
            );
        }
        assert_eq!(store.counters().requests() - before, (WINDOW - 100).div_ceil(64 << 10));
        assert_eq!(store.counters().bytes(), WINDOW - 100);
        read_exactly(&source, &bytes, WINDOW as usize, &mut [0; 1000]);
        assert!(store.counters().bytes() <= WINDOW + (16 << 10), "{}", store.counters().bytes());
    });
}

#[test]
fn reads_from_anywhere_are_right_and_their_waste_is_bounded() {
    check(|runtime, store| {
        let bytes = noise(SIZE, 8);
        let source = source(runtime, &store, &bytes);
        const READS: usize = 100;
        std::thread::scope(|scope| {
            for thread in 0..2 * THREADS {
                let (source, bytes) = (&source, &bytes);
                scope.spawn(move || {
                    let mut random = fastrand::Rng::with_seed(thread as u64);
                    let mut buffer = vec![0; 30_000];
                    for _ in 0..READS {
                        let (offset, length) = (random.usize(..SIZE + 10), random.usize(..=buffer.len()));
                        if random.bool() {
                            source.expect(offset as u64..(offset + length) as u64);
                        }
                        read_exactly(source, bytes, offset, &mut buffer[..length]);
                    }
                });
            }
        });
        // A stream that is given up early has asked for little: a chunk, then two, then four, up to a sub-range.
        let most = (2 * THREADS * READS) as u64 * (30_000 + 2 * (64 << 10));
        assert!(store.counters().bytes() <= most, "{} bytes", store.counters().bytes());
    });
}

#[test]
fn memory_is_bounded_by_the_streams_kept() {
    check(|runtime, store| {
        let bytes = noise(SIZE, 9);
        let source = source(runtime, &store, &bytes);
        // Begins far more streams than are kept; each has read ahead as far as it may once it rests.
        let begun = 64;
        for at in 0..begun {
            read_exactly(&source, &bytes, at * (SIZE / begun), &mut [0; 100]);
        }
        let before = store.counters().bytes();
        // The newest are still there: going on with them starts no request from where they are.
        let requests = store.counters().requests();
        for at in begun - THREADS..begun {
            read_exactly(&source, &bytes, at * (SIZE / begun) + 100, &mut [0; 100]);
        }
        assert!(store.counters().requests() - requests <= THREADS as u64, "they were begun anew");
        let bound = (begun + THREADS) as u64 * (64 << 10);
        assert!(before <= bound, "{before} bytes were fetched, {bound} are the bound");
    });
}

#[test]
fn ends_and_empty_blobs_are_read_as_they_are() {
    check(|runtime, store| {
        for bytes in [noise(0, 0), noise(1, 1), noise(WINDOW as usize, 2), noise(WINDOW as usize + 1, 3)] {
            let source = source(runtime, &store, &bytes);
            assert_eq!(source.size_bytes(), bytes.len() as u64);
            let mut buffer = vec![0; 2 * WINDOW as usize];
            for offset in [0, bytes.len().saturating_sub(1), bytes.len(), bytes.len() + 1] {
                read_exactly(&source, &bytes, offset, &mut buffer);
            }
            assert_eq!(source.read_at(u64::MAX, &mut buffer).unwrap(), 0);
        }
    });
}

#[test]
fn a_blob_that_is_replaced_fails_all_threads() {
    check(|runtime, store| {
        let bytes = noise(SIZE, 10);
        let source = source(runtime, &store, &bytes);
        let replaced = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let (source, bytes, replaced) = (&source, &bytes, &replaced);
                scope.spawn(move || {
                    let mut buffer = [0; 1000];
                    let from = thread * WINDOW as usize;
                    read_exactly(source, bytes, from, &mut buffer);
                    while !replaced.load(Ordering::Acquire) {
                        std::thread::yield_now();
                    }
                    let failed = (from + 1000..SIZE).step_by(1000).find_map(|at| {
                        let count = source.read_at(at as u64, &mut buffer);
                        count.map(|count| assert!(buffer[..count] == bytes[at..at + count])).err()
                    });
                    let failure = failed.expect("what is not read ahead is of another version");
                    assert_eq!(failure.code, FailureCode::SourceChanged);
                    assert!(failure.at_byte.is_some_and(|at| at >= from as u64));
                });
            }
            runtime.block_on(store.put(&key("file"), noise(SIZE, 11))).unwrap();
            replaced.store(true, Ordering::Release);
        });
        assert_eq!(source.check_unchanged().unwrap_err().code, FailureCode::SourceChanged);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_reads_on_threads_that_may_wait() {
    let store = BlobStore::in_memory(ReadConfig { max_bytes_per_second: Some(100 << 20), ..config() });
    store.put(&key("file"), noise(100_000, 12)).await.unwrap();
    let reader = store.open(&key("file")).await.unwrap();
    let options = SourceOptions { max_streams: 1, window_bytes: WINDOW };
    let source = BlobSource::new(reader, Handle::current(), options);
    let read = tokio::task::spawn_blocking(move || source.read_at(0, &mut [0; 100_000]).unwrap());
    assert_eq!(tokio::time::timeout(Duration::from_secs(30), read).await.unwrap().unwrap(), 100_000);
}
