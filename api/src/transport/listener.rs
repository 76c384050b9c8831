//! Connections as they are accepted.

use axum::serve::{Listener, ListenerExt};
use tokio::net::TcpListener;

/// Accepts connections on which small messages leave at once, rather than wait for others to go with them.
pub fn prompt(listener: TcpListener) -> impl Listener<Addr = std::net::SocketAddr> {
    listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(error = &error as &dyn std::error::Error, "a connection is served as it is");
        }
    })
}
