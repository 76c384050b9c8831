//! `PUT /blobs/{upload}`: where clients put the blocks of an upload when the blob store is a local folder. Same shape
//! as Azure's Put Block, so that a client does not know the difference: a signed URL, to which it appends
//! `&comp=block&blockid=…`; the body is the block.
//!
//! Who has the URL may put blocks of that upload: there is no other authentication, and cookies mean nothing here, so
//! that pages of any origin may use it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{options, put};
use axum::{Json, Router};
use data_inspector_domain::id::UploadId;
use data_inspector_platform::blob::{BlobKey, BlobStore, BlockIndex};
use data_inspector_platform::store::{File, Store, Upload};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::grant::{GrantError, GrantSigner};

const KIB: u64 = 1 << 10;

/// How many bytes of blocks are in memory at a time, and how long one may take to come.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlocksConfig {
    /// Bytes of all blocks that are being received. A block that is larger is refused; others wait.
    pub buffer_bytes: u64,
    /// How long a block may wait for room, and how long it may take to come.
    pub timeout_ms: u64,
}

impl Default for BlocksConfig {
    fn default() -> Self {
        Self { buffer_bytes: 256 << 20, timeout_ms: 300_000 }
    }
}

/// What the route needs.
#[derive(Clone)]
pub(crate) struct Blocks {
    store: Store,
    blobs: BlobStore,
    signer: GrantSigner,
    /// One permit for each KiB.
    room: Arc<Semaphore>,
    config: BlocksConfig,
}

#[derive(Debug, Deserialize)]
struct Parameters {
    exp: String,
    sig: String,
    comp: Option<String>,
    blockid: Option<String>,
}

/// Why a block was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Refusal {
    #[error(transparent)]
    Grant(#[from] GrantError),
    #[error("there is no such upload")]
    NotFound,
    #[error("the upload is over: its blocks have been put together, or it was given up")]
    Over,
    #[error("`comp` must be `block`")]
    UnknownOperation,
    #[error(
        "`blockid` must be the base64 of the block's number in eight digits, percent-encoded, and one of this upload"
    )]
    UnknownBlock,
    #[error("the request needs a Content-Length")]
    LengthRequired,
    #[error("a block of this upload has {expected_bytes} bytes, and {found_bytes} were sent")]
    WrongSize { expected_bytes: u64, found_bytes: u64 },
    #[error("the server does not take blocks of this size")]
    TooLarge,
    #[error("the body ended before its Content-Length, or did not come in time")]
    Incomplete,
    #[error("the server has too much to receive at the moment")]
    Busy,
    #[error("the block cannot be stored now")]
    Unavailable,
}

#[derive(Serialize)]
struct RefusalBody {
    code: &'static str,
    message: String,
    retryable: bool,
}

impl Blocks {
    pub(crate) fn new(store: Store, blobs: BlobStore, signer: GrantSigner, config: BlocksConfig) -> Self {
        let permits = usize::try_from(config.buffer_bytes.div_ceil(KIB)).unwrap_or(usize::MAX);
        let room = Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS)));
        Self { store, blobs, signer, room, config }
    }

    /// The route.
    pub(crate) fn routes(self) -> Router {
        let route = put(put_block).merge(options(async || (StatusCode::NO_CONTENT, cors()).into_response()));
        Router::new().route("/blobs/{upload}", route).with_state(self)
    }

    async fn put(
        &self,
        upload: &str,
        parameters: &Parameters,
        length: Option<u64>,
        body: Body,
    ) -> Result<(), Refusal> {
        let upload_id: UploadId = upload.parse().map_err(|_| Refusal::NotFound)?;
        self.signer.verify(upload_id, &parameters.exp, &parameters.sig)?;
        if parameters.comp.as_deref() != Some("block") {
            return Err(Refusal::UnknownOperation);
        }
        let (upload, file) = self.find(upload_id).await?;
        let id = parameters.blockid.as_deref().ok_or(Refusal::UnknownBlock)?;
        let block = BlockIndex::from_block_id(id).map_err(|_| Refusal::UnknownBlock)?;
        let expected_bytes = size_of(block, &upload, &file).ok_or(Refusal::UnknownBlock)?;
        let found_bytes = length.ok_or(Refusal::LengthRequired)?;
        if found_bytes != expected_bytes {
            return Err(Refusal::WrongSize { expected_bytes, found_bytes });
        }
        self.receive(&file, block, expected_bytes, body).await
    }

    async fn find(&self, id: UploadId) -> Result<(Upload, File), Refusal> {
        use data_inspector_domain::file::FileState;
        let found = self.store.upload_by_grant(id).await;
        let found = found.inspect_err(
            |error| tracing::error!(upload_id = %id, error = %error, "cannot look for an upload"),
        );
        let (upload, file) = found.map_err(|_| Refusal::Unavailable)?.ok_or(Refusal::NotFound)?;
        match file.state {
            FileState::Transferring => Ok((upload, file)),
            FileState::Ready | FileState::Failed => Err(Refusal::Over),
        }
    }

    /// Room first, then the body: what is not read yet waits in the client.
    async fn receive(
        &self,
        file: &File,
        block: BlockIndex,
        size_bytes: u64,
        body: Body,
    ) -> Result<(), Refusal> {
        let permits = u32::try_from(size_bytes.div_ceil(KIB)).map_err(|_| Refusal::TooLarge)?;
        if size_bytes > self.config.buffer_bytes {
            return Err(Refusal::TooLarge);
        }
        let limit = Duration::from_millis(self.config.timeout_ms);
        let room = timeout(limit, self.room.acquire_many(permits)).await.map_err(|_| Refusal::Busy)?;
        let _room = room.map_err(|_| Refusal::Busy)?;
        let size = usize::try_from(size_bytes).map_err(|_| Refusal::TooLarge)?;
        let bytes = timeout(limit, to_bytes(body, size)).await.map_err(|_| Refusal::Incomplete)?;
        let bytes = bytes.map_err(|_| Refusal::Incomplete)?;
        if bytes.len() != size {
            return Err(Refusal::Incomplete);
        }
        let key: BlobKey = file.blob_key.parse().map_err(|_| Refusal::Unavailable)?;
        let put = self.blobs.put_block(&key, block, bytes).await;
        put.inspect_err(|error| tracing::error!(file_id = %file.id, error = %error, "cannot store a block"))
            .map_err(|_| Refusal::Unavailable)
    }
}

/// The bytes of a block, if the upload has it: all but the last have the same.
fn size_of(block: BlockIndex, upload: &Upload, file: &File) -> Option<u64> {
    let starts_at = u64::from(block.get()).checked_mul(upload.block_size_bytes)?;
    let rest = file.size_bytes.checked_sub(starts_at).filter(|rest| *rest > 0)?;
    Some(rest.min(upload.block_size_bytes))
}

async fn put_block(
    State(blocks): State<Blocks>,
    Path(upload): Path<String>,
    parameters: Result<Query<Parameters>, QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let outcome = match parameters {
        Ok(Query(parameters)) => blocks.put(&upload, &parameters, length, body).await,
        Err(_) => Err(Refusal::Grant(GrantError::Forged)),
    };
    match outcome {
        Ok(()) => (StatusCode::CREATED, cors()).into_response(),
        Err(refusal) => (refusal.status(), cors(), Json(refusal.body())).into_response(),
    }
}

fn cors() -> [(HeaderName, HeaderValue); 4] {
    [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
        (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("PUT")),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("content-type, x-ms-blob-type, x-ms-version"),
        ),
        (header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400")),
    ]
}

impl Refusal {
    fn body(self) -> RefusalBody {
        RefusalBody { code: self.code(), message: self.to_string(), retryable: self.is_retryable() }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::Grant(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Over => StatusCode::CONFLICT,
            Self::UnknownOperation | Self::UnknownBlock | Self::WrongSize { .. } | Self::Incomplete => {
                StatusCode::BAD_REQUEST
            }
            Self::LengthRequired => StatusCode::LENGTH_REQUIRED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Grant(GrantError::Forged) => "GRANT_INVALID",
            Self::Grant(GrantError::Expired) => "GRANT_EXPIRED",
            Self::NotFound => "NOT_FOUND",
            Self::Over => "UPLOAD_OVER",
            Self::UnknownOperation => "UNKNOWN_OPERATION",
            Self::UnknownBlock => "UNKNOWN_BLOCK",
            Self::LengthRequired => "LENGTH_REQUIRED",
            Self::WrongSize { .. } => "WRONG_SIZE",
            Self::TooLarge => "TOO_LARGE",
            Self::Incomplete => "INCOMPLETE",
            Self::Busy => "BUSY",
            Self::Unavailable => "UNAVAILABLE",
        }
    }

    fn is_retryable(self) -> bool {
        matches!(self, Self::Incomplete | Self::Busy | Self::Unavailable)
    }
}
