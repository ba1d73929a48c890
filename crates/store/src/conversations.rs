//! The two sides of a conversation: what came in, and what is answered.

use async_trait::async_trait;
use bytes::Bytes;
use tandem_domain::{ConversationId, DeskId, MessageId, Timestamp};

use crate::{StoreError, StoredDocument};

/// An answer or a note to be kept until it is released.
#[derive(Clone, Debug)]
pub struct NewAnswer {
    /// The desk.
    pub desk: DeskId,
    /// The id it gets, unless it is a duplicate.
    pub id: MessageId,
    /// Unique per desk, among all messages: the same key again is the same answer, for ever.
    pub dedupe_key: Bytes,
    /// The conversation.
    pub conversation: ConversationId,
    /// The ticket's number.
    pub ticket: u64,
    /// The answer, encoded by the caller.
    pub body: Bytes,
    /// When it was written.
    pub received_at: Timestamp,
}

/// What became of a new answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// The message: the one given, or the one that it repeats.
    pub id: MessageId,
    /// What had been kept under its dedupe key before; nothing was written then.
    pub earlier: Option<Bytes>,
}

/// Conversations' documents, and the answers that become some.
#[async_trait]
pub trait ConversationStore: Send + Sync + 'static {
    /// Keeps an answer. It is no document before it is released: neither found nor listed.
    async fn add_answer(&self, answer: NewAnswer) -> Result<KeptAnswer, StoreError>;

    /// Makes documents of answers, in the order given; those that are documents already, or that are not known, are
    /// passed over.
    async fn release_answers(&self, desk: &DeskId, ids: &[MessageId]) -> Result<(), StoreError>;

    /// Puts these documents on another ticket and into another conversation, which is known as these keys from now on (as
    /// with [`NewDocument::known_as`](crate::NewDocument::known_as), but also where a key led elsewhere before), and
    /// leaves all else about them as it is. Those that are there already, or that are not known, are passed over.
    async fn split_documents(
        &self,
        desk: &DeskId,
        ids: &[MessageId],
        ticket: u64,
        conversation: (ConversationId, Vec<Bytes>),
    ) -> Result<(), StoreError>;

    /// Puts all documents of one ticket on another, and these of its documents also if the outbox does not know yet
    /// that they were on the first; each stays in its conversation.
    async fn merge_documents(&self, desk: &DeskId, ids: &[MessageId], from: u64, into: u64) -> Result<(), StoreError>;

    /// A conversation's documents after `after`, in the order in which they were stored or released.
    async fn documents_of_conversation(
        &self,
        desk: &DeskId,
        conversation: ConversationId,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StoreError>;

    /// A conversation's documents before `before`, the newest first.
    async fn latest_of_conversation(
        &self,
        desk: &DeskId,
        conversation: ConversationId,
        before: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StoreError>;

    /// Forgets answers that were kept before `before` and never released; returns how many.
    async fn forget_drafts(&self, before: Timestamp) -> Result<u64, StoreError>;
}
