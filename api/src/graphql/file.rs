//! Files: what is stored, or on its way.

use async_graphql::{Context, Enum, ID, InputObject, Object};
use data_inspector_domain::file;
use data_inspector_platform::store::{self, Direction, FileFilter, FileSort, Period};

use super::context::Caller;
use super::error::RequestError;
use super::failure::Failure;
use super::inspection::Inspection;
use super::loaders::NewestKey;
use super::page::{Connection, PageArguments, size};
use super::person::User;
use super::scalar::{ContentId, Cursor, DateTime, Long};
use super::upload::Upload;

/// Totals are counted up to here.
pub(super) const COUNT_CAP: u32 = 10_000;

/// A stored file, or one on its way.
#[derive(Clone)]
pub(super) struct File(pub(super) store::File);

/// Where the bytes of a file are. More states may come.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "file::FileState")]
pub(super) enum FileState {
    /// They are on their way.
    Transferring,
    /// They are all there and do not change any more.
    Ready,
    /// They will not come; `failure` says why.
    Failed,
}

/// A stored file, or one on its way. Stored once, it can be inspected any number of times.
#[Object]
impl File {
    /// Its id.
    pub(super) async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The name it was given.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Where its bytes are.
    async fn state(&self) -> FileState {
        self.0.state.into()
    }

    /// Its size in bytes, as declared.
    async fn size_bytes(&self) -> Long {
        self.0.size_bytes.into()
    }

    /// BLAKE3 of its bytes; null until it is known.
    async fn content_id(&self) -> Option<ContentId> {
        self.0.content_id.clone().map(ContentId)
    }

    /// Why it will not come; null unless it failed.
    async fn failure(&self) -> Option<Failure> {
        self.0.failure.clone().map(Failure)
    }

    /// When it was announced.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When its transfer ended; null before.
    async fn ended_at(&self) -> Option<DateTime> {
        self.0.ended_at.map(DateTime)
    }

    /// Who brought it.
    async fn created_by(&self, ctx: &Context<'_>) -> Result<Option<User>, RequestError> {
        Ok(Caller::reading(ctx)?.load().person(self.0.created_by).await?.map(User::from))
    }

    /// The upload that brings it, or has brought it.
    async fn upload(&self, ctx: &Context<'_>) -> Result<Option<Upload>, RequestError> {
        let found = Caller::reading(ctx)?.load().upload_of(self.0.id).await?;
        Ok(found.map(|found| Upload::new(found.0.clone(), found.1.clone())))
    }

    /// Its newest inspections, newest first.
    async fn newest_inspections(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.", default = 20)] first: i32,
    ) -> Result<Vec<Inspection>, RequestError> {
        let key = NewestKey { file_id: self.0.id, limit: size(Some(first))? };
        let found = Caller::reading(ctx)?.load().newest_inspections(key).await?;
        Ok(found.into_iter().map(Inspection).collect())
    }
}

/// From a moment on, and before another.
#[derive(Clone, Copy, InputObject)]
pub(super) struct TimeRange {
    /// The first moment of it.
    from: Option<DateTime>,
    /// The first moment after it.
    before: Option<DateTime>,
}

impl From<TimeRange> for Period {
    fn from(range: TimeRange) -> Self {
        Self { from: range.from.map(|from| from.0), before: range.before.map(|before| before.0) }
    }
}

/// Which files to list. All conditions must hold; an empty list asks for nothing in particular.
#[derive(Default, InputObject)]
#[graphql(name = "FileFilter")]
struct FileFilterInput {
    /// In one of these states.
    states: Option<Vec<FileState>>,
    /// With this text in the name; A to Z as a to z.
    name_contains: Option<String>,
    /// With these bytes.
    content_id: Option<ContentId>,
    /// Announced in this time.
    created_at: Option<TimeRange>,
}

impl From<FileFilterInput> for FileFilter {
    fn from(input: FileFilterInput) -> Self {
        Self {
            states: input.states.unwrap_or_default().into_iter().map(Into::into).collect(),
            name_contains: input.name_contains,
            content_id: input.content_id.map(|id| id.0),
            created: input.created_at.map(Period::from).unwrap_or_default(),
        }
    }
}

/// Which way a list is sorted.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "Direction", remote = "Direction")]
pub(super) enum SortDirection {
    /// Smallest, oldest, first letter first.
    #[graphql(name = "ASC")]
    Ascending,
    /// Largest, newest, last letter first.
    #[graphql(name = "DESC")]
    Descending,
}

/// What files are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "FileSort")]
enum FileOrderField {
    /// When they were announced.
    CreatedAt,
    /// Their name.
    Name,
    /// Their size.
    SizeBytes,
}

/// How files are sorted.
#[derive(InputObject)]
struct FileOrder {
    /// By what.
    field: FileOrderField,
    /// Which way.
    #[graphql(default_with = "SortDirection::Descending")]
    direction: SortDirection,
}

#[derive(Default)]
pub(super) struct FileQuery;

#[Object]
impl FileQuery {
    /// The file; null if the workspace has none with this id.
    async fn file(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> Result<Option<File>, RequestError> {
        let caller = Caller::reading(ctx)?;
        let Ok(id) = id.parse() else { return Ok(None) };
        Ok(caller.load().file(id).await?.map(File))
    }

    /// The files of the workspace, newest first unless another order is asked for.
    #[expect(clippy::too_many_arguments, reason = "they are the arguments of the field")]
    async fn files(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which files.")] filter: Option<FileFilterInput>,
        #[graphql(desc = "In which order.")] order_by: Option<FileOrder>,
        #[graphql(desc = "Entries from the start, or after a cursor: 1 to 100, usually 20.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this entry.")] after: Option<Cursor>,
        #[graphql(desc = "Entries from the end, or before a cursor.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this entry.")] before: Option<Cursor>,
    ) -> Result<Connection<File>, RequestError> {
        let caller = Caller::reading(ctx)?;
        let filter = filter.unwrap_or_default().into();
        let order = match order_by {
            Some(order) => (order.field.into(), order.direction.into()),
            None => (FileSort::CreatedAt, Direction::Descending),
        };
        let list = format!("files by {order:?}");
        let request = PageArguments { first, after, last, before }.request(&list)?;
        let page = caller.store().list_files(caller.scope(), &filter, order, &request).await?;
        let count = if ctx.look_ahead().field("totalCount").exists() {
            Some(caller.store().count_files(caller.scope(), &filter, COUNT_CAP).await?)
        } else {
            None
        };
        let page = Connection::of_page(page, &request, &list, |file| order.0.key(file), File);
        Ok(page.with_total_count(count))
    }
}
