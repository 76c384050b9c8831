//! What a resolver works with: the parts of the server, and who is asking.

use std::fmt;
use std::sync::OnceLock;

use async_graphql::Context;
use data_inspector_platform::blob::BlobStore;
use data_inspector_platform::store::{Scope, Store};
use tokio_util::task::TaskTracker;

use super::error::RequestError;
use super::loaders::Loaders;
use super::profile_cache::ProfileCache;
use super::server_info::Limits;
use crate::auth::{Right, Viewer};
use crate::expiry::Expiry;
use crate::grant::GrantSigner;
use crate::hub::Hub;

/// What the schema works with.
#[derive(Clone)]
pub struct Deps {
    /// Where state is.
    pub store: Store,
    /// Where profiles are, and what is uploaded.
    pub blobs: BlobStore,
    /// Who hears of changes.
    pub hub: Hub,
    /// What signs the URLs for uploads.
    pub grants: GrantSigner,
    /// How much a client may ask for.
    pub limits: Limits,
    /// Mutations that are running: wait for them before the process ends.
    pub mutations: TaskTracker,
}

/// Name of a request, by which it is found in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// A request by this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What belongs to one request: who asks, and what is read for them.
pub struct RequestContext {
    request_id: RequestId,
    viewer: Option<Viewer>,
    loaders: OnceLock<Loaders>,
    /// Of a socket, on which somebody may authenticate again.
    expiry: Option<Expiry>,
}

impl RequestContext {
    /// A request of somebody, or of nobody.
    pub fn new(request_id: RequestId, viewer: Option<Viewer>) -> Self {
        Self { request_id, viewer, loaders: OnceLock::new(), expiry: None }
    }

    /// The same on a socket, on which what they authenticated with may be renewed.
    pub fn expiring(mut self, expiry: Expiry) -> Self {
        self.expiry = Some(expiry);
        self
    }

    /// Its name.
    pub fn request_id(&self) -> &RequestId {
        &self.request_id
    }

    /// Who asks.
    pub fn viewer(&self) -> Option<&Viewer> {
        self.viewer.as_ref()
    }
}

/// Somebody who has a right. The store is reached through this, so that no field can forget to ask.
#[derive(Clone, Copy)]
pub(super) struct Caller<'a> {
    pub(super) deps: &'a Deps,
    pub(super) viewer: &'a Viewer,
    request: &'a RequestContext,
    profiles: &'a ProfileCache,
}

impl<'a> Caller<'a> {
    /// Whoever sent the request, if they have the right.
    pub(super) fn with(right: Right, ctx: &Context<'a>) -> Result<Self, RequestError> {
        let deps = ctx.data::<Deps>().map_err(|_| RequestError::unprepared("dependencies"))?;
        let profiles = ctx.data::<ProfileCache>().map_err(|_| RequestError::unprepared("profiles"))?;
        let request = ctx.data::<RequestContext>().map_err(|_| RequestError::unprepared("context"))?;
        let viewer = request.viewer().ok_or(RequestError::Unauthenticated)?;
        if viewer.may(right) {
            Ok(Self { deps, viewer, request, profiles })
        } else {
            Err(RequestError::Forbidden)
        }
    }

    /// Whoever sent the request, if they may look.
    pub(super) fn reading(ctx: &Context<'a>) -> Result<Self, RequestError> {
        Self::with(Right::Read, ctx)
    }

    /// Whoever sent the request, if they may upload and inspect.
    pub(super) fn writing(ctx: &Context<'a>) -> Result<Self, RequestError> {
        Self::with(Right::Write, ctx)
    }

    pub(super) fn scope(&self) -> Scope {
        self.viewer.scope
    }

    pub(super) fn store(&self) -> &'a Store {
        &self.deps.store
    }

    pub(super) fn profiles(&self) -> &'a ProfileCache {
        self.profiles
    }

    pub(super) fn load(&self) -> &'a Loaders {
        self.request.loaders.get_or_init(|| Loaders::new(self.deps.store.clone(), self.scope()))
    }

    /// Whether values in files are shown to them.
    pub(super) fn sees_values(&self) -> bool {
        self.viewer.may(Right::SeeValues)
    }

    /// When what they authenticated with expires, for streams, which last.
    pub(super) fn expiry(&self) -> Expiry {
        self.request.expiry.clone().unwrap_or_else(|| Expiry::of(Some(self.viewer)))
    }
}
