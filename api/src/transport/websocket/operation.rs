//! One operation of a socket: admitted, executed, answered.

use std::sync::Arc;

use futures_util::stream::{self, Stream, StreamExt};
use tokio::task::yield_now;

use super::super::Shared;
use super::super::answer::Answer;
use super::super::engine;
use super::super::fault::Fault;
use super::super::gate::OperationKind;
use super::super::groups::Subscription;
use super::super::http::{admit, charge, run as run_once};
use super::super::request::Params;
use super::message;
use super::writer::{Gone, Outbox};
use crate::auth::Viewer;
use crate::expiry::Expiry;
use crate::graphql::{RequestContext, RequestId};

/// Answers that go out together, before it is another's turn: equal subscribers stay near each other, so that the
/// answers of the first are still there for the last.
const TOGETHER: usize = 8;

/// One operation of a socket.
pub(super) struct Operation {
    pub(super) shared: Arc<Shared>,
    pub(super) outbox: Outbox,
    pub(super) id: String,
    pub(super) request_id: RequestId,
    /// When what the client authenticated with expires, unless it is renewed.
    pub(super) expiry: Expiry,
}

/// The message that ends an operation.
pub(super) type Last = Result<Option<axum::extract::ws::Utf8Bytes>, Gone>;

impl Operation {
    /// Sends all answers but the last message, `complete` or `error`, which it returns.
    pub(super) async fn run(&self, params: Params, viewer: Option<Viewer>) -> Last {
        match self.answer(params, viewer).await {
            Ok(last) => last,
            Err(fault) => Ok(Some(message::error(&self.id, &fault.errors(&self.request_id)))),
        }
    }

    async fn answer(&self, params: Params, viewer: Option<Viewer>) -> Result<Last, Fault> {
        let (verdict, kind) = admit(&self.shared, &params)?;
        let admitted = verdict.as_ref().as_ref().map_err(Clone::clone)?;
        charge(&self.shared, admitted, &params, viewer.as_ref())?;
        if kind == OperationKind::Subscription {
            let (engine, request_id) = (self.shared.engine.clone(), self.request_id.clone());
            let expiry = Some(self.expiry.clone());
            let subscription = Subscription { engine, verdict, params, viewer, request_id, expiry };
            return Ok(self.follow(self.shared.groups.follow(subscription)).await);
        }
        let request = engine::request(admitted, params);
        let context = RequestContext::new(self.request_id.clone(), viewer);
        let execution = self.shared.engine.execute(request, context);
        let response = run_once(execution, kind, self.shared.config.timeout()).await?;
        Ok(self.follow(stream::iter([Answer::new(response)])).await)
    }

    async fn follow(&self, answers: impl Stream<Item = Arc<Answer>> + Send) -> Last {
        let mut answers = std::pin::pin!(answers);
        let quoted_id = message::quoted(&self.id);
        let mut together = 0;
        loop {
            if together == TOGETHER {
                self.outbox.flush().await?;
                yield_now().await;
                together = 0;
            }
            // What is there goes out together: whoever is a little behind catches up in fewer steps.
            let answer = tokio::select! {
                biased;
                answer = answers.next() => answer,
                gone = self.outbox.flushed() => return Err(gone),
            };
            let Some(answer) = answer else { return Ok(Some(message::complete(&self.id))) };
            if let Some(errors) = &answer.refusal {
                return Ok(Some(message::error(&self.id, errors)));
            }
            self.outbox.put(message::next(&quoted_id, &answer.payload)).await?;
            together += 1;
        }
    }
}
