//! How long a message is under way, from `publish` to `next`, on the broker that `DATA_INSPECTOR_TEST_KAFKA` names:
//!
//! ```sh
//! cargo run --release -p data-inspector-platform --features kafka --example kafka_latency -- 1000
//! ```

use std::error::Error;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use data_inspector_platform::bus::kafka::{KafkaBus, KafkaConfig};
use data_inspector_platform::bus::{EventBus, JoinOptions, Message, ReadFrom, Topic, TopicPrefix};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let rounds: usize = std::env::args().nth(1).map_or(Ok(1000), |text| text.parse())?;
    let prefix = format!("latency-{}", uuid::Uuid::now_v7().simple());
    let config = KafkaConfig {
        brokers: std::env::var("DATA_INSPECTOR_TEST_KAFKA")?,
        topic_prefix: TopicPrefix::try_from(prefix)?,
        ..KafkaConfig::default()
    };
    let bus = KafkaBus::connect(config).await?;
    let payload = vec![b'x'; 500];

    let mut reader = bus.read(Topic::Updates, ReadFrom::Now).await?;
    let (mut published, mut read) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let began = Instant::now();
        let message = Message::new(Topic::Updates, 1, payload.clone()).with_key(round.to_string());
        let publishing = async {
            bus.publish(message).await?;
            Ok::<_, Box<dyn Error>>(began.elapsed())
        };
        let reading = async {
            reader.next().await?;
            Ok::<_, Box<dyn Error>>(began.elapsed())
        };
        let (published_after, read_after) = tokio::try_join!(publishing, reading)?;
        published.push(published_after);
        read.push(read_after);
    }
    report("publish returns", published);
    report("publish to next, reader", read);

    let options = JoinOptions { group: "latency".to_owned(), max_unacked: NonZeroUsize::MIN };
    let mut member = bus.join(Topic::Tasks, options).await?;
    let mut assigned = member.assigned();
    assigned.wait_for(|partitions| !partitions.is_empty()).await?;
    let mut received = Vec::new();
    for _ in 0..rounds {
        let began = Instant::now();
        let message = Message::new(Topic::Tasks, 1, payload.clone());
        let receiving = async {
            let delivery = member.next().await?.ok_or("the bus is closed")?;
            delivery.ack();
            Ok::<_, Box<dyn Error>>(began.elapsed())
        };
        let publishing = async { Ok(bus.publish(message).await?) };
        let (received_after, _) = tokio::try_join!(receiving, publishing)?;
        received.push(received_after);
    }
    report("publish to next, group", received);
    bus.close().await;
    Ok(())
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).or(times.last()).copied();
    let [p50, p99, max] = [at(0.5), at(0.99), at(1.0)].map(Option::unwrap_or_default);
    println!("{what}: p50 {p50:.2?}, p99 {p99:.2?}, max {max:.2?}");
}
