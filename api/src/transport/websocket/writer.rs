//! How a socket is written to: by whoever has something to say, in turn. Nothing is queued behind a client that does
//! not read: everybody who has something for it waits, and when a write has taken too long the socket is over.

use std::future::pending;
use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures_util::SinkExt;
use futures_util::stream::SplitSink;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::message::CloseCode;

/// The way to a client. Clones are the same way.
#[derive(Clone)]
pub(super) struct Outbox(Arc<Mutex<Way>>);

struct Way {
    socket: SplitSink<WebSocket, Message>,
    /// Nothing can be written any more: cancelled when that is so.
    over: CancellationToken,
    /// A close frame was sent, which nothing follows.
    is_closed: bool,
}

/// The client is gone, or does not read.
#[derive(Debug)]
pub(super) struct Gone;

impl Outbox {
    /// The way into a socket. `over` is cancelled when nothing can be written any more.
    pub(super) fn new(socket: SplitSink<WebSocket, Message>, over: CancellationToken) -> Self {
        Self(Arc::new(Mutex::new(Way { socket, over, is_closed: false })))
    }

    /// Sends a message, and what was put before.
    pub(super) async fn send(&self, text: Utf8Bytes) -> Result<(), Gone> {
        self.write(Message::Text(text)).await
    }

    /// Has a message ready to be sent with those that follow, or with the next flush.
    pub(super) async fn put(&self, text: Utf8Bytes) -> Result<(), Gone> {
        self.0.lock().await.put(Message::Text(text)).await
    }

    /// Sends what was put.
    pub(super) async fn flush(&self) -> Result<(), Gone> {
        self.0.lock().await.flush().await
    }

    /// Sends what was put; comes back only if that cannot be.
    pub(super) async fn flushed(&self) -> Gone {
        match self.flush().await {
            Ok(()) => pending().await,
            Err(gone) => gone,
        }
    }

    /// Asks whether the client is there.
    pub(super) async fn ping(&self) -> Result<(), Gone> {
        self.write(Message::Ping(axum::body::Bytes::new())).await
    }

    /// Closes the socket, after everything that was sent before.
    pub(super) async fn close(&self, (code, reason): CloseCode) {
        self.close_with(code, reason.into()).await;
    }

    /// The same with a reason that is made up.
    pub(super) async fn close_with(&self, code: u16, reason: Utf8Bytes) {
        drop(self.write(Message::Close(Some(CloseFrame { code, reason }))).await);
    }

    async fn write(&self, message: Message) -> Result<(), Gone> {
        let mut way = self.0.lock().await;
        way.put(message).await?;
        way.flush().await
    }
}

impl Way {
    async fn put(&mut self, message: Message) -> Result<(), Gone> {
        if self.is_closed {
            return Err(Gone);
        }
        let is_last = matches!(message, Message::Close(_));
        let fed = self.socket.feed(message).await;
        self.is_closed |= is_last;
        self.done(fed)
    }

    async fn flush(&mut self) -> Result<(), Gone> {
        let flushed = self.socket.flush().await;
        self.done(flushed)
    }

    fn done(&mut self, written: Result<(), axum::Error>) -> Result<(), Gone> {
        written.map_err(|error| {
            tracing::debug!(%error, "a client is gone, or does not read");
            self.is_closed = true;
            self.over.cancel();
            Gone
        })
    }
}
