//! How a file comes.

use std::time::Duration;

use data_inspector_domain::failure::{Failure, FailureCode};
use data_inspector_domain::file::FileState;
use data_inspector_domain::id::UploadId;
use data_inspector_domain::inspection::InspectionState;
use data_inspector_platform::store::{CompletedUpload, Completion, NewUpload, Noun, StoreErrorKind};

use super::fixture::{Fixture, completed, new_upload, request};

pub(super) async fn an_upload_brings_a_file(fixture: &Fixture) {
    let (upload, file) = fixture.upload("a.csv").await;
    assert_eq!((file.state, file.size_bytes, &file.etag), (FileState::Transferring, 1_000, &None));
    assert_eq!(
        fixture.store.upload(fixture.scope, upload.id).await.unwrap(),
        Some((upload.clone(), file.clone()))
    );
    let found = fixture.store.uploads_of_files(fixture.scope, &[file.id]).await.unwrap();
    assert_eq!(found, [(upload.clone(), file.clone())]);
    fixture.pass(Duration::from_secs(5));
    let ready = fixture.complete(upload.id).await;
    assert_eq!((ready.state, ready.etag.as_deref()), (FileState::Ready, Some("etag-1")));
    assert_eq!(ready.ended_at, Some(fixture.now()));
    assert_eq!(fixture.store.file(fixture.scope, file.id).await.unwrap(), Some(ready));
    let other = fixture.other_workspace().await;
    assert_eq!(fixture.store.file(other, file.id).await.unwrap(), None);
    assert_eq!(fixture.store.upload(other, upload.id).await.unwrap(), None);
    assert_eq!(fixture.store.uploads_of_files(other, &[file.id]).await.unwrap(), []);
    let error = fixture.store.complete_upload(other, upload.id, completed("etag-1")).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::NotFound(Noun::Upload));
}

pub(super) async fn a_second_completion_changes_nothing(fixture: &Fixture) {
    let (upload, _) = fixture.upload("a.csv").await;
    let first = fixture.complete(upload.id).await;
    fixture.pass(Duration::from_secs(5));
    assert_eq!(fixture.complete(upload.id).await, first);
    let other = fixture.store.complete_upload(fixture.scope, upload.id, completed("etag-2")).await;
    assert!(matches!(other.unwrap_err().kind, StoreErrorKind::FileRefused(_)), "it is pinned");
}

pub(super) async fn other_bytes_than_declared_are_refused(fixture: &Fixture) {
    let (upload, file) = fixture.upload("a.csv").await;
    let fewer = CompletedUpload { size_bytes: 999, ..completed("etag-1") };
    let error = fixture.store.complete_upload(fixture.scope, upload.id, fewer).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::SizeMismatch { declared_bytes: 1_000, found_bytes: 999 });
    let unchanged = fixture.store.file(fixture.scope, file.id).await.unwrap().unwrap();
    assert_eq!(unchanged.state, FileState::Transferring);
    let too_large = NewUpload { size_bytes: u64::MAX, ..new_upload("b.csv") };
    let error = fixture.store.create_upload(fixture.scope, too_large).await.unwrap_err();
    assert!(matches!(error.kind, StoreErrorKind::InvalidInput(_)));
}

pub(super) async fn an_abandoned_upload_fails_what_waits_for_it(fixture: &Fixture) {
    let (upload, file) = fixture.upload("a.csv").await;
    let waiting = fixture.inspect(file.id).await;
    let failure = Failure::new(FailureCode::Cancelled, "the upload was given up");
    let failed = fixture.store.abandon_upload(fixture.scope, upload.id, failure.clone()).await.unwrap();
    assert_eq!((failed.state, failed.failure), (FileState::Failed, Some(failure.clone())));
    let inspection = fixture.inspection(waiting.id).await;
    assert_eq!((inspection.state, inspection.failure), (InspectionState::Failed, Some(failure)));
    let late = fixture.store.complete_upload(fixture.scope, upload.id, completed("etag-1")).await;
    assert!(matches!(late.unwrap_err().kind, StoreErrorKind::FileRefused(_)));
    let of_failed_file = fixture.inspect(file.id).await;
    assert_eq!(of_failed_file.state, InspectionState::Failed);
}

pub(super) async fn one_caller_has_the_turn_to_complete(fixture: &Fixture) {
    let hold = Duration::from_secs(60);
    let (upload, _) = fixture.upload("a.csv").await;
    let begin = || fixture.store.begin_completion(fixture.scope, upload.id, hold);
    assert_eq!(begin().await.unwrap(), Completion::Yours);
    assert_eq!(begin().await.unwrap(), Completion::Busy);
    fixture.store.cancel_completion(fixture.scope, upload.id).await.unwrap();
    assert_eq!(begin().await.unwrap(), Completion::Yours, "it was given back");
    fixture.pass(hold);
    assert_eq!(begin().await.unwrap(), Completion::Yours, "whoever had it is given up");
    let ready = fixture.complete(upload.id).await;
    assert_eq!(begin().await.unwrap(), Completion::Over(ready));
    let other = fixture.other_workspace().await;
    let error = fixture.store.begin_completion(other, upload.id, hold).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::NotFound(Noun::Upload));
    let unknown = UploadId::from_uuid(uuid::Uuid::now_v7());
    let error = fixture.store.begin_completion(fixture.scope, unknown, hold).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::NotFound(Noun::Upload));
}

pub(super) async fn lapsed_uploads_are_found(fixture: &Fixture) {
    let (lapsing, _) = fixture.upload("a.csv").await;
    let (completed, _) = fixture.upload("b.csv").await;
    fixture.complete(completed.id).await;
    assert_eq!(fixture.store.lapsed_uploads(10).await.unwrap(), []);
    fixture.pass(Duration::from_secs(3_600));
    assert_eq!(fixture.store.lapsed_uploads(10).await.unwrap(), [(fixture.scope, lapsing.id)]);
}

pub(super) async fn a_repeated_request_makes_one_upload(fixture: &Fixture) {
    let wanted = |body| NewUpload { idempotency: Some(request("key", body)), ..new_upload("a.csv") };
    let first = fixture.store.create_upload(fixture.scope, wanted(1)).await.unwrap();
    let second = fixture.store.create_upload(fixture.scope, wanted(1)).await.unwrap();
    assert_eq!((first.deduplicated, second.deduplicated), (false, true));
    assert_eq!(first.value, second.value);
    let other_body = fixture.store.create_upload(fixture.scope, wanted(2)).await.unwrap_err();
    assert_eq!(other_body.kind, StoreErrorKind::IdempotencyMismatch);
    let elsewhere = fixture.other_workspace().await;
    let third = fixture.store.create_upload(elsewhere, wanted(2)).await.unwrap();
    assert!(!third.deduplicated, "every workspace has keys of its own");
}
