//! The settings of the adapter, and what they are in the words of librdkafka.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use rdkafka::ClientConfig;
use serde::Deserialize;

use crate::bus::TopicPrefix;

/// Where the brokers are, and how to use them. What an ops team has to know is in `docs/kafka.md`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KafkaConfig {
    /// Brokers to begin with: `host:port`, separated by commas.
    pub brokers: String,
    /// What the names of all topics and groups start with.
    pub topic_prefix: TopicPrefix,
    /// The name under which the brokers log us.
    pub client_id: String,
    /// Whether to create the topics that are missing. It needs a right that an ops team may keep for itself.
    pub create_topics: bool,
    /// Partitions of the topics it creates; of `tasks` there should be four for each worker slot.
    pub partitions: u32,
    /// Copies of each partition of the topics it creates; what the brokers prefer if it is not given.
    pub replication_factor: Option<u16>,
    /// Largest message in bytes (key, payload, headers). The topics must take a little more than that.
    pub max_message_bytes: usize,
    /// How messages are compressed.
    pub compression: Compression,
    /// How long a message waits for others to go with it.
    pub linger_ms: u64,
    /// How long a call waits for the brokers.
    pub timeout_ms: u64,
    /// A member of a group that has been silent for so long is taken for dead.
    pub session_timeout_ms: u64,
    /// How often a member of a group shows that it is alive, and learns that partitions move.
    pub heartbeat_ms: u64,
    /// A member of a group whose thread has not asked for messages for so long gives its partitions back. The
    /// thread asks also while the consumer is busy, so this catches only a process that stands still.
    pub max_poll_interval_ms: u64,
    /// How often to look for new partitions.
    pub metadata_refresh_ms: u64,
    /// Encryption and authentication.
    pub security: KafkaSecurity,
    /// Further settings by librdkafka's names. Those that the adapter depends on cannot be changed by these.
    pub properties: BTreeMap<String, Secret>,
}

impl Default for KafkaConfig {
    fn default() -> Self {
        Self {
            brokers: "127.0.0.1:9092".to_owned(),
            topic_prefix: TopicPrefix::default(),
            client_id: "data-inspector".to_owned(),
            create_topics: true,
            partitions: 16,
            replication_factor: None,
            // Less than what a broker, or an Event Hub, takes by default, with what Kafka adds.
            max_message_bytes: 900 << 10,
            compression: Compression::Zstd,
            linger_ms: 2,
            timeout_ms: 30_000,
            session_timeout_ms: 10_000,
            heartbeat_ms: 1_000,
            max_poll_interval_ms: 300_000,
            metadata_refresh_ms: 60_000,
            security: KafkaSecurity::default(),
            properties: BTreeMap::new(),
        }
    }
}

/// How messages are compressed. Event Hubs take gzip only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip.
    Gzip,
    /// LZ4.
    Lz4,
    /// Snappy.
    Snappy,
    /// Zstandard.
    Zstd,
}

/// Encryption and authentication. What is not given is not set.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KafkaSecurity {
    /// What is spoken with the brokers.
    pub protocol: SecurityProtocol,
    /// `PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512` or `OAUTHBEARER`; the last one needs `properties`.
    pub sasl_mechanism: Option<String>,
    /// Who we are.
    pub username: Option<String>,
    /// How we prove it.
    pub password: Option<Secret>,
    /// Certificates of the authorities that may vouch for a broker (PEM); else those of the system.
    pub ca_file: Option<PathBuf>,
    /// Our certificate (PEM), where brokers ask for one.
    pub certificate_file: Option<PathBuf>,
    /// The key of our certificate (PEM).
    pub key_file: Option<PathBuf>,
    /// The password of the key.
    pub key_password: Option<Secret>,
}

/// What is spoken with the brokers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecurityProtocol {
    /// Neither encryption nor authentication.
    #[default]
    Plaintext,
    /// TLS.
    Ssl,
    /// Authentication without encryption.
    SaslPlaintext,
    /// Authentication over TLS.
    SaslSsl,
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// How long the broker holds a request for messages when there are none. While it does, the client cannot ask for
/// a partition that was added or resumed meanwhile.
const FETCH_WAIT: Duration = Duration::from_millis(100);
/// Bytes of messages a consumer has fetched ahead, and a producer holds back.
const QUEUE_KIB: &str = "16384";

impl KafkaConfig {
    pub(super) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    pub(super) fn group(&self, name: &str) -> String {
        format!("{}.{name}", self.topic_prefix)
    }

    pub(super) fn producer(&self) -> ClientConfig {
        let mut client = self.client();
        client
            .set("acks", "all")
            .set("allow.auto.create.topics", "false")
            .set("compression.type", self.compression.name())
            .set("enable.idempotence", "true")
            .set("linger.ms", self.linger_ms.to_string())
            .set("message.timeout.ms", self.timeout_ms.to_string())
            // As the Java clients do, so that a key goes to the same partition whoever sends it.
            .set("partitioner", "murmur2_random")
            .set("queue.buffering.max.kbytes", QUEUE_KIB)
            .set("queue.buffering.max.messages", "10000");
        client
    }

    pub(super) fn member(&self, group: &str) -> ClientConfig {
        let mut client = self.consumer(group);
        client
            .set("auto.commit.interval.ms", "1000")
            .set("enable.auto.commit", "true")
            .set("heartbeat.interval.ms", self.heartbeat_ms.to_string())
            .set("max.poll.interval.ms", self.max_poll_interval_ms.to_string())
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", self.session_timeout_ms.to_string());
        client
    }

    /// A reader never joins its group: librdkafka wants a name for it, and the broker must let us look it up.
    pub(super) fn reader(&self) -> ClientConfig {
        let mut client = self.consumer("readers");
        client.set("enable.auto.commit", "false").set("enable.partition.eof", "true");
        client
    }

    fn consumer(&self, group: &str) -> ClientConfig {
        let mut client = self.client();
        client
            .set("allow.auto.create.topics", "false")
            .set("auto.offset.reset", "earliest")
            .set("check.crcs", "true")
            // Offsets are stored when a delivery has been acknowledged, not when it was handed out.
            .set("enable.auto.offset.store", "false")
            .set("fetch.error.backoff.ms", "100")
            .set("fetch.max.bytes", (8 << 20).to_string())
            .set("fetch.queue.backoff.ms", "20")
            .set("fetch.wait.max.ms", FETCH_WAIT.as_millis().to_string())
            .set("group.id", self.group(group))
            .set("queued.max.messages.kbytes", QUEUE_KIB)
            .set("queued.min.messages", "1000");
        client
    }

    fn client(&self) -> ClientConfig {
        let mut client = ClientConfig::new();
        for (name, value) in &self.properties {
            client.set(name, &value.0);
        }
        self.security.apply(&mut client);
        client
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", &self.client_id)
            // What a broker adds to a message is counted by librdkafka and not by us.
            .set("message.max.bytes", (self.max_message_bytes + (64 << 10)).to_string())
            .set("topic.metadata.refresh.interval.ms", self.metadata_refresh_ms.to_string());
        let patience_ms = self.timeout_ms.clamp(1_000, 60_000).to_string();
        for (name, value) in [
            ("reconnect.backoff.max.ms", "1000"),
            ("socket.connection.setup.timeout.ms", &*patience_ms),
            ("socket.keepalive.enable", "true"),
            ("socket.timeout.ms", &*patience_ms),
        ] {
            if !self.properties.contains_key(name) {
                client.set(name, value);
            }
        }
        client
    }
}

impl KafkaSecurity {
    fn apply(&self, client: &mut ClientConfig) {
        let file = |path: &Option<PathBuf>| path.as_ref().map(|path| path.to_string_lossy().into_owned());
        let secret = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.0.clone());
        let settings = [
            ("sasl.mechanism", self.sasl_mechanism.clone()),
            ("sasl.username", self.username.clone()),
            ("sasl.password", secret(&self.password)),
            ("ssl.ca.location", file(&self.ca_file)),
            ("ssl.certificate.location", file(&self.certificate_file)),
            ("ssl.key.location", file(&self.key_file)),
            ("ssl.key.password", secret(&self.key_password)),
        ];
        client.set("security.protocol", self.protocol.name());
        for (name, value) in settings {
            if let Some(value) = value {
                client.set(name, value);
            }
        }
    }
}

impl SecurityProtocol {
    fn name(self) -> &'static str {
        match self {
            Self::Plaintext => "plaintext",
            Self::Ssl => "ssl",
            Self::SaslPlaintext => "sasl_plaintext",
            Self::SaslSsl => "sasl_ssl",
        }
    }
}

impl Compression {
    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Lz4 => "lz4",
            Self::Snappy => "snappy",
            Self::Zstd => "zstd",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_shown() {
        let secret = || Secret::from("hunter2");
        let mut config = KafkaConfig::default();
        config.security.password = Some(secret());
        config.security.key_password = Some(secret());
        config.properties.insert("sasl.oauthbearer.client.secret".to_owned(), secret());
        let shown = format!("{config:?}");
        assert!(!shown.contains("hunter2") && shown.contains("sasl.oauthbearer.client.secret"), "{shown}");
    }

    #[test]
    fn encryption_and_authentication_reach_the_client() {
        let config: KafkaConfig = serde_json::from_value(serde_json::json!({
            "brokers": "hub.servicebus.windows.net:9093",
            "compression": "gzip",
            "security": {
                "protocol": "sasl_ssl",
                "sasl_mechanism": "PLAIN",
                "username": "$ConnectionString",
                "password": "Endpoint=sb://hub",
                "ca_file": "/etc/ca.pem",
            },
            "properties": { "ssl.cipher.suites": "TLS_AES_256_GCM_SHA384", "socket.timeout.ms": "5000" },
        }))
        .unwrap();
        let client = config.producer();
        for (name, value) in [
            ("security.protocol", "sasl_ssl"),
            ("sasl.mechanism", "PLAIN"),
            ("sasl.username", "$ConnectionString"),
            ("sasl.password", "Endpoint=sb://hub"),
            ("ssl.ca.location", "/etc/ca.pem"),
            ("ssl.cipher.suites", "TLS_AES_256_GCM_SHA384"),
            ("socket.timeout.ms", "5000"),
            ("compression.type", "gzip"),
        ] {
            assert_eq!(client.get(name), Some(value), "{name}");
        }
    }

    #[test]
    fn what_the_adapter_depends_on_cannot_be_changed() {
        let mut config = KafkaConfig::default();
        for name in ["acks", "enable.idempotence", "enable.auto.offset.store", "auto.offset.reset"] {
            config.properties.insert(name.to_owned(), Secret::from("0"));
        }
        assert_eq!(config.producer().get("acks"), Some("all"));
        assert_eq!(config.producer().get("enable.idempotence"), Some("true"));
        assert_eq!(config.member("workers").get("enable.auto.offset.store"), Some("false"));
        assert_eq!(config.reader().get("auto.offset.reset"), Some("earliest"));
    }

    #[test]
    fn groups_carry_the_prefix() {
        let config = KafkaConfig {
            topic_prefix: TopicPrefix::try_from("team-a.inspector").unwrap(),
            ..KafkaConfig::default()
        };
        assert_eq!(config.member("workers").get("group.id"), Some("team-a.inspector.workers"));
    }
}
