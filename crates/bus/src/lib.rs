//! How services talk: events (durable, ordered, with ids), requests and replies, and hints.
//!
//! Two implementations pass one suite of tests ([`conformance`]): NATS (JetStream for events,
//! core NATS for the rest) for a cluster, and in-process channels for one process.
//!
//! **Architecture invariant:** the bus is transport, never truth. Whatever it loses is read again
//! from the owner's journal; nothing is correct only because the bus was.

pub mod conformance;
mod envelope;
pub mod faulty;
mod in_process;
mod limits;
pub mod nats;
mod pattern;

pub use envelope::{BusError, Delivery, EventMessage, Headers, Incoming, subject};
pub use in_process::{Bounds, InProcessBus};
pub use limits::{MAX_PAYLOAD, MAX_UNACKED, MAX_WAITING_HINTS, MAX_WAITING_REQUESTS};

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

/// The bus. A service is handed one and cannot tell which.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Publishes an event durably; a repeated id (within the bus's window) is dropped by the bus.
    /// Returns when the bus has acknowledged it.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout`: it may or may not have been published; repeat under the same id.
    async fn publish(&self, event: EventMessage) -> Result<(), BusError>;

    /// Events of `subject` (wildcards `*` and `>` as in NATS), in order, from where the durable
    /// `consumer` left off, or from now on if it is new. At least once: acknowledge each delivery
    /// when it is dealt with. The stream repairs itself after disconnection, restart or deletion
    /// of what is behind it; what was lost meanwhile shows as a gap in the events' own numbers.
    /// A consumer that does not keep up costs bounded memory: older deliveries are dropped
    /// or stay with the server, and after [`MAX_UNACKED`] unacknowledged deliveries none follows.
    /// A delivery that is dropped unacknowledged comes again, and all that follow it once more, so
    /// that who ignores repeats sees the order unbroken.
    ///
    /// A consumer has one reader at a time: replicas that are each to get everything use a name each.
    async fn events(&self, consumer: &str, subject: &str) -> Result<BoxStream<'static, Delivery>, BusError>;

    /// Asks whoever serves `subject`.
    ///
    /// # Errors
    /// `NoResponder`, at once, if nobody does; `Timeout` if nobody answers in time.
    async fn request(
        &self,
        subject: &str,
        headers: Headers,
        payload: Bytes,
        timeout: Duration,
    ) -> Result<Bytes, BusError>;

    /// Serves `subject` until the stream is dropped. Bounded: requests above the bound are dropped
    /// and time out at the asker.
    async fn serve(&self, subject: &str) -> Result<BoxStream<'static, Incoming>, BusError>;

    /// Tells whoever listens; may be lost.
    async fn hint(&self, subject: &str, payload: Bytes) -> Result<(), BusError>;

    /// Hints on `subject` (wildcards allowed) from now on: the subject and the payload. Bounded: a
    /// slow listener loses the oldest.
    async fn hints(&self, subject: &str) -> Result<BoxStream<'static, (String, Bytes)>, BusError>;

    /// Whether the bus can be reached now; for health.
    fn is_connected(&self) -> bool;
}
