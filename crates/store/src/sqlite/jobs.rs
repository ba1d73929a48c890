//! Jobs: queued by commits, claimed and settled by workers.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::SqliteConnection;
use tandem_domain::{DeskId, Timestamp};

use super::SqliteStore;
use super::error::Failure;
use super::insert::{Script, Statement, Values};
use super::unit::Write;
use crate::sql::convert::{self, ClaimedJobRow, JobRow, limit as rows_limit};
use crate::{ClaimedJob, JobEntry, JobOutcome, JobStore, NewJob, StoreError};

/// Queues the jobs that are not known yet.
pub(super) fn queue(script: &mut Script, jobs: &[NewJob], now: Timestamp) {
    let bind = |mut values: Values<'_>, job: &NewJob| {
        values
            .push_bind(&*job.queue)
            .push_bind(job.desk.as_str())
            .push_bind(job.id.as_bytes());
        values.push_bind(&*job.body).push_bind(job.trace.as_bytes());
        values.push_bind(now.as_micros()).push_bind(job.due.as_micros());
        values.push_bind(0).push_bind(0).push_bind(0);
    };
    let unless_known = |sql: &mut Statement| {
        sql.push(" ON CONFLICT DO NOTHING");
    };
    let head = "INSERT INTO job (queue, desk, id, body, trace, created_at, due_at, claimed_until, attempts, done) ";
    script.insert_all((head, 10), jobs, bind, unless_known);
}

struct Claim {
    queue: String,
    limit: usize,
    hold: Duration,
}

#[async_trait]
impl Write for Claim {
    type Answer = Vec<ClaimedJob>;

    async fn run(&self, connection: &mut SqliteConnection, now: Timestamp) -> Result<Vec<ClaimedJob>, Failure> {
        let sql = "SELECT desk, id, body, attempts + 1, trace, created_at FROM job \
                   WHERE queue = ? AND failed IS NULL AND done = 0 AND due_at <= ? AND claimed_until <= ? \
                   ORDER BY due_at LIMIT ?";
        let due = sqlx::query_as(sql).bind(&self.queue).bind(now.as_micros());
        let due = due.bind(now.as_micros()).bind(rows_limit(self.limit));
        let due: Vec<ClaimedJobRow> = due.fetch_all(&mut *connection).await?;
        for (desk, id, ..) in &due {
            let sql =
                "UPDATE job SET claimed_until = ?, attempts = attempts + 1 WHERE queue = ? AND desk = ? AND id = ?";
            let claim = sqlx::query(sql).bind(now.plus(self.hold).as_micros());
            claim
                .bind(&self.queue)
                .bind(desk)
                .bind(id)
                .execute(&mut *connection)
                .await?;
        }
        let jobs = due.into_iter().map(convert::claimed_job);
        Ok(jobs.collect::<Result<_, StoreError>>()?)
    }
}

struct Settle {
    queue: String,
    outcomes: Vec<(DeskId, String, JobOutcome)>,
}

const DONE: &str =
    "UPDATE job SET done = 1, body = x'', failed = NULL WHERE queue = ?1 AND desk = ?2 AND id = ?3 AND done = 0";

const RETRY: &str = "UPDATE job SET claimed_until = 0, due_at = ?4, body = coalesce(?5, body) \
    WHERE queue = ?1 AND desk = ?2 AND id = ?3 AND done = 0";

const FAILED: &str =
    "UPDATE job SET claimed_until = 0, failed = ?4 WHERE queue = ?1 AND desk = ?2 AND id = ?3 AND done = 0";

#[async_trait]
impl Write for Settle {
    type Answer = ();

    fn desk(&self) -> Option<&DeskId> {
        self.outcomes.first().map(|(desk, ..)| desk)
    }

    async fn run(&self, connection: &mut SqliteConnection, now: Timestamp) -> Result<(), Failure> {
        for (desk, id, outcome) in &self.outcomes {
            let change = |sql| {
                sqlx::query(sql)
                    .bind(&self.queue)
                    .bind(desk.as_str())
                    .bind(id.as_bytes())
            };
            let change = match outcome {
                JobOutcome::Done => change(DONE),
                JobOutcome::Retry { after, body } => {
                    change(RETRY).bind(now.plus(*after).as_micros()).bind(body.as_deref())
                }
                JobOutcome::Failed(why) => change(FAILED).bind(why.as_bytes()),
            };
            change.execute(&mut *connection).await?;
        }
        Ok(())
    }
}

struct Retry {
    queue: String,
    desk: DeskId,
    id: String,
}

#[async_trait]
impl Write for Retry {
    type Answer = bool;

    fn desk(&self) -> Option<&DeskId> {
        Some(&self.desk)
    }

    async fn run(&self, connection: &mut SqliteConnection, now: Timestamp) -> Result<bool, Failure> {
        let sql = "UPDATE job SET failed = NULL, due_at = ? WHERE queue = ? AND desk = ? AND id = ? AND done = 0";
        let query = sqlx::query(sql).bind(now.as_micros()).bind(&self.queue);
        let query = query.bind(self.desk.as_str()).bind(self.id.as_bytes());
        Ok(query.execute(connection).await?.rows_affected() == 1)
    }
}

#[async_trait]
impl JobStore for SqliteStore {
    async fn claim_jobs(&self, queue: &str, limit: usize, hold: Duration) -> Result<Vec<ClaimedJob>, StoreError> {
        let queue = queue.to_owned();
        self.write(Claim { queue, limit, hold }).await
    }

    async fn settle_jobs(&self, queue: &str, outcomes: Vec<(DeskId, String, JobOutcome)>) -> Result<(), StoreError> {
        let queue = queue.to_owned();
        self.write(Settle { queue, outcomes }).await
    }

    async fn jobs(
        &self,
        queue: &str,
        desk: &DeskId,
        failed_only: bool,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<JobEntry>, StoreError> {
        let sql = "SELECT id, body, attempts, created_at, due_at, failed FROM job WHERE queue = ? AND desk = ? \
                   AND id > coalesce(?, x'') AND done = 0 AND (failed IS NOT NULL OR NOT ?) ORDER BY id LIMIT ?";
        let query = sqlx::query_as(sql).bind(queue).bind(desk.as_str());
        let query = query.bind(after.map(str::as_bytes)).bind(failed_only);
        let rows: Vec<JobRow> = self
            .read(query.bind(rows_limit(limit)).fetch_all(&self.readers))
            .await?;
        rows.into_iter().map(convert::job).collect()
    }

    async fn retry_job(&self, queue: &str, desk: &DeskId, id: &str) -> Result<bool, StoreError> {
        let (queue, desk, id) = (queue.to_owned(), desk.clone(), id.to_owned());
        self.write(Retry { queue, desk, id }).await
    }
}
