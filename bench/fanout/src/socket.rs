//! As little of a WebSocket client as measures a server: text, pings, and the end.

use std::net::SocketAddr;

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;

/// Bytes the kernel keeps for a client that does not read.
const SMALL_WINDOW: u32 = 4 << 10;

/// How much the kernel keeps for a client.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Window {
    /// As much as it likes.
    Usual,
    /// Next to nothing: who does not read is soon noticed.
    Small,
}

/// One connection that speaks `graphql-transport-ws`.
pub(crate) struct Socket {
    stream: TcpStream,
    /// What was read and not yet taken.
    buffer: Vec<u8>,
    /// Bytes of the buffer that the last message took.
    taken: usize,
}

impl Socket {
    pub(crate) async fn open(
        address: SocketAddr,
        path: &str,
        token: &str,
        window: Window,
    ) -> anyhow::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        if window == Window::Small {
            socket.set_recv_buffer_size(SMALL_WINDOW)?;
        }
        let mut stream = socket.connect(address).await.context("cannot connect")?;
        stream.set_nodelay(true)?;
        let authorization =
            if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OUFCQ0RFRg==\r\n\
             Sec-WebSocket-Protocol: graphql-transport-ws\r\n{authorization}\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut opened = Self { stream, buffer: Vec::with_capacity(1024), taken: 0 };
        opened.read_head().await?;
        Ok(opened)
    }

    async fn read_head(&mut self) -> anyhow::Result<()> {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.buffer[..end]);
                ensure!(head.starts_with("HTTP/1.1 101"), "no socket: {head}");
                self.taken = end + 4;
                return Ok(());
            }
            ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "closed before it was open");
        }
    }

    pub(crate) async fn say(&mut self, text: &str) -> anyhow::Result<()> {
        self.write(TEXT, text.as_bytes()).await
    }

    /// The next text, or nothing once the server has closed.
    pub(crate) async fn hear(&mut self) -> anyhow::Result<Option<&[u8]>> {
        self.buffer.drain(..std::mem::take(&mut self.taken));
        loop {
            let Some((opcode, start, end)) = frame(&self.buffer) else {
                if self.stream.read_buf(&mut self.buffer).await? == 0 {
                    return Ok(None);
                }
                continue;
            };
            match opcode {
                TEXT => {
                    self.taken = end;
                    return Ok(Some(&self.buffer[start..end]));
                }
                CLOSE => return Ok(None),
                PING => {
                    let payload = self.buffer[start..end].to_vec();
                    self.write(PONG, &payload).await?;
                }
                _ => {}
            }
            self.buffer.drain(..end);
        }
    }

    /// Whether the server has closed the connection, once everything that is on its way has been read.
    pub(crate) async fn closes_within(mut self, patience: std::time::Duration) -> bool {
        let reading = async { while let Ok(Some(_)) = self.hear().await {} };
        tokio::time::timeout(patience, reading).await.is_ok()
    }

    /// A client has to mask; with zeros the bytes stay as they are.
    async fn write(&mut self, opcode: u8, payload: &[u8]) -> anyhow::Result<()> {
        let mut frame = vec![0x80 | opcode];
        match payload.len() {
            length @ 0..126 => frame.push(0x80 | length as u8),
            length => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(length).context("too long a message")?.to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(payload);
        Ok(self.stream.write_all(&frame).await?)
    }
}

/// What the first frame is, and where its payload is; nothing if it is not whole.
fn frame(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (first, second) = (*bytes.first()?, *bytes.get(1)?);
    let (start, length) = match second & 0x7F {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?),
        length => (2, usize::from(length)),
    };
    (bytes.len() >= start + length).then_some((first & 0x0F, start, start + length))
}
