//! Subscribers who follow one inspection: how soon they hear, what they cost, what they lose.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep, timeout};

use crate::publisher::Publisher;
use crate::socket::{Socket, Window};
use crate::tally::{Tally, per_second};

/// Longer than anything takes; what has not come by then is lost.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between events that find out who is there.
const CALL_EVERY: Duration = Duration::from_millis(300);

const QUERY: &str = "subscription Follow($id: ID!, $after: Cursor) { inspectionEvents(id: $id, after: $after) { \
    __typename ... on CheckpointSaved { cursor seq inspectionId bytesDurable splitsDurable lossIfRetriedNow } } }";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[arg(long)]
    address: SocketAddr,
    #[arg(long)]
    path: String,
    #[arg(long, default_value = "")]
    token: String,
    #[arg(long)]
    database: String,
    #[arg(long)]
    brokers: String,
    #[arg(long)]
    workspace: String,
    /// Process whose memory is measured.
    #[arg(long)]
    pid: u32,
    #[arg(long)]
    subscribers: usize,
    /// Events one after the other, at a rate.
    #[arg(long, default_value_t = 50)]
    events: u64,
    #[arg(long, default_value_t = 10)]
    rate: u64,
    /// Events all at once.
    #[arg(long, default_value_t = 0)]
    burst: u64,
    /// Percent of the subscribers that stop to read before anything is measured.
    #[arg(long, default_value_t = 0)]
    stuck: usize,
    /// How long the server has to be rid of them.
    #[arg(long, default_value_t = 15)]
    stuck_seconds: u64,
    /// Percent of the subscribers that are killed, and come back when so many events have passed.
    #[arg(long, default_value_t = 0)]
    killed: usize,
    #[arg(long, default_value_t = 20)]
    missed: u64,
}

/// What subscribers do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Read,
    /// Stop reading, if it is one of those.
    GetStuck,
    /// Hang up, if it is one of those.
    Die,
}

type Shared = Arc<Mutex<Tally>>;

/// One subscriber: what it has, and how it goes on.
struct Subscriber {
    tally: Shared,
    /// The event it waits for; nothing before its first.
    next: Option<usize>,
    is_subject: bool,
    orders: watch::Receiver<Order>,
}

/// How a subscriber ended.
enum End {
    /// It was killed, waiting for this event.
    Killed(Option<usize>),
    Stuck(Socket),
    Closed,
}

struct Run {
    arguments: Arguments,
    tally: Shared,
    publisher: Publisher,
    orders: watch::Sender<Order>,
    subscribers: JoinSet<anyhow::Result<End>>,
    /// Those that still read.
    reading: u64,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<Value> {
    let publisher = Publisher::open(&arguments.database, &arguments.brokers, &arguments.workspace).await?;
    let (orders, _) = watch::channel(Order::Read);
    let reading = arguments.subscribers as u64;
    let mut run =
        Run { arguments, tally: Arc::default(), publisher, orders, subscribers: JoinSet::new(), reading };
    run.measure().await
}

impl Run {
    async fn measure(&mut self) -> anyhow::Result<Value> {
        let bytes_before = resident(self.arguments.pid)?;
        let opening = Instant::now();
        self.open(self.arguments.subscribers, None).await?;
        self.call_until(self.reading).await?;
        let opened_in = opening.elapsed().as_secs_f64();
        sleep(Duration::from_secs(2)).await;
        let bytes_after = resident(self.arguments.pid)?;
        let each = bytes_after.saturating_sub(bytes_before) / self.arguments.subscribers as u64;
        let stuck = self.arguments.subscribers * self.arguments.stuck / 100;
        if stuck > 0 {
            self.orders.send_replace(Order::GetStuck);
            self.reading -= stuck as u64;
        }
        let mut measured = json!({
            "subscribers": self.arguments.subscribers,
            "openedInSeconds": opened_in,
            "bytesPerSubscriber": each,
            "paced": self.paced().await?,
        });
        if self.arguments.burst > 0 {
            measured["burst"] = self.burst().await?;
        }
        if stuck > 0 {
            measured["stuck"] = self.stuck(stuck).await?;
        }
        if self.arguments.killed > 0 {
            measured["killed"] = self.killed().await?;
        }
        measured["bytesAtTheEnd"] = json!(resident(self.arguments.pid)?);
        let tally = lock(&self.tally);
        measured["received"] = json!(tally.received);
        measured["wrong"] = json!(tally.wrong);
        measured["firstWrong"] = json!(tally.first_wrong);
        Ok(measured)
    }

    /// Opens subscribers, waiting for an event or for whatever comes first.
    async fn open(&mut self, count: usize, next: Option<usize>) -> anyhow::Result<()> {
        let subjects = self.arguments.subscribers * self.arguments.stuck.max(self.arguments.killed) / 100;
        for number in 0..count {
            let is_subject = next.is_none() && number < subjects;
            let window = if is_subject && self.arguments.stuck > 0 { Window::Small } else { Window::Usual };
            let after = next.map(|next| lock(&self.tally).expected[next - 1].cursor.clone());
            let socket = self.subscribe(window, after).await.context("cannot subscribe")?;
            let (tally, orders) = (Arc::clone(&self.tally), self.orders.subscribe());
            let subscriber = Subscriber { tally, next, is_subject, orders };
            self.subscribers.spawn(subscriber.read(socket));
        }
        Ok(())
    }

    async fn subscribe(&self, window: Window, after: Option<String>) -> anyhow::Result<Socket> {
        let Arguments { address, path, token, .. } = &self.arguments;
        let mut socket = Socket::open(*address, path, token, window).await?;
        socket.say(r#"{"type":"connection_init"}"#).await?;
        let heard = socket.hear().await?.context("closed before it was acknowledged")?;
        ensure!(text(heard).contains("connection_ack"), "{}", text(heard));
        let variables = json!({ "id": self.publisher.inspection_id.to_string(), "after": after });
        let payload = json!({ "query": QUERY, "variables": variables });
        socket.say(&json!({ "id": "1", "type": "subscribe", "payload": payload }).to_string()).await?;
        Ok(socket)
    }

    /// Publishes events until so many subscribers have got the last of them.
    async fn call_until(&mut self, reached: u64) -> anyhow::Result<()> {
        let began = Instant::now();
        loop {
            let first = self.next_event();
            self.publish(1).await?;
            sleep(CALL_EVERY).await;
            if lock(&self.tally).deliveries_since(first) >= reached {
                return Ok(());
            }
            ensure!(began.elapsed() < PATIENCE, "not everybody was reached; {}", self.complaint());
        }
    }

    async fn publish(&mut self, count: u64) -> anyhow::Result<()> {
        let committed = self.publisher.commit(count).await?;
        let tally = Arc::clone(&self.tally);
        self.publisher.publish(committed, |expected| lock(&tally).expect(expected)).await
    }

    /// Waits until so many messages of the events from `first` on have come; whether they did.
    async fn await_received(&self, first: usize, messages: u64) -> bool {
        let arrived = async {
            let mut regularly = interval(Duration::from_millis(2));
            while lock(&self.tally).deliveries_since(first) < messages {
                regularly.tick().await;
            }
        };
        timeout(PATIENCE, arrived).await.is_ok()
    }

    async fn paced(&mut self) -> anyhow::Result<Value> {
        let first = self.next_event();
        let mut regularly = interval(Duration::from_secs(1) / u32::try_from(self.arguments.rate)?);
        for _ in 0..self.arguments.events {
            regularly.tick().await;
            self.publish(1).await?;
        }
        let due = self.arguments.events * self.reading;
        ensure!(self.await_received(first, due).await, "messages are missing; {}", self.complaint());
        Ok(lock(&self.tally).delays_since(first))
    }

    async fn burst(&mut self) -> anyhow::Result<Value> {
        let first = self.next_event();
        let committed = self.publisher.commit(self.arguments.burst).await?;
        let began = Instant::now();
        let tally = Arc::clone(&self.tally);
        self.publisher.publish(committed, |expected| lock(&tally).expect(expected)).await?;
        let messages = self.arguments.burst * self.reading;
        ensure!(self.await_received(first, messages).await, "messages are missing; {}", self.complaint());
        let speed = per_second(messages, began.elapsed());
        let mut measured = lock(&self.tally).delays_since(first);
        measured["messagesPerSecond"] = json!(speed);
        Ok(measured)
    }

    /// How many of those who do not read were closed, and when nobody waits for them any more.
    async fn stuck(&mut self, stuck: usize) -> anyhow::Result<Value> {
        sleep(Duration::from_secs(self.arguments.stuck_seconds)).await;
        let bytes = resident(self.arguments.pid)?;
        let mut closed = 0;
        for _ in 0..stuck {
            match self.subscribers.join_next().await.context("a subscriber")??? {
                End::Stuck(socket) => {
                    closed += u64::from(socket.closes_within(Duration::from_millis(20)).await)
                }
                End::Closed => closed += 1,
                End::Killed(_) => {}
            }
        }
        Ok(json!({ "subscribers": stuck, "closed": closed, "bytes": bytes }))
    }

    async fn killed(&mut self) -> anyhow::Result<Value> {
        let killed = self.arguments.subscribers * self.arguments.killed / 100;
        self.orders.send_replace(Order::Die);
        let mut waiting_for = Vec::new();
        for _ in 0..killed {
            if let End::Killed(Some(next)) =
                self.subscribers.join_next().await.context("a subscriber")???
            {
                waiting_for.push(next);
            }
        }
        self.publish(self.arguments.missed).await?;
        let began = Instant::now();
        for next in &waiting_for {
            self.open(1, Some(*next)).await?;
        }
        self.call_until(self.reading).await?;
        let tally = lock(&self.tally);
        let due = self.arguments.missed * waiting_for.len() as u64;
        let seconds = began.elapsed().as_secs_f64();
        Ok(
            json!({ "subscribers": waiting_for.len(), "missed": due, "lost": tally.lost, "backAfterSeconds": seconds }),
        )
    }

    /// Number of the event that is published next.
    fn next_event(&self) -> usize {
        lock(&self.tally).expected.len()
    }

    fn complaint(&self) -> String {
        let tally = lock(&self.tally);
        let (received, lost, wrong) = (tally.received, tally.lost, tally.wrong);
        format!("received {received}, lost {lost}, wrong {wrong}: {:?}", tally.first_wrong)
    }
}

impl Subscriber {
    async fn read(mut self, mut socket: Socket) -> anyhow::Result<End> {
        loop {
            let order = *self.orders.borrow_and_update();
            match order {
                Order::GetStuck if self.is_subject => return Ok(End::Stuck(socket)),
                Order::Die if self.is_subject => return Ok(End::Killed(self.next)),
                _ => {}
            }
            let message = tokio::select! {
                biased;
                _ = self.orders.changed(), if self.is_subject => continue,
                message = socket.hear() => message?,
            };
            let Some(message) = message else { return Ok(End::Closed) };
            if has(message, b"\"type\":\"next\"") && !has(message, b"\"Snapshot\"") {
                self.next = lock(&self.tally).take(self.next, message);
            } else if has(message, b"\"type\":\"ping\"") {
                socket.say(r#"{"type":"pong"}"#).await?;
            } else {
                ensure!(has(message, b"\"Snapshot\""), "{}", text(message));
            }
        }
    }
}

/// Resident memory of a process in bytes.
fn resident(pid: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("a process with memory")?;
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes * 1024)
}

fn has(message: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(message, part).is_some()
}

fn text(message: &[u8]) -> String {
    String::from_utf8_lossy(message).into_owned()
}

fn lock(tally: &Shared) -> std::sync::MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}
