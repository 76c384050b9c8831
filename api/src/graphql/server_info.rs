//! What the server is and what it allows, for clients that have no token yet, too.

use async_graphql::{Context, Object, SimpleObject};

use super::context::Deps;
use super::error::RequestError;
use super::scalar::Long;

/// How much a client may ask for.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Largest file, in bytes.
    pub file_bytes: u64,
    /// Size below which no block is, in bytes.
    pub smallest_block_bytes: u64,
    /// How long an upload may take, in seconds.
    pub upload_seconds: u64,
    /// Bytes of profiles that are kept in memory.
    pub profile_cache_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 4 << 40,
            smallest_block_bytes: 8 << 20,
            upload_seconds: 7 * 24 * 3600,
            profile_cache_bytes: 64 << 20,
        }
    }
}

/// What the server is and what it allows.
#[derive(SimpleObject)]
struct ServerInfo {
    /// Its release.
    version: &'static str,
    /// Version of the engine's semantics: the same bytes and specification give the same profile under the same one.
    engine_version: u32,
    /// Size of the largest file, in bytes.
    max_file_bytes: Long,
    /// Most entries of a page.
    max_page_size: u32,
}

#[derive(Default)]
pub(super) struct ServerInfoQuery;

#[Object]
impl ServerInfoQuery {
    /// What the server is and what it allows. Needs no token.
    async fn server_info(&self, ctx: &Context<'_>) -> Result<ServerInfo, RequestError> {
        let deps = ctx.data::<Deps>().map_err(|_| RequestError::unprepared("dependencies"))?;
        Ok(ServerInfo {
            version: env!("CARGO_PKG_VERSION"),
            engine_version: data_inspector_domain::spec::ENGINE_VERSION,
            max_file_bytes: deps.limits.file_bytes.into(),
            max_page_size: 100,
        })
    }
}
