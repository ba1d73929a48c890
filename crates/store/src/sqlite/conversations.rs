//! The documents of conversations, and the answers that become some.

use async_trait::async_trait;
use bytes::Bytes;
use sqlx::SqliteConnection;
use tandem_domain::{ConversationId, DeskId, MessageId, Timestamp};

use super::SqliteStore;
use super::error::Failure;
use super::unit::Write;
use crate::sql::convert::{self, KeptRow, MessageRow, limit as rows_limit};
use crate::{ConversationStore, KeptAnswer, NewAnswer, StoreError, StoredDocument};

struct Add(NewAnswer);

#[async_trait]
impl Write for Add {
    type Answer = KeptAnswer;

    fn desk(&self) -> Option<&DeskId> {
        Some(&self.0.desk)
    }

    fn weight(&self) -> usize {
        self.0.body.len()
    }

    async fn run(&self, connection: &mut SqliteConnection, _now: Timestamp) -> Result<KeptAnswer, Failure> {
        let answer = &self.0;
        let earlier = "SELECT id, body FROM message WHERE desk = ?1 AND dedupe_key = ?2 \
                       UNION ALL SELECT id, body FROM draft WHERE desk = ?1 AND dedupe_key = ?2";
        let earlier = sqlx::query_as(earlier)
            .bind(answer.desk.as_str())
            .bind(&*answer.dedupe_key);
        let earlier: Option<KeptRow> = earlier.fetch_optional(&mut *connection).await?;
        if let Some(earlier) = earlier {
            return Ok(convert::kept(earlier)?);
        }
        let insert = "INSERT INTO draft (desk, id, dedupe_key, conversation, ticket, body, received_at) \
                      VALUES (?, ?, ?, ?, ?, ?, ?)";
        let insert = sqlx::query(insert).bind(answer.desk.as_str()).bind(bytes(answer.id));
        let insert = insert
            .bind(&*answer.dedupe_key)
            .bind(&answer.conversation.0.as_bytes()[..]);
        let insert = insert.bind(answer.ticket.cast_signed()).bind(&*answer.body);
        insert.bind(answer.received_at.as_micros()).execute(connection).await?;
        Ok(KeptAnswer {
            id: answer.id,
            earlier: None,
        })
    }
}

struct Release {
    desk: DeskId,
    ids: Vec<MessageId>,
}

#[async_trait]
impl Write for Release {
    type Answer = ();

    fn desk(&self) -> Option<&DeskId> {
        Some(&self.desk)
    }

    async fn run(&self, connection: &mut SqliteConnection, _now: Timestamp) -> Result<(), Failure> {
        let release = "INSERT INTO message (desk, id, dedupe_key, conversation, started, ticket, body, received_at) \
                       SELECT desk, id, dedupe_key, conversation, 0, ticket, body, received_at FROM draft \
                       WHERE desk = ? AND id = ?";
        for id in &self.ids {
            for sql in [release, "DELETE FROM draft WHERE desk = ? AND id = ?"] {
                let query = sqlx::query(sql).bind(self.desk.as_str()).bind(bytes(*id));
                query.execute(&mut *connection).await?;
            }
        }
        Ok(())
    }
}

struct Split {
    desk: DeskId,
    ids: Vec<MessageId>,
    ticket: u64,
    conversation: (ConversationId, Vec<Bytes>),
}

#[async_trait]
impl Write for Split {
    type Answer = ();

    fn desk(&self) -> Option<&DeskId> {
        Some(&self.desk)
    }

    async fn run(&self, connection: &mut SqliteConnection, _now: Timestamp) -> Result<(), Failure> {
        let conversation = self.conversation.0.0.as_bytes().to_vec();
        for key in &self.conversation.1 {
            let leads = "INSERT INTO conversation_key (desk, key, conversation) VALUES (?, ?, ?) \
                         ON CONFLICT DO UPDATE SET conversation = excluded.conversation";
            let leads = sqlx::query(leads).bind(self.desk.as_str()).bind(key.to_vec());
            leads.bind(conversation.clone()).execute(&mut *connection).await?;
        }
        for id in &self.ids {
            let split = sqlx::query("UPDATE message SET ticket = ?, conversation = ? WHERE desk = ? AND id = ?");
            let split = split.bind(self.ticket.cast_signed()).bind(conversation.clone());
            let split = split.bind(self.desk.as_str()).bind(bytes(*id));
            split.execute(&mut *connection).await?;
        }
        Ok(())
    }
}

struct Merge {
    desk: DeskId,
    ids: Vec<MessageId>,
    from: u64,
    into: u64,
}

#[async_trait]
impl Write for Merge {
    type Answer = ();

    fn desk(&self) -> Option<&DeskId> {
        Some(&self.desk)
    }

    async fn run(&self, connection: &mut SqliteConnection, _now: Timestamp) -> Result<(), Failure> {
        let merge = sqlx::query("UPDATE message SET ticket = ? WHERE desk = ? AND ticket = ?");
        let merge = merge.bind(self.into.cast_signed()).bind(self.desk.as_str());
        merge.bind(self.from.cast_signed()).execute(&mut *connection).await?;
        for id in &self.ids {
            let moved = sqlx::query("UPDATE message SET ticket = ? WHERE desk = ? AND id = ?");
            let moved = moved.bind(self.into.cast_signed()).bind(self.desk.as_str());
            moved.bind(bytes(*id)).execute(&mut *connection).await?;
        }
        Ok(())
    }
}

struct Forget(Timestamp);

#[async_trait]
impl Write for Forget {
    type Answer = u64;

    async fn run(&self, connection: &mut SqliteConnection, _now: Timestamp) -> Result<u64, Failure> {
        let forget = sqlx::query("DELETE FROM draft WHERE received_at < ?").bind(self.0.as_micros());
        Ok(forget.execute(connection).await?.rows_affected())
    }
}

#[async_trait]
impl ConversationStore for SqliteStore {
    async fn add_answer(&self, answer: NewAnswer) -> Result<KeptAnswer, StoreError> {
        self.write(Add(answer)).await
    }

    async fn release_answers(&self, desk: &DeskId, ids: &[MessageId]) -> Result<(), StoreError> {
        let (desk, ids) = (desk.clone(), ids.to_vec());
        self.write(Release { desk, ids }).await
    }

    async fn split_documents(
        &self,
        desk: &DeskId,
        ids: &[MessageId],
        ticket: u64,
        conversation: (ConversationId, Vec<Bytes>),
    ) -> Result<(), StoreError> {
        let (desk, ids) = (desk.clone(), ids.to_vec());
        self.write(Split {
            desk,
            ids,
            ticket,
            conversation,
        })
        .await
    }

    async fn merge_documents(&self, desk: &DeskId, ids: &[MessageId], from: u64, into: u64) -> Result<(), StoreError> {
        let (desk, ids) = (desk.clone(), ids.to_vec());
        self.write(Merge { desk, ids, from, into }).await
    }

    async fn documents_of_conversation(
        &self,
        desk: &DeskId,
        conversation: ConversationId,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StoreError> {
        let sql = "SELECT id, conversation, ticket, unrouted, body, received_at FROM message \
                   WHERE desk = ?1 AND conversation = ?2 AND stored > CASE WHEN ?3 IS NULL THEN 0 \
                   ELSE (SELECT stored FROM message WHERE desk = ?1 AND id = ?3) END ORDER BY stored LIMIT ?4";
        self.page(sql, desk, conversation, after, limit).await
    }

    async fn latest_of_conversation(
        &self,
        desk: &DeskId,
        conversation: ConversationId,
        before: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StoreError> {
        let sql = "SELECT id, conversation, ticket, unrouted, body, received_at FROM message \
                   WHERE desk = ?1 AND conversation = ?2 AND stored < CASE WHEN ?3 IS NULL THEN 9223372036854775807 \
                   ELSE (SELECT stored FROM message WHERE desk = ?1 AND id = ?3) END ORDER BY stored DESC LIMIT ?4";
        self.page(sql, desk, conversation, before, limit).await
    }

    async fn forget_drafts(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.write(Forget(before)).await
    }
}

impl SqliteStore {
    async fn page(
        &self,
        sql: &'static str,
        desk: &DeskId,
        conversation: ConversationId,
        beside: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StoreError> {
        let query = sqlx::query_as(sql)
            .bind(desk.as_str())
            .bind(&conversation.0.as_bytes()[..]);
        let query = query.bind(beside.map(bytes)).bind(rows_limit(limit));
        let rows: Vec<MessageRow> = self.read(query.fetch_all(&self.readers)).await?;
        rows.into_iter().map(convert::message).collect()
    }
}

fn bytes(id: MessageId) -> Vec<u8> {
    id.0.as_bytes().to_vec()
}
