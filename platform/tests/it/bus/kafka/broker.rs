//! A broker of one test's own, which it may kill; and what an ops team does with its tools.

use std::path::Path;
use std::process::{Command, Stdio};

use data_inspector_platform::bus::Topic;
use data_inspector_platform::bus::kafka::KafkaConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::topic_partition_list::Offset;
use rdkafka::{ClientConfig, TopicPartitionList};

/// A broker that `scripts/services.sh` started; it ends with this.
pub(super) struct Broker {
    folder: tempfile::TempDir,
    address: String,
}

impl Broker {
    pub(super) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let printed = services(&["start", &folder.path().to_string_lossy(), "kafka"]);
        let address = printed.trim().rsplit('=').next().unwrap().to_owned();
        Self { folder, address }
    }

    pub(super) fn address(&self) -> String {
        self.address.clone()
    }

    /// SIGKILL.
    pub(super) fn kill(&self) {
        services(&["kill", "kafka", &self.folder.path().to_string_lossy()]);
    }

    /// Returns when it answers again.
    pub(super) fn restart(&self) {
        services(&["restart", "kafka", &self.folder.path().to_string_lossy()]);
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // What is in its folder goes anyway.
        self.kill();
    }
}

fn services(arguments: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/services.sh");
    let output = Command::new("bash")
        .arg(script)
        .args(arguments)
        .env_remove("DATA_INSPECTOR_TEST_KAFKA")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "services.sh {arguments:?}: {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

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
