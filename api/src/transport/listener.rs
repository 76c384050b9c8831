//! Connections as they are accepted.

use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio_io_timeout::TimeoutWriter;

/// Bytes that the kernel takes ahead of what the network can carry. It would take megabytes, and a client that does not
/// read would cost them and be noticed only when they are full.
#[cfg(target_os = "linux")]
const UNSENT_BYTES: u32 = 64 << 10;

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
        if let Err(error) = set_options(&connection) {
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

fn set_options(connection: &TcpStream) -> std::io::Result<()> {
    connection.set_nodelay(true)?;
    // What is on its way is not bounded, so that a fast network stays fast.
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(connection).set_tcp_notsent_lowat(UNSENT_BYTES)?;
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;

    use tokio::io::AsyncWrite;
    use tokio::net::TcpSocket;

    use super::*;

    #[tokio::test]
    async fn little_is_kept_for_a_client_that_does_not_read() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpSocket::new_v4().unwrap();
        client.set_recv_buffer_size(4 << 10).unwrap();
        let address = listener.local_addr().unwrap();
        let mut listener = prompt(listener, Duration::from_secs(60));
        let (client, (mut server, _)) = tokio::join!(client.connect(address), listener.accept());
        let mut kept = 0;
        poll_fn(|context| {
            while let Poll::Ready(written) = Pin::new(&mut server).poll_write(context, &[0; 4 << 10]) {
                kept += written.unwrap();
            }
            Poll::Ready(())
        })
        .await;
        assert!((4 << 10..160 << 10).contains(&kept), "{kept} bytes are kept");
        drop(client);
    }
}
