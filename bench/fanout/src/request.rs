//! Requests over kept connections: how many a second, and how long each takes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::tally::{millis, per_second, percentile};

/// In a body, it is replaced by a number that no other request has.
const NUMBER: &str = "{number}";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[arg(long)]
    address: SocketAddr,
    #[arg(long, default_value = "/graphql")]
    path: String,
    #[arg(long, default_value = "")]
    token: String,
    /// JSON; `{number}` in it is a number that no other request has.
    #[arg(long)]
    body: String,
    #[arg(long, default_value_t = 16)]
    connections: u64,
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    arguments: Arc<Arguments>,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<Value> {
    let arguments = Arc::new(arguments);
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let numbers = Arc::new(AtomicU64::new(u64::try_from(now.as_micros())?));
    let until = Instant::now() + Duration::from_secs(arguments.seconds);
    let mut all = JoinSet::new();
    for _ in 0..arguments.connections {
        let stream = TcpStream::connect(arguments.address).await?;
        stream.set_nodelay(true)?;
        let connection = Connection { stream, buffer: Vec::new(), arguments: Arc::clone(&arguments) };
        all.spawn(connection.ask_until(until, Arc::clone(&numbers)));
    }
    let (mut micros, mut last) = (Vec::new(), String::new());
    while let Some(ended) = all.join_next().await {
        let (taken, answer) = ended??;
        micros.extend(taken);
        last = answer;
    }
    Ok(json!({
        "perSecond": per_second(micros.len() as u64, Duration::from_secs(arguments.seconds)),
        "p50Ms": millis(percentile(&mut micros, 50)),
        "p99Ms": millis(percentile(&mut micros, 99)),
        "answer": serde_json::from_str::<Value>(&last)?,
    }))
}

impl Connection {
    async fn ask_until(
        mut self,
        until: Instant,
        numbers: Arc<AtomicU64>,
    ) -> anyhow::Result<(Vec<u32>, String)> {
        let (mut micros, mut answer) = (Vec::new(), String::new());
        while Instant::now() < until {
            let number = numbers.fetch_add(1, Ordering::Relaxed).to_string();
            let body = self.arguments.body.replace(NUMBER, &number);
            let asked = Instant::now();
            answer = self.ask(&body).await?;
            micros.push(u32::try_from(asked.elapsed().as_micros())?);
            ensure!(!answer.contains("\"errors\":[{"), "{answer}");
        }
        Ok((micros, answer))
    }

    async fn ask(&mut self, body: &str) -> anyhow::Result<String> {
        let Arguments { address, path, token, .. } = &*self.arguments;
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nAccept: application/json\r\n\
             Authorization: Bearer {token}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        loop {
            if let Some(answer) = whole(&self.buffer)? {
                return Ok(answer);
            }
            ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "closed before it answered");
        }
    }
}

/// The body of an answer of which everything has come.
fn whole(bytes: &[u8]) -> anyhow::Result<Option<String>> {
    let Some(end) = bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return Ok(None) };
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    ensure!(head.starts_with("http/1.1 200"), "{}", String::from_utf8_lossy(bytes));
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.context("an answer without a length")?.trim().parse()?;
    let body = &bytes[end + 4..];
    Ok((body.len() >= length).then(|| String::from_utf8_lossy(&body[..length]).into_owned()))
}
