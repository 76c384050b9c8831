//! The body of one answer of the store, as a sequence of chunks.

use std::error::Error;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::{GetResult, GetResultPayload};

/// Bytes that have not been taken yet. Files are read here, not by object_store: that reads 8 KiB at a time, and
/// for ever at the end of a file that became shorter.
pub(super) enum Body {
    File { file: Arc<File>, pinned: Pinned, offset: u64, end: u64 },
    Stream(BoxStream<'static, object_store::Result<Bytes>>),
}

/// What changes when a file is written to in place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Pinned {
    size: u64,
    modified: SystemTime,
}

type BodyError = Box<dyn Error + Send + Sync>;

impl Body {
    pub(super) fn new(answer: GetResult) -> Self {
        let pinned = Pinned { size: answer.meta.size, modified: answer.meta.last_modified.into() };
        let (offset, end) = (answer.range.start, answer.range.end);
        match answer.payload {
            GetResultPayload::File(file, _) => Self::File { file: Arc::new(file), pinned, offset, end },
            GetResultPayload::Stream(stream) => Self::Stream(stream),
        }
    }

    /// The next chunk, of at most so many bytes if the body has a choice; `None` at its end.
    pub(super) async fn next(&mut self, chunk_bytes: usize) -> Result<Option<Bytes>, BodyError> {
        match self {
            Self::Stream(stream) => Ok(stream.next().await.transpose()?),
            Self::File { offset, end, .. } if offset == end => Ok(None),
            Self::File { file, pinned, offset, end } => {
                let length = (*end - *offset).min(chunk_bytes as u64) as usize;
                let (file, pinned, at) = (Arc::clone(file), *pinned, *offset);
                let chunk = tokio::task::spawn_blocking(move || read(&file, pinned, at, length)).await??;
                *offset += chunk.len() as u64;
                Ok(Some(chunk))
            }
        }
    }
}

/// Reads, then looks whether the file was written to: bytes of another version do not get out.
fn read(file: &File, pinned: Pinned, offset: u64, length: usize) -> Result<Bytes, BodyError> {
    let mut buffer = vec![0; length];
    file.read_exact_at(&mut buffer, offset)?;
    let metadata = file.metadata()?;
    let now = Pinned { size: metadata.len(), modified: metadata.modified()? };
    if now == pinned { Ok(buffer.into()) } else { Err("the file was written to while it was read".into()) }
}
