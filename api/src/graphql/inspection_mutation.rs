//! Asking for inspections, and what a person does with one.

use std::future::Future;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use data_inspector_domain::id::InspectionId;
use data_inspector_platform::store::{self, Change, Created, NewInspection, Scope, Store, StoreError};

use super::context::{Caller, Deps};
use super::error::RequestError;
use super::inspection::Inspection;
use super::mutation::{idempotent, to_the_end};
use super::spec::InspectionSpecInput;
use super::user_error::{Outcome, UserError, outcome};

const ID_PATH: &[&str] = &["input", "id"];
const LONGEST_REASON: usize = 1000;

/// A file to inspect.
#[derive(InputObject)]
struct CreateInspectionInput {
    /// The file; it need not be complete yet.
    file_id: ID,
    /// What to do; everything is optional.
    #[graphql(default)]
    spec: InspectionSpecInput,
    /// Higher goes first, −100 to 100.
    #[graphql(default = 0)]
    priority: i32,
    /// Names this request: sent again with the same key it gives the same inspection.
    idempotency_key: String,
}

/// An inspection to change.
#[derive(InputObject)]
struct ChangeInspectionInput {
    /// The inspection.
    id: ID,
    /// The version the change is meant for: refused if it has another by now. Left out: any.
    expected_version: Option<u32>,
    /// Why, in a few words; it is kept with the event.
    reason: Option<String>,
}

/// An inspection to do again.
#[derive(InputObject)]
struct RerunInspectionInput {
    /// The inspection to repeat.
    id: ID,
    /// Names this request: sent again with the same key it gives the same new inspection.
    idempotency_key: String,
}

/// What became of a request about an inspection.
#[derive(SimpleObject)]
struct InspectionPayload {
    /// The inspection as it is now; null if the request was refused.
    inspection: Option<Inspection>,
    /// An earlier request with the same key made it.
    deduplicated: bool,
    /// Why the request was refused.
    user_errors: Vec<UserError>,
}

impl From<Result<Created<store::Inspection>, UserError>> for InspectionPayload {
    fn from(outcome: Result<Created<store::Inspection>, UserError>) -> Self {
        match outcome {
            Ok(Created { value, deduplicated }) => {
                Self { inspection: Some(Inspection(value)), deduplicated, user_errors: Vec::new() }
            }
            Err(error) => Self { inspection: None, deduplicated: false, user_errors: vec![error] },
        }
    }
}

#[derive(Default)]
pub(super) struct InspectionMutation;

#[Object]
impl InspectionMutation {
    /// Asks for an inspection of a file. If the file is not complete yet, it starts by itself when it is.
    async fn create_inspection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to inspect, and how.")] input: CreateInspectionInput,
    ) -> Result<InspectionPayload, RequestError> {
        let caller = Caller::writing(ctx)?;
        let (deps, scope) = (caller.deps.clone(), caller.scope());
        let created = to_the_end(caller.deps, async move { create(&deps, scope, input).await }).await?;
        Ok(created.into())
    }

    /// Does again what an inspection did, from the start, as a new inspection of the same file.
    async fn rerun_inspection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do again.")] input: RerunInspectionInput,
    ) -> Result<InspectionPayload, RequestError> {
        let caller = Caller::writing(ctx)?;
        let (deps, scope) = (caller.deps.clone(), caller.scope());
        let created = to_the_end(caller.deps, async move { rerun(&deps, scope, input).await }).await?;
        Ok(created.into())
    }

    /// Calls an inspection off. It is `CANCELLED` when the last worker has stopped; what was found is kept.
    async fn cancel_inspection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to call off.")] input: ChangeInspectionInput,
    ) -> Result<InspectionPayload, RequestError> {
        let call =
            |store: Store, scope, id, change| async move { store.cancel_inspection(scope, id, change).await };
        change(ctx, input, "cancelled by a person", call).await
    }

    /// Holds an inspection. Workers finish what they can keep; it is `PAUSED` when the last has stopped.
    async fn pause_inspection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to hold.")] input: ChangeInspectionInput,
    ) -> Result<InspectionPayload, RequestError> {
        let call =
            |store: Store, scope, id, change| async move { store.pause_inspection(scope, id, change).await };
        change(ctx, input, "paused by a person", call).await
    }

    /// Lets a held inspection go on from where it is.
    async fn resume_inspection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to let go on.")] input: ChangeInspectionInput,
    ) -> Result<InspectionPayload, RequestError> {
        let call =
            |store: Store, scope, id, change| async move { store.resume_inspection(scope, id, change).await };
        change(ctx, input, "resumed by a person", call).await
    }

    /// Tries again what is left of an inspection that has ended without success. What is durable is kept.
    async fn retry_inspection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to try again.")] input: ChangeInspectionInput,
    ) -> Result<InspectionPayload, RequestError> {
        let call =
            |store: Store, scope, id, change| async move { store.retry_inspection(scope, id, change).await };
        change(ctx, input, "retried by a person", call).await
    }
}

async fn create(
    deps: &Deps,
    scope: Scope,
    input: CreateInspectionInput,
) -> Outcome<Created<store::Inspection>> {
    match new_inspection(input) {
        Ok(inspection) => {
            outcome(deps.store.create_inspection(scope, inspection).await, &["input", "fileId"])
        }
        Err(refused) => Ok(Err(refused)),
    }
}

fn new_inspection(input: CreateInspectionInput) -> Result<NewInspection, UserError> {
    let CreateInspectionInput { file_id, spec, priority, idempotency_key } = input;
    let not_found = |_| UserError::not_found("file", &["input", "fileId"]);
    let file_id: data_inspector_domain::id::FileId = file_id.parse().map_err(not_found)?;
    if !(-100..=100).contains(&priority) {
        return Err(UserError::invalid("a priority is -100 to 100", &["input", "priority"]));
    }
    let spec = spec.try_into_spec()?;
    let spec_text = serde_json::to_string(&spec).expect("a specification has finite numbers only");
    let asks_for = format!("create {file_id} {priority} {spec_text}");
    let idempotency = Some(idempotent(idempotency_key, &asks_for)?);
    Ok(NewInspection { file_id, spec, priority, idempotency })
}

async fn rerun(
    deps: &Deps,
    scope: Scope,
    input: RerunInspectionInput,
) -> Outcome<Created<store::Inspection>> {
    let Ok(id) = input.id.parse::<InspectionId>() else {
        return Ok(Err(UserError::not_found("inspection", ID_PATH)));
    };
    match idempotent(input.idempotency_key, &format!("rerun {id}")) {
        Ok(request) => outcome(deps.store.rerun_inspection(scope, id, Some(request)).await, ID_PATH),
        Err(refused) => Ok(Err(refused)),
    }
}

/// Changes the state of an inspection through a method of the store.
async fn change<F>(
    ctx: &Context<'_>,
    input: ChangeInspectionInput,
    usual_reason: &str,
    call: impl FnOnce(Store, Scope, InspectionId, Change) -> F,
) -> Result<InspectionPayload, RequestError>
where
    F: Future<Output = Result<store::Inspection, StoreError>> + Send + 'static,
{
    let caller = Caller::writing(ctx)?;
    let Ok(id) = input.id.parse() else {
        return Ok(Err(UserError::not_found("inspection", ID_PATH)).into());
    };
    let reason = input.reason.unwrap_or_else(|| usual_reason.to_owned());
    if reason.len() > LONGEST_REASON {
        let message = format!("a reason has at most {LONGEST_REASON} bytes");
        return Ok(Err(UserError::invalid(message, &["input", "reason"])).into());
    }
    let change = Change { expected_version: input.expected_version, reason };
    let changing = call(caller.store().clone(), caller.scope(), id, change);
    let changed = to_the_end(caller.deps, async move { Ok(changing.await) }).await?;
    let changed = outcome(changed, ID_PATH)?;
    Ok(changed.map(|value| Created { value, deduplicated: false }).into())
}
