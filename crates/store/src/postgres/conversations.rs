//! The documents of conversations, and the answers that become some.

use async_trait::async_trait;
use bytes::Bytes;
use sqlx::{Connection, PgConnection};
use tandem_domain::{ConversationId, DeskId, MessageId, Timestamp};

use super::error::Failure;
use super::{PostgresStore, Write};
use crate::sql::convert::{self, KeptRow, limit as rows_limit};
use crate::{ConversationStore, KeptAnswer, NewAnswer, StoreError, StoredDocument};

/// As accepting and releasing do, so that nobody gives the same key or the same number.
const LOCK_DESK: &str = "
    INSERT INTO desk_order (desk, last) VALUES ($1, 0) ON CONFLICT (desk) DO UPDATE SET last = desk_order.last
    RETURNING last";

const KEPT: &str = "
    SELECT id, body FROM message WHERE desk = $1 AND dedupe_key = $2
    UNION ALL SELECT id, body FROM draft WHERE desk = $1 AND dedupe_key = $2";

const KEEP: &str = "
    INSERT INTO draft (desk, id, dedupe_key, conversation, ticket, body, received_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";

const RELEASE: &str = "
    WITH released AS (
        DELETE FROM draft USING unnest($2::bytea[]) WITH ORDINALITY AS named (id, nth)
        WHERE draft.desk = $1 AND draft.id = named.id
        RETURNING draft.id, dedupe_key, conversation, ticket, body, received_at, nth
    ),
    messages AS (
        INSERT INTO message (desk, stored, id, dedupe_key, conversation, started, ticket, body, received_at)
        SELECT $1, $3 + row_number() OVER (ORDER BY nth), id, dedupe_key, conversation, false, ticket, body, received_at
        FROM released
    )
    UPDATE desk_order SET last = $3 + (SELECT count(*) FROM released) WHERE desk = $1";

const AFTER: &str = "
    SELECT id, conversation, ticket, unrouted, body, received_at FROM message WHERE desk = $1 AND conversation = $2
    AND stored > CASE WHEN $3::bytea IS NULL THEN 0 ELSE (SELECT stored FROM message WHERE desk = $1 AND id = $3) END
    ORDER BY stored LIMIT $4";

const BEFORE: &str = "
    SELECT id, conversation, ticket, unrouted, body, received_at FROM message WHERE desk = $1 AND conversation = $2
    AND stored < CASE WHEN $3::bytea IS NULL THEN 9223372036854775807
        ELSE (SELECT stored FROM message WHERE desk = $1 AND id = $3) END
    ORDER BY stored DESC LIMIT $4";

struct Add(NewAnswer);

#[async_trait]
impl Write for Add {
    type Answer = KeptAnswer;

    async fn run(&self, connection: &mut PgConnection) -> Result<KeptAnswer, Failure> {
        let answer = &self.0;
        let mut transaction = connection.begin().await?;
        lock(&mut transaction, &answer.desk).await?;
        let kept = sqlx::query_as(KEPT)
            .bind(answer.desk.as_str())
            .bind(&*answer.dedupe_key);
        let kept: Option<KeptRow> = kept.fetch_optional(&mut *transaction).await?;
        let kept = match kept {
            Some(kept) => convert::kept(kept)?,
            None => keep(&mut transaction, answer).await?,
        };
        transaction.commit().await.map_err(Failure::Commit)?;
        Ok(kept)
    }
}

async fn keep(connection: &mut PgConnection, answer: &NewAnswer) -> Result<KeptAnswer, sqlx::Error> {
    let keep = sqlx::query(KEEP).bind(answer.desk.as_str()).bind(bytes(answer.id));
    let keep = keep
        .bind(&*answer.dedupe_key)
        .bind(&answer.conversation.0.as_bytes()[..]);
    let keep = keep.bind(answer.ticket.cast_signed()).bind(&*answer.body);
    keep.bind(answer.received_at.as_micros()).execute(connection).await?;
    Ok(KeptAnswer {
        id: answer.id,
        earlier: None,
    })
}

struct Release {
    desk: DeskId,
    ids: Vec<MessageId>,
}

#[async_trait]
impl Write for Release {
    type Answer = ();

    async fn run(&self, connection: &mut PgConnection) -> Result<(), Failure> {
        let mut transaction = connection.begin().await?;
        let last = lock(&mut transaction, &self.desk).await?;
        let ids: Vec<_> = self.ids.iter().copied().map(bytes).collect();
        let release = sqlx::query(RELEASE).bind(self.desk.as_str()).bind(ids).bind(last);
        release.execute(&mut *transaction).await?;
        transaction.commit().await.map_err(Failure::Commit)
    }
}

/// Lets one transaction at a time work on the desk's messages, and returns the last one's number.
async fn lock(connection: &mut PgConnection, desk: &DeskId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(LOCK_DESK)
        .bind(desk.as_str())
        .fetch_one(connection)
        .await
}

#[async_trait]
impl ConversationStore for PostgresStore {
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
        (conversation, keys): (ConversationId, Vec<Bytes>),
    ) -> Result<(), StoreError> {
        let ids: Vec<_> = ids.iter().copied().map(bytes).collect();
        let keys: Vec<_> = keys.iter().map(|key| key.to_vec()).collect();
        let split = "WITH known AS (INSERT INTO conversation_key (desk, key, conversation) \
                     SELECT DISTINCT $1, key, $4 FROM unnest($5::bytea[]) AS key \
                     ON CONFLICT (desk, key) DO UPDATE SET conversation = excluded.conversation) \
                     UPDATE message SET ticket = $3, conversation = $4 WHERE desk = $1 AND id = ANY($2)";
        let split = sqlx::query(split).bind(desk.as_str()).bind(ids);
        let split = split
            .bind(ticket.cast_signed())
            .bind(conversation.0.as_bytes().to_vec())
            .bind(keys);
        self.execute(split).await.map(drop)
    }

    async fn merge_documents(&self, desk: &DeskId, ids: &[MessageId], from: u64, into: u64) -> Result<(), StoreError> {
        let ids: Vec<_> = ids.iter().copied().map(bytes).collect();
        let merge = "UPDATE message SET ticket = $3 WHERE desk = $1 AND (ticket = $2 OR id = ANY($4))";
        let merge = sqlx::query(merge).bind(desk.as_str()).bind(from.cast_signed());
        self.execute(merge.bind(into.cast_signed()).bind(ids)).await.map(drop)
    }

    async fn documents_of_conversation(
        &self,
        desk: &DeskId,
        conversation: ConversationId,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StoreError> {
        self.page(AFTER, desk, conversation, after, limit).await
    }

    async fn latest_of_conversation(
        &self,
        desk: &DeskId,
        conversation: ConversationId,
        before: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StoreError> {
        self.page(BEFORE, desk, conversation, before, limit).await
    }

    async fn forget_drafts(&self, before: Timestamp) -> Result<u64, StoreError> {
        let forget = sqlx::query("DELETE FROM draft WHERE received_at < $1");
        self.execute(forget.bind(before.as_micros())).await
    }
}

impl PostgresStore {
    async fn page(
        &self,
        sql: &'static str,
        desk: &DeskId,
        conversation: ConversationId,
        beside: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StoreError> {
        let query = sqlx::query(sql)
            .bind(desk.as_str())
            .bind(conversation.0.as_bytes().to_vec());
        let query = query.bind(beside.map(bytes)).bind(rows_limit(limit));
        self.fetch_all(query).await?.into_iter().map(convert::message).collect()
    }
}

fn bytes(id: MessageId) -> Vec<u8> {
    id.0.as_bytes().to_vec()
}
