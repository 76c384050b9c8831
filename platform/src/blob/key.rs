//! Names of blobs and of their bytes.

use std::fmt;
use std::str::FromStr;

use data_inspector_domain::id::{FileId, InspectionId, WorkspaceId};

/// Where a blob is: segments joined by `/`. Made from ids, never from what a user typed. At most 512 characters;
/// each segment has 1 to 128 of a-z, A-Z, 0-9, `.`, `_`, `-`, and does not start with a dot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobKey(String);

/// Why a text is no key of a blob. It does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the key of a blob: it has an empty, long or odd segment, or is too long")]
pub struct BlobKeyError;

impl BlobKey {
    /// Where the bytes of a file are.
    pub fn of_file(workspace: WorkspaceId, file: FileId) -> Self {
        Self(format!("{workspace}/files/{file}"))
    }

    /// Where something an inspection made is: a partial, a profile. The name is one segment.
    pub fn of_inspection(
        workspace: WorkspaceId,
        inspection: InspectionId,
        name: &str,
    ) -> Result<Self, BlobKeyError> {
        format!("{workspace}/inspections/{inspection}/{name}").parse()
    }

    /// The key as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn to_path(&self) -> object_store::path::Path {
        object_store::path::Path::from(self.0.as_str())
    }
}

impl FromStr for BlobKey {
    type Err = BlobKeyError;

    fn from_str(text: &str) -> Result<Self, BlobKeyError> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let fits = |segment: &str| {
            (1..=128).contains(&segment.len()) && !segment.starts_with('.') && segment.bytes().all(legal)
        };
        if text.len() <= 512 && text.split('/').all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BlobKeyError)
        }
    }
}

impl fmt::Display for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The version of a blob, as the store names it. Other bytes have another one.
///
/// Of a local folder it is inode, time of the last write in microseconds, and size. What this service writes gets a
/// new inode; bytes written into a blob in place are seen if the file system's clock has ticked in between (at most
/// a few milliseconds).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Etag(String);

impl Etag {
    /// An etag as it was stored.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The etag as it is stored, quotes included.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// BLAKE3 of some bytes. As text: 64 hexadecimal digits, as `b3sum` prints them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentHash([u8; 32]);

/// The text is no content hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a content hash: 64 hexadecimal digits in lower case are one")]
pub struct ContentHashError;

impl ContentHash {
    /// The hash of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(blake3::hash(bytes).into())
    }

    /// A hash that was computed elsewhere.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for ContentHash {
    type Err = ContentHashError;

    fn from_str(text: &str) -> Result<Self, ContentHashError> {
        let is_lower_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let hash = blake3::Hash::from_hex(text).map_err(|_| ContentHashError)?;
        if is_lower_hex { Ok(Self(hash.into())) } else { Err(ContentHashError) }
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_cannot_leave_their_folder() {
        for text in ["", "/", "a//b", "../a", "a/..", "a/.hidden", "a b", "a#1", "a\\b", "ä", "a/", "a\0"] {
            assert_eq!(text.parse::<BlobKey>(), Err(BlobKeyError), "{text}");
        }
        assert_eq!("a".repeat(129).parse::<BlobKey>(), Err(BlobKeyError));
        assert_eq!("a/".repeat(300).trim_end_matches('/').parse::<BlobKey>(), Err(BlobKeyError));
        let key: BlobKey = "ws_1/files/x.y-z_0".parse().unwrap();
        assert_eq!((key.as_str(), key.to_path().as_ref()), ("ws_1/files/x.y-z_0", "ws_1/files/x.y-z_0"));
    }

    #[test]
    fn hashes_are_those_of_b3sum() {
        let text = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";
        assert_eq!(ContentHash::of(b"").to_string(), text);
        assert_eq!(text.parse(), Ok(ContentHash::of(b"")));
        for wrong in [&text[1..], &text.to_uppercase(), "", "zz"] {
            assert_eq!(wrong.parse::<ContentHash>(), Err(ContentHashError));
        }
    }
}
