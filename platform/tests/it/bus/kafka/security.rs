//! Brokers that want encryption and a password, and clients that have neither.

use data_inspector_platform::bus::kafka::{
    KafkaBus, KafkaConfig, KafkaConnectError, KafkaSecurity, SecurityProtocol,
};
use data_inspector_platform::config::Secret;

use super::{assigned, config_of, connect, delivery, join, message, publish, text, within};
use crate::services::Service;

#[tokio::test]
async fn a_broker_with_tls_and_a_password() {
    let broker = Service::start_with("kafka", &[("DATA_INSPECTOR_KAFKA_PROTOCOL", "SASL_SSL")]);
    let security = KafkaSecurity {
        protocol: SecurityProtocol::SaslSsl,
        sasl_mechanism: "PLAIN".to_owned(),
        username: "inspector".to_owned(),
        password: Secret::new("of-the-tests"),
        ca_file: broker.folder().join("kafka.crt"),
        ..KafkaSecurity::default()
    };
    let with = |security| KafkaConfig { security, timeout_ms: 5_000, ..config_of(broker.address()) };

    let bus = connect(with(security.clone())).await;
    let mut member = join(&bus, "workers", 1).await;
    assigned(&*member, 4).await;
    publish(&bus, message("over TLS")).await;
    assert_eq!(text(&delivery(&mut member).await), "over TLS");

    let wrong_password = KafkaSecurity { password: Secret::new("wrong"), ..security.clone() };
    let unknown_authority = KafkaSecurity { ca_file: "".into(), ..security };
    for (what, security) in [("password", wrong_password), ("authority", unknown_authority)] {
        let refused = within(KafkaBus::connect(with(security))).await.map(drop);
        assert!(matches!(refused, Err(KafkaConnectError::Refused(_))), "{what}: {refused:?}");
    }
}
