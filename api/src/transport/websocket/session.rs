//! One socket: who it belongs to, and the operations that run on it.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::ws::{Message, WebSocket};
use futures_util::stream::{self, SplitStream};
use futures_util::{Stream, StreamExt};
use serde_json::{Map, Value};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::super::answer::Answer;
use super::super::engine;
use super::super::fault::{Fault, FaultKind};
use super::super::gate::OperationKind;
use super::super::groups::Subscription;
use super::super::http::{admit, charge, run as run_once};
use super::super::json::has_more_values;
use super::super::places::Place;
use super::super::rate::caller_of;
use super::super::request::Params;
use super::super::{Shared, new_request_id};
use super::message::{self, ClientMessage, close};
use super::writer::{self, Gone, Outbox};
use crate::auth::Viewer;
use crate::graphql::{ErrorCode, RequestContext, RequestId};

/// So much later than everybody else no token expires: timers count less far.
const FAR_AWAY: Duration = Duration::from_secs(30 * 24 * 3600);

/// How long the other side has to answer a close frame.
const LINGER: Duration = Duration::from_secs(1);

/// The operations of a socket.
#[derive(Default)]
struct Operations {
    running: Mutex<HashMap<String, (u64, AbortHandle)>>,
    numbers: AtomicU64,
    one_ended: Notify,
}

struct Session {
    shared: Arc<Shared>,
    outbox: Outbox,
    operations: Arc<Operations>,
    introduction: Introduction,
    viewer: Option<Option<Viewer>>,
    /// When the socket has to be introduced, answered for, or given up; whatever is next.
    init_until: Option<Instant>,
    expires_at: Option<Instant>,
    heard_at: Instant,
    asked: bool,
}

/// What is known of the other side before it says who it is.
pub(super) struct Introduction {
    /// What the request for the socket was authenticated with.
    pub(super) authorization: Option<String>,
    /// The place it takes.
    pub(super) place: Place,
}

/// Serves a socket until it is closed.
pub(super) async fn run(
    socket: WebSocket,
    shared: Arc<Shared>,
    request_id: RequestId,
    introduction: Introduction,
) {
    let span = tracing::info_span!("socket", request_id = request_id.as_str());
    let (sink, mut stream) = socket.split();
    let over = CancellationToken::new();
    let config = shared.config.streams.clone();
    let (outbox, writer) = writer::start(sink, Duration::from_millis(config.write_timeout_ms), over.clone());
    let now = Instant::now();
    let mut session = Session {
        shared,
        outbox,
        operations: Arc::default(),
        introduction,
        viewer: None,
        init_until: Some(now + Duration::from_millis(config.init_timeout_ms)),
        expires_at: None,
        heard_at: now,
        asked: false,
    };
    session.serve(&mut stream, &over).instrument(span).await;
    session.operations.abort_all();
    drop(session);
    // The writer sends what is queued, a close frame at the end, and goes.
    drop(writer.await);
    // A connection that is dropped with something unread is reset, and takes the close frame with it.
    drop(timeout(LINGER, async { while let Some(Ok(_)) = stream.next().await {} }).await);
}

impl Session {
    async fn serve(&mut self, stream: &mut SplitStream<WebSocket>, over: &CancellationToken) {
        let shutdown = self.shared.shutdown.clone();
        loop {
            let flow = tokio::select! {
                biased;
                () = over.cancelled() => return,
                () = shutdown.cancelled() => return self.say_goodbye(stream, close::GOING_AWAY).await,
                () = sleep_until(self.next_deadline()) => self.deadline_passed(stream).await,
                received = stream.next() => match received {
                    Some(Ok(received)) => self.receive(received).await,
                    // Too large, or not as the protocol below ours wants it: the library has said so.
                    Some(Err(_)) | None => return,
                },
            };
            if flow.is_break() {
                return;
            }
        }
    }

    fn next_deadline(&self) -> Instant {
        let ping = Duration::from_millis(self.shared.config.streams.ping_ms);
        let silence = self.heard_at + if self.asked { ping * 2 } else { ping };
        [self.init_until, self.expires_at].into_iter().flatten().fold(silence, Instant::min)
    }

    async fn deadline_passed(&mut self, stream: &mut SplitStream<WebSocket>) -> ControlFlow<()> {
        let now = Instant::now();
        if self.init_until.is_some_and(|until| until <= now) {
            self.outbox.close(close::INIT_TIMEOUT).await;
            return ControlFlow::Break(());
        }
        if self.expires_at.is_some_and(|moment| moment <= now) {
            self.say_goodbye(stream, close::FORBIDDEN).await;
            return ControlFlow::Break(());
        }
        if self.asked {
            tracing::info!("a client does not answer and is given up");
            return ControlFlow::Break(());
        }
        self.asked = true;
        going_on(self.outbox.ping().await)
    }

    async fn receive(&mut self, received: Message) -> ControlFlow<()> {
        self.heard_at = Instant::now();
        self.asked = false;
        match received {
            Message::Text(text) if has_more_values(text.as_bytes(), self.shared.config.body_values) => {
                self.refuse(close::TOO_BIG).await
            }
            Message::Text(text) => match ClientMessage::read(&text) {
                Some(message) => self.handle(message).await,
                None => self.refuse(close::BAD_REQUEST).await,
            },
            Message::Binary(_) => self.refuse(close::BAD_REQUEST).await,
            Message::Ping(_) | Message::Pong(_) => ControlFlow::Continue(()),
            Message::Close(_) => ControlFlow::Break(()),
        }
    }

    async fn refuse(&self, code: message::CloseCode) -> ControlFlow<()> {
        self.outbox.close(code).await;
        ControlFlow::Break(())
    }

    async fn handle(&mut self, message: ClientMessage) -> ControlFlow<()> {
        match message {
            ClientMessage::ConnectionInit { payload } => self.init(&payload).await,
            ClientMessage::Ping { payload } => going_on(self.outbox.send(message::pong(payload)).await),
            ClientMessage::Pong {} => ControlFlow::Continue(()),
            ClientMessage::Subscribe { id, payload } => self.subscribe(id, payload).await,
            ClientMessage::Complete { id } => {
                self.operations.abort(&id);
                ControlFlow::Continue(())
            }
        }
    }

    async fn init(&mut self, payload: &Map<String, Value>) -> ControlFlow<()> {
        if self.init_until.take().is_none() {
            return self.refuse(close::TOO_MANY_INIT).await;
        }
        let given = payload.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        let authorization = match given {
            Some((_, Value::String(value))) => Some(value.as_str()),
            // Something that is no text is no token, and not nobody.
            Some((_, value)) if !value.is_null() => Some("?"),
            _ => self.introduction.authorization.as_deref(),
        };
        let viewer = match self.shared.authenticator.authenticate(authorization).await {
            Ok(viewer) => viewer,
            Err(crate::auth::AuthError::Store(_)) => return self.refuse(close::TRY_AGAIN).await,
            Err(_) => return self.refuse(close::FORBIDDEN).await,
        };
        if self.introduction.place.give_to(caller_of(viewer.as_ref())).is_err() {
            return self.refuse(close::TRY_AGAIN).await;
        }
        self.expires_at = viewer.as_ref().and_then(expiry);
        self.viewer = Some(viewer);
        going_on(self.outbox.send(message::connection_ack()).await)
    }

    async fn subscribe(&mut self, id: String, payload: Map<String, Value>) -> ControlFlow<()> {
        let Some(viewer) = self.viewer.clone() else { return self.refuse(close::UNAUTHORIZED).await };
        // The protocol knows no request without `query`; nothing else is a matter of form.
        let Ok(params) = Params::from_value(Value::Object(payload)) else {
            return self.refuse(close::BAD_REQUEST).await;
        };
        if self.operations.is_running(&id) {
            self.outbox.close_with(4409, format!("Subscriber for {} already exists", shortened(&id))).await;
            return ControlFlow::Break(());
        }
        let request_id = new_request_id();
        if self.operations.count() >= self.shared.config.streams.operations {
            let message = "there are too many operations on this socket";
            let fault = Fault::one(FaultKind::Limit, ErrorCode::LimitExceeded, message);
            return going_on(self.outbox.send(message::error(&id, &fault.errors(&request_id))).await);
        }
        self.start(id, params, viewer, request_id);
        ControlFlow::Continue(())
    }

    fn start(&self, id: String, params: Params, viewer: Option<Viewer>, request_id: RequestId) {
        let span = tracing::info_span!("operation", request_id = request_id.as_str());
        let operation = Operation {
            shared: Arc::clone(&self.shared),
            outbox: self.outbox.clone(),
            id: id.clone(),
            request_id,
        };
        let operations = Arc::clone(&self.operations);
        let number = operations.numbers.fetch_add(1, Ordering::Relaxed);
        // Held until the task is known, so that it cannot end before.
        let mut running = self.operations.lock();
        let task = tokio::spawn(
            async move {
                let last = operation.run(params, viewer).await;
                // The id is free before the client learns that it is.
                if operations.end(&operation.id, number)
                    && let Ok(Some(last)) = last
                {
                    drop(operation.outbox.send(last).await);
                }
                operations.one_ended.notify_one();
            }
            .instrument(span),
        );
        running.insert(id, (number, task.abort_handle()));
    }

    /// Streams that end by themselves get the time to say where the client goes on.
    async fn say_goodbye(&self, stream: &mut SplitStream<WebSocket>, code: message::CloseCode) {
        let patience = Duration::from_millis(self.shared.config.streams.farewell_ms);
        let all_ended = async {
            while self.operations.count() > 0 {
                self.operations.one_ended.notified().await;
            }
        };
        // Read on, or the client's pongs and its close frame stay where they are.
        let gone = async { while let Some(Ok(_)) = stream.next().await {} };
        tokio::select! {
            () = all_ended => {}
            () = gone => {}
            () = tokio::time::sleep(patience) => {}
        }
        self.outbox.close(code).await;
    }
}

impl Operations {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, (u64, AbortHandle)>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_running(&self, id: &str) -> bool {
        self.lock().contains_key(id)
    }

    fn count(&self) -> usize {
        self.lock().len()
    }

    /// Whether it was still this operation that had the id.
    fn end(&self, id: &str, number: u64) -> bool {
        let mut running = self.lock();
        let is_it = running.get(id).is_some_and(|(running, _)| *running == number);
        if is_it {
            running.remove(id);
        }
        is_it
    }

    fn abort(&self, id: &str) {
        if let Some((_, task)) = self.lock().remove(id) {
            task.abort();
        }
    }

    fn abort_all(&self) {
        for (_, (_, task)) in self.lock().drain() {
            task.abort();
        }
    }
}

/// One operation of a socket.
struct Operation {
    shared: Arc<Shared>,
    outbox: Outbox,
    id: String,
    request_id: RequestId,
}

type Last = Result<Option<axum::extract::ws::Utf8Bytes>, Gone>;

impl Operation {
    /// Sends all answers but the last message, `complete` or `error`, which it returns.
    async fn run(&self, params: Params, viewer: Option<Viewer>) -> Last {
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
            let subscription = Subscription { engine, verdict, params, viewer, request_id };
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
        let quoted_id: Arc<str> = message::quoted(&self.id).into();
        while let Some(answer) = answers.next().await {
            if let Some(errors) = &answer.refusal {
                return Ok(Some(message::error(&self.id, errors)));
            }
            self.outbox.send_next(Arc::clone(&quoted_id), answer).await?;
        }
        Ok(Some(message::complete(&self.id)))
    }
}

fn going_on(sent: Result<(), Gone>) -> ControlFlow<()> {
    if sent.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}

/// A close frame has room for 123 bytes.
fn shortened(id: &str) -> &str {
    &id[..id.floor_char_boundary(80)]
}

/// When the viewer's token expires, by the clock of timers.
pub(in super::super) fn expiry(viewer: &Viewer) -> Option<Instant> {
    let micros = u64::try_from(viewer.expires_at?.as_micros()).unwrap_or(0);
    let at = UNIX_EPOCH + Duration::from_micros(micros);
    let left = at.duration_since(SystemTime::now()).unwrap_or_default();
    Some(Instant::now() + left.min(FAR_AWAY))
}
