//! What all clients have in common: where librdkafka's messages go, and what its errors mean.

use std::sync::{Arc, Mutex, PoisonError};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::bus::BusErrorKind;

/// A client whose messages go where ours go. It remembers why brokers were refused, or refused it: a call that waited
/// for them in vain only knows that no one answered.
#[derive(Clone, Default)]
pub(super) struct Traced {
    refusal: Arc<Mutex<Option<KafkaError>>>,
}

impl Traced {
    /// The last refusal, of a password or of a certificate.
    pub(super) fn refusal(&self) -> Option<KafkaError> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ClientContext for Traced {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        report(&error, reason);
        // A handshake that was cut off is an error of TLS too: it matters only if nothing else came of it.
        if matters(&error) || error.rdkafka_error_code() == Some(RDKafkaErrorCode::SSL) {
            *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
    }
}

/// A line of librdkafka. It calls an error what it mends itself by trying again, so none of it is one here.
pub(super) fn log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    // Says of a setting that it is made for the other kind of client.
    let harmless = facility == "CONFWARN";
    if level as i32 <= RDKafkaLogLevel::Warning as i32 && !harmless {
        tracing::warn!(facility, "librdkafka: {message}");
    } else {
        tracing::debug!(facility, "librdkafka: {message}");
    }
}

/// An error that belongs to no call.
pub(super) fn report(error: &KafkaError, reason: &str) {
    if matters(error) {
        tracing::warn!(reason, "kafka: {error}");
    } else {
        tracing::debug!(reason, "kafka: {error}");
    }
}

/// Whether somebody has to know, because waiting will not mend it.
pub(super) fn matters(error: &KafkaError) -> bool {
    use RDKafkaErrorCode::{
        Authentication, ClusterAuthorizationFailed, Fatal, GroupAuthorizationFailed,
        SaslAuthenticationFailed, TopicAuthorizationFailed, UnknownTopic, UnknownTopicOrPartition,
        UnsupportedSASLMechanism,
    };
    matches!(error, KafkaError::MessageConsumptionFatal(_))
        || matches!(
            error.rdkafka_error_code(),
            Some(
                Authentication
                    | ClusterAuthorizationFailed
                    | Fatal
                    | GroupAuthorizationFailed
                    | SaslAuthenticationFailed
                    | TopicAuthorizationFailed
                    | UnknownTopic
                    | UnknownTopicOrPartition
                    | UnsupportedSASLMechanism
            )
        )
}

/// What an error of the producer means for a message of this size and with this partition.
pub(super) fn publish_kind(error: &KafkaError, size_bytes: usize, partition: Option<u32>) -> BusErrorKind {
    use RDKafkaErrorCode::{InvalidRecord, MessageBatchTooLarge, MessageSizeTooLarge, UnknownPartition};
    match (error.rdkafka_error_code(), partition) {
        // A broker does not say what it takes; it is less than this.
        (Some(MessageSizeTooLarge | MessageBatchTooLarge), _) => {
            BusErrorKind::TooLarge { size_bytes, limit_bytes: size_bytes.saturating_sub(1) }
        }
        (Some(UnknownPartition), Some(partition)) => BusErrorKind::UnknownPartition { partition },
        (Some(InvalidRecord), _) => BusErrorKind::Unsuitable,
        _ => BusErrorKind::Unavailable,
    }
}
