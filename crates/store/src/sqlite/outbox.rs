//! Claiming and settling outbox rows.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::SqliteConnection;
use tandem_domain::{DeskId, MessageId, Timestamp};

use super::error::Failure;
use super::unit::Write;
use crate::sql::convert::{self, ClaimRow, limit};
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
        for (desk, id, outcome) in &self.0 {
            let row = "SELECT stored FROM outbox WHERE desk = ? AND id = ?";
            let row = sqlx::query_scalar(row).bind(desk.as_str()).bind(&id.0.as_bytes()[..]);
            // Somebody else was faster when there is none.
            if let Some(stored) = row.fetch_optional(&mut *connection).await? {
                settle(connection, stored, outcome, now).await?;
            }
        }
        Ok(())
    }
}

async fn settle(
    connection: &mut SqliteConnection,
    stored: i64,
    outcome: &OutboxOutcome,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let (change, done) = match outcome {
        OutboxOutcome::OnTicket(ticket) => (
            sqlx::query("UPDATE message SET ticket = coalesce(ticket, ?) WHERE stored = ?").bind(ticket.cast_signed()),
            true,
        ),
        OutboxOutcome::Unrouted(why) => (
            sqlx::query("UPDATE message SET unrouted = ? WHERE stored = ?").bind(why.as_bytes()),
            true,
        ),
        OutboxOutcome::Retry(later) => (
            sqlx::query("UPDATE outbox SET due_at = ? WHERE stored = ?").bind(now.plus(*later).as_micros()),
            false,
        ),
        OutboxOutcome::Park(why) => (
            sqlx::query("UPDATE outbox SET parked = ? WHERE stored = ?").bind(why.as_bytes()),
            false,
        ),
    };
    change.bind(stored).execute(&mut *connection).await?;
    if done {
        sqlx::query("DELETE FROM outbox WHERE stored = ?")
            .bind(stored)
            .execute(connection)
            .await?;
    }
    Ok(())
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
