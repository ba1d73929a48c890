//! Jobs: claimed and settled by workers. Commits queue them.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::PgConnection;
use tandem_domain::DeskId;

use super::error::Failure;
use super::{PostgresStore, Write};
use crate::sql::convert::{self, ClaimedJobRow, limit as rows_limit, micros};
use crate::{ClaimedJob, JobEntry, JobOutcome, JobStore, StoreError};

const CLAIM: &str = "
    WITH due AS (
        SELECT queue, desk, id, due_at FROM job WHERE queue = $1 AND failed IS NULL AND NOT done
        AND due_at <= (SELECT tandem_now()) AND claimed_until <= (SELECT tandem_now())
        ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ),
    claimed AS (
        UPDATE job SET claimed_until = tandem_now() + $3, attempts = attempts + 1 FROM due
        WHERE (job.queue, job.desk, job.id) = (due.queue, due.desk, due.id)
        RETURNING due.due_at, job.desk, job.id, body, attempts, trace, created_at
    )
    SELECT desk, id, body, attempts, trace, created_at FROM claimed ORDER BY due_at";

const SETTLE: &str = "
    UPDATE job SET
        done = given.done, claimed_until = 0, due_at = coalesce(tandem_now() + given.later, job.due_at),
        body = CASE WHEN given.done THEN '' ELSE coalesce(given.body, job.body) END,
        failed = CASE WHEN given.done THEN NULL ELSE coalesce(given.failed, job.failed) END
    FROM unnest($2::text[], $3::bytea[], $4::boolean[], $5::bigint[], $6::bytea[], $7::bytea[])
        AS given (desk, id, done, later, body, failed)
    WHERE (job.queue, job.desk, job.id) = ($1, given.desk, given.id) AND NOT job.done";

const JOBS: &str = "
    SELECT id, body, attempts, created_at, due_at, failed FROM job WHERE queue = $1 AND desk = $2 AND NOT done
    AND id > coalesce($3, ''::bytea) AND (failed IS NOT NULL OR NOT $4) ORDER BY id LIMIT $5";

const RETRY: &str = "
    UPDATE job SET failed = NULL, due_at = tandem_now() WHERE queue = $1 AND desk = $2 AND id = $3 AND NOT done";

struct Claim {
    queue: String,
    limit: usize,
    hold: Duration,
}

#[async_trait]
impl Write for Claim {
    type Answer = Vec<ClaimedJob>;

    async fn run(&self, connection: &mut PgConnection) -> Result<Vec<ClaimedJob>, Failure> {
        let query = sqlx::query_as(CLAIM).bind(&self.queue).bind(rows_limit(self.limit));
        let query = query.bind(micros(self.hold));
        let rows: Vec<ClaimedJobRow> = query.fetch_all(connection).await.map_err(Failure::Commit)?;
        let jobs = rows.into_iter().map(convert::claimed_job);
        Ok(jobs.collect::<Result<_, StoreError>>()?)
    }
}

struct Settle {
    queue: String,
    outcomes: Vec<(DeskId, String, JobOutcome)>,
}

#[async_trait]
impl Write for Settle {
    type Answer = ();

    async fn run(&self, connection: &mut PgConnection) -> Result<(), Failure> {
        let given = last_outcomes(&self.outcomes);
        let columns: Vec<Columns<'_>> = given.iter().map(|(.., outcome)| Columns::of(outcome)).collect();
        let query = sqlx::query(SETTLE)
            .bind(&self.queue)
            .bind(given.iter().map(|(desk, ..)| desk.as_str()).collect::<Vec<_>>())
            .bind(given.iter().map(|(_, id, _)| id.as_bytes()).collect::<Vec<_>>())
            .bind(columns.iter().map(|columns| columns.done).collect::<Vec<_>>())
            .bind(columns.iter().map(|columns| columns.later).collect::<Vec<_>>())
            .bind(columns.iter().map(|columns| columns.body).collect::<Vec<_>>())
            .bind(columns.iter().map(|columns| columns.failed).collect::<Vec<_>>());
        query.execute(connection).await.map_err(Failure::Commit)?;
        Ok(())
    }
}

/// One outcome for each job, sorted, as if they came one by one: what is done stays done.
fn last_outcomes(outcomes: &[(DeskId, String, JobOutcome)]) -> Vec<(&DeskId, &str, &JobOutcome)> {
    let mut by_job = BTreeMap::new();
    for (desk, id, outcome) in outcomes {
        let last = by_job.entry((desk, id.as_str())).or_insert(outcome);
        if !matches!(last, JobOutcome::Done) {
            *last = outcome;
        }
    }
    let outcomes = by_job.into_iter().map(|((desk, id), outcome)| (desk, id, outcome));
    outcomes.collect()
}

/// An outcome, one column for each of its parts.
#[derive(Default)]
struct Columns<'a> {
    done: bool,
    later: Option<i64>,
    body: Option<&'a [u8]>,
    failed: Option<&'a [u8]>,
}

impl<'a> Columns<'a> {
    fn of(outcome: &'a JobOutcome) -> Self {
        match outcome {
            JobOutcome::Done => Self {
                done: true,
                ..Self::default()
            },
            JobOutcome::Retry { after, body } => Self {
                later: Some(micros(*after)),
                body: body.as_deref(),
                ..Self::default()
            },
            JobOutcome::Failed(why) => Self {
                failed: Some(why.as_bytes()),
                ..Self::default()
            },
        }
    }
}

#[async_trait]
impl JobStore for PostgresStore {
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
        let query = sqlx::query(JOBS).bind(queue.to_owned()).bind(desk.as_str());
        let query = query.bind(after.map(|after| after.as_bytes().to_vec()));
        let rows = self.fetch_all(query.bind(failed_only).bind(rows_limit(limit))).await?;
        rows.into_iter().map(convert::job).collect()
    }

    async fn retry_job(&self, queue: &str, desk: &DeskId, id: &str) -> Result<bool, StoreError> {
        let query = sqlx::query(RETRY).bind(queue.to_owned()).bind(desk.as_str());
        Ok(self.execute(query.bind(id.as_bytes().to_vec())).await? == 1)
    }
}
