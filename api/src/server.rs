//! The API as a process serves it: GraphQL, the route for blocks, health and metrics, on one listener.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use data_inspector_platform::blob::BlobStore;
use data_inspector_platform::bus::{BusError, EventBus, Topic};
use data_inspector_platform::config::Secret;
use data_inspector_platform::health::Health;
use data_inspector_platform::store::Store;
use data_inspector_platform::telemetry::Metrics;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::{Anonymous, Authenticator};
use crate::blocks::{Blocks, BlocksConfig};
use crate::grant::{GrantSecret, GrantSigner};
use crate::graphql::{self, Limits};
use crate::hub::{Hub, HubConfig};
use crate::transport::{self, Engine, RouterError, TransportConfig, TransportState};

/// What the API needs.
pub struct Deps {
    /// Where state is kept; its tables have been migrated.
    pub store: Store,
    /// Where updates come from.
    pub bus: Arc<dyn EventBus>,
    /// Where blocks go and profiles are.
    pub blobs: BlobStore,
    /// What is shown at `/metrics`.
    pub metrics: Metrics,
    /// Who a caller without a token is.
    pub anonymous: Anonymous,
}

/// How the API is served.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiConfig {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How clients reach it; empty: at the address it is served on.
    pub public_url: String,
    /// What upload URLs are signed with, 64 hexadecimal digits; empty: made anew at each start.
    pub grant_secret: Secret,
    /// How long an upload URL is valid.
    pub grant_lifetime_ms: u64,
    /// Largest file, in bytes.
    pub max_file_bytes: u64,
    /// Size below which no block of an upload is, in bytes.
    pub smallest_block_bytes: u64,
    /// How long an upload may take.
    pub upload_lifetime_ms: u64,
    /// Bytes of profiles that are kept in memory.
    pub profile_cache_bytes: u64,
    /// How long open requests may take to end when the process does.
    pub drain_ms: u64,
    /// Receiving blocks.
    pub blocks: BlocksConfig,
    /// Fanning events out.
    pub hub: HubConfig,
    /// Taking requests.
    pub transport: TransportConfig,
}

impl Default for ApiConfig {
    fn default() -> Self {
        let limits = Limits::default();
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: String::new(),
            grant_secret: Secret::default(),
            grant_lifetime_ms: 3_600_000,
            max_file_bytes: limits.file_bytes,
            smallest_block_bytes: limits.smallest_block_bytes,
            upload_lifetime_ms: limits.upload_seconds * 1000,
            profile_cache_bytes: limits.profile_cache_bytes,
            drain_ms: 10_000,
            blocks: BlocksConfig::default(),
            hub: HubConfig::default(),
            transport: TransportConfig::default(),
        }
    }
}

/// Why the API is not served.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The bus does not let it listen.
    #[error("cannot follow what happens")]
    Bus(#[from] BusError),
    /// What is served is not fit to be.
    #[error("cannot serve GraphQL")]
    Router(#[from] RouterError),
    /// There is no randomness to sign upload URLs with.
    #[error("cannot make a secret: no randomness")]
    Randomness,
    /// The secret is none.
    #[error("api.grant_secret must be 64 hexadecimal digits")]
    GrantSecret,
    /// The listener broke.
    #[error("cannot serve")]
    Serve(#[from] std::io::Error),
}

/// Serves until `shutdown`, then says goodbye to subscribers and lets requests end. `on_ready` is called once nothing
/// can keep it from serving any more.
pub async fn run(
    deps: Deps,
    config: ApiConfig,
    listener: TcpListener,
    shutdown: CancellationToken,
    on_ready: impl FnOnce(),
) -> Result<(), ServerError> {
    let address = listener.local_addr()?;
    let grants = config.grant_signer(address)?;
    let (hub, pump) =
        Hub::open(deps.store.clone(), Arc::clone(&deps.bus), config.hub.clone(), shutdown.clone()).await?;
    let pump = tokio::spawn(pump.run());
    let mutations = TaskTracker::new();
    let router = router(
        deps,
        &config,
        Serving { grants, hub, mutations: mutations.clone(), shutdown: shutdown.clone() },
    )?;

    on_ready();
    let serve = axum::serve(transport::prompt(listener, config.transport.streams.write_timeout()), router)
        .with_graceful_shutdown(shutdown.clone().cancelled_owned())
        .into_future();
    let deadline = async {
        shutdown.cancelled().await;
        tokio::time::sleep(Duration::from_millis(config.drain_ms)).await;
    };
    tokio::select! {
        served = serve => served?,
        () = deadline => tracing::warn!("open requests were cut off: they did not end in time"),
    }
    mutations.close();
    mutations.wait().await;
    pump.abort();
    Ok(())
}

struct Serving {
    grants: GrantSigner,
    hub: Hub,
    mutations: TaskTracker,
    shutdown: CancellationToken,
}

fn router(deps: Deps, config: &ApiConfig, serving: Serving) -> Result<Router, ServerError> {
    let Deps { store, bus, blobs, metrics, anonymous } = deps;
    let Serving { grants, hub, mutations, shutdown } = serving;
    let answers = Arc::default();
    store.register_metrics(&metrics);
    blobs.register_metrics(&metrics);
    crate::metrics::register(&metrics, &hub, Arc::clone(&answers));
    let health = Health::new(metrics, shutdown.clone())
        .with_store(store.clone())
        .with_bus(bus, Topic::Updates)
        .with_blobs(blobs.clone());
    let blocks = Blocks::new(store.clone(), blobs.clone(), grants.clone(), config.blocks.clone());
    let authenticator = Authenticator::new(store.clone(), anonymous);
    let schema =
        graphql::schema(graphql::Deps { store, blobs, hub, grants, limits: config.limits(), mutations });
    // Pages that have got hold of a name for this machine must not be taken for its owner.
    let loopback_only = config.transport.loopback_only || anonymous == Anonymous::FirstOwner;
    let transport = TransportState {
        engine: Engine::new(schema),
        authenticator,
        config: TransportConfig { loopback_only, ..config.transport.clone() },
        shutdown,
    };
    let router = transport::router(transport)?.merge(blocks.routes()).merge(health.routes());
    Ok(router.layer(from_fn_with_state(answers, crate::metrics::count)))
}

impl ApiConfig {
    fn limits(&self) -> Limits {
        Limits {
            file_bytes: self.max_file_bytes,
            smallest_block_bytes: self.smallest_block_bytes,
            upload_seconds: self.upload_lifetime_ms / 1000,
            profile_cache_bytes: self.profile_cache_bytes,
        }
    }

    fn grant_signer(&self, address: SocketAddr) -> Result<GrantSigner, ServerError> {
        let secret = if self.grant_secret.is_empty() {
            GrantSecret::generate().map_err(|_| ServerError::Randomness)?
        } else {
            GrantSecret::new(
                crate::hex::decode_32(self.grant_secret.expose()).ok_or(ServerError::GrantSecret)?,
            )
        };
        let served_at = format!("http://{}", reachable(address));
        let public_url = if self.public_url.is_empty() { &served_at } else { &self.public_url };
        Ok(GrantSigner::new(secret, public_url, Duration::from_millis(self.grant_lifetime_ms)))
    }

    /// The secret is empty or 64 hexadecimal digits.
    pub fn has_usable_grant_secret(&self) -> bool {
        self.grant_secret.is_empty() || crate::hex::decode_32(self.grant_secret.expose()).is_some()
    }
}

/// Nobody can connect to "all addresses"; on this machine its loopback is one of them.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::from(([127, 0, 0, 1], address.port())),
        IpAddr::V6(ip) if ip.is_unspecified() => {
            SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, address.port()))
        }
        _ => address,
    }
}
