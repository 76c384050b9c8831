//! `graphql-transport-ws`: any number of operations on one socket.
//! <https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>
//!
//! One task reads, one writes, one runs each operation. They meet in one short queue: who produces faster than the
//! client reads waits there, and a client that reads nothing is closed when a write has taken too long.

mod message;
mod session;
mod writer;

use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::Response;

use self::message::close;
pub(super) use self::session::expiry;
use super::http::{refused, request_id};
use super::negotiate::MediaType;
use super::{Shared, guard};

const PROTOCOL: &str = "graphql-transport-ws";
/// The library's buffers are 128 KiB, for each direction of each socket.
const BUFFER_BYTES: usize = 4 << 10;

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
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES)
        .max_message_size(message_bytes)
        .max_frame_size(message_bytes)
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
