//! A store whose calls are measured.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use opentelemetry::{KeyValue, global};
use tandem_domain::{ConversationId, DeskId, MessageId, Timestamp};
use tandem_store::{
    Accepted, Claimed, ClaimedJob, Commit, ConversationStore, DocumentStore, JobEntry, JobOutcome, JobStore,
    JournalStore, KeptAnswer, Lease, LeaseStore, NewAnswer, NewDocument, OutboxEntry, OutboxOutcome, Position, Record,
    RequestKey, RequestRecord, RowPage, Snapshot, Store, StoreError, StoredDocument, Stream,
};
use tokio::time::Instant;

use super::{Calls, SECONDS};

/// Measures what a store is asked. Desks, tables and keys are no labels.
pub struct MeasuredStore {
    inner: Arc<dyn Store>,
    calls: Calls,
}

impl MeasuredStore {
    /// `system` is the database's name in the conventions, such as `postgresql`.
    #[must_use]
    pub fn new(inner: Arc<dyn Store>, system: &'static str) -> Self {
        let durations = global::meter("tandem-store")
            .f64_histogram("db.client.operation.duration")
            .with_unit("s")
            .with_description("How long the store took for one call, as seen by the service")
            .with_boundaries(SECONDS.to_vec())
            .build();
        Self {
            inner,
            calls: Calls {
                durations,
                system: KeyValue::new("db.system.name", system),
                operation: "db.operation.name",
            },
        }
    }

    async fn noted<T>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let begun = Instant::now();
        let outcome = call.await;
        self.calls.note(operation, begun, outcome.as_ref().err().map(kind));
        outcome
    }
}

fn kind(error: &StoreError) -> &'static str {
    match error {
        StoreError::Fenced { .. } => "fenced",
        StoreError::PositionMoved { .. } => "position_moved",
        StoreError::OutcomeUnknown(_) => "outcome_unknown",
        StoreError::Full(_) => "full",
        StoreError::Unavailable(_) => "unavailable",
        StoreError::Damaged { .. } => "damaged",
        StoreError::InUse(_) => "in_use",
        StoreError::NewerSchema(_) => "newer_schema",
    }
}

/// Each method does what the store does, and is measured under its own name.
macro_rules! measured {
    ($trait:ident { $(fn $method:ident($($name:ident: $type:ty),*) -> $answer:ty;)* }) => {
        #[async_trait]
        impl $trait for MeasuredStore {
            $(async fn $method(&self, $($name: $type),*) -> Result<$answer, StoreError> {
                self.noted(stringify!($method), self.inner.$method($($name),*)).await
            })*
        }
    };
}

measured!(JournalStore {
    fn now() -> Timestamp;
    fn commit(commit: Commit) -> ();
    fn read(stream: &Stream, from_seq: u64, limit: usize) -> Vec<Record>;
    fn tail(stream: &Stream) -> Option<Position>;
    fn streams(service: &str) -> Vec<Stream>;
    fn row(desk: &DeskId, table: &str, key: &str) -> Option<Bytes>;
    fn rows(desk: &DeskId, table: &str, prefix: &str, after: Option<&str>, limit: usize) -> RowPage;
    fn requests(keys: &[RequestKey]) -> Vec<RequestRecord>;
    fn forget_expired_requests() -> u64;
    fn position(consumer: &str, stream: &Stream) -> Option<Position>;
    fn save_snapshot(stream: &Stream, snapshot: Snapshot) -> ();
    fn snapshot(stream: &Stream) -> Option<Snapshot>;
    fn drop_snapshot(stream: &Stream) -> ();
});

measured!(LeaseStore {
    fn lease(name: &str, owner: &str, ttl: Duration) -> bool;
    fn release(name: &str, owner: &str) -> ();
    fn leases(prefix: &str) -> Vec<Lease>;
});

measured!(DocumentStore {
    fn accept(documents: Vec<NewDocument>) -> Vec<Accepted>;
    fn document(desk: &DeskId, id: MessageId) -> Option<StoredDocument>;
    fn raw(desk: &DeskId, id: MessageId) -> Option<Bytes>;
    fn documents(desk: &DeskId, ticket: Option<u64>, after: Option<MessageId>, limit: usize) -> Vec<StoredDocument>;
    fn unrouted(desk: &DeskId, after: Option<MessageId>, limit: usize) -> Vec<StoredDocument>;
    fn claim(limit: usize, ttl: Duration) -> Vec<Claimed>;
    fn settle(outcomes: Vec<(DeskId, MessageId, OutboxOutcome)>) -> ();
    fn outbox(desk: &DeskId, parked_only: bool, after: Option<MessageId>, limit: usize) -> Vec<OutboxEntry>;
    fn retry_parked(desk: &DeskId, id: MessageId) -> bool;
});

measured!(ConversationStore {
    fn add_answer(answer: NewAnswer) -> KeptAnswer;
    fn release_answers(desk: &DeskId, ids: &[MessageId]) -> ();
    fn split_documents(desk: &DeskId, ids: &[MessageId], ticket: u64, conversation: (ConversationId, Vec<Bytes>)) -> ();
    fn merge_documents(desk: &DeskId, ids: &[MessageId], from: u64, into: u64) -> ();
    fn documents_of_conversation(
        desk: &DeskId,
        conversation: ConversationId,
        after: Option<MessageId>,
        limit: usize
    ) -> Vec<StoredDocument>;
    fn latest_of_conversation(
        desk: &DeskId,
        conversation: ConversationId,
        before: Option<MessageId>,
        limit: usize
    ) -> Vec<StoredDocument>;
    fn forget_drafts(before: Timestamp) -> u64;
});

measured!(JobStore {
    fn claim_jobs(queue: &str, limit: usize, hold: Duration) -> Vec<ClaimedJob>;
    fn settle_jobs(queue: &str, outcomes: Vec<(DeskId, String, JobOutcome)>) -> ();
    fn jobs(queue: &str, desk: &DeskId, failed_only: bool, after: Option<&str>, limit: usize) -> Vec<JobEntry>;
    fn retry_job(queue: &str, desk: &DeskId, id: &str) -> bool;
});
