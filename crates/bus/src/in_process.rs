//! The bus of the embedded way of running: channels within one process.
//!
//! Nothing outlives the process. That is enough, because after a start the consumers' own positions and the
//! owners' journals say what is still to be read.

mod deliveries;
mod event_log;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_stream::wrappers::{BroadcastStream, ReceiverStream};

use crate::limits::{self, MAX_PAYLOAD, MAX_WAITING_HINTS, MAX_WAITING_REQUESTS};
use crate::pattern::matches;
use crate::{Bus, BusError, Delivery, EventMessage, Headers, Incoming};

use deliveries::SharedLog;
pub use event_log::Bounds;

/// A bus of channels. Everybody who is to talk to each other shares one, in an `Arc`.
#[derive(Default)]
pub struct InProcessBus {
    log: SharedLog,
    servers: Mutex<Vec<Subscriber<mpsc::Sender<Incoming>>>>,
    listeners: Mutex<Vec<Subscriber<broadcast::Sender<Hint>>>>,
}

type Hint = (String, Bytes);

struct Subscriber<S> {
    pattern: String,
    sender: S,
}

impl InProcessBus {
    /// A bus that keeps as many events for slow consumers as [`Bounds::default`] says.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A bus that keeps at most `bounds` of events for slow consumers.
    #[must_use]
    pub fn with_bounds(bounds: Bounds) -> Self {
        Self {
            log: SharedLog::new(bounds),
            ..Self::default()
        }
    }

    /// How many events are kept now; never more than the bounds say.
    #[must_use]
    pub fn kept_events(&self) -> usize {
        self.log.lock().kept()
    }

    /// Of several who serve it the newest is asked, as when a desk changes its owner.
    fn server_of(&self, subject: &str) -> Option<mpsc::Sender<Incoming>> {
        let mut servers = lock(&self.servers);
        servers.retain(|server| !server.sender.is_closed());
        servers
            .iter()
            .rev()
            .find(|server| matches(&server.pattern, subject))
            .map(|server| server.sender.clone())
    }
}

#[async_trait]
impl Bus for InProcessBus {
    async fn publish(&self, event: EventMessage) -> Result<(), BusError> {
        limits::check(&event.headers, &event.payload, MAX_PAYLOAD)?;
        self.log.publish(event);
        Ok(())
    }

    async fn events(&self, consumer: &str, subject: &str) -> Result<BoxStream<'static, Delivery>, BusError> {
        Ok(self.log.deliveries(consumer, subject))
    }

    async fn request(
        &self,
        subject: &str,
        headers: Headers,
        payload: Bytes,
        timeout: Duration,
    ) -> Result<Bytes, BusError> {
        limits::check(&headers, &payload, MAX_PAYLOAD)?;
        let server = self
            .server_of(subject)
            .ok_or_else(|| BusError::NoResponder(subject.to_owned()))?;
        let (reply, replied) = oneshot::channel();
        let incoming = Incoming::new(subject.to_owned(), headers, payload, reply);
        if let Err(mpsc::error::TrySendError::Closed(_)) = server.try_send(incoming) {
            return Err(BusError::NoResponder(subject.to_owned()));
        }
        let answer = tokio::time::timeout(timeout, answer(replied)).await;
        let answer = answer.map_err(|_| BusError::Timeout(subject.to_owned()))?;
        limits::check(&Headers::new(), &answer, MAX_PAYLOAD)?;
        Ok(answer)
    }

    async fn serve(&self, subject: &str) -> Result<BoxStream<'static, Incoming>, BusError> {
        let (sender, requests) = mpsc::channel(MAX_WAITING_REQUESTS);
        lock(&self.servers).push(Subscriber {
            pattern: subject.to_owned(),
            sender,
        });
        Ok(ReceiverStream::new(requests).boxed())
    }

    async fn hint(&self, subject: &str, payload: Bytes) -> Result<(), BusError> {
        limits::check(&Headers::new(), &payload, MAX_PAYLOAD)?;
        let mut listeners = lock(&self.listeners);
        listeners.retain(|listener| listener.sender.receiver_count() > 0);
        for listener in listeners.iter().filter(|listener| matches(&listener.pattern, subject)) {
            // The listener may go at any moment; a hint may be lost.
            let _ = listener.sender.send((subject.to_owned(), payload.clone()));
        }
        Ok(())
    }

    async fn hints(&self, subject: &str) -> Result<BoxStream<'static, (String, Bytes)>, BusError> {
        let (sender, hints) = broadcast::channel(MAX_WAITING_HINTS);
        lock(&self.listeners).push(Subscriber {
            pattern: subject.to_owned(),
            sender,
        });
        Ok(BroadcastStream::new(hints).filter_map(async |hint| hint.ok()).boxed())
    }

    fn is_connected(&self) -> bool {
        true
    }
}

/// Never comes if the request was dropped: the asker then waits out its timeout, as it would on a network.
async fn answer(replied: oneshot::Receiver<Bytes>) -> Bytes {
    match replied.await {
        Ok(answer) => answer,
        Err(_) => std::future::pending().await,
    }
}

/// No code that can panic runs under these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
