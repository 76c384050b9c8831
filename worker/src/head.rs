//! A file whose beginning of a range has been read already.

use data_inspector_domain::failure::Failure;
use data_inspector_platform::source::ByteSource;
use std::ops::Range;

/// Keeps the head of a split from which its entry state was guessed, so that it is not read twice.
pub(crate) struct HeadKept<'a> {
    source: &'a dyn ByteSource,
    offset: u64,
    head: Vec<u8>,
}

impl<'a> HeadKept<'a> {
    /// Reads the head.
    pub(crate) fn read(source: &'a dyn ByteSource, range: Range<u64>) -> Result<Self, Failure> {
        Ok(Self { source, offset: range.start, head: read_range(source, range)? })
    }

    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }
}

/// Reads a range, or what the file has of it.
pub(crate) fn read_range(source: &dyn ByteSource, range: Range<u64>) -> Result<Vec<u8>, Failure> {
    let mut bytes = vec![0; (range.end - range.start) as usize];
    let mut filled = 0;
    while filled < bytes.len() {
        match source.read_at(range.start + filled as u64, &mut bytes[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

impl ByteSource for HeadKept<'_> {
    fn size_bytes(&self) -> u64 {
        self.source.size_bytes()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Failure> {
        let known = offset.checked_sub(self.offset).and_then(|start| self.head.get(start as usize..));
        match known {
            Some(known) if !known.is_empty() => {
                let count = known.len().min(buffer.len());
                buffer[..count].copy_from_slice(&known[..count]);
                Ok(count)
            }
            _ => self.source.read_at(offset, buffer),
        }
    }

    /// The stream that the head was read from goes on.
    fn expect(&self, range: Range<u64>) {
        if range.start != self.offset {
            self.source.expect(range);
        }
    }

    fn check_unchanged(&self) -> Result<(), Failure> {
        self.source.check_unchanged()
    }
}
