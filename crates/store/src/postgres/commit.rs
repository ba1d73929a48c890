//! A commit: one statement, so that it costs one round trip and cannot be seen by halves.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::PgConnection;
use tandem_domain::Timestamp;

use super::error::{Failure, refusal};
use super::{Statement, Write};
use crate::sql::convert::ordered;
use crate::sql::rows::{Move, first_requests, last_words, moves};
use crate::{Commit, NewJob, RequestRecord, Row, StoreError, Stream};

const FENCED: &str = "TND01";
const POSITION_MOVED: &str = "TND02";

const SQL: &str = "
WITH appended AS (
    INSERT INTO journal (service, desk, seq, incarnation, kind, at, payload)
    SELECT $1, $2, $3 + nth - 1, $4, kind, at, payload
    FROM unnest($5::text[], $6::bigint[], $7::bytea[]) WITH ORDINALITY AS new (kind, at, payload, nth)
),
put AS (
    INSERT INTO read_row (desk, tbl, key, value)
    SELECT * FROM unnest($8::text[], $9::text[], $10::bytea[], $11::bytea[])
    ON CONFLICT (desk, tbl, key) DO UPDATE SET value = excluded.value
),
deleted AS (
    DELETE FROM read_row USING unnest($12::text[], $13::text[], $14::bytea[]) AS gone (desk, tbl, key)
    WHERE read_row.desk = gone.desk AND read_row.tbl = gone.tbl AND read_row.key = gone.key
),
remembered AS (
    INSERT INTO request (desk, caller, method, id, hash, reply, expires_at)
    SELECT * FROM unnest($15::text[], $16::bytea[], $17::bytea[], $18::bytea[], $19::bytea[], $20::bytea[], $21::bigint[])
    ON CONFLICT (desk, caller, method, id) DO UPDATE
    SET hash = excluded.hash, reply = excluded.reply, expires_at = excluded.expires_at
    WHERE request.expires_at < tandem_now()
),
queued AS (
    INSERT INTO job (queue, desk, id, body, trace, due_at, created_at, claimed_until, attempts, done)
    SELECT queue, desk, id, body, trace, due_at, tandem_now(), 0, 0, false
    FROM unnest($29::text[], $30::text[], $31::bytea[], $32::bytea[], $33::bytea[], $34::bigint[])
        AS new (queue, desk, id, body, trace, due_at)
    ON CONFLICT DO NOTHING
),
moves AS (
    SELECT * FROM unnest($22::text[], $23::text[], $24::text[], $25::bigint[], $26::bigint[], $27::bigint[], $28::bigint[])
    WITH ORDINALITY AS moves (consumer, service, desk, from_seq, from_incarnation, seq, incarnation, nth)
),
began AS (
    INSERT INTO consumer_position (consumer, service, desk, seq, incarnation)
    SELECT consumer, service, desk, seq, incarnation FROM moves WHERE from_seq IS NULL
    ON CONFLICT DO NOTHING
    RETURNING consumer, service, desk
),
went_on AS (
    UPDATE consumer_position AS at SET seq = moves.seq, incarnation = moves.incarnation FROM moves
    WHERE (at.consumer, at.service, at.desk) = (moves.consumer, moves.service, moves.desk)
    AND (at.seq, at.incarnation) = (moves.from_seq, moves.from_incarnation)
    RETURNING at.consumer, at.service, at.desk
)
SELECT tandem_refuse('TND02', nth - 1) FROM moves
WHERE (consumer, service, desk) NOT IN (SELECT * FROM began UNION ALL SELECT * FROM went_on)
UNION ALL
SELECT tandem_refuse('TND01', $3) WHERE $3 <> 1 AND cardinality($5::text[]) > 0
AND NOT EXISTS (SELECT FROM journal WHERE service = $1 AND desk = $2 AND seq = $3 - 1)";

#[async_trait]
impl Write for Commit {
    type Answer = ();

    async fn run(&self, connection: &mut PgConnection) -> Result<(), Failure> {
        let moves = moves(&self.positions)?;
        let query = bind_requests(bind_rows(bind_append(self), &self.rows), &self.requests);
        let query = bind_jobs(bind_moves(query, &moves), &self.jobs);
        match query.execute(connection).await {
            Ok(_) => Ok(()),
            Err(error) => Err(self
                .refused(&error, &moves)
                .map_or(Failure::Commit(error), Failure::Refused)),
        }
    }
}

impl Commit {
    /// Which fence or position the server says it failed at.
    fn refused(&self, error: &sqlx::Error, moves: &[Move<'_>]) -> Option<StoreError> {
        let refusal = refusal(error)?;
        if refusal.code() == FENCED || refusal.constraint() == Some("journal_pkey") {
            let append = self.append.as_ref()?;
            return Some(StoreError::Fenced {
                stream: append.stream.clone(),
                seq: append.first_seq,
            });
        }
        let nth: usize = refusal
            .message()
            .parse()
            .ok()
            .filter(|_| refusal.code() == POSITION_MOVED)?;
        Some(moves.get(nth)?.refused())
    }
}

fn bind_append(commit: &Commit) -> Statement {
    let stream = commit.append.as_ref().map(|append| &append.stream);
    let records = commit.append.as_ref().map_or(&[][..], |append| &append.records);
    sqlx::query(SQL)
        .bind(stream.map(|stream: &Stream| Arc::clone(&stream.service)))
        .bind(stream.map(|stream| stream.desk.as_str()))
        .bind(commit.append.as_ref().map_or(1, |append| ordered(append.first_seq)))
        .bind(
            commit
                .append
                .as_ref()
                .map_or(0, |append| append.incarnation.cast_signed()),
        )
        .bind(records.iter().map(|record| &*record.kind).collect::<Vec<_>>())
        .bind(records.iter().map(|record| record.at.as_micros()).collect::<Vec<_>>())
        .bind(records.iter().map(|record| &*record.payload).collect::<Vec<_>>())
}

fn bind_rows(query: Statement, rows: &[Row]) -> Statement {
    let (puts, deletes) = last_words(rows);
    let values: Vec<&[u8]> = puts.iter().filter_map(|row| row.value.as_deref()).collect();
    bind_keys(bind_keys(query, &puts).bind(values), &deletes)
}

fn bind_keys(query: Statement, rows: &[&Row]) -> Statement {
    query
        .bind(rows.iter().map(|row| row.desk.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| &*row.table).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.key.as_bytes()).collect::<Vec<_>>())
}

fn bind_requests(query: Statement, requests: &[RequestRecord]) -> Statement {
    let requests = first_requests(requests);
    query
        .bind(
            requests
                .iter()
                .map(|request| request.key.desk.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(
            requests
                .iter()
                .map(|request| request.key.caller.as_bytes())
                .collect::<Vec<_>>(),
        )
        .bind(
            requests
                .iter()
                .map(|request| request.key.method.as_bytes())
                .collect::<Vec<_>>(),
        )
        .bind(
            requests
                .iter()
                .map(|request| request.key.id.as_bytes())
                .collect::<Vec<_>>(),
        )
        .bind(requests.iter().map(|request| &request.hash[..]).collect::<Vec<_>>())
        .bind(requests.iter().map(|request| &*request.reply).collect::<Vec<_>>())
        .bind(
            requests
                .iter()
                .map(|request| request.expires_at.map(Timestamp::as_micros))
                .collect::<Vec<_>>(),
        )
}

fn bind_moves(query: Statement, moves: &[Move<'_>]) -> Statement {
    query
        .bind(moves.iter().map(|at| at.consumer).collect::<Vec<_>>())
        .bind(moves.iter().map(|at| &*at.stream.service).collect::<Vec<_>>())
        .bind(moves.iter().map(|at| at.stream.desk.as_str()).collect::<Vec<_>>())
        .bind(
            moves
                .iter()
                .map(|at| at.from.map(|from| ordered(from.seq)))
                .collect::<Vec<_>>(),
        )
        .bind(
            moves
                .iter()
                .map(|at| at.from.map(|from| from.incarnation.cast_signed()))
                .collect::<Vec<_>>(),
        )
        .bind(moves.iter().map(|at| ordered(at.to.seq)).collect::<Vec<_>>())
        .bind(
            moves
                .iter()
                .map(|at| at.to.incarnation.cast_signed())
                .collect::<Vec<_>>(),
        )
}

/// Sorted, so that two transactions lock in one order.
fn bind_jobs(query: Statement, jobs: &[NewJob]) -> Statement {
    let mut jobs: Vec<&NewJob> = jobs.iter().collect();
    jobs.sort_by_key(|job| (&job.queue, &job.desk, &job.id));
    query
        .bind(jobs.iter().map(|job| &*job.queue).collect::<Vec<_>>())
        .bind(jobs.iter().map(|job| job.desk.as_str()).collect::<Vec<_>>())
        .bind(jobs.iter().map(|job| job.id.as_bytes()).collect::<Vec<_>>())
        .bind(jobs.iter().map(|job| &*job.body).collect::<Vec<_>>())
        .bind(jobs.iter().map(|job| job.trace.as_bytes()).collect::<Vec<_>>())
        .bind(jobs.iter().map(|job| job.due.as_micros()).collect::<Vec<_>>())
}
