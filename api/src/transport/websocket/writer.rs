//! The task that writes to a socket, and the short queue before it.

use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures_util::SinkExt;
use futures_util::stream::SplitSink;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
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

/// What waits is shared with others who get the same; it is put together when it is written. A queue has room for 32 of
/// them from the start, so they are small.
enum Outgoing {
    Message(Box<Message>),
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
        self.queue.send(Outgoing::Message(Box::new(message))).await.map_err(|_| Gone)
    }
}

impl Outgoing {
    fn into_message(self) -> Message {
        match self {
            Self::Message(message) => *message,
            Self::Next(quoted_id, answer) => Message::Text(message::next(&quoted_id, &answer.payload)),
        }
    }
}

/// Starts the task. `over` is cancelled when nothing can be written any more.
pub(super) fn start(
    socket: SplitSink<WebSocket, Message>,
    over: CancellationToken,
) -> (Outbox, JoinHandle<()>) {
    let (queue, outgoing) = mpsc::channel(QUEUE);
    let task = tokio::spawn(async move {
        if let Err(error) = write(socket, outgoing).await {
            tracing::debug!(%error, "a client is gone, or does not read");
        }
        over.cancel();
    });
    (Outbox { queue }, task)
}

/// What waits goes out together: whoever is a little behind catches up in fewer steps. Nothing follows a close frame.
async fn write(
    mut socket: SplitSink<WebSocket, Message>,
    mut outgoing: mpsc::Receiver<Outgoing>,
) -> Result<(), axum::Error> {
    let mut waiting = Vec::new();
    while outgoing.recv_many(&mut waiting, QUEUE).await > 0 {
        for outgoing in waiting.drain(..) {
            let message = outgoing.into_message();
            let is_last = matches!(message, Message::Close(_));
            socket.feed(message).await?;
            if is_last {
                return socket.flush().await;
            }
        }
        socket.flush().await?;
    }
    Ok(())
}
