//! A bus with seeded faults around another one, for tests of what stands on a bus.

mod dice;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt};

use crate::{Bus, BusError, Delivery, EventMessage, Headers, Incoming};

use dice::Dice;
pub use dice::{Fault, Faults};

/// A bus that does wrong, the same way for the same seed and the same order of calls.
pub struct FaultyBus {
    inner: Arc<dyn Bus>,
    dice: Arc<Dice>,
}

impl FaultyBus {
    /// Puts `faults` around `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn Bus>, seed: u64, faults: Faults) -> Self {
        Self {
            inner,
            dice: Arc::new(Dice::new(seed, faults)),
        }
    }

    /// From now on these faults happen; [`Faults::none`] heals the bus.
    pub fn set(&self, faults: Faults) {
        self.dice.set(faults);
    }

    /// How often a fault has happened: a test that never met the fault has shown nothing.
    #[must_use]
    pub fn hits(&self, fault: Fault) -> u64 {
        self.dice.hits(fault)
    }
}

#[async_trait]
impl Bus for FaultyBus {
    async fn publish(&self, event: EventMessage) -> Result<(), BusError> {
        self.dice.delay().await;
        if self.dice.strikes(Fault::LoseEvent) {
            return Ok(());
        }
        let subject = event.subject.clone();
        if self.dice.strikes(Fault::FailPublish) {
            return Err(BusError::Timeout(subject));
        }
        self.inner.publish(event).await?;
        if self.dice.strikes(Fault::LosePublishAck) {
            Err(BusError::Timeout(subject))
        } else {
            Ok(())
        }
    }

    async fn events(&self, consumer: &str, subject: &str) -> Result<BoxStream<'static, Delivery>, BusError> {
        let deliveries = self.inner.events(consumer, subject).await?;
        let faulty = FaultyDeliveries {
            deliveries,
            queued: VecDeque::new(),
            dice: self.dice.clone(),
        };
        Ok(stream::unfold(faulty, async |mut faulty| Some((faulty.next().await?, faulty))).boxed())
    }

    async fn request(
        &self,
        subject: &str,
        headers: Headers,
        payload: Bytes,
        timeout: Duration,
    ) -> Result<Bytes, BusError> {
        if self.dice.strikes(Fault::NoResponder) {
            return Err(BusError::NoResponder(subject.to_owned()));
        }
        self.dice.delay().await;
        if self.dice.strikes(Fault::LoseRequest) {
            tokio::time::sleep(timeout).await;
            return Err(BusError::Timeout(subject.to_owned()));
        }
        let reply = self.inner.request(subject, headers, payload, timeout).await?;
        if self.dice.strikes(Fault::LoseReply) {
            Err(BusError::Timeout(subject.to_owned()))
        } else {
            Ok(reply)
        }
    }

    async fn serve(&self, subject: &str) -> Result<BoxStream<'static, Incoming>, BusError> {
        self.inner.serve(subject).await
    }

    async fn hint(&self, subject: &str, payload: Bytes) -> Result<(), BusError> {
        if self.dice.strikes(Fault::LoseHint) {
            Ok(())
        } else {
            self.inner.hint(subject, payload).await
        }
    }

    async fn hints(&self, subject: &str) -> Result<BoxStream<'static, (String, Bytes)>, BusError> {
        self.inner.hints(subject).await
    }

    fn is_connected(&self) -> bool {
        self.inner.is_connected()
    }
}

struct FaultyDeliveries {
    deliveries: BoxStream<'static, Delivery>,
    queued: VecDeque<Delivery>,
    dice: Arc<Dice>,
}

impl FaultyDeliveries {
    async fn next(&mut self) -> Option<Delivery> {
        if let Some(delivery) = self.queued.pop_front() {
            return Some(delivery);
        }
        let delivery = self.deliveries.next().await?;
        self.dice.delay().await;
        if self.dice.strikes(Fault::RepeatDelivery) {
            self.queued.push_back(repeat(&delivery));
        }
        match self.overtaking().await {
            None => Some(delivery),
            later => {
                self.queued.push_front(delivery);
                later
            }
        }
    }

    async fn overtaking(&mut self) -> Option<Delivery> {
        if !self.dice.strikes(Fault::SwapDeliveries) {
            return None;
        }
        tokio::time::timeout(self.dice.longest_delay(), self.deliveries.next())
            .await
            .ok()?
    }
}

/// The same event once more; only the original's acknowledgement counts.
fn repeat(delivery: &Delivery) -> Delivery {
    let event = EventMessage {
        subject: delivery.subject.clone(),
        id: delivery.id.clone(),
        headers: delivery.headers.clone(),
        payload: delivery.payload.clone(),
    };
    Delivery::new(event, Box::new(|| async {}.boxed()))
}
