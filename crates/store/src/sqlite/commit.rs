//! A commit: journal records, rows, requests and positions.

use async_trait::async_trait;
use bytes::Bytes;
use sqlx::SqliteConnection;
use tandem_domain::{DeskId, Timestamp};

use super::error::Failure;
use super::insert::{Statement, Values, delete_rows, insert_all, no_tail, portions};
use super::jobs;
use super::unit::Write;
use crate::sql::convert::{ordered, position};
use crate::sql::rows::{first_requests, last_words};
use crate::{Append, Commit, NewRecord, PositionUpdate, RequestRecord, Row, StoreError, Stream};

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
        if let Some(append) = &self.append {
            write_records(connection, append).await?;
        }
        for update in &self.positions {
            move_position(connection, update).await?;
        }
        write_rows(connection, &self.rows).await?;
        remember(connection, &self.requests, now).await?;
        jobs::queue(connection, &self.jobs, now).await?;
        Ok(())
    }
}

async fn write_records(connection: &mut SqliteConnection, append: &Append) -> Result<(), Failure> {
    let Append {
        stream,
        first_seq,
        incarnation,
        records,
    } = append;
    if records.is_empty() {
        return Ok(());
    }
    if tail(connection, stream).await? + 1 != ordered(*first_seq) {
        return Err(StoreError::Fenced {
            stream: stream.clone(),
            seq: *first_seq,
        }
        .into());
    }
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
    insert_all(connection, head, &numbered, bind, no_tail).await?;
    Ok(())
}

async fn tail(connection: &mut SqliteConnection, stream: &Stream) -> Result<i64, sqlx::Error> {
    let last = "SELECT coalesce(max(seq), 0) FROM journal WHERE service = ? AND desk = ?";
    sqlx::query_scalar(last)
        .bind(&*stream.service)
        .bind(stream.desk.as_str())
        .fetch_one(connection)
        .await
}

async fn move_position(connection: &mut SqliteConnection, update: &PositionUpdate) -> Result<(), Failure> {
    let PositionUpdate {
        consumer,
        stream,
        from,
        to,
    } = update;
    let now_at = "SELECT seq, incarnation FROM position WHERE consumer = ? AND service = ? AND desk = ?";
    let at: Option<(i64, i64)> = sqlx::query_as(now_at)
        .bind(consumer)
        .bind(&*stream.service)
        .bind(stream.desk.as_str())
        .fetch_optional(&mut *connection)
        .await?;
    if at.map(position) != *from || !update.goes_forward() {
        return Err(update.refused().into());
    }
    let put = "INSERT OR REPLACE INTO position (consumer, service, desk, seq, incarnation) VALUES (?, ?, ?, ?, ?)";
    let put = sqlx::query(put)
        .bind(consumer)
        .bind(&*stream.service)
        .bind(stream.desk.as_str());
    put.bind(ordered(to.seq))
        .bind(to.incarnation.cast_signed())
        .execute(connection)
        .await?;
    Ok(())
}

async fn write_rows(connection: &mut SqliteConnection, rows: &[Row]) -> Result<(), sqlx::Error> {
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
    insert_all(
        connection,
        "INSERT INTO read_row (desk, tbl, key, value) ",
        &puts,
        bind,
        upsert,
    )
    .await?;
    for deletes in portions(&deletes) {
        delete_rows(deletes).build().execute(&mut *connection).await?;
    }
    Ok(())
}

async fn remember(
    connection: &mut SqliteConnection,
    requests: &[RequestRecord],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
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
    insert_all(connection, head, &first_requests(requests), bind, unless_kept).await?;
    Ok(())
}
