//! What executes, behind the gate: a schema of whatever types, and who is asking.

use std::sync::Arc;

use async_graphql::{ObjectType, Request, Response, Schema, SubscriptionType, Variables};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};

use super::gate::Admitted;
use super::request::Params;
use crate::graphql::{RequestContext, finish};

type Execute = dyn Fn(Request, RequestContext) -> BoxFuture<'static, Response> + Send + Sync;
type Follow = dyn Fn(Request, RequestContext) -> BoxStream<'static, Response> + Send + Sync;

/// A schema that can be executed.
#[derive(Clone)]
pub struct Engine {
    execute: Arc<Execute>,
    follow: Arc<Follow>,
    sdl: Arc<str>,
}

impl Engine {
    /// The engine of a schema.
    pub fn new<Q, M, S>(schema: Schema<Q, M, S>) -> Self
    where
        Q: ObjectType + 'static,
        M: ObjectType + 'static,
        S: SubscriptionType + 'static,
    {
        let sdl = schema.sdl().into();
        let following = schema.clone();
        let execute = move |request: Request, context: RequestContext| {
            let (schema, request_id) = (schema.clone(), context.request_id().clone());
            async move { finish(schema.execute(request.data(context)).await, &request_id) }.boxed()
        };
        let follow = move |request: Request, context: RequestContext| {
            let request_id = context.request_id().clone();
            let answers = following.execute_stream(request.data(context));
            answers.map(move |response| finish(response, &request_id)).boxed()
        };
        Self { execute: Arc::new(execute), follow: Arc::new(follow), sdl }
    }

    /// The schema, in GraphQL's schema definition language.
    pub fn sdl(&self) -> &str {
        &self.sdl
    }

    pub(super) fn execute(&self, request: Request, context: RequestContext) -> BoxFuture<'static, Response> {
        (self.execute)(request, context)
    }

    pub(super) fn follow(&self, request: Request, context: RequestContext) -> BoxStream<'static, Response> {
        (self.follow)(request, context)
    }
}

/// What the library executes.
pub(super) fn request(admitted: &Admitted, params: Params) -> Request {
    let variables = Variables::from_json(serde_json::Value::Object(params.variables));
    let mut request = Request::new(admitted.text.as_ref()).variables(variables);
    if let Some(document) = &admitted.executed {
        request.set_parsed_query(document.clone());
    }
    match params.operation_name {
        Some(name) => request.operation_name(name),
        None => request,
    }
}

/// Whether a response says that the request was not executed: then it has no `data`.
pub(super) fn is_request_error(response: &Response) -> bool {
    let unexecuted = |error: &async_graphql::ServerError| error.path.is_empty();
    response.data == async_graphql::Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(unexecuted)
}

/// The position in a stream that an answer has: the `cursor` of its root field, if that was selected.
pub(super) fn cursor(response: &Response) -> Option<String> {
    let async_graphql::Value::Object(fields) = &response.data else { return None };
    fields.values().find_map(|field| match field {
        async_graphql::Value::Object(members) => match members.get("cursor") {
            Some(async_graphql::Value::String(cursor)) => Some(cursor.clone()),
            _ => None,
        },
        _ => None,
    })
}

/// An answer as JSON, without `data` if it was not executed.
pub(super) fn answer(response: &Response) -> String {
    let text = if is_request_error(response) {
        serde_json::to_string(&serde_json::json!({ "errors": response.errors }))
    } else {
        serde_json::to_string(response)
    };
    text.expect("an answer has string keys and finite numbers")
}
