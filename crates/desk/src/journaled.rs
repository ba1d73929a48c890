//! What a core must tell the shell so that it can be journaled.

use std::time::Duration;

use bytes::Bytes;
use tandem_domain::{Core, DeskId, Event, Trace};

use crate::Lexicon;

/// A core whose events can be written to a journal and read back.
pub trait Journaled: Core {
    /// The service's name, such as `router`: the first half of its streams' names.
    const SERVICE: &'static str;

    /// The highest journal level that this program reads and writes.
    const LEVEL: u32;

    /// Whether [`effect`](Self::effect) ever returns one: only then is the journal read for them.
    const HAS_EFFECTS: bool = false;

    /// The event as it is stored.
    fn encode(event: &Event<Self::Body>) -> Encoded;

    /// The event from what was stored; whoever reads many hands in the same lexicon again.
    ///
    /// # Errors
    /// An unknown kind refuses the whole desk; so does a damaged payload.
    fn read(kind: &str, payload: &[u8], lexicon: &mut Lexicon) -> Result<Event<Self::Body>, DecodeError>;

    /// One event by itself from what was stored.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    fn decode(kind: &str, payload: &[u8]) -> Result<Event<Self::Body>, DecodeError> {
        Self::read(kind, payload, &mut Lexicon::default())
    }

    /// What the event, which happened on `desk`, wants done by another service, if anything.
    fn effect(_desk: &DeskId, _event: &Event<Self::Body>) -> Option<Effect> {
        None
    }

    /// The trace that a command belongs to, if the core knows one: what follows from a message hangs with the message,
    /// whoever asks for it.
    fn trace_of(&self, _command: &Self::Command) -> Option<&Trace> {
        None
    }

    /// How much later than due it happened, of events that can be late.
    fn late_by(_event: &Event<Self::Body>) -> Option<Duration> {
        None
    }

    /// Topics whose listeners should look again after these events, which are applied already.
    fn topics(&self, events: &[Event<Self::Body>]) -> Vec<Topic>;
}

/// Something that listeners follow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Topic {
    /// Its name, such as `agent.ana`.
    pub name: String,
    /// What listeners would find if they looked, where that is small: it spares them the way. Empty: they look.
    pub news: Bytes,
}

impl Topic {
    /// A topic whose listeners have to look.
    #[must_use]
    pub const fn new(name: String) -> Self {
        Self {
            name,
            news: Bytes::new(),
        }
    }
}

/// An event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The kind, such as `OfferIssued`.
    pub kind: &'static str,
    /// The first journal level whose readers know this kind.
    pub level: u32,
    /// The payload.
    pub payload: Bytes,
}

/// Why a stored event cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Written by a newer program.
    #[error("unknown kind of event `{0}`: a newer version of Tandem wrote it")]
    UnknownKind(String),
    /// Not what its kind says.
    #[error("damaged event: {0}")]
    Damaged(String),
}

/// A command to another service that an event asks for. It is sent under the request id
/// `<stream>:<seq>`, so however often it is repeated, it happens once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The service to be told.
    pub service: String,
    /// The desk to be told.
    pub desk: DeskId,
    /// The method under which the receiver remembers the request.
    pub method: String,
    /// The receiver's command, as JSON.
    pub command: Bytes,
}
