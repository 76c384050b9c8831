//! Anything that has an id, by its id.

use async_graphql::{Context, ID, Interface, Object};
use data_inspector_domain::id::{FileId, InspectionId, UploadId};
use futures_util::future::try_join_all;

use super::context::Caller;
use super::error::RequestError;
use super::file::File;
use super::inspection::Inspection;
use super::upload::Upload;

/// Most ids of one request for nodes.
const MOST_NODES: usize = 100;

/// Something that has an id of its own.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Its id."))]
pub(super) enum Node {
    File(File),
    Inspection(Inspection),
    Upload(Upload),
}

#[derive(Default)]
pub(super) struct NodeQuery;

#[Object]
impl NodeQuery {
    /// The thing with this id; null if the workspace has none.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> Result<Option<Node>, RequestError> {
        find(Caller::reading(ctx)?, &id).await
    }

    /// The things with these ids, in this order; null for each that the workspace does not have.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Their ids, at most 100.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>, RequestError> {
        let caller = Caller::reading(ctx)?;
        if ids.len() > MOST_NODES {
            return Err(RequestError::BadUserInput(format!("ask for at most {MOST_NODES} nodes at once")));
        }
        try_join_all(ids.iter().map(|id| find(caller, id))).await
    }
}

async fn find(caller: Caller<'_>, id: &ID) -> Result<Option<Node>, RequestError> {
    if let Ok(id) = id.parse::<FileId>() {
        return Ok(caller.load().file(id).await?.map(|file| Node::File(File(file))));
    }
    if let Ok(id) = id.parse::<InspectionId>() {
        let found = caller.load().inspection(id).await?;
        return Ok(found.map(|inspection| Node::Inspection(Inspection(inspection))));
    }
    if let Ok(id) = id.parse::<UploadId>() {
        let found = caller.load().upload(id).await?;
        return Ok(found.map(|found| Node::Upload(Upload::new(found.0.clone(), found.1.clone()))));
    }
    Ok(None)
}
