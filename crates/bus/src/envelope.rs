//! What travels on the bus.

use std::collections::BTreeMap;

use bytes::Bytes;
use tokio::sync::oneshot;

/// Text headers, such as `traceparent` and `CloudEvents` attributes (`ce-id`, `ce-type` …).
pub type Headers = BTreeMap<String, String>;

/// An event to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventMessage {
    /// `tandem.events.<desk>.<kind>`, see [`subject::event`].
    pub subject: String,
    /// `<stream>:<seq>`: the bus drops a repeat.
    pub id: String,
    /// `CloudEvents` attributes and the trace.
    pub headers: Headers,
    /// The encoded event.
    pub payload: Bytes,
}

/// Why the bus did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// Nobody serves the subject.
    #[error("nobody serves {0}")]
    NoResponder(String),
    /// No answer in time; it may have happened.
    #[error("no answer on {0} in time")]
    Timeout(String),
    /// The bus cannot be reached; it may have happened.
    #[error("the bus cannot be reached: {0}")]
    Unavailable(String),
    /// Larger than the bus takes.
    #[error("{size} bytes are more than the bus takes ({limit})")]
    TooLarge {
        /// Bytes given.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
}

type Ack = Box<dyn FnOnce() -> futures::future::BoxFuture<'static, ()> + Send>;

/// An event that was delivered.
pub struct Delivery {
    /// Where it was published.
    pub subject: String,
    /// Its id.
    pub id: String,
    /// Its headers.
    pub headers: Headers,
    /// The encoded event.
    pub payload: Bytes,
    ack: Ack,
}

impl Delivery {
    /// A delivery that calls `ack` when it is dealt with.
    pub fn new(event: EventMessage, ack: Ack) -> Self {
        Self {
            subject: event.subject,
            id: event.id,
            headers: event.headers,
            payload: event.payload,
            ack,
        }
    }

    /// Says that it is dealt with; without this it comes again.
    pub async fn ack(self) {
        (self.ack)().await;
    }
}

/// A request that waits for its reply. Dropping it leaves the asker to its timeout.
pub struct Incoming {
    /// Where it was asked.
    pub subject: String,
    /// Its headers.
    pub headers: Headers,
    /// The encoded request.
    pub payload: Bytes,
    reply: oneshot::Sender<Bytes>,
}

impl Incoming {
    /// A request whose reply goes to `reply`.
    #[must_use]
    pub fn new(subject: String, headers: Headers, payload: Bytes, reply: oneshot::Sender<Bytes>) -> Self {
        Self {
            subject,
            headers,
            payload,
            reply,
        }
    }

    /// Answers. Nothing happens if nobody waits any more.
    pub fn reply(self, payload: Bytes) {
        // The asker may have given up; that is its business.
        let _ = self.reply.send(payload);
    }
}

/// The subjects, in one place.
pub mod subject {
    use tandem_domain::DeskId;

    /// Events of a kind on a desk, from every service.
    #[must_use]
    pub fn event(desk: &DeskId, kind: &str) -> String {
        format!("tandem.events.{desk}.{kind}")
    }

    /// All events of all desks.
    pub const ALL_EVENTS: &str = "tandem.events.>";

    /// Commands to and questions for a desk's owner in a service.
    #[must_use]
    pub fn command(service: &str, desk: &DeskId) -> String {
        format!("tandem.cmd.{service}.{desk}")
    }

    /// Journal ranges from a desk's owner in a service.
    #[must_use]
    pub fn journal(service: &str, desk: &DeskId) -> String {
        format!("tandem.journal.{service}.{desk}")
    }

    /// The records of a desk's journal in a service, many at once, for the services that consume it.
    #[must_use]
    pub fn records(service: &str, desk: &DeskId) -> String {
        format!("{RECORDS}{service}.{desk}")
    }

    /// The same of all desks.
    #[must_use]
    pub fn all_records(service: &str) -> String {
        format!("{RECORDS}{service}.*")
    }

    /// The same of all services.
    pub const EVERY_RECORD: &str = "tandem.records.>";

    /// What the subjects of [`records`] begin with.
    pub(crate) const RECORDS: &str = "tandem.records.";

    /// Hints that a head has moved; every owner sends one on opening and every two seconds.
    #[must_use]
    pub fn head(service: &str, desk: &DeskId) -> String {
        format!("tandem.head.{service}.{desk}")
    }

    /// The same of all desks.
    #[must_use]
    pub fn heads(service: &str) -> String {
        format!("tandem.head.{service}.*")
    }

    /// Hints that a topic of a desk has changed, such as an agent's work list.
    #[must_use]
    pub fn topic(service: &str, desk: &DeskId, topic: &str) -> String {
        format!("tandem.hint.{service}.{desk}.{topic}")
    }
}
