//! The folder of a standalone process. One process at a time has it.

use std::fs::{File, OpenOptions, TryLockError, create_dir_all};
use std::io;
use std::path::{Path, PathBuf};

/// A data folder that is ours as long as this value lives: the system gives it back even after a crash.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

/// The folder cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Somebody else has it.
    #[error("another process uses the data folder {}; choose another one with --data-dir", .0.display())]
    InUse(PathBuf),
    /// It cannot be made or written.
    #[error("cannot use the data folder {}", path.display())]
    Unusable {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl DataDir {
    /// Takes the folder, and makes it if it is not there.
    pub fn take(path: &Path) -> Result<Self, DataDirError> {
        let unusable = |source| DataDirError::Unusable { path: path.to_owned(), source };
        create_dir_all(path).map_err(unusable)?;
        let path = path.canonicalize().map_err(unusable)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(path.join("lock"));
        let lock = lock.map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DataDirError::InUse(path)),
            Err(TryLockError::Error(source)) => Err(DataDirError::Unusable { path, source }),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_has_it() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        let first = DataDir::take(&path).unwrap();
        assert!(matches!(DataDir::take(&path), Err(DataDirError::InUse(_))));
        drop(first);
        DataDir::take(&path).unwrap();
    }

    #[test]
    fn a_file_is_no_folder() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(matches!(DataDir::take(file.path()), Err(DataDirError::Unusable { .. })));
    }
}
