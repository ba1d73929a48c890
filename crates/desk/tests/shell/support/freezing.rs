//! A store as a process sees it that can be stopped (SIGSTOP): its calls hang until it goes on.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tandem_domain::{ConversationId, DeskId, MessageId, Timestamp};
use tandem_store::{
    Accepted, Claimed, ClaimedJob, Commit, ConversationStore, DocumentStore, JobEntry, JobOutcome, JobStore,
    JournalStore, KeptAnswer, Lease, LeaseStore, MemoryStore, NewAnswer, NewDocument, OutboxEntry, OutboxOutcome,
    Position, Record, RequestKey, RequestRecord, RowPage, Snapshot, StoreError, StoredDocument, Stream,
};
use tokio::sync::watch;

/// One process's way to the store.
#[derive(Clone)]
pub(crate) struct FreezingStore {
    store: MemoryStore,
    frozen: watch::Sender<bool>,
}

impl FreezingStore {
    pub(crate) fn new(store: MemoryStore) -> Self {
        Self {
            store,
            frozen: watch::Sender::new(false),
        }
    }

    pub(crate) fn freeze(&self, frozen: bool) {
        self.frozen.send_replace(frozen);
    }

    async fn store(&self) -> &MemoryStore {
        let _ = self.frozen.subscribe().wait_for(|frozen| !frozen).await;
        &self.store
    }
}

#[async_trait]
impl JournalStore for FreezingStore {
    async fn now(&self) -> Result<Timestamp, StoreError> {
        self.store().await.now().await
    }
    async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        self.store().await.commit(commit).await
    }
    async fn read(&self, stream: &Stream, from_seq: u64, limit: usize) -> Result<Vec<Record>, StoreError> {
        self.store().await.read(stream, from_seq, limit).await
    }
    async fn tail(&self, stream: &Stream) -> Result<Option<Position>, StoreError> {
        self.store().await.tail(stream).await
    }
    async fn streams(&self, service: &str) -> Result<Vec<Stream>, StoreError> {
        self.store().await.streams(service).await
    }
    async fn row(&self, desk: &DeskId, table: &str, key: &str) -> Result<Option<Bytes>, StoreError> {
        self.store().await.row(desk, table, key).await
    }
    async fn rows(
        &self,
        desk: &DeskId,
        table: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<RowPage, StoreError> {
        self.store().await.rows(desk, table, prefix, after, limit).await
    }
    async fn requests(&self, keys: &[RequestKey]) -> Result<Vec<RequestRecord>, StoreError> {
        self.store().await.requests(keys).await
    }
    async fn forget_expired_requests(&self) -> Result<u64, StoreError> {
        self.store().await.forget_expired_requests().await
    }
    async fn position(&self, consumer: &str, stream: &Stream) -> Result<Option<Position>, StoreError> {
        self.store().await.position(consumer, stream).await
    }
    async fn save_snapshot(&self, stream: &Stream, snapshot: Snapshot) -> Result<(), StoreError> {
        self.store().await.save_snapshot(stream, snapshot).await
    }
    async fn snapshot(&self, stream: &Stream) -> Result<Option<Snapshot>, StoreError> {
        self.store().await.snapshot(stream).await
    }
    async fn drop_snapshot(&self, stream: &Stream) -> Result<(), StoreError> {
        self.store().await.drop_snapshot(stream).await
    }
}

#[async_trait]
impl LeaseStore for FreezingStore {
    async fn lease(&self, name: &str, owner: &str, ttl: Duration) -> Result<bool, StoreError> {
        self.store().await.lease(name, owner, ttl).await
    }
    async fn release(&self, name: &str, owner: &str) -> Result<(), StoreError> {
        self.store().await.release(name, owner).await
    }
    async fn leases(&self, prefix: &str) -> Result<Vec<Lease>, StoreError> {
        self.store().await.leases(prefix).await
    }
}

#[async_trait]
impl DocumentStore for FreezingStore {
    async fn accept(&self, documents: Vec<NewDocument>) -> Result<Vec<Accepted>, StoreError> {
        self.store().await.accept(documents).await
    }
    async fn document(&self, desk: &DeskId, id: MessageId) -> Result<Option<StoredDocument>, StoreError> {
        self.store().await.document(desk, id).await
    }
    async fn raw(&self, desk: &DeskId, id: MessageId) -> Result<Option<Bytes>, StoreError> {
        self.store().await.raw(desk, id).await
    }
    async fn documents(
        &self,
        desk: &DeskId,
        ticket: Option<u64>,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StoreError> {
        self.store().await.documents(desk, ticket, after, limit).await
    }
    async fn unrouted(
        &self,
        desk: &DeskId,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StoreError> {
        self.store().await.unrouted(desk, after, limit).await
    }
    async fn claim(&self, limit: usize, ttl: Duration) -> Result<Vec<Claimed>, StoreError> {
        self.store().await.claim(limit, ttl).await
    }
    async fn settle(&self, outcomes: Vec<(DeskId, MessageId, OutboxOutcome)>) -> Result<(), StoreError> {
        self.store().await.settle(outcomes).await
    }
    async fn outbox(
        &self,
        desk: &DeskId,
        parked_only: bool,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<OutboxEntry>, StoreError> {
        self.store().await.outbox(desk, parked_only, after, limit).await
    }
    async fn retry_parked(&self, desk: &DeskId, id: MessageId) -> Result<bool, StoreError> {
        self.store().await.retry_parked(desk, id).await
    }
}

#[async_trait]
impl ConversationStore for FreezingStore {
    async fn add_answer(&self, answer: NewAnswer) -> Result<KeptAnswer, StoreError> {
        self.store().await.add_answer(answer).await
    }
    async fn release_answers(&self, desk: &DeskId, ids: &[MessageId]) -> Result<(), StoreError> {
        self.store().await.release_answers(desk, ids).await
    }
    async fn split_documents(
        &self,
        desk: &DeskId,
        ids: &[MessageId],
        ticket: u64,
        conversation: (ConversationId, Vec<Bytes>),
    ) -> Result<(), StoreError> {
        self.store()
            .await
            .split_documents(desk, ids, ticket, conversation)
            .await
    }
    async fn merge_documents(&self, desk: &DeskId, ids: &[MessageId], from: u64, into: u64) -> Result<(), StoreError> {
        self.store().await.merge_documents(desk, ids, from, into).await
    }
    async fn documents_of_conversation(
        &self,
        desk: &DeskId,
        conversation: ConversationId,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StoreError> {
        let store = self.store().await;
        store.documents_of_conversation(desk, conversation, after, limit).await
    }
    async fn latest_of_conversation(
        &self,
        desk: &DeskId,
        conversation: ConversationId,
        before: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StoreError> {
        let store = self.store().await;
        store.latest_of_conversation(desk, conversation, before, limit).await
    }
    async fn forget_drafts(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.store().await.forget_drafts(before).await
    }
}

#[async_trait]
impl JobStore for FreezingStore {
    async fn claim_jobs(&self, queue: &str, limit: usize, hold: Duration) -> Result<Vec<ClaimedJob>, StoreError> {
        self.store().await.claim_jobs(queue, limit, hold).await
    }
    async fn settle_jobs(&self, queue: &str, outcomes: Vec<(DeskId, String, JobOutcome)>) -> Result<(), StoreError> {
        self.store().await.settle_jobs(queue, outcomes).await
    }
    async fn jobs(
        &self,
        queue: &str,
        desk: &DeskId,
        failed_only: bool,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<JobEntry>, StoreError> {
        self.store().await.jobs(queue, desk, failed_only, after, limit).await
    }
    async fn retry_job(&self, queue: &str, desk: &DeskId, id: &str) -> Result<bool, StoreError> {
        self.store().await.retry_job(queue, desk, id).await
    }
}
