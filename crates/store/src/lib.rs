//! What Tandem keeps, over bytes: journals, read-model rows, positions, request ids, snapshots,
//! leases, jobs, and ingest's documents with their outbox.
//!
//! Three implementations pass one conformance suite (the module `conformance`, behind the feature of that name): PostgreSQL for a cluster,
//! SQLite for one process, memory for tests, where faults can be injected.
//!
//! **Architecture invariant:** no SQL and no `sqlx` type leaves this crate, and nothing in here
//! knows what the bytes mean.

#[cfg(feature = "conformance")]
pub mod conformance;
mod conversations;
mod detached;
mod documents;
mod error;
mod jobs;
mod journal;
mod lease;
pub mod memory;
mod postgres;
mod sql;
mod sqlite;

pub use conversations::{ConversationStore, KeptAnswer, NewAnswer};
pub use documents::{
    Accepted, Claimed, DocumentStore, NewDocument, OutboxEntry, OutboxOutcome, StoredDocument, WithoutConversation,
};
pub use error::StoreError;
pub use jobs::{ClaimedJob, JobEntry, JobOutcome, JobStore, NewJob};
pub use journal::{
    Append, Commit, JournalStore, NewRecord, Position, PositionUpdate, Record, RequestKey, RequestRecord, Row, RowPage,
    Snapshot, Stream,
};
pub use lease::{Lease, LeaseStore};
pub use memory::MemoryStore;
pub use postgres::PostgresStore;
pub use sqlite::SqliteStore;

/// Everything that a service keeps. A service is handed one and cannot tell which.
pub trait Store: JournalStore + LeaseStore + DocumentStore + ConversationStore + JobStore {}

impl<T: JournalStore + LeaseStore + DocumentStore + ConversationStore + JobStore> Store for T {}
