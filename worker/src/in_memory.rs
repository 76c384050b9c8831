//! A file in memory, for tests.

use data_inspector_domain::failure::Failure;
use data_inspector_platform::source::ByteSource;

/// Its bytes.
pub(crate) struct InMemory(pub(crate) Vec<u8>);

impl ByteSource for InMemory {
    fn size_bytes(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Failure> {
        let rest = &self.0[(offset as usize).min(self.0.len())..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn check_unchanged(&self) -> Result<(), Failure> {
        Ok(())
    }
}
