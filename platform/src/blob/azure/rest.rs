//! The requests about blocks of the Blob service's REST interface
//! (<https://learn.microsoft.com/rest/api/storageservices/operations-on-block-blobs>).

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ETAG, HeaderMap, IF_NONE_MATCH, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Url};
use serde::Deserialize;

use super::busy::Busy;
use super::{On, kind_of_status};
use crate::blob::{BlobError, BlobErrorKind, BlockIndex, Committed, Etag};

const ERROR_CODE: &str = "x-ms-error-code";
const BLOB_LENGTH: &str = "x-ms-blob-content-length";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) enum Verb {
    PutBlock(BlockIndex, Bytes),
    PutBlockList {
        blocks: Vec<BlockIndex>,
        /// Only if there is no such blob.
        if_absent: bool,
    },
    GetBlockList,
    Head,
    Delete,
}

impl Verb {
    fn method(&self) -> Method {
        match self {
            Self::PutBlock(..) | Self::PutBlockList { .. } => Method::PUT,
            Self::GetBlockList => Method::GET,
            Self::Head => Method::HEAD,
            Self::Delete => Method::DELETE,
        }
    }

    /// The method a URL is signed for that allows it: whoever may read may ask whether there is something to read.
    pub(super) fn signed_for(&self) -> Method {
        match self {
            Self::Head => Method::GET,
            other => other.method(),
        }
    }

    fn add_to(&self, url: &mut Url) {
        let mut query = url.query_pairs_mut();
        match self {
            Self::PutBlock(index, _) => {
                query.append_pair("comp", "block").append_pair("blockid", &index.to_block_id());
            }
            Self::PutBlockList { .. } => _ = query.append_pair("comp", "blocklist"),
            Self::GetBlockList => {
                query.append_pair("comp", "blocklist").append_pair("blocklisttype", "all");
            }
            Self::Head | Self::Delete => {}
        }
    }

    fn body(&self) -> Bytes {
        match self {
            Self::PutBlock(_, bytes) => bytes.clone(),
            Self::PutBlockList { blocks, .. } => {
                let mut xml = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>");
                for block in blocks {
                    xml.extend(["<Uncommitted>", &block.to_block_id(), "</Uncommitted>"]);
                }
                xml.push_str("</BlockList>");
                xml.into()
            }
            Self::GetBlockList | Self::Head | Self::Delete => Bytes::new(),
        }
    }
}

/// Why the service said no: its own code, and nothing of the request.
#[derive(Debug, thiserror::Error)]
#[error("the store answered {status} {code}")]
struct Refusal {
    status: u16,
    code: String,
}

/// Whether a listed block was not there when the service looked.
pub(super) fn is_invalid_list(error: &BlobError) -> bool {
    let refusal = error.source.as_deref().and_then(|source| source.downcast_ref::<Refusal>());
    refusal.is_some_and(|refusal| refusal.code == "InvalidBlockList")
}

pub(super) struct Rest {
    client: Client,
    busy: Busy,
}

impl Rest {
    pub(super) fn new(timeout: Duration, busy: Busy) -> reqwest::Result<Self> {
        let client = Client::builder().redirect(Policy::none()).connect_timeout(CONNECT_TIMEOUT.min(timeout));
        Ok(Self { client: client.build()?, busy })
    }

    /// Sends one request; the caller bounds its time.
    pub(super) async fn send(&self, on: On<'_>, mut url: Url, verb: &Verb) -> Result<Answer, BlobError> {
        // Its URL is a secret.
        let failed = |error: reqwest::Error| {
            BlobErrorKind::Unavailable.on(on.doing, on.key).with_source(error.without_url())
        };
        verb.add_to(&mut url);
        let mut request = self.client.request(verb.method(), url).body(verb.body());
        if let Verb::PutBlockList { if_absent: true, .. } = verb {
            request = request.header(IF_NONE_MATCH, "*");
        }
        self.busy.wait().await;
        let response = request.send().await.map_err(failed)?;
        let (status, headers) = (response.status(), response.headers().clone());
        self.busy.heard(status.as_u16(), text(&headers, RETRY_AFTER.as_str()));
        if !status.is_success() {
            let code = text(&headers, ERROR_CODE).unwrap_or_default().to_owned();
            let refusal = Refusal { status: status.as_u16(), code };
            return Err(kind_of_status(status).on(on.doing, on.key).with_source(refusal));
        }
        Ok(Answer { headers, body: response.bytes().await.map_err(failed)? })
    }
}

pub(super) struct Answer {
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    pub(super) fn etag(&self, on: On<'_>) -> Result<Etag, BlobError> {
        self.own_etag().ok_or_else(|| wrong(on, "the answer has no etag"))
    }

    pub(super) fn block_list(&self, on: On<'_>) -> Result<BlockList, BlobError> {
        let document = std::str::from_utf8(&self.body).map_err(|error| wrong(on, error))?;
        let document: Document = quick_xml::de::from_str(document.trim_start_matches('\u{feff}'))
            .map_err(|error| wrong(on, error))?;
        let length = text(&self.headers, BLOB_LENGTH).and_then(|length| length.parse().ok());
        Ok(document.into_list(self.own_etag(), length))
    }

    fn own_etag(&self) -> Option<Etag> {
        text(&self.headers, ETAG.as_str()).map(Etag::new)
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn wrong(on: On<'_>, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> BlobError {
    BlobErrorKind::Unavailable.on(on.doing, on.key).with_source(source)
}

/// The blocks of a blob, as far as they are ours.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct BlockList {
    /// There is such a blob.
    pub(super) exists: bool,
    /// Ascending, with sizes in bytes.
    pub(super) uncommitted: Vec<(BlockIndex, u64)>,
    /// What the blob was made of; `None` if it was written in one step.
    pub(super) committed: Option<(Vec<BlockIndex>, Committed)>,
}

impl BlockList {
    /// Size of an uncommitted block.
    pub(super) fn size_of(&self, block: BlockIndex) -> Option<u64> {
        let found = self.uncommitted.binary_search_by_key(&block, |(index, _)| *index).ok()?;
        Some(self.uncommitted[found].1)
    }

    /// It looks like an empty blob, and has blocks on top.
    pub(super) fn may_be_no_blob(&self) -> bool {
        let is_empty = self.committed.as_ref().is_some_and(|(blocks, _)| blocks.is_empty());
        is_empty && !self.uncommitted.is_empty()
    }

    /// The same blocks, without a blob below them.
    pub(super) fn of_no_blob(self) -> Self {
        Self { exists: false, committed: None, ..self }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    #[serde(default)]
    committed_blocks: Blocks,
    #[serde(default)]
    uncommitted_blocks: Blocks,
}

#[derive(Default, Deserialize)]
struct Blocks {
    #[serde(rename = "Block", default)]
    blocks: Vec<Block>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Block {
    name: String,
    size: u64,
}

impl Document {
    fn into_list(self, etag: Option<Etag>, size_bytes: Option<u64>) -> BlockList {
        let index = |block: &Block| BlockIndex::from_block_id(&block.name).ok();
        let uncommitted = self.uncommitted_blocks.blocks.iter();
        let mut uncommitted: Vec<_> =
            uncommitted.filter_map(|block| Some((index(block)?, block.size))).collect();
        uncommitted.sort_unstable();
        let committed = self.committed_blocks.blocks;
        let blocks: Option<Vec<_>> = committed.iter().map(index).collect();
        let sum: u64 = committed.iter().map(|block| block.size).sum();
        let exists = etag.is_some() && size_bytes.is_some();
        // A blob that was written in one step has bytes and no blocks.
        let committed = etag
            .zip(blocks)
            .filter(|_| size_bytes == Some(sum))
            .map(|(etag, blocks)| (blocks, Committed { etag, size_bytes: sum, content_hash: None }));
        BlockList { exists, uncommitted, committed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(xml: &str, etag: Option<&str>, size_bytes: Option<u64>) -> BlockList {
        quick_xml::de::from_str::<Document>(xml).unwrap().into_list(etag.map(Etag::new), size_bytes)
    }

    #[test]
    fn a_block_list_is_understood() {
        let [zero, one] = [0, 1].map(|index| BlockIndex::try_new(index).unwrap());
        let xml = "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList><CommittedBlocks><Block><Name>MDAwMDAwMDE=\
            </Name><Size>5</Size></Block></CommittedBlocks><UncommittedBlocks><Block><Name>MDAwMDAwMDE=</Name><Size>\
            7</Size></Block><Block><Name>Zm9yZWlnbg==</Name><Size>9</Size></Block><Block><Name>MDAwMDAwMDA=</Name>\
            <Size>4000</Size></Block></UncommittedBlocks></BlockList>";
        let found = list(xml, Some("e"), Some(5));
        assert_eq!(found.uncommitted, [(zero, 4000), (one, 7)]);
        assert_eq!((found.size_of(one), found.size_of(zero)), (Some(7), Some(4000)));
        let committed = Committed { etag: Etag::new("e"), size_bytes: 5, content_hash: None };
        assert_eq!(found.committed, Some((vec![one], committed)));
    }

    #[test]
    fn a_blob_written_in_one_step_was_made_of_no_list() {
        let xml = "<BlockList><CommittedBlocks /><UncommittedBlocks/></BlockList>";
        let written = list(xml, Some("e"), Some(5));
        assert_eq!((written.exists, written.committed), (true, None));
        assert_eq!(list(xml, Some("e"), Some(0)).committed.unwrap().0, []);
        assert_eq!(list(xml, None, None), BlockList::default());
        assert_eq!(list("<BlockList/>", None, None), BlockList::default());
    }
}
