//! A commit: journal records, rows, requests and positions.

use async_trait::async_trait;
use bytes::Bytes;
use sqlx::SqliteConnection;
use tandem_domain::{DeskId, Timestamp};

use super::error::Failure;
use super::insert::{ROWS, Ran, Script, Statement, Values, delete_rows, no_tail};
use super::jobs;
use super::unit::Write;
use crate::sql::convert::{ordered, position};
use crate::sql::rows::{first_requests, last_words};
use crate::{Append, Commit, NewRecord, PositionUpdate, RequestRecord, Row, StoreError};

#[async_trait]
impl Write for Commit {
    type Answer = ();

    fn desk(&self) -> Option<&DeskId> {
        let written = self.append.as_ref().map(|append| &append.stream.desk);
        let put = || self.rows.first().map(|row| &row.desk);
        let moved = || self.positions.first().map(|update| &update.stream.desk);
        written.or_else(put).or_else(moved)
    }

    fn weight(&self) -> usize {
        let records = self
            .append
            .iter()
            .flat_map(|append| &append.records)
            .map(|record| record.payload.len());
        let rows = self.rows.iter().map(|row| row.value.as_ref().map_or(0, Bytes::len));
        let jobs = self.jobs.iter().map(|job| job.body.len());
        records.chain(rows).chain(jobs).sum()
    }

    async fn run(&self, connection: &mut SqliteConnection, now: Timestamp) -> Result<(), Failure> {
        let mut script = Script::new();
        let tail = self.records().map(|append| ask_for_tail(&mut script, append));
        let at = |update| move_position(&mut script, update);
        let positions: Vec<_> = self.positions.iter().map(at).collect();
        self.write(&mut script, now);
        let ran = script.run(connection).await;
        // What was read comes first: where another was faster, what was written may have failed because of it.
        if let (Some(append), Some(tail)) = (self.records(), tail) {
            forbid_gap(append, &ran.read(tail)?)?;
        }
        for (update, at) in self.positions.iter().zip(positions) {
            forbid_jump(update, &ran, at)?;
        }
        Ok(ran.outcome?)
    }

    /// As desks commit, for whose commits people wait.
    fn in_one_go(&self, now: Timestamp) -> Option<(Script, ())> {
        if !self.positions.is_empty() {
            return None;
        }
        let mut script = Script::transaction();
        if let Some(append) = self.records() {
            script.fail_if(|statement| {
                push_tail(statement, append);
                statement.push(" <> ").push_bind(ordered(append.first_seq) - 1);
            });
        }
        self.write(&mut script, now);
        Some((script, ()))
    }
}

impl Commit {
    fn records(&self) -> Option<&Append> {
        self.append.as_ref().filter(|append| !append.records.is_empty())
    }

    /// What is written without a look at anything.
    fn write(&self, script: &mut Script, now: Timestamp) {
        if let Some(append) = self.records() {
            write_records(script, append);
        }
        write_rows(script, &self.rows);
        remember(script, &self.requests, now);
        jobs::queue(script, &self.jobs, now);
    }
}

/// The place of the statement that reads the tail.
fn ask_for_tail(script: &mut Script, append: &Append) -> usize {
    script.add(|statement| {
        statement.push("SELECT ");
        push_tail(statement, append);
    })
}

fn push_tail(statement: &mut Statement, append: &Append) {
    let stream = &append.stream;
    statement.push("(SELECT coalesce(max(seq), 0) FROM journal WHERE service = ");
    statement.push_bind(&*stream.service).push(" AND desk = ");
    statement.push_bind(stream.desk.as_str()).push(")");
}

fn write_records(script: &mut Script, append: &Append) {
    let Append {
        stream,
        first_seq,
        incarnation,
        records,
    } = append;
    let numbered: Vec<(i64, &NewRecord)> = (ordered(*first_seq)..).zip(records).collect();
    let bind = |mut values: Values<'_>, (seq, record): &(i64, &NewRecord)| {
        values
            .push_bind(&*stream.service)
            .push_bind(stream.desk.as_str())
            .push_bind(*seq);
        values.push_bind(incarnation.cast_signed()).push_bind(&*record.kind);
        values.push_bind(record.at.as_micros()).push_bind(&*record.payload);
    };
    let head = "INSERT INTO journal (service, desk, seq, incarnation, kind, at, payload) ";
    script.insert_all((head, 7), &numbered, bind, no_tail);
}

fn forbid_gap(append: &Append, tail: &[(i64,)]) -> Result<(), StoreError> {
    let tail = tail.first().map_or(0, |(seq,)| *seq);
    if tail + 1 == ordered(append.first_seq) {
        return Ok(());
    }
    Err(StoreError::Fenced {
        stream: append.stream.clone(),
        seq: append.first_seq,
    })
}

/// The place of the statement that reads where the position is.
fn move_position(script: &mut Script, update: &PositionUpdate) -> usize {
    let PositionUpdate {
        consumer, stream, to, ..
    } = update;
    let at = script.add(|statement| {
        statement
            .push("SELECT seq, incarnation FROM position WHERE consumer = ")
            .push_bind(consumer);
        statement.push(" AND service = ").push_bind(&*stream.service);
        statement.push(" AND desk = ").push_bind(stream.desk.as_str());
    });
    script.add(|statement| {
        statement.push("INSERT OR REPLACE INTO position (consumer, service, desk, seq, incarnation) VALUES (");
        let mut values = statement.separated(", ");
        values
            .push_bind(consumer)
            .push_bind(&*stream.service)
            .push_bind(stream.desk.as_str());
        values
            .push_bind(ordered(to.seq))
            .push_bind(to.incarnation.cast_signed());
        statement.push(")");
    });
    at
}

fn forbid_jump(update: &PositionUpdate, ran: &Ran, at: usize) -> Result<(), Failure> {
    let at: Option<(i64, i64)> = ran.read(at)?.pop();
    if at.map(position) == update.from && update.goes_forward() {
        return Ok(());
    }
    Err(update.refused().into())
}

fn write_rows(script: &mut Script, rows: &[Row]) {
    let (puts, deletes) = last_words(rows);
    let bind = |mut values: Values<'_>, row: &&Row| {
        values
            .push_bind(row.desk.as_str())
            .push_bind(&*row.table)
            .push_bind(row.key.as_bytes());
        values.push_bind(row.value.as_deref());
    };
    let upsert = |sql: &mut Statement| {
        sql.push(" ON CONFLICT DO UPDATE SET value = excluded.value");
    };
    let head = "INSERT INTO read_row (desk, tbl, key, value) ";
    script.insert_all((head, 4), &puts, bind, upsert);
    for deletes in deletes.chunks(ROWS) {
        script.add_over(deletes.len(), |statement| delete_rows(statement, deletes));
    }
}

fn remember(script: &mut Script, requests: &[RequestRecord], now: Timestamp) {
    let bind = |mut values: Values<'_>, request: &&RequestRecord| {
        let key = &request.key;
        values
            .push_bind(key.desk.as_str())
            .push_bind(key.caller.as_bytes())
            .push_bind(key.method.as_bytes());
        values
            .push_bind(key.id.as_bytes())
            .push_bind(&request.hash[..])
            .push_bind(&*request.reply);
        values.push_bind(request.expires_at.map(Timestamp::as_micros));
    };
    let head = "INSERT INTO request (desk, caller, method, id, hash, reply, expires_at) ";
    let unless_kept = |sql: &mut Statement| {
        sql.push(" ON CONFLICT DO UPDATE SET hash = excluded.hash, reply = excluded.reply,");
        sql.push(" expires_at = excluded.expires_at WHERE request.expires_at < ")
            .push_bind(now.as_micros());
    };
    script.insert_all((head, 7), &first_requests(requests), bind, unless_kept);
}
