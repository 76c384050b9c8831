//! What an ops team does with its tools.

use data_inspector_platform::bus::Topic;
use data_inspector_platform::bus::kafka::KafkaConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::topic_partition_list::Offset;
use rdkafka::{ClientConfig, TopicPartitionList};

fn admin(config: &KafkaConfig) -> AdminClient<DefaultClientContext> {
    let mut client = ClientConfig::new();
    client
        .set("bootstrap.servers", &config.brokers)
        .set("allow.auto.create.topics", "false")
        .create()
        .unwrap()
}

/// Makes all topics by hand, as an ops team does, with these settings.
pub(super) async fn create_topics(config: &KafkaConfig, partitions: i32, settings: &[(&str, &str)]) {
    let names: Vec<String> = Topic::ALL.iter().map(|topic| topic.name(&config.topic_prefix)).collect();
    let new = names.iter().map(|name| {
        let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1));
        settings.iter().fold(topic, |topic, (key, value)| topic.set(key, value))
    });
    let new: Vec<NewTopic<'_>> = new.collect();
    let admin = admin(config);
    for outcome in admin.create_topics(&new, &AdminOptions::new()).await.unwrap() {
        outcome.unwrap();
    }
    // The broker answers before it knows them.
    while names.iter().any(|name| !is_there(&admin, name)) {}
}

fn is_there(admin: &AdminClient<DefaultClientContext>, name: &str) -> bool {
    let metadata = admin.inner().fetch_metadata(Some(name), super::PATIENCE).unwrap();
    metadata.topics().iter().all(|topic| topic.error().is_none())
}

/// Adds partitions to a topic, up to this number.
pub(super) async fn grow(config: &KafkaConfig, topic: Topic, partitions: usize) {
    let name = topic.name(&config.topic_prefix);
    let new = rdkafka::admin::NewPartitions::new(&name, partitions);
    for outcome in admin(config).create_partitions([&new], &AdminOptions::new()).await.unwrap() {
        outcome.unwrap();
    }
}

/// Deletes the messages of a partition before this offset, as retention does.
pub(super) async fn delete_before(config: &KafkaConfig, topic: Topic, partition: i32, offset: i64) {
    let mut offsets = TopicPartitionList::new();
    let name = topic.name(&config.topic_prefix);
    offsets.add_partition_offset(&name, partition, Offset::Offset(offset)).unwrap();
    let deleted = admin(config).delete_records(&offsets, &AdminOptions::new()).await.unwrap();
    for partition in deleted.elements() {
        partition.error().unwrap();
    }
}
