//! A socket to one replica that shows every event as it came, byte for byte.

use std::time::Duration;

use data_inspector_domain::id::InspectionId;
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{WebSocketStream, client_async};

const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes the kernel keeps for a client that does not read.
const SMALL_WINDOW: u32 = 4 << 10;

/// Everything an event says, for the scan and for the stream alike.
const EVENT: &str = "fragment Event on InspectionEvent { __typename cursor seq inspectionId at
  ... on StateChanged { from to version reason { command message actorId } }
  ... on AttemptChanged { attempt { taskId kind number state startedAt } }
  ... on AlertRaised { alert { severity code message rowsAffected firstSeenAtByte provisional } } }";

/// How much the kernel keeps for a client.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Window {
    Usual,
    /// Next to nothing: who does not read is soon noticed.
    Small,
}

/// An event as it came, and its number and cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) seq: u64,
    pub(super) cursor: String,
    pub(super) text: String,
}

/// How the server closed a socket, or refused what was asked.
#[derive(Debug)]
pub(super) struct Closed(#[expect(dead_code, reason = "it is shown")] String);

pub(super) struct Socket(WebSocketStream<TcpStream>);

#[derive(Deserialize)]
struct FromServer<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Known<'a> {
    #[serde(rename = "__typename")]
    kind: &'a str,
    cursor: Option<String>,
    seq: Option<u64>,
}

impl Seen {
    /// Nothing if it is a sign of life.
    fn read(text: &str) -> Option<Self> {
        let known: Known<'_> = serde_json::from_str(text).unwrap();
        assert!(!["Snapshot", "Gap", "GoAway"].contains(&known.kind), "{text}");
        Some(Self { seq: known.seq?, cursor: known.cursor?, text: text.to_owned() })
    }
}

impl Socket {
    /// Introduced; or closed, if the server has too much to do.
    pub(super) async fn open(url: &str, token: &str, window: Window) -> Result<Self, Closed> {
        let address = url.trim_start_matches("http://").parse().unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        if window == Window::Small {
            socket.set_recv_buffer_size(SMALL_WINDOW).unwrap();
        }
        let stream = socket.connect(address).await.unwrap();
        let mut request = format!("ws://{address}/graphql/ws").into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
        let mut socket = Self(client_async(request, stream).await.unwrap().0);
        socket.say(json!({ "type": "connection_init" })).await;
        assert_eq!(socket.hear().await?, r#"{"type":"connection_ack"}"#);
        Ok(socket)
    }

    /// Asks for all events after a cursor.
    pub(super) async fn follow(&mut self, id: InspectionId, after: &str) {
        let query = format!(
            "subscription($id: ID!, $after: Cursor) {{ item: inspectionEvents(id: $id, after: $after) {{
               __typename ... on InspectionEvent {{ ...Event }} }} }} {EVENT}"
        );
        self.ask(&query, json!({ "id": id.to_string(), "after": after })).await;
    }

    /// The next event; nothing when there is none after it.
    pub(super) async fn next_event(&mut self) -> Result<Option<Seen>, Closed> {
        #[derive(Deserialize)]
        struct Payload<'a> {
            #[serde(borrow)]
            data: Option<Data<'a>>,
        }
        #[derive(Deserialize)]
        struct Data<'a> {
            #[serde(borrow)]
            item: &'a RawValue,
        }
        loop {
            let text = self.hear().await?;
            let message: FromServer<'_> = serde_json::from_str(&text).unwrap();
            match message.kind {
                "complete" => return Ok(None),
                "next" => {
                    let payload: Payload<'_> = serde_json::from_str(message.payload.unwrap().get()).unwrap();
                    let Some(data) = payload.data else {
                        // Too much to do: the client is to come again.
                        assert!(text.contains("UNAVAILABLE"), "{text}");
                        return Err(Closed(text));
                    };
                    if let Some(seen) = Seen::read(data.item.get()) {
                        return Ok(Some(seen));
                    }
                }
                _ => panic!("{text}"),
            }
        }
    }

    /// All events, as pages of `events(after)` give them.
    pub(super) async fn scan(mut self, id: InspectionId) -> Vec<Seen> {
        #[derive(Deserialize)]
        struct Payload {
            data: Data,
        }
        #[derive(Deserialize)]
        struct Data {
            inspection: Inspection,
        }
        #[derive(Deserialize)]
        struct Inspection {
            events: Page,
        }
        #[derive(Deserialize)]
        struct Page {
            nodes: Vec<Box<RawValue>>,
        }
        let query = format!(
            "query($id: ID!, $after: Cursor) {{ inspection(id: $id) {{
               events(first: 100, after: $after) {{ nodes {{ ...Event }} }} }} }} {EVENT}"
        );
        let mut all: Vec<Seen> = Vec::new();
        loop {
            let after = all.last().map_or("0", |seen| seen.cursor.as_str());
            self.ask(&query, json!({ "id": id.to_string(), "after": after })).await;
            let text = self.hear().await.unwrap();
            let message: FromServer<'_> = serde_json::from_str(&text).unwrap();
            let payload: Payload = serde_json::from_str(message.payload.unwrap().get()).unwrap();
            assert_eq!(self.hear().await.unwrap(), r#"{"id":"1","type":"complete"}"#);
            let nodes = payload.data.inspection.events.nodes;
            if nodes.is_empty() {
                return all;
            }
            all.extend(nodes.iter().map(|node| Seen::read(node.get()).unwrap()));
        }
    }

    /// Reads what is left; how many messages of a kind came before the server closed.
    pub(super) async fn count_until_closed(mut self, kind: Value) -> u64 {
        let mut count = 0;
        while let Ok(text) = self.hear().await {
            let message: Value = serde_json::from_str(&text).unwrap();
            assert_ne!(message["type"], "complete", "it was waited for");
            count += u64::from(message["type"] == kind);
        }
        count
    }

    async fn ask(&mut self, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.say(json!({ "id": "1", "type": "subscribe", "payload": payload })).await;
    }

    async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    /// The next text, or how the server closed.
    async fn hear(&mut self) -> Result<String, Closed> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("something comes") {
                Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
                Some(Ok(Message::Close(frame))) => return Err(Closed(format!("{frame:?}"))),
                Some(Err(error)) => return Err(Closed(error.to_string())),
                None => return Err(Closed("without a word".to_owned())),
                Some(Ok(_)) => {}
            }
        }
    }
}
