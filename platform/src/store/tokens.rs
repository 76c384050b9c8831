//! API tokens: issued, listed, ended, and recognised. Of a token only its SHA-256 is kept.

use data_inspector_domain::access::{Role, TokenScope};
use data_inspector_domain::id::{PrincipalId, TokenId};
use data_inspector_domain::time::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect};

use super::access::Scope;
use super::audit::Action;
use super::codec::{document, json, moment, new_uuid, parsed, variant};
use super::connect::Store;
use super::entity::{principals, tokens};
use super::error::{Noun, StoreError, StoreErrorKind};

/// SHA-256 of a token. The token itself is never stored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenHash(pub [u8; 32]);

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

/// A token, as those who manage it see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// For whom it stands.
    pub principal_id: PrincipalId,
    /// What it is for, to tell it from others.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<TokenScope>,
    /// When it was issued.
    pub created_at: Timestamp,
    /// When it stops to work.
    pub expires_at: Timestamp,
    /// When it was ended before that.
    pub revoked_at: Option<Timestamp>,
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

    /// Ends a token of the workspace now; again is no error, and changes nothing.
    pub async fn revoke_token(&self, scope: Scope, id: TokenId) -> Result<(), StoreError> {
        let writing = self.begin().await?;
        let found = of_workspace(scope)
            .filter(tokens::Column::Id.eq(id.to_string()))
            .lock_exclusive()
            .one(&writing.tx)
            .await?;
        let token = found.ok_or(StoreErrorKind::NotFound(Noun::Token))?;
        if token.revoked_at.is_some() {
            return Ok(());
        }
        tokens::Entity::update_many()
            .col_expr(tokens::Column::RevokedAt, Expr::value(writing.now.as_micros()))
            .filter(tokens::Column::Id.eq(token.id))
            .exec(&writing.tx)
            .await?;
        writing.audit(scope, Action::RevokeToken, id).await?;
        writing.commit().await
    }

    /// The newest tokens of the workspace, at most `limit`, those included that have ended.
    pub async fn list_tokens(&self, scope: Scope, limit: u32) -> Result<Vec<Token>, StoreError> {
        let query = of_workspace(scope)
            .order_by_desc(tokens::Column::CreatedAt)
            .order_by_desc(tokens::Column::Id)
            .limit(u64::from(limit));
        query.all(&self.reader).await?.into_iter().map(Token::try_from).collect()
    }

    /// Those of these tokens that the workspace has, in any order.
    pub async fn tokens_by_id(&self, scope: Scope, ids: &[TokenId]) -> Result<Vec<Token>, StoreError> {
        let query = of_workspace(scope).filter(tokens::Column::Id.is_in(ids.iter().map(TokenId::to_string)));
        query.all(&self.reader).await?.into_iter().map(Token::try_from).collect()
    }

    /// Who a token stands for; `None` if it is unknown, expired or revoked. One statement: every request asks.
    pub async fn authenticate(&self, hash: TokenHash) -> Result<Option<Authenticated>, StoreError> {
        let owner = tokens::Entity::belongs_to(principals::Entity)
            .from(tokens::Column::PrincipalId)
            .to(principals::Column::Id);
        let found = tokens::Entity::find()
            .select_also(principals::Entity)
            .join(JoinType::LeftJoin, owner.into())
            .filter(tokens::Column::Hash.eq(hash.0.to_vec()))
            .filter(Expr::col((tokens::Entity, tokens::Column::ExpiresAt)).gt(self.now_expression()))
            .filter(tokens::Column::RevokedAt.is_null())
            .one(&self.reader)
            .await?;
        let Some((token, principal)) = found else { return Ok(None) };
        let principal = principal.ok_or(StoreErrorKind::Corrupt("tokens.principal_id"))?;
        Ok(Some(Authenticated {
            token_id: parsed("tokens.id", &token.id)?,
            scope: Scope {
                workspace_id: parsed("tokens.workspace_id", &token.workspace_id)?,
                principal_id: parsed("tokens.principal_id", &token.principal_id)?,
            },
            role: variant("principals.role", &principal.role)?,
            scopes: document("tokens.scopes", &token.scopes)?,
            expires_at: Timestamp::from_micros(token.expires_at),
        }))
    }
}

fn of_workspace(scope: Scope) -> sea_orm::Select<tokens::Entity> {
    tokens::Entity::find().filter(tokens::Column::WorkspaceId.eq(scope.workspace_id.to_string()))
}

impl TryFrom<tokens::Model> for Token {
    type Error = StoreError;

    fn try_from(row: tokens::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: parsed("tokens.id", &row.id)?,
            principal_id: parsed("tokens.principal_id", &row.principal_id)?,
            scopes: document("tokens.scopes", &row.scopes)?,
            created_at: Timestamp::from_micros(row.created_at),
            expires_at: Timestamp::from_micros(row.expires_at),
            revoked_at: moment(row.revoked_at),
            name: row.name,
        })
    }
}
