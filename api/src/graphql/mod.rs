//! The GraphQL schema: one file per noun, with its types and what can be asked and done; the roots are merged here.
//!
//! A GraphQL type wraps what the store gives out, or is made from it beside the type. Everything that belongs to a
//! workspace is reached through a `Caller` of `context`, which only somebody gets who has the right to it.
//!
//! Not here: how a document comes and an answer goes, and what is refused before it is executed (`transport`).

mod column;
mod context;
mod error;
mod event;
mod failure;
mod file;
mod finding;
mod follow;
mod format;
mod handover;
mod inspection;
mod inspection_mutation;
mod inspection_query;
mod loaders;
mod moment;
mod mutation;
mod node;
mod page;
mod person;
mod profile;
mod profile_cache;
mod progress;
mod rows;
mod scalar;
mod server_info;
mod spec;
mod subscription;
mod task;
mod upload;
mod upload_mutation;
mod user_error;
mod viewer;

use async_graphql::{MergedObject, SDLExportOptions};
use futures_util::{Stream, StreamExt};

use self::profile_cache::ProfileCache;

pub use self::context::{Deps, RequestContext, RequestId};
pub use self::error::{ErrorCode, RequestError, finish};
pub use self::handover::{Handover, OneFrame};
pub use self::server_info::Limits;

/// The schema, ready to be executed. Clones are the same schema.
pub type Schema = async_graphql::Schema<QueryRoot, MutationRoot, SubscriptionRoot>;

/// Reading. Everything that can be followed by a subscription can be read here as well.
#[derive(MergedObject, Default)]
#[graphql(name = "Query")]
pub struct QueryRoot(
    file::FileQuery,
    inspection_query::InspectionQuery,
    node::NodeQuery,
    server_info::ServerInfoQuery,
    upload::UploadQuery,
    viewer::ViewerQuery,
);

/// Changing something. What is refused is in `userErrors` of the payload. A mutation is carried out to its end even
/// if the client hangs up; those with an `idempotencyKey` may be sent again.
#[derive(MergedObject, Default)]
#[graphql(name = "Mutation")]
pub struct MutationRoot(inspection_mutation::InspectionMutation, upload_mutation::UploadMutation);

pub use self::subscription::SubscriptionRoot;

/// The schema over what it works with.
pub fn schema(deps: Deps) -> Schema {
    let profiles = ProfileCache::new(deps.limits.profile_cache_bytes);
    build().data(deps).data(profiles).finish()
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
    async_graphql::Schema::build(QueryRoot::default(), MutationRoot::default(), SubscriptionRoot)
}
