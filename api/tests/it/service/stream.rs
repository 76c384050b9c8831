//! The stream of events of an inspection over a WebSocket, byte for byte as it comes.

use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::transport::PATIENCE;

/// Everything an event says, for the scan and for the stream alike.
pub(super) const EVENT: &str = "fragment Event on InspectionEvent { __typename cursor seq inspectionId at
  ... on StateChanged { from to version reason { command message actorId failure { code } } }
  ... on PhaseChanged { phase }
  ... on AttemptChanged { attempt { taskId kind number state workerId startedAt endedAt fromByte bytesDone
      failure { code } } }
  ... on CheckpointSaved { bytesDurable splitsDurable lossIfRetriedNow }
  ... on AlertRaised { alert { code column message } }
  ... on ProfileRevised { revision changedColumns isFinal } }";

/// An event as it came, byte for byte, and its number and cursor.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Seen {
    pub(super) seq: u64,
    pub(super) cursor: String,
    pub(super) text: String,
}

#[derive(Deserialize)]
pub(super) struct Known {
    #[serde(rename = "__typename")]
    pub(super) kind: String,
    pub(super) cursor: Option<String>,
    pub(super) seq: Option<u64>,
    #[serde(rename = "goAwayReason")]
    pub(super) go_away_reason: Option<String>,
}

pub(super) struct Stream(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Stream {
    pub(super) async fn open(url: &str, id: &str, after: Option<&str>) -> Self {
        let url = format!("ws{}/graphql/ws", url.trim_start_matches("http"));
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        let mut stream = Self(connect_async(request).await.unwrap().0);
        stream.say(json!({ "type": "connection_init" })).await;
        let query = format!(
            "subscription($id: ID!, $after: Cursor) {{ inspectionEvents(id: $id, after: $after) {{
               __typename ... on InspectionEvent {{ ...Event }} ... on Snapshot {{ cursor inspection {{ state }} }}
               ... on GoAway {{ goAwayAt: cursor goAwayReason }} }} }} {EVENT}"
        );
        let payload = json!({ "query": query, "variables": { "id": id, "after": after } });
        stream.say(json!({ "id": "1", "type": "subscribe", "payload": payload })).await;
        stream
    }

    async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    /// The next item of the stream as it came; `None` when it is complete.
    pub(super) async fn next(&mut self) -> Option<(Known, String)> {
        #[derive(Deserialize)]
        struct FromServer<'a> {
            #[serde(rename = "type")]
            kind: &'a str,
            #[serde(borrow)]
            payload: Option<&'a RawValue>,
        }
        #[derive(Deserialize)]
        struct Payload<'a> {
            #[serde(borrow)]
            data: Data<'a>,
        }
        #[derive(Deserialize)]
        struct Data<'a> {
            #[serde(borrow, rename = "inspectionEvents")]
            item: &'a RawValue,
        }
        loop {
            let message = timeout(PATIENCE, self.0.next()).await.expect("something comes").unwrap().unwrap();
            let Message::Text(text) = message else { continue };
            let message: FromServer<'_> = serde_json::from_str(&text).unwrap();
            match message.kind {
                "next" => {
                    let payload: Payload<'_> = serde_json::from_str(message.payload.unwrap().get()).unwrap();
                    let text = payload.data.item.get().to_owned();
                    return Some((serde_json::from_str(&text).unwrap(), text));
                }
                "complete" => return None,
                "ping" => self.say(json!({ "type": "pong" })).await,
                "connection_ack" => {}
                _ => panic!("{text}"),
            }
        }
    }
}
