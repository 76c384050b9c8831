//! Lists that grow, page by page: from an entry on, in the direction the caller walks. Entries are never
//! counted off, so a page far from the start costs what the first one does.

use sea_orm::sea_query::{Expr, ExprTrait, IntoColumnRef, Order};
use sea_orm::{QueryFilter, QueryOrder, QuerySelect, Value};

/// Which way a list is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Smallest, oldest, first letter first.
    Ascending,
    /// Largest, newest, last letter first.
    Descending,
}

/// What an entry is sorted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortKey {
    /// A number, or a moment in microseconds.
    Number(i64),
    /// A text.
    Text(String),
}

/// A place in a list: an entry of it, which need not be there any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageKey {
    /// What the entry is sorted by.
    pub sort: SortKey,
    /// Its id, which decides between entries that are sorted by the same.
    pub id: String,
}

/// Where a page is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageStart {
    /// The first entries of the list.
    First,
    /// The entries right after this place.
    After(PageKey),
    /// The last entries of the list.
    Last,
    /// The entries right before this place.
    Before(PageKey),
}

/// Which page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// Where it is.
    pub start: PageStart,
    /// Entries at most. The caller bounds it.
    pub limit: u32,
}

/// A page.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The entries, always in the order of the list.
    pub items: Vec<T>,
    /// There are more: after these, or before these if the page was asked for from the end.
    pub has_more: bool,
}

impl PageRequest {
    /// The first entries of a list.
    pub fn first(limit: u32) -> Self {
        Self { start: PageStart::First, limit }
    }

    /// The entries after a place.
    pub fn after(key: PageKey, limit: u32) -> Self {
        Self { start: PageStart::After(key), limit }
    }

    fn is_backward(&self) -> bool {
        matches!(self.start, PageStart::Last | PageStart::Before(_))
    }

    /// The query for this page and one entry more, by which it is seen whether there is more.
    pub(super) fn select<Q, C>(&self, query: Q, sort: Expr, id: C, direction: Direction) -> Q
    where
        Q: QuerySelect + QueryOrder + QueryFilter,
        C: IntoColumnRef,
    {
        let id = Expr::col(id);
        let walks_up = (direction == Direction::Ascending) != self.is_backward();
        let order = if walks_up { Order::Asc } else { Order::Desc };
        let query = query
            .order_by(sort.clone(), order.clone())
            .order_by(id.clone(), order)
            .limit(u64::from(self.limit) + 1);
        let (PageStart::After(key) | PageStart::Before(key)) = &self.start else { return query };
        // Compared as pairs, which both databases can look up in an index.
        let entry = Expr::tuple([sort, id]);
        let place = Expr::tuple([Expr::value(Value::from(key.sort.clone())), Expr::value(key.id.as_str())]);
        query.filter(if walks_up { entry.gt(place) } else { entry.lt(place) })
    }

    /// The page out of what [`PageRequest::select`] found.
    pub(super) fn page<T>(&self, mut items: Vec<T>) -> Page<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let has_more = items.len() > limit;
        items.truncate(limit);
        if self.is_backward() {
            items.reverse();
        }
        Page { items, has_more }
    }
}

impl From<SortKey> for Value {
    fn from(key: SortKey) -> Self {
        match key {
            SortKey::Number(number) => number.into(),
            SortKey::Text(text) => text.into(),
        }
    }
}
