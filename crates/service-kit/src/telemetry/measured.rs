//! What stores and buses cost, seen from the service that uses them: each call's time and how it ended, by the
//! conventions for clients of databases and of messaging systems.

mod bus;
mod store;

pub use bus::MeasuredBus;
pub use store::MeasuredStore;

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::Histogram;
use tokio::time::Instant;

/// Bounds in seconds, as the conventions advise for calls to servers.
pub(crate) const SECONDS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// One kind of call to one system.
struct Calls {
    durations: Histogram<f64>,
    system: KeyValue,
    operation: &'static str,
}

impl Calls {
    /// Notes a call that began at `begun`; `error` is the kind of its failure.
    fn note(&self, operation: &'static str, begun: Instant, error: Option<&'static str>) {
        let operation = KeyValue::new(self.operation, operation);
        record(
            &self.durations,
            begun.elapsed(),
            vec![self.system.clone(), operation],
            error,
        );
    }
}

fn record(durations: &Histogram<f64>, took: Duration, mut labels: Vec<KeyValue>, error: Option<&'static str>) {
    labels.extend(error.map(|kind| KeyValue::new("error.type", kind)));
    durations.record(took.as_secs_f64(), &labels);
}
