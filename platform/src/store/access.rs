//! Workspaces, and who may act in them. The tokens they act with are in `tokens`.

use data_inspector_domain::access::Role;
use data_inspector_domain::id::{PrincipalId, WorkspaceId};
use data_inspector_domain::time::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::IntoCondition as _;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::audit::Action;
use super::codec::{name, new_uuid, parsed, variant};
use super::connect::{Store, Writing};
use super::entity::{principals, workspaces};
use super::error::StoreError;

/// For whom a call is made: it sees and touches only what belongs to the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// Who acts.
    pub principal_id: PrincipalId,
}

/// A workspace to create, and who owns it.
#[derive(Clone, Debug)]
pub struct NewWorkspace {
    /// What people call it.
    pub name: String,
    /// What people call its owner.
    pub owner_name: String,
}

/// Somebody who shall act in a workspace.
#[derive(Clone, Debug)]
pub struct NewPrincipal {
    /// What people call them.
    pub name: String,
    /// What they are in the workspace.
    pub role: Role,
}

/// A workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// What people call it.
    pub name: String,
    /// When it was created.
    pub created_at: Timestamp,
}

/// Somebody who acts in a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Their id.
    pub id: PrincipalId,
    /// The workspace they act in.
    pub workspace_id: WorkspaceId,
    /// What people call them.
    pub name: String,
    /// What they are in the workspace.
    pub role: Role,
    /// Since when.
    pub created_at: Timestamp,
}

impl Store {
    /// Creates a workspace with its owner.
    pub async fn create_workspace(&self, workspace: NewWorkspace) -> Result<Scope, StoreError> {
        let writing = self.begin().await?;
        let workspace_id = WorkspaceId::from_uuid(new_uuid(writing.now));
        let row = workspaces::ActiveModel {
            id: Set(workspace_id.to_string()),
            name: Set(workspace.name),
            created_at: Set(writing.now.as_micros()),
        };
        workspaces::Entity::insert(row).exec_without_returning(&writing.tx).await?;
        let owner = NewPrincipal { name: workspace.owner_name, role: Role::Owner };
        let principal_id = writing.insert_principal(workspace_id, owner).await?;
        let scope = Scope { workspace_id, principal_id };
        writing.audit(scope, Action::CreateWorkspace, workspace_id).await?;
        writing.commit().await?;
        Ok(scope)
    }

    /// The workspace that was created first, with its owner: the one a standalone process works in.
    pub async fn first_workspace(&self) -> Result<Option<Scope>, StoreError> {
        self.first_owner(Condition::all()).await
    }

    /// The workspace of this name that was created first, with its owner: for whoever has the database itself.
    pub async fn workspace_named(&self, workspace: &str) -> Result<Option<Scope>, StoreError> {
        let found = workspaces::Entity::find()
            .filter(workspaces::Column::Name.eq(workspace))
            .order_by_asc(workspaces::Column::CreatedAt)
            .order_by_asc(workspaces::Column::Id)
            .limit(1)
            .one(&self.reader)
            .await?;
        let Some(found) = found else { return Ok(None) };
        self.first_owner(principals::Column::WorkspaceId.eq(found.id).into_condition()).await
    }

    async fn first_owner(&self, of: Condition) -> Result<Option<Scope>, StoreError> {
        let owner = principals::Entity::find()
            .filter(of)
            .filter(principals::Column::Role.eq(name(Role::Owner)))
            .order_by_asc(principals::Column::CreatedAt)
            .order_by_asc(principals::Column::Id)
            .limit(1)
            .one(&self.reader)
            .await?;
        let scope = |owner: Principal| Scope { workspace_id: owner.workspace_id, principal_id: owner.id };
        Ok(owner.map(Principal::try_from).transpose()?.map(scope))
    }

    /// Lets somebody act in the workspace.
    pub async fn create_principal(
        &self,
        scope: Scope,
        principal: NewPrincipal,
    ) -> Result<PrincipalId, StoreError> {
        let writing = self.begin().await?;
        let id = writing.insert_principal(scope.workspace_id, principal).await?;
        writing.audit(scope, Action::CreatePrincipal, id).await?;
        writing.commit().await?;
        Ok(id)
    }

    /// The workspace of the scope, unless the principal does not act in it.
    pub async fn workspace(&self, scope: Scope) -> Result<Option<Workspace>, StoreError> {
        if self.principals_by_id(scope, &[scope.principal_id]).await?.is_empty() {
            return Ok(None);
        }
        let row = workspaces::Entity::find_by_id(scope.workspace_id.to_string()).one(&self.reader).await?;
        row.map(Workspace::try_from).transpose()
    }

    /// Those of these people that act in the workspace, in any order.
    pub async fn principals_by_id(
        &self,
        scope: Scope,
        ids: &[PrincipalId],
    ) -> Result<Vec<Principal>, StoreError> {
        let rows = principals::Entity::find()
            .filter(principals::Column::WorkspaceId.eq(scope.workspace_id.to_string()))
            .filter(principals::Column::Id.is_in(ids.iter().map(PrincipalId::to_string)))
            .all(&self.reader)
            .await?;
        rows.into_iter().map(Principal::try_from).collect()
    }

    /// Who acts in the workspace, by age, at most `limit`.
    pub async fn list_principals(&self, scope: Scope, limit: u32) -> Result<Vec<Principal>, StoreError> {
        let rows = principals::Entity::find()
            .filter(principals::Column::WorkspaceId.eq(scope.workspace_id.to_string()))
            .order_by_asc(principals::Column::CreatedAt)
            .order_by_asc(principals::Column::Id)
            .limit(u64::from(limit))
            .all(&self.reader)
            .await?;
        rows.into_iter().map(Principal::try_from).collect()
    }
}

impl Writing {
    async fn insert_principal(
        &self,
        workspace_id: WorkspaceId,
        principal: NewPrincipal,
    ) -> Result<PrincipalId, StoreError> {
        let id = PrincipalId::from_uuid(new_uuid(self.now));
        let row = principals::ActiveModel {
            id: Set(id.to_string()),
            workspace_id: Set(workspace_id.to_string()),
            name: Set(principal.name),
            role: Set(name(principal.role)),
            created_at: Set(self.now.as_micros()),
        };
        principals::Entity::insert(row).exec_without_returning(&self.tx).await?;
        Ok(id)
    }
}

impl TryFrom<workspaces::Model> for Workspace {
    type Error = StoreError;

    fn try_from(row: workspaces::Model) -> Result<Self, StoreError> {
        let created_at = Timestamp::from_micros(row.created_at);
        Ok(Self { id: parsed("workspaces.id", &row.id)?, name: row.name, created_at })
    }
}

impl TryFrom<principals::Model> for Principal {
    type Error = StoreError;

    fn try_from(row: principals::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: parsed("principals.id", &row.id)?,
            workspace_id: parsed("principals.workspace_id", &row.workspace_id)?,
            role: variant("principals.role", &row.role)?,
            created_at: Timestamp::from_micros(row.created_at),
            name: row.name,
        })
    }
}
