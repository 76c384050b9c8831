//! Files that change while they are read, and sources that break off: never an answer that is of no version.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::time::SystemTime;

use data_inspector_domain::failure::{Failure, FailureCode};
use data_inspector_domain::profile::Profile;
use data_inspector_platform::local::LocalFile;
use data_inspector_platform::source::ByteSource;

use crate::support::{inspect, leaves_of};

const LEAF: u64 = 4096;
const CHUNK: usize = 1000;
const ROWS: usize = 20_000;

fn table() -> Vec<u8> {
    (0..ROWS).flat_map(|row| format!("{row},\"name, {row}\"\n").into_bytes()).collect()
}

/// A file of this machine to which something is done before the first read that reaches byte `at`.
struct Tampered<'a> {
    file: LocalFile,
    at: u64,
    tamper: Mutex<Option<&'a (dyn Fn() + Sync)>>,
}

impl Tampered<'_> {
    fn reach(&self, offset: u64) {
        if offset >= self.at
            && let Some(tamper) = self.tamper.lock().unwrap().take()
        {
            tamper();
        }
    }
}

impl ByteSource for Tampered<'_> {
    fn size_bytes(&self) -> u64 {
        self.file.size_bytes()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Failure> {
        self.reach(offset + buffer.len() as u64 - 1);
        self.file.read_at(offset, buffer)
    }

    fn check_unchanged(&self) -> Result<(), Failure> {
        self.reach(u64::MAX);
        self.file.check_unchanged()
    }
}

/// Inspects a file that is tampered with: before the first read, in the middle, at the last byte, after it.
fn each_time(tamper: impl Fn(&Path) + Sync, check: impl Fn(u64, Result<Profile, Failure>)) {
    let bytes = table();
    let size = bytes.len() as u64;
    for at in [0, size / 2, size - 1, u64::MAX] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        std::fs::write(&path, &bytes).unwrap();
        // A write within the same tick of the clock would leave the same time behind.
        File::options().write(true).open(&path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        let tamper = || tamper(&path);
        let file = LocalFile::open(&path).unwrap();
        let source = Tampered { file, at, tamper: Mutex::new(Some(&tamper)) };
        let inspected = inspect(&source, &leaves_of(LEAF), CHUNK);
        assert!(source.tamper.into_inner().unwrap().is_none(), "nothing was done to the file at byte {at}");
        check(at, inspected.map(|inspected| inspected.profile));
    }
}

fn check_refused(how: &str, tamper: impl Fn(&Path) + Sync) {
    each_time(tamper, |at, inspected| {
        let failure = inspected.expect_err("a file that changed has no answer");
        assert_eq!(failure.code, FailureCode::SourceChanged, "at byte {at}: {failure}");
        assert!(failure.user_message.contains(how), "at byte {at}: {failure}");
    });
}

fn check_answered(tamper: impl Fn(&Path) + Sync) {
    each_time(tamper, |at, inspected| {
        let profile = inspected.unwrap_or_else(|failure| panic!("at byte {at}: {failure}"));
        assert_eq!((profile.row_count, profile.findings.len()), (ROWS as u64, 0), "at byte {at}");
    });
}

#[test]
fn a_file_that_grows() {
    check_refused("grew", |path| {
        File::options().append(true).open(path).unwrap().write_all(b"1,x\n").unwrap()
    });
}

#[test]
fn a_file_that_shrinks() {
    check_refused("became shorter", |path| {
        File::options().write(true).open(path).unwrap().set_len(5000).unwrap()
    });
    check_refused("became shorter", |path| drop(File::create(path).unwrap()));
}

#[test]
fn a_file_that_is_rewritten_in_place() {
    check_refused("was written to", |path| {
        File::options().write(true).open(path).unwrap().write_all(b"\"").unwrap();
    });
}

/// What was opened is still there for whoever has it open.
#[test]
fn a_file_that_is_replaced_or_removed() {
    check_answered(|path| {
        let other = path.with_extension("new");
        std::fs::write(&other, "other\n").unwrap();
        std::fs::rename(other, path).unwrap();
    });
    check_answered(|path| std::fs::remove_file(path).unwrap());
}

/// Bytes in memory that come in small pieces, and break off.
struct Flaky {
    bytes: Vec<u8>,
    /// Most bytes per read.
    piece: usize,
    /// Reads of this byte fail.
    broken_at: u64,
}

impl ByteSource for Flaky {
    fn size_bytes(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Failure> {
        let rest = &self.bytes[offset as usize..];
        let count = rest.len().min(buffer.len()).min(self.piece);
        if (offset..offset + count as u64).contains(&self.broken_at) {
            return Err(
                Failure::new(FailureCode::StorageUnavailable, "the line is dead").at_byte(self.broken_at)
            );
        }
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn check_unchanged(&self) -> Result<(), Failure> {
        match self.broken_at {
            u64::MAX => Err(Failure::new(FailureCode::SourceChanged, "another version")),
            _ => Ok(()),
        }
    }
}

#[test]
fn a_source_that_breaks_off_fails_the_inspection() {
    let bytes = table();
    let size = bytes.len() as u64;
    for broken_at in [0, 1, LEAF - 1, LEAF, size / 3, size / 2, size - 1] {
        let source = Flaky { bytes: bytes.clone(), piece: usize::MAX, broken_at };
        let failure = inspect(&source, &leaves_of(LEAF), CHUNK).err().expect("a byte is missing");
        assert_eq!((failure.code, failure.at_byte), (FailureCode::StorageUnavailable, Some(broken_at)));
    }
    let source = Flaky { bytes, piece: usize::MAX, broken_at: u64::MAX };
    let failure = inspect(&source, &leaves_of(LEAF), CHUNK).err().expect("the version is another one");
    assert_eq!(failure.code, FailureCode::SourceChanged);
}

#[test]
fn a_source_that_gives_less_than_asked() {
    let bytes = table();
    let whole = inspect(
        &Flaky { bytes: bytes.clone(), piece: usize::MAX, broken_at: u64::MAX - 1 },
        &leaves_of(LEAF),
        1 << 20,
    );
    let whole = whole.unwrap().profile.to_json();
    for piece in [1, 7, 999] {
        let source = Flaky { bytes: bytes.clone(), piece, broken_at: u64::MAX - 1 };
        assert!(
            inspect(&source, &leaves_of(LEAF), CHUNK).unwrap().profile.to_json() == whole,
            "pieces of {piece}"
        );
    }
}

/// The corpus of the engine, through the threads of the driver, one byte at a time.
#[test]
fn the_corpus_byte_by_byte() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/corpus");
    let files = std::fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path());
    let mut compared = 0;
    for path in files.filter(|path| path.extension().is_some_and(|extension| extension == "csv")) {
        let spec = leaves_of(16);
        let answer = |chunk_size_bytes| {
            let inspected = inspect(&LocalFile::open(&path).unwrap(), &spec, chunk_size_bytes);
            inspected.map(|inspected| inspected.profile.to_json())
        };
        let whole = answer(1 << 20);
        assert!(answer(1) == whole, "{}", path.display());
        compared += u32::from(whole.is_ok());
    }
    assert!(compared >= 300, "{compared} files of the corpus have an answer");
}
