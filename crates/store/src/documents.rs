//! Ingest's documents: messages with unique keys, their conversations, and the outbox.

pub(crate) mod plan;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tandem_domain::{ConversationId, DeskId, MessageId, Timestamp};

use crate::StoreError;

/// What to do with a document that belongs to no conversation yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WithoutConversation {
    /// Start this one.
    Start(ConversationId),
    /// Store it as unrouted, with this reason (a word such as `bounce`).
    Unrouted(String),
}

/// A message to be stored.
#[derive(Clone, Debug)]
pub struct NewDocument {
    /// The desk.
    pub desk: DeskId,
    /// The id it gets, unless it is a duplicate.
    pub id: MessageId,
    /// Unique per desk: the same key again is the same message, for ever.
    pub dedupe_key: Bytes,
    /// Keys by which an existing conversation is found, the strongest first.
    pub find_by: Vec<Bytes>,
    /// Keys by which later messages find this one's conversation. A key that belongs to a
    /// conversation already keeps it.
    pub known_as: Vec<Bytes>,
    /// What to do if `find_by` finds none.
    pub otherwise: WithoutConversation,
    /// The message: its parsed form, encoded by the caller.
    pub body: Bytes,
    /// The raw message as it came in.
    pub raw: Bytes,
    /// What the router will be told, encoded by the caller.
    pub outbox: Bytes,
    /// When it was taken.
    pub received_at: Timestamp,
    /// The session that brought it (a `traceparent`), so that the trace goes on.
    pub trace: String,
    /// For so long its outbox row counts as claimed by whoever stores it, as by [`claim`](DocumentStore::claim), which it
    /// spares; zero: anybody may claim it at once.
    pub claimed_for: Duration,
}

impl NewDocument {
    /// How often its outbox row has been claimed when it is stored.
    pub(crate) fn attempts(&self) -> u32 {
        u32::from(!self.claimed_for.is_zero())
    }
}

/// What became of a new document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The message: the one given, or the one that it repeats.
    pub id: MessageId,
    /// Its conversation; none when it is unrouted.
    pub conversation: Option<ConversationId>,
    /// Whether the conversation began with it.
    pub started: bool,
    /// Whether it had been stored before; nothing was written then.
    pub duplicate: bool,
}

/// A stored document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDocument {
    /// The message.
    pub id: MessageId,
    /// Its conversation, if it has one.
    pub conversation: Option<ConversationId>,
    /// The ticket's number, once the router has it for good.
    pub ticket: Option<u64>,
    /// Why it is on no ticket, if it is on none.
    pub unrouted: Option<String>,
    /// The parsed form.
    pub body: Bytes,
    /// When it was taken.
    pub received_at: Timestamp,
}

/// An outbox row that this process has claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The desk.
    pub desk: DeskId,
    /// The message.
    pub id: MessageId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// What the router is to be told.
    pub outbox: Bytes,
    /// The trace that brought it.
    pub trace: String,
    /// How often it has been claimed, this time included.
    pub attempts: u32,
}

/// How sending an outbox row went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboxOutcome {
    /// The router has it for good, on this ticket.
    OnTicket(u64),
    /// The router has no open ticket for it and opens none: list it as unrouted, with this reason.
    Unrouted(String),
    /// Try again, not before this much later.
    Retry(Duration),
    /// It cannot be sent: park it, with this reason, until somebody retries it by hand.
    Park(String),
}

/// A row of the outbox, as listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxEntry {
    /// The message.
    pub id: MessageId,
    /// Since when it waits.
    pub since: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it is parked; none: it is still being tried.
    pub parked: Option<String>,
}

/// Documents, their unique keys and their outbox.
#[async_trait]
pub trait DocumentStore: Send + Sync + 'static {
    /// Stores documents in one transaction, each with its keys and its outbox row (unrouted ones
    /// without). Concurrent first messages of one conversation end up in one conversation.
    /// Answers in the order given.
    async fn accept(&self, documents: Vec<NewDocument>) -> Result<Vec<Accepted>, StoreError>;

    /// One document.
    async fn document(&self, desk: &DeskId, id: MessageId) -> Result<Option<StoredDocument>, StoreError>;

    /// The raw message.
    async fn raw(&self, desk: &DeskId, id: MessageId) -> Result<Option<Bytes>, StoreError>;

    /// Documents after `after` in the order in which they were stored, of one ticket if given.
    async fn documents(
        &self,
        desk: &DeskId,
        ticket: Option<u64>,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StoreError>;

    /// Unrouted documents after `after` in the order in which they were stored.
    async fn unrouted(
        &self,
        desk: &DeskId,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StoreError>;

    /// Claims up to `limit` waiting rows, one by one, oldest first, until `ttl` from now: rows that nobody
    /// has claimed or whose claim ran out, that are due and not parked. Never by "id greater than the last".
    async fn claim(&self, limit: usize, ttl: Duration) -> Result<Vec<Claimed>, StoreError>;

    /// Records outcomes. A row that is done is deleted and its document gets the ticket or the reason; a document that
    /// was moved to another ticket meanwhile stays there.
    async fn settle(&self, outcomes: Vec<(DeskId, MessageId, OutboxOutcome)>) -> Result<(), StoreError>;

    /// Rows of the outbox after `after`, parked ones only if asked.
    async fn outbox(
        &self,
        desk: &DeskId,
        parked_only: bool,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<OutboxEntry>, StoreError>;

    /// Takes a parked row up again; `false` if there is no such row.
    async fn retry_parked(&self, desk: &DeskId, id: MessageId) -> Result<bool, StoreError>;
}
