//! The suite on Azurite, and what a sender can do with a grant. `DATA_INSPECTOR_TEST_AZURE` is a connection string,
//! its container `inspector`.

use std::time::Duration;

use data_inspector_platform::blob::azure::AzureConfig;
use data_inspector_platform::blob::{BlobErrorKind, BlobStore, ReadConfig, RetryPolicy};
use reqwest::StatusCode;

use super::conformance::{StoreFactory, TestStore, blob_conformance, block, blocks, key, noise, read};
use super::proxy::{Fault, Proxy};

struct Azurite;

impl StoreFactory for Azurite {
    async fn store(&self, config: ReadConfig) -> TestStore {
        let azure = azure();
        let open = || BlobStore::azure(azure.clone(), config.clone()).unwrap();
        TestStore { store: open(), other: open(), _place: None }
    }
}

// Azurite keeps the uncommitted blocks of a blob that is put in one step; Azure discards them
// (https://learn.microsoft.com/rest/api/storageservices/put-block#remarks). Nothing of ours puts a blob both ways.
blob_conformance!(@of_emulator Azurite);

const HOUR: Duration = Duration::from_secs(3600);

/// A place of its own in the container.
fn azure() -> AzureConfig {
    let connection = std::env::var("DATA_INSPECTOR_TEST_AZURE")
        .expect("DATA_INSPECTOR_TEST_AZURE is not set; scripts/services.sh prints it");
    let mut azure = AzureConfig::from_connection_string(&connection, "inspector").unwrap();
    azure.prefix = Some(key(&format!("test/{:016x}", fastrand::u64(..))));
    azure
}

#[tokio::test]
async fn a_grant_is_for_the_blocks_of_one_blob() {
    let store = BlobStore::azure(azure(), ReadConfig::default()).unwrap();
    let (granted, other) = (key("ws_1/files/granted"), key("ws_1/files/other"));
    store.put(&other, "kept".into()).await.unwrap();
    let grant = store.upload_grant(&granted, HOUR).await.unwrap().unwrap();
    let put = |url: String, index: u32, text: &'static str| async move {
        let id = block(index).to_block_id().replace('=', "%3D");
        let request = reqwest::Client::new().put(format!("{url}&comp=block&blockid={id}"));
        request.body(text).send().await.unwrap().status()
    };
    assert_eq!(put(grant.url.clone(), 1, "world").await, StatusCode::CREATED);
    let renewed = store.upload_grant(&granted, HOUR).await.unwrap().unwrap();
    assert_eq!(put(renewed.url, 0, "hello ").await, StatusCode::CREATED);
    assert_eq!(store.uncommitted_blocks(&granted).await.unwrap(), [(block(0), 6), (block(1), 5)]);
    store.commit_blocks(&granted, &blocks(&[0, 1])).await.unwrap();
    assert_eq!(store.get(&granted, 100).await.unwrap(), "hello world");

    let client = reqwest::Client::new();
    let list = format!("{}&comp=blocklist", grant.url);
    for forbidden in [client.get(&grant.url), client.get(list), client.delete(&grant.url)] {
        assert_eq!(forbidden.send().await.unwrap().status(), StatusCode::FORBIDDEN);
    }
    let elsewhere = grant.url.replace("granted", "other");
    assert_eq!(put(elsewhere, 0, "x").await, StatusCode::FORBIDDEN);
    assert_eq!(store.get(&other, 100).await.unwrap(), "kept");
    let over = store.upload_grant(&granted, Duration::ZERO).await.unwrap().unwrap();
    assert_eq!(put(over.url, 0, "x").await, StatusCode::FORBIDDEN);
    assert!(!format!("{grant:?} {store:?}").contains("sig"), "{grant:?}");
}

#[tokio::test]
async fn no_right_is_a_typed_failure_without_a_secret() {
    let mut azure = azure();
    azure.credential =
        data_inspector_platform::blob::azure::AzureCredential::AccountKey("d3Jvbmc=".to_owned());
    let store = BlobStore::azure(azure, ReadConfig::default()).unwrap();
    let opened = store.open(&key("a")).await.err().unwrap();
    let put = store.put_block(&key("a"), block(0), "a".into()).await.unwrap_err();
    for error in [opened, put] {
        assert_eq!(error.kind, BlobErrorKind::PermissionDenied, "{error:?}");
        let shown = format!("{error:?}");
        assert!(!shown.contains("sig=") && !shown.contains("d3Jvbmc"), "{shown}");
    }
}

const SIZE: usize = 3_000_000;

fn impatient() -> ReadConfig {
    let pause = Duration::from_millis(10);
    let retry = RetryPolicy { max_retries: 3, first_pause: pause, longest_pause: pause };
    // The faults are further on in the first answer than 64 KiB.
    let first_request_bytes = 256 << 10;
    let timeout = Duration::from_secs(2);
    ReadConfig { sub_range_bytes: 1 << 20, first_request_bytes, timeout, retry, ..ReadConfig::default() }
}

/// Reads a blob through a proxy whose answers have these faults, one after the other, the last one for ever.
async fn read_through(faults: &[Fault]) -> (Result<(), BlobErrorKind>, usize) {
    let direct = azure();
    let bytes = noise(SIZE, 20);
    let store = BlobStore::azure(direct.clone(), ReadConfig::default()).unwrap();
    let etag = store.put(&key("file"), bytes.clone()).await.unwrap();
    let proxy = Proxy::start(direct.endpoint.as_deref().unwrap(), faults).await;
    let through = AzureConfig { endpoint: Some(proxy.endpoint()), ..direct };
    let store = BlobStore::azure(through, impatient()).unwrap();
    let reader = store.pinned(&key("file"), etag, SIZE as u64);
    let read = tokio::time::timeout(Duration::from_secs(60), read(&reader));
    let answer = read.await.expect("it must not hang");
    (answer.map(|found| assert!(found == bytes, "wrong bytes after {faults:?}")), proxy.requests())
}

#[tokio::test]
async fn what_passes_on_the_line_is_mended() {
    use Fault::*;
    for fault in
        [Cut(0), Cut(300), Cut(200_000), Stall(0), Stall(100_000), Busy, Short(50_000), OtherRange, Trickle]
    {
        let (answer, requests) = read_through(&[fault, Right]).await;
        assert_eq!(answer, Ok(()), "{fault:?}");
        // Five without a fault.
        assert_eq!(requests, if matches!(fault, Trickle) { 5 } else { 6 }, "{fault:?}");
    }
}

#[tokio::test]
async fn a_busy_store_is_left_alone_for_as_long_as_it_asks() {
    let began = std::time::Instant::now();
    let (answer, requests) = read_through(&[Fault::Busy, Fault::Right]).await;
    assert_eq!((answer, requests), (Ok(()), 6));
    // It asks for a second; our own first pause is a hundredth of that.
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());

    let direct = azure();
    let proxy = Proxy::start(direct.endpoint.as_deref().unwrap(), &[Fault::Busy, Fault::Right]).await;
    let through = AzureConfig { endpoint: Some(proxy.endpoint()), ..direct };
    let store = BlobStore::azure(through, impatient()).unwrap();
    let began = std::time::Instant::now();
    store.put_block(&key("file"), block(0), "a".into()).await.unwrap();
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
}

#[tokio::test]
async fn what_does_not_pass_on_the_line_is_a_typed_failure() {
    use Fault::*;
    for fault in [Cut(0), Stall(300), Busy, OtherRange] {
        let (answer, requests) = read_through(&[Right, fault]).await;
        assert_eq!((answer, requests), (Err(BlobErrorKind::Unavailable), 5), "{fault:?}");
    }
    let (answer, requests) = read_through(&[Right, OtherVersion]).await;
    assert_eq!((answer, requests), (Err(BlobErrorKind::Changed), 2));
}

#[tokio::test]
async fn blocks_arrive_over_a_bad_line() {
    let direct = azure();
    let faults =
        [Fault::Busy, Fault::Cut(0), Fault::Right, Fault::Cut(20), Fault::Right, Fault::Cut(0), Fault::Right];
    let proxy = Proxy::start(direct.endpoint.as_deref().unwrap(), &faults).await;
    let store =
        BlobStore::azure(AzureConfig { endpoint: Some(proxy.endpoint()), ..direct }, impatient()).unwrap();
    let bytes = noise(SIZE, 21);
    store.put_block(&key("file"), block(0), bytes.clone()).await.unwrap();
    // The list is read, committed, and the answer to that is lost: the commit finds that it has been done.
    let committed = store.commit_blocks(&key("file"), &blocks(&[0])).await.unwrap();
    assert_eq!(committed.size_bytes, SIZE as u64);
    assert_eq!(store.open(&key("file")).await.unwrap().etag(), &committed.etag);
    assert!(store.get(&key("file"), u64::MAX).await.unwrap() == bytes);
}
