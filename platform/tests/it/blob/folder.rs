//! The suite on a folder, and what a crash leaves in one.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use data_inspector_platform::blob::{BlobErrorKind, BlobStore, ReadConfig};

use super::conformance::{StoreFactory, TestStore, blob_conformance, block, blocks, key, noise, read};

struct Folder;

impl StoreFactory for Folder {
    async fn store(&self, config: ReadConfig) -> TestStore {
        let place = tempfile::tempdir().unwrap();
        let open = || BlobStore::local(place.path(), config.clone()).unwrap();
        TestStore { store: open(), other: open(), _place: Some(place) }
    }
}

blob_conformance!(Folder);

const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

fn open(place: &Path) -> BlobStore {
    BlobStore::local(place, ReadConfig::default()).unwrap()
}

/// All files below a folder, as paths from there.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path)
            } else {
                found.push(path.strip_prefix(folder).unwrap().into())
            }
        }
    }
    found.sort();
    found
}

/// Makes everything below a folder as old as that.
fn age(folder: &Path, by: Duration) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            age(&path, by);
        }
        let file = fs::File::open(&path).unwrap();
        file.set_modified(SystemTime::now() - by).unwrap();
    }
}

#[tokio::test]
async fn nothing_is_left_in_the_way() {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    let key = key("ws_1/files/a");
    for index in 0..3 {
        store.put_block(&key, block(index), noise(100_000, 5)).await.unwrap();
    }
    store.commit_blocks(&key, &blocks(&[0, 1, 2])).await.unwrap();
    let left = ["blobs/ws_1/files/a", "blocks/ws_1/files/a/.committed", "blocks/ws_1/files/a/.lock"];
    assert_eq!(files(place.path()), left.map(PathBuf::from));
    store.delete(&key).await.unwrap();
    assert!(!place.path().join("blobs/ws_1/files/a").exists());
    age(place.path(), WEEK);
    store.discard_lapsed_blocks(WEEK).await.unwrap();
    assert_eq!(files(place.path()), [] as [PathBuf; 0]);
    assert_eq!(fs::read_dir(place.path().join("blocks")).unwrap().count(), 0, "empty folders are removed");
}

#[tokio::test]
async fn what_lapsed_is_removed_and_nothing_else() {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    let [lapsed, added_to, blob] = ["ws_1/files/lapsed", "ws_1/files/added-to", "ws_1/files/blob"].map(key);
    for key in [&lapsed, &added_to] {
        store.put_block(key, block(0), "old".into()).await.unwrap();
    }
    store.put(&blob, "blob".into()).await.unwrap();
    fs::write(place.path().join("temp/left-by-a-crash"), "x").unwrap();
    age(place.path(), WEEK);
    store.put_block(&added_to, block(1), "new".into()).await.unwrap();
    fs::write(place.path().join("temp/being-written"), "x").unwrap();
    store.discard_lapsed_blocks(WEEK).await.unwrap();
    assert_eq!(store.uncommitted_blocks(&lapsed).await.unwrap(), []);
    assert_eq!(store.uncommitted_blocks(&added_to).await.unwrap(), [(block(0), 3), (block(1), 3)]);
    assert_eq!(store.get(&blob, 10).await.unwrap(), "blob");
    assert_eq!(files(&place.path().join("temp")), [PathBuf::from("being-written")]);
}

/// Folders are empty between being made and being used.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_being_made_is_not_cleared_away() {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    let clearing = tokio::spawn({
        let store = store.clone();
        async move {
            loop {
                store.discard_lapsed_blocks(WEEK).await.unwrap();
            }
        }
    });
    for number in 0..100 {
        store.put_block(&key(&format!("ws_{number}/files/a")), block(0), "text".into()).await.unwrap();
    }
    assert!(!clearing.is_finished(), "clearing away failed");
    clearing.abort();
}

/// Puts a folder into the state in which a crash leaves it, and lets another process commit.
async fn after_a_crash(leave: impl Fn(&Path, &Path)) -> (BlobStore, TestFolder) {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    let key = key("ws_1/files/a");
    store.put(&key, "old".into()).await.unwrap();
    for (index, text) in [(0, "ne"), (1, "wer")] {
        store.put_block(&key, block(index), text.into()).await.unwrap();
    }
    let staging = place.path().join("blocks/ws_1/files/a");
    leave(place.path(), &staging);
    drop(store);
    (open(place.path()), TestFolder { place })
}

struct TestFolder {
    place: tempfile::TempDir,
}

async fn text(store: &BlobStore) -> bytes::Bytes {
    store.get(&key("ws_1/files/a"), 100).await.unwrap()
}

#[tokio::test]
async fn a_crash_while_blocks_are_put_together_leaves_the_old_blob() {
    let (store, folder) = after_a_crash(|root, _| fs::write(root.join("temp/half"), "n").unwrap()).await;
    assert_eq!(text(&store).await, "old");
    store.commit_blocks(&key("ws_1/files/a"), &blocks(&[0, 1])).await.unwrap();
    assert_eq!(text(&store).await, "newer");
    assert_eq!(files(&folder.place.path().join("temp")), [PathBuf::from("half")]);
}

#[tokio::test]
async fn a_crash_before_the_blob_is_replaced_leaves_the_old_one() {
    let record = r#"{"version":1,"blocks":[0,1],"etag":"\"1-2-3\"","sizeBytes":5,
        "contentHash":"af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"}"#;
    let (store, _folder) =
        after_a_crash(|_, staging| fs::write(staging.join(".committed"), record).unwrap()).await;
    assert_eq!(text(&store).await, "old");
    store.commit_blocks(&key("ws_1/files/a"), &blocks(&[0, 1])).await.unwrap();
    assert_eq!(text(&store).await, "newer");
}

#[tokio::test]
async fn a_crash_after_the_blob_was_replaced_leaves_the_new_one() {
    let (store, folder) = after_a_crash(|_, _| ()).await;
    let (key, staging) = (key("ws_1/files/a"), folder.place.path().join("blocks/ws_1/files/a"));
    let list = blocks(&[0, 1]);
    // The blocks are removed last.
    let kept = folder.place.path().join("kept");
    fs::create_dir(&kept).unwrap();
    for name in ["00000000", "00000001"] {
        fs::copy(staging.join(".blocks").join(name), kept.join(name)).unwrap();
    }
    let first = store.commit_blocks(&key, &list).await.unwrap();
    fs::rename(&kept, staging.join(".blocks")).unwrap();
    assert_eq!(text(&store).await, "newer");
    let again = store.commit_blocks(&key, &list).await.unwrap();
    assert_eq!((again.size_bytes, again.content_hash), (first.size_bytes, first.content_hash));
    assert_eq!(text(&store).await, "newer");
    assert_eq!(store.commit_blocks(&key, &list).await.unwrap(), again);
}

#[tokio::test]
async fn a_record_that_is_not_understood_is_as_none() {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    let key = key("a");
    store.put_block(&key, block(0), "x".into()).await.unwrap();
    store.commit_blocks(&key, &blocks(&[0])).await.unwrap();
    let path = place.path().join("blocks/a/.committed");
    let record = fs::read_to_string(&path).unwrap();
    for wrong in [record.replace("\"version\":1", "\"version\":2"), "{".to_owned(), String::new()] {
        fs::write(&path, wrong).unwrap();
        let error = store.commit_blocks(&key, &blocks(&[0])).await.unwrap_err();
        assert_eq!(error.kind, BlobErrorKind::MissingBlock { index: 0 });
    }
    fs::write(&path, record).unwrap();
    store.commit_blocks(&key, &blocks(&[0])).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn commits_at_the_same_time_leave_one_of_them() {
    let place = tempfile::tempdir().unwrap();
    let key = key("contested");
    let bytes = noise(200_000, 6);
    for index in 0..4 {
        let from = index as usize * 50_000;
        open(place.path()).put_block(&key, block(index), bytes.slice(from..from + 50_000)).await.unwrap();
    }
    let commits: Vec<_> = (0..8)
        .map(|_| {
            let (store, key) = (open(place.path()), key.clone());
            tokio::spawn(async move { store.commit_blocks(&key, &blocks(&[0, 1, 2, 3])).await.unwrap() })
        })
        .collect();
    let mut answers = Vec::new();
    for commit in commits {
        answers.push(commit.await.unwrap());
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "all are told of one version: {answers:?}");
    let reader = open(place.path()).open(&key).await.unwrap();
    assert_eq!((reader.etag(), read(&reader).await.unwrap()), (&answers[0].etag, bytes));
}

#[tokio::test]
async fn bytes_written_in_place_do_not_get_out() {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    let key = key("in-place");
    store.put(&key, "before".into()).await.unwrap();
    let reader = store.open(&key).await.unwrap();
    let path = place.path().join("blobs/in-place");
    fs::write(&path, "behind").unwrap();
    // Other than its clock may have it, the file is younger.
    fs::File::open(&path).unwrap().set_modified(SystemTime::now() + Duration::from_secs(1)).unwrap();
    assert_eq!(read(&reader).await, Err(BlobErrorKind::Changed));
    assert_eq!(reader.check_unchanged().await.unwrap_err().kind, BlobErrorKind::Changed);
}

#[tokio::test]
async fn a_place_that_is_no_folder_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = BlobStore::local(file.path(), ReadConfig::default()).unwrap_err();
    assert!(error.to_string().contains(file.path().to_str().unwrap()), "{error}");
}
