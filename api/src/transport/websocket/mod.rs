//! `graphql-transport-ws`: any number of operations on one socket.
//! <https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>
//!
//! One task reads, one runs each operation, and each writes what it has to say, in turn (`writer`): who produces faster
//! than the client reads waits, and a client that reads nothing is closed when a write has taken too long.
//!
//! A socket lasts longer than a token. The protocol has one `connection_init`; before its token expires, a client sends
//! the next in a `ping`: `{"type":"ping","payload":{"authorization":"Bearer di_…"}}`. It has to stand for the same
//! person with the same rights. The `pong` to it says that everything goes on; 4403, that nothing does.

mod message;
mod operation;
mod session;
mod writer;

use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::Response;

use self::message::close;
use super::http::{refused, request_id};
use super::negotiate::MediaType;
use super::{Shared, guard};

const PROTOCOL: &str = "graphql-transport-ws";
/// The library's buffers are 128 KiB, for each direction of each socket. Most messages are shorter than this; longer
/// ones take more than one read or write.
const BUFFER_BYTES: usize = 1 << 10;
/// Clients say little once they follow.
const READ_BUFFER_BYTES: usize = 256;

/// `GET /graphql/ws`.
pub(super) async fn upgrade(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let request_id = request_id(&headers);
    let allowed = guard::check_origin(&headers, &shared.config).and_then(|()| shared.places.take());
    let place = match allowed {
        Ok(place) => place,
        Err(fault) => return refused(MediaType::Json, &fault, &shared, &request_id),
    };
    let authorization = guard::authorization(&headers).map(str::to_owned);
    let message_bytes = shared.config.streams.message_bytes;
    upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES)
        // What is somewhat too large is read to its end: a connection that is dropped with something unread is
        // reset, and takes with it what the client should know.
        .max_message_size(2 * message_bytes)
        .max_frame_size(2 * message_bytes)
        .on_upgrade(async move |socket| {
            if socket.protocol().is_some() {
                session::run(socket, shared, request_id, session::Introduction { authorization, place })
                    .await;
            } else {
                refuse_protocol(socket).await;
            }
        })
}

async fn refuse_protocol(mut socket: WebSocket) {
    let (code, reason) = close::SUBPROTOCOL_NOT_ACCEPTABLE;
    // A client that is gone need not be told.
    drop(socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await);
}
