//! Following an inspection to its end, over as many connections as it takes.

use std::collections::VecDeque;
use std::time::Duration;

use data_inspector_domain::id::InspectionId;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::http::Client;
use super::socket::Subscription;
use super::{ClientError, FIRST_PAUSE, LONGEST_PAUSE};

const DOCUMENT: &str = "subscription Follow($id: ID!, $after: Cursor) {
  inspectionEvents(id: $id, after: $after) {
    __typename
    ... on InspectionEvent { cursor seq at }
    ... on StateChanged { from to version }
    ... on PhaseChanged { phase }
    ... on ProfileRevised { revision }
    ... on Snapshot { cursor inspection { state progress { bytesDone bytesTotal rowsDone } } }
    ... on ProgressAdvanced { cursor progress { bytesDone bytesTotal rowsDone } }
    ... on Gap { cursor fromSeq toSeq }
    ... on KeepAlive { keepAliveAt: cursor }
    ... on GoAway { goAwayAt: cursor }
  }
}";

const RESULT: &str = "query Result($id: ID!) {
  inspection(id: $id) { state failure { code userMessage } file { name } profile { isFinal document } }
}";

/// What comes while an inspection is followed.
#[derive(Clone, Debug, PartialEq)]
pub enum Followed {
    /// A committed event, each once and in order.
    Event {
        /// Its number.
        seq: u64,
        /// The event as the server sent it.
        event: Value,
    },
    /// How far the inspection is.
    Progress {
        /// Bytes of the file that are counted.
        bytes_done: u64,
        /// Size of the file in bytes.
        bytes_total: u64,
        /// Records that are counted.
        rows_done: u64,
    },
    /// Events that the server no longer has.
    Gap {
        /// Number of the first.
        from_seq: u64,
        /// Number of the last.
        to_seq: u64,
    },
    /// The connection was lost, and it is tried again.
    Reconnecting {
        /// Why it was lost.
        reason: String,
    },
}

/// How an inspection ended.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// The state it is in.
    pub state: String,
    /// Why it failed, if it did.
    pub failure: Option<OutcomeFailure>,
    /// Its file.
    pub file: OutcomeFile,
    /// Its newest profile.
    pub profile: Option<OutcomeProfile>,
}

/// Why an inspection failed.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutcomeFailure {
    /// For programs.
    pub code: String,
    /// For the person who owns the data.
    pub user_message: String,
}

/// The file of an inspection.
#[derive(Clone, Debug, Deserialize)]
pub struct OutcomeFile {
    /// Its name.
    pub name: String,
}

/// A profile.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutcomeProfile {
    /// There will be no newer one.
    pub is_final: bool,
    /// The JSON of the profile; nothing for whoever may not see values.
    pub document: Option<String>,
}

/// Follows one inspection.
#[derive(Debug)]
pub struct Follower {
    client: Client,
    id: InspectionId,
    after: Option<String>,
    patience: Duration,
    subscription: Option<Subscription>,
    pending: VecDeque<Followed>,
    lost_at: Option<Instant>,
    pause: Duration,
    over: bool,
}

impl Follower {
    /// Follows an inspection from its first event on. A server that cannot be reached is tried again for so long.
    pub fn from_the_start(client: Client, id: InspectionId, patience: Duration) -> Self {
        Self::after(client, id, Some("0".to_owned()), patience)
    }

    /// Follows an inspection from a cursor on.
    pub fn after(client: Client, id: InspectionId, after: Option<String>, patience: Duration) -> Self {
        let (subscription, pending) = (None, VecDeque::new());
        Self {
            client,
            id,
            after,
            patience,
            subscription,
            pending,
            lost_at: None,
            pause: FIRST_PAUSE,
            over: false,
        }
    }

    /// What comes next; `None` when the inspection has ended.
    pub async fn next(&mut self) -> Result<Option<Followed>, ClientError> {
        loop {
            if let Some(followed) = self.pending.pop_front() {
                return Ok(Some(followed));
            }
            if self.over {
                return Ok(None);
            }
            match self.receive().await {
                Ok(Some(item)) => self.take(item)?,
                Ok(None) => self.end_of_stream().await?,
                Err(error) if error.is_retryable() => self.lose(error).await?,
                Err(error) => return Err(error),
            }
        }
    }

    /// How the inspection stands; after the end, how it ended.
    pub async fn outcome(&self) -> Result<Outcome, ClientError> {
        #[derive(Deserialize)]
        struct Data {
            inspection: Option<Outcome>,
        }
        let data: Data = self.client.query(RESULT, json!({ "id": self.id })).await?;
        data.inspection.ok_or_else(|| no_such_inspection(self.id))
    }

    async fn receive(&mut self) -> Result<Option<Value>, ClientError> {
        if self.subscription.is_none() {
            let variables = json!({ "id": self.id, "after": self.after });
            self.subscription = Some(Subscription::open(&self.client, DOCUMENT, variables).await?);
        }
        let Some(subscription) = &mut self.subscription else { return Ok(None) };
        Ok(subscription.next().await?.map(|mut data| data["inspectionEvents"].take()))
    }

    fn take(&mut self, item: Value) -> Result<(), ClientError> {
        (self.lost_at, self.pause) = (None, FIRST_PAUSE);
        let number = |path: &str| item.pointer(path).and_then(Value::as_u64).unwrap_or_default();
        let progress = |at: &str| Followed::Progress {
            bytes_done: number(&format!("{at}/bytesDone")),
            bytes_total: number(&format!("{at}/bytesTotal")),
            rows_done: number(&format!("{at}/rowsDone")),
        };
        let followed = match item["__typename"].as_str() {
            Some("KeepAlive") => None,
            // The stream ends by itself; the cursor is the one we have.
            Some("GoAway") => None,
            Some("Snapshot") => Some(progress("/inspection/progress")),
            Some("ProgressAdvanced") => Some(progress("/progress")),
            Some("Gap") => Some(Followed::Gap { from_seq: number("/fromSeq"), to_seq: number("/toSeq") }),
            Some(_) => Some(Followed::Event { seq: number("/seq"), event: item.clone() }),
            None => return Err(no_such_inspection(self.id)),
        };
        if let Some(cursor) = item["cursor"].as_str() {
            self.after = Some(cursor.to_owned());
        }
        self.pending.extend(followed);
        Ok(())
    }

    /// The stream is over when the inspection is; or because the server goes.
    async fn end_of_stream(&mut self) -> Result<(), ClientError> {
        self.subscription = None;
        match self.outcome().await {
            Ok(outcome) if is_end(&outcome.state) => {
                self.over = true;
                Ok(())
            }
            Ok(_) => self.lose(ClientError::Unreachable("the server ended the stream".to_owned())).await,
            Err(error) if error.is_retryable() => self.lose(error).await,
            Err(error) => Err(error),
        }
    }

    async fn lose(&mut self, error: ClientError) -> Result<(), ClientError> {
        self.subscription = None;
        let lost_at = *self.lost_at.get_or_insert_with(Instant::now);
        if lost_at.elapsed() > self.patience {
            return Err(error);
        }
        self.pending.push_back(Followed::Reconnecting { reason: error.to_string() });
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok(())
    }
}

fn is_end(state: &str) -> bool {
    matches!(state, "SUCCEEDED" | "FAILED" | "CANCELLED" | "EXPIRED")
}

fn no_such_inspection(id: InspectionId) -> ClientError {
    ClientError::Refused {
        code: "NOT_FOUND".to_owned(),
        message: format!("there is no inspection {id} in this workspace"),
        retryable: false,
    }
}
