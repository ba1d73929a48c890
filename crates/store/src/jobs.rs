//! Work that a commit asks for and that is done afterwards, outside of any transaction: mails, callbacks, webhooks.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tandem_domain::{DeskId, Timestamp};

use crate::StoreError;

/// A job to be queued by a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// Which workers do it, such as `deliveries`.
    pub queue: String,
    /// The desk.
    pub desk: DeskId,
    /// Unique in its queue and desk, for ever: the same id again is the same job, even when it is done.
    pub id: String,
    /// What to do, encoded by the caller.
    pub body: Bytes,
    /// Not to be begun before.
    pub due: Timestamp,
    /// What asked for it (a `traceparent`), so that the trace goes on.
    pub trace: String,
}

/// A job that this process has claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedJob {
    /// The desk.
    pub desk: DeskId,
    /// Its id.
    pub id: String,
    /// What to do.
    pub body: Bytes,
    /// How often it has been claimed, this time included.
    pub attempts: u32,
    /// What asked for it.
    pub trace: String,
    /// When it was queued.
    pub created_at: Timestamp,
}

/// How a try of a job went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobOutcome {
    /// It is done, for ever.
    Done,
    /// Try again.
    Retry {
        /// Not before this much later.
        after: Duration,
        /// What is to be done from then on; none: the same.
        body: Option<Bytes>,
    },
    /// It cannot be done, for this reason: it waits until somebody retries it by hand.
    Failed(String),
}

/// A job that is not done, as listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobEntry {
    /// Its id.
    pub id: String,
    /// What is to be done.
    pub body: Bytes,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When it is tried next.
    pub due_at: Timestamp,
    /// Why it waits for a hand; none: it is still being tried.
    pub failed: Option<String>,
}

/// Jobs, by queue. They are queued by [`Commit::jobs`](crate::Commit::jobs).
#[async_trait]
pub trait JobStore: Send + Sync + 'static {
    /// Claims up to `limit` due jobs of a queue, the longest due first, until `hold` from now: those that have not failed
    /// and that nobody has claimed or whose claim ran out.
    async fn claim_jobs(&self, queue: &str, limit: usize, hold: Duration) -> Result<Vec<ClaimedJob>, StoreError>;

    /// Records outcomes, and ends the claims. What is done stays done, whatever comes later.
    async fn settle_jobs(&self, queue: &str, outcomes: Vec<(DeskId, String, JobOutcome)>) -> Result<(), StoreError>;

    /// A desk's jobs that are not done, by id (bytewise) after `after`; those that failed only, if asked.
    async fn jobs(
        &self,
        queue: &str,
        desk: &DeskId,
        failed_only: bool,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<JobEntry>, StoreError>;

    /// Makes a job due now, also one that failed; `false` if there is no such job or it is done. One that is being
    /// worked on is let be.
    async fn retry_job(&self, queue: &str, desk: &DeskId, id: &str) -> Result<bool, StoreError>;
}
