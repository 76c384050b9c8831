//! Who is calling, and what they may do: tokens, and whoever sits at the machine itself.
//!
//! Not here: where a token is found in a request (`transport`), what a field needs (`graphql`).

use std::fmt;

use data_inspector_domain::access::{Role, TokenScope};
use data_inspector_domain::id::TokenId;
use data_inspector_domain::time::Timestamp;
use data_inspector_platform::store::{Authenticated, Scope, Store, StoreError, TokenHash};
use sha2::{Digest, Sha256};

use crate::hex;

/// What a token starts with, so that it is recognised where it should not be, such as in a repository.
const TOKEN_PREFIX: &str = "di_";

/// A token for the API: 256 random bits. It is shown once; the store has its hash only.
#[derive(Clone)]
pub struct ApiToken(String);

/// The operating system has no randomness to give.
#[derive(Debug, thiserror::Error)]
#[error("cannot make a token: no randomness")]
pub struct RandomnessError(#[source] getrandom::Error);

impl ApiToken {
    /// A new token that nobody can guess.
    pub fn generate() -> Result<Self, RandomnessError> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(RandomnessError)?;
        Ok(Self(format!("{TOKEN_PREFIX}{}", hex::encode(&secret))))
    }

    /// The token in an `Authorization` header, or in what stands for one on a socket.
    pub fn from_authorization(value: &str) -> Result<Self, AuthError> {
        let (scheme, token) = value.trim().split_once(' ').ok_or(AuthError::Malformed)?;
        let token = token.trim();
        let secret = token.strip_prefix(TOKEN_PREFIX).ok_or(AuthError::Malformed)?;
        if !scheme.eq_ignore_ascii_case("bearer") || hex::decode_32(secret).is_none() {
            return Err(AuthError::Malformed);
        }
        Ok(Self(token.to_owned()))
    }

    /// What the store knows of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The token itself, for the person it was made for.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiToken")
    }
}

/// Who is calling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// The workspace and the principal.
    pub scope: Scope,
    /// What they are in the workspace.
    pub role: Role,
    /// What they authenticated with; `None` for whoever sits at the machine.
    pub token_id: Option<TokenId>,
    /// What that may be used for.
    pub scopes: Vec<TokenScope>,
    /// When it stops to work.
    pub expires_at: Option<Timestamp>,
}

/// Something that not everybody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Look at what belongs to the workspace.
    Read,
    /// Upload files, and inspect them.
    Write,
    /// See the values in files as they are.
    SeeValues,
    /// Manage people, tokens and settings, and see what is meant for operators.
    Manage,
}

impl Viewer {
    /// The owner of a workspace, at the machine itself.
    pub fn at_the_machine(scope: Scope) -> Self {
        let scopes = vec![TokenScope::Read, TokenScope::Write, TokenScope::SeeValues, TokenScope::Manage];
        Self { scope, role: Role::Owner, token_id: None, scopes, expires_at: None }
    }

    /// Whether they may. Role and token must both allow it; seeing values is a matter of the token alone.
    pub fn may(&self, right: Right) -> bool {
        let (lowest_role, token_scope) = match right {
            Right::Read => (Role::Viewer, TokenScope::Read),
            Right::Write => (Role::Editor, TokenScope::Write),
            Right::SeeValues => (Role::Viewer, TokenScope::SeeValues),
            Right::Manage => (Role::Admin, TokenScope::Manage),
        };
        self.role >= lowest_role && self.scopes.contains(&token_scope)
    }
}

impl From<Authenticated> for Viewer {
    fn from(authenticated: Authenticated) -> Self {
        let Authenticated { token_id, scope, role, scopes, expires_at } = authenticated;
        Self { scope, role, token_id: Some(token_id), scopes, expires_at: Some(expires_at) }
    }
}

/// What becomes of a caller without a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anonymous {
    /// They are nobody.
    Nobody,
    /// They are the owner of the first workspace: for a standalone process that listens on loopback only.
    FirstOwner,
}

/// Why a caller is not let in.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// What they sent is no token.
    #[error("not `Bearer` and a token")]
    Malformed,
    /// The token is unknown, expired or revoked.
    #[error("the token is not valid, or not any more")]
    Invalid,
    /// The store cannot say.
    #[error("cannot look up who is calling")]
    Store(#[from] StoreError),
}

/// Finds out who is calling.
#[derive(Clone, Debug)]
pub struct Authenticator {
    store: Store,
    anonymous: Anonymous,
}

impl Authenticator {
    /// An authenticator over the tokens in a store.
    pub fn new(store: Store, anonymous: Anonymous) -> Self {
        Self { store, anonymous }
    }

    /// Who sent this `Authorization`, if anybody. A token that does not work is an error, not nobody.
    pub async fn authenticate(&self, authorization: Option<&str>) -> Result<Option<Viewer>, AuthError> {
        match (authorization, self.anonymous) {
            (Some(value), _) => {
                let token = ApiToken::from_authorization(value)?;
                let found = self.store.authenticate(token.hash()).await?;
                Ok(Some(found.ok_or(AuthError::Invalid)?.into()))
            }
            (None, Anonymous::FirstOwner) => {
                Ok(self.store.first_workspace().await?.map(Viewer::at_the_machine))
            }
            (None, Anonymous::Nobody) => Ok(None),
        }
    }
}
