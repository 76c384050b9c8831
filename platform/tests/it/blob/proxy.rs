//! A line to the store with faults: passes requests on, one per connection, and spoils the answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What happens to an answer. Lengths are in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    Right,
    /// The line breaks after so many bytes, of the head as well.
    Cut(usize),
    /// So many bytes, and no more.
    Stall(usize),
    /// 503 with Retry-After.
    Busy,
    /// An honest 206 of fewer bytes than were asked for.
    Short(usize),
    /// A 206 that says it starts elsewhere.
    OtherRange,
    /// Another etag.
    OtherVersion,
    /// The answer comes in small pieces, with pauses shorter than the timeout.
    Trickle,
}

pub(super) struct Proxy {
    endpoint: String,
    requests: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// In front of an endpoint `http://HOST:PORT/ACCOUNT`. The last fault is that of all further answers.
    pub(super) async fn start(endpoint: &str, faults: &[Fault]) -> Self {
        let (host, account) = endpoint.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = format!("http://{}/{account}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let (host, faults, count) = (host.to_owned(), faults.to_vec(), Arc::clone(&requests));
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let at = count.fetch_add(1, Ordering::SeqCst);
                let fault = faults[at.min(faults.len() - 1)];
                // A line that breaks is what is wanted.
                tokio::spawn(pass_on(client, host.clone(), fault));
            }
        });
        Self { endpoint: own, requests, task }
    }

    pub(super) fn endpoint(&self) -> String {
        self.endpoint.clone()
    }

    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass_on(mut client: TcpStream, host: String, fault: Fault) -> std::io::Result<()> {
    let request = read_message(&mut client, true).await?;
    if matches!(fault, Fault::Busy) {
        let busy =
            "HTTP/1.1 503 Server Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        client.write_all(busy.as_bytes()).await?;
        return client.shutdown().await;
    }
    let mut server = TcpStream::connect(host).await?;
    server.write_all(&request).await?;
    let with_body = !request.starts_with(b"HEAD");
    let answer = closing(&read_message(&mut server, with_body).await?);
    let answer = spoiled(answer, fault);
    match fault {
        Fault::Cut(length) => client.write_all(&answer[..length.min(answer.len())]).await?,
        Fault::Stall(length) => {
            client.write_all(&answer[..length.min(answer.len())]).await?;
            // Until the client gives up.
            client.read_u8().await?;
        }
        Fault::Trickle => {
            let mut regularly = tokio::time::interval(Duration::from_millis(5));
            for piece in answer.chunks(answer.len() / 20 + 1) {
                regularly.tick().await;
                client.write_all(piece).await?;
            }
        }
        _ => client.write_all(&answer).await?,
    }
    client.shutdown().await
}

/// A head, and as many bytes as it says unless there is no body.
async fn read_message(stream: &mut TcpStream, with_body: bool) -> std::io::Result<Vec<u8>> {
    let mut message = Vec::new();
    while head_length(&message).is_none() {
        if stream.read_buf(&mut message).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    if !with_body {
        return Ok(message);
    }
    let head = head_length(&message).unwrap();
    let text = String::from_utf8_lossy(&message[..head]).to_ascii_lowercase();
    if text.contains("\r\ntransfer-encoding: chunked") {
        while !message.ends_with(b"0\r\n\r\n") {
            stream.read_buf(&mut message).await?;
        }
        return Ok(message);
    }
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
    let total = head + length.unwrap_or(0_usize);
    while message.len() < total {
        if stream.read_buf(&mut message).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(message)
}

fn head_length(message: &[u8]) -> Option<usize> {
    message.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

/// Rewrites the head of an answer line by line.
fn with_head(answer: &[u8], line: impl Fn(&str) -> String) -> Vec<u8> {
    let (head, body) = answer.split_at(head_length(answer).unwrap());
    let lines = std::str::from_utf8(head).unwrap().trim_end().lines().map(line);
    let head = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\r\n") + "\r\n\r\n";
    [head.as_bytes(), body].concat()
}

/// So that the next request has a connection, and a fault, of its own.
fn closing(answer: &[u8]) -> Vec<u8> {
    with_head(answer, |line| match line.split(':').next().map(str::to_ascii_lowercase).as_deref() {
        Some("connection") => "Connection: close".to_owned(),
        Some("keep-alive") => String::new(),
        _ => line.to_owned(),
    })
}

fn spoiled(answer: Vec<u8>, fault: Fault) -> Vec<u8> {
    let name = |line: &str| line.split(':').next().unwrap().to_ascii_lowercase();
    let shifted = |line: &str, start: u64, length: Option<u64>| {
        let (range, size) = line.split_once("bytes ").unwrap().1.split_once('/').unwrap();
        let (first, last) = range.split_once('-').unwrap();
        let first: u64 = first.parse::<u64>().unwrap() + start;
        let last = length.map_or(last.parse::<u64>().unwrap() + start, |length| first + length - 1);
        format!("Content-Range: bytes {first}-{last}/{size}")
    };
    match fault {
        Fault::OtherVersion => with_head(&answer, |line| match name(line).as_str() {
            "etag" => "ETag: \"other\"".to_owned(),
            _ => line.to_owned(),
        }),
        Fault::OtherRange => with_head(&answer, |line| match name(line).as_str() {
            "content-range" => shifted(line, 1, None),
            _ => line.to_owned(),
        }),
        Fault::Short(length) => {
            let mut short = with_head(&answer, |line| match name(line).as_str() {
                "content-range" => shifted(line, 0, Some(length as u64)),
                "content-length" => format!("Content-Length: {length}"),
                "transfer-encoding" => format!("Content-Length: {length}"),
                _ => line.to_owned(),
            });
            let head = head_length(&short).unwrap();
            short.truncate(head + length);
            short
        }
        _ => answer,
    }
}
