//! Server-sent events, one operation a connection: the distinct connections mode of
//! <https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md>. The cursor of an answer is the id of its
//! event, so that a browser resumes by itself.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Query, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt};
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::answer::Answer;
use super::engine;
use super::fault::Fault;
use super::gate::OperationKind;
use super::groups::Subscription;
use super::http::{admit, charge, read_json_request, refused, request_id, run};
use super::negotiate::MediaType;
use super::places::Place;
use super::rate::caller_of;
use super::request::Params;
use super::{Shared, guard};
use crate::auth::Viewer;
use crate::expiry::Expiry;
use crate::graphql::{RequestContext, RequestId};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Proxies cut connections that are silent.
const COMMENT_EVERY: Duration = Duration::from_secs(12);

const ANYTHING: &[OperationKind] =
    &[OperationKind::Query, OperationKind::Mutation, OperationKind::Subscription];
const NOTHING_CHANGES: &[OperationKind] = &[OperationKind::Query, OperationKind::Subscription];

/// `POST /graphql/stream`.
pub(super) async fn post(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let headers = request.headers().clone();
    let params = read_json_request(&shared, &headers, request.into_body()).await;
    open(shared, &headers, params, ANYTHING).await
}

/// `GET /graphql/stream`, for the `EventSource` of browsers.
pub(super) async fn get(
    State(shared): State<Arc<Shared>>,
    query: Result<Query<Vec<(String, String)>>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let params = match query {
        Ok(Query(query)) => Params::from_query(&query, shared.config.body_values),
        Err(_) => Err(Fault::malformed("the query of the URL is malformed")),
    };
    open(shared, &headers, params, NOTHING_CHANGES).await
}

async fn open(
    shared: Arc<Shared>,
    headers: &HeaderMap,
    params: Result<Params, Fault>,
    allowed: &'static [OperationKind],
) -> Response {
    let request_id = request_id(headers);
    let opened = async {
        guard::check_site(headers, &shared.config)?;
        let params = params?;
        let mut place = shared.places.take()?;
        let viewer = shared.authenticator.authenticate(guard::authorization(headers)).await?;
        place.give_to(caller_of(viewer.as_ref()))?;
        Ok((params, place, viewer))
    };
    match opened.await {
        Ok((params, place, viewer)) => {
            let last_event_id = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok());
            let params = Wanted { params, last_event_id: last_event_id.map(str::to_owned), allowed };
            events(shared, params, viewer, place, request_id).await
        }
        Err(fault) => refused(MediaType::Json, &fault, &shared, &request_id),
    }
}

struct Wanted {
    params: Params,
    last_event_id: Option<String>,
    allowed: &'static [OperationKind],
}

/// From here on everything is said in events: a browser shows its page nothing else.
async fn events(
    shared: Arc<Shared>,
    wanted: Wanted,
    viewer: Option<Viewer>,
    place: Place,
    request_id: RequestId,
) -> Response {
    let expires_at = Expiry::of(viewer.as_ref()).moment();
    let answers = match start(&shared, wanted, viewer, &request_id).await {
        Ok(answers) => answers,
        Err(fault) => stream::iter([Answer::of_json(fault.body(&request_id)).event()]).boxed(),
    };
    let farewell = Duration::from_millis(shared.config.streams.farewell_ms);
    let feed = Feed { answers, shared, _place: place, expires_at, ends_at: None, farewell, is_over: false };
    let mut response = Response::new(Body::from_stream(feed.into_stream()));
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    if let Ok(value) = HeaderValue::from_str(request_id.as_str()) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    response
}

async fn start(
    shared: &Shared,
    wanted: Wanted,
    viewer: Option<Viewer>,
    request_id: &RequestId,
) -> Result<BoxStream<'static, Bytes>, Fault> {
    let Wanted { mut params, last_event_id, allowed } = wanted;
    let (verdict, kind) = admit(shared, &params)?;
    let admitted = verdict.as_ref().as_ref().map_err(Clone::clone)?;
    if !allowed.contains(&kind) {
        return Err(Fault::malformed("a GET changes nothing: send mutations with POST"));
    }
    if let Some(position) = last_event_id {
        let operation = admitted.operation(params.operation_name.as_deref())?;
        if let Some(variable) = admitted.position_variable(operation) {
            params.variables.insert(variable, Value::String(position));
        }
    }
    charge(shared, admitted, &params, viewer.as_ref())?;
    if kind == OperationKind::Subscription {
        let (engine, request_id) = (shared.engine.clone(), request_id.clone());
        let subscription = Subscription { engine, verdict, params, viewer, request_id, expiry: None };
        return Ok(shared.groups.follow(subscription).map(|answer| answer.event()).boxed());
    }
    let request = engine::request(admitted, params);
    let execution = shared.engine.execute(request, RequestContext::new(request_id.clone(), viewer));
    let response = run(execution, kind, shared.config.timeout()).await?;
    Ok(stream::iter([Answer::new(response).event()]).boxed())
}

/// The events of one connection, until the operation, the token or the server ends.
struct Feed {
    answers: Pin<Box<dyn Stream<Item = Bytes> + Send>>,
    shared: Arc<Shared>,
    _place: Place,
    expires_at: Option<Instant>,
    /// Set once the server stops: the operation has until then to end by itself.
    ends_at: Option<Instant>,
    farewell: Duration,
    is_over: bool,
}

impl Feed {
    /// Ends, and with it the operation, when the feed is over or the connection is.
    fn into_stream(self) -> impl Stream<Item = Result<Bytes, std::convert::Infallible>> + Send {
        stream::unfold(self, async |mut feed| Some((Ok(feed.next().await?), feed)))
    }

    async fn next(&mut self) -> Option<Bytes> {
        let comment_at = Instant::now() + COMMENT_EVERY;
        while !self.is_over {
            let last_moment = [self.ends_at, self.expires_at.map(|moment| moment + self.farewell)];
            let last_moment = last_moment.into_iter().flatten().min();
            tokio::select! {
                biased;
                answer = self.answers.next() => {
                    self.is_over = answer.is_none();
                    return Some(answer.unwrap_or_else(|| Bytes::from_static(b"event: complete\ndata:\n\n")));
                }
                () = self.shared.shutdown.cancelled(), if self.ends_at.is_none() => {
                    self.ends_at = Some(Instant::now() + self.farewell);
                }
                () = sleep_until(last_moment.unwrap_or(comment_at)), if last_moment.is_some() => {
                    // Without `complete`: the client comes back, with its last id.
                    self.is_over = true;
                }
                () = sleep_until(comment_at) => return Some(Bytes::from_static(b":\n\n")),
            }
        }
        None
    }
}
