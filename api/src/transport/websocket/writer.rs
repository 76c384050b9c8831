//! The task that writes to a socket, and the short queue before it.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures_util::SinkExt;
use futures_util::stream::SplitSink;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::super::answer::Answer;
use super::message::{self, CloseCode};

/// Messages that wait to be written, all operations of a socket together.
const QUEUE: usize = 8;

/// The way to a client. Clones are the same way.
#[derive(Clone)]
pub(super) struct Outbox {
    queue: mpsc::Sender<Outgoing>,
}

/// What waits is shared with others who get the same; it is put together when it is written.
enum Outgoing {
    Message(Message),
    /// To the operation with this id, which is JSON.
    Next(Arc<str>, Arc<Answer>),
}

/// The client is gone, or does not read.
#[derive(Debug)]
pub(super) struct Gone;

impl Outbox {
    /// Sends a message, in its turn.
    pub(super) async fn send(&self, text: Utf8Bytes) -> Result<(), Gone> {
        self.put(Message::Text(text)).await
    }

    /// Sends an answer to the operation with an id, which is JSON.
    pub(super) async fn send_next(&self, quoted_id: Arc<str>, answer: Arc<Answer>) -> Result<(), Gone> {
        self.queue.send(Outgoing::Next(quoted_id, answer)).await.map_err(|_| Gone)
    }

    /// Asks whether the client is there.
    pub(super) async fn ping(&self) -> Result<(), Gone> {
        self.put(Message::Ping(axum::body::Bytes::new())).await
    }

    /// Closes the socket, after everything that was sent before.
    pub(super) async fn close(&self, (code, reason): CloseCode) {
        let frame = CloseFrame { code, reason: reason.into() };
        drop(self.put(Message::Close(Some(frame))).await);
    }

    /// The same with a reason that is made up.
    pub(super) async fn close_with(&self, code: u16, reason: String) {
        drop(self.put(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await);
    }

    async fn put(&self, message: Message) -> Result<(), Gone> {
        self.queue.send(Outgoing::Message(message)).await.map_err(|_| Gone)
    }
}

impl Outgoing {
    fn into_message(self) -> Message {
        match self {
            Self::Message(message) => message,
            Self::Next(quoted_id, answer) => Message::Text(message::next(&quoted_id, &answer.payload)),
        }
    }
}

/// Starts the task. `over` is cancelled when nothing can be written any more.
pub(super) fn start(
    socket: SplitSink<WebSocket, Message>,
    deadline: Duration,
    over: CancellationToken,
) -> (Outbox, JoinHandle<()>) {
    let (queue, outgoing) = mpsc::channel(QUEUE);
    let task = tokio::spawn(async move {
        write(socket, outgoing, deadline).await;
        over.cancel();
    });
    (Outbox { queue }, task)
}

async fn write(
    mut socket: SplitSink<WebSocket, Message>,
    mut outgoing: mpsc::Receiver<Outgoing>,
    deadline: Duration,
) {
    let mut waiting = Vec::new();
    while outgoing.recv_many(&mut waiting, QUEUE).await > 0 {
        match write_all(&mut socket, &mut waiting, deadline).await {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => return,
            Err(error) => {
                tracing::debug!(%error, "a client is gone, or does not read and is closed");
                return;
            }
        }
    }
}

/// What waits goes out together: whoever is a little behind catches up in fewer steps. Each step has the deadline to
/// itself: a client that reads slowly is no client that does not read. Nothing follows a close frame.
async fn write_all(
    socket: &mut SplitSink<WebSocket, Message>,
    waiting: &mut Vec<Outgoing>,
    deadline: Duration,
) -> Result<ControlFlow<()>, axum::Error> {
    let mut flow = ControlFlow::Continue(());
    for outgoing in waiting.drain(..) {
        let message = outgoing.into_message();
        if matches!(message, Message::Close(_)) {
            flow = ControlFlow::Break(());
        }
        timeout(deadline, socket.feed(message)).await.map_err(axum::Error::new)??;
        if flow.is_break() {
            break;
        }
    }
    timeout(deadline, socket.flush()).await.map_err(axum::Error::new)??;
    Ok(flow)
}
