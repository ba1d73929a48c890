//! The shape of a core: commands and the time go in, events come out.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{AgentId, DeskId, ErrorCode, Timestamp};

/// What a caller may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May do everything on its desks.
    Admin,
    /// May steer tickets and agents.
    Supervisor,
    /// May work as itself.
    Agent,
    /// May submit messages.
    Channel,
    /// May look.
    Reader,
    /// Another of Tandem's services.
    Service,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] = [
        Self::Admin,
        Self::Supervisor,
        Self::Agent,
        Self::Channel,
        Self::Reader,
        Self::Service,
    ];

    /// The role's name in a token.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Supervisor => "supervisor",
            Self::Agent => "agent",
            Self::Channel => "channel",
            Self::Reader => "reader",
            Self::Service => "service",
        }
    }
}

/// Who did it. The subject is the token's, an id without personal data.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Actor {
    /// The role in which it was done.
    pub role: Role,
    /// The token's subject, or a service's name.
    pub subject: Arc<str>,
}

impl Actor {
    /// One of Tandem's own services.
    #[must_use]
    pub fn service(name: &str) -> Self {
        Self {
            role: Role::Service,
            subject: name.into(),
        }
    }
}

/// Why it was done.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A call, under this method and request id.
    Request {
        /// The RPC's or command's name.
        method: Arc<str>,
        /// The caller's request id.
        id: Arc<str>,
    },
    /// The time came.
    Timer,
    /// An agent's session was lost.
    SessionLost,
    /// An event of another stream, `<stream>:<seq>`.
    Event(Arc<str>),
}

/// A W3C `traceparent`, carried along so that one trace spans all services; empty when there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Trace(pub Arc<str>);

/// What surrounds a command. Its texts are shared with all events that come of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// The time of the decision; never before the last event's.
    pub now: Timestamp,
    /// Who asks.
    pub actor: Actor,
    /// Why.
    pub cause: Cause,
    /// The trace that it belongs to.
    pub trace: Trace,
}

impl Context {
    /// An event of this context.
    pub fn event<B>(&self, body: B) -> Event<B> {
        Event {
            at: self.now,
            actor: self.actor.clone(),
            cause: self.cause.clone(),
            trace: self.trace.clone(),
            body,
        }
    }
}

/// Something that happened, with when, who and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event<B> {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// Why.
    pub cause: Cause,
    /// The trace that it belongs to.
    pub trace: Trace,
    /// What.
    pub body: B,
}

/// A change of one read-model row, committed with the events that caused it.
///
/// Rows are ordered by key within (desk, table); keys are chosen so that a prefix scan answers
/// the question asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowChange {
    /// The table, such as `ticket`.
    pub table: &'static str,
    /// The key inside desk and table.
    pub key: String,
    /// The new value, or none to delete the row.
    pub value: Option<Vec<u8>>,
}

/// A snapshot that cannot be loaded; the journal is replayed instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// Written by a version whose format this one does not know.
    #[error("snapshot format {0} is not known")]
    UnknownFormat(u32),
    /// The bytes do not hold what the format says.
    #[error("the snapshot is damaged: {0}")]
    Damaged(String),
}

/// A pure state machine with a journal: no I/O, no clock, no randomness.
///
/// # Laws
/// - `handle` emits events and has applied each of them to `self` before it returns.
/// - A rejected command emits nothing and changes nothing.
/// - `apply` is the only place where state changes: replaying the events of `handle` on the
///   state before it gives the state after it.
pub trait Core: Sized + Send + 'static {
    /// What callers ask for.
    type Command: Clone + Send + Serialize + DeserializeOwned + 'static;
    /// What happened.
    type Body: Clone + fmt::Debug + PartialEq + Send + Sync + 'static;
    /// What a command came to, as ids; [`reply`](Self::reply) makes the answer of it.
    type Outcome: Clone + fmt::Debug + PartialEq + Send + 'static;
    /// What a command is answered with.
    type Reply: Clone + Send + Serialize + DeserializeOwned + 'static;
    /// Why a command is refused.
    type Rejection: Rejected + Serialize + DeserializeOwned + 'static;
    /// What readers ask for.
    type Query: Send + Serialize + DeserializeOwned + 'static;
    /// What they get.
    type Answer: Send + Serialize + DeserializeOwned + 'static;

    /// The snapshot format that [`snapshot`](Self::snapshot) writes.
    const SNAPSHOT_FORMAT: u32;

    /// A desk on which nothing has happened.
    fn new(desk: &DeskId) -> Self;

    /// Handles one command.
    ///
    /// # Errors
    /// The rejection, when the command cannot be carried out; nothing has changed then.
    fn handle(
        &mut self,
        command: Self::Command,
        context: &Context,
        out: &mut Vec<Event<Self::Body>>,
    ) -> Result<Self::Outcome, Self::Rejection>;

    /// The answer to the command that came to `outcome`: what it is about, as it is now. Called right after
    /// [`handle`](Self::handle), by whoever needs it: a decision need not pay for a view that nobody reads.
    fn reply(&self, outcome: Self::Outcome) -> Self::Reply;

    /// Does what is due at `context.now`; called at [`next_wakeup`](Self::next_wakeup).
    fn tick(&mut self, context: &Context, out: &mut Vec<Event<Self::Body>>);

    /// An agent's session has been silent for longer than the grace.
    fn session_lost(&mut self, agent: &AgentId, context: &Context, out: &mut Vec<Event<Self::Body>>);

    /// Agents whose sessions must be heard of; those who are silent get [`session_lost`](Self::session_lost).
    fn sessions(&self) -> Vec<AgentId>;

    /// Replays one stored event.
    fn apply(&mut self, event: &Event<Self::Body>);

    /// When the core next wants a tick.
    fn next_wakeup(&self) -> Option<Timestamp>;

    /// Answers from the state; changes nothing.
    fn query(&self, query: &Self::Query, now: Timestamp) -> Self::Answer;

    /// The read-model rows that `events`, already applied, have changed.
    fn rows(&self, events: &[Event<Self::Body>]) -> Vec<RowChange>;

    /// The whole state, in [`SNAPSHOT_FORMAT`](Self::SNAPSHOT_FORMAT).
    fn snapshot(&self) -> Vec<u8>;

    /// Whether the state is all that the journal leads to. It is less after a snapshot of an older format, which did
    /// not know everything, was restored; what it lacks is lost only to this core, and never to the journal.
    fn is_complete(&self) -> bool {
        true
    }

    /// The state from a snapshot; loads the current format and the two before it, where they exist.
    ///
    /// # Errors
    /// [`RestoreError`], upon which the whole journal is replayed.
    fn restore(desk: &DeskId, format: u32, bytes: &[u8]) -> Result<Self, RestoreError>;
}

/// A core's reason to refuse a command.
pub trait Rejected: Clone + fmt::Display + fmt::Debug + Send + 'static {
    /// The code that callers get.
    fn code(&self) -> ErrorCode;
    /// The request's field that is wrong, if one is, such as `offer_id`.
    fn field(&self) -> Option<&str>;
}
