//! Numbers for Prometheus, in the OpenMetrics text format. Whoever has something to count counts it; here it is
//! read when somebody asks.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

/// What the names of all metrics start with.
const PREFIX: &str = "data_inspector";

/// The metrics of a process. Clones are the same.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
}

/// What a metric is called, and what it says.
#[derive(Clone, Copy, Debug)]
pub struct MetricName {
    /// Its name, without the prefix of all and without what the format adds to it.
    pub name: &'static str,
    /// What it counts, without a full stop.
    pub help: &'static str,
}

impl Metrics {
    /// Media type of [`Metrics::encode`].
    pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// Metrics that so far say which version runs.
    pub fn new(version: &'static str) -> Self {
        let mut registry = Registry::with_prefix(PREFIX);
        registry.register("build", "The version that runs", Info::new(vec![("version", version)]));
        Self { registry: Arc::new(Mutex::new(registry)) }
    }

    /// Adds a number that only rises.
    pub fn counter(&self, metric: MetricName, read: impl Fn() -> u64 + Send + Sync + 'static) {
        self.add(metric, MetricType::Counter, Box::new(move || vec![(None, read())]));
    }

    /// Adds a number that rises and falls.
    pub fn gauge(&self, metric: MetricName, read: impl Fn() -> u64 + Send + Sync + 'static) {
        self.add(metric, MetricType::Gauge, Box::new(move || vec![(None, read())]));
    }

    /// Adds numbers that only rise, one for each value of a label. The values are few, and known beforehand.
    pub fn counters(
        &self,
        metric: MetricName,
        label: &'static str,
        read: impl Fn() -> Vec<(String, u64)> + Send + Sync + 'static,
    ) {
        let labelled =
            move || read().into_iter().map(|(value, number)| (Some((label, value)), number)).collect();
        self.add(metric, MetricType::Counter, Box::new(labelled));
    }

    fn add(&self, metric: MetricName, kind: MetricType, read: Read) {
        let reading = Reading { metric, kind, read };
        let mut registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        registry.register_collector(Box::new(reading));
    }

    /// All metrics as they are now.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        encode(&mut text, &registry).expect("writing into a String does not fail");
        text
    }
}

type Label = Option<(&'static str, String)>;
type Read = Box<dyn Fn() -> Vec<(Label, u64)> + Send + Sync>;

/// A metric that is read when it is asked for.
struct Reading {
    metric: MetricName,
    kind: MetricType,
    read: Read,
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.metric.fmt(f)
    }
}

impl Collector for Reading {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let MetricName { name, help } = self.metric;
        let mut descriptor = encoder.encode_descriptor(name, help, None, self.kind)?;
        for (label, number) in (self.read)() {
            let labels: Vec<(&'static str, String)> = label.into_iter().collect();
            let sample = descriptor.encode_family(&labels)?;
            match self.kind {
                MetricType::Gauge => {
                    ConstGauge::new(i64::try_from(number).unwrap_or(i64::MAX)).encode(sample)?;
                }
                _ => ConstCounter::new(number).encode(sample)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn metrics_are_encoded_as_they_are_now() {
        let metrics = Metrics::new("1.2.3");
        let done = Arc::new(AtomicU64::new(0));
        let read = Arc::clone(&done);
        let name = |name| MetricName { name, help: "For a test" };
        metrics.counter(name("tasks_done"), move || read.load(Ordering::Relaxed));
        metrics.gauge(name("open"), || 7);
        metrics.counters(name("ended"), "how", || vec![("well".to_owned(), 1), ("badly".to_owned(), 0)]);
        done.fetch_add(3, Ordering::Relaxed);
        let text = metrics.encode();
        for line in [
            "data_inspector_build_info{version=\"1.2.3\"} 1",
            "data_inspector_tasks_done_total 3",
            "data_inspector_open 7",
            "data_inspector_ended_total{how=\"well\"} 1",
            "data_inspector_ended_total{how=\"badly\"} 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in:\n{text}");
        }
        assert!(text.ends_with("# EOF\n"), "{text}");
    }
}
