//! Lists that grow, page by page: newest first, from where the page before ended.

use data_inspector_domain::time::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, IntoColumnRef};
use sea_orm::{Condition, QueryOrder, QuerySelect};

/// A place in a list: the last entry of the page before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageKey {
    /// When that entry was made.
    pub created_at: Timestamp,
    /// Its id, which decides between entries of the same moment.
    pub id: String,
}

/// Which page.
#[derive(Clone, Debug)]
pub struct PageRequest {
    /// The entries after this one; from the newest if `None`.
    pub after: Option<PageKey>,
    /// Entries at most. The caller bounds it.
    pub limit: u32,
}

/// A page.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The entries, newest first.
    pub items: Vec<T>,
    /// There are older ones.
    pub has_more: bool,
}

impl PageRequest {
    /// The newest entries.
    pub fn first(limit: u32) -> Self {
        Self { after: None, limit }
    }

    /// The query for this page and one entry more, by which it is seen whether there is more.
    pub(super) fn select<Q, C>(&self, query: Q, created_at: C, id: C) -> Q
    where
        Q: QuerySelect + QueryOrder + sea_orm::QueryFilter,
        C: sea_orm::ColumnTrait + IntoColumnRef,
    {
        let query = query.order_by_desc(created_at).order_by_desc(id).limit(u64::from(self.limit) + 1);
        let Some(after) = &self.after else { return query };
        let moment = after.created_at.as_micros();
        let same_moment = Expr::col(created_at).eq(moment).and(Expr::col(id).lt(after.id.as_str()));
        query.filter(Condition::any().add(Expr::col(created_at).lt(moment)).add(same_moment))
    }

    /// The page out of what [`PageRequest::select`] found.
    pub(super) fn page<T>(&self, mut items: Vec<T>) -> Page<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let has_more = items.len() > limit;
        items.truncate(limit);
        Page { items, has_more }
    }
}
