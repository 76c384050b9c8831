//! Whoever is asking, and what they may do.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use data_inspector_domain::access;

use super::context::Caller;
use super::error::RequestError;
use super::scalar::DateTime;
use crate::auth::{Right, Viewer};

/// What somebody is in a workspace. Each role may do what those before it may.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "access::Role")]
enum Role {
    /// May look.
    Viewer,
    /// May upload and inspect.
    Editor,
    /// May manage people, tokens and settings.
    Admin,
    /// May give the workspace away or end it.
    Owner,
}

/// Whoever is asking.
#[derive(SimpleObject)]
#[graphql(name = "Viewer")]
struct ViewerObject {
    /// Id of the person or program.
    principal_id: ID,
    /// Id of the workspace they act in; everything else is about this one.
    workspace_id: ID,
    /// What they are in the workspace.
    role: Role,
    /// They may upload files, and inspect them.
    can_write: bool,
    /// They are shown the values in files; others are shown that there is one.
    can_see_values: bool,
    /// When their token stops to work; null without a token.
    expires_at: Option<DateTime>,
}

impl From<&Viewer> for ViewerObject {
    fn from(viewer: &Viewer) -> Self {
        Self {
            principal_id: viewer.scope.principal_id.into(),
            workspace_id: viewer.scope.workspace_id.into(),
            role: viewer.role.into(),
            can_write: viewer.may(Right::Write),
            can_see_values: viewer.may(Right::SeeValues),
            expires_at: viewer.expires_at.map(DateTime::from),
        }
    }
}

#[derive(Default)]
pub(super) struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// Whoever is asking, and what they may do.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<ViewerObject, RequestError> {
        Ok(Caller::reading(ctx)?.viewer.into())
    }
}
