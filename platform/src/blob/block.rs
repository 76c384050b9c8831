//! Blocks: the pieces in which a large blob arrives. Limits are those of Azure's block blobs, everywhere.

use std::collections::BTreeSet;
use std::fmt;

use super::{BlobErrorKind, ContentHash, Etag};

/// Most blocks a blob is made of.
pub const MAX_BLOCKS: u32 = 50_000;
/// Largest block.
pub const MAX_BLOCK_BYTES: u64 = 4000 << 20;
/// Smallest block a sender is told to use, if nothing else is configured.
pub const MIN_BLOCK_BYTES: u64 = 8 << 20;

/// Blocks a file is cut into at most, so that there is room for one that has grown.
const PLANNED_BLOCKS: u64 = 40_000;

/// Size of the blocks in which a file of this size is sent: a power of two, unless the smallest size given, here in
/// bytes as well, is larger and is none.
pub fn block_size_bytes(file_bytes: u64, smallest_bytes: u64) -> u64 {
    file_bytes.div_ceil(PLANNED_BLOCKS).next_power_of_two().max(smallest_bytes.max(1))
}

/// Which block of a blob: its place, 0 to 49,999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockIndex(u32);

/// No block has this index, or this id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a block: its index is below {MAX_BLOCKS}, its id the base64 of eight decimal digits")]
pub struct BlockIndexError;

impl BlockIndex {
    /// The block at this place.
    pub fn try_new(index: u32) -> Result<Self, BlockIndexError> {
        if index < MAX_BLOCKS { Ok(Self(index)) } else { Err(BlockIndexError) }
    }

    /// The blocks a file is sent in: 0, 1, … up to `count`.
    pub fn first(count: u32) -> Result<Vec<Self>, BlockIndexError> {
        if count <= MAX_BLOCKS { Ok((0..count).map(Self).collect()) } else { Err(BlockIndexError) }
    }

    /// Its place.
    pub fn get(self) -> u32 {
        self.0
    }

    /// Its id as Azure's Put Block takes it, to be percent-encoded in a query: base64 of eight decimal digits.
    pub fn to_block_id(self) -> String {
        let digits = format!("{:08}", self.0);
        let mut id = String::with_capacity(12);
        for triple in digits.as_bytes().chunks(3) {
            let bits = triple.iter().fold(0, |bits, byte| (bits << 8) | u32::from(*byte))
                << (8 * (3 - triple.len()));
            for place in 0..4 {
                let letter = BASE64[(bits >> (18 - 6 * place)) as usize & 63];
                id.push(if place <= triple.len() { char::from(letter) } else { '=' });
            }
        }
        id
    }

    /// The block with this id, of which any percent-encoding is undone.
    pub fn from_block_id(id: &str) -> Result<Self, BlockIndexError> {
        let mut digits = Vec::with_capacity(9);
        for quad in id.trim_end_matches('=').as_bytes().chunks(4) {
            let value = |byte: &u8| BASE64.iter().position(|letter| letter == byte).map(|value| value as u32);
            let values: Option<Vec<u32>> = quad.iter().map(value).collect();
            let values = values.ok_or(BlockIndexError)?;
            let bits = values.iter().fold(0, |bits, value| (bits << 6) | value) << (6 * (4 - quad.len()));
            digits.extend(bits.to_be_bytes().into_iter().skip(1).take(quad.len() - 1));
            if digits.len() > 8 {
                return Err(BlockIndexError);
            }
        }
        let index = std::str::from_utf8(&digits).ok().and_then(Self::from_digits).ok_or(BlockIndexError)?;
        // One block, one id: not even padding may differ.
        if index.to_block_id() == id { Ok(index) } else { Err(BlockIndexError) }
    }

    /// The block written as eight digits, as [`fmt::Display`] writes it.
    pub(super) fn from_digits(digits: &str) -> Option<Self> {
        let eight = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
        if eight { Self::try_new(digits.parse().ok()?).ok() } else { None }
    }
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl fmt::Display for BlockIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08}", self.0)
    }
}

/// A blob that was made of blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The version that was made.
    pub etag: Etag,
    /// Its size.
    pub size_bytes: u64,
    /// BLAKE3 of its bytes, where the store sees them anyway: not on Azure.
    pub content_hash: Option<ContentHash>,
}

pub(super) fn check_size(size_bytes: u64) -> Result<(), BlobErrorKind> {
    match size_bytes {
        0 => Err(BlobErrorKind::EmptyBlock),
        1..=MAX_BLOCK_BYTES => Ok(()),
        _ => Err(BlobErrorKind::TooLarge { size_bytes, limit_bytes: MAX_BLOCK_BYTES }),
    }
}

pub(super) fn check_list(blocks: &[BlockIndex]) -> Result<(), BlobErrorKind> {
    let mut seen = BTreeSet::new();
    match blocks.iter().find(|block| !seen.insert(**block)) {
        None => Ok(()),
        Some(twice) => Err(BlobErrorKind::RepeatedBlock { index: twice.get() }),
    }
}

/// What a commit has to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CommitPlan {
    /// All listed blocks are there.
    Commit,
    /// The blob as it is was made of this list, and nothing has been put since.
    AlreadyDone,
}

/// Decides what a list means: `staged` says of a block whether it is uncommitted, `committed` is what the blob as it
/// is was made of.
pub(super) fn plan_commit(
    listed: &[BlockIndex],
    staged: impl Fn(BlockIndex) -> bool,
    committed: Option<&[BlockIndex]>,
) -> Result<CommitPlan, BlobErrorKind> {
    if committed == Some(listed) && !listed.iter().any(|block| staged(*block)) {
        return Ok(CommitPlan::AlreadyDone);
    }
    match listed.iter().find(|block| !staged(**block)) {
        None => Ok(CommitPlan::Commit),
        Some(missing) => Err(BlobErrorKind::MissingBlock { index: missing.get() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_grow_with_the_file() {
        let mib = 1 << 20;
        for (file, block) in [
            (0, 8 * mib),
            (1, 8 * mib),
            (40_000 * 8 * mib, 8 * mib),
            (40_000 * 8 * mib + 1, 16 * mib),
            (2 << 40, 64 * mib),
        ] {
            assert_eq!(block_size_bytes(file, MIN_BLOCK_BYTES), block, "{file}");
        }
        assert_eq!(block_size_bytes(200 * mib, 65_536), 65_536);
        assert_eq!(block_size_bytes(0, 0), 1);
    }

    #[test]
    fn ids_are_base64_of_eight_digits() {
        for (index, id) in [(0, "MDAwMDAwMDA="), (7, "MDAwMDAwMDc="), (49_999, "MDAwNDk5OTk=")] {
            let block = BlockIndex::try_new(index).unwrap();
            assert_eq!(block.to_block_id(), id);
            assert_eq!(BlockIndex::from_block_id(id), Ok(block));
        }
        for index in 0..MAX_BLOCKS {
            let block = BlockIndex::try_new(index).unwrap();
            assert_eq!(BlockIndex::from_block_id(&block.to_block_id()), Ok(block));
        }
        assert_eq!(BlockIndex::try_new(50_000), Err(BlockIndexError));
        let wrong = [
            "",
            "=",
            "MDAwMDAwMDA",
            "MDAwMDAwMDA==",
            "MDAwMDAwMDB=",
            "MDAwNTAwMDA=",
            "KzAwMDAwMDA=",
            "é",
            "MDAwMDAwMDAwMDAw",
        ];
        for id in wrong {
            assert_eq!(BlockIndex::from_block_id(id), Err(BlockIndexError), "{id}");
        }
    }

    #[test]
    fn a_commit_is_repeated_only_while_nothing_was_put() {
        let [zero, one] = [0, 1].map(|index| BlockIndex::try_new(index).unwrap());
        let missing = |index| Err(BlobErrorKind::MissingBlock { index });
        let plan = |listed: &[_], staged: &[BlockIndex], committed: Option<&[_]>| {
            plan_commit(listed, |block| staged.contains(&block), committed)
        };
        assert_eq!(plan(&[zero, one], &[zero, one], None), Ok(CommitPlan::Commit));
        assert_eq!(plan(&[zero, one], &[one], None), missing(0));
        assert_eq!(plan(&[zero, one], &[], Some(&[zero, one])), Ok(CommitPlan::AlreadyDone));
        assert_eq!(plan(&[zero, one], &[], Some(&[one, zero])), missing(0));
        assert_eq!(plan(&[zero, one], &[zero], Some(&[zero, one])), missing(1));
        assert_eq!(plan(&[zero, one], &[zero, one], Some(&[zero, one])), Ok(CommitPlan::Commit));
        assert_eq!(plan(&[], &[], None), Ok(CommitPlan::Commit));
        assert_eq!(plan(&[], &[zero], Some(&[])), Ok(CommitPlan::AlreadyDone));
    }
}
