//! One socket: who it belongs to, and the operations that run on it.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use futures_util::stream::SplitStream;
use futures_util::{FutureExt, StreamExt};
use serde_json::{Map, Value};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::super::fault::{Fault, FaultKind};
use super::super::json::has_more_values;
use super::super::places::Place;
use super::super::rate::caller_of;
use super::super::request::Params;
use super::super::{Shared, new_request_id};
use super::message::{self, ClientMessage, close};
use super::operation::Operation;
use super::writer::{Gone, Outbox};
use crate::auth::Viewer;
use crate::expiry::{Expiry, Renewal};
use crate::graphql::{ErrorCode, RequestId};

/// How long the other side has to answer a close frame.
const LINGER: Duration = Duration::from_secs(1);

/// The operations of a socket.
#[derive(Default)]
struct Operations {
    running: Mutex<HashMap<String, (u64, JoinHandle<()>)>>,
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
    renewal: Renewal,
    expiry: Expiry,
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
    let outbox = Outbox::new(sink, over.clone());
    let now = Instant::now();
    let (renewal, expiry) = Renewal::new();
    let mut session = Session {
        shared,
        outbox,
        operations: Arc::default(),
        introduction,
        viewer: None,
        init_until: Some(now + Duration::from_millis(config.init_timeout_ms)),
        renewal,
        expiry,
        heard_at: now,
        asked: false,
    };
    session.serve(&mut stream, &over).instrument(span).await;
    session.operations.abort_all();
    drop(session);
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
                    Some(Err(error)) if message::is_too_big(&error) => self.refuse(close::TOO_BIG).await,
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
        [self.init_until, self.expiry.moment()].into_iter().flatten().fold(silence, Instant::min)
    }

    async fn deadline_passed(&mut self, stream: &mut SplitStream<WebSocket>) -> ControlFlow<()> {
        let now = Instant::now();
        if self.init_until.is_some_and(|until| until <= now) {
            // Perhaps it is we who are late, and have not read it yet.
            if let Some(Some(Ok(received))) = stream.next().now_or_never() {
                let flow = Box::pin(self.receive(received)).await;
                if flow.is_break() || self.init_until.is_none() {
                    return flow;
                }
            }
            self.outbox.close(close::INIT_TIMEOUT).await;
            return ControlFlow::Break(());
        }
        if self.expiry.moment().is_some_and(|moment| moment <= now) {
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
            Message::Text(text) if text.len() > self.shared.config.streams.message_bytes => {
                self.refuse(close::TOO_BIG).await
            }
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
            // Once for each socket, and larger than all else: not a part of what the socket is.
            ClientMessage::ConnectionInit { payload } => Box::pin(self.init(&payload)).await,
            ClientMessage::Ping { payload } => match authorization_in(payload.as_ref()) {
                // Not said back: it is a secret.
                Some(authorization) => Box::pin(self.renew(authorization)).await,
                None => going_on(self.outbox.send(message::pong(payload)).await),
            },
            ClientMessage::Pong {} => ControlFlow::Continue(()),
            ClientMessage::Subscribe { id, payload } => self.subscribe(id, payload).await,
            ClientMessage::Complete { id } => {
                self.operations.abort(&id).await;
                // It may have been writing.
                going_on(self.outbox.flush().await)
            }
        }
    }

    async fn init(&mut self, payload: &Map<String, Value>) -> ControlFlow<()> {
        if self.init_until.take().is_none() {
            return self.refuse(close::TOO_MANY_INIT).await;
        }
        let given = authorization_of(payload);
        let authorization = given.or(self.introduction.authorization.as_deref());
        let viewer = match self.shared.authenticator.authenticate(authorization).await {
            Ok(viewer) => viewer,
            Err(crate::auth::AuthError::Store(_)) => return self.refuse(close::TRY_AGAIN).await,
            Err(_) => return self.refuse(close::FORBIDDEN).await,
        };
        if self.introduction.place.give_to(caller_of(viewer.as_ref())).is_err() {
            return self.refuse(close::TRY_AGAIN).await;
        }
        self.renewal.put_off(viewer.as_ref());
        self.viewer = Some(viewer);
        going_on(self.outbox.send(message::connection_ack()).await)
    }

    /// Takes another token for the same person with the same rights, before the one that is in use expires. What runs
    /// goes on.
    async fn renew(&mut self, authorization: &str) -> ControlFlow<()> {
        let Some(viewer) = &self.viewer else { return self.refuse(close::UNAUTHORIZED).await };
        let renewed = match self.shared.authenticator.authenticate(Some(authorization)).await {
            Ok(renewed) => renewed,
            Err(crate::auth::AuthError::Store(_)) => return self.refuse(close::TRY_AGAIN).await,
            Err(_) => return self.refuse(close::FORBIDDEN).await,
        };
        if !is_same(viewer.as_ref(), renewed.as_ref()) {
            return self.refuse(close::FORBIDDEN).await;
        }
        self.renewal.put_off(renewed.as_ref());
        self.viewer = Some(renewed);
        going_on(self.outbox.send(message::pong(None)).await)
    }

    async fn subscribe(&mut self, id: String, payload: Map<String, Value>) -> ControlFlow<()> {
        let Some(viewer) = self.viewer.clone() else { return self.refuse(close::UNAUTHORIZED).await };
        // The protocol knows no request without `query`; nothing else is a matter of form.
        let Ok(params) = Params::from_value(Value::Object(payload)) else {
            return self.refuse(close::BAD_REQUEST).await;
        };
        if self.operations.is_running(&id) {
            let reason = format!("Subscriber for {} already exists", shortened(&id));
            self.outbox.close_with(4409, reason.into()).await;
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
            expiry: self.expiry.clone(),
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
        running.insert(id, (number, task));
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
    fn lock(&self) -> MutexGuard<'_, HashMap<String, (u64, JoinHandle<()>)>> {
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

    /// Ends an operation; it has ended after that.
    async fn abort(&self, id: &str) {
        let running = self.lock().remove(id);
        if let Some((_, task)) = running {
            task.abort();
            // That it was aborted is no news.
            drop(task.await);
        }
    }

    fn abort_all(&self) {
        for (_, (_, task)) in self.lock().drain() {
            task.abort();
        }
    }
}

/// What stands for an `Authorization` header in a payload.
fn authorization_of(payload: &Map<String, Value>) -> Option<&str> {
    let (_, value) = payload.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"))?;
    match value {
        Value::Null => None,
        Value::String(value) => Some(value),
        // Something that is no text is no token, and not nobody.
        _ => Some("?"),
    }
}

fn authorization_in(payload: Option<&Value>) -> Option<&str> {
    authorization_of(payload?.as_object()?)
}

/// The same person with the same rights, whatever they authenticated with.
fn is_same(one: Option<&Viewer>, other: Option<&Viewer>) -> bool {
    let known = |viewer: &Viewer| (viewer.scope, viewer.role, viewer.scopes.clone());
    one.map(known) == other.map(known)
}

fn going_on(sent: Result<(), Gone>) -> ControlFlow<()> {
    if sent.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}

/// A close frame has room for 123 bytes.
fn shortened(id: &str) -> &str {
    &id[..id.floor_char_boundary(80)]
}
