//! How the worker reads a file, wherever it is.

use std::ops::Range;

use data_inspector_domain::failure::Failure;

/// A file whose version is pinned: every read is of the same bytes, or fails with
/// [`SourceChanged`](data_inspector_domain::failure::FailureCode::SourceChanged).
pub trait ByteSource: Sync {
    /// Size of the pinned version in bytes.
    fn size_bytes(&self) -> u64;

    /// Fills the beginning of `buffer` with the bytes from `offset` on and returns how many; 0 only at the end of
    /// the pinned version.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Failure>;

    /// Says that this range will be read to its end, so that it can be asked for as a whole. What is not expected is read
    /// in small steps at first, as most of it is left after a few of them.
    fn expect(&self, _range: Range<u64>) {}

    /// Fails if the file is no longer the pinned version. A result is only valid after this.
    fn check_unchanged(&self) -> Result<(), Failure>;
}
