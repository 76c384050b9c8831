//! The lists of a workspace: filtered, sorted, page by page; and how many there are, when somebody asks.

use data_inspector_domain::file::FileState;
use data_inspector_domain::id::{FileId, InspectionId, PrincipalId};
use data_inspector_domain::inspection::{InspectionState, Verdict};
use data_inspector_domain::time::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr, Query, SelectStatement, WindowStatement};
use sea_orm::{ColumnTrait, Condition, EntityTrait, Order, PaginatorTrait, QueryFilter, QuerySelect};

use super::access::Scope;
use super::codec::{name, unsigned, variant};
use super::connect::Store;
use super::entity::{files, inspections};
use super::error::StoreError;
use super::page::{Direction, Page, PageKey, PageRequest, SortKey};
use super::rows::{File, Inspection};

/// Which files to list; by default all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileFilter {
    /// Only those in one of these states; in any if there is none.
    pub states: Vec<FileState>,
    /// Only those whose name has this text in it; A to Z as a to z.
    pub name_contains: Option<String>,
    /// Only those with these bytes, by their BLAKE3.
    pub content_id: Option<String>,
    /// Only those announced in this time.
    pub created: Period,
}

/// Which inspections to list; by default all. An empty list asks for nothing in particular.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InspectionFilter {
    /// Only these.
    pub ids: Vec<InspectionId>,
    /// Only those of these files.
    pub file_ids: Vec<FileId>,
    /// Only those in one of these states.
    pub states: Vec<InspectionState>,
    /// Only those with one of these verdicts.
    pub verdicts: Vec<Verdict>,
    /// Only those that one of these asked for.
    pub created_by: Vec<PrincipalId>,
    /// Only those asked for in this time.
    pub created: Period,
}

/// From a moment on, and before another; open where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// The first moment of it.
    pub from: Option<Timestamp>,
    /// The first moment after it.
    pub before: Option<Timestamp>,
}

/// What files are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileSort {
    /// When they were announced.
    CreatedAt,
    /// Their name.
    Name,
    /// Their size.
    SizeBytes,
}

/// What inspections are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InspectionSort {
    /// When they were asked for.
    CreatedAt,
    /// When their newest event was.
    UpdatedAt,
    /// When they ended; those that have not, last of all.
    EndedAt,
    /// Their priority.
    Priority,
}

impl Store {
    /// A page of the workspace's files.
    pub async fn list_files(
        &self,
        scope: Scope,
        filter: &FileFilter,
        order: (FileSort, Direction),
        page: &PageRequest,
    ) -> Result<Page<File>, StoreError> {
        let query = files::Entity::find().filter(filter.condition(scope));
        let query = page.select(query, order.0.expression(), files::Column::Id, order.1);
        let rows = query.all(&self.reader).await?;
        let items = rows.into_iter().map(File::try_from).collect::<Result<_, _>>()?;
        Ok(page.page(items))
    }

    /// A page of the workspace's inspections.
    pub async fn list_inspections(
        &self,
        scope: Scope,
        filter: &InspectionFilter,
        order: (InspectionSort, Direction),
        page: &PageRequest,
    ) -> Result<Page<Inspection>, StoreError> {
        let query = inspections::Entity::find().filter(filter.condition(scope));
        let query = page.select(query, order.0.expression(), inspections::Column::Id, order.1);
        let rows = query.all(&self.reader).await?;
        let items = rows.into_iter().map(Inspection::try_from).collect::<Result<_, _>>()?;
        Ok(page.page(items))
    }

    /// The newest inspections of each of these files, at most `limit_each`, newest first.
    pub async fn newest_inspections_of_files(
        &self,
        scope: Scope,
        files: &[FileId],
        limit_each: u32,
    ) -> Result<Vec<Inspection>, StoreError> {
        use sea_orm::QueryOrder;
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let filter = InspectionFilter { file_ids: files.to_vec(), ..InspectionFilter::default() };
        let rows = inspections::Entity::find()
            .filter(inspections::Column::Id.in_subquery(newest_by_file(filter.condition(scope), limit_each)))
            .order_by_desc(inspections::Column::CreatedAt)
            .order_by_desc(inspections::Column::Id)
            .all(&self.reader)
            .await?;
        rows.into_iter().map(Inspection::try_from).collect()
    }

    /// How many files there are; counting stops at `cap`.
    pub async fn count_files(&self, scope: Scope, filter: &FileFilter, cap: u32) -> Result<u64, StoreError> {
        let query = files::Entity::find().select_only().column(files::Column::Id);
        let counted = query.filter(filter.condition(scope)).limit(u64::from(cap));
        Ok(counted.count(&self.reader).await?)
    }

    /// How many inspections there are; counting stops at `cap`.
    pub async fn count_inspections(
        &self,
        scope: Scope,
        filter: &InspectionFilter,
        cap: u32,
    ) -> Result<u64, StoreError> {
        let query = inspections::Entity::find().select_only().column(inspections::Column::Id);
        let counted = query.filter(filter.condition(scope)).limit(u64::from(cap));
        Ok(counted.count(&self.reader).await?)
    }

    /// How many inspections are in each state; states without any are left out.
    pub async fn count_inspections_by_state(
        &self,
        scope: Scope,
        filter: &InspectionFilter,
    ) -> Result<Vec<(InspectionState, u64)>, StoreError> {
        let counts = self.count_by(inspections::Column::State, filter.condition(scope)).await?;
        let count = |(state, count): (String, i64)| {
            Ok((variant("inspections.state", &state)?, unsigned("count", count)?))
        };
        counts.into_iter().map(count).collect()
    }

    /// How many inspections have each verdict; verdicts without any are left out.
    pub async fn count_inspections_by_verdict(
        &self,
        scope: Scope,
        filter: &InspectionFilter,
    ) -> Result<Vec<(Verdict, u64)>, StoreError> {
        let counts = self.count_by(inspections::Column::Verdict, filter.condition(scope)).await?;
        let count = |(verdict, count): (String, i64)| {
            Ok((variant("inspections.verdict", &verdict)?, unsigned("count", count)?))
        };
        counts.into_iter().map(count).collect()
    }

    async fn count_by(
        &self,
        column: inspections::Column,
        condition: Condition,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let counts = inspections::Entity::find()
            .select_only()
            .column(column)
            .column_as(inspections::Column::Id.count(), "count")
            .filter(condition)
            .group_by(column)
            .into_tuple()
            .all(&self.reader)
            .await?;
        Ok(counts)
    }
}

/// Ids of the newest inspections of each file.
fn newest_by_file(condition: Condition, limit_each: u32) -> SelectStatement {
    let newest = WindowStatement::partition_by(inspections::Column::FileId)
        .order_by(inspections::Column::CreatedAt, Order::Desc)
        .order_by(inspections::Column::Id, Order::Desc)
        .to_owned();
    first_of_each(newest, condition, limit_each)
}

/// Ids of inspections: so many, the first ones, of each part of the window.
pub(super) fn first_of_each(
    window: WindowStatement,
    condition: Condition,
    limit_each: u32,
) -> SelectStatement {
    let numbered = Query::select()
        .column(inspections::Column::Id)
        .expr_window_as(Func::cust("row_number"), window, "place")
        .from(inspections::Entity)
        .cond_where(condition)
        .to_owned();
    Query::select()
        .column("id")
        .from_subquery(numbered, "numbered")
        .and_where(Expr::col("place").lte(limit_each))
        .to_owned()
}

impl FileFilter {
    fn condition(&self, scope: Scope) -> Condition {
        use files::Column;
        let mut condition = Condition::all().add(Column::WorkspaceId.eq(scope.workspace_id.to_string()));
        if !self.states.is_empty() {
            condition = condition.add(Column::State.is_in(self.states.iter().map(name)));
        }
        if let Some(text) = &self.name_contains {
            let lower_name = Expr::expr(Func::lower(Expr::col((files::Entity, Column::Name))));
            condition = condition.add(lower_name.like(containing(text)));
        }
        if let Some(content_id) = &self.content_id {
            condition = condition.add(Column::ContentId.eq(content_id.as_str()));
        }
        self.created.restrict(condition, Column::CreatedAt)
    }
}

/// A pattern for texts that have this one in them, in lower case.
fn containing(text: &str) -> LikeExpr {
    let literal = text.to_ascii_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    LikeExpr::new(format!("%{literal}%")).escape('\\')
}

impl InspectionFilter {
    fn condition(&self, scope: Scope) -> Condition {
        use inspections::Column;
        let in_workspace = Column::WorkspaceId.eq(scope.workspace_id.to_string());
        let condition = Condition::all().add(in_workspace);
        let condition = one_of(condition, Column::Id, self.ids.iter().map(ToString::to_string));
        let condition = one_of(condition, Column::FileId, self.file_ids.iter().map(ToString::to_string));
        let condition = one_of(condition, Column::State, self.states.iter().map(name));
        let condition = one_of(condition, Column::Verdict, self.verdicts.iter().map(name));
        let condition = one_of(condition, Column::CreatedBy, self.created_by.iter().map(ToString::to_string));
        self.created.restrict(condition, Column::CreatedAt)
    }
}

fn one_of(
    condition: Condition,
    column: inspections::Column,
    values: impl ExactSizeIterator<Item = String>,
) -> Condition {
    if values.len() == 0 { condition } else { condition.add(column.is_in(values)) }
}

impl Period {
    fn restrict(self, condition: Condition, column: impl ColumnTrait) -> Condition {
        let from = self.from.map(|moment| column.gte(moment.as_micros()));
        let before = self.before.map(|moment| column.lt(moment.as_micros()));
        condition.add_option(from).add_option(before)
    }
}

impl FileSort {
    fn expression(self) -> Expr {
        Expr::col(match self {
            Self::CreatedAt => files::Column::CreatedAt,
            Self::Name => files::Column::Name,
            Self::SizeBytes => files::Column::SizeBytes,
        })
    }

    /// The place of a file in a list that is sorted by this.
    pub fn key(self, file: &File) -> PageKey {
        let sort = match self {
            Self::CreatedAt => SortKey::Number(file.created_at.as_micros()),
            Self::Name => SortKey::Text(file.name.clone()),
            Self::SizeBytes => SortKey::Number(i64::try_from(file.size_bytes).unwrap_or(i64::MAX)),
        };
        PageKey { sort, id: file.id.to_string() }
    }
}

impl InspectionSort {
    fn expression(self) -> Expr {
        use inspections::Column;
        match self {
            Self::CreatedAt => Expr::col(Column::CreatedAt),
            Self::UpdatedAt => Expr::col(Column::UpdatedAt),
            Self::EndedAt => Expr::expr(Func::coalesce([Expr::col(Column::EndedAt), Expr::value(i64::MAX)])),
            Self::Priority => Expr::col(Column::Priority),
        }
    }

    /// The place of an inspection in a list that is sorted by this.
    pub fn key(self, inspection: &Inspection) -> PageKey {
        let number = match self {
            Self::CreatedAt => inspection.created_at.as_micros(),
            Self::UpdatedAt => inspection.updated_at.as_micros(),
            Self::EndedAt => inspection.ended_at.map_or(i64::MAX, Timestamp::as_micros),
            Self::Priority => inspection.priority.into(),
        };
        PageKey { sort: SortKey::Number(number), id: inspection.id.to_string() }
    }
}
