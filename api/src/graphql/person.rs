//! Somebody who acts in a workspace.

use async_graphql::{ID, SimpleObject};
use data_inspector_platform::store::Principal;

/// Somebody who acts in the workspace: a person, or a program.
#[derive(Clone, SimpleObject)]
pub(super) struct User {
    /// Their id.
    id: ID,
    /// What people call them.
    name: String,
}

impl From<Principal> for User {
    fn from(principal: Principal) -> Self {
        Self { id: principal.id.into(), name: principal.name }
    }
}
