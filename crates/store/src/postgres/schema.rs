//! How the database is connected to, and its schema.

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::error::of_statement;
use crate::StoreError;
use crate::sql::migrations::{self, Step};

const STEPS: &[Step] = &[
    (1, "start", include_str!("../../migrations/postgres/0001_start.sql")),
    (
        2,
        "answers and jobs",
        include_str!("../../migrations/postgres/0002_answers_and_jobs.sql"),
    ),
];

/// What each connection sets. The server ends what nobody waits for any more.
const LIMITS: [(&str, &str); 3] = [
    ("statement_timeout", "15s"),
    ("lock_timeout", "5s"),
    ("idle_in_transaction_session_timeout", "10s"),
];

/// Every query here goes through an index. The planner, which believes a fresh table to be empty, would
/// scan it, and keep that plan while the table grows.
const PLANS: [(&str, &str); 4] = [
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("plan_cache_mode", "force_generic_plan"),
];

pub(super) fn options(url: &str) -> Result<PgConnectOptions, StoreError> {
    let options: PgConnectOptions = url.parse().map_err(|error| of_statement(&error))?;
    Ok(options.application_name("tandem").disable_statement_logging())
}

/// A step may take longer than any statement of normal work, so the limits do not hold for it.
pub(super) async fn migrate(options: &PgConnectOptions) -> Result<(), StoreError> {
    let mut connection = options.connect().await.map_err(|error| of_statement(&error))?;
    migrations::run(&mut connection, STEPS, |error| of_statement(&error)).await?;
    connection.close().await.map_err(|error| of_statement(&error))
}

pub(super) fn for_work(options: PgConnectOptions) -> PgConnectOptions {
    options.options(LIMITS).options(PLANS)
}
