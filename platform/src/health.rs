//! Whether a process lives, whether it can serve, and its numbers: `/healthz`, `/readyz`, `/metrics`. A process with a
//! web server of its own adds the routes; a coordinator or a worker has them served here.

use std::error::Error;
use std::fmt::Write as _;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use futures_util::future::join_all;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::blob::{BlobError, BlobErrorKind, BlobKey, BlobStore};
use crate::bus::{EventBus, Topic};
#[cfg(feature = "store")]
use crate::store::Store;
#[cfg(feature = "store")]
use crate::telemetry::MetricName;
use crate::telemetry::Metrics;

/// How long a part may take to answer, and how long a caller may take to ask.
const PATIENCE: Duration = Duration::from_secs(3);
/// Bytes of the head of a request; the least that hyper takes.
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
#[cfg(feature = "store")]
type Backlog = (Store, Arc<std::sync::atomic::AtomicU64>);

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
    /// The messages that wait to be published: the database is asked when somebody looks.
    #[cfg(feature = "store")]
    backlog: Option<Backlog>,
}

impl Health {
    /// A process that ends once `draining` is cancelled.
    pub fn new(metrics: Metrics, draining: CancellationToken) -> Self {
        Self {
            parts: Vec::new(),
            metrics,
            draining,
            #[cfg(feature = "store")]
            backlog: None,
        }
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

    /// The process needs this database. Its metrics tell how many messages wait there to be published.
    #[cfg(feature = "store")]
    #[must_use]
    pub fn with_store(mut self, store: Store) -> Self {
        let waiting = Arc::<std::sync::atomic::AtomicU64>::default();
        let read = Arc::clone(&waiting);
        let help = "Messages that are committed and not published yet";
        self.metrics.gauge(MetricName { name: "outbox_backlog", help }, move || {
            read.load(std::sync::atomic::Ordering::Relaxed)
        });
        self.backlog = Some((store.clone(), waiting));
        self.with("database", move || {
            let store = store.clone();
            async move { store.ping().await }
        })
    }

    /// The process needs this topic of the bus.
    #[must_use]
    pub fn with_bus(self, bus: Arc<dyn EventBus>, topic: Topic) -> Self {
        self.with("bus", move || {
            let bus = Arc::clone(&bus);
            async move { bus.partition_count(topic).await.map(drop) }
        })
    }

    /// The process needs these blobs.
    #[must_use]
    pub fn with_blobs(self, blobs: BlobStore) -> Self {
        self.with("blobs", move || {
            let blobs = blobs.clone();
            async move { open_nothing(&blobs).await }
        })
    }

    /// The three routes.
    pub fn routes(self) -> Router {
        let ready = async |State(health): State<Self>| {
            let (ready, body) = health.readiness().await;
            let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            (status, [(header::CONTENT_TYPE, "application/json")], body)
        };
        let metrics = async |State(health): State<Self>| {
            health.look().await;
            ([(header::CONTENT_TYPE, Metrics::CONTENT_TYPE)], health.metrics.encode()).into_response()
        };
        Router::new()
            .route("/healthz", get(async || "alive\n"))
            .route("/readyz", get(ready))
            .route("/metrics", get(metrics))
            .with_state(self)
    }

    /// Serves the routes, one request per connection, until the future is dropped.
    pub async fn serve(self, listener: TcpListener) {
        let callers = Arc::new(Semaphore::new(MAX_CALLERS));
        let service = TowerToHyperService::new(self.routes());
        loop {
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                // Out of files, or whoever came is gone again. Health has to be told all the same.
                Err(error) => {
                    tracing::warn!(%error, "a connection that asks for health was not accepted");
                    tokio::time::sleep(PATIENCE).await;
                    continue;
                }
            };
            let Ok(turn) = Arc::clone(&callers).acquire_owned().await else { return };
            let mut server = http1::Builder::new();
            server.keep_alive(false).max_buf_size(MAX_HEAD);
            let answering = server.serve_connection(TokioIo::new(stream), service.clone());
            tokio::spawn(async move {
                // Who asks and goes away, or never asks, gets nothing.
                let _ = timeout(3 * PATIENCE, answering).await;
                drop(turn);
            });
        }
    }

    /// Takes in what is only known when somebody asks.
    async fn look(&self) {
        #[cfg(feature = "store")]
        if let Some((store, waiting)) = &self.backlog
            && let Ok(Ok(count)) = timeout(PATIENCE, store.outbox_backlog()).await
        {
            waiting.store(count, std::sync::atomic::Ordering::Relaxed);
        }
    }

    async fn readiness(&self) -> (bool, String) {
        let draining = self.draining.is_cancelled();
        let (mut ready, mut parts) = (!draining, String::new());
        let answers = join_all(self.parts.iter().map(|part| (part.answers)())).await;
        for (Part { name, .. }, answers) in self.parts.iter().zip(answers) {
            ready &= answers;
            let word = if answers { "answers" } else { "does not answer" };
            write!(parts, ",\"{name}\":\"{word}\"").expect("writing into a String does not fail");
        }
        (ready, format!("{{\"ready\":{ready},\"draining\":{draining}{parts}}}"))
    }
}

async fn open_nothing(blobs: &BlobStore) -> Result<(), BlobError> {
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

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
        let posted = ask(address, "POST /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert!(posted.starts_with("HTTP/1.1 405 "), "{posted}");
        let long = "x".repeat(MAX_HEAD + 1);
        let refused = ask(address, &format!("GET / HTTP/1.1\r\nx: {long}")).await;
        assert!(refused.starts_with("HTTP/1.1 431 "), "{refused}");

        broken.store(true, Ordering::SeqCst);
        let broken = get("/readyz").await;
        assert!(broken.starts_with("HTTP/1.1 503 ") && broken.contains("does not answer"), "{broken}");
        draining.cancel();
        assert!(get("/readyz").await.contains("\"draining\":true"));
        assert!(get("/healthz").await.starts_with("HTTP/1.1 200 "));
        serving.abort();
    }
}
