//! What was expected, what came, and when.

use std::time::{Duration, Instant};

use memchr::memmem::find;
use serde_json::{Value, json};

/// An event that every subscriber has to get.
pub(crate) struct Expected {
    /// The field and its value, as it has to be in the message.
    pub(crate) text: Vec<u8>,
    pub(crate) cursor: String,
    /// When it was handed to Kafka.
    pub(crate) at: Instant,
}

/// All that was published, and how it arrived.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) expected: Vec<Expected>,
    /// By event: microseconds until each subscriber had it.
    delays: Vec<Vec<u32>>,
    pub(crate) received: u64,
    /// Events that a subscriber never got, although it got later ones.
    pub(crate) lost: u64,
    /// Messages that are not the next event: doubled, out of order, or different.
    pub(crate) wrong: u64,
    pub(crate) first_wrong: Option<String>,
}

impl Tally {
    pub(crate) fn expect(&mut self, expected: Expected) {
        self.expected.push(expected);
        self.delays.push(Vec::new());
    }

    /// A subscriber that has all events before `next` got a message; the event it waits for now.
    pub(crate) fn take(&mut self, next: Option<usize>, message: &[u8]) -> Option<usize> {
        // Whoever hears nothing for a while is told that this is so.
        let data = data(message);
        if data.starts_with(br#""inspectionEvents":{"__typename":"KeepAlive"}"#) {
            return next;
        }
        let first = next.unwrap_or(0);
        let Some(skipped) = self.expected[first..].iter().position(|event| data.starts_with(&event.text))
        else {
            self.wrong += 1;
            let said = String::from_utf8_lossy(message);
            self.first_wrong.get_or_insert_with(|| format!("waiting for {first}: {said}"));
            return next;
        };
        let index = first + skipped;
        if next.is_some() {
            self.lost += skipped as u64;
        }
        let delay = self.expected[index].at.elapsed();
        self.delays[index].push(u32::try_from(delay.as_micros()).unwrap_or(u32::MAX));
        self.received += 1;
        Some(index + 1)
    }

    /// How many deliveries there were of the events from `first` on.
    pub(crate) fn deliveries_since(&self, first: usize) -> u64 {
        self.delays[first..].iter().map(|of| of.len() as u64).sum()
    }

    /// How long it took from event `first` on.
    pub(crate) fn delays_since(&self, first: usize) -> Value {
        let mut all: Vec<u32> = self.delays[first..].iter().flatten().copied().collect();
        let mut last: Vec<u32> =
            self.delays[first..].iter().filter_map(|of| of.iter().max().copied()).collect();
        json!({
            "p50Ms": millis(percentile(&mut all, 50)),
            "p99Ms": millis(percentile(&mut all, 99)),
            "lastMs": millis(percentile(&mut last, 50)),
            "messages": all.len(),
        })
    }
}

/// What comes after the start of the data of a message; empty if it has none.
fn data(message: &[u8]) -> &[u8] {
    const DATA: &[u8] = b"\"data\":{";
    find(message, DATA).map_or(&[], |at| &message[at + DATA.len()..])
}

pub(crate) fn percentile(values: &mut [u32], percent: usize) -> u32 {
    values.sort_unstable();
    let index = (values.len() * percent).div_ceil(100).saturating_sub(1);
    values.get(index).copied().unwrap_or(0)
}

pub(crate) fn millis(micros: u32) -> f64 {
    f64::from(micros) / 1000.0
}

pub(crate) fn per_second(count: u64, time: Duration) -> f64 {
    (count as f64 / time.as_secs_f64()).round()
}
