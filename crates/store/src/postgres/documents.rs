//! Documents and the outbox, as read.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tandem_domain::{DeskId, MessageId};

use super::PostgresStore;
use super::accept::Accept;
use super::outbox::{Claim, Settle};
use crate::sql::convert::{self, limit as rows_limit};
use crate::{Accepted, Claimed, DocumentStore, NewDocument, OutboxEntry, OutboxOutcome, StoreError, StoredDocument};

// $2 is the message after which the page starts: behind one that does not exist there is nothing.

const DOCUMENTS: &str = "
    SELECT id, conversation, ticket, unrouted, body, received_at FROM message WHERE desk = $1
    AND stored > CASE WHEN $2::bytea IS NULL THEN 0 ELSE (SELECT stored FROM message WHERE desk = $1 AND id = $2) END
    ORDER BY stored LIMIT $3";

const ON_TICKET: &str = "
    SELECT id, conversation, ticket, unrouted, body, received_at FROM message WHERE desk = $1 AND ticket = $4
    AND stored > CASE WHEN $2::bytea IS NULL THEN 0 ELSE (SELECT stored FROM message WHERE desk = $1 AND id = $2) END
    ORDER BY stored LIMIT $3";

const UNROUTED: &str = "
    SELECT id, conversation, ticket, unrouted, body, received_at FROM message WHERE desk = $1 AND unrouted IS NOT NULL
    AND stored > CASE WHEN $2::bytea IS NULL THEN 0 ELSE (SELECT stored FROM message WHERE desk = $1 AND id = $2) END
    ORDER BY stored LIMIT $3";

const OUTBOX: &str = "
    SELECT id, since, attempts, parked FROM outbox WHERE desk = $1 AND (parked IS NOT NULL OR NOT $4)
    AND stored > CASE WHEN $2::bytea IS NULL THEN 0 ELSE (SELECT stored FROM message WHERE desk = $1 AND id = $2) END
    ORDER BY stored LIMIT $3";

#[async_trait]
impl DocumentStore for PostgresStore {
    async fn accept(&self, documents: Vec<NewDocument>) -> Result<Vec<Accepted>, StoreError> {
        self.write(Accept(documents)).await
    }

    async fn document(&self, desk: &DeskId, id: MessageId) -> Result<Option<StoredDocument>, StoreError> {
        let sql = "SELECT id, conversation, ticket, unrouted, body, received_at FROM message \
                   WHERE desk = $1 AND id = $2";
        let row = self
            .fetch_optional(sqlx::query(sql).bind(desk.as_str()).bind(bytes(id)))
            .await?;
        row.map(convert::message).transpose()
    }

    async fn raw(&self, desk: &DeskId, id: MessageId) -> Result<Option<Bytes>, StoreError> {
        let sql = "SELECT raw FROM raw_message JOIN message USING (desk, stored) \
                   WHERE message.desk = $1 AND message.id = $2";
        let query = sqlx::query(sql).bind(desk.as_str()).bind(bytes(id));
        let raw: Option<(Vec<u8>,)> = self.fetch_optional(query).await?;
        Ok(raw.map(|(raw,)| raw.into()))
    }

    async fn documents(
        &self,
        desk: &DeskId,
        ticket: Option<u64>,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StoreError> {
        let sql = if ticket.is_some() { ON_TICKET } else { DOCUMENTS };
        let query = sqlx::query(sql)
            .bind(desk.as_str())
            .bind(after.map(bytes))
            .bind(rows_limit(limit));
        let query = match ticket {
            Some(ticket) => query.bind(ticket.cast_signed()),
            None => query,
        };
        self.fetch_all(query).await?.into_iter().map(convert::message).collect()
    }

    async fn unrouted(
        &self,
        desk: &DeskId,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StoreError> {
        let query = sqlx::query(UNROUTED)
            .bind(desk.as_str())
            .bind(after.map(bytes))
            .bind(rows_limit(limit));
        self.fetch_all(query).await?.into_iter().map(convert::message).collect()
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
        let query = sqlx::query(OUTBOX)
            .bind(desk.as_str())
            .bind(after.map(bytes))
            .bind(rows_limit(limit));
        let rows = self.fetch_all(query.bind(parked_only)).await?;
        rows.into_iter().map(convert::outbox_entry).collect()
    }

    async fn retry_parked(&self, desk: &DeskId, id: MessageId) -> Result<bool, StoreError> {
        let sql = "UPDATE outbox SET parked = NULL, due_at = tandem_now() \
                   WHERE desk = $1 AND id = $2 AND parked IS NOT NULL";
        Ok(self
            .execute(sqlx::query(sql).bind(desk.as_str()).bind(bytes(id)))
            .await?
            == 1)
    }
}

fn bytes(id: MessageId) -> Vec<u8> {
    id.0.as_bytes().to_vec()
}
