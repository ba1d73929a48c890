//! Claiming and settling outbox rows.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::SqliteConnection;
use tandem_domain::{DeskId, MessageId, Timestamp};

use super::error::Failure;
use super::insert::{ROWS, Script, Statement, push_rows};
use super::unit::Write;
use crate::sql::convert::{self, ClaimRow, limit};
use crate::sql::rows::last_outcomes;
use crate::{Claimed, OutboxOutcome, StoreError};

pub(super) struct Claim {
    pub(super) limit: usize,
    pub(super) ttl: Duration,
}

#[async_trait]
impl Write for Claim {
    type Answer = Vec<Claimed>;

    async fn run(&self, connection: &mut SqliteConnection, now: Timestamp) -> Result<Vec<Claimed>, Failure> {
        let sql = "SELECT stored, desk, id, conversation, content, trace, attempts + 1 FROM outbox \
                   WHERE parked IS NULL AND due_at <= ? ORDER BY due_at, stored LIMIT ?";
        let due = sqlx::query_as(sql).bind(now.as_micros()).bind(limit(self.limit));
        let due: Vec<ClaimRow> = due.fetch_all(&mut *connection).await?;
        for (stored, ..) in &due {
            let claim = sqlx::query("UPDATE outbox SET due_at = ?, attempts = attempts + 1 WHERE stored = ?");
            claim
                .bind(now.plus(self.ttl).as_micros())
                .bind(stored)
                .execute(&mut *connection)
                .await?;
        }
        Ok(due.into_iter().map(convert::claim).collect::<Result<_, StoreError>>()?)
    }
}

pub(super) struct Settle(pub(super) Vec<(DeskId, MessageId, OutboxOutcome)>);

#[async_trait]
impl Write for Settle {
    type Answer = ();

    fn desk(&self) -> Option<&DeskId> {
        self.0.first().map(|(desk, ..)| desk)
    }

    async fn run(&self, connection: &mut SqliteConnection, now: Timestamp) -> Result<(), Failure> {
        let given = last_outcomes(&self.0);
        let (done, kept): (Vec<_>, Vec<_>) = given.into_iter().partition(|(.., outcome)| is_final(outcome));
        let mut script = Script::new();
        for done in done.chunks(ROWS) {
            script.add_over(done.len(), |statement| told(statement, done));
            script.add_over(done.len(), |statement| gone(statement, done));
        }
        script.run(connection).await.outcome?;
        for (desk, id, outcome) in kept {
            keep(connection, desk, id, outcome, now).await?;
        }
        Ok(())
    }
}

pub(super) type Outcome<'a> = (&'a DeskId, MessageId, &'a OutboxOutcome);

fn is_final(outcome: &OutboxOutcome) -> bool {
    matches!(outcome, OutboxOutcome::OnTicket(_) | OutboxOutcome::Unrouted(_))
}

/// `WITH given (…) AS (VALUES …)`, to be followed by what is done with the rows that are still in the outbox: where one is
/// not, somebody else was faster.
fn given(statement: &mut Statement, outcomes: &[Outcome<'_>]) {
    statement.push("WITH given (desk, id, ticket, unrouted) AS (");
    push_rows(statement, outcomes, 4, |mut values, (desk, id, outcome)| {
        let (ticket, unrouted) = match outcome {
            OutboxOutcome::OnTicket(ticket) => (Some(ticket.cast_signed()), None),
            OutboxOutcome::Unrouted(why) => (None, Some(why.as_bytes())),
            OutboxOutcome::Retry(_) | OutboxOutcome::Park(_) => (None, None),
        };
        values.push_bind(desk.as_str()).push_bind(id.0.as_bytes().to_vec());
        values.push_bind(ticket).push_bind(unrouted);
    });
    statement.push(") ");
}

pub(super) fn told(statement: &mut Statement, outcomes: &[Outcome<'_>]) {
    given(statement, outcomes);
    statement.push(
        "UPDATE message SET ticket = coalesce(message.ticket, given.ticket), unrouted = given.unrouted \
         FROM given JOIN outbox ON outbox.desk = given.desk AND outbox.id = given.id \
         WHERE message.stored = outbox.stored",
    );
}

pub(super) fn gone(statement: &mut Statement, outcomes: &[Outcome<'_>]) {
    given(statement, outcomes);
    statement.push(
        "DELETE FROM outbox WHERE stored IN \
         (SELECT outbox.stored FROM given CROSS JOIN outbox ON outbox.desk = given.desk AND outbox.id = given.id)",
    );
}

async fn keep(
    connection: &mut SqliteConnection,
    desk: &DeskId,
    id: MessageId,
    outcome: &OutboxOutcome,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let change = match outcome {
        OutboxOutcome::Retry(later) => {
            sqlx::query("UPDATE outbox SET due_at = ? WHERE desk = ? AND id = ?").bind(now.plus(*later).as_micros())
        }
        OutboxOutcome::Park(why) => {
            sqlx::query("UPDATE outbox SET parked = ? WHERE desk = ? AND id = ?").bind(why.as_bytes())
        }
        OutboxOutcome::OnTicket(_) | OutboxOutcome::Unrouted(_) => return Ok(()),
    };
    let of = change.bind(desk.as_str()).bind(id.0.as_bytes().to_vec());
    of.execute(connection).await.map(drop)
}

pub(super) struct RetryParked {
    pub(super) desk: DeskId,
    pub(super) id: MessageId,
}

#[async_trait]
impl Write for RetryParked {
    type Answer = bool;

    fn desk(&self) -> Option<&DeskId> {
        Some(&self.desk)
    }

    async fn run(&self, connection: &mut SqliteConnection, now: Timestamp) -> Result<bool, Failure> {
        let sql = "UPDATE outbox SET parked = NULL, due_at = ? WHERE desk = ? AND id = ? AND parked IS NOT NULL";
        let query = sqlx::query(sql)
            .bind(now.as_micros())
            .bind(self.desk.as_str())
            .bind(&self.id.0.as_bytes()[..]);
        Ok(query.execute(connection).await?.rows_affected() == 1)
    }
}
