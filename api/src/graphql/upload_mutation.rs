//! Beginning and ending uploads.

use std::future::Future;
use std::time::Duration;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use data_inspector_domain::failure::{Failure, FailureCode};
use data_inspector_domain::file::FileState;
use data_inspector_domain::id::UploadId;
use data_inspector_platform::blob::{
    BlobErrorKind, BlockIndex, Committed, ContentHash, MAX_BLOCK_BYTES, block_size_bytes,
};
use data_inspector_platform::store::{self, CompletedUpload, Completion, NewUpload, Scope};

use tokio::time::timeout;

use super::context::{Caller, Deps};
use super::error::RequestError;
use super::file::File;
use super::moment;
use super::mutation::{idempotent, to_the_end};
use super::scalar::{ContentId, Long};
use super::upload::{Upload, blob_key, received_blocks};
use super::user_error::{Outcome, UserError, UserErrorCode, outcome};

/// Whoever puts blocks together holds the turn for so long, and renews it as long as it lives: after its death
/// another may go on soon.
const COMPLETION_HOLD: Duration = Duration::from_secs(30);
const RENEW_EVERY: Duration = Duration::from_secs(10);

const UPLOAD_ID: &[&str] = &["input", "uploadId"];

/// A file to upload.
#[derive(InputObject)]
struct CreateUploadInput {
    /// Name of the file, 1 to 255 bytes. Shown to people, never used as a path.
    name: String,
    /// Its size in bytes; exactly so many have to come.
    size_bytes: Long,
    /// Names this request: sent again with the same key it gives the same upload.
    idempotency_key: String,
}

/// What became of a request for an upload.
#[derive(SimpleObject)]
struct UploadPayload {
    /// The upload; null if it was refused.
    upload: Option<Upload>,
    /// The file it brings; null if it was refused.
    file: Option<File>,
    /// An earlier request with the same key made it.
    deduplicated: bool,
    /// Why it was refused.
    user_errors: Vec<UserError>,
}

/// An upload of which all blocks are there.
#[derive(InputObject)]
struct CompleteUploadInput {
    /// The upload.
    upload_id: ID,
    /// BLAKE3 of the bytes, if the client knows it: other bytes are then refused, where the storage can tell.
    content_id: Option<ContentId>,
}

/// An upload that will not be completed.
#[derive(InputObject)]
struct AbortUploadInput {
    /// The upload.
    upload_id: ID,
}

/// What became of a request about a file.
#[derive(SimpleObject)]
struct FilePayload {
    /// The file; null if the request was refused.
    file: Option<File>,
    /// An earlier request did it already.
    deduplicated: bool,
    /// Why it was refused.
    user_errors: Vec<UserError>,
}

impl From<Result<(store::File, bool), UserError>> for FilePayload {
    fn from(outcome: Result<(store::File, bool), UserError>) -> Self {
        match outcome {
            Ok((file, deduplicated)) => {
                Self { file: Some(File(file)), deduplicated, user_errors: Vec::new() }
            }
            Err(error) => Self { file: None, deduplicated: false, user_errors: vec![error] },
        }
    }
}

#[derive(Default)]
pub(super) struct UploadMutation;

#[Object]
impl UploadMutation {
    /// Announces a file and opens an upload for it. Put the blocks where `upload.grant` says, then complete it.
    /// An inspection of the file may be created at once: it starts by itself.
    async fn create_upload(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The file.")] input: CreateUploadInput,
    ) -> Result<UploadPayload, RequestError> {
        let caller = Caller::writing(ctx)?;
        let (deps, scope) = (caller.deps.clone(), caller.scope());
        let created = to_the_end(caller.deps, async move { create(&deps, scope, input).await }).await?;
        Ok(match created {
            Ok(created) => {
                let (upload, file) = created.value;
                let file_object = Some(File(file.clone()));
                let upload = Some(Upload::new(upload, file));
                let deduplicated = created.deduplicated;
                UploadPayload { upload, file: file_object, deduplicated, user_errors: Vec::new() }
            }
            Err(error) => {
                UploadPayload { upload: None, file: None, deduplicated: false, user_errors: vec![error] }
            }
        })
    }

    /// Puts the blocks together: the file is there, and the inspections that wait for it start. May be sent again.
    async fn complete_upload(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The upload.")] input: CompleteUploadInput,
    ) -> Result<FilePayload, RequestError> {
        let caller = Caller::writing(ctx)?;
        let (deps, scope) = (caller.deps.clone(), caller.scope());
        let completed = to_the_end(caller.deps, async move { complete(&deps, scope, input).await }).await?;
        Ok(completed.into())
    }

    /// Gives an upload up: what has arrived is discarded, and the inspections that wait for the file fail.
    async fn abort_upload(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The upload.")] input: AbortUploadInput,
    ) -> Result<FilePayload, RequestError> {
        let caller = Caller::writing(ctx)?;
        let (deps, scope) = (caller.deps.clone(), caller.scope());
        let aborted =
            to_the_end(caller.deps, async move { abort(&deps, scope, &input.upload_id).await }).await?;
        Ok(aborted.map(|file| (file, false)).into())
    }
}

type CreatedUpload = store::Created<(store::Upload, store::File)>;

async fn create(deps: &Deps, scope: Scope, input: CreateUploadInput) -> Outcome<CreatedUpload> {
    let upload = match new_upload(deps, input) {
        Ok(upload) => upload,
        Err(refused) => return Ok(Err(refused)),
    };
    outcome(deps.store.create_upload(scope, upload).await, &["input"])
}

fn new_upload(deps: &Deps, input: CreateUploadInput) -> Result<NewUpload, UserError> {
    let CreateUploadInput { name, size_bytes: Long(size_bytes), idempotency_key } = input;
    if name.is_empty() || name.len() > 255 || name.chars().any(char::is_control) {
        let message = "a name has 1 to 255 bytes and no control characters";
        return Err(UserError::invalid(message, &["input", "name"]));
    }
    let block_size_bytes = block_size_bytes(size_bytes, deps.limits.smallest_block_bytes);
    if size_bytes > deps.limits.file_bytes || block_size_bytes > MAX_BLOCK_BYTES {
        let message = format!("a file has at most {} bytes", deps.limits.file_bytes);
        return Err(UserError::invalid(message, &["input", "sizeBytes"]));
    }
    // A name ends where a control character follows it, so no two requests have the same text.
    let idempotency = Some(idempotent(idempotency_key, &format!("{name}\0{size_bytes}"))?);
    let lifetime = Duration::from_secs(deps.limits.upload_seconds);
    Ok(NewUpload { file_name: name, size_bytes, block_size_bytes, lifetime, idempotency })
}

fn parse_upload_id(id: &ID) -> Result<UploadId, UserError> {
    id.parse().map_err(|_| UserError::not_found("upload", UPLOAD_ID))
}

async fn complete(deps: &Deps, scope: Scope, input: CompleteUploadInput) -> Outcome<(store::File, bool)> {
    let id = match parse_upload_id(&input.upload_id) {
        Ok(id) => id,
        Err(refused) => return Ok(Err(refused)),
    };
    match deps.store.begin_completion(scope, id, COMPLETION_HOLD).await {
        Ok(Completion::Yours) => {}
        Ok(Completion::Busy) => {
            let message = "another request puts the blocks together";
            return Ok(Err(UserError::new(UserErrorCode::Busy, message, UPLOAD_ID)));
        }
        Ok(Completion::Over(file)) => return Ok(completed_before(file, input.content_id.as_ref())),
        Err(error) => return Ok(Err(UserError::of_store(error, UPLOAD_ID)?)),
    }
    let work = put_together(deps, scope, id, input.content_id.as_ref());
    let completed = holding_the_turn(deps, scope, id, work).await;
    if !matches!(completed, Ok(Ok(_))) {
        deps.store.cancel_completion(scope, id).await?;
    }
    Ok(completed?.map(|file| (file, false)))
}

/// Works, and renews the turn meanwhile.
async fn holding_the_turn<T>(deps: &Deps, scope: Scope, id: UploadId, work: impl Future<Output = T>) -> T {
    tokio::pin!(work);
    loop {
        match timeout(RENEW_EVERY, &mut work).await {
            Ok(done) => return done,
            Err(_) => {
                if let Err(error) = deps.store.renew_completion(scope, id, COMPLETION_HOLD).await {
                    tracing::warn!(%id, error = &error as &dyn std::error::Error, "a turn is not renewed");
                }
            }
        }
    }
}

fn completed_before(
    file: store::File,
    declared: Option<&ContentId>,
) -> Result<(store::File, bool), UserError> {
    if file.state == FileState::Failed {
        let message = "the upload was given up, or has lapsed";
        return Err(UserError::new(UserErrorCode::IllegalTransition, message, UPLOAD_ID));
    }
    same_content(declared, file.content_id.as_deref())?;
    Ok((file, true))
}

async fn put_together(
    deps: &Deps,
    scope: Scope,
    id: UploadId,
    declared: Option<&ContentId>,
) -> Outcome<store::File> {
    let Some((upload, file)) = deps.store.upload(scope, id).await? else {
        return Ok(Err(UserError::not_found("upload", UPLOAD_ID)));
    };
    if upload.expires_at <= moment::now() {
        let message = "the upload has lapsed; create another";
        return Ok(Err(UserError::new(UserErrorCode::UploadExpired, message, UPLOAD_ID)));
    }
    let committed = match commit(deps, &upload, &file).await? {
        Ok(committed) => committed,
        Err(refused) => return Ok(Err(refused)),
    };
    let content_id = committed.content_hash.as_ref().map(ContentHash::to_string);
    if let Err(refused) = same_content(declared, content_id.as_deref()) {
        return Ok(Err(refused));
    }
    let etag = committed.etag.as_str().to_owned();
    let completed = CompletedUpload { size_bytes: committed.size_bytes, etag, content_id };
    outcome(deps.store.complete_upload(scope, id, completed).await, UPLOAD_ID)
}

/// Blocks are checked before they are put together: afterwards the client would have to send all of them again.
async fn commit(deps: &Deps, upload: &store::Upload, file: &store::File) -> Outcome<Committed> {
    let received = received_blocks(&deps.blobs, file).await?;
    if !received.is_empty()
        && let Err(refused) = check_sizes(&received, upload, file)
    {
        return Ok(Err(refused));
    }
    let count =
        u32::try_from(file.size_bytes.div_ceil(upload.block_size_bytes)).map_err(RequestError::internal)?;
    let blocks = BlockIndex::first(count).map_err(RequestError::internal)?;
    match deps.blobs.commit_blocks(&blob_key(file)?, &blocks).await {
        Ok(committed) => Ok(Ok(committed)),
        Err(error) => match error.kind {
            BlobErrorKind::MissingBlock { index } => Ok(Err(incomplete(index))),
            _ => Err(error.into()),
        },
    }
}

/// Every block that came is one of the file, and as long as it has to be.
fn check_sizes(
    received: &[(BlockIndex, u64)],
    upload: &store::Upload,
    file: &store::File,
) -> Result<(), UserError> {
    for (index, found_bytes) in received {
        let start = u64::from(index.get()) * upload.block_size_bytes;
        let expected_bytes = file.size_bytes.saturating_sub(start).min(upload.block_size_bytes);
        if *found_bytes != expected_bytes {
            let message = format!(
                "block {} has {found_bytes} bytes, and {expected_bytes} would make the {} bytes that were declared",
                index.get(),
                file.size_bytes
            );
            return Err(UserError::new(UserErrorCode::SizeMismatch, message, UPLOAD_ID));
        }
    }
    Ok(())
}

fn incomplete(index: u32) -> UserError {
    let message = format!("block {index} has not arrived; `upload.missing` lists all that have not");
    UserError::new(UserErrorCode::UploadIncomplete, message, UPLOAD_ID)
}

fn same_content(declared: Option<&ContentId>, found: Option<&str>) -> Result<(), UserError> {
    match (declared, found) {
        (Some(declared), Some(found)) if declared.0 != found => {
            let message = "the bytes that came do not have this content id";
            Err(UserError::new(UserErrorCode::ChecksumMismatch, message, &["input", "contentId"]))
        }
        _ => Ok(()),
    }
}

async fn abort(deps: &Deps, scope: Scope, id: &ID) -> Outcome<store::File> {
    let id = match parse_upload_id(id) {
        Ok(id) => id,
        Err(refused) => return Ok(Err(refused)),
    };
    let failure = Failure::new(FailureCode::Cancelled, "the upload was given up");
    let aborted = outcome(deps.store.abandon_upload(scope, id, failure).await, UPLOAD_ID)?;
    if let Ok(file) = &aborted {
        deps.blobs.discard_blocks(&blob_key(file)?).await?;
    }
    Ok(aborted)
}
