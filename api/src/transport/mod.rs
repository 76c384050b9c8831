//! How a GraphQL document comes and an answer goes: HTTP, `graphql-transport-ws` and server-sent events, all of
//! them behind one [`gate`].
//!
//! Not here: what a field means (`graphql`), who somebody is (`auth`), what is fanned out (`hub`).

mod answer;
mod cache;
mod engine;
mod fault;
pub mod gate;
mod groups;
mod guard;
mod http;
mod json;
mod listener;
mod negotiate;
mod places;
mod playground;
mod rate;
mod request;
mod stream;
mod trusted;
mod websocket;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

pub use self::engine::Engine;
pub use self::gate::{GateLimits, SchemaError};
pub use self::listener::prompt;
pub use self::rate::RateConfig;
pub use self::trusted::TrustedError;

use self::gate::{DocumentHash, Gate};
use self::groups::Groups;
use self::places::Places;
use self::rate::Rates;
use self::trusted::Trusted;
use crate::auth::Authenticator;
use crate::graphql::RequestId;

/// How requests are taken.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TransportConfig {
    /// What a document may be.
    pub gate: GateLimits,
    /// How much a caller may ask for.
    pub rate: RateConfig,
    /// Which edition of GraphQL over HTTP decides about the status of an answer.
    pub profile: Profile,
    /// Bytes of the body of a request.
    pub body_bytes: usize,
    /// Values in the JSON of a request, those of its variables included.
    pub body_values: usize,
    /// How long a request may take.
    pub timeout_ms: u64,
    /// Whether questions about the schema are answered.
    pub introspection: bool,
    /// Whether there is a playground.
    pub playground: bool,
    /// Origins, such as `https://app.example.com`, whose pages may send requests here.
    pub allowed_origins: Vec<String>,
    /// Answers only to the names of this machine. Must be on where nobody needs a token.
    pub loopback_only: bool,
    /// A JSON file of documents by their SHA-256: no others are executed. Empty: all are.
    pub trusted_documents: PathBuf,
    /// Streams and sockets.
    pub streams: StreamConfig,
}

/// How streams and sockets are kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StreamConfig {
    /// Sockets and streams that are open at once, all together.
    pub connections: usize,
    /// Of those, such as belong to one caller.
    pub connections_per_caller: usize,
    /// Operations of a socket that run at once.
    pub operations: usize,
    /// Bytes of a message from a client.
    pub message_bytes: usize,
    /// How long a client may take to introduce itself.
    pub init_timeout_ms: u64,
    /// After this long without a word a client is asked whether it is there, and again as long it may take to
    /// answer.
    pub ping_ms: u64,
    /// How long a connection may take nothing of what there is for it.
    pub write_timeout_ms: u64,
    /// How long operations have to end by themselves when the server stops, or a token expires.
    pub farewell_ms: u64,
}

/// An edition of GraphQL over HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// What the audits of `graphql-http` expect, and every client knows.
    #[default]
    Audits2025,
    /// The draft of August 2026: 422 for what does not fit the schema, 294 for answers with errors.
    Draft2026,
}

impl Default for TransportConfig {
    fn default() -> Self {
        Self {
            gate: GateLimits::default(),
            rate: RateConfig::default(),
            profile: Profile::default(),
            body_bytes: 1 << 20,
            body_values: 2_000,
            timeout_ms: 15_000,
            introspection: true,
            playground: true,
            allowed_origins: Vec::new(),
            loopback_only: false,
            trusted_documents: PathBuf::new(),
            streams: StreamConfig::default(),
        }
    }
}

impl Default for StreamConfig {
    fn default() -> Self {
        Self {
            connections: 10_000,
            connections_per_caller: 1_000,
            operations: 100,
            message_bytes: 256 << 10,
            init_timeout_ms: 3_000,
            ping_ms: 15_000,
            write_timeout_ms: 10_000,
            farewell_ms: 2_000,
        }
    }
}

impl StreamConfig {
    /// As a duration.
    pub fn write_timeout(&self) -> Duration {
        Duration::from_millis(self.write_timeout_ms)
    }
}

impl TransportConfig {
    fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}

/// What answers requests.
pub struct TransportState {
    /// What executes.
    pub engine: Engine,
    /// Who is calling.
    pub authenticator: Authenticator,
    /// How requests are taken.
    pub config: TransportConfig,
    /// Cancelled when the server stops: streams and sockets say goodbye.
    pub shutdown: CancellationToken,
}

struct Shared {
    engine: Engine,
    authenticator: Authenticator,
    gate: Gate,
    trusted: Trusted,
    rates: Rates,
    places: Arc<Places>,
    groups: Arc<Groups>,
    config: TransportConfig,
    shutdown: CancellationToken,
}

/// What is served is not fit to be.
#[derive(Debug, thiserror::Error)]
pub enum RouterError {
    /// Our schema is none: a defect.
    #[error("cannot read the schema")]
    Schema(#[from] SchemaError),
    /// The trusted documents are none.
    #[error("cannot use api.transport.trusted_documents")]
    Trusted(#[from] TrustedError),
}

/// The routes `/graphql`, `/graphql/ws`, `/graphql/stream` and, if it is wanted, `/playground`.
pub fn router(state: TransportState) -> Result<Router, RouterError> {
    let TransportState { engine, authenticator, config, shutdown } = state;
    let gate = Gate::try_new(engine.sdl(), config.gate.clone(), config.introspection)?;
    let trusted = Trusted::read(&config.trusted_documents)?;
    let rates = Rates::new(config.rate.clone());
    let places = Places::new(config.streams.connections, config.streams.connections_per_caller);
    let groups = Arc::default();
    let has_playground = config.playground;
    let shared =
        Arc::new(Shared { engine, authenticator, gate, trusted, rates, places, groups, config, shutdown });
    let router = Router::new()
        .route("/graphql", get(http::get).post(http::post))
        .route("/graphql/ws", get(websocket::upgrade))
        .route("/graphql/stream", get(stream::get).post(stream::post))
        .with_state(shared);
    Ok(if has_playground { router.merge(playground::router()) } else { router })
}

fn hash(document: &str) -> DocumentHash {
    Sha256::digest(document.as_bytes()).into()
}

/// A name for a request that has none. Names only have to differ among the lines of a log.
fn new_request_id() -> RequestId {
    let mut bytes = [0; 12];
    if getrandom::fill(&mut bytes).is_err() {
        return RequestId::new("req_unnamed");
    }
    let digits = crate::hex::encode(&bytes);
    RequestId::new(format!("req_{digits}"))
}
