//! What is done once and not served: migrating, issuing tokens.

use std::fs::create_dir_all;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use data_inspector_domain::access::TokenScope;
use data_inspector_domain::time::Timestamp;
use data_inspector_platform::store::{NewToken, NewWorkspace, Store};

use super::configuration::Configuration;
use crate::auth::ApiToken;

/// A token that somebody asks for on the command line.
#[derive(Clone, Debug)]
pub struct NewTokenRequest {
    /// Name of its workspace, which is created if there is none of this name.
    pub workspace: String,
    /// What it is for.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<TokenScope>,
    /// How long it is valid.
    pub lifetime: Duration,
}

/// Brings the tables to this release.
pub async fn migrate(configuration: &Configuration) -> anyhow::Result<()> {
    let store = open(configuration).await?;
    store.close().await.context("cannot close the database")
}

/// A data folder that is not there yet is made, as serving would.
async fn open(configuration: &Configuration) -> anyhow::Result<Store> {
    let data_dir = &configuration.standalone.data_dir;
    if configuration.store.url.is_empty() {
        let made = create_dir_all(data_dir);
        made.with_context(|| format!("cannot make the data folder {}", data_dir.display()))?;
    }
    configuration.store.open_migrated(data_dir).await
}

/// Issues a token to the owner of a workspace. It is returned this once.
pub async fn create_token(
    configuration: &Configuration,
    request: NewTokenRequest,
) -> anyhow::Result<ApiToken> {
    let store = open(configuration).await?;
    let scope =
        match store.workspace_named(&request.workspace).await.context("cannot look for the workspace")? {
            Some(scope) => scope,
            None => {
                let workspace = NewWorkspace { name: request.workspace, owner_name: "Owner".to_owned() };
                store.create_workspace(workspace).await.context("cannot create the workspace")?
            }
        };
    let token = ApiToken::generate()?;
    let expires_at = SystemTime::now().duration_since(UNIX_EPOCH)? + request.lifetime;
    let expires_at = Timestamp::from_micros(i64::try_from(expires_at.as_micros())?);
    let new = NewToken { name: request.name, hash: token.hash(), scopes: request.scopes, expires_at };
    store.create_token(scope, new).await.context("cannot store the token")?;
    store.close().await.context("cannot close the database")?;
    Ok(token)
}
