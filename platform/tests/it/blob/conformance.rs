//! What every blob store must do, by its contract alone: nothing here knows what is behind it.

use std::future::Future;

use bytes::Bytes;
use data_inspector_platform::blob::{
    BlobErrorKind, BlobKey, BlobReader, BlobStore, BlockIndex, Committed, ContentHash, ReadConfig,
};

/// Makes empty stores, one for each test.
pub(super) trait StoreFactory {
    fn store(&self, config: ReadConfig) -> impl Future<Output = TestStore>;
}

/// A store for a test. What it lives in is kept as long.
pub(super) struct TestStore {
    pub(super) store: BlobStore,
    /// The same store, as another process opens it.
    pub(super) other: BlobStore,
    pub(super) _place: Option<tempfile::TempDir>,
}

/// Defines a test for each function of the suite: `blob_conformance!(factory)`; `blob_conformance!(@of_emulator
/// factory)` for what is not wholly what it emulates.
macro_rules! blob_conformance {
    ($factory:expr) => {
        $crate::blob::conformance::blob_conformance!(@of_emulator $factory);
        $crate::blob::conformance::blob_conformance!(@each $factory, a_blob_put_in_one_step_ends_an_upload);
    };
    (@of_emulator $factory:expr) => {
        $crate::blob::conformance::blob_conformance!(@each $factory,
            a_blob_is_what_was_put
            each_version_has_its_etag
            a_pinned_version_that_is_replaced_or_deleted_has_changed
            what_is_not_there_is_not_found
            a_limit_and_a_hash_are_checked
            every_range_is_right
            blocks_in_any_order_become_the_blob
            the_list_decides_the_order_and_discards_the_rest
            a_block_put_again_replaces_the_first
            blocks_are_no_blob_until_they_are_committed
            a_missing_block_is_named_and_nothing_is_lost
            a_repeated_commit_is_answered_as_before
            a_commit_of_another_list_is_no_repetition
            a_repeated_commit_does_not_hide_a_replaced_blob
            an_upload_over_a_blob_starts_anew
            blocks_that_cannot_be_are_refused
            an_empty_list_makes_an_empty_blob
            discarded_blocks_are_gone
            another_process_goes_on
        );
    };
    (@each $factory:expr, $($name:ident)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                $crate::blob::conformance::$name(&$factory).await;
            }
        )*
    };
}
pub(super) use blob_conformance;

pub(super) fn key(text: &str) -> BlobKey {
    text.parse().unwrap()
}

pub(super) fn block(index: u32) -> BlockIndex {
    BlockIndex::try_new(index).unwrap()
}

pub(super) fn blocks(indexes: &[u32]) -> Vec<BlockIndex> {
    indexes.iter().copied().map(block).collect()
}

/// Bytes of which no two places look alike.
pub(super) fn noise(length: usize, seed: u64) -> Bytes {
    let mut random = fastrand::Rng::with_seed(seed);
    std::iter::repeat_with(|| random.u8(..)).take(length).collect()
}

pub(super) async fn read(reader: &BlobReader) -> Result<Bytes, BlobErrorKind> {
    read_range(reader, 0..reader.size_bytes()).await
}

async fn read_range(reader: &BlobReader, range: std::ops::Range<u64>) -> Result<Bytes, BlobErrorKind> {
    let mut stream = reader.stream(range).map_err(|error| error.kind)?;
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next().await.map_err(|error| error.kind)? {
        assert!(!chunk.is_empty());
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.into())
}

async fn get(store: &BlobStore, key: &BlobKey) -> Result<Bytes, BlobErrorKind> {
    store.get(key, u64::MAX).await.map_err(|error| error.kind)
}

async fn commit(store: &BlobStore, key: &BlobKey, list: &[u32]) -> Result<Committed, BlobErrorKind> {
    store.commit_blocks(key, &blocks(list)).await.map_err(|error| error.kind)
}

async fn put_blocks(store: &BlobStore, key: &BlobKey, parts: &[(u32, &Bytes)]) {
    for (index, bytes) in parts {
        store.put_block(key, block(*index), Bytes::clone(bytes)).await.unwrap();
    }
}

async fn uncommitted(store: &BlobStore, key: &BlobKey) -> Vec<(u32, u64)> {
    let blocks = store.uncommitted_blocks(key).await.unwrap();
    blocks.into_iter().map(|(index, size)| (index.get(), size)).collect()
}

pub(super) async fn a_blob_is_what_was_put(factory: &impl StoreFactory) {
    let test = factory.store(ReadConfig::default()).await;
    for (name, length) in
        [("empty", 0), ("one", 1), ("ws_1/deep/er.x-2", 70_000), ("ws_1/deep/large", 3 << 20)]
    {
        let (key, bytes) = (key(name), noise(length, 1));
        let etag = test.store.put(&key, bytes.clone()).await.unwrap();
        assert_eq!(get(&test.other, &key).await.unwrap(), bytes, "{name}");
        let reader = test.other.open(&key).await.unwrap();
        assert_eq!((reader.size_bytes(), reader.etag()), (length as u64, &etag), "{name}");
        assert_eq!(read(&reader).await.unwrap(), bytes, "{name}");
        reader.check_unchanged().await.unwrap();
    }
}

pub(super) async fn each_version_has_its_etag(factory: &impl StoreFactory) {
    let test = factory.store(ReadConfig::default()).await;
    let key = key("versions");
    let mut etags = Vec::new();
    for text in ["a", "b", "b", "a", "a longer one"] {
        etags.push(test.store.put(&key, text.into()).await.unwrap());
        put_blocks(&test.store, &key, &[(0, &text.into())]).await;
        etags.push(commit(&test.store, &key, &[0]).await.unwrap().etag);
    }
    for (at, etag) in etags.iter().enumerate() {
        assert!(!etags[..at].contains(etag), "{etag:?} is there twice");
    }
    assert_eq!(test.store.open(&key).await.unwrap().etag(), etags.last().unwrap());
}

pub(super) async fn a_pinned_version_that_is_replaced_or_deleted_has_changed(factory: &impl StoreFactory) {
    let test = factory.store(ReadConfig::default()).await;
    let key = key("pinned");
    let etag = test.store.put(&key, "first".into()).await.unwrap();
    let first = test.other.pinned(&key, etag, 5);
    assert_eq!(read(&first).await.unwrap(), "first");
    test.store.put(&key, "other".into()).await.unwrap();
    let second = test.other.open(&key).await.unwrap();
    test.store.delete(&key).await.unwrap();
    let third = test.store.put(&key, "third".into()).await.unwrap();
    for reader in [first, second] {
        assert_eq!(read(&reader).await, Err(BlobErrorKind::Changed));
        assert_eq!(reader.check_unchanged().await.unwrap_err().kind, BlobErrorKind::Changed);
    }
    let third = test.other.pinned(&key, third, 5);
    third.check_unchanged().await.unwrap();
    test.store.delete(&key).await.unwrap();
    assert_eq!(read(&third).await, Err(BlobErrorKind::Changed));
    assert_eq!(third.check_unchanged().await.unwrap_err().kind, BlobErrorKind::Changed);
}

pub(super) async fn what_is_not_there_is_not_found(factory: &impl StoreFactory) {
    let test = factory.store(ReadConfig::default()).await;
    let key = key("none/of/them");
    assert_eq!(test.store.open(&key).await.err().unwrap().kind, BlobErrorKind::NotFound);
    assert_eq!(get(&test.store, &key).await, Err(BlobErrorKind::NotFound));
    assert_eq!(uncommitted(&test.store, &key).await, []);
    test.store.discard_blocks(&key).await.unwrap();
    test.store.delete(&key).await.unwrap();
    test.store.put(&key, "now".into()).await.unwrap();
    test.store.delete(&key).await.unwrap();
    assert_eq!(get(&test.store, &key).await, Err(BlobErrorKind::NotFound));
}

pub(super) async fn a_limit_and_a_hash_are_checked(factory: &impl StoreFactory) {
    let test = factory.store(ReadConfig::default()).await;
    let (key, bytes) = (key("checked"), noise(1000, 2));
    test.store.put(&key, bytes.clone()).await.unwrap();
    assert_eq!(test.store.get(&key, 1000).await.unwrap(), bytes);
    let too_large = BlobErrorKind::TooLarge { size_bytes: 1000, limit_bytes: 999 };
    assert_eq!(test.store.get(&key, 999).await.unwrap_err().kind, too_large);
    assert_eq!(test.store.get_verified(&key, &ContentHash::of(&bytes), 1000).await.unwrap(), bytes);
    let other = ContentHash::of(b"other");
    let error = test.store.get_verified(&key, &other, 1000).await.unwrap_err();
    assert_eq!(error.kind, BlobErrorKind::OtherBytes);
}

pub(super) async fn every_range_is_right(factory: &impl StoreFactory) {
    let small = ReadConfig {
        sub_range_bytes: 10_000,
        chunk_bytes: 777,
        read_ahead_bytes: 5_000,
        ..ReadConfig::default()
    };
    let test = factory.store(small).await;
    let (key, bytes) = (key("ranges"), noise(100_000, 3));
    test.store.put(&key, bytes.clone()).await.unwrap();
    let reader = test.store.open(&key).await.unwrap();
    for range in [0..0, 0..1, 0..100_000, 5..9_999, 9_999..10_001, 99_999..100_000, 100_000..100_000] {
        let expected = bytes.slice(range.start as usize..range.end as usize);
        assert_eq!(read_range(&reader, range.clone()).await.unwrap(), expected, "{range:?}");
    }
    let outside = Err(BlobErrorKind::OutOfRange { size_bytes: 100_000 });
    #[expect(clippy::reversed_empty_ranges, reason = "that is what is refused")]
    for range in [0..100_001, 100_001..100_001, 6..5] {
        assert_eq!(read_range(&reader, range).await, outside);
    }
}

pub(super) async fn blocks_in_any_order_become_the_blob(factory: &impl StoreFactory) {
    let test = factory.store(ReadConfig::default()).await;
    let (key, bytes) = (key("ws_1/files/x"), noise((2 << 20) + 5, 4));
    let part = |range: std::ops::RangeTo<usize>, from: usize| bytes.slice(from..range.end);
    let (first, second, third) =
        (part(..1 << 20, 0), part(..2 << 20, 1 << 20), part(..(2 << 20) + 5, 2 << 20));
    put_blocks(&test.store, &key, &[(2, &third), (0, &first), (1, &second)]).await;
    assert_eq!(uncommitted(&test.store, &key).await, [(0, 1 << 20), (1, 1 << 20), (2, 5)]);
    let committed = commit(&test.store, &key, &[0, 1, 2]).await.unwrap();
    assert_eq!(committed.size_bytes, bytes.len() as u64);
    if let Some(hash) = committed.content_hash {
        assert_eq!(hash, ContentHash::of(&bytes));
    }
    let reader = test.store.open(&key).await.unwrap();
    assert_eq!((reader.etag(), reader.size_bytes()), (&committed.etag, committed.size_bytes));
    assert_eq!(read(&reader).await.unwrap(), bytes);
    assert_eq!(uncommitted(&test.store, &key).await, []);
}

pub(super) async fn the_list_decides_the_order_and_discards_the_rest(factory: &impl StoreFactory) {
    let test = factory.store(ReadConfig::default()).await;
    let key = key("order");
    let texts = ["a", "bb", "ccc", "dddd"].map(Bytes::from);
    put_blocks(&test.store, &key, &[(0, &texts[0]), (1, &texts[1]), (7, &texts[2]), (49_999, &texts[3])])
        .await;
    let committed = commit(&test.store, &key, &[49_999, 0, 7]).await.unwrap();
    assert_eq!(committed.size_bytes, 8);
    assert_eq!(get(&test.store, &key).await.unwrap(), "ddddaccc");
    assert_eq!(uncommitted(&test.store, &key).await, []);
    assert_eq!(commit(&test.store, &key, &[1]).await, Err(BlobErrorKind::MissingBlock { index: 1 }));
}

pub(super) async fn a_block_put_again_replaces_the_first(factory: &impl StoreFactory) {
    let test = factory.store(ReadConfig::default()).await;
    let key = key("again");
    put_blocks(&test.store, &key, &[(0, &"old".into()), (1, &"-tail".into()), (0, &"newer".into())]).await;
    assert_eq!(uncommitted(&test.store, &key).await, [(0, 5), (1, 5)]);
    commit(&test.store, &key, &[0, 1]).await.unwrap();
    assert_eq!(get(&test.store, &key).await.unwrap(), "newer-tail");
}

pub(super) async fn blocks_are_no_blob_until_they_are_committed(factory: &impl StoreFactory) {
    let test = factory.store(ReadConfig::default()).await;
    let key = key("hidden");
    put_blocks(&test.store, &key, &[(0, &"new".into())]).await;
    assert_eq!(get(&test.store, &key).await, Err(BlobErrorKind::NotFound));
    commit(&test.store, &key, &[0]).await.unwrap();
    let old = test.store.open(&key).await.unwrap();
    put_blocks(&test.store, &key, &[(0, &"newer".into())]).await;
    assert_eq!(read(&old).await.unwrap(), "new");
    old.check_unchanged().await.unwrap();
    commit(&test.store, &key, &[0]).await.unwrap();
    assert_eq!(get(&test.store, &key).await.unwrap(), "newer");
    assert_eq!(read(&old).await, Err(BlobErrorKind::Changed));
}

pub(super) async fn a_missing_block_is_named_and_nothing_is_lost(factory: &impl StoreFactory) {
    let test = factory.store(ReadConfig::default()).await;
    let key = key("missing");
    let missing = |index| Err(BlobErrorKind::MissingBlock { index });
    assert_eq!(commit(&test.store, &key, &[0]).await, missing(0));
    put_blocks(&test.store, &key, &[(0, &"a".into()), (2, &"c".into())]).await;
    assert_eq!(commit(&test.store, &key, &[0, 1, 2, 3]).await, missing(1));
    assert_eq!(get(&test.store, &key).await, Err(BlobErrorKind::NotFound));
    put_blocks(&test.store, &key, &[(1, &"b".into())]).await;
    assert_eq!(commit(&test.store, &key, &[0, 1, 2, 3]).await, missing(3));
    commit(&test.store, &key, &[0, 1, 2]).await.unwrap();
    assert_eq!(get(&test.store, &key).await.unwrap(), "abc");
}

pub(super) async fn a_repeated_commit_is_answered_as_before(factory: &impl StoreFactory) {
    let test = factory.store(ReadConfig::default()).await;
    let key = key("repeated");
    put_blocks(&test.store, &key, &[(0, &"a".into()), (1, &"b".into())]).await;
    let committed = commit(&test.store, &key, &[0, 1]).await.unwrap();
    for store in [&test.store, &test.other] {
        assert_eq!(commit(store, &key, &[0, 1]).await, Ok(committed.clone()));
    }
    assert_eq!(test.store.open(&key).await.unwrap().etag(), &committed.etag);
    assert_eq!(get(&test.store, &key).await.unwrap(), "ab");
}

pub(super) async fn a_commit_of_another_list_is_no_repetition(factory: &impl StoreFactory) {
    let test = factory.store(ReadConfig::default()).await;
    let key = key("other-list");
    put_blocks(&test.store, &key, &[(0, &"a".into()), (1, &"b".into())]).await;
    commit(&test.store, &key, &[0, 1]).await.unwrap();
    for (list, index) in [(&[1, 0][..], 1), (&[0][..], 0), (&[0, 1, 2][..], 0)] {
        assert_eq!(
            commit(&test.store, &key, list).await,
            Err(BlobErrorKind::MissingBlock { index }),
            "{list:?}"
        );
    }
    assert_eq!(get(&test.store, &key).await.unwrap(), "ab");
}

pub(super) async fn a_repeated_commit_does_not_hide_a_replaced_blob(factory: &impl StoreFactory) {
    let test = factory.store(ReadConfig::default()).await;
    let key = key("replaced");
    for replace in [true, false] {
        put_blocks(&test.store, &key, &[(0, &"a".into())]).await;
        commit(&test.store, &key, &[0]).await.unwrap();
        if replace {
            test.store.put(&key, "b".into()).await.unwrap();
        } else {
            test.store.delete(&key).await.unwrap();
        }
        assert_eq!(commit(&test.store, &key, &[0]).await, Err(BlobErrorKind::MissingBlock { index: 0 }));
    }
}

pub(super) async fn an_upload_over_a_blob_starts_anew(factory: &impl StoreFactory) {
    let test = factory.store(ReadConfig::default()).await;
    let key = key("anew");
    put_blocks(&test.store, &key, &[(0, &"a".into()), (1, &"b".into())]).await;
    commit(&test.store, &key, &[0, 1]).await.unwrap();
    put_blocks(&test.store, &key, &[(1, &"B".into())]).await;
    assert_eq!(commit(&test.store, &key, &[0, 1]).await, Err(BlobErrorKind::MissingBlock { index: 0 }));
    put_blocks(&test.store, &key, &[(0, &"A".into())]).await;
    commit(&test.store, &key, &[0, 1]).await.unwrap();
    assert_eq!(get(&test.store, &key).await.unwrap(), "AB");
}

pub(super) async fn blocks_that_cannot_be_are_refused(factory: &impl StoreFactory) {
    let test = factory.store(ReadConfig::default()).await;
    let key = key("refused");
    let empty = test.store.put_block(&key, block(0), Bytes::new()).await;
    assert_eq!(empty.unwrap_err().kind, BlobErrorKind::EmptyBlock);
    put_blocks(&test.store, &key, &[(0, &"a".into()), (1, &"b".into())]).await;
    let twice = commit(&test.store, &key, &[0, 1, 0]).await;
    assert_eq!(twice, Err(BlobErrorKind::RepeatedBlock { index: 0 }));
    assert_eq!(uncommitted(&test.store, &key).await, [(0, 1), (1, 1)]);
}

pub(super) async fn an_empty_list_makes_an_empty_blob(factory: &impl StoreFactory) {
    let test = factory.store(ReadConfig::default()).await;
    let key = key("empty-list");
    let committed = commit(&test.store, &key, &[]).await.unwrap();
    assert_eq!(committed.size_bytes, 0);
    assert_eq!(get(&test.store, &key).await.unwrap(), "");
    assert_eq!(commit(&test.store, &key, &[]).await, Ok(committed));
}

pub(super) async fn discarded_blocks_are_gone(factory: &impl StoreFactory) {
    let test = factory.store(ReadConfig::default()).await;
    let discarded = key("discarded");
    put_blocks(&test.store, &discarded, &[(0, &"a".into())]).await;
    test.store.discard_blocks(&discarded).await.unwrap();
    assert_eq!(uncommitted(&test.store, &discarded).await, []);
    assert_eq!(commit(&test.store, &discarded, &[0]).await, Err(BlobErrorKind::MissingBlock { index: 0 }));
    assert_eq!(get(&test.store, &discarded).await, Err(BlobErrorKind::NotFound));
    put_blocks(&test.store, &discarded, &[(0, &"b".into())]).await;
    test.store.delete(&discarded).await.unwrap();
    assert_eq!(uncommitted(&test.store, &discarded).await, []);
}

pub(super) async fn a_blob_put_in_one_step_ends_an_upload(factory: &impl StoreFactory) {
    let test = factory.store(ReadConfig::default()).await;
    let key = key("ended");
    put_blocks(&test.store, &key, &[(0, &"a".into())]).await;
    test.store.put(&key, "whole".into()).await.unwrap();
    assert_eq!(uncommitted(&test.store, &key).await, []);
    assert_eq!(get(&test.store, &key).await.unwrap(), "whole");
}

pub(super) async fn another_process_goes_on(factory: &impl StoreFactory) {
    let test = factory.store(ReadConfig::default()).await;
    let key = key("handed/over");
    put_blocks(&test.store, &key, &[(0, &"a".into())]).await;
    assert_eq!(uncommitted(&test.other, &key).await, [(0, 1)]);
    put_blocks(&test.other, &key, &[(1, &"b".into())]).await;
    let committed = commit(&test.other, &key, &[0, 1]).await.unwrap();
    assert_eq!(commit(&test.store, &key, &[0, 1]).await, Ok(committed));
    assert_eq!(get(&test.store, &key).await.unwrap(), "ab");
}
