//! The section `bus` of a configuration: which bus, and how it is used. The same whatever is built in, so that a
//! configuration is checked the same everywhere.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use data_inspector_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::in_process::{InProcessBus, InProcessConfig};
use super::{EventBus, TopicPrefix};
use crate::config::{Contradiction, Secret};

/// How the processes talk.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BusSettings {
    /// Which bus.
    pub kind: BusKind,
    /// Partitions of each topic of the bus inside the process.
    pub in_process_partitions: u32,
    /// Kafka, if it is that.
    pub kafka: KafkaConfig,
}

impl Default for BusSettings {
    fn default() -> Self {
        Self {
            kind: BusKind::default(),
            in_process_partitions: InProcessConfig::default().partitions,
            kafka: KafkaConfig::default(),
        }
    }
}

/// Which bus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BusKind {
    /// Inside one process.
    #[default]
    InProcess,
    /// Between processes.
    Kafka,
}

/// The bus cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum BusOpenError {
    /// It is not in this program.
    #[error("this program was built without Kafka: build it with the feature `cluster`")]
    NotBuiltIn,
    /// Kafka does not want us, or is not there.
    #[cfg(feature = "kafka")]
    #[error("cannot use Kafka")]
    Kafka(#[from] super::kafka::KafkaConnectError),
}

impl BusSettings {
    /// What is wrong with them.
    pub fn contradictions(&self) -> Vec<Contradiction> {
        let mut found = Vec::new();
        if self.in_process_partitions == 0 {
            found.push(Contradiction::new(&["bus.in_process_partitions"], "expected at least 1"));
        }
        if self.kind == BusKind::Kafka {
            if cfg!(not(feature = "kafka")) {
                found.push(Contradiction::new(&["bus.kind"], BusOpenError::NotBuiltIn.to_string()));
            }
            found.extend(self.kafka.contradictions());
        }
        found
    }

    /// Opens the bus.
    pub async fn open(&self) -> Result<Arc<dyn EventBus>, BusOpenError> {
        match self.kind {
            BusKind::InProcess => {
                let config =
                    InProcessConfig { partitions: self.in_process_partitions, ..InProcessConfig::default() };
                Ok(Arc::new(InProcessBus::new(config, Arc::new(host_time))))
            }
            #[cfg(feature = "kafka")]
            BusKind::Kafka => Ok(Arc::new(super::kafka::KafkaBus::connect(self.kafka.clone()).await?)),
            #[cfg(not(feature = "kafka"))]
            BusKind::Kafka => Err(BusOpenError::NotBuiltIn),
        }
    }
}

fn host_time() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX))
}

/// Where the brokers are, and how to use them. What an ops team has to know is in `docs/kafka.md`.
#[derive(Clone, Debug, Serialize, Deserialize)]
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
    /// Copies of each partition of the topics it creates; 0: what the brokers prefer.
    pub replication_factor: u16,
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
    /// Further settings by librdkafka's names, written as a list of `name=value`. Those that the adapter depends on
    /// cannot be changed by these.
    #[serde(with = "assignments")]
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
            replication_factor: 0,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// Encryption and authentication. What is empty is not set.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KafkaSecurity {
    /// What is spoken with the brokers.
    pub protocol: SecurityProtocol,
    /// `PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512` or `OAUTHBEARER`; the last one needs `properties`.
    pub sasl_mechanism: String,
    /// Who we are.
    pub username: String,
    /// How we prove it.
    pub password: Secret,
    /// Certificates of the authorities that may vouch for a broker (PEM); else those of the system.
    pub ca_file: PathBuf,
    /// Our certificate (PEM), where brokers ask for one.
    pub certificate_file: PathBuf,
    /// The key of our certificate (PEM).
    pub key_file: PathBuf,
    /// The password of the key.
    pub key_password: Secret,
}

/// What is spoken with the brokers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

impl KafkaConfig {
    fn contradictions(&self) -> Vec<Contradiction> {
        let security = &self.security;
        let by_sasl =
            matches!(security.protocol, SecurityProtocol::SaslPlaintext | SecurityProtocol::SaslSsl);
        let by_password = by_sasl && security.sasl_mechanism != "OAUTHBEARER";
        let lacks_password = security.username.is_empty() || security.password.is_empty();
        let checks: [(bool, &[&'static str], &str); 4] = [
            (!self.brokers.is_empty(), &["bus.kafka.brokers"], "expected host:port"),
            (self.partitions > 0, &["bus.kafka.partitions"], "expected at least 1"),
            (
                !by_sasl || !security.sasl_mechanism.is_empty(),
                &["bus.kafka.security.protocol", "bus.kafka.security.sasl_mechanism"],
                "expected PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER where SASL is spoken",
            ),
            (
                !by_password || !lacks_password,
                &["bus.kafka.security.username", "bus.kafka.security.password"],
                "expected both where SASL is spoken",
            ),
        ];
        let failed = checks.into_iter().filter(|(holds, _, _)| !holds);
        failed.map(|(_, keys, message)| Contradiction::new(keys, message)).collect()
    }
}

/// A list of `name=value`. The values may be secrets and are not shown.
mod assignments {
    use std::collections::BTreeMap;

    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::config::Secret;

    pub(super) fn serialize<S: Serializer>(
        properties: &BTreeMap<String, Secret>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let shown = properties.iter().map(|(name, value)| format!("{name}={}", value.masked()));
        shown.collect::<Vec<_>>().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<String, Secret>, D::Error> {
        let mut properties = BTreeMap::new();
        for assignment in Vec::<String>::deserialize(deserializer)? {
            let (name, value) =
                assignment.split_once('=').ok_or_else(|| D::Error::custom("expected name=value"))?;
            properties.insert(name.trim().to_owned(), Secret::new(value));
        }
        Ok(properties)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(settings: &BusSettings) -> Vec<&'static str> {
        settings
            .contradictions()
            .into_iter()
            .flat_map(|each| each.keys)
            .filter(|key| *key != "bus.kind")
            .collect()
    }

    #[test]
    fn everything_that_is_missing_is_said() {
        assert!(BusSettings::default().contradictions().is_empty());
        let mut settings = BusSettings { kind: BusKind::Kafka, ..BusSettings::default() };
        assert!(keys(&settings).is_empty());
        settings.kafka = KafkaConfig { brokers: String::new(), partitions: 0, ..KafkaConfig::default() };
        settings.kafka.security.protocol = SecurityProtocol::SaslSsl;
        let expected = [
            "bus.kafka.brokers",
            "bus.kafka.partitions",
            "bus.kafka.security.protocol",
            "bus.kafka.security.sasl_mechanism",
            "bus.kafka.security.username",
            "bus.kafka.security.password",
        ];
        assert_eq!(keys(&settings), expected);
        settings.kind = BusKind::InProcess;
        assert!(keys(&settings).is_empty(), "nobody asks for Kafka");
    }

    #[test]
    fn properties_are_read_and_not_shown() {
        let kafka: KafkaConfig =
            serde_json::from_str(r#"{"properties": ["a.b=c=d", "sasl.password=hunter2"]}"#).unwrap();
        assert_eq!(kafka.properties["a.b"].expose(), "c=d");
        let shown = serde_json::to_string(&kafka).unwrap();
        assert!(shown.contains("sasl.password=***") && !shown.contains("hunter2"), "{shown}");
        assert!(serde_json::from_str::<KafkaConfig>(r#"{"properties": ["a"]}"#).is_err());
    }
}
