//! Claiming and settling outbox rows.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::PgConnection;
use tandem_domain::{DeskId, MessageId};

use super::Write;
use super::error::Failure;
use crate::sql::convert::{self, ClaimRow, limit, micros};
use crate::sql::rows::last_outcomes;
use crate::{Claimed, OutboxOutcome, StoreError};

const CLAIM: &str = "
    WITH due AS (
        SELECT desk, stored, due_at FROM outbox WHERE parked IS NULL AND due_at <= (SELECT tandem_now())
        ORDER BY due_at, stored LIMIT $1 FOR UPDATE SKIP LOCKED
    ),
    claimed AS (
        UPDATE outbox SET due_at = tandem_now() + $2, attempts = attempts + 1 FROM due
        WHERE outbox.desk = due.desk AND outbox.stored = due.stored
        RETURNING due.due_at, outbox.stored, outbox.desk, id, conversation, content, trace, attempts
    )
    SELECT stored, desk, id, conversation, content, trace, attempts FROM claimed ORDER BY due_at, stored";

const SETTLE: &str = "
    WITH given AS MATERIALIZED (
        SELECT * FROM unnest($1::text[], $2::bytea[], $3::bigint[], $4::bytea[], $5::bigint[], $6::bytea[])
        AS given (desk, id, ticket, unrouted, later, parked)
    ),
    done AS (
        DELETE FROM outbox USING given WHERE outbox.desk = given.desk AND outbox.id = given.id
        AND (given.ticket IS NOT NULL OR given.unrouted IS NOT NULL)
        RETURNING outbox.desk, outbox.stored, given.ticket, given.unrouted
    ),
    kept AS (
        UPDATE outbox SET due_at = coalesce(tandem_now() + given.later, outbox.due_at),
            parked = coalesce(given.parked, outbox.parked)
        FROM given WHERE outbox.desk = given.desk AND outbox.id = given.id
        AND given.ticket IS NULL AND given.unrouted IS NULL
    )
    UPDATE message SET ticket = coalesce(message.ticket, done.ticket), unrouted = done.unrouted FROM done
    WHERE message.desk = done.desk AND message.stored = done.stored";

pub(super) struct Claim {
    pub(super) limit: usize,
    pub(super) ttl: Duration,
}

#[async_trait]
impl Write for Claim {
    type Answer = Vec<Claimed>;

    async fn run(&self, connection: &mut PgConnection) -> Result<Vec<Claimed>, Failure> {
        let query = sqlx::query_as(CLAIM).bind(limit(self.limit)).bind(micros(self.ttl));
        let rows: Vec<ClaimRow> = query.fetch_all(connection).await.map_err(Failure::Commit)?;
        Ok(rows
            .into_iter()
            .map(convert::claim)
            .collect::<Result<_, StoreError>>()?)
    }
}

pub(super) struct Settle(pub(super) Vec<(DeskId, MessageId, OutboxOutcome)>);

#[async_trait]
impl Write for Settle {
    type Answer = ();

    async fn run(&self, connection: &mut PgConnection) -> Result<(), Failure> {
        let given = last_outcomes(&self.0);
        let columns: Vec<Columns<'_>> = given.iter().map(|(.., outcome)| Columns::of(outcome)).collect();
        let query = sqlx::query(SETTLE)
            .bind(given.iter().map(|(desk, ..)| desk.as_str()).collect::<Vec<_>>())
            .bind(
                given
                    .iter()
                    .map(|(_, id, _)| id.0.as_bytes().to_vec())
                    .collect::<Vec<_>>(),
            )
            .bind(columns.iter().map(|columns| columns.ticket).collect::<Vec<_>>())
            .bind(columns.iter().map(|columns| columns.unrouted).collect::<Vec<_>>())
            .bind(columns.iter().map(|columns| columns.later).collect::<Vec<_>>())
            .bind(columns.iter().map(|columns| columns.parked).collect::<Vec<_>>());
        query.execute(connection).await.map_err(Failure::Commit)?;
        Ok(())
    }
}

/// An outcome, one column for each of its kinds.
#[derive(Default)]
struct Columns<'a> {
    ticket: Option<i64>,
    unrouted: Option<&'a [u8]>,
    later: Option<i64>,
    parked: Option<&'a [u8]>,
}

impl<'a> Columns<'a> {
    fn of(outcome: &'a OutboxOutcome) -> Self {
        match outcome {
            OutboxOutcome::OnTicket(ticket) => Self {
                ticket: Some(ticket.cast_signed()),
                ..Self::default()
            },
            OutboxOutcome::Unrouted(why) => Self {
                unrouted: Some(why.as_bytes()),
                ..Self::default()
            },
            OutboxOutcome::Retry(later) => Self {
                later: Some(micros(*later)),
                ..Self::default()
            },
            OutboxOutcome::Park(why) => Self {
                parked: Some(why.as_bytes()),
                ..Self::default()
            },
        }
    }
}
