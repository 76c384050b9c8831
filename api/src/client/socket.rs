//! One subscription over a WebSocket, by the protocol `graphql-transport-ws`.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::ClientError;
use super::http::{AnswerError, Client};

const PROTOCOL: &str = "graphql-transport-ws";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The server sends something at least every 20 seconds.
const SILENCE: Duration = Duration::from_secs(60);

/// A subscription that runs. Dropping it closes the socket.
#[derive(Debug)]
pub(super) struct Subscription {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

#[derive(Deserialize)]
struct FromServer {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    payload: Value,
}

impl Subscription {
    pub(super) async fn open(client: &Client, document: &str, variables: Value) -> Result<Self, ClientError> {
        // `http` becomes `ws`, `https` becomes `wss`.
        let url = format!("ws{}/graphql/ws", client.server.trim_start_matches("http"));
        let mut request = url.into_client_request().map_err(|_| ClientError::Address)?;
        request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static(PROTOCOL));
        let connected = timeout(CONNECT_TIMEOUT, connect_async(request)).await;
        let connected = connected.map_err(|_| ClientError::Unreachable("no answer in time".to_owned()))?;
        let (socket, _) = connected.map_err(|error| ClientError::Unreachable(error.to_string()))?;
        let mut subscription = Self { socket };
        let authorization = client.token.as_ref().map(|token| format!("Bearer {token}"));
        let payload = authorization.map_or(json!({}), |value| json!({ "authorization": value }));
        subscription.send(json!({ "type": "connection_init", "payload": payload })).await?;
        subscription.send_once_acknowledged(document, variables).await?;
        Ok(subscription)
    }

    async fn send_once_acknowledged(&mut self, document: &str, variables: Value) -> Result<(), ClientError> {
        while let Some(message) = self.receive().await? {
            if message.kind == "connection_ack" {
                let payload = json!({ "query": document, "variables": variables });
                return self.send(json!({ "id": "1", "type": "subscribe", "payload": payload })).await;
            }
        }
        Err(ClientError::Unreachable("the server closed the connection".to_owned()))
    }

    /// The data of the next message; `None` when the subscription is complete.
    pub(super) async fn next(&mut self) -> Result<Option<Value>, ClientError> {
        while let Some(mut message) = self.receive().await? {
            match message.kind.as_str() {
                "next" => {
                    if let Some(error) = message.payload["errors"].get_mut(0) {
                        return Err(refused(error.take()));
                    }
                    return Ok(Some(message.payload["data"].take()));
                }
                "error" => return Err(refused(message.payload.get(0).cloned().unwrap_or_default())),
                "complete" => return Ok(None),
                _ => {}
            }
        }
        Err(ClientError::Unreachable("the server closed the connection".to_owned()))
    }

    /// The next message of the protocol; `None` when the socket is closed.
    async fn receive(&mut self) -> Result<Option<FromServer>, ClientError> {
        loop {
            let message = timeout(SILENCE, self.socket.next()).await;
            let message = message.map_err(|_| ClientError::Unreachable("the server is silent".to_owned()))?;
            let text = match message {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Close(Some(frame)))) => {
                    return Err(closed(frame.code.into(), &frame.reason));
                }
                None | Some(Ok(Message::Close(None))) => return Ok(None),
                Some(Ok(_)) => continue,
                Some(Err(error)) => return Err(ClientError::Unreachable(error.to_string())),
            };
            let message: FromServer =
                serde_json::from_str(&text).map_err(|error| ClientError::Unexpected(error.to_string()))?;
            match message.kind.as_str() {
                "ping" => self.send(json!({ "type": "pong" })).await?,
                _ => return Ok(Some(message)),
            }
        }
    }

    async fn send(&mut self, message: Value) -> Result<(), ClientError> {
        let sent = self.socket.send(Message::text(message.to_string())).await;
        sent.map_err(|error| ClientError::Unreachable(error.to_string()))
    }
}

/// The codes 4400 to 4499 say that we are wrong; all others, that the connection is.
fn closed(code: u16, reason: &str) -> ClientError {
    match code {
        4400..=4499 => {
            ClientError::Refused { code: code.to_string(), message: reason.to_owned(), retryable: false }
        }
        _ => ClientError::Unreachable(format!("the server closed the connection: {code} {reason}")),
    }
}

fn refused(error: Value) -> ClientError {
    match serde_json::from_value::<AnswerError>(error) {
        Ok(error) => error.into(),
        Err(_) => ClientError::Unexpected("an error without a message".to_owned()),
    }
}
