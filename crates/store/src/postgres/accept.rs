//! Accepting documents.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{Connection, FromRow, PgConnection};
use tandem_domain::DeskId;

use super::Write;
use super::error::Failure;
use crate::documents::plan::{self, DeskKey, Insert, Known, Plan};
use crate::sql::convert;
use crate::{Accepted, NewDocument, StoreError};

/// Locks the desks' rows, in the order given, until the commit.
const LOCK_DESKS: &str = "
    INSERT INTO desk_order (desk, last) SELECT desk, 0 FROM unnest($1::text[]) AS desks (desk)
    ON CONFLICT (desk) DO UPDATE SET last = desk_order.last
    RETURNING desk, last";

const KNOWN_MESSAGES: &str = "
    SELECT message.desk, dedupe_key, id, conversation, started
    FROM unnest($1::text[], $2::bytea[]) AS asked (desk, dedupe_key) JOIN message USING (desk, dedupe_key)";

const KNOWN_CONVERSATIONS: &str = "
    SELECT conversation_key.desk, key, conversation
    FROM unnest($1::text[], $2::bytea[]) AS asked (desk, key) JOIN conversation_key USING (desk, key)";

const INSERT: &str = "
    WITH new AS MATERIALIZED (
        SELECT * FROM unnest(
            $1::text[], $2::bigint[], $3::bytea[], $4::bytea[], $5::bytea[], $6::boolean[], $7::bytea[], $8::bytea[],
            $9::bigint[], $10::bytea[], $11::bytea[], $12::bytea[], $13::bigint[], $14::bigint[]
        ) AS new (
            desk, stored, id, dedupe_key, conversation, started, unrouted, body, received_at, raw, content, trace,
            claimed_for, attempts)
    ),
    messages AS (
        INSERT INTO message (desk, stored, id, dedupe_key, conversation, started, unrouted, body, received_at)
        SELECT desk, stored, id, dedupe_key, conversation, started, unrouted, body, received_at FROM new
    ),
    raw_messages AS (
        INSERT INTO raw_message (desk, stored, raw) SELECT desk, stored, raw FROM new
    ),
    waiting AS (
        INSERT INTO outbox (desk, stored, id, conversation, content, trace, since, due_at, attempts)
        SELECT desk, stored, id, conversation, content, trace, received_at, tandem_now() + claimed_for, attempts FROM new
        WHERE conversation IS NOT NULL
    ),
    keys AS (
        INSERT INTO conversation_key (desk, key, conversation)
        SELECT * FROM unnest($15::text[], $16::bytea[], $17::bytea[])
    )
    UPDATE desk_order SET last = numbers.last
    FROM (SELECT desk, max(stored) AS last FROM new GROUP BY desk) AS numbers WHERE desk_order.desk = numbers.desk";

pub(super) struct Accept(pub(super) Vec<NewDocument>);

#[async_trait]
impl Write for Accept {
    type Answer = Vec<Accepted>;

    async fn run(&self, connection: &mut PgConnection) -> Result<Vec<Accepted>, Failure> {
        if self.0.is_empty() {
            return Ok(Vec::new());
        }
        let mut transaction = connection.begin().await?;
        match accept(&mut transaction, &self.0).await {
            Ok(answers) => {
                transaction.commit().await.map_err(Failure::Commit)?;
                Ok(answers)
            }
            Err(failure) => {
                // A connection on which this fails too is given up because of the first failure.
                let _ = transaction.rollback().await;
                Err(failure)
            }
        }
    }
}

async fn accept(connection: &mut PgConnection, documents: &[NewDocument]) -> Result<Vec<Accepted>, Failure> {
    let last = lock_desks(connection, documents).await?;
    let messages = of_keys(connection, KNOWN_MESSAGES, &plan::dedupe_keys(documents)).await?;
    let conversations = of_keys(connection, KNOWN_CONVERSATIONS, &plan::conversation_keys(documents)).await?;
    let known = Known {
        messages: messages
            .into_iter()
            .map(convert::earlier)
            .collect::<Result<_, StoreError>>()?,
        conversations: conversations
            .into_iter()
            .map(convert::conversation_key)
            .collect::<Result<_, StoreError>>()?,
    };
    let plan = plan::plan(documents.to_vec(), known);
    if !plan.inserts.is_empty() {
        insert(connection, &plan, last).await?;
    }
    Ok(plan.answers)
}

/// Lets one accepting transaction at a time work on a desk, and returns each desk's last number.
async fn lock_desks(
    connection: &mut PgConnection,
    documents: &[NewDocument],
) -> Result<BTreeMap<DeskId, i64>, Failure> {
    let desks: BTreeSet<&str> = documents.iter().map(|document| document.desk.as_str()).collect();
    let query = sqlx::query_as(LOCK_DESKS).bind(desks.into_iter().collect::<Vec<_>>());
    let rows: Vec<(String, i64)> = query.fetch_all(connection).await?;
    let number = |(desk, last): (String, i64)| Ok((convert::desk_id("desk_order", &desk)?, last));
    Ok(rows.into_iter().map(number).collect::<Result<_, StoreError>>()?)
}

async fn of_keys<R: for<'r> FromRow<'r, PgRow> + Send + Unpin>(
    connection: &mut PgConnection,
    sql: &'static str,
    keys: &[DeskKey],
) -> Result<Vec<R>, sqlx::Error> {
    let query = sqlx::query_as(sql)
        .bind(keys.iter().map(|(desk, _)| desk.as_str()).collect::<Vec<_>>())
        .bind(keys.iter().map(|(_, key)| &**key).collect::<Vec<_>>());
    query.fetch_all(connection).await
}

async fn insert(connection: &mut PgConnection, plan: &Plan, last: BTreeMap<DeskId, i64>) -> Result<(), sqlx::Error> {
    let (new, keys) = (&plan.inserts, &plan.keys);
    let query = sqlx::query(INSERT)
        .bind(new.iter().map(|new| new.document.desk.as_str()).collect::<Vec<_>>())
        .bind(numbers(new, last))
        .bind(
            new.iter()
                .map(|new| &new.document.id.0.as_bytes()[..])
                .collect::<Vec<_>>(),
        )
        .bind(new.iter().map(|new| &*new.document.dedupe_key).collect::<Vec<_>>())
        .bind(
            new.iter()
                .map(|new| new.conversation.map(|id| id.0.as_bytes().to_vec()))
                .collect::<Vec<_>>(),
        )
        .bind(new.iter().map(|new| new.started).collect::<Vec<_>>())
        .bind(
            new.iter()
                .map(|new| new.unrouted.as_ref().map(String::as_bytes))
                .collect::<Vec<_>>(),
        )
        .bind(new.iter().map(|new| &*new.document.body).collect::<Vec<_>>())
        .bind(
            new.iter()
                .map(|new| new.document.received_at.as_micros())
                .collect::<Vec<_>>(),
        )
        .bind(new.iter().map(|new| &*new.document.raw).collect::<Vec<_>>())
        .bind(new.iter().map(|new| &*new.document.outbox).collect::<Vec<_>>())
        .bind(new.iter().map(|new| new.document.trace.as_bytes()).collect::<Vec<_>>())
        .bind(
            new.iter()
                .map(|new| convert::micros(new.document.claimed_for))
                .collect::<Vec<_>>(),
        )
        .bind(
            new.iter()
                .map(|new| i64::from(new.document.attempts()))
                .collect::<Vec<_>>(),
        )
        .bind(keys.iter().map(|((desk, _), _)| desk.as_str()).collect::<Vec<_>>())
        .bind(keys.iter().map(|((_, key), _)| &**key).collect::<Vec<_>>())
        .bind(keys.iter().map(|(_, id)| &id.0.as_bytes()[..]).collect::<Vec<_>>());
    query.execute(connection).await?;
    Ok(())
}

/// The number of each new message on its desk.
fn numbers(new: &[Insert], mut last: BTreeMap<DeskId, i64>) -> Vec<i64> {
    let number = |new: &Insert| {
        let last = last.entry(new.document.desk.clone()).or_default();
        *last += 1;
        *last
    };
    new.iter().map(number).collect()
}
