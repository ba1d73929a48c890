//! The journal, rows, requests, positions and snapshots, as read; and the small writes beside commits.

use async_trait::async_trait;
use bytes::Bytes;
use sqlx::SqliteConnection;
use tandem_domain::{DeskId, Timestamp};

use super::error::Failure;
use super::insert::{ROWS, known_requests};
use super::unit::Write;
use super::{SqliteStore, clock};
use crate::sql::convert::{self, KeyRange, limit as rows_limit, ordered};
use crate::{Commit, JournalStore, Position, Record, RequestKey, RequestRecord, RowPage, Snapshot, StoreError, Stream};

/// Steps from desk to desk through the primary key instead of reading all records.
const DESKS: &str = "\
    WITH RECURSIVE found (desk) AS (\
        SELECT min(desk) FROM journal WHERE service = ?1 \
        UNION ALL \
        SELECT (SELECT min(desk) FROM journal WHERE service = ?1 AND desk > found.desk) FROM found \
        WHERE found.desk IS NOT NULL) \
    SELECT desk FROM found WHERE desk IS NOT NULL";

#[async_trait]
impl JournalStore for SqliteStore {
    async fn now(&self) -> Result<Timestamp, StoreError> {
        Ok(clock::now())
    }

    async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        self.write(commit).await
    }

    async fn read(&self, stream: &Stream, from_seq: u64, limit: usize) -> Result<Vec<Record>, StoreError> {
        let sql = "SELECT seq, incarnation, kind, at, payload FROM journal \
                   WHERE service = ? AND desk = ? AND seq >= ? ORDER BY seq LIMIT ?";
        let query = sqlx::query_as(sql)
            .bind(&*stream.service)
            .bind(stream.desk.as_str())
            .bind(ordered(from_seq));
        let rows = self
            .read(query.bind(rows_limit(limit)).fetch_all(&self.readers))
            .await?;
        Ok(rows.into_iter().map(convert::record).collect())
    }

    async fn tail(&self, stream: &Stream) -> Result<Option<Position>, StoreError> {
        let sql = "SELECT seq, incarnation FROM journal WHERE service = ? AND desk = ? ORDER BY seq DESC LIMIT 1";
        let query = sqlx::query_as(sql).bind(&*stream.service).bind(stream.desk.as_str());
        Ok(self
            .read(query.fetch_optional(&self.readers))
            .await?
            .map(convert::position))
    }

    async fn streams(&self, service: &str) -> Result<Vec<Stream>, StoreError> {
        let desks: Vec<String> = self
            .read(sqlx::query_scalar(DESKS).bind(service).fetch_all(&self.readers))
            .await?;
        let stream = |desk: &String| Ok(Stream::new(service, convert::desk_id("journal", desk)?));
        desks.iter().map(stream).collect()
    }

    async fn row(&self, desk: &DeskId, table: &str, key: &str) -> Result<Option<Bytes>, StoreError> {
        let sql = "SELECT value FROM read_row WHERE desk = ? AND tbl = ? AND key = ?";
        let query = sqlx::query_scalar(sql)
            .bind(desk.as_str())
            .bind(table)
            .bind(key.as_bytes());
        let value: Option<Vec<u8>> = self.read(query.fetch_optional(&self.readers)).await?;
        Ok(value.map(Bytes::from))
    }

    async fn rows(
        &self,
        desk: &DeskId,
        table: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<RowPage, StoreError> {
        let sql = "SELECT key, value FROM read_row \
                   WHERE desk = ? AND tbl = ? AND key >= ? AND key < ? ORDER BY key LIMIT ?";
        let KeyRange { start, end } = KeyRange::new(prefix, after);
        let query = sqlx::query_as(sql)
            .bind(desk.as_str())
            .bind(table)
            .bind(start)
            .bind(end);
        let one_more = query.bind(rows_limit(limit).saturating_add(1));
        convert::row_page(self.read(one_more.fetch_all(&self.readers)).await?, limit)
    }

    async fn requests(&self, keys: &[RequestKey]) -> Result<Vec<RequestRecord>, StoreError> {
        let now = clock::now();
        let mut found = Vec::new();
        for keys in keys.chunks(ROWS) {
            let mut statement = known_requests(keys, now);
            let rows = self.read(statement.build_query_as().fetch_all(&self.readers)).await?;
            for row in rows {
                found.push(convert::request_with_key(row)?);
            }
        }
        Ok(found)
    }

    async fn forget_expired_requests(&self) -> Result<u64, StoreError> {
        self.write(ForgetExpired).await
    }

    async fn position(&self, consumer: &str, stream: &Stream) -> Result<Option<Position>, StoreError> {
        let sql = "SELECT seq, incarnation FROM position WHERE consumer = ? AND service = ? AND desk = ?";
        let query = sqlx::query_as(sql)
            .bind(consumer)
            .bind(&*stream.service)
            .bind(stream.desk.as_str());
        Ok(self
            .read(query.fetch_optional(&self.readers))
            .await?
            .map(convert::position))
    }

    async fn save_snapshot(&self, stream: &Stream, snapshot: Snapshot) -> Result<(), StoreError> {
        self.write(SaveSnapshot {
            stream: stream.clone(),
            snapshot,
        })
        .await
    }

    async fn snapshot(&self, stream: &Stream) -> Result<Option<Snapshot>, StoreError> {
        let sql = "SELECT seq, incarnation, format, state FROM snapshot WHERE service = ? AND desk = ?";
        let query = sqlx::query_as(sql).bind(&*stream.service).bind(stream.desk.as_str());
        let row = self.read(query.fetch_optional(&self.readers)).await?;
        row.map(|row| convert::snapshot(stream, row)).transpose()
    }

    async fn drop_snapshot(&self, stream: &Stream) -> Result<(), StoreError> {
        self.write(DropSnapshot(stream.clone())).await
    }
}

struct ForgetExpired;

#[async_trait]
impl Write for ForgetExpired {
    type Answer = u64;

    async fn run(&self, connection: &mut SqliteConnection, now: Timestamp) -> Result<u64, Failure> {
        let expired = sqlx::query("DELETE FROM request WHERE expires_at < ?").bind(now.as_micros());
        Ok(expired.execute(connection).await?.rows_affected())
    }
}

struct SaveSnapshot {
    stream: Stream,
    snapshot: Snapshot,
}

#[async_trait]
impl Write for SaveSnapshot {
    type Answer = ();

    fn desk(&self) -> Option<&DeskId> {
        Some(&self.stream.desk)
    }

    fn weight(&self) -> usize {
        self.snapshot.bytes.len()
    }

    async fn run(&self, connection: &mut SqliteConnection, _: Timestamp) -> Result<(), Failure> {
        let sql = "INSERT INTO snapshot (service, desk, seq, incarnation, format, state) VALUES (?, ?, ?, ?, ?, ?) \
                   ON CONFLICT DO UPDATE SET seq = excluded.seq, incarnation = excluded.incarnation, \
                   format = excluded.format, state = excluded.state WHERE snapshot.seq <= excluded.seq";
        let Self { stream, snapshot } = self;
        let query = sqlx::query(sql)
            .bind(&*stream.service)
            .bind(stream.desk.as_str())
            .bind(ordered(snapshot.seq));
        let query = query
            .bind(snapshot.incarnation.cast_signed())
            .bind(snapshot.format)
            .bind(&*snapshot.bytes);
        query.execute(connection).await?;
        Ok(())
    }
}

struct DropSnapshot(Stream);

#[async_trait]
impl Write for DropSnapshot {
    type Answer = ();

    fn desk(&self) -> Option<&DeskId> {
        Some(&self.0.desk)
    }

    async fn run(&self, connection: &mut SqliteConnection, _: Timestamp) -> Result<(), Failure> {
        let query = sqlx::query("DELETE FROM snapshot WHERE service = ? AND desk = ?");
        query
            .bind(&*self.0.service)
            .bind(self.0.desk.as_str())
            .execute(connection)
            .await?;
        Ok(())
    }
}
