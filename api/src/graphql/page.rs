//! Pages of lists: arguments, cursors, connections.

use std::sync::Arc;

use async_graphql::{OutputType, SimpleObject};
use data_inspector_platform::store::{Page, PageKey, PageRequest, PageStart, SortKey};

use super::column::Column;
use super::error::RequestError;
use super::event::InspectionEvent;
use super::file::File;
use super::inspection::Inspection;
use super::scalar::{Cursor, Long};
use super::task::Task;
use super::upload::BlockRange;
use crate::hex;

/// Entries of a page, if nothing else is asked for.
const USUAL_SIZE: u32 = 20;

/// Entries of a page at most.
pub(super) const LARGEST_SIZE: u32 = 100;

/// Between the parts of a cursor; no id and no name of a list has it.
const SEPARATOR: char = '\u{1f}';

/// A page of a list.
#[derive(SimpleObject)]
#[graphql(
    concrete(name = "ColumnProfileConnection", params(Column)),
    concrete(name = "BlockRangeConnection", params(BlockRange)),
    concrete(name = "FileConnection", params(File)),
    concrete(name = "InspectionConnection", params(Inspection)),
    concrete(name = "InspectionEventConnection", params(InspectionEvent)),
    concrete(name = "TaskConnection", params(Task))
)]
pub(super) struct Connection<T: OutputType>
where
    Edge<T>: OutputType,
{
    /// The entries of the page, each with its cursor.
    pub(super) edges: Vec<Edge<T>>,
    /// The entries of the page.
    pub(super) nodes: Vec<Arc<T>>,
    /// Where the page is.
    pub(super) page_info: PageInfo,
    /// Entries of the whole list, counted only when it is asked for, up to 10,000; null where nobody counts them.
    pub(super) total_count: Option<Long>,
}

/// An entry of a list.
#[derive(SimpleObject)]
#[graphql(
    concrete(name = "ColumnProfileEdge", params(Column)),
    concrete(name = "BlockRangeEdge", params(BlockRange)),
    concrete(name = "FileEdge", params(File)),
    concrete(name = "InspectionEdge", params(Inspection)),
    concrete(name = "InspectionEventEdge", params(InspectionEvent)),
    concrete(name = "TaskEdge", params(Task))
)]
pub(super) struct Edge<T: OutputType> {
    /// The place of the entry in the list.
    pub(super) cursor: Cursor,
    /// The entry.
    pub(super) node: Arc<T>,
}

/// Where a page is in its list.
#[derive(SimpleObject)]
pub(super) struct PageInfo {
    /// There are entries after this page.
    pub(super) has_next_page: bool,
    /// There are entries before this page.
    pub(super) has_previous_page: bool,
    /// Cursor of the first entry; null if there is none.
    pub(super) start_cursor: Option<Cursor>,
    /// Cursor of the last entry; null if there is none.
    pub(super) end_cursor: Option<Cursor>,
}

/// Which page a client asks for.
#[derive(Default)]
pub(super) struct PageArguments {
    pub(super) first: Option<i32>,
    pub(super) after: Option<Cursor>,
    pub(super) last: Option<i32>,
    pub(super) before: Option<Cursor>,
}

impl PageArguments {
    pub(super) fn forward(first: Option<i32>, after: Option<Cursor>) -> Self {
        Self { first, after, ..Self::default() }
    }

    /// What the store is asked for. `list` names the list and its order: a cursor of another is refused.
    pub(super) fn request(&self, list: &str) -> Result<PageRequest, RequestError> {
        match self {
            Self { first: Some(_), last: Some(_), .. } => bad("ask for `first` or `last`, not for both"),
            Self { after: Some(_), before: Some(_), .. } => bad("ask for `after` or `before`, not for both"),
            Self { last, before: Some(cursor), first: None, .. } => {
                let start = PageStart::Before(read_cursor(list, cursor)?);
                Ok(PageRequest { start, limit: size(*last)? })
            }
            Self { last: Some(last), after: None, .. } => {
                Ok(PageRequest { start: PageStart::Last, limit: size(Some(*last))? })
            }
            Self { first, after: Some(cursor), last: None, .. } => {
                Ok(PageRequest::after(read_cursor(list, cursor)?, size(*first)?))
            }
            Self { first, after: None, before: None, .. } => Ok(PageRequest::first(size(*first)?)),
            _ => bad("`first` goes with `after`, `last` with `before`"),
        }
    }
}

fn bad<T>(message: &str) -> Result<T, RequestError> {
    Err(RequestError::BadUserInput(message.to_owned()))
}

/// Entries of a page, of those a client asks for.
pub(super) fn size(asked: Option<i32>) -> Result<u32, RequestError> {
    let Some(asked) = asked else { return Ok(USUAL_SIZE) };
    let size = u32::try_from(asked).ok().filter(|size| (1..=LARGEST_SIZE).contains(size));
    let refused =
        || RequestError::BadUserInput(format!("a page has 1 to {LARGEST_SIZE} entries, not {asked}"));
    size.ok_or_else(refused)
}

/// The cursor of an entry.
pub(super) fn cursor(list: &str, key: &PageKey) -> Cursor {
    let sort = match &key.sort {
        SortKey::Number(number) => format!("n{number}"),
        SortKey::Text(text) => format!("t{text}"),
    };
    // The text a list is sorted by comes last: it may hold anything.
    Cursor(hex::encode(format!("{list}{SEPARATOR}{}{SEPARATOR}{sort}", key.id).as_bytes()))
}

fn read_cursor(list: &str, cursor: &Cursor) -> Result<PageKey, RequestError> {
    let malformed = || {
        RequestError::InvalidCursor(
            "the cursor is malformed: send back one that came with this list, unchanged".into(),
        )
    };
    let text =
        hex::decode(&cursor.0).and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(malformed)?;
    let mut parts = text.splitn(3, SEPARATOR);
    let (Some(of), Some(id), Some(sort)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(malformed());
    };
    if of != list {
        return Err(RequestError::InvalidCursor(
            "the cursor belongs to another list, or another order".into(),
        ));
    }
    let sort = match sort.split_at_checked(1) {
        Some(("n", number)) => SortKey::Number(number.parse().map_err(|_| malformed())?),
        Some(("t", text)) => SortKey::Text(text.to_owned()),
        _ => return Err(malformed()),
    };
    Ok(PageKey { sort, id: id.to_owned() })
}

impl<T: OutputType> Connection<T>
where
    Edge<T>: OutputType,
{
    /// A page as the store gave it; `key` is the place of an entry.
    pub(super) fn of_page<R>(
        page: Page<R>,
        request: &PageRequest,
        list: &str,
        key: impl Fn(&R) -> PageKey,
        node: impl Fn(R) -> T,
    ) -> Self {
        let backward = matches!(request.start, PageStart::Last | PageStart::Before(_));
        let has_next_page =
            if backward { matches!(request.start, PageStart::Before(_)) } else { page.has_more };
        let has_previous_page =
            if backward { page.has_more } else { matches!(request.start, PageStart::After(_)) };
        let edge = |entry: R| Edge { cursor: cursor(list, &key(&entry)), node: Arc::new(node(entry)) };
        let edges = page.items.into_iter().map(edge).collect();
        Self::of_edges(edges, has_previous_page, has_next_page)
    }

    pub(super) fn of_edges(edges: Vec<Edge<T>>, has_previous_page: bool, has_next_page: bool) -> Self {
        let page_info = PageInfo {
            has_next_page,
            has_previous_page,
            start_cursor: edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: edges.last().map(|edge| edge.cursor.clone()),
        };
        let nodes = edges.iter().map(|edge| Arc::clone(&edge.node)).collect();
        Self { edges, nodes, page_info, total_count: None }
    }

    pub(super) fn with_total_count(mut self, count: Option<u64>) -> Self {
        self.total_count = count.map(Long);
        self
    }

    /// A page of a list that is in memory as a whole; a cursor is the number of an entry.
    pub(super) fn of_slice<R>(
        all: &[R],
        arguments: &PageArguments,
        list: &str,
        node: impl Fn(&R) -> T,
    ) -> Result<Self, RequestError> {
        let request = arguments.request(list)?;
        let start = match &request.start {
            PageStart::After(PageKey { sort: SortKey::Number(number), .. }) => {
                usize::try_from(number.saturating_add(1)).unwrap_or(0).min(all.len())
            }
            _ => 0,
        };
        let end = start.saturating_add(request.limit as usize).min(all.len());
        let place = |index: usize| {
            let number = i64::try_from(index).unwrap_or(i64::MAX);
            cursor(list, &PageKey { sort: SortKey::Number(number), id: String::new() })
        };
        let edge = |index: usize| Edge { cursor: place(index), node: Arc::new(node(&all[index])) };
        let page = Self::of_edges((start..end).map(edge).collect(), start > 0, end < all.len());
        Ok(page.with_total_count(Some(all.len() as u64)))
    }
}
