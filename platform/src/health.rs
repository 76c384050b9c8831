//! `/healthz`, `/readyz` and `/metrics` of a process that serves nothing else: a coordinator, a worker. Just enough of
//! HTTP/1.1 for whoever looks after containers: one GET per connection, a bounded head, a deadline.
//!
//! Not here: those of the API, which has a web server.

use std::error::Error;
use std::fmt::Write as _;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::blob::{BlobError, BlobErrorKind, BlobKey, BlobStore};
use crate::bus::{EventBus, Topic};
use crate::telemetry::Metrics;

/// How long a part may take to answer, and how long a caller may take to ask.
const PATIENCE: Duration = Duration::from_secs(3);
/// Bytes of the head of a request.
const MAX_HEAD: usize = 8 << 10;
/// Callers that are answered at once.
const MAX_CALLERS: usize = 16;
/// A key under which nothing is ever kept.
const NO_BLOB: &str = "readiness/no-such-blob";

/// The section `health` of a configuration.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthSettings {
    /// Address and port; port 0 takes a free one. Empty: nobody is answered.
    pub listen: String,
}

impl HealthSettings {
    /// Whether the address can be read.
    pub fn is_usable(&self) -> bool {
        self.listen.is_empty() || self.listen.parse::<SocketAddr>().is_ok()
    }

    /// Listens, if that is wanted.
    pub async fn bind(&self) -> std::io::Result<Option<TcpListener>> {
        if self.listen.is_empty() { Ok(None) } else { TcpListener::bind(&self.listen).await.map(Some) }
    }
}

type Answering = Pin<Box<dyn Future<Output = bool> + Send>>;

/// Something that has to answer before the process is ready.
#[derive(Clone)]
struct Part {
    name: &'static str,
    answers: Arc<dyn Fn() -> Answering + Send + Sync>,
}

/// How a process is.
#[derive(Clone)]
pub struct Health {
    parts: Vec<Part>,
    metrics: Metrics,
    draining: CancellationToken,
}

impl Health {
    /// A process that ends once `draining` is cancelled.
    pub fn new(metrics: Metrics, draining: CancellationToken) -> Self {
        Self { parts: Vec::new(), metrics, draining }
    }

    /// The process needs this to answer.
    #[must_use]
    pub fn with<E: Error + 'static, F>(
        mut self,
        name: &'static str,
        ask: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
    {
        let answers = Arc::new(move || -> Answering { Box::pin(answers(name, ask())) });
        self.parts.push(Part { name, answers });
        self
    }

    /// The process needs this bus.
    #[must_use]
    pub fn with_bus(self, bus: Arc<dyn EventBus>) -> Self {
        self.with("bus", move || {
            let bus = Arc::clone(&bus);
            async move { bus.partition_count(Topic::Tasks).await.map(drop) }
        })
    }

    /// The process needs these blobs.
    #[must_use]
    pub fn with_blobs(self, blobs: BlobStore) -> Self {
        self.with("blobs", move || {
            let blobs = blobs.clone();
            async move { look(&blobs).await }
        })
    }

    /// Answers until the listener breaks or the future is dropped.
    pub async fn serve(self, listener: TcpListener) -> std::io::Result<()> {
        let callers = Arc::new(Semaphore::new(MAX_CALLERS));
        loop {
            let (stream, _) = listener.accept().await?;
            let Ok(turn) = Arc::clone(&callers).acquire_owned().await else { return Ok(()) };
            let health = self.clone();
            tokio::spawn(async move {
                // Who asks and goes away, or never asks, gets nothing.
                let _ = timeout(3 * PATIENCE, health.answer(stream)).await;
                drop(turn);
            });
        }
    }

    async fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let Some(path) = asked_path(&mut stream).await? else {
            return reply(stream, "400 Bad Request", "text/plain", "expected GET\n").await;
        };
        match path.as_str() {
            "/healthz" => reply(stream, "200 OK", "text/plain", "alive\n").await,
            "/readyz" => {
                let (ready, body) = self.readiness().await;
                let status = if ready { "200 OK" } else { "503 Service Unavailable" };
                reply(stream, status, "application/json", &body).await
            }
            "/metrics" => reply(stream, "200 OK", Metrics::CONTENT_TYPE, &self.metrics.encode()).await,
            _ => {
                reply(stream, "404 Not Found", "text/plain", "there are /healthz, /readyz, /metrics\n").await
            }
        }
    }

    async fn readiness(&self) -> (bool, String) {
        let draining = self.draining.is_cancelled();
        let (mut ready, mut parts) = (!draining, String::new());
        for Part { name, answers } in &self.parts {
            let answers = answers().await;
            ready &= answers;
            let word = if answers { "answers" } else { "does not answer" };
            write!(parts, ",\"{name}\":\"{word}\"").expect("writing into a String does not fail");
        }
        (ready, format!("{{\"ready\":{ready},\"draining\":{draining}{parts}}}"))
    }
}

async fn look(blobs: &BlobStore) -> Result<(), BlobError> {
    let no_blob: BlobKey = NO_BLOB.parse().expect("the key is legal: a test asks with it");
    match blobs.open(&no_blob).await {
        Err(error) if error.kind == BlobErrorKind::NotFound => Ok(()),
        answer => answer.map(drop),
    }
}

async fn answers<E: Error>(what: &'static str, question: impl Future<Output = Result<(), E>>) -> bool {
    match timeout(PATIENCE, question).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::warn!(what, %error, "not ready");
            false
        }
        Err(_) => {
            tracing::warn!(what, "not ready: no answer in time");
            false
        }
    }
}

/// The path of a GET; `None` for anything else.
async fn asked_path(stream: &mut TcpStream) -> std::io::Result<Option<String>> {
    let mut head = Vec::with_capacity(1 << 10);
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        if head.len() >= MAX_HEAD || stream.read_buf(&mut head).await? == 0 {
            return Ok(None);
        }
    }
    let head = String::from_utf8_lossy(&head);
    let mut words = head.lines().next().unwrap_or_default().split(' ');
    let path = words.next().filter(|method| *method == "GET").and(words.next());
    Ok(path.map(|path| path.split('?').next().unwrap_or_default().to_owned()))
}

async fn reply(mut stream: TcpStream, status: &str, media_type: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::blob::ReadConfig;

    async fn ask(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn it_tells_whether_the_process_is_ready() {
        let (draining, broken) = (CancellationToken::new(), Arc::new(AtomicBool::new(false)));
        let asked = Arc::clone(&broken);
        let health = Health::new(Metrics::new("1"), draining.clone())
            .with_blobs(BlobStore::in_memory(ReadConfig::default()))
            .with("database", move || {
                let broken = asked.load(Ordering::SeqCst);
                async move { if broken { Err(std::io::Error::other("gone")) } else { Ok(()) } }
            });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(health.serve(listener));
        let get = async |path: &str| ask(address, &format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")).await;

        assert!(get("/healthz").await.ends_with("\r\n\r\nalive\n"));
        let ready = get("/readyz").await;
        assert!(ready.starts_with("HTTP/1.1 200 "), "{ready}");
        let expected = r#"{"ready":true,"draining":false,"blobs":"answers","database":"answers"}"#;
        assert!(ready.ends_with(expected), "{ready}");
        assert!(get("/metrics?x=1").await.contains("data_inspector_build_info"));
        assert!(get("/").await.starts_with("HTTP/1.1 404 "));
        assert!(ask(address, "POST /healthz HTTP/1.1\r\n\r\n").await.starts_with("HTTP/1.1 400 "));
        let long = "x".repeat(MAX_HEAD + 1);
        assert!(ask(address, &format!("GET /{long}")).await.starts_with("HTTP/1.1 400 "));

        broken.store(true, Ordering::SeqCst);
        let broken = get("/readyz").await;
        assert!(broken.starts_with("HTTP/1.1 503 ") && broken.contains("does not answer"), "{broken}");
        draining.cancel();
        assert!(get("/readyz").await.contains("\"draining\":true"));
        assert!(get("/healthz").await.starts_with("HTTP/1.1 200 "));
        serving.abort();
    }
}
