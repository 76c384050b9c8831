//! What all mutations have in common: they are finished even if nobody waits for them, and may be sent again.

use std::future::Future;

use data_inspector_platform::store::{IdempotentRequest, RequestHash};
use sha2::{Digest, Sha256};

use super::context::Deps;
use super::error::RequestError;
use super::user_error::UserError;

const LONGEST_KEY: usize = 200;

/// Runs a mutation to its end, on its own, so that a client that hangs up does not cut it in half.
pub(super) async fn to_the_end<T: Send + 'static>(
    deps: &Deps,
    mutation: impl Future<Output = Result<T, RequestError>> + Send + 'static,
) -> Result<T, RequestError> {
    deps.mutations.spawn(mutation).await.map_err(RequestError::internal)?
}

/// A request that may be sent again: its key, and everything it asks for as text.
pub(super) fn idempotent(key: String, asks_for: &str) -> Result<IdempotentRequest, UserError> {
    if key.is_empty() || key.len() > LONGEST_KEY {
        let message = format!("the key has 1 to {LONGEST_KEY} bytes; a random UUID is a good one");
        return Err(UserError::invalid(message, &["input", "idempotencyKey"]));
    }
    Ok(IdempotentRequest { key, hash: RequestHash(Sha256::digest(asks_for.as_bytes()).into()) })
}
