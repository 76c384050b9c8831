//! How the worker reads a file, wherever it is.

use data_inspector_domain::failure::Failure;

/// A file whose version is pinned: every read is of the same bytes, or fails with
/// [`SourceChanged`](data_inspector_domain::failure::FailureCode::SourceChanged).
pub trait ByteSource: Sync {
    /// Size of the pinned version in bytes.
    fn size_bytes(&self) -> u64;

    /// Fills the beginning of `buffer` with the bytes from `offset` on and returns how many; 0 only at the end of
    /// the pinned version.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Failure>;

    /// Fails if the file is no longer the pinned version. A result is only valid after this.
    fn check_unchanged(&self) -> Result<(), Failure>;
}
