//! Queries and mutations.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::ClientError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// A client of one server. Clones share its connections.
#[derive(Clone)]
pub struct Client {
    pub(super) http: reqwest::Client,
    pub(super) server: String,
    pub(super) token: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    data: Option<Value>,
    #[serde(default)]
    errors: Vec<AnswerError>,
}

#[derive(Deserialize)]
pub(super) struct AnswerError {
    message: String,
    #[serde(default)]
    extensions: Extensions,
}

#[derive(Default, Deserialize)]
struct Extensions {
    code: Option<String>,
}

/// What a payload says about a request that was refused.
#[derive(Deserialize)]
struct UserError {
    code: String,
    message: String,
    retryable: bool,
}

impl Client {
    /// A client of the server at this address, with a token if it needs one.
    pub fn try_new(server: &str, token: Option<String>) -> Result<Self, ClientError> {
        let server = server.trim_end_matches('/').to_owned();
        if !server.starts_with("http://") && !server.starts_with("https://") {
            return Err(ClientError::Address);
        }
        // An error says that somebody has installed one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().connect_timeout(CONNECT_TIMEOUT).build();
        let http = http.map_err(|error| ClientError::Unexpected(error.to_string()))?;
        Ok(Self { http, server, token })
    }

    /// Executes a query.
    pub async fn query<T: DeserializeOwned>(
        &self,
        document: &str,
        variables: Value,
    ) -> Result<T, ClientError> {
        let body = json!({ "query": document, "variables": variables });
        let mut request =
            self.http.post(format!("{}/graphql", self.server)).timeout(ANSWER_TIMEOUT).json(&body);
        request = request.header("Accept", "application/graphql-response+json");
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.map_err(|error| ClientError::Unreachable(causes(&error)))?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(|error| ClientError::Unreachable(causes(&error)))?;
        let answer: Answer = match serde_json::from_slice(&bytes) {
            Ok(answer) => answer,
            Err(_) if status.is_server_error() => return Err(ClientError::Unreachable(status.to_string())),
            Err(_) => return Err(ClientError::Unexpected(status.to_string())),
        };
        if let Some(error) = answer.errors.into_iter().next() {
            return Err(error.into());
        }
        let data = answer.data.ok_or_else(|| ClientError::Unexpected("an answer without data".to_owned()))?;
        serde_json::from_value(data).map_err(|error| ClientError::Unexpected(error.to_string()))
    }

    /// Executes a mutation of one field, and reads its payload.
    pub async fn mutate<T: DeserializeOwned>(
        &self,
        document: &str,
        field: &str,
        input: Value,
    ) -> Result<T, ClientError> {
        let mut data: Value = self.query(document, json!({ "input": input })).await?;
        let mut payload = data[field].take();
        let errors: Vec<UserError> = serde_json::from_value(payload["userErrors"].take()).unwrap_or_default();
        if let Some(UserError { code, message, retryable }) = errors.into_iter().next() {
            return Err(ClientError::Refused { code, message, retryable });
        }
        serde_json::from_value(payload).map_err(|error| ClientError::Unexpected(error.to_string()))
    }
}

impl From<AnswerError> for ClientError {
    fn from(error: AnswerError) -> Self {
        let code = error.extensions.code.unwrap_or_else(|| "ERROR".to_owned());
        let retryable = matches!(code.as_str(), "UNAVAILABLE" | "TIMEOUT" | "RATE_LIMITED");
        Self::Refused { code, message: error.message, retryable }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("server", &self.server).finish_non_exhaustive()
    }
}

/// An error and its causes. The URL of a request may hold a signature, and is left out.
pub(super) fn causes(error: &reqwest::Error) -> String {
    let kind = if error.is_timeout() { "no answer in time" } else { "the connection failed" };
    let mut text = kind.to_owned();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
