//! Accepting documents.

use async_trait::async_trait;
use sqlx::SqliteConnection;
use tandem_domain::{ConversationId, DeskId, MessageId, Timestamp};

use super::error::Failure;
use super::insert::{ROWS, Script, Values, asking, no_tail};
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
        let (last, known) = known(connection, &self.0).await?;
        let plan = plan::plan(self.0.clone(), known);
        write(connection, last, &plan, now).await?;
        Ok(plan.answers)
    }
}

pub(super) const KNOWN_MESSAGES: &str = "SELECT asked.desk, asked.key, id, conversation, started \
    FROM asked CROSS JOIN message ON message.desk = asked.desk AND dedupe_key = asked.key";

pub(super) const KNOWN_CONVERSATIONS: &str = "SELECT asked.desk, asked.key, conversation \
    FROM asked CROSS JOIN conversation_key ON conversation_key.desk = asked.desk AND conversation_key.key = asked.key";

/// The last message's number, and what is stored already.
async fn known(connection: &mut SqliteConnection, documents: &[NewDocument]) -> Result<(i64, Known), Failure> {
    let mut script = Script::new();
    let last = script.add(|statement| {
        statement.push("SELECT coalesce(max(stored), 0) FROM message");
    });
    let messages = ask(&mut script, &plan::dedupe_keys(documents), KNOWN_MESSAGES);
    let conversations = ask(&mut script, &plan::conversation_keys(documents), KNOWN_CONVERSATIONS);
    let ran = script.run(connection).await;
    let mut known = Known::default();
    for place in messages {
        let found = ran.read(place)?.into_iter().map(convert::earlier);
        known.messages.extend(found.collect::<Result<Vec<_>, StoreError>>()?);
    }
    for place in conversations {
        let found = ran.read(place)?.into_iter().map(convert::conversation_key);
        known
            .conversations
            .extend(found.collect::<Result<Vec<_>, StoreError>>()?);
    }
    let last: Option<(i64,)> = ran.read(last)?.pop();
    ran.outcome?;
    Ok((last.map_or(0, |(stored,)| stored), known))
}

/// The places of what asks for these keys.
fn ask(script: &mut Script, keys: &[DeskKey], query: &'static str) -> Vec<usize> {
    let portions = keys.chunks(ROWS);
    portions
        .map(|keys| script.add_over(keys.len(), |statement| asking(statement, keys, query)))
        .collect()
}

async fn write(connection: &mut SqliteConnection, last: i64, plan: &Plan, now: Timestamp) -> Result<(), sqlx::Error> {
    let numbered: Vec<(i64, &Insert)> = (last + 1..).zip(&plan.inserts).collect();
    let mut script = Script::new();
    write_messages(&mut script, &numbered);
    write_keys(&mut script, &plan.keys);
    write_outbox(&mut script, &numbered, now);
    script.run(connection).await.outcome
}

fn write_messages(script: &mut Script, inserts: &[(i64, &Insert)]) {
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
    script.insert_all((head, 9), inserts, bind, no_tail);
    let bind = |mut values: Values<'_>, (stored, insert): &(i64, &Insert)| {
        values.push_bind(*stored).push_bind(&*insert.document.raw);
    };
    let head = "INSERT INTO raw_message (stored, raw) ";
    script.insert_all((head, 2), inserts, bind, no_tail);
}

fn write_keys(script: &mut Script, keys: &[(DeskKey, ConversationId)]) {
    let bind = |mut values: Values<'_>, ((desk, key), id): &(DeskKey, ConversationId)| {
        values
            .push_bind(desk.as_str())
            .push_bind(&**key)
            .push_bind(conversation(*id));
    };
    let head = "INSERT INTO conversation_key (desk, key, conversation) ";
    script.insert_all((head, 3), keys, bind, no_tail);
}

fn write_outbox<'a>(script: &mut Script, inserts: &[(i64, &'a Insert)], now: Timestamp) {
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
    script.insert_all((head, 9), &routed, bind, no_tail);
}

fn id(id: MessageId) -> Vec<u8> {
    id.0.as_bytes().to_vec()
}

fn conversation(id: ConversationId) -> Vec<u8> {
    id.0.as_bytes().to_vec()
}
