//! A file of this machine.

use data_inspector_domain::failure::{Failure, FailureCode};
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::source::ByteSource;

/// An open file, pinned to the size and times it was opened with.
pub struct LocalFile {
    file: File,
    path: PathBuf,
    pinned: Pinned,
}

/// What changes when a file is written to or replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Pinned {
    size: u64,
    modified: (i64, i64),
}

impl Pinned {
    fn of(metadata: &Metadata) -> Self {
        Self { size: metadata.size(), modified: (metadata.mtime(), metadata.mtime_nsec()) }
    }
}

impl LocalFile {
    /// Opens a regular file for reading.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        // Opening a FIFO would wait for a writer, so look before.
        let metadata = path.metadata().map_err(|error| cannot("open", path, &error))?;
        if !metadata.is_file() {
            let kind = match metadata.file_type() {
                kind if kind.is_dir() => "a directory",
                kind if kind.is_fifo() || kind.is_socket() => "a pipe",
                _ => "a device",
            };
            let message = format!("{} is {kind}; give the path of a regular file", path.display());
            return Err(Failure::new(FailureCode::FileNotFound, message));
        }
        let file = File::open(path).map_err(|error| cannot("open", path, &error))?;
        let metadata = file.metadata().map_err(|error| cannot("open", path, &error))?;
        Ok(Self { file, path: path.to_owned(), pinned: Pinned::of(&metadata) })
    }

    fn changed(&self, how: &str) -> Failure {
        let message = format!(
            "{} {how} while it was read; inspect it again when its writer has finished",
            self.path.display()
        );
        Failure::new(FailureCode::SourceChanged, message)
    }
}

impl ByteSource for LocalFile {
    fn size_bytes(&self) -> u64 {
        self.pinned.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Failure> {
        let wanted = buffer.len().min(self.pinned.size.saturating_sub(offset) as usize);
        loop {
            match self.file.read_at(&mut buffer[..wanted], offset) {
                Ok(0) if wanted > 0 => return Err(self.changed("became shorter").at_byte(offset)),
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(cannot("read", &self.path, &error).at_byte(offset)),
            }
        }
    }

    fn check_unchanged(&self) -> Result<(), Failure> {
        let metadata = self.file.metadata().map_err(|error| cannot("check", &self.path, &error))?;
        let now = Pinned::of(&metadata);
        match now.size.cmp(&self.pinned.size) {
            std::cmp::Ordering::Less => Err(self.changed("became shorter")),
            std::cmp::Ordering::Greater => Err(self.changed("grew")),
            std::cmp::Ordering::Equal if now != self.pinned => Err(self.changed("was written to")),
            std::cmp::Ordering::Equal => Ok(()),
        }
    }
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> Failure {
    let path = path.display();
    let (code, message) = match error.kind() {
        io::ErrorKind::NotFound => (FailureCode::FileNotFound, format!("there is no file {path}")),
        io::ErrorKind::PermissionDenied => (
            FailureCode::PermissionDenied,
            format!("no permission to {what} {path}; ask its owner for the right to read it"),
        ),
        _ => (FailureCode::StorageUnavailable, format!("cannot {what} {path}: {error}")),
    };
    Failure::new(code, message).with_cause(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn file_with(bytes: &[u8]) -> (tempfile::NamedTempFile, LocalFile) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let opened = LocalFile::open(file.path()).unwrap();
        (file, opened)
    }

    fn code<T>(result: Result<T, Failure>) -> Option<FailureCode> {
        result.err().map(|failure| failure.code)
    }

    #[test]
    fn reads_the_pinned_bytes() {
        let (_file, opened) = file_with(b"hello");
        let mut buffer = [0; 16];
        assert_eq!(opened.read_at(1, &mut buffer).unwrap(), 4);
        assert_eq!(&buffer[..4], b"ello");
        assert_eq!(opened.read_at(5, &mut buffer).unwrap(), 0);
        opened.check_unchanged().unwrap();
    }

    #[test]
    fn a_file_that_grows_is_read_as_pinned_and_refused_at_the_end() {
        let (mut file, opened) = file_with(b"hello");
        file.write_all(b" world").unwrap();
        assert_eq!(opened.read_at(0, &mut [0; 16]).unwrap(), 5);
        assert_eq!(code(opened.check_unchanged()), Some(FailureCode::SourceChanged));
    }

    #[test]
    fn a_file_that_shrinks_is_refused() {
        let (file, opened) = file_with(b"hello");
        file.as_file().set_len(2).unwrap();
        assert_eq!(code(opened.read_at(2, &mut [0; 16])), Some(FailureCode::SourceChanged));
        assert_eq!(code(opened.check_unchanged()), Some(FailureCode::SourceChanged));
    }

    #[test]
    fn what_is_no_file_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let failure = LocalFile::open(folder.path()).err().unwrap();
        assert_eq!(failure.code, FailureCode::FileNotFound);
        assert!(failure.user_message.contains("a directory"), "{failure}");
        assert_eq!(code(LocalFile::open(&folder.path().join("none"))), Some(FailureCode::FileNotFound));
        assert!(LocalFile::open(Path::new("/dev/null")).err().unwrap().user_message.contains("a device"));
    }

    #[test]
    fn a_refused_permission_says_what_to_do() {
        let error = io::Error::from(io::ErrorKind::PermissionDenied);
        let failure = cannot("open", Path::new("/data/x.csv"), &error);
        assert_eq!(failure.code, FailureCode::PermissionDenied);
        assert!(failure.user_message.contains("/data/x.csv"), "{failure}");
    }
}
