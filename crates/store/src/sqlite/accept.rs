//! Accepting documents.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, SqliteConnection};
use tandem_domain::{ConversationId, DeskId, MessageId, Timestamp};

use super::error::Failure;
use super::insert::{ROWS, Values, asking, insert_all, no_tail};
use super::unit::Write;
use crate::documents::plan::{self, DeskKey, Insert, Known, Plan};
use crate::sql::convert;
use crate::{Accepted, NewDocument, StoreError};

pub(super) struct Accept(pub(super) Vec<NewDocument>);

#[async_trait]
impl Write for Accept {
    type Answer = Vec<Accepted>;

    fn desk(&self) -> Option<&DeskId> {
        self.0.first().map(|document| &document.desk)
    }

    fn weight(&self) -> usize {
        self.0
            .iter()
            .map(|document| document.body.len() + document.raw.len() + document.outbox.len())
            .sum()
    }

    async fn run(&self, connection: &mut SqliteConnection, now: Timestamp) -> Result<Vec<Accepted>, Failure> {
        let known = known(connection, &self.0).await?;
        let plan = plan::plan(self.0.clone(), known);
        write(connection, &plan, now).await?;
        Ok(plan.answers)
    }
}

pub(super) const KNOWN_MESSAGES: &str = "SELECT asked.desk, asked.key, id, conversation, started \
    FROM asked CROSS JOIN message ON message.desk = asked.desk AND dedupe_key = asked.key";

pub(super) const KNOWN_CONVERSATIONS: &str = "SELECT asked.desk, asked.key, conversation \
    FROM asked CROSS JOIN conversation_key ON conversation_key.desk = asked.desk AND conversation_key.key = asked.key";

async fn known(connection: &mut SqliteConnection, documents: &[NewDocument]) -> Result<Known, Failure> {
    let messages = of_keys(connection, KNOWN_MESSAGES, &plan::dedupe_keys(documents)).await?;
    let conversations = of_keys(connection, KNOWN_CONVERSATIONS, &plan::conversation_keys(documents)).await?;
    Ok(Known {
        messages: messages
            .into_iter()
            .map(convert::earlier)
            .collect::<Result<_, StoreError>>()?,
        conversations: conversations
            .into_iter()
            .map(convert::conversation_key)
            .collect::<Result<_, StoreError>>()?,
    })
}

async fn of_keys<R: for<'r> FromRow<'r, SqliteRow> + Send + Unpin>(
    connection: &mut SqliteConnection,
    query: &'static str,
    keys: &[DeskKey],
) -> Result<Vec<R>, sqlx::Error> {
    let mut found = Vec::new();
    for keys in keys.chunks(ROWS) {
        found.extend(asking(keys, query).build_query_as().fetch_all(&mut *connection).await?);
    }
    Ok(found)
}

async fn write(connection: &mut SqliteConnection, plan: &Plan, now: Timestamp) -> Result<(), sqlx::Error> {
    if plan.inserts.is_empty() {
        return Ok(());
    }
    let last: i64 = sqlx::query_scalar("SELECT coalesce(max(stored), 0) FROM message")
        .fetch_one(&mut *connection)
        .await?;
    let numbered: Vec<(i64, &Insert)> = (last + 1..).zip(&plan.inserts).collect();
    write_messages(connection, &numbered).await?;
    write_keys(connection, &plan.keys).await?;
    write_outbox(connection, &numbered, now).await
}

async fn write_messages(connection: &mut SqliteConnection, inserts: &[(i64, &Insert)]) -> Result<(), sqlx::Error> {
    let bind = |mut values: Values<'_>, (stored, insert): &(i64, &Insert)| {
        let document = &insert.document;
        values
            .push_bind(*stored)
            .push_bind(document.desk.as_str())
            .push_bind(id(document.id));
        values
            .push_bind(&*document.dedupe_key)
            .push_bind(insert.conversation.map(conversation));
        values
            .push_bind(insert.started)
            .push_bind(insert.unrouted.as_ref().map(String::as_bytes));
        values
            .push_bind(&*document.body)
            .push_bind(document.received_at.as_micros());
    };
    let head = "INSERT INTO message \
                (stored, desk, id, dedupe_key, conversation, started, unrouted, body, received_at) ";
    insert_all(connection, head, inserts, bind, no_tail).await?;
    let bind = |mut values: Values<'_>, (stored, insert): &(i64, &Insert)| {
        values.push_bind(*stored).push_bind(&*insert.document.raw);
    };
    insert_all(
        connection,
        "INSERT INTO raw_message (stored, raw) ",
        inserts,
        bind,
        no_tail,
    )
    .await
}

async fn write_keys(connection: &mut SqliteConnection, keys: &[(DeskKey, ConversationId)]) -> Result<(), sqlx::Error> {
    let bind = |mut values: Values<'_>, ((desk, key), id): &(DeskKey, ConversationId)| {
        values
            .push_bind(desk.as_str())
            .push_bind(&**key)
            .push_bind(conversation(*id));
    };
    insert_all(
        connection,
        "INSERT INTO conversation_key (desk, key, conversation) ",
        keys,
        bind,
        no_tail,
    )
    .await
}

async fn write_outbox<'a>(
    connection: &mut SqliteConnection,
    inserts: &[(i64, &'a Insert)],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let with_conversation = |&(stored, insert): &(i64, &'a Insert)| Some((stored, insert, insert.conversation?));
    let routed: Vec<_> = inserts.iter().filter_map(with_conversation).collect();
    let bind = |mut values: Values<'_>, (stored, insert, of): &(i64, &Insert, ConversationId)| {
        let document = &insert.document;
        values
            .push_bind(*stored)
            .push_bind(document.desk.as_str())
            .push_bind(id(document.id));
        values
            .push_bind(conversation(*of))
            .push_bind(&*document.outbox)
            .push_bind(document.trace.as_bytes());
        values
            .push_bind(document.received_at.as_micros())
            .push_bind(now.plus(document.claimed_for).as_micros())
            .push_bind(document.attempts());
    };
    let head = "INSERT INTO outbox (stored, desk, id, conversation, content, trace, since, due_at, attempts) ";
    insert_all(connection, head, &routed, bind, no_tail).await
}

fn id(id: MessageId) -> Vec<u8> {
    id.0.as_bytes().to_vec()
}

fn conversation(id: ConversationId) -> Vec<u8> {
    id.0.as_bytes().to_vec()
}
