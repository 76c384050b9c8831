//! A TCP line with weather: everything between a client and a server goes through it, is counted, and can be cut,
//! stalled, delayed and throttled at any time. It understands nothing of what passes.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

/// Bytes that are passed on at once. Small, so that a throttled line flows evenly.
const PIECE: usize = 16 << 10;

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weather {
    /// Connections are closed, and new ones at once again.
    pub cut: bool,
    /// Nothing passes; connections stay open.
    pub stalled: bool,
    /// Every piece is so much later.
    pub delay: Duration,
    /// Bytes per second of each connection in each direction; `None`: as fast as they come.
    pub bytes_per_second: Option<u64>,
}

impl Weather {
    /// Nothing passes, and nobody is told.
    pub fn stalled() -> Self {
        Self { stalled: true, ..Self::default() }
    }

    /// No connection lasts.
    pub fn cut() -> Self {
        Self { cut: true, ..Self::default() }
    }

    /// Everything takes longer.
    pub fn delayed(delay: Duration) -> Self {
        Self { delay, ..Self::default() }
    }

    /// Each connection gets so much in each direction.
    pub fn throttled(bytes_per_second: u64) -> Self {
        Self { bytes_per_second: Some(bytes_per_second), ..Self::default() }
    }
}

/// A line to a server. It ends when this is dropped.
pub struct Line {
    address: SocketAddr,
    weather: watch::Sender<Weather>,
    counts: Arc<Counts>,
    _running: JoinSet<()>,
}

#[derive(Default)]
struct Counts {
    to_server: AtomicU64,
    to_client: AtomicU64,
    connections: AtomicU64,
}

impl Line {
    /// A line on a free port of the loopback.
    pub async fn to(server: SocketAddr) -> io::Result<Self> {
        Ok(Self::on(TcpListener::bind("127.0.0.1:0").await?, server))
    }

    /// A line on a listener of the caller's: for servers that have to be told the address before they start.
    pub fn on(listener: TcpListener, server: SocketAddr) -> Self {
        let address = listener.local_addr().expect("a listener has an address");
        let (weather, seen) = watch::channel(Weather::default());
        let counts = Arc::new(Counts::default());
        let mut running = JoinSet::new();
        running.spawn(accept(listener, server, seen, Arc::clone(&counts)));
        Self { address, weather, counts, _running: running }
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes the weather, of open connections too.
    pub fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }

    /// Bytes that clients sent and the server got.
    pub fn bytes_to_server(&self) -> u64 {
        self.counts.to_server.load(Ordering::Relaxed)
    }

    /// Bytes that the server sent and clients got.
    pub fn bytes_to_client(&self) -> u64 {
        self.counts.to_client.load(Ordering::Relaxed)
    }

    /// Connections so far, and tries while it was cut.
    pub fn connections(&self) -> u64 {
        self.counts.connections.load(Ordering::Relaxed)
    }
}

async fn accept(
    listener: TcpListener,
    server: SocketAddr,
    weather: watch::Receiver<Weather>,
    counts: Arc<Counts>,
) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        counts.connections.fetch_add(1, Ordering::Relaxed);
        if weather.borrow().cut {
            continue;
        }
        connections.spawn(connect(client, server, weather.clone(), Arc::clone(&counts)));
        while connections.try_join_next().is_some() {}
    }
}

/// Until either side hangs up or the line is cut.
async fn connect(
    client: TcpStream,
    server: SocketAddr,
    mut weather: watch::Receiver<Weather>,
    counts: Arc<Counts>,
) {
    // A server that is not there is a connection that ends at once.
    let Ok(server) = TcpStream::connect(server).await else { return };
    // A line adds no delay of its own: the end of a small message would wait for the other side's acknowledgement.
    for side in [&client, &server] {
        if side.set_nodelay(true).is_err() {
            return;
        }
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let up = pass(from_client, to_server, weather.clone(), &counts.to_server);
    let down = pass(from_server, to_client, weather.clone(), &counts.to_client);
    let both = async { tokio::join!(up, down) };
    tokio::select! {
        _ = both => {}
        _ = weather.wait_for(|weather| weather.cut) => {}
    }
}

/// Passes one direction on until its end, and passes that on too.
async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut weather: watch::Receiver<Weather>,
    count: &AtomicU64,
) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    let mut pace = Pace { due: Instant::now() };
    loop {
        let length = from.read(&mut piece).await?;
        if length == 0 {
            return to.shutdown().await;
        }
        let now = *weather.borrow_and_update();
        // A timer of no time waits for the next millisecond.
        if !now.delay.is_zero() {
            sleep(now.delay).await;
        }
        if let Some(bytes_per_second) = now.bytes_per_second
            && let Some(until) = pace.wait(Instant::now(), length, bytes_per_second)
        {
            sleep_until(until).await;
        }
        if weather.wait_for(|weather| !weather.stalled).await.is_err() {
            return Ok(());
        }
        to.write_all(&piece[..length]).await?;
        count.fetch_add(length as u64, Ordering::Relaxed);
    }
}

/// When the next piece of a throttled line may pass.
struct Pace {
    due: Instant,
}

impl Pace {
    /// What timers are late by is made up for, if it is no more than this.
    const MADE_UP_FOR: Duration = Duration::from_millis(10);

    /// Until when a piece has to wait that has just come.
    fn wait(&mut self, now: Instant, length: usize, bytes_per_second: u64) -> Option<Instant> {
        let due = self.due;
        let takes = Duration::from_secs_f64(length as f64 / bytes_per_second.max(1) as f64);
        self.due = due.max(now.checked_sub(Self::MADE_UP_FOR).unwrap_or(now)) + takes;
        (due > now).then_some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_timers_do_not_slow_a_throttled_line_down() {
        const RATE: u64 = 50_000_000;
        let began = Instant::now();
        let (mut pace, mut now) = (Pace { due: began }, began);
        let pieces = 10 * RATE / PIECE as u64;
        for _ in 0..pieces {
            if let Some(until) = pace.wait(now, PIECE, RATE) {
                now = until + Duration::from_millis(2);
            }
        }
        let seconds = (now - began).as_secs_f64();
        assert!((9.9..10.1).contains(&seconds), "{seconds} s for ten");
    }

    /// A server that answers every byte with itself.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut read, mut write) = stream.split();
                    let _ = tokio::io::copy(&mut read, &mut write).await;
                });
            }
        });
        address
    }

    async fn say(stream: &mut TcpStream, text: &[u8]) -> io::Result<Vec<u8>> {
        stream.write_all(text).await?;
        let mut answer = vec![0; text.len()];
        stream.read_exact(&mut answer).await?;
        Ok(answer)
    }

    #[tokio::test]
    async fn it_passes_everything_on_and_counts_it() {
        let line = Line::to(echo().await).await.unwrap();
        let mut stream = TcpStream::connect(line.address()).await.unwrap();
        let text = vec![7; 3 * PIECE + 1];
        let (mut read, mut write) = stream.split();
        let mut answer = vec![0; text.len()];
        let (sent, received) = tokio::join!(write.write_all(&text), read.read_exact(&mut answer));
        sent.unwrap();
        received.unwrap();
        assert!(answer == text);
        let passed = text.len() as u64;
        assert_eq!((line.bytes_to_server(), line.bytes_to_client(), line.connections()), (passed, passed, 1));
    }

    #[tokio::test]
    async fn it_is_cut_stalled_and_mended() {
        let line = Line::to(echo().await).await.unwrap();
        let mut stream = TcpStream::connect(line.address()).await.unwrap();
        assert_eq!(say(&mut stream, b"a").await.unwrap(), b"a");
        line.set(Weather::stalled());
        let second = Duration::from_millis(200);
        assert!(tokio::time::timeout(second, say(&mut stream, b"b")).await.is_err());
        line.set(Weather::default());
        let mut answer = [0];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"b");
        line.set(Weather::cut());
        assert!(stream.read_exact(&mut answer).await.is_err());
        let mut refused = TcpStream::connect(line.address()).await.unwrap();
        assert!(say(&mut refused, b"c").await.is_err());
        line.set(Weather::default());
        let mut again = TcpStream::connect(line.address()).await.unwrap();
        assert_eq!(say(&mut again, b"d").await.unwrap(), b"d");
    }

    #[tokio::test]
    async fn it_is_slow_when_it_is_told_to() {
        let line = Line::to(echo().await).await.unwrap();
        let mut stream = TcpStream::connect(line.address()).await.unwrap();
        line.set(Weather::delayed(Duration::from_millis(50)));
        let began = Instant::now();
        say(&mut stream, b"a").await.unwrap();
        assert!(began.elapsed() >= Duration::from_millis(100), "{:?}", began.elapsed());
        // The first piece of each direction goes at once: 4 of 5 wait for a fifth of a second.
        line.set(Weather::throttled(5 * PIECE as u64));
        let began = Instant::now();
        let (mut read, mut write) = stream.split();
        let text = vec![0; 5 * PIECE];
        let mut answer = vec![0; text.len()];
        let (sent, received) = tokio::join!(write.write_all(&text), read.read_exact(&mut answer));
        sent.unwrap();
        received.unwrap();
        assert!(began.elapsed() >= Duration::from_millis(700), "{:?}", began.elapsed());
    }
}
