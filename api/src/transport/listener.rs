//! Connections as they are accepted.

use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio_io_timeout::TimeoutWriter;

/// Accepts connections on which small messages leave at once, rather than wait for others to go with them. One on which
/// nothing leaves for `write_timeout` fails, whatever is spoken on it: its reader does not read.
pub fn prompt(listener: TcpListener, write_timeout: Duration) -> impl Listener<Addr = SocketAddr> {
    Prompt { listener, write_timeout }
}

struct Prompt {
    listener: TcpListener,
    write_timeout: Duration,
}

impl Listener for Prompt {
    type Io = Pin<Box<TimeoutWriter<TcpStream>>>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (connection, address) = Listener::accept(&mut self.listener).await;
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(error = &error as &dyn std::error::Error, "a connection is served as it is");
        }
        let mut connection = TimeoutWriter::new(connection);
        connection.set_timeout(Some(self.write_timeout));
        (Box::pin(connection), address)
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}
