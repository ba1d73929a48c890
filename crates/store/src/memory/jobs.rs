//! The jobs of the memory store.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tandem_domain::{Clock, DeskId, Timestamp};

use super::{MemoryStore, Operation};
use crate::{ClaimedJob, JobEntry, JobOutcome, JobStore, NewJob, StoreError};

/// Queue, desk, id.
type Key = (String, DeskId, String);

#[derive(Default)]
pub(super) struct Jobs(BTreeMap<Key, Job>);

struct Job {
    claim: ClaimedJob,
    due_at: Timestamp,
    claimed_until: Timestamp,
    failed: Option<String>,
    done: bool,
}

impl Jobs {
    pub(super) fn add(&mut self, new: NewJob, now: Timestamp) {
        let claim = ClaimedJob {
            desk: new.desk.clone(),
            id: new.id.clone(),
            body: new.body,
            attempts: 0,
            trace: new.trace,
            created_at: now,
        };
        self.0.entry((new.queue, new.desk, new.id)).or_insert(Job {
            claim,
            due_at: new.due,
            claimed_until: Timestamp::EPOCH,
            failed: None,
            done: false,
        });
    }

    fn claim(&mut self, queue: &str, limit: usize, now: Timestamp, until: Timestamp) -> Vec<ClaimedJob> {
        let is_due = |job: &Job| !job.done && job.failed.is_none() && job.due_at <= now && job.claimed_until <= now;
        let mut due: Vec<_> = self
            .0
            .iter_mut()
            .filter(|((of, ..), job)| of == queue && is_due(job))
            .map(|(_, job)| job)
            .collect();
        due.sort_by_key(|job| job.due_at);
        let take = |job: &mut Job| {
            job.claimed_until = until;
            job.claim.attempts += 1;
            job.claim.clone()
        };
        due.into_iter().take(limit).map(take).collect()
    }

    fn settle(&mut self, key: &Key, outcome: JobOutcome, now: Timestamp) {
        let Some(job) = self.0.get_mut(key).filter(|job| !job.done) else {
            return;
        };
        job.claimed_until = Timestamp::EPOCH;
        match outcome {
            JobOutcome::Done => {
                job.done = true;
                job.claim.body = Bytes::new();
            }
            JobOutcome::Retry { after, body } => {
                job.due_at = now.plus(after);
                job.claim.body = body.unwrap_or_else(|| job.claim.body.clone());
            }
            JobOutcome::Failed(why) => job.failed = Some(why),
        }
    }

    fn retry(&mut self, key: &Key, now: Timestamp) -> bool {
        let Some(job) = self.0.get_mut(key).filter(|job| !job.done) else {
            return false;
        };
        (job.failed, job.due_at) = (None, now);
        true
    }
}

#[async_trait]
impl JobStore for MemoryStore {
    async fn claim_jobs(&self, queue: &str, limit: usize, hold: Duration) -> Result<Vec<ClaimedJob>, StoreError> {
        let now = self.clock.now();
        self.write(|state| state.jobs.claim(queue, limit, now, now.plus(hold)))
    }

    async fn settle_jobs(&self, queue: &str, outcomes: Vec<(DeskId, String, JobOutcome)>) -> Result<(), StoreError> {
        let (clock, queue) = (self.clock.clone(), queue.to_owned());
        let settle = move |state: &mut super::state::State| {
            let now = clock.now();
            for (desk, id, outcome) in outcomes {
                state.jobs.settle(&(queue.clone(), desk, id), outcome, now);
            }
            Ok(())
        };
        self.write_with_faults(Operation::Settle, None, settle).await
    }

    async fn jobs(
        &self,
        queue: &str,
        desk: &DeskId,
        failed_only: bool,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<JobEntry>, StoreError> {
        let is_asked = |((of, on, id), job): &(&Key, &Job)| {
            let listed = !job.done && (job.failed.is_some() || !failed_only);
            of == queue && on == desk && listed && after.is_none_or(|after| id.as_str() > after)
        };
        let entry = |(_, job): (&Key, &Job)| JobEntry {
            id: job.claim.id.clone(),
            body: job.claim.body.clone(),
            attempts: job.claim.attempts,
            created_at: job.claim.created_at,
            due_at: job.due_at,
            failed: job.failed.clone(),
        };
        self.read(|state| state.jobs.0.iter().filter(is_asked).take(limit).map(entry).collect())
    }

    async fn retry_job(&self, queue: &str, desk: &DeskId, id: &str) -> Result<bool, StoreError> {
        let (key, now) = ((queue.to_owned(), desk.clone(), id.to_owned()), self.clock.now());
        self.write(|state| state.jobs.retry(&key, now))
    }
}
