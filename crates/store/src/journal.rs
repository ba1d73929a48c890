//! Journals and everything that is committed together with their events.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use tandem_domain::{DeskId, Timestamp};

use crate::{NewJob, StoreError};

/// One core's journal on one desk, shown as `<service>.<desk>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stream {
    /// The core's service, such as `router`.
    pub service: Arc<str>,
    /// The desk.
    pub desk: DeskId,
}

impl Stream {
    /// The stream of `service` on `desk`.
    #[must_use]
    pub fn new(service: &str, desk: DeskId) -> Self {
        Self {
            service: service.into(),
            desk,
        }
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.service, self.desk)
    }
}

/// A record to be appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRecord {
    /// The kind of event, such as `OfferIssued`.
    pub kind: String,
    /// When it happened.
    pub at: Timestamp,
    /// The encoded event.
    pub payload: Bytes,
}

/// A stored record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its place in the stream, from 1, without gaps.
    pub seq: u64,
    /// Random number of the opening that wrote it. A restored backup that went on differently
    /// has the same `seq` under another incarnation.
    pub incarnation: u64,
    /// The kind of event.
    pub kind: String,
    /// When it happened.
    pub at: Timestamp,
    /// The encoded event.
    pub payload: Bytes,
}

/// Records for the end of a stream. `(stream, seq)` is unique: that is the fence.
#[derive(Clone, Debug)]
pub struct Append {
    /// The stream.
    pub stream: Stream,
    /// The first record's `seq`: the tail that the writer knows, plus 1.
    pub first_seq: u64,
    /// The writer's opening.
    pub incarnation: u64,
    /// In order.
    pub records: Vec<NewRecord>,
}

/// A read-model row; rows of a (desk, table) are ordered by key, bytewise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The desk.
    pub desk: DeskId,
    /// The table.
    pub table: String,
    /// The key.
    pub key: String,
    /// The value; none deletes the row.
    pub value: Option<Bytes>,
}

/// One page of a scan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowPage {
    /// Keys and values, ascending by key.
    pub rows: Vec<(String, Bytes)>,
    /// Where the next page starts, exclusively; none: this was the last.
    pub next_after: Option<String>,
}

impl RowPage {
    /// A page from up to `limit` rows and, if there are more, one beyond.
    pub(crate) fn of(mut rows: Vec<(String, Bytes)>, limit: usize) -> Self {
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_after = rows.last().filter(|_| more).map(|(key, _)| key.clone());
        Self { rows, next_after }
    }
}

/// Under what a write is remembered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestKey {
    /// The desk.
    pub desk: DeskId,
    /// The caller's subject.
    pub caller: String,
    /// The method.
    pub method: String,
    /// The caller's request id.
    pub id: String,
}

/// A remembered write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRecord {
    /// Under what.
    pub key: RequestKey,
    /// SHA-256 of the request: another request under the same id is a mistake.
    pub hash: [u8; 32],
    /// The encoded answer.
    pub reply: Bytes,
    /// Forgotten after this; none: never.
    pub expires_at: Option<Timestamp>,
}

impl RequestRecord {
    pub(crate) fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at < now)
    }
}

/// How far a consumer has come on a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The last `seq` that was dealt with.
    pub seq: u64,
    /// The incarnation of the record at `seq`.
    pub incarnation: u64,
}

/// Moves a consumer's position if it still is where the caller thinks.
#[derive(Clone, Debug)]
pub struct PositionUpdate {
    /// The consumer, such as `ingest`.
    pub consumer: String,
    /// The stream.
    pub stream: Stream,
    /// Where it should be; none: no position yet.
    pub from: Option<Position>,
    /// Where it will be. Backwards only after a reset (another incarnation).
    pub to: Position,
}

impl PositionUpdate {
    /// Whether it does not go back within one history.
    pub(crate) fn goes_forward(&self) -> bool {
        self.from
            .is_none_or(|from| from.incarnation != self.to.incarnation || from.seq <= self.to.seq)
    }

    pub(crate) fn refused(&self) -> StoreError {
        StoreError::PositionMoved {
            consumer: self.consumer.clone(),
            stream: self.stream.clone(),
        }
    }
}

/// One transaction: all of it happens, or nothing.
///
/// A commit is never cancelled: implementations finish it even if the caller stops waiting.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// Journal records.
    pub append: Option<Append>,
    /// Rows to put or delete.
    pub rows: Vec<Row>,
    /// Requests to remember; a request key that exists already is overwritten only if it has expired.
    pub requests: Vec<RequestRecord>,
    /// Positions to move.
    pub positions: Vec<PositionUpdate>,
    /// Jobs to queue; one that was queued before under its id, done or not, is left as it is.
    pub jobs: Vec<NewJob>,
}

/// A core's state at a `seq`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// All records up to this one are in it.
    pub seq: u64,
    /// The incarnation of the record at `seq`.
    pub incarnation: u64,
    /// The format of `bytes`.
    pub format: u32,
    /// The encoded state.
    pub bytes: Bytes,
}

/// Journals, and what is committed with them.
#[async_trait]
pub trait JournalStore: Send + Sync + 'static {
    /// The store's clock: the one that all processes share.
    async fn now(&self) -> Result<Timestamp, StoreError>;

    /// Commits.
    ///
    /// # Errors
    /// `Fenced` and `PositionMoved`, when somebody else was faster, and `Full` and `Unavailable`:
    /// nothing happened. `OutcomeUnknown`: it may have happened.
    async fn commit(&self, commit: Commit) -> Result<(), StoreError>;

    /// Up to `limit` records from `from_seq` on (inclusive), in order.
    async fn read(&self, stream: &Stream, from_seq: u64, limit: usize) -> Result<Vec<Record>, StoreError>;

    /// The last record's position; none for a stream without records.
    async fn tail(&self, stream: &Stream) -> Result<Option<Position>, StoreError>;

    /// All streams of a service that have records, by desk.
    async fn streams(&self, service: &str) -> Result<Vec<Stream>, StoreError>;

    /// One row's value.
    async fn row(&self, desk: &DeskId, table: &str, key: &str) -> Result<Option<Bytes>, StoreError>;

    /// Up to `limit` rows whose key starts with `prefix` and comes after `after`, ascending.
    async fn rows(
        &self,
        desk: &DeskId,
        table: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<RowPage, StoreError>;

    /// What is remembered under these keys and has not expired; in any order, missing ones left out.
    async fn requests(&self, keys: &[RequestKey]) -> Result<Vec<RequestRecord>, StoreError>;

    /// Forgets requests that expired before the store's now; returns how many.
    async fn forget_expired_requests(&self) -> Result<u64, StoreError>;

    /// A consumer's position on a stream.
    async fn position(&self, consumer: &str, stream: &Stream) -> Result<Option<Position>, StoreError>;

    /// Saves a snapshot, replacing older ones of the stream; never replaces a newer one.
    async fn save_snapshot(&self, stream: &Stream, snapshot: Snapshot) -> Result<(), StoreError>;

    /// The newest snapshot.
    async fn snapshot(&self, stream: &Stream) -> Result<Option<Snapshot>, StoreError>;

    /// Deletes a stream's snapshot, when it turned out to be damaged.
    async fn drop_snapshot(&self, stream: &Stream) -> Result<(), StoreError>;
}
