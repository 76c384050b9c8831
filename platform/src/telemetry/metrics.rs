//! Numbers for Prometheus, in the OpenMetrics text format.

use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

/// What the names of all metrics start with.
const PREFIX: &str = "data_inspector";

/// The metrics of a process. Clones are the same.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
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

    /// Adds metrics: `register(|registry| registry.register(…))`.
    pub fn register(&self, add: impl FnOnce(&mut Registry)) {
        add(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// All metrics as they are now.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        encode(&mut text, &registry).expect("writing into a String does not fail");
        text
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::metrics::counter::Counter;

    use super::*;

    #[test]
    fn registered_metrics_are_encoded_as_they_are_now() {
        let metrics = Metrics::new("1.2.3");
        let tasks: Counter = Counter::default();
        metrics.register(|registry| registry.register("tasks_done", "Tasks that were done", tasks.clone()));
        tasks.inc_by(3);
        let text = metrics.encode();
        assert!(text.contains("data_inspector_build_info{version=\"1.2.3\"} 1"), "{text}");
        assert!(text.contains("data_inspector_tasks_done_total 3"), "{text}");
        assert!(text.ends_with("# EOF\n"), "{text}");
    }
}
