//! The journal, rows, requests, positions and snapshots, as read; and the small writes beside commits.

use async_trait::async_trait;
use bytes::Bytes;
use tandem_domain::{DeskId, Timestamp};

use super::PostgresStore;
use crate::sql::convert::{self, KeyRange, RequestKeyRow, limit as rows_limit, ordered};
use crate::{Commit, JournalStore, Position, Record, RequestKey, RequestRecord, RowPage, Snapshot, StoreError, Stream};

/// Steps from desk to desk through the primary key instead of reading all records.
const DESKS: &str = "
    WITH RECURSIVE found (desk) AS (
        SELECT min(desk) FROM journal WHERE service = $1
        UNION ALL
        SELECT (SELECT min(desk) FROM journal WHERE service = $1 AND desk > found.desk) FROM found
        WHERE found.desk IS NOT NULL)
    SELECT desk FROM found WHERE desk IS NOT NULL";

const REQUESTS: &str = "
    SELECT request.desk, caller, method, id, hash, reply, expires_at
    FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::bytea[]) AS asked (desk, caller, method, id)
    JOIN request USING (desk, caller, method, id)
    WHERE expires_at IS NULL OR expires_at >= (SELECT tandem_now())";

#[async_trait]
impl JournalStore for PostgresStore {
    async fn now(&self) -> Result<Timestamp, StoreError> {
        let now: Vec<(i64,)> = self.fetch_all(sqlx::query("SELECT tandem_now()")).await?;
        let no_row = || StoreError::Unavailable("the server does not tell the time".to_owned());
        now.first()
            .map(|(micros,)| Timestamp::from_micros(*micros))
            .ok_or_else(no_row)
    }

    async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        self.write(commit).await
    }

    async fn read(&self, stream: &Stream, from_seq: u64, limit: usize) -> Result<Vec<Record>, StoreError> {
        let sql = "SELECT seq, incarnation, kind, at, payload FROM journal \
                   WHERE service = $1 AND desk = $2 AND seq >= $3 ORDER BY seq LIMIT $4";
        let query = sqlx::query(sql)
            .bind(&*stream.service)
            .bind(stream.desk.as_str())
            .bind(ordered(from_seq));
        let rows = self.fetch_all(query.bind(rows_limit(limit))).await?;
        Ok(rows.into_iter().map(convert::record).collect())
    }

    async fn tail(&self, stream: &Stream) -> Result<Option<Position>, StoreError> {
        let sql = "SELECT seq, incarnation FROM journal WHERE service = $1 AND desk = $2 ORDER BY seq DESC LIMIT 1";
        let query = sqlx::query(sql).bind(&*stream.service).bind(stream.desk.as_str());
        Ok(self.fetch_optional(query).await?.map(convert::position))
    }

    async fn streams(&self, service: &str) -> Result<Vec<Stream>, StoreError> {
        let desks: Vec<(String,)> = self.fetch_all(sqlx::query(DESKS).bind(service)).await?;
        let stream = |(desk,): &(String,)| Ok(Stream::new(service, convert::desk_id("journal", desk)?));
        desks.iter().map(stream).collect()
    }

    async fn row(&self, desk: &DeskId, table: &str, key: &str) -> Result<Option<Bytes>, StoreError> {
        let sql = "SELECT value FROM read_row WHERE desk = $1 AND tbl = $2 AND key = $3";
        let query = sqlx::query(sql).bind(desk.as_str()).bind(table).bind(key.as_bytes());
        let value: Option<(Vec<u8>,)> = self.fetch_optional(query).await?;
        Ok(value.map(|(value,)| value.into()))
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
                   WHERE desk = $1 AND tbl = $2 AND key >= $3 AND key < $4 ORDER BY key LIMIT $5";
        let KeyRange { start, end } = KeyRange::new(prefix, after);
        let query = sqlx::query(sql).bind(desk.as_str()).bind(table).bind(start).bind(end);
        let one_more = query.bind(rows_limit(limit).saturating_add(1));
        convert::row_page(self.fetch_all(one_more).await?, limit)
    }

    async fn requests(&self, keys: &[RequestKey]) -> Result<Vec<RequestRecord>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let query = sqlx::query(REQUESTS)
            .bind(keys.iter().map(|key| key.desk.as_str()).collect::<Vec<_>>())
            .bind(keys.iter().map(|key| key.caller.as_bytes()).collect::<Vec<_>>())
            .bind(keys.iter().map(|key| key.method.as_bytes()).collect::<Vec<_>>())
            .bind(keys.iter().map(|key| key.id.as_bytes()).collect::<Vec<_>>());
        let rows: Vec<RequestKeyRow> = self.fetch_all(query).await?;
        rows.into_iter().map(convert::request_with_key).collect()
    }

    async fn forget_expired_requests(&self) -> Result<u64, StoreError> {
        self.execute(sqlx::query(
            "DELETE FROM request WHERE expires_at < (SELECT tandem_now())",
        ))
        .await
    }

    async fn position(&self, consumer: &str, stream: &Stream) -> Result<Option<Position>, StoreError> {
        let sql = "SELECT seq, incarnation FROM consumer_position WHERE consumer = $1 AND service = $2 AND desk = $3";
        let query = sqlx::query(sql)
            .bind(consumer)
            .bind(&*stream.service)
            .bind(stream.desk.as_str());
        Ok(self.fetch_optional(query).await?.map(convert::position))
    }

    async fn save_snapshot(&self, stream: &Stream, snapshot: Snapshot) -> Result<(), StoreError> {
        let sql = "INSERT INTO snapshot (service, desk, seq, incarnation, format, state) VALUES ($1, $2, $3, $4, $5, $6) \
                   ON CONFLICT (service, desk) DO UPDATE SET seq = excluded.seq, incarnation = excluded.incarnation, \
                   format = excluded.format, state = excluded.state WHERE snapshot.seq <= excluded.seq";
        let query = sqlx::query(sql)
            .bind(&*stream.service)
            .bind(stream.desk.as_str())
            .bind(ordered(snapshot.seq));
        let query = query
            .bind(snapshot.incarnation.cast_signed())
            .bind(i64::from(snapshot.format));
        self.execute(query.bind(&*snapshot.bytes)).await?;
        Ok(())
    }

    async fn snapshot(&self, stream: &Stream) -> Result<Option<Snapshot>, StoreError> {
        let sql = "SELECT seq, incarnation, format, state FROM snapshot WHERE service = $1 AND desk = $2";
        let query = sqlx::query(sql).bind(&*stream.service).bind(stream.desk.as_str());
        self.fetch_optional(query)
            .await?
            .map(|row| convert::snapshot(stream, row))
            .transpose()
    }

    async fn drop_snapshot(&self, stream: &Stream) -> Result<(), StoreError> {
        let query = sqlx::query("DELETE FROM snapshot WHERE service = $1 AND desk = $2");
        self.execute(query.bind(&*stream.service).bind(stream.desk.as_str()))
            .await?;
        Ok(())
    }
}
