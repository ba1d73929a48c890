//! Accepting documents.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use sqlx::postgres::PgArguments;
use sqlx::query::QueryAs;
use sqlx::{Connection, PgConnection, Postgres};
use tandem_domain::DeskId;

use super::Write;
use super::error::{Failure, is_there_already};
use crate::documents::plan::{self, DeskKey, Insert, Known, Plan};
use crate::sql::convert;
use crate::{Accepted, NewDocument, StoreError};

/// Locks the desks' rows, in the order given, until the commit.
const LOCK_DESKS: &str = "
    INSERT INTO desk_order (desk, last) SELECT desk, 0 FROM unnest($1::text[]) AS desks (desk)
    ON CONFLICT (desk) DO UPDATE SET last = desk_order.last";

/// What is there of the messages and keys asked for.
const KNOWN: &str = "
    SELECT message.desk, dedupe_key, id, conversation, started
    FROM unnest($1::text[], $2::bytea[]) AS asked (desk, dedupe_key) JOIN message USING (desk, dedupe_key)
    UNION ALL
    SELECT conversation_key.desk, key, NULL, conversation, NULL
    FROM unnest($3::text[], $4::bytea[]) AS asked (desk, key) JOIN conversation_key USING (desk, key)";

/// Numbers the messages and inserts them, with all that belongs to them; or, where it is asked whether any of them or of the
/// keys is there already (`$15`), and some are, answers with these and inserts nothing.
const INSERT: &str = "
    WITH new AS MATERIALIZED (
        SELECT * FROM unnest(
            $1::text[], $2::bigint[], $3::bytea[], $4::bytea[], $5::bytea[], $6::boolean[], $7::bytea[], $8::bytea[],
            $9::bigint[], $10::bytea[], $11::bytea[], $12::bytea[], $13::bigint[], $14::bigint[]
        ) AS new (
            desk, behind, id, dedupe_key, conversation, started, unrouted, body, received_at, raw, content, trace,
            claimed_for, attempts)
    ),
    known AS MATERIALIZED (
        SELECT message.desk, message.dedupe_key AS key, message.id, message.conversation, message.started
        FROM new JOIN message USING (desk, dedupe_key) WHERE $15
        UNION ALL
        SELECT conversation_key.desk, key, NULL, conversation, NULL
        FROM unnest($16::text[], $17::bytea[]) AS asked (desk, key) JOIN conversation_key USING (desk, key) WHERE $15
    ),
    numbers AS (
        INSERT INTO desk_order (desk, last)
        SELECT desk, count(*) FROM new WHERE NOT EXISTS (SELECT FROM known) GROUP BY desk ORDER BY desk COLLATE \"C\"
        ON CONFLICT (desk) DO UPDATE SET last = desk_order.last + excluded.last
        RETURNING desk, last
    ),
    numbered AS MATERIALIZED (
        SELECT new.*, numbers.last - behind AS stored FROM numbers JOIN new USING (desk)
    ),
    messages AS (
        INSERT INTO message (desk, stored, id, dedupe_key, conversation, started, unrouted, body, received_at)
        SELECT desk, stored, id, dedupe_key, conversation, started, unrouted, body, received_at FROM numbered
    ),
    raw_messages AS (
        INSERT INTO raw_message (desk, stored, raw) SELECT desk, stored, raw FROM numbered
    ),
    waiting AS (
        INSERT INTO outbox (desk, stored, id, conversation, content, trace, since, due_at, attempts)
        SELECT desk, stored, id, conversation, content, trace, received_at, tandem_now() + claimed_for, attempts
        FROM numbered WHERE conversation IS NOT NULL
    ),
    keys AS (
        INSERT INTO conversation_key (desk, key, conversation)
        SELECT * FROM unnest($18::text[], $19::bytea[], $20::bytea[]) WHERE EXISTS (SELECT FROM numbers)
    )
    SELECT * FROM known";

/// `desk, key, id, conversation, started`.
type KnownRow = (String, Vec<u8>, Option<Vec<u8>>, Option<Vec<u8>>, Option<bool>);

type Asking<'q, O> = QueryAs<'q, Postgres, O, PgArguments>;

pub(super) struct Accept(pub(super) Vec<NewDocument>);

#[async_trait]
impl Write for Accept {
    type Answer = Vec<Accepted>;

    async fn run(&self, connection: &mut PgConnection) -> Result<Vec<Accepted>, Failure> {
        if self.0.is_empty() {
            return Ok(Vec::new());
        }
        if plan::are_known_by_what_finds_them(&self.0)
            && let Some(answers) = by_itself(connection, &self.0).await?
        {
            return Ok(answers);
        }
        let mut transaction = connection.begin().await?;
        match in_turn(&mut transaction, &self.0).await {
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

/// One statement, which is its own transaction; a second one where something is there already. The desk's row is locked for
/// as long as that takes. None where somebody else stored something of the kind in between.
async fn by_itself(connection: &mut PgConnection, documents: &[NewDocument]) -> Result<Option<Vec<Accepted>>, Failure> {
    let keys = plan::conversation_keys(documents);
    let mut known = Known::default();
    for asked in [Some(&keys), None] {
        let plan = plan::plan(documents.to_vec(), known);
        if plan.inserts.is_empty() {
            return Ok(Some(plan.answers));
        }
        known = match insert(connection, &plan, asked).await {
            Ok(found) if found.is_empty() => return Ok(Some(plan.answers)),
            Ok(found) => read(found)?,
            Err(error) if is_there_already(&error) => return Ok(None),
            Err(error) => return Err(Failure::Commit(error)),
        };
    }
    Ok(None)
}

/// One transaction after the other on each desk: whoever looks what is there sees all that came before.
async fn in_turn(connection: &mut PgConnection, documents: &[NewDocument]) -> Result<Vec<Accepted>, Failure> {
    lock_desks(connection, documents).await?;
    let (messages, keys) = (plan::dedupe_keys(documents), plan::conversation_keys(documents));
    let known = bind_keys(bind_keys(sqlx::query_as(KNOWN), &messages), &keys);
    let known = read(known.fetch_all(&mut *connection).await?)?;
    let plan = plan::plan(documents.to_vec(), known);
    if !plan.inserts.is_empty() {
        insert(connection, &plan, None).await?;
    }
    Ok(plan.answers)
}

/// Messages have an id, keys have none.
fn read(rows: Vec<KnownRow>) -> Result<Known, StoreError> {
    let mut known = Known::default();
    for (desk, key, id, conversation, started) in rows {
        match (id, conversation) {
            (Some(id), of) => {
                let earlier = (desk, key, id, of, started.unwrap_or_default());
                known.messages.extend([convert::earlier(earlier)?]);
            }
            (None, of) => {
                let key = (desk, key, of.unwrap_or_default());
                known.conversations.extend([convert::conversation_key(key)?]);
            }
        }
    }
    Ok(known)
}

/// Lets one accepting transaction at a time work on a desk.
async fn lock_desks(connection: &mut PgConnection, documents: &[NewDocument]) -> Result<(), Failure> {
    let desks: BTreeSet<&str> = documents.iter().map(|document| document.desk.as_str()).collect();
    let query = sqlx::query(LOCK_DESKS).bind(desks.into_iter().collect::<Vec<_>>());
    query.execute(connection).await?;
    Ok(())
}

fn bind_keys<'q, O>(query: Asking<'q, O>, keys: &'q [DeskKey]) -> Asking<'q, O> {
    query
        .bind(keys.iter().map(|(desk, _)| desk.as_str()).collect::<Vec<_>>())
        .bind(keys.iter().map(|(_, key)| &**key).collect::<Vec<_>>())
}

/// What is there already of the messages and the keys `asked` for: then nothing is inserted.
async fn insert(
    connection: &mut PgConnection,
    plan: &Plan,
    asked: Option<&Vec<DeskKey>>,
) -> Result<Vec<KnownRow>, sqlx::Error> {
    let (new, keys) = (&plan.inserts, &plan.keys);
    let query = sqlx::query_as(INSERT)
        .bind(new.iter().map(|new| new.document.desk.as_str()).collect::<Vec<_>>())
        .bind(behind(new))
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
        .bind(asked.is_some());
    bind_keys(query, asked.map_or(&[], Vec::as_slice))
        .bind(keys.iter().map(|((desk, _), _)| desk.as_str()).collect::<Vec<_>>())
        .bind(keys.iter().map(|((_, key), _)| &**key).collect::<Vec<_>>())
        .bind(keys.iter().map(|(_, id)| &id.0.as_bytes()[..]).collect::<Vec<_>>())
        .fetch_all(connection)
        .await
}

/// How many of its desk come after each new message.
fn behind(new: &[Insert]) -> Vec<i64> {
    let mut counts: BTreeMap<&DeskId, i64> = BTreeMap::new();
    let mut behind: Vec<_> = new
        .iter()
        .rev()
        .map(|new| {
            let count = counts.entry(&new.document.desk).or_insert(-1);
            *count += 1;
            *count
        })
        .collect();
    behind.reverse();
    behind
}
