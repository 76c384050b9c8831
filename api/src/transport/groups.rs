//! Subscriptions that are equal - the same document and variables of callers who are shown the same - are a group: a
//! selection is executed and serialised once for all of them.
//!
//! Where each is in the events is its own (`hub`): who replays, and who is slow, takes the same answers at another
//! time, or has them made again if nobody else wanted them lately. Only events and progress are shared. What is
//! made for one moment of one subscriber (where things stand, signs of life, goodbyes) is executed for that one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use axum::body::Bytes;
use data_inspector_domain::access::{Role, TokenScope};
use data_inspector_domain::event::cursor::Cursor;
use data_inspector_platform::store::Scope;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, Stream, StreamExt};
use tokio::sync::OnceCell;

use super::answer::Answer;
use super::cache::Cache;
use super::engine::{self, Engine};
use super::fault::Fault;
use super::gate::{Admitted, DocumentHash};
use super::request::Params;
use crate::auth::Viewer;
use crate::expiry::Expiry;
use crate::graphql::{Handover, OneFrame, RequestContext, RequestId};
use crate::hub::{EventFrame, EventStream};

/// Answers that a group keeps for those who are behind. A subscriber that is further behind has them made again.
const KEPT_ANSWERS: usize = 64;

/// All groups of a process.
#[derive(Default)]
pub(super) struct Groups(Mutex<HashMap<GroupKey, Weak<Group>>>);

/// What has to be equal. The position is not among it.
#[derive(Clone, PartialEq, Eq, Hash)]
struct GroupKey {
    document: DocumentHash,
    operation_name: Option<String>,
    variables: String,
    /// Who asks and what they may, without what they authenticated with and for how long.
    viewer: Option<(Scope, Role, Vec<TokenScope>)>,
}

/// A subscription that its members have in common.
struct Group {
    groups: Weak<Groups>,
    key: GroupKey,
    subscription: Subscription,
    answers: Mutex<Cache<FrameKey, Arc<OnceCell<Arc<Answer>>>>>,
}

/// What makes two frames the same.
#[derive(Clone, PartialEq, Eq, Hash)]
enum FrameKey {
    Event(Cursor),
    Progress(Cursor, Bytes),
}

/// Something that is followed, by one who may.
pub(super) struct Subscription {
    pub(super) engine: Engine,
    pub(super) verdict: Arc<Result<Admitted, Fault>>,
    pub(super) params: Params,
    pub(super) viewer: Option<Viewer>,
    pub(super) request_id: RequestId,
    /// When it ends if nothing is renewed; none: with the viewer's token.
    pub(super) expiry: Option<Expiry>,
}

/// One member of a group.
struct Member {
    group: Arc<Group>,
    events: EventStream,
}

impl Groups {
    /// The answers of a subscription, executed once for all who are subscribed to the same.
    pub(super) fn follow(
        self: &Arc<Self>,
        subscription: Subscription,
    ) -> impl Stream<Item = Arc<Answer>> + Send + use<> {
        let groups = Arc::clone(self);
        async move { groups.open(subscription).await }.into_stream().flatten()
    }

    async fn open(self: Arc<Self>, subscription: Subscription) -> BoxStream<'static, Arc<Answer>> {
        let handover = Handover::default();
        let mut answers = subscription.answers(handover.clone());
        // The first answer, if there is one, comes whenever it comes; frames that are handed over end the answers.
        match answers.next().await {
            Some(first) => stream::iter([first]).chain(answers).map(Answer::new).boxed(),
            None => match handover.take() {
                Some(events) => Member { group: self.join(subscription), events }.into_stream().boxed(),
                None => stream::empty().boxed(),
            },
        }
    }

    fn join(self: &Arc<Self>, subscription: Subscription) -> Arc<Group> {
        let key = subscription.key();
        let mut groups = self.lock();
        if let Some(group) = groups.get(&key).and_then(Weak::upgrade) {
            return group;
        }
        let group = Arc::new(Group {
            groups: Arc::downgrade(self),
            key: key.clone(),
            subscription,
            answers: Mutex::new(Cache::new(KEPT_ANSWERS)),
        });
        groups.insert(key, Arc::downgrade(&group));
        group
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<GroupKey, Weak<Group>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscription {
    fn key(&self) -> GroupKey {
        let admitted = self.verdict.as_ref().as_ref().ok();
        let mut variables = self.params.variables.clone();
        if let Some(position) =
            admitted.and_then(|admitted| admitted.mere_position(self.params.operation_name.as_deref()))
        {
            variables.remove(&position);
        }
        GroupKey {
            document: admitted.map(|admitted| super::hash(&admitted.text)).unwrap_or_default(),
            operation_name: self.params.operation_name.clone(),
            variables: serde_json::Value::Object(variables).to_string(),
            viewer: self.viewer.as_ref().map(|viewer| (viewer.scope, viewer.role, viewer.scopes.clone())),
        }
    }

    fn answers<T: Send + Sync + 'static>(&self, source: T) -> BoxStream<'static, async_graphql::Response> {
        let Ok(admitted) = self.verdict.as_ref() else { return stream::empty().boxed() };
        let mut context = RequestContext::new(self.request_id.clone(), self.viewer.clone());
        if let Some(expiry) = &self.expiry {
            context = context.expiring(expiry.clone());
        }
        self.engine.follow(engine::request(admitted, self.params.clone()).data(source), context)
    }

    async fn execute(&self, frame: EventFrame) -> Option<Arc<Answer>> {
        self.answers(OneFrame::new(frame)).next().await.map(Answer::new)
    }
}

impl Group {
    /// The answer for a frame; nothing if the schema has none, which ends the stream.
    async fn answer(&self, frame: EventFrame, is_alone: bool) -> Option<Arc<Answer>> {
        let key = FrameKey::of(&frame).filter(|_| !is_alone);
        let Some(key) = key else { return self.subscription.execute(frame).await };
        let cell = {
            let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            let known = answers.get(&key);
            known.unwrap_or_else(|| {
                let cell = Arc::default();
                answers.put(key, Arc::clone(&cell));
                cell
            })
        };
        let answer = cell.get_or_try_init(async || self.subscription.execute(frame).await.ok_or(())).await;
        answer.ok().cloned()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let Some(groups) = self.groups.upgrade() else { return };
        let mut groups = groups.lock();
        // Unless the next of this key has taken the place already.
        if groups.get(&self.key).is_some_and(|group| group.strong_count() == 0) {
            groups.remove(&self.key);
        }
    }
}

impl FrameKey {
    fn of(frame: &EventFrame) -> Option<Self> {
        match frame {
            EventFrame::Event { cursor, .. } => Some(Self::Event(*cursor)),
            EventFrame::Progress { cursor, bytes } => Some(Self::Progress(*cursor, bytes.clone())),
            EventFrame::Snapshot { .. }
            | EventFrame::KeepAlive { .. }
            | EventFrame::Gap { .. }
            | EventFrame::GoAway { .. } => None,
        }
    }
}

impl Member {
    fn into_stream(self) -> impl Stream<Item = Arc<Answer>> + Send {
        stream::unfold(self, async |mut member| {
            let frame = member.events.next().await?;
            let is_alone = Arc::strong_count(&member.group) == 1;
            let answer = member.group.answer(frame, is_alone).await?;
            Some((answer, member))
        })
    }
}
