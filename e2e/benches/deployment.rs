//! Measures a deployment: processes of their own on PostgreSQL, Kafka and Azurite. `make measure` prints the figures;
//! they say nothing about what is good enough.
//!
//! `DATA_INSPECTOR_MEASURE=events` or `=workers` measures that alone.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot be made ends")]

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use data_inspector_api::client::{Followed, Follower, create_inspection};
use data_inspector_e2e::line::Weather;
use data_inspector_e2e::system::{Pace, System, write_file};

const PATIENCE: Duration = Duration::from_secs(600);
const DAY_MICROS: u64 = 24 * 60 * 60 * 1_000_000;
const ROUNDS: usize = 100;
const LEAF_BYTES: u64 = 16 << 20;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let only = std::env::var("DATA_INSPECTOR_MEASURE").ok();
    if only.as_deref() != Some("workers") {
        events_to_clients().await;
    }
    if only.as_deref() != Some("events") {
        workers_on_one_file().await;
    }
}

/// From the commit of an event, by the database's clock, until it is at a WebSocket client, through Kafka. The system
/// has nothing else to do; all clocks are of one machine.
async fn events_to_clients() {
    let mut system = System::start(Pace { leaf_bytes: 1 << 20, slots: 1, request_bytes: 1 << 20 }).await;
    system.launch(&["api-a", "coordinator-1", "worker-1"]);
    let path = system.folder().join("small.csv");
    write_file(&path, 900_000);
    let file_id = system.upload("api-a", &path).await;
    let mut micros = Vec::new();
    for round in 0..ROUNDS {
        let key = format!("round-{round}");
        let id = create_inspection(&system.client("api-a"), &file_id, &key).await.unwrap();
        let mut follower = Follower::from_the_start(system.client("api-a"), id, PATIENCE);
        let mut subscribed_at = None;
        while let Some(followed) = follower.next().await.unwrap() {
            let now = micros_of_day();
            let since = *subscribed_at.get_or_insert(now);
            if let Followed::Event { event, .. } = followed {
                let at = parse_micros_of_day(event["at"].as_str().unwrap());
                // What was committed before the subscription was replayed, and not awaited.
                if at > since {
                    micros.push((now + DAY_MICROS - at) % DAY_MICROS);
                }
            }
        }
    }
    micros.sort_unstable();
    let at = |share: f64| micros[((micros.len() - 1) as f64 * share) as usize] as f64 / 1000.0;
    println!(
        "event commit to WebSocket client: {} events, p50 {:.1} ms, p90 {:.1} ms, p99 {:.1} ms, last {:.1} ms",
        micros.len(),
        at(0.5),
        at(0.9),
        at(0.99),
        at(1.0)
    );
}

/// One file, 1, 2 and 4 workers with a slot each, every stream of blobs throttled; leaves and requests as they are by
/// default for a file of several gigabytes. Of long texts, which take the engine least per byte: what is measured is how
/// the work is shared, and four workers, Azurite, Kafka and PostgreSQL share the cores.
async fn workers_on_one_file() {
    let number = |name: &str, usual: u64| std::env::var(name).map_or(usual, |text| text.parse().unwrap());
    let megabytes_per_second = number("DATA_INSPECTOR_MEASURE_MBPS", 50);
    let bytes = number("DATA_INSPECTOR_MEASURE_MB", 4000) * 1_000_000;
    let mut system = System::start(Pace { leaf_bytes: LEAF_BYTES, slots: 1, request_bytes: 8 << 20 }).await;
    system.launch(&["api-a", "coordinator-1"]);
    let path = system.folder().join("large.csv");
    write_texts(&path, bytes);
    let file_id = system.upload("api-a", &path).await;
    let path = system.folder().join("warm.csv");
    write_texts(&path, 8 * LEAF_BYTES);
    let warm = system.upload("api-a", &path).await;
    system.worker_blobs.set(Weather::throttled(megabytes_per_second * 1_000_000));
    println!("{} MB, {megabytes_per_second} MB/s per connection, one slot per worker", bytes / 1_000_000);
    let mut alone_seconds = 0.0;
    for (workers, new) in [(1, &["worker-1"][..]), (2, &["worker-2"]), (4, &["worker-3", "worker-4"])] {
        system.launch(new);
        warm_up(&system, &warm, workers).await;
        let began = Instant::now();
        let id = create_inspection(&system.client("api-a"), &file_id, &format!("{workers}")).await.unwrap();
        let mut follower = Follower::from_the_start(system.client("api-a"), id, PATIENCE);
        while follower.next().await.unwrap().is_some() {}
        let seconds = began.elapsed().as_secs_f64();
        if workers == 1 {
            alone_seconds = seconds;
        }
        let speed = bytes as f64 / 1e6 / seconds;
        println!("{workers} workers: {seconds:.1} s, {speed:.0} MB/s, {:.2} times", alone_seconds / seconds);
    }
}

/// Inspects a file until all workers have a part in it: new ones wait for their share of the tasks.
async fn warm_up(system: &System, file_id: &str, workers: usize) {
    for round in 0.. {
        let key = format!("warm-{workers}-{round}");
        let id = create_inspection(&system.client("api-a"), file_id, &key).await.unwrap();
        let mut follower = Follower::from_the_start(system.client("api-a"), id, PATIENCE);
        while follower.next().await.unwrap().is_some() {}
        if system.history("api-a", id).await.splits_by_worker().len() == workers {
            return;
        }
    }
}

/// A file of about this size: a number and a text of 4,000 characters in each row.
fn write_texts(path: &Path, size_bytes: u64) {
    let mut file = BufWriter::new(File::create(path).unwrap());
    let text = "one line of a letter that a customer wrote ".repeat(93);
    writeln!(file, "id,letter").unwrap();
    for row in 0..size_bytes / text.len() as u64 {
        writeln!(file, "{row},{row} {text}").unwrap();
    }
    file.flush().unwrap();
}

fn micros_of_day() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as u64 % DAY_MICROS
}

/// Of a time such as `2026-11-25T21:30:15.123456Z`.
fn parse_micros_of_day(text: &str) -> u64 {
    let time = text.split('T').nth(1).unwrap().trim_end_matches('Z');
    let mut parts = time.split(':').map(|part| part.parse::<f64>().unwrap());
    let mut next = || parts.next().unwrap();
    ((next() * 3600.0 + next() * 60.0 + next()) * 1e6).round() as u64
}
