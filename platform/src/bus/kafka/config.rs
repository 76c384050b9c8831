//! The settings of the adapter in the words of librdkafka.

use std::time::Duration;

use rdkafka::ClientConfig;

use crate::bus::settings::{Compression, KafkaConfig, KafkaSecurity, SecurityProtocol};

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
            client.set(name, value.expose());
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
        let [ca_file, certificate_file, key_file] =
            [&self.ca_file, &self.certificate_file, &self.key_file].map(|path| path.to_string_lossy());
        let settings = [
            ("sasl.mechanism", &*self.sasl_mechanism),
            ("sasl.username", &self.username),
            ("sasl.password", self.password.expose()),
            ("ssl.ca.location", &ca_file),
            ("ssl.certificate.location", &certificate_file),
            ("ssl.key.location", &key_file),
            ("ssl.key.password", self.key_password.expose()),
        ];
        client.set("security.protocol", self.protocol.name());
        for (name, value) in settings.into_iter().filter(|(_, value)| !value.is_empty()) {
            client.set(name, value);
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
    use crate::bus::TopicPrefix;
    use crate::config::Secret;

    #[test]
    fn no_secret_is_shown() {
        let secret = || Secret::new("hunter2");
        let mut config = KafkaConfig::default();
        config.security.password = secret();
        config.security.key_password = secret();
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
            "properties": ["ssl.cipher.suites=TLS_AES_256_GCM_SHA384", "socket.timeout.ms=5000"],
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
            config.properties.insert(name.to_owned(), Secret::new("0"));
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
