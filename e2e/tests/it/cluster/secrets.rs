//! Looks for what must be nowhere: secrets, signatures and cells of a file, in logs, rows and messages.

use std::time::Duration;

use data_inspector_platform::bus::kafka::{KafkaBus, KafkaConfig};
use data_inspector_platform::bus::{EventBus as _, ReadFrom, Topic};

use data_inspector_e2e::system::{CELL, PASSWORD, System};

pub(super) struct Secrets<'a> {
    system: &'a System,
    needles: Vec<(&'static str, String)>,
}

impl<'a> Secrets<'a> {
    pub(super) fn of(system: &'a System) -> Self {
        let connection = system.services.azure();
        let key = connection.split("AccountKey=").nth(1).unwrap().split(';').next().unwrap();
        let needles = vec![
            ("the key of the account", key.to_owned()),
            ("a signature", "sig=".to_owned()),
            ("the password of the database", PASSWORD.to_owned()),
            ("a token", system.token().to_owned()),
            ("a cell", CELL.to_owned()),
        ];
        Self { system, needles }
    }

    pub(super) async fn assert_unseen(&self) {
        let mut looked_at = 0;
        for entry in std::fs::read_dir(self.system.logs()).unwrap() {
            let path = entry.unwrap().path();
            let log = std::fs::read(&path).unwrap();
            self.assert_none(&path.display().to_string(), &log);
            looked_at += 1;
        }
        assert!(looked_at >= 7, "there are logs of {looked_at} processes");
        let rows = self.system.services.dump("postgres").unwrap();
        assert!(rows.contains("INSERT INTO public.events"), "{}", &rows[..rows.len().min(1000)]);
        self.assert_none("the database", &with_bytes(&rows));
        let messages = self.messages().await;
        assert!(messages.len() > 10_000, "{} bytes of messages", messages.len());
        self.assert_none("a message", &messages);
    }

    fn assert_none(&self, place: &str, text: &[u8]) {
        for (what, needle) in &self.needles {
            let at = text.windows(needle.len()).position(|window| window == needle.as_bytes());
            let around = at.map(|at| &text[at.saturating_sub(200)..(at + 50).min(text.len())]);
            assert!(at.is_none(), "{what} is in {place}: {:?}", around.map(String::from_utf8_lossy));
        }
    }

    /// Everything that is on the topics, one after the other.
    async fn messages(&self) -> Vec<u8> {
        let brokers = self.system.services.kafka().to_owned();
        let config = KafkaConfig { brokers, create_topics: false, ..KafkaConfig::default() };
        let bus = KafkaBus::connect(config).await.unwrap();
        let mut found = Vec::new();
        for topic in Topic::ALL {
            let mut reader = bus.read(topic, ReadFrom::Beginning).await.unwrap();
            while !reader.caught_up() {
                let next = tokio::time::timeout(Duration::from_secs(30), reader.next()).await;
                let Ok(Ok(Some(record))) = next else { panic!("{topic}: {next:?}") };
                found.extend_from_slice(record.key.as_deref().unwrap_or_default());
                found.extend_from_slice(record.payload.as_deref().unwrap_or_default());
                found.push(b'\n');
            }
        }
        bus.close().await;
        found
    }
}

/// A dump writes bytes as `\x` and digits: after the text come the bytes.
fn with_bytes(dump: &str) -> Vec<u8> {
    let mut found = dump.as_bytes().to_vec();
    for part in dump.split("\\x").skip(1) {
        let digits: Vec<u8> = part.bytes().take_while(u8::is_ascii_hexdigit).collect();
        let digit = |digit: u8| char::from(digit).to_digit(16).unwrap_or(0) as u8;
        found.extend(digits.chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])));
        found.push(b'\n');
    }
    found
}
