//! A field that comes in pieces.

use crate::column::count_chars;
use crate::limits::LONG_FIELD_KEEP_BYTES;

/// The content of a field, or what is kept of it.
pub(crate) struct FieldBuffer {
    /// The whole content while it is not long, else its head.
    pub(crate) head: Vec<u8>,
    /// The last bytes of a long field.
    pub(crate) tail: Vec<u8>,
    pub(crate) len: u64,
    pub(crate) chars: u64,
    /// A field of more bytes is long.
    limit: u64,
}

impl FieldBuffer {
    pub(super) fn new(limit: u64) -> Self {
        Self { head: Vec::new(), tail: Vec::new(), len: 0, chars: 0, limit }
    }

    pub(crate) fn is_long(&self) -> bool {
        self.len > self.limit
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.len += bytes.len() as u64;
        self.chars += count_chars(bytes);
        if !self.is_long() {
            self.head.extend_from_slice(bytes);
            return;
        }
        let keep = LONG_FIELD_KEEP_BYTES.min(self.limit as usize);
        if self.tail.is_empty() {
            self.tail.extend_from_slice(&self.head[self.head.len().saturating_sub(keep)..]);
            let missing = keep.saturating_sub(self.head.len());
            self.head.extend_from_slice(&bytes[..missing]);
            self.head.truncate(keep);
        }
        keep_last(&mut self.tail, bytes, keep);
    }

    pub(super) fn clear(&mut self) {
        self.head.clear();
        self.tail.clear();
        (self.len, self.chars) = (0, 0);
    }
}

/// Appends `bytes` and drops from the front all but the last `keep`.
pub(super) fn keep_last(buffer: &mut Vec<u8>, bytes: &[u8], keep: usize) {
    let from_bytes = &bytes[bytes.len().saturating_sub(keep)..];
    let overflow = (buffer.len() + from_bytes.len()).saturating_sub(keep);
    buffer.drain(..overflow);
    buffer.extend_from_slice(from_bytes);
}
