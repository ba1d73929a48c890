//! Documents and the outbox, as read.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tandem_domain::{DeskId, MessageId};

use super::SqliteStore;
use super::accept::Accept;
use super::outbox::{Claim, RetryParked, Settle};
use crate::sql::convert::{self, MessageRow, limit as rows_limit};
use crate::{Accepted, Claimed, DocumentStore, NewDocument, OutboxEntry, OutboxOutcome, StoreError, StoredDocument};

#[async_trait]
impl DocumentStore for SqliteStore {
    async fn accept(&self, documents: Vec<NewDocument>) -> Result<Vec<Accepted>, StoreError> {
        self.write(Accept(documents)).await
    }

    async fn document(&self, desk: &DeskId, id: MessageId) -> Result<Option<StoredDocument>, StoreError> {
        let sql = "SELECT id, conversation, ticket, unrouted, body, received_at FROM message WHERE desk = ? AND id = ?";
        let query = sqlx::query_as(sql).bind(desk.as_str()).bind(bytes(id));
        self.read(query.fetch_optional(&self.readers))
            .await?
            .map(convert::message)
            .transpose()
    }

    async fn raw(&self, desk: &DeskId, id: MessageId) -> Result<Option<Bytes>, StoreError> {
        let sql = "SELECT raw FROM raw_message WHERE stored = (SELECT stored FROM message WHERE desk = ? AND id = ?)";
        let query = sqlx::query_scalar(sql).bind(desk.as_str()).bind(bytes(id));
        let raw: Option<Vec<u8>> = self.read(query.fetch_optional(&self.readers)).await?;
        Ok(raw.map(Bytes::from))
    }

    async fn documents(
        &self,
        desk: &DeskId,
        ticket: Option<u64>,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StoreError> {
        let Some(start) = self.stored(desk, after).await? else {
            return Ok(Vec::new());
        };
        let Some(ticket) = ticket else {
            let sql = "SELECT id, conversation, ticket, unrouted, body, received_at FROM message \
                       WHERE desk = ? AND stored > ? ORDER BY stored LIMIT ?";
            let query = sqlx::query_as(sql)
                .bind(desk.as_str())
                .bind(start)
                .bind(rows_limit(limit));
            return messages(self.read(query.fetch_all(&self.readers)).await?);
        };
        let sql = "SELECT id, conversation, ticket, unrouted, body, received_at FROM message \
                   WHERE desk = ? AND stored > ? AND ticket = ? ORDER BY stored LIMIT ?";
        let query = sqlx::query_as(sql)
            .bind(desk.as_str())
            .bind(start)
            .bind(ticket.cast_signed());
        messages(
            self.read(query.bind(rows_limit(limit)).fetch_all(&self.readers))
                .await?,
        )
    }

    async fn unrouted(
        &self,
        desk: &DeskId,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StoreError> {
        let Some(start) = self.stored(desk, after).await? else {
            return Ok(Vec::new());
        };
        let sql = "SELECT id, conversation, ticket, unrouted, body, received_at FROM message \
                   WHERE desk = ? AND stored > ? AND unrouted IS NOT NULL ORDER BY stored LIMIT ?";
        let query = sqlx::query_as(sql)
            .bind(desk.as_str())
            .bind(start)
            .bind(rows_limit(limit));
        messages(self.read(query.fetch_all(&self.readers)).await?)
    }

    async fn claim(&self, limit: usize, ttl: Duration) -> Result<Vec<Claimed>, StoreError> {
        self.write(Claim { limit, ttl }).await
    }

    async fn settle(&self, outcomes: Vec<(DeskId, MessageId, OutboxOutcome)>) -> Result<(), StoreError> {
        self.write(Settle(outcomes)).await
    }

    async fn outbox(
        &self,
        desk: &DeskId,
        parked_only: bool,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<OutboxEntry>, StoreError> {
        let Some(start) = self.stored(desk, after).await? else {
            return Ok(Vec::new());
        };
        let sql = "SELECT id, since, attempts, parked FROM outbox \
                   WHERE desk = ? AND stored > ? AND (parked IS NOT NULL OR NOT ?) ORDER BY stored LIMIT ?";
        let query = sqlx::query_as(sql)
            .bind(desk.as_str())
            .bind(start)
            .bind(parked_only)
            .bind(rows_limit(limit));
        let rows = self.read(query.fetch_all(&self.readers)).await?;
        rows.into_iter().map(convert::outbox_entry).collect()
    }

    async fn retry_parked(&self, desk: &DeskId, id: MessageId) -> Result<bool, StoreError> {
        self.write(RetryParked { desk: desk.clone(), id }).await
    }
}

impl SqliteStore {
    /// The number after which a page starts; none for a message that does not exist.
    async fn stored(&self, desk: &DeskId, after: Option<MessageId>) -> Result<Option<i64>, StoreError> {
        let Some(id) = after else { return Ok(Some(0)) };
        let query = sqlx::query_scalar("SELECT stored FROM message WHERE desk = ? AND id = ?");
        self.read(query.bind(desk.as_str()).bind(bytes(id)).fetch_optional(&self.readers))
            .await
    }
}

fn bytes(id: MessageId) -> Vec<u8> {
    id.0.as_bytes().to_vec()
}

fn messages(rows: Vec<MessageRow>) -> Result<Vec<StoredDocument>, StoreError> {
    rows.into_iter().map(convert::message).collect()
}
