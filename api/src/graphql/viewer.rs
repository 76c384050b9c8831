//! Whoever is asking, and what they may do.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use data_inspector_domain::access;
use data_inspector_platform::store;

use super::context::Caller;
use super::error::RequestError;
use super::person::User;
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
struct ViewerObject(Viewer);

/// A tenant: owns everything that is reached with a token of it.
#[derive(SimpleObject)]
struct Workspace {
    /// Its id.
    id: ID,
    /// What people call it.
    name: String,
    /// When it was created.
    created_at: DateTime,
}

/// Whoever is asking, and what they may do.
#[Object(name = "Viewer")]
impl ViewerObject {
    /// The person or program.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>, RequestError> {
        let caller = Caller::reading(ctx)?;
        Ok(caller.load().person(caller.scope().principal_id).await?.map(User::from))
    }

    /// The workspace they act in: everything else is about this one.
    async fn workspace(&self, ctx: &Context<'_>) -> Result<Option<Workspace>, RequestError> {
        let caller = Caller::reading(ctx)?;
        let found = Box::pin(caller.store().workspace(caller.scope())).await?;
        let workspace = |found: store::Workspace| Workspace {
            id: found.id.into(),
            name: found.name,
            created_at: found.created_at.into(),
        };
        Ok(found.map(workspace))
    }

    /// What they are in the workspace.
    async fn role(&self) -> Role {
        self.0.role.into()
    }

    /// They may upload files, and inspect them.
    async fn can_write(&self) -> bool {
        self.0.may(Right::Write)
    }

    /// They are shown the values in files; others get null in their place.
    async fn can_see_values(&self) -> bool {
        self.0.may(Right::SeeValues)
    }

    /// When their token stops to work; null without a token.
    async fn expires_at(&self) -> Option<DateTime> {
        self.0.expires_at.map(DateTime)
    }
}

#[derive(Default)]
pub(super) struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// Whoever is asking, and what they may do.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<ViewerObject, RequestError> {
        Ok(ViewerObject(Caller::reading(ctx)?.viewer.clone()))
    }
}
