//! Workspaces, who may act in them, and the tokens they act with.

use data_inspector_domain::access::{Role, TokenScope};
use data_inspector_domain::id::{PrincipalId, TokenId, WorkspaceId};
use data_inspector_domain::time::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::audit::Action;
use super::codec::{document, json, name, new_uuid, parsed, variant};
use super::connect::Store;
use super::entity::{principals, tokens, workspaces};
use super::error::{Noun, StoreError, StoreErrorKind};

/// For whom a call is made: it sees and touches only what belongs to the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// Who acts.
    pub principal_id: PrincipalId,
}

/// SHA-256 of a token. The token itself is never stored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenHash(pub [u8; 32]);

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

/// A token to issue to whoever asks for it.
#[derive(Clone)]
pub struct NewToken {
    /// What it is for, to tell it from others.
    pub name: String,
    /// Hash of the token.
    pub hash: TokenHash,
    /// What it may be used for.
    pub scopes: Vec<TokenScope>,
    /// When it stops to work.
    pub expires_at: Timestamp,
}

/// Who a token stands for, and what it allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticated {
    /// The token.
    pub token_id: TokenId,
    /// For whom.
    pub scope: Scope,
    /// What they are in the workspace.
    pub role: Role,
    /// What the token may be used for.
    pub scopes: Vec<TokenScope>,
    /// When it stops to work.
    pub expires_at: Timestamp,
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
        use sea_orm::{QueryOrder, QuerySelect};
        let owner = principals::Entity::find()
            .filter(principals::Column::Role.eq(name(Role::Owner)))
            .order_by_asc(principals::Column::CreatedAt)
            .order_by_asc(principals::Column::Id)
            .limit(1)
            .one(&self.reader)
            .await?;
        owner.map(|row| scope(&row.workspace_id, &row.id)).transpose()
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

    /// Issues a token to the principal of the scope.
    pub async fn create_token(&self, scope: Scope, token: NewToken) -> Result<TokenId, StoreError> {
        let writing = self.begin().await?;
        let id = TokenId::from_uuid(new_uuid(writing.now));
        let row = tokens::ActiveModel {
            id: Set(id.to_string()),
            workspace_id: Set(scope.workspace_id.to_string()),
            principal_id: Set(scope.principal_id.to_string()),
            name: Set(token.name),
            hash: Set(token.hash.0.to_vec()),
            scopes: Set(json(&token.scopes)),
            created_at: Set(writing.now.as_micros()),
            expires_at: Set(token.expires_at.as_micros()),
            revoked_at: Set(None),
        };
        tokens::Entity::insert(row).exec_without_returning(&writing.tx).await?;
        writing.audit(scope, Action::CreateToken, id).await?;
        writing.commit().await?;
        Ok(id)
    }

    /// Ends a token of the workspace now; again is no error.
    pub async fn revoke_token(&self, scope: Scope, id: TokenId) -> Result<(), StoreError> {
        let writing = self.begin().await?;
        let updated = tokens::Entity::update_many()
            .col_expr(tokens::Column::RevokedAt, Expr::value(writing.now.as_micros()))
            .filter(tokens::Column::Id.eq(id.to_string()))
            .filter(tokens::Column::WorkspaceId.eq(scope.workspace_id.to_string()))
            .exec(&writing.tx)
            .await?;
        if updated.rows_affected == 0 {
            return Err(StoreErrorKind::NotFound(Noun::Token).into());
        }
        writing.audit(scope, Action::RevokeToken, id).await?;
        writing.commit().await
    }

    /// Who a token stands for; `None` if it is unknown, expired or revoked.
    pub async fn authenticate(&self, hash: TokenHash) -> Result<Option<Authenticated>, StoreError> {
        let now = self.now().await?;
        let found = tokens::Entity::find()
            .filter(tokens::Column::Hash.eq(hash.0.to_vec()))
            .filter(tokens::Column::ExpiresAt.gt(now.as_micros()))
            .filter(tokens::Column::RevokedAt.is_null())
            .one(&self.reader)
            .await?;
        let Some(token) = found else { return Ok(None) };
        let principal = principals::Entity::find_by_id(token.principal_id.clone()).one(&self.reader).await?;
        let principal = principal.ok_or(StoreErrorKind::Corrupt("tokens.principal_id"))?;
        Ok(Some(Authenticated {
            token_id: parsed("tokens.id", &token.id)?,
            scope: scope(&token.workspace_id, &token.principal_id)?,
            role: variant("principals.role", &principal.role)?,
            scopes: document("tokens.scopes", &token.scopes)?,
            expires_at: Timestamp::from_micros(token.expires_at),
        }))
    }
}

impl super::connect::Writing {
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

fn scope(workspace_id: &str, principal_id: &str) -> Result<Scope, StoreError> {
    let workspace_id = parsed("workspace_id", workspace_id)?;
    Ok(Scope { workspace_id, principal_id: parsed("principal_id", principal_id)? })
}
