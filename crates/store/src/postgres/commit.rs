//! A commit: one statement, so that it costs one round trip and cannot be seen by halves. It has only the parts that the
//! commit has: the server sets up each part of a statement every time, even if there is nothing for it to do.

use async_trait::async_trait;
use sqlx::postgres::PgArguments;
use sqlx::{Arguments, AssertSqlSafe, Encode, Error, PgConnection, Postgres, Type};
use tandem_domain::Timestamp;

use super::error::{Failure, refusal};
use super::{Statement, Write};
use crate::sql::convert::ordered;
use crate::sql::rows::{Move, first_requests, last_words, moves};
use crate::{Append, Commit, NewJob, RequestRecord, Row, StoreError};

const FENCED: &str = "TND01";
const POSITION_MOVED: &str = "TND02";

#[async_trait]
impl Write for Commit {
    type Answer = ();

    async fn run(&self, connection: &mut PgConnection) -> Result<(), Failure> {
        let moves = moves(&self.positions)?;
        let Some(query) = Parts::of(self, &moves).map_err(Failure::Commit)?.statement() else {
            return Ok(());
        };
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

/// The parts of a statement, and what is bound to it.
#[derive(Default)]
struct Parts {
    /// What is written.
    writes: Vec<String>,
    /// What breaks the statement off.
    refusals: Vec<String>,
    arguments: PgArguments,
}

impl Parts {
    fn of(commit: &Commit, moves: &[Move<'_>]) -> Result<Self, Error> {
        let mut parts = Self::default();
        if let Some(append) = commit.append.as_ref().filter(|append| !append.records.is_empty()) {
            parts.append(append)?;
        }
        let (puts, deletes) = last_words(&commit.rows);
        parts.put(&puts)?;
        parts.delete(&deletes)?;
        parts.remember(&first_requests(&commit.requests))?;
        parts.queue(&commit.jobs)?;
        parts.move_on(moves)?;
        Ok(parts)
    }

    /// None if there is nothing to be done.
    fn statement(self) -> Option<Statement> {
        if self.writes.is_empty() {
            return None;
        }
        let writes = self.writes.join(", ");
        let refusals = if self.refusals.is_empty() {
            "SELECT WHERE false".to_owned()
        } else {
            self.refusals.join(" UNION ALL ")
        };
        // Made of nothing but what stands in this file.
        let sql = AssertSqlSafe(format!("WITH {writes} {refusals}"));
        Some(sqlx::query_with(sql, self.arguments))
    }

    /// Binds a value; how the statement calls it.
    fn bind<'t, T: Encode<'t, Postgres> + Type<Postgres>>(&mut self, value: T) -> Result<String, Error> {
        self.arguments.add(value).map_err(Error::Encode)?;
        Ok(format!("${}", self.arguments.len()))
    }

    /// The primary key is the fence; where nothing stands before the first record, somebody else's are missing.
    fn append(&mut self, append: &Append) -> Result<(), Error> {
        let Append { stream, records, .. } = append;
        let service = self.bind(&*stream.service)?;
        let desk = self.bind(stream.desk.as_str())?;
        let first = self.bind(ordered(append.first_seq))?;
        let incarnation = self.bind(append.incarnation.cast_signed())?;
        let kinds = self.bind(records.iter().map(|record| &*record.kind).collect::<Vec<_>>())?;
        let times = self.bind(records.iter().map(|record| record.at.as_micros()).collect::<Vec<_>>())?;
        let payloads = self.bind(records.iter().map(|record| &*record.payload).collect::<Vec<_>>())?;
        self.writes.push(format!(
            "appended AS (
                INSERT INTO journal (service, desk, seq, incarnation, kind, at, payload)
                SELECT {service}, {desk}, {first} + nth - 1, {incarnation}, kind, at, payload
                FROM unnest({kinds}::text[], {times}::bigint[], {payloads}::bytea[])
                    WITH ORDINALITY AS new (kind, at, payload, nth))"
        ));
        self.refusals.push(format!(
            "SELECT tandem_refuse('{FENCED}', {first}) WHERE {first} <> 1 AND NOT EXISTS
            (SELECT FROM journal WHERE service = {service} AND desk = {desk} AND seq = {first} - 1)"
        ));
        Ok(())
    }

    fn put(&mut self, rows: &[&Row]) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let keys = self.keys(rows)?;
        let values = self.bind(rows.iter().filter_map(|row| row.value.as_deref()).collect::<Vec<_>>())?;
        self.writes.push(format!(
            "put AS (
                INSERT INTO read_row (desk, tbl, key, value) SELECT * FROM unnest({keys}, {values}::bytea[])
                ON CONFLICT (desk, tbl, key) DO UPDATE SET value = excluded.value)"
        ));
        Ok(())
    }

    fn delete(&mut self, rows: &[&Row]) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let keys = self.keys(rows)?;
        self.writes.push(format!(
            "deleted AS (
                DELETE FROM read_row USING unnest({keys}) AS gone (desk, tbl, key)
                WHERE read_row.desk = gone.desk AND read_row.tbl = gone.tbl AND read_row.key = gone.key)"
        ));
        Ok(())
    }

    fn keys(&mut self, rows: &[&Row]) -> Result<String, Error> {
        let desks = self.bind(rows.iter().map(|row| row.desk.as_str()).collect::<Vec<_>>())?;
        let tables = self.bind(rows.iter().map(|row| &*row.table).collect::<Vec<_>>())?;
        let keys = self.bind(rows.iter().map(|row| row.key.as_bytes()).collect::<Vec<_>>())?;
        Ok(format!("{desks}::text[], {tables}::text[], {keys}::bytea[]"))
    }

    fn remember(&mut self, requests: &[&RequestRecord]) -> Result<(), Error> {
        if requests.is_empty() {
            return Ok(());
        }
        let of = |part: fn(&RequestRecord) -> &[u8]| requests.iter().map(|request| part(request)).collect::<Vec<_>>();
        let desks: Vec<_> = requests.iter().map(|request| request.key.desk.as_str()).collect();
        let desks = self.bind(desks)?;
        let callers = self.bind(of(|request| request.key.caller.as_bytes()))?;
        let methods = self.bind(of(|request| request.key.method.as_bytes()))?;
        let ids = self.bind(of(|request| request.key.id.as_bytes()))?;
        let hashes = self.bind(of(|request| &request.hash))?;
        let replies = self.bind(of(|request| &request.reply))?;
        let expiry = |request: &&RequestRecord| request.expires_at.map(Timestamp::as_micros);
        let expire_at = self.bind(requests.iter().map(expiry).collect::<Vec<_>>())?;
        self.writes.push(format!(
            "remembered AS (
                INSERT INTO request (desk, caller, method, id, hash, reply, expires_at)
                SELECT * FROM unnest({desks}::text[], {callers}::bytea[], {methods}::bytea[], {ids}::bytea[],
                    {hashes}::bytea[], {replies}::bytea[], {expire_at}::bigint[])
                ON CONFLICT (desk, caller, method, id) DO UPDATE
                SET hash = excluded.hash, reply = excluded.reply, expires_at = excluded.expires_at
                WHERE request.expires_at < tandem_now())"
        ));
        Ok(())
    }

    /// Sorted, so that two transactions lock in one order.
    fn queue(&mut self, jobs: &[NewJob]) -> Result<(), Error> {
        if jobs.is_empty() {
            return Ok(());
        }
        let mut jobs: Vec<&NewJob> = jobs.iter().collect();
        jobs.sort_by_key(|job| (&job.queue, &job.desk, &job.id));
        let queues = self.bind(jobs.iter().map(|job| &*job.queue).collect::<Vec<_>>())?;
        let desks = self.bind(jobs.iter().map(|job| job.desk.as_str()).collect::<Vec<_>>())?;
        let ids = self.bind(jobs.iter().map(|job| job.id.as_bytes()).collect::<Vec<_>>())?;
        let bodies = self.bind(jobs.iter().map(|job| &*job.body).collect::<Vec<_>>())?;
        let traces = self.bind(jobs.iter().map(|job| job.trace.as_bytes()).collect::<Vec<_>>())?;
        let due = self.bind(jobs.iter().map(|job| job.due.as_micros()).collect::<Vec<_>>())?;
        self.writes.push(format!(
            "queued AS (
                INSERT INTO job (queue, desk, id, body, trace, due_at, created_at, claimed_until, attempts, done)
                SELECT queue, desk, id, body, trace, due_at, tandem_now(), 0, 0, false
                FROM unnest({queues}::text[], {desks}::text[], {ids}::bytea[], {bodies}::bytea[], {traces}::bytea[],
                    {due}::bigint[]) AS new (queue, desk, id, body, trace, due_at)
                ON CONFLICT DO NOTHING)"
        ));
        Ok(())
    }

    fn move_on(&mut self, moves: &[Move<'_>]) -> Result<(), Error> {
        if moves.is_empty() {
            return Ok(());
        }
        let from =
            |part: fn(&crate::Position) -> i64| moves.iter().map(|at| at.from.as_ref().map(part)).collect::<Vec<_>>();
        let consumers = self.bind(moves.iter().map(|at| at.consumer).collect::<Vec<_>>())?;
        let services = self.bind(moves.iter().map(|at| &*at.stream.service).collect::<Vec<_>>())?;
        let desks = self.bind(moves.iter().map(|at| at.stream.desk.as_str()).collect::<Vec<_>>())?;
        let from_seqs = self.bind(from(|at| ordered(at.seq)))?;
        let from_incarnations = self.bind(from(|at| at.incarnation.cast_signed()))?;
        let seqs = self.bind(moves.iter().map(|at| ordered(at.to.seq)).collect::<Vec<_>>())?;
        let incarnations: Vec<_> = moves.iter().map(|at| at.to.incarnation.cast_signed()).collect();
        let incarnations = self.bind(incarnations)?;
        self.writes.push(format!(
            "moves AS (
                SELECT * FROM unnest({consumers}::text[], {services}::text[], {desks}::text[], {from_seqs}::bigint[],
                    {from_incarnations}::bigint[], {seqs}::bigint[], {incarnations}::bigint[])
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
            )"
        ));
        self.refusals.push(format!(
            "SELECT tandem_refuse('{POSITION_MOVED}', nth - 1) FROM moves
            WHERE (consumer, service, desk) NOT IN (SELECT * FROM began UNION ALL SELECT * FROM went_on)"
        ));
        Ok(())
    }
}
