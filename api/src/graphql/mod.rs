//! The GraphQL schema: one file per noun, with its types and what can be asked and done; the roots are merged here.
//!
//! A GraphQL type wraps what the store gives out, or is made from it beside the type. Everything that belongs to a
//! workspace is reached through a [`Caller`](context::Caller), which only somebody gets who has the right to it.
//!
//! Not here: how a document comes and an answer goes, and what is refused before it is executed (`transport`).

mod context;
mod error;
mod moment;
mod scalar;
mod server_info;
mod viewer;

use async_graphql::{EmptyMutation, EmptySubscription, MergedObject, SDLExportOptions};
use futures_util::{Stream, StreamExt};

pub use self::context::{Deps, RequestContext, RequestId};
pub use self::error::{ErrorCode, RequestError, finish};
pub use self::server_info::Limits;

/// The schema, ready to be executed. Clones are the same schema.
pub type Schema = async_graphql::Schema<QueryRoot, MutationRoot, SubscriptionRoot>;

/// Reading. Everything that can be followed by a subscription can be read here as well.
#[derive(MergedObject, Default)]
#[graphql(name = "Query")]
pub struct QueryRoot(viewer::ViewerQuery, server_info::ServerInfoQuery);

/// What changes something.
pub type MutationRoot = EmptyMutation;

/// What is followed.
pub type SubscriptionRoot = EmptySubscription;

/// The schema over what it works with.
pub fn schema(deps: Deps) -> Schema {
    build().data(deps).finish()
}

/// The schema as a document in GraphQL's schema definition language, sorted.
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by()
        .use_space_ident()
        .indent_width(2);
    build().finish().sdl_with_options(options)
}

/// Executes a query or mutation.
pub async fn execute(
    schema: &Schema,
    request: async_graphql::Request,
    context: RequestContext,
) -> async_graphql::Response {
    let request_id = context.request_id().clone();
    finish(schema.execute(request.data(context)).await, &request_id)
}

/// Executes any operation: one answer, or those of a subscription until it ends.
pub fn execute_stream(
    schema: &Schema,
    request: async_graphql::Request,
    context: RequestContext,
) -> impl Stream<Item = async_graphql::Response> + Send + use<> {
    let request_id = context.request_id().clone();
    schema.execute_stream(request.data(context)).map(move |response| finish(response, &request_id))
}

fn build() -> async_graphql::SchemaBuilder<QueryRoot, MutationRoot, SubscriptionRoot> {
    async_graphql::Schema::build(QueryRoot::default(), EmptyMutation, EmptySubscription)
}
