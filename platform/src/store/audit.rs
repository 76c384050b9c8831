//! Who did what: written in the transaction that does it.

use data_inspector_domain::id::{InspectionId, PrincipalId};
use data_inspector_domain::time::Timestamp;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;

use super::access::Scope;
use super::codec::{name, parsed_optional};
use super::connect::{Store, Writing};
use super::entity::audit;
use super::error::StoreError;

/// What was done.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Action {
    CreateWorkspace,
    CreatePrincipal,
    CreateToken,
    RevokeToken,
    CreateUpload,
    CompleteUpload,
    AbandonUpload,
    CreateInspection,
    PauseInspection,
    ResumeInspection,
    CancelInspection,
    RetryInspection,
    RerunInspection,
    SeeValues,
}

/// One thing that somebody did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number; rises with time.
    pub id: i64,
    /// Who; `None` if nobody did, but the system.
    pub principal_id: Option<PrincipalId>,
    /// When.
    pub at: Timestamp,
    /// What, as `CREATE_INSPECTION`.
    pub action: String,
    /// The id of what it was done to.
    pub subject_id: String,
}

impl Writing {
    pub(super) async fn audit(
        &self,
        scope: Scope,
        action: Action,
        subject: impl ToString,
    ) -> Result<(), StoreError> {
        self.audit_all(scope, action, &[subject]).await
    }

    /// The same done to several, at least one.
    async fn audit_all(
        &self,
        scope: Scope,
        action: Action,
        subjects: &[impl ToString],
    ) -> Result<(), StoreError> {
        let rows = subjects.iter().map(|subject| audit::ActiveModel {
            id: NotSet,
            workspace_id: Set(scope.workspace_id.to_string()),
            principal_id: Set(Some(scope.principal_id.to_string())),
            at: Set(self.now.as_micros()),
            action: Set(name(action)),
            subject_id: Set(subject.to_string()),
        });
        audit::Entity::insert_many(rows).exec_without_returning(&self.tx).await?;
        Ok(())
    }
}

impl Store {
    /// Notes that somebody sees values of the files of these inspections unmasked.
    pub async fn audit_values_seen(&self, scope: Scope, ids: &[InspectionId]) -> Result<(), StoreError> {
        let writing = self.begin().await?;
        writing.audit_all(scope, Action::SeeValues, ids).await?;
        writing.commit().await
    }

    /// Forgets at most `limit` entries of before a moment, the oldest first; says how many.
    pub async fn prune_audit(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        use audit::Column;
        let writing = self.begin_hasty().await?;
        // Numbers rise with time: the oldest are found without looking at all of them.
        let oldest = Query::select()
            .columns([Column::Id, Column::At])
            .from(audit::Entity)
            .order_by(Column::Id, Order::Asc)
            .limit(u64::from(limit))
            .to_owned();
        let old = Query::select()
            .column(Column::Id)
            .from_subquery(oldest, Alias::new("oldest"))
            .and_where(Expr::col(Column::At).lt(before.as_micros()))
            .to_owned();
        let deleted =
            audit::Entity::delete_many().filter(Column::Id.in_subquery(old)).exec(&writing.tx).await?;
        writing.commit().await?;
        Ok(deleted.rows_affected)
    }

    /// What was done in the workspace before an entry, newest first, at most `limit`; from the newest entry if
    /// `None`.
    pub async fn audit_log(
        &self,
        scope: Scope,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let mut query = audit::Entity::find()
            .filter(audit::Column::WorkspaceId.eq(scope.workspace_id.to_string()))
            .order_by_desc(audit::Column::Id)
            .limit(u64::from(limit));
        if let Some(before) = before {
            query = query.filter(audit::Column::Id.lt(before));
        }
        let rows = query.all(&self.reader).await?;
        rows.into_iter().map(AuditEntry::try_from).collect()
    }
}

impl TryFrom<audit::Model> for AuditEntry {
    type Error = StoreError;

    fn try_from(row: audit::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            principal_id: parsed_optional("audit.principal_id", row.principal_id.as_deref())?,
            at: Timestamp::from_micros(row.at),
            action: row.action,
            subject_id: row.subject_id,
        })
    }
}
