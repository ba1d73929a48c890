//! A bus whose calls are measured.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use opentelemetry::metrics::Counter;
use opentelemetry::{KeyValue, global};
use tandem_bus::{Bus, BusError, Delivery, EventMessage, Headers, Incoming};
use tokio::time::Instant;

use super::{Calls, SECONDS};

/// Measures what goes through a bus. Subjects name desks, so they are no labels.
pub struct MeasuredBus {
    inner: Arc<dyn Bus>,
    calls: Calls,
    consumed: Counter<u64>,
}

impl MeasuredBus {
    /// `system` is the bus's name in metrics, such as `nats`.
    #[must_use]
    pub fn new(inner: Arc<dyn Bus>, system: &'static str) -> Self {
        let meter = global::meter("tandem-bus");
        let durations = meter
            .f64_histogram("messaging.client.operation.duration")
            .with_unit("s")
            .with_description("How long publishing an event, asking and hinting took, as seen by the service")
            .with_boundaries(SECONDS.to_vec())
            .build();
        let consumed = meter
            .u64_counter("messaging.client.consumed.messages")
            .with_unit("{message}")
            .with_description("Events that were delivered, repeats included")
            .build();
        Self {
            inner,
            calls: Calls {
                durations,
                system: KeyValue::new("messaging.system", system),
                operation: "messaging.operation.name",
            },
            consumed,
        }
    }

    fn noted<T>(&self, operation: &'static str, begun: Instant, outcome: Result<T, BusError>) -> Result<T, BusError> {
        self.calls.note(operation, begun, outcome.as_ref().err().map(kind));
        outcome
    }
}

#[async_trait]
impl Bus for MeasuredBus {
    async fn publish(&self, event: EventMessage) -> Result<(), BusError> {
        let begun = Instant::now();
        self.noted("publish", begun, self.inner.publish(event).await)
    }

    async fn events(&self, consumer: &str, subject: &str) -> Result<BoxStream<'static, Delivery>, BusError> {
        let (delivered, system) = (self.consumed.clone(), [self.calls.system.clone()]);
        let events = self.inner.events(consumer, subject).await?;
        Ok(events.inspect(move |_| delivered.add(1, &system)).boxed())
    }

    async fn request(
        &self,
        subject: &str,
        headers: Headers,
        payload: Bytes,
        timeout: Duration,
    ) -> Result<Bytes, BusError> {
        let begun = Instant::now();
        let answer = self.inner.request(subject, headers, payload, timeout).await;
        self.noted("request", begun, answer)
    }

    async fn serve(&self, subject: &str) -> Result<BoxStream<'static, Incoming>, BusError> {
        self.inner.serve(subject).await
    }

    async fn hint(&self, subject: &str, payload: Bytes) -> Result<(), BusError> {
        let begun = Instant::now();
        self.noted("hint", begun, self.inner.hint(subject, payload).await)
    }

    async fn hints(&self, subject: &str) -> Result<BoxStream<'static, (String, Bytes)>, BusError> {
        self.inner.hints(subject).await
    }

    fn is_connected(&self) -> bool {
        self.inner.is_connected()
    }
}

fn kind(error: &BusError) -> &'static str {
    match error {
        BusError::NoResponder(_) => "no_responder",
        BusError::Timeout(_) => "timeout",
        BusError::Unavailable(_) => "unavailable",
        BusError::TooLarge { .. } => "too_large",
    }
}
