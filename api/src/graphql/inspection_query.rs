//! Finding inspections.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use data_inspector_platform::store::{Direction, InspectionFilter, InspectionSort, Period};

use super::context::Caller;
use super::error::RequestError;
use super::file::{COUNT_CAP, SortDirection, TimeRange};
use super::inspection::{Inspection, InspectionState, Verdict};
use super::page::{Connection, PageArguments};
use super::scalar::{Cursor, Long};

/// Most ids in a filter.
const MOST_IDS: usize = 100;

/// Which inspections to list. All conditions must hold; an empty list asks for nothing in particular.
#[derive(Default, InputObject)]
#[graphql(name = "InspectionFilter")]
pub(super) struct InspectionFilterInput {
    /// One of these, at most 100.
    ids: Option<Vec<ID>>,
    /// Of one of these files, at most 100.
    file_ids: Option<Vec<ID>>,
    /// In one of these states.
    states: Option<Vec<InspectionState>>,
    /// With one of these verdicts.
    verdicts: Option<Vec<Verdict>>,
    /// Asked for by one of these people, at most 100.
    created_by: Option<Vec<ID>>,
    /// Asked for in this time.
    created_at: Option<TimeRange>,
}

impl TryFrom<InspectionFilterInput> for InspectionFilter {
    type Error = RequestError;

    fn try_from(input: InspectionFilterInput) -> Result<Self, RequestError> {
        Ok(Self {
            ids: parsed(input.ids, "ids")?,
            file_ids: parsed(input.file_ids, "fileIds")?,
            states: input.states.unwrap_or_default().into_iter().map(Into::into).collect(),
            verdicts: input.verdicts.unwrap_or_default().into_iter().map(Into::into).collect(),
            created_by: parsed(input.created_by, "createdBy")?,
            created: input.created_at.map(Period::from).unwrap_or_default(),
        })
    }
}

/// Ids of a filter. One that is none is an error: left out, it would widen what is asked for.
fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    ids: Option<Vec<ID>>,
    field: &str,
) -> Result<Vec<T>, RequestError> {
    let ids = ids.unwrap_or_default();
    if ids.len() > MOST_IDS {
        return Err(RequestError::BadUserInput(format!("`{field}` has at most {MOST_IDS} ids")));
    }
    let parse =
        |id: ID| id.parse().map_err(|error| RequestError::BadUserInput(format!("`{field}`: {error}")));
    ids.into_iter().map(parse).collect()
}

/// What inspections are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "InspectionSort")]
enum InspectionOrderField {
    /// When they were asked for.
    CreatedAt,
    /// When their newest event was.
    UpdatedAt,
    /// When they ended; those that have not count as ending last.
    EndedAt,
    /// Their priority.
    Priority,
}

/// How inspections are sorted.
#[derive(InputObject)]
struct InspectionOrder {
    /// By what.
    field: InspectionOrderField,
    /// Which way.
    #[graphql(default_with = "SortDirection::Descending")]
    direction: SortDirection,
}

/// How many inspections are in a state.
#[derive(SimpleObject)]
struct InspectionStateCount {
    /// The state.
    state: InspectionState,
    /// How many.
    count: Long,
}

/// How many inspections have a verdict.
#[derive(SimpleObject)]
struct InspectionVerdictCount {
    /// The verdict.
    verdict: Verdict,
    /// How many.
    count: Long,
}

/// How the inspections of a list differ.
struct InspectionFacets(InspectionFilter);

/// How the inspections that a filter lets through differ, to offer narrower filters. What there is none of is left
/// out.
#[Object]
impl InspectionFacets {
    /// By state.
    async fn by_state(&self, ctx: &Context<'_>) -> Result<Vec<InspectionStateCount>, RequestError> {
        let caller = Caller::reading(ctx)?;
        let counts = caller.store().count_inspections_by_state(caller.scope(), &self.0).await?;
        let count = |(state, count): (_, u64)| InspectionStateCount {
            state: InspectionState::from(state),
            count: count.into(),
        };
        Ok(counts.into_iter().map(count).collect())
    }

    /// By verdict.
    async fn by_verdict(&self, ctx: &Context<'_>) -> Result<Vec<InspectionVerdictCount>, RequestError> {
        let caller = Caller::reading(ctx)?;
        let counts = caller.store().count_inspections_by_verdict(caller.scope(), &self.0).await?;
        let count = |(verdict, count): (_, u64)| InspectionVerdictCount {
            verdict: Verdict::from(verdict),
            count: count.into(),
        };
        Ok(counts.into_iter().map(count).collect())
    }
}

#[derive(Default)]
pub(super) struct InspectionQuery;

#[Object]
impl InspectionQuery {
    /// The inspection; null if the workspace has none with this id.
    async fn inspection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> Result<Option<Inspection>, RequestError> {
        let caller = Caller::reading(ctx)?;
        let Ok(id) = id.parse() else { return Ok(None) };
        Ok(caller.load().inspection(id).await?.map(Inspection))
    }

    /// The inspections of the workspace, newest first unless another order is asked for.
    #[expect(clippy::too_many_arguments, reason = "they are the arguments of the field")]
    async fn inspections(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which inspections.")] filter: Option<InspectionFilterInput>,
        #[graphql(desc = "In which order.")] order_by: Option<InspectionOrder>,
        #[graphql(desc = "Entries from the start, or after a cursor: 1 to 100, usually 20.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this entry.")] after: Option<Cursor>,
        #[graphql(desc = "Entries from the end, or before a cursor.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this entry.")] before: Option<Cursor>,
    ) -> Result<Connection<Inspection>, RequestError> {
        let caller = Caller::reading(ctx)?;
        let filter = filter.unwrap_or_default().try_into()?;
        let order = match order_by {
            Some(order) => (order.field.into(), order.direction.into()),
            None => (InspectionSort::CreatedAt, Direction::Descending),
        };
        let list = format!("inspections by {order:?}");
        let request = PageArguments { first, after, last, before }.request(&list)?;
        let page = caller.store().list_inspections(caller.scope(), &filter, order, &request).await?;
        let count = if ctx.look_ahead().field("totalCount").exists() {
            Some(caller.store().count_inspections(caller.scope(), &filter, COUNT_CAP).await?)
        } else {
            None
        };
        let page =
            Connection::of_page(page, &request, &list, |inspection| order.0.key(inspection), Inspection);
        Ok(page.with_total_count(count))
    }

    /// How the inspections of the workspace differ, to offer filters.
    async fn inspection_facets(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which inspections.")] filter: Option<InspectionFilterInput>,
    ) -> Result<InspectionFacets, RequestError> {
        Caller::reading(ctx)?;
        Ok(InspectionFacets(filter.unwrap_or_default().try_into()?))
    }
}
