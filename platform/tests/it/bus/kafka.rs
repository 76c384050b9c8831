//! The suite on Kafka, and what only Kafka can show. `DATA_INSPECTOR_TEST_KAFKA` names a broker
//! (`scripts/services.sh` starts one); every test has topics of its own.

mod broker;
mod faults;
mod security;
mod topics;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use data_inspector_platform::bus::kafka::{KafkaBus, KafkaConfig};
use data_inspector_platform::bus::{
    Delivery, EventBus, GroupMember, JoinOptions, Message, Topic, TopicPrefix,
};

use super::conformance::{BusFactory, Setup, bus_conformance};

/// Longer than any of this should take, on a machine that is busy with all the other tests.
const PATIENCE: Duration = Duration::from_secs(60);

struct Kafka;

impl BusFactory for Kafka {
    async fn bus(&self, setup: Setup) -> Arc<dyn EventBus> {
        let Setup { partitions, max_message_bytes } = setup;
        Arc::new(connect(KafkaConfig { partitions, max_message_bytes, ..config() }).await)
    }

    fn settle_time(&self) -> Duration {
        Duration::from_secs(1)
    }
}

bus_conformance!(Kafka);

/// The broker of the tests, and topics that nobody else uses.
fn config() -> KafkaConfig {
    let brokers = std::env::var("DATA_INSPECTOR_TEST_KAFKA").expect("scripts/services.sh prints it");
    config_of(brokers)
}

fn config_of(brokers: String) -> KafkaConfig {
    let prefix = format!("test-{}", uuid::Uuid::now_v7().simple());
    KafkaConfig {
        brokers,
        topic_prefix: TopicPrefix::try_from(prefix).unwrap(),
        partitions: 4,
        // The least that a broker allows by default; a member that is lost is missed sooner.
        session_timeout_ms: 6_000,
        heartbeat_ms: 300,
        ..KafkaConfig::default()
    }
}

async fn connect(config: KafkaConfig) -> KafkaBus {
    within(KafkaBus::connect(config)).await.unwrap()
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it takes too long")
}

async fn join(bus: &KafkaBus, group: &str, max_unacked: usize) -> Box<dyn GroupMember> {
    let max_unacked = NonZeroUsize::new(max_unacked).unwrap();
    within(bus.join(Topic::Tasks, JoinOptions { group: group.to_owned(), max_unacked })).await.unwrap()
}

/// Waits until the member has so many partitions, and says which.
async fn assigned(member: &dyn GroupMember, count: usize) -> Vec<u32> {
    let mut assigned = member.assigned();
    within(assigned.wait_for(|partitions| partitions.len() == count)).await.unwrap().clone()
}

async fn delivery(member: &mut Box<dyn GroupMember>) -> Delivery {
    within(member.next()).await.unwrap().expect("the bus is open")
}

async fn assert_quiet(member: &mut Box<dyn GroupMember>) {
    let next = tokio::time::timeout(Duration::from_secs(1), member.next()).await;
    assert!(next.is_err(), "unexpected {next:?}");
}

fn message(text: impl ToString) -> Message {
    Message::new(Topic::Tasks, 1, text.to_string())
}

fn text(delivery: &Delivery) -> String {
    String::from_utf8(delivery.record().payload.as_ref().unwrap().to_vec()).unwrap()
}

async fn publish(bus: &KafkaBus, message: Message) {
    within(bus.publish(message)).await.unwrap();
}
