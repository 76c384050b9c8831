//! The transport as clients meet it: a real server on a real port, with a small schema behind it.

mod http;
mod playground;
mod stream;
mod websocket;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_graphql::{Context, Object, Result, Schema, SimpleObject, Subscription};
use data_inspector_api::auth::{Anonymous, ApiToken, Authenticator};
use data_inspector_api::transport::{Engine, TransportConfig, TransportState, prompt, router};
use data_inspector_domain::access::TokenScope;
use data_inspector_domain::time::Timestamp;
use data_inspector_platform::store::{Clock, NewToken, NewWorkspace, Scope, Store, StoreConfig};
use futures_util::{Stream, StreamExt};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Long enough for anything that is going to happen; reached only by a failing test.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Default)]
pub(crate) struct Witness {
    /// A slow mutation has begun.
    begun: Notify,
    /// A slow mutation may end.
    go_on: Notify,
    ended: AtomicUsize,
    /// Streams that nobody has dropped yet.
    open_streams: AtomicUsize,
    changed: Notify,
}

struct Query;

#[derive(SimpleObject)]
struct Tick {
    number: i32,
    cursor: String,
}

struct Item;

#[Object]
impl Item {
    async fn name(&self) -> &str {
        "item"
    }
    async fn items(&self, first: Option<i32>) -> Vec<Item> {
        (0..first.unwrap_or(1)).map(|_| Item).collect()
    }
    async fn bad(&self) -> Result<i32> {
        Err("a secret of ours".into())
    }
}

#[Object]
impl Query {
    async fn hello(&self, name: Option<String>) -> String {
        format!("Hello {}", name.unwrap_or_else(|| "world".into()))
    }
    async fn nested(&self, v: Option<Vec<Vec<Vec<i32>>>>) -> usize {
        v.map_or(0, |v| v.len())
    }
    async fn items(&self, first: Option<i32>) -> Vec<Item> {
        (0..first.unwrap_or(1)).map(|_| Item).collect()
    }
    async fn maybe(&self) -> Option<Item> {
        Some(Item)
    }
    async fn never(&self) -> bool {
        std::future::pending().await
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn slow(&self, ctx: &Context<'_>) -> Result<i32> {
        let witness = ctx.data::<Arc<Witness>>()?;
        witness.begun.notify_one();
        witness.go_on.notified().await;
        witness.ended.fetch_add(1, Ordering::SeqCst);
        witness.changed.notify_waiters();
        Ok(1)
    }
}

struct Subscriptions;

struct Open(Arc<Witness>);

impl Open {
    fn new(witness: Arc<Witness>) -> Self {
        witness.open_streams.fetch_add(1, Ordering::SeqCst);
        witness.changed.notify_waiters();
        Self(witness)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open_streams.fetch_sub(1, Ordering::SeqCst);
        self.0.changed.notify_waiters();
    }
}

#[Subscription]
impl Subscriptions {
    /// Numbers after `after`, up to `to`.
    async fn ticks(&self, to: i32, after: Option<String>) -> impl Stream<Item = Tick> {
        let after: i32 = after.and_then(|after| after.parse().ok()).unwrap_or(0);
        let tick = |number: i32| Tick { number, cursor: number.to_string() };
        futures_util::stream::iter((after + 1..=to).map(tick))
    }

    /// One number, and then nothing for ever.
    async fn quiet(&self, ctx: &Context<'_>) -> Result<impl Stream<Item = i32> + use<>> {
        let witness = Arc::clone(ctx.data::<Arc<Witness>>()?);
        let open = Open::new(witness);
        let never = futures_util::stream::pending();
        Ok(futures_util::stream::iter([1]).chain(never).map(move |number| {
            let _ = &open;
            number
        }))
    }

    /// More than any buffer holds.
    async fn flood(&self, ctx: &Context<'_>) -> Result<impl Stream<Item = String> + use<>> {
        let witness = Arc::clone(ctx.data::<Arc<Witness>>()?);
        let open = Open::new(witness);
        Ok(futures_util::stream::repeat_with(move || {
            let _ = &open;
            "x".repeat(10_000)
        }))
    }
}

/// A client; it speaks plain HTTP, and its library wants to know who would encrypt.
pub(crate) fn client() -> reqwest::Client {
    // An error says that another test has said so already.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::new()
}

/// A server and what it has on its hands.
pub(crate) struct Server {
    pub(crate) address: std::net::SocketAddr,
    pub(crate) witness: Arc<Witness>,
    pub(crate) shutdown: CancellationToken,
    store: Store,
    scope: Scope,
    _dir: tempfile::TempDir,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(TransportConfig::default()).await
    }

    pub(crate) async fn with(config: TransportConfig) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}?mode=rwc", dir.path().join("store.sqlite").display());
        let store = Store::connect(&StoreConfig::new(url), Clock::Database).await.unwrap();
        store.migrate().await.unwrap();
        let owner = NewWorkspace { name: "Test".into(), owner_name: "Owner".into() };
        let scope = store.create_workspace(owner).await.unwrap();
        let witness = Arc::new(Witness::default());
        let schema = Schema::build(Query, Mutation, Subscriptions).data(Arc::clone(&witness)).finish();
        let shutdown = CancellationToken::new();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let listener = prompt(listener, config.streams.write_timeout());
        let state = TransportState {
            engine: Engine::new(schema),
            authenticator: Authenticator::new(store.clone(), Anonymous::FirstOwner),
            config,
            shutdown: shutdown.clone(),
        };
        let app = router(state).unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, witness, shutdown, store, scope, _dir: dir }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn url_with(&self, path: &str, query: &[(&str, &str)]) -> reqwest::Url {
        reqwest::Url::parse_with_params(&self.url(path), query).unwrap()
    }

    /// A token that works for a while.
    pub(crate) async fn token(&self, lifetime: Duration) -> String {
        self.new_token(lifetime, &[TokenScope::Read]).await
    }

    /// A token that may be used for something else, and works for long.
    pub(crate) async fn token_for(&self, scopes: &[TokenScope]) -> String {
        self.new_token(Duration::from_secs(600), scopes).await
    }

    async fn new_token(&self, lifetime: Duration, scopes: &[TokenScope]) -> String {
        let token = ApiToken::generate().unwrap();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let expires_at = Timestamp::from_micros((now + lifetime).as_micros() as i64);
        let scopes = scopes.to_vec();
        let new = NewToken { name: "test".into(), hash: token.hash(), scopes, expires_at };
        self.store.create_token(self.scope, new).await.unwrap();
        token.reveal().to_owned()
    }

    /// Waits until something is so.
    pub(crate) async fn until(&self, so: impl Fn(&Witness) -> bool) {
        let waiting = async {
            loop {
                let changed = self.witness.changed.notified();
                if so(&self.witness) {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("it comes to be so");
    }
}
