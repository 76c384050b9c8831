//! GraphQL over HTTP: one request, one answer. <https://graphql.github.io/graphql-over-http/draft/>

use std::sync::Arc;
use std::time::Duration;

use async_graphql::Response as GraphqlResponse;
use axum::body::{Body, to_bytes};
use axum::extract::{Query, Request, State};
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, RETRY_AFTER, VARY, WWW_AUTHENTICATE,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use tokio::time::Instant;
use tracing::Instrument;

use super::engine::{answer, is_request_error};
use super::fault::{Fault, FaultKind};
use super::gate::{Admitted, OperationKind};
use super::negotiate::{MediaType, negotiate};
use super::rate::{Standing, caller_of};
use super::request::{Params, unknown_document};
use super::{Profile, Shared, guard};
use crate::auth::Viewer;
use crate::graphql::{ErrorCode, RequestContext, RequestId};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// `POST /graphql`.
pub(super) async fn post(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let request_id = request_id(request.headers());
    let span = tracing::info_span!("graphql", request_id = request_id.as_str());
    let headers = request.headers().clone();
    let read = async {
        let Some(media_type) = negotiate(&headers) else { return Err((MediaType::Json, not_acceptable())) };
        let answered = answer_post(&shared, &headers, request.into_body(), &request_id).await;
        answered.map(|answered| (media_type, answered)).map_err(|fault| (media_type, fault))
    };
    finish(read.instrument(span).await, &shared, &request_id)
}

/// `GET /graphql`: queries only.
pub(super) async fn get(
    State(shared): State<Arc<Shared>>,
    query: Result<Query<Vec<(String, String)>>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let request_id = request_id(&headers);
    let span = tracing::info_span!("graphql", request_id = request_id.as_str());
    let read = async {
        let Some(media_type) = negotiate(&headers) else { return Err((MediaType::Json, not_acceptable())) };
        let query =
            query.map(|query| query.0).map_err(|_| Fault::malformed("the query of the URL is malformed"));
        let answered = match query {
            Ok(query) => answer_get(&shared, &headers, &query, &request_id).await,
            Err(fault) => Err(fault),
        };
        answered.map(|answered| (media_type, answered)).map_err(|fault| (media_type, fault))
    };
    finish(read.instrument(span).await, &shared, &request_id)
}

async fn answer_post(
    shared: &Shared,
    headers: &HeaderMap,
    body: Body,
    request_id: &RequestId,
) -> Result<GraphqlResponse, Fault> {
    let params = read_json_request(shared, headers, body).await?;
    let viewer = shared.authenticator.authenticate(guard::authorization(headers)).await?;
    execute(shared, params, viewer, request_id, &[OperationKind::Query, OperationKind::Mutation]).await
}

async fn answer_get(
    shared: &Shared,
    headers: &HeaderMap,
    query: &[(String, String)],
    request_id: &RequestId,
) -> Result<GraphqlResponse, Fault> {
    guard::check_site(headers, &shared.config)?;
    if headers.contains_key(CONTENT_TYPE) && !is_json(headers) {
        let message = "a GET has no body, and no type of one";
        return Err(Fault::one(FaultKind::UnsupportedMediaType, ErrorCode::BadUserInput, message));
    }
    let viewer = shared.authenticator.authenticate(guard::authorization(headers)).await?;
    let params = Params::from_query(query, shared.config.body_values)?;
    execute(shared, params, viewer, request_id, &[OperationKind::Query]).await
}

/// The request in the body, if its sender may send it here.
pub(super) async fn read_json_request(
    shared: &Shared,
    headers: &HeaderMap,
    body: Body,
) -> Result<Params, Fault> {
    guard::check_site(headers, &shared.config)?;
    if !is_json(headers) {
        let message = "send the request as `Content-Type: application/json`";
        return Err(Fault::one(FaultKind::UnsupportedMediaType, ErrorCode::BadUserInput, message));
    }
    Params::from_json(&read_body(body, shared).await?, shared.config.body_values)
}

async fn read_body(body: Body, shared: &Shared) -> Result<axum::body::Bytes, Fault> {
    let too_large = || {
        let message = format!("the body has more than {} bytes", shared.config.body_bytes);
        Fault::one(FaultKind::BodyTooLarge, ErrorCode::LimitExceeded, message)
    };
    let read = to_bytes(body, shared.config.body_bytes);
    match tokio::time::timeout(shared.config.timeout(), read).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(too_large()),
        Err(_) => Err(took_too_long(shared.config.timeout())),
    }
}

/// What every transport does with a request: finds the document, lets it through the gate, picks the operation.
pub(super) fn admit(
    shared: &Shared,
    params: &Params,
) -> Result<(Arc<Result<Admitted, Fault>>, OperationKind), Fault> {
    let verdict = match (&params.document, &params.document_hash) {
        (Some(document), Some(hash)) if *hash != super::hash(document) => {
            return Err(Fault::malformed("`sha256Hash` is not the hash of `query`"));
        }
        (Some(document), _) => {
            shared.trusted.check(|| super::hash(document))?;
            shared.gate.admit(document)?
        }
        (None, Some(hash)) => match shared.trusted.find(hash) {
            Some(document) => shared.gate.admit(&document)?,
            None => shared.gate.known(hash).ok_or_else(unknown_document)?,
        },
        (None, None) => return Err(Fault::malformed("`query` is missing")),
    };
    let admitted = verdict.as_ref().as_ref().map_err(Clone::clone)?;
    let operation = admitted.operation(params.operation_name.as_deref())?;
    shared.gate.check_variables(operation, &params.variables)?;
    let kind = OperationKind::from(operation.as_ref());
    Ok((verdict, kind))
}

async fn execute(
    shared: &Shared,
    params: Params,
    viewer: Option<Viewer>,
    request_id: &RequestId,
    allowed: &[OperationKind],
) -> Result<GraphqlResponse, Fault> {
    let (verdict, kind) = admit(shared, &params)?;
    let admitted = verdict.as_ref().as_ref().map_err(Clone::clone)?;
    if !allowed.contains(&kind) {
        return Err(match kind {
            OperationKind::Mutation => Fault::one(
                FaultKind::MethodNotAllowed,
                ErrorCode::BadUserInput,
                "a GET changes nothing: send mutations with POST",
            ),
            _ => Fault::malformed("subscriptions are at /graphql/ws and /graphql/stream"),
        });
    }
    let standing = charge(shared, admitted, &params, viewer.as_ref())?;
    let context = RequestContext::new(request_id.clone(), viewer);
    let execution = shared.engine.execute(super::engine::request(admitted, params), context);
    let mut response = run(execution, kind, shared.config.timeout()).await?;
    if let Some(standing) = standing {
        standing.tell(&mut response);
    }
    Ok(response)
}

/// What every transport does before it executes: takes what the operation costs from what the caller has.
pub(super) fn charge(
    shared: &Shared,
    admitted: &Admitted,
    params: &Params,
    viewer: Option<&Viewer>,
) -> Result<Option<Standing>, Fault> {
    let operation = admitted.operation(params.operation_name.as_deref())?;
    shared.rates.take(caller_of(viewer), admitted.cost(operation), Instant::now())
}

/// A client that hangs up, and a deadline, end a query. A mutation goes on: half of one is nobody's wish.
pub(super) async fn run(
    execution: impl Future<Output = GraphqlResponse> + Send + 'static,
    kind: OperationKind,
    deadline: Duration,
) -> Result<GraphqlResponse, Fault> {
    if kind != OperationKind::Mutation {
        return tokio::time::timeout(deadline, execution).await.map_err(|_| took_too_long(deadline));
    }
    let task = tokio::spawn(execution.in_current_span());
    match tokio::time::timeout(deadline, task).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(error)) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a mutation died");
            let message = "something went wrong on our side; the request id finds it in the log";
            Err(Fault::one(FaultKind::Internal, ErrorCode::Internal, message))
        }
        Err(_) => Err(took_too_long(deadline)),
    }
}

fn took_too_long(deadline: Duration) -> Fault {
    let message = format!("it took more than {} seconds", deadline.as_secs_f32());
    Fault::one(FaultKind::Timeout, ErrorCode::Timeout, message)
}

fn not_acceptable() -> Fault {
    let message = "there are `application/graphql-response+json` and `application/json`";
    Fault::one(FaultKind::NotAcceptable, ErrorCode::BadUserInput, message)
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(text) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let mut parts = text.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let utf8 = |parameter: &str| match parameter.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    };
    is_json && parts.all(utf8)
}

/// The name the client, or something before us, gave the request, if it is a name; else a new one.
pub(super) fn request_id(headers: &HeaderMap) -> RequestId {
    let is_name = |text: &&str| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(is_name);
    given.map_or_else(super::new_request_id, RequestId::new)
}

fn finish(
    read: Result<(MediaType, GraphqlResponse), (MediaType, Fault)>,
    shared: &Shared,
    request_id: &RequestId,
) -> Response {
    match read {
        Ok((media_type, response)) => executed(media_type, &response, shared, request_id),
        Err((media_type, fault)) => refused(media_type, &fault, shared, request_id),
    }
}

fn executed(media_type: MediaType, response: &GraphqlResponse, shared: &Shared, id: &RequestId) -> Response {
    let status = match shared.config.profile {
        _ if is_request_error(response) => {
            request_error_status(media_type, FaultKind::Invalid, shared.config.profile)
        }
        Profile::Draft2026 if !response.errors.is_empty() => {
            StatusCode::from_u16(294).expect("294 is between 100 and 999")
        }
        _ => StatusCode::OK,
    };
    let mut answer = reply(status, media_type, answer(response), id);
    answer.headers_mut().extend(response.http_headers.clone());
    answer
}

pub(super) fn refused(media_type: MediaType, fault: &Fault, shared: &Shared, id: &RequestId) -> Response {
    let status = request_error_status(media_type, fault.kind, shared.config.profile);
    let mut answer = reply(status, media_type, fault.body(id), id);
    match fault.kind {
        FaultKind::MethodNotAllowed => {
            answer.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        }
        FaultKind::Unauthenticated => {
            answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        _ => {}
    }
    if let Some(wait) = fault.retry_after {
        let seconds = wait.as_secs_f64().ceil() as u64;
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    answer
}

/// A client of `application/json` learns from 200 that it spoke to a GraphQL server; the newer type, and the draft
/// for both, say what became of the request.
fn request_error_status(media_type: MediaType, kind: FaultKind, profile: Profile) -> StatusCode {
    let is_legacy = media_type == MediaType::Json && profile == Profile::Audits2025;
    match kind {
        FaultKind::Syntax | FaultKind::Invalid if is_legacy => StatusCode::OK,
        FaultKind::Invalid if profile == Profile::Draft2026 => StatusCode::UNPROCESSABLE_ENTITY,
        FaultKind::Malformed | FaultKind::Syntax | FaultKind::Invalid | FaultKind::Limit => {
            StatusCode::BAD_REQUEST
        }
        FaultKind::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        FaultKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        FaultKind::Forbidden => StatusCode::FORBIDDEN,
        FaultKind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        FaultKind::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        FaultKind::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
        FaultKind::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        FaultKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        FaultKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        FaultKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn reply(status: StatusCode, media_type: MediaType, body: String, request_id: &RequestId) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type.content_type()));
    headers.insert(VARY, HeaderValue::from_static("accept, authorization"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(value) = HeaderValue::from_str(request_id.as_str()) {
        headers.insert(REQUEST_ID, value);
    }
    response
}
