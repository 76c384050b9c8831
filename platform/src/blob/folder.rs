//! Blobs and their blocks in a folder of this machine.
//!
//! ```text
//! blobs/KEY                the blobs
//! blocks/KEY/.blocks/N     uncommitted blocks; no segment of a key starts with a dot
//! blocks/KEY/.committed    what the blob was made of last, so that a repeated commit is answered as before
//! blocks/KEY/.lock         held while the blocks are put together
//! temp/RANDOM              what is being written, or removed
//! ```
//! Everything is written elsewhere, synced, and renamed into its place: a crash leaves the old or the new.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::block::{CommitPlan, plan_commit};
use super::{BlobError, BlobKey, BlockIndex, Committed, ContentHash, Etag};

const COPY_BYTES: usize = 1 << 20;
/// Version of [`CommitRecord`]. Records of another version are as if they were not there.
const RECORD_VERSION: u32 = 1;

pub(super) struct Folder {
    root: PathBuf,
}

/// What is stored as `.committed`.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CommitRecord {
    version: u32,
    blocks: Vec<u32>,
    etag: String,
    size_bytes: u64,
    content_hash: String,
}

impl Folder {
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        for part in ["blobs", "blocks", "temp"] {
            fs::create_dir_all(root.join(part))?;
        }
        Ok(Self { root: root.to_owned() })
    }

    pub(super) fn place(&self) -> String {
        self.root.display().to_string()
    }

    pub(super) fn blobs(&self) -> PathBuf {
        self.root.join("blobs")
    }

    pub(super) fn put(&self, key: &BlobKey, bytes: &[u8]) -> Result<Etag, BlobError> {
        let put = || {
            let mut temp = self.temp()?;
            temp.file.write_all(bytes)?;
            temp.file.sync_all()?;
            let etag = etag_of(&temp.file.metadata()?);
            temp.move_to(&self.blob(key))?;
            self.remove_at_once(&self.staging(key).join(".blocks"))?;
            Ok(etag)
        };
        put().map_err(|error| BlobError::of_io(error, "write", key))
    }

    pub(super) fn put_block(&self, key: &BlobKey, index: BlockIndex, bytes: &[u8]) -> Result<(), BlobError> {
        let put = || {
            let mut temp = self.temp()?;
            temp.file.write_all(bytes)?;
            temp.file.sync_all()?;
            temp.move_to(&self.staging(key).join(".blocks").join(index.to_string()))
        };
        put().map_err(|error| BlobError::of_io(error, "put a block of", key))
    }

    pub(super) fn uncommitted(&self, key: &BlobKey) -> Result<Vec<(BlockIndex, u64)>, BlobError> {
        let list = || {
            let mut blocks = Vec::new();
            for entry in entries(&self.staging(key).join(".blocks"))? {
                if let Some(index) = entry.file_name().to_str().and_then(BlockIndex::from_digits) {
                    blocks.push((index, entry.metadata()?.len()));
                }
            }
            blocks.sort_unstable();
            Ok(blocks)
        };
        list().map_err(|error| BlobError::of_io(error, "list the blocks of", key))
    }

    pub(super) fn discard(&self, key: &BlobKey) -> Result<(), BlobError> {
        let discarded = self.remove_at_once(&self.staging(key).join(".blocks"));
        discarded.map_err(|error| BlobError::of_io(error, "discard the blocks of", key))
    }

    pub(super) fn commit(&self, key: &BlobKey, listed: &[BlockIndex]) -> Result<Committed, BlobError> {
        const DOING: &str = "commit the blocks of";
        let failed = |error| BlobError::of_io(error, DOING, key);
        let staging = self.staging(key);
        let _only_one = lock(&staging).map_err(failed)?;
        let staged = self.uncommitted(key)?;
        let is_staged = |block| staged.binary_search_by_key(&block, |(index, _)| *index).is_ok();
        let last = self.last_commit(key).map_err(failed)?;
        let list = last.as_ref().map(|(list, _)| list.as_slice());
        let plan = plan_commit(listed, is_staged, list).map_err(|kind| kind.on(DOING, key))?;
        match (plan, last) {
            (CommitPlan::AlreadyDone, Some((_, committed))) => Ok(committed),
            _ => self.put_together(key, listed, &staging).map_err(failed),
        }
    }

    fn put_together(&self, key: &BlobKey, listed: &[BlockIndex], staging: &Path) -> io::Result<Committed> {
        let mut temp = self.temp()?;
        let mut hasher = blake3::Hasher::new();
        let mut buffer = vec![0; COPY_BYTES];
        for block in listed {
            let mut block = File::open(staging.join(".blocks").join(block.to_string()))?;
            loop {
                let count = block.read(&mut buffer)?;
                if count == 0 {
                    break;
                }
                hasher.update(&buffer[..count]);
                temp.file.write_all(&buffer[..count])?;
            }
        }
        temp.file.sync_all()?;
        let metadata = temp.file.metadata()?;
        let content_hash = ContentHash::from_bytes(hasher.finalize().into());
        let committed = Committed {
            etag: etag_of(&metadata),
            size_bytes: metadata.len(),
            content_hash: Some(content_hash),
        };
        // Before the blob: it is valid only while the blob has this etag.
        self.record(&CommitRecord::new(listed, &committed, content_hash), &staging.join(".committed"))?;
        temp.move_to(&self.blob(key))?;
        self.remove_at_once(&staging.join(".blocks"))?;
        Ok(committed)
    }

    fn record(&self, record: &CommitRecord, path: &Path) -> io::Result<()> {
        let mut temp = self.temp()?;
        serde_json::to_writer(&mut temp.file, record)?;
        temp.file.sync_all()?;
        temp.move_to(path)
    }

    /// What the blob was made of, if it still is what was made.
    fn last_commit(&self, key: &BlobKey) -> io::Result<Option<(Vec<BlockIndex>, Committed)>> {
        let Some(text) = if_there(fs::read(self.staging(key).join(".committed")))? else { return Ok(None) };
        let Some(metadata) = if_there(fs::metadata(self.blob(key)))? else { return Ok(None) };
        let record = serde_json::from_slice::<CommitRecord>(&text).ok().and_then(CommitRecord::into_commit);
        Ok(record.filter(|(_, committed)| committed.etag == etag_of(&metadata)))
    }

    /// Discards blocks to which none was added for so long, records as old, and what a crash left in `temp`.
    pub(super) fn lapse(&self, unchanged_for: Duration) -> io::Result<()> {
        let lapsed = |metadata: &Metadata| {
            metadata.modified().is_ok_and(|modified| {
                SystemTime::now().duration_since(modified).is_ok_and(|age| age >= unchanged_for)
            })
        };
        self.lapse_below(&self.root.join("blocks"), &lapsed)?;
        for entry in entries(&self.root.join("temp"))? {
            if if_there(entry.metadata())?.is_some_and(|metadata| lapsed(&metadata)) {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }

    fn lapse_below(&self, folder: &Path, lapsed: &dyn Fn(&Metadata) -> bool) -> io::Result<()> {
        for entry in entries(folder)? {
            let Some(metadata) = if_there(entry.metadata())? else { continue };
            let is_ours = entry.file_name().as_encoded_bytes().starts_with(b".");
            if metadata.is_dir() && !is_ours {
                self.lapse_below(&entry.path(), lapsed)?;
                // A new one may be about to be used. An old one stays if it is not empty, and a writer makes it again.
                if lapsed(&metadata) {
                    let _ = fs::remove_dir(entry.path());
                }
            } else if lapsed(&metadata) {
                // The time of `.blocks` is that of its last new block.
                self.remove_at_once(&entry.path())?;
            }
        }
        Ok(())
    }

    fn blob(&self, key: &BlobKey) -> PathBuf {
        self.root.join("blobs").join(key.as_str())
    }

    fn staging(&self, key: &BlobKey) -> PathBuf {
        self.root.join("blocks").join(key.as_str())
    }

    fn temp_path(&self) -> PathBuf {
        self.root.join("temp").join(format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..)))
    }

    fn temp(&self) -> io::Result<Temp> {
        let path = self.temp_path();
        Ok(Temp { file: File::create_new(&path)?, path })
    }

    /// Removes a file or a folder so that nobody sees a part of it.
    fn remove_at_once(&self, path: &Path) -> io::Result<()> {
        let aside = self.temp_path();
        match if_there(fs::rename(path, &aside))? {
            None => Ok(()),
            Some(()) => remove(&aside),
        }
    }
}

impl CommitRecord {
    fn new(blocks: &[BlockIndex], committed: &Committed, content_hash: ContentHash) -> Self {
        Self {
            version: RECORD_VERSION,
            blocks: blocks.iter().map(|block| block.get()).collect(),
            etag: committed.etag.as_str().to_owned(),
            size_bytes: committed.size_bytes,
            content_hash: content_hash.to_string(),
        }
    }

    fn into_commit(self) -> Option<(Vec<BlockIndex>, Committed)> {
        let blocks =
            self.blocks.iter().map(|index| BlockIndex::try_new(*index).ok()).collect::<Option<_>>()?;
        let content_hash = Some(self.content_hash.parse().ok()?);
        let committed = Committed { etag: Etag::new(self.etag), size_bytes: self.size_bytes, content_hash };
        (self.version == RECORD_VERSION).then_some((blocks, committed))
    }
}

/// A file that is removed again unless it is moved to where it belongs.
struct Temp {
    file: File,
    path: PathBuf,
}

impl Temp {
    /// Moves what has been synced to its place, over what is there.
    fn move_to(self, target: &Path) -> io::Result<()> {
        let parent = target.parent().expect("the target is below the root");
        // Again, because an old folder that has just become empty may be removed in between.
        let mut tries = 0;
        loop {
            let moved = create_folders(parent).and_then(|()| fs::rename(&self.path, target));
            match moved {
                Err(error) if error.kind() == io::ErrorKind::NotFound && tries < 10 => tries += 1,
                moved => return moved.and_then(|()| File::open(parent)?.sync_all()),
            }
        }
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        // After a move there is none, and what cannot be removed lapses.
        let _ = fs::remove_file(&self.path);
    }
}

/// Waits until no other commit of the blob is under way, in this process or another one. The lock ends with the file.
fn lock(staging: &Path) -> io::Result<File> {
    fs::create_dir_all(staging)?;
    let file = File::options().create(true).truncate(false).write(true).open(staging.join(".lock"))?;
    file.lock()?;
    Ok(file)
}

/// Makes a folder and those above it, each of them on the disk.
fn create_folders(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().ok_or(io::ErrorKind::NotFound)?;
    create_folders(parent)?;
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => File::open(parent)?.sync_all(),
    }
}

fn entries(folder: &Path) -> io::Result<Vec<fs::DirEntry>> {
    if_there(fs::read_dir(folder))?.into_iter().flatten().collect()
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        _ => fs::remove_file(path),
    };
    if_there(removed).map(|_| ())
}

fn if_there<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The etag that object_store gives this file. Renaming does not change it.
fn etag_of(metadata: &Metadata) -> Etag {
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    let micros = modified.unwrap_or_default().as_micros();
    Etag::new(format!("\"{:x}-{micros:x}-{:x}\"", metadata.ino(), metadata.len()))
}
