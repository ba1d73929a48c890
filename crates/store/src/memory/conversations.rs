//! The answers of the memory store.

use async_trait::async_trait;
use bytes::Bytes;
use tandem_domain::{ConversationId, DeskId, MessageId, Timestamp};

use super::MemoryStore;
use crate::{ConversationStore, KeptAnswer, NewAnswer, StoreError, StoredDocument};

#[async_trait]
impl ConversationStore for MemoryStore {
    async fn add_answer(&self, answer: NewAnswer) -> Result<KeptAnswer, StoreError> {
        self.write(|state| state.documents.add_answer(answer))
    }

    async fn release_answers(&self, desk: &DeskId, ids: &[MessageId]) -> Result<(), StoreError> {
        self.write(|state| ids.iter().for_each(|id| state.documents.release(desk, *id)))
    }

    async fn split_documents(
        &self,
        desk: &DeskId,
        ids: &[MessageId],
        ticket: u64,
        (conversation, keys): (ConversationId, Vec<Bytes>),
    ) -> Result<(), StoreError> {
        self.write(|state| {
            state.documents.lead(desk, keys, conversation);
            state.documents.split(desk, ids, ticket, conversation);
        })
    }

    async fn merge_documents(&self, desk: &DeskId, ids: &[MessageId], from: u64, into: u64) -> Result<(), StoreError> {
        self.write(|state| state.documents.merge(desk, ids, from, into))
    }

    async fn documents_of_conversation(
        &self,
        desk: &DeskId,
        conversation: ConversationId,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StoreError> {
        let wanted = |document: &StoredDocument| document.conversation == Some(conversation);
        self.read(|state| state.documents.list(desk, after, limit, wanted))
    }

    async fn latest_of_conversation(
        &self,
        desk: &DeskId,
        conversation: ConversationId,
        before: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StoreError> {
        self.read(|state| state.documents.latest(desk, conversation, before, limit))
    }

    async fn forget_drafts(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.write(|state| state.documents.forget_drafts(before))
    }
}
