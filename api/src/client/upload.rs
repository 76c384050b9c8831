//! Uploading a file in blocks, several at a time, and going on where an earlier attempt stopped.

use std::fs::{File, Metadata};
use std::future::Future;
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use data_inspector_domain::id::InspectionId;
use data_inspector_platform::blob::BlockIndex;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::sleep;

use super::http::{Client, causes};
use super::{ClientError, FIRST_PAUSE, LONGEST_PAUSE};

/// Bytes of blocks in memory at a time, unless a single block is larger.
const MEMORY_BYTES: u64 = 256 << 20;
/// Attempts per block, the first one included.
const ATTEMPTS: u32 = 6;
/// How long a block may take beyond what this slowest line needs.
const BLOCK_TIMEOUT: Duration = Duration::from_secs(60);
const SLOWEST_BYTES_PER_SECOND: u64 = 64 << 10;

const CREATE: &str = "mutation Upload($input: CreateUploadInput!) {
  createUpload(input: $input) {
    upload { id blockSizeBytes } file { id state } userErrors { code message retryable }
  }
}";
const MISSING: &str = "query Missing($id: ID!) {
  upload(id: $id) {
    grant { url headers { name value } }
    missing(first: 100) { nodes { fromIndex toIndex } }
  }
}";
const COMPLETE: &str = "mutation Complete($input: CompleteUploadInput!) {
  completeUpload(input: $input) { file { id state } userErrors { code message retryable } }
}";
const INSPECT: &str = "mutation Inspect($input: CreateInspectionInput!) {
  createInspection(input: $input) { inspection { id } userErrors { code message retryable } }
}";

/// How a file is uploaded.
#[derive(Clone, Copy, Debug)]
pub struct UploadOptions {
    /// Blocks that are sent at a time, at least 1.
    pub parallel: usize,
    /// Upload it even if the same file was uploaded before.
    pub again: bool,
}

/// A file that is on the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// Its id there.
    pub file_id: String,
    /// Blocks that were sent now; those of an earlier attempt are not sent again.
    pub blocks_sent: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    upload: UploadSession,
    file: RemoteFile,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UploadSession {
    id: String,
    block_size_bytes: u64,
}

#[derive(Deserialize)]
struct RemoteFile {
    id: String,
    state: String,
}

#[derive(Deserialize)]
struct Missing {
    grant: Option<Grant>,
    missing: Nodes,
}

#[derive(Deserialize)]
struct Nodes {
    nodes: Vec<BlockRange>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BlockRange {
    from_index: u32,
    to_index: u32,
}

#[derive(Clone, Deserialize)]
struct Grant {
    url: String,
    headers: Vec<Header>,
}

#[derive(Clone, Deserialize)]
struct Header {
    name: String,
    value: String,
}

/// The file on this side: its version is pinned by size and time of the last change.
struct LocalFile {
    file: File,
    path: PathBuf,
    size_bytes: u64,
    modified: (i64, i64),
}

/// Uploads a file, or what is missing of it. `on_progress` is told the bytes that are there, of all.
pub async fn upload(
    client: &Client,
    path: &Path,
    options: UploadOptions,
    on_progress: &(impl Fn(u64, u64) + Sync),
) -> Result<Uploaded, ClientError> {
    let local = Arc::new(LocalFile::open(path).map_err(ClientError::File)?);
    let input = json!({
        "name": local.name(),
        "sizeBytes": local.size_bytes,
        "idempotencyKey": local.key(options.again),
    });
    let Created { upload: session, file } = client.mutate(CREATE, "createUpload", input).await?;
    if file.state == "READY" {
        on_progress(local.size_bytes, local.size_bytes);
        return Ok(Uploaded { file_id: file.id, blocks_sent: 0 });
    }
    let mut sender = Sender { client, local, session, options, blocks_sent: 0 };
    while let Some((grant, blocks)) = sender.missing().await? {
        let sent_before = sender.blocks_sent;
        sender.send(grant, blocks, on_progress).await?;
        if sender.blocks_sent == sent_before {
            return Err(ClientError::Unexpected(
                "it does not take blocks where it tells us to put them".to_owned(),
            ));
        }
    }
    sender.local.check_unchanged()?;
    let input = json!({ "uploadId": sender.session.id });
    let _: Value = client.mutate(COMPLETE, "completeUpload", input).await?;
    Ok(Uploaded { file_id: file.id, blocks_sent: sender.blocks_sent })
}

/// Asks for an inspection of a file.
pub async fn create_inspection(
    client: &Client,
    file_id: &str,
    key: &str,
) -> Result<InspectionId, ClientError> {
    let input = json!({ "fileId": file_id, "idempotencyKey": key });
    let payload: Value = client.mutate(INSPECT, "createInspection", input).await?;
    let id = payload.pointer("/inspection/id").and_then(Value::as_str).unwrap_or_default();
    id.parse().map_err(|_| ClientError::Unexpected("an inspection without an id".to_owned()))
}

struct Sender<'a> {
    client: &'a Client,
    local: Arc<LocalFile>,
    session: UploadSession,
    options: UploadOptions,
    blocks_sent: u64,
}

impl Sender<'_> {
    /// The blocks the server does not have, or as many of them as it names at once, and where to put them.
    async fn missing(&self) -> Result<Option<(Grant, Vec<u32>)>, ClientError> {
        #[derive(Deserialize)]
        struct Data {
            upload: Option<Missing>,
        }
        let data: Data = self.client.query(MISSING, json!({ "id": self.session.id })).await?;
        let gone = || ClientError::Unexpected("the upload is gone".to_owned());
        let Missing { grant, missing } = data.upload.ok_or_else(gone)?;
        let blocks: Vec<u32> = missing.nodes.iter().flat_map(|run| run.from_index..=run.to_index).collect();
        if blocks.is_empty() {
            return Ok(None);
        }
        Ok(Some((grant.ok_or_else(gone)?, blocks)))
    }

    /// Sends blocks, until they are all there or the leave to do so has expired.
    async fn send(
        &mut self,
        grant: Grant,
        blocks: Vec<u32>,
        on_progress: &(impl Fn(u64, u64) + Sync),
    ) -> Result<(), ClientError> {
        let grant = Arc::new(grant);
        let mut done =
            self.local.size_bytes.saturating_sub(blocks.iter().map(|block| self.size_of(*block)).sum());
        on_progress(done, self.local.size_bytes);
        let mut waiting = blocks.into_iter();
        let mut sending = JoinSet::new();
        loop {
            while sending.len() < self.parallel() {
                let Some(block) = waiting.next() else { break };
                sending.spawn(self.put(Arc::clone(&grant), block));
            }
            let Some(sent) = sending.join_next().await else { return Ok(()) };
            let sent = sent.map_err(|error| ClientError::Unexpected(error.to_string()))?;
            match sent {
                Ok(bytes) => done += bytes,
                // A new one comes with the list of what is still missing.
                Err(ClientError::Refused { code, .. })
                    if code == "GRANT_EXPIRED" || code == "GRANT_INVALID" =>
                {
                    sleep(FIRST_PAUSE).await;
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
            self.blocks_sent += 1;
            on_progress(done, self.local.size_bytes);
        }
    }

    fn parallel(&self) -> usize {
        let fit = usize::try_from(MEMORY_BYTES / self.session.block_size_bytes.max(1)).unwrap_or(usize::MAX);
        self.options.parallel.min(fit).max(1)
    }

    fn size_of(&self, block: u32) -> u64 {
        let starts_at = u64::from(block) * self.session.block_size_bytes;
        self.local.size_bytes.saturating_sub(starts_at).min(self.session.block_size_bytes)
    }

    fn put(
        &self,
        grant: Arc<Grant>,
        block: u32,
    ) -> impl Future<Output = Result<u64, ClientError>> + Send + use<> {
        let (http, local) = (self.client.http.clone(), Arc::clone(&self.local));
        let (offset, size) = (u64::from(block) * self.session.block_size_bytes, self.size_of(block));
        async move {
            let bytes = spawn_blocking(move || local.read(offset, size)).await;
            let bytes = bytes.map_err(|error| ClientError::Unexpected(error.to_string()))??;
            let index =
                BlockIndex::try_new(block).map_err(|error| ClientError::Unexpected(error.to_string()))?;
            let mut pause = FIRST_PAUSE;
            for _ in 1..ATTEMPTS {
                match put_once(&http, &grant, index, bytes.clone()).await {
                    Err(error) if error.is_retryable() => sleep(pause).await,
                    outcome => return outcome.map(|()| size),
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            put_once(&http, &grant, index, bytes).await.map(|()| size)
        }
    }
}

async fn put_once(
    http: &reqwest::Client,
    grant: &Grant,
    block: BlockIndex,
    bytes: Bytes,
) -> Result<(), ClientError> {
    // Of base64 three characters mean something else in a query.
    let id = block.to_block_id().replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let time = BLOCK_TIMEOUT + Duration::from_secs(bytes.len() as u64 / SLOWEST_BYTES_PER_SECOND);
    let mut request = http.put(format!("{}&comp=block&blockid={id}", grant.url)).timeout(time).body(bytes);
    for Header { name, value } in &grant.headers {
        request = request.header(name, value);
    }
    let response = request.send().await.map_err(|error| ClientError::Unreachable(causes(&error)))?;
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    #[derive(Deserialize)]
    struct Refusal {
        code: String,
        message: String,
        retryable: bool,
    }
    // Azure explains itself in XML; its status says enough.
    match response.json::<Refusal>().await {
        Ok(Refusal { code, message, retryable }) => Err(ClientError::Refused { code, message, retryable }),
        Err(_) if status.is_server_error() => Err(ClientError::Unreachable(status.to_string())),
        Err(_) if status == 403 => Err(ClientError::Refused {
            code: "GRANT_EXPIRED".to_owned(),
            message: "the storage does not take the block".to_owned(),
            retryable: false,
        }),
        Err(_) => Err(ClientError::Unexpected(status.to_string())),
    }
}

impl LocalFile {
    fn open(path: &Path) -> io::Result<Self> {
        let path = path.canonicalize()?;
        let file = File::open(&path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
        }
        Ok(Self { file, path, size_bytes: metadata.len(), modified: modified(&metadata) })
    }

    fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The same for every attempt to upload this version of this file, so that a later one goes on with an earlier.
    fn key(&self, again: bool) -> String {
        let nonce = if again {
            SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos()
        } else {
            0
        };
        let identity = format!("{}\0{}\0{:?}\0{nonce}", self.path.display(), self.size_bytes, self.modified);
        let digest = Sha256::digest(identity.as_bytes());
        format!("file-{}", crate::hex::encode(&digest[..16]))
    }

    fn read(&self, offset: u64, size: u64) -> Result<Bytes, ClientError> {
        let mut bytes = vec![0; usize::try_from(size).map_err(|_| ClientError::FileChanged)?];
        match self.file.read_exact_at(&mut bytes, offset) {
            Ok(()) => Ok(bytes.into()),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(ClientError::FileChanged),
            Err(error) => Err(ClientError::File(error)),
        }
    }

    fn check_unchanged(&self) -> Result<(), ClientError> {
        let metadata = self.file.metadata().map_err(ClientError::File)?;
        let unchanged = metadata.len() == self.size_bytes && modified(&metadata) == self.modified;
        if unchanged { Ok(()) } else { Err(ClientError::FileChanged) }
    }
}

fn modified(metadata: &Metadata) -> (i64, i64) {
    (metadata.mtime(), metadata.mtime_nsec())
}
