//! How the file is opened, and its schema.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection, SqlitePool};

use super::clock;
use super::error::{of_read, of_write};
use crate::StoreError;
use crate::sql::migrations::{self, Step};

const STEPS: &[Step] = &[
    (1, "start", include_str!("../../migrations/sqlite/0001_start.sql")),
    (
        2,
        "answers and jobs",
        include_str!("../../migrations/sqlite/0002_answers_and_jobs.sql"),
    ),
];

/// Scripts of a commit come in so many shapes that are worth keeping.
const STATEMENTS: usize = 256;
const READERS: u32 = 4;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging()
}

/// In pages. A log so long is copied to its end by the writer, which then begins it anew; most of it was copied before. It
/// stays below the size to which the log is cut.
const LONGEST_LOG: &str = "12000";

/// The writer's connection, with every commit on the disk before it is answered.
pub(super) async fn connect_writer(file: &Path) -> Result<SqliteConnection, sqlx::Error> {
    let options = options(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .statement_cache_capacity(STATEMENTS)
        .pragma("cache_size", "-32768")
        // What a statement over many rows would undo is kept in memory, not in a file for each of them.
        .pragma("temp_store", "MEMORY")
        .pragma("wal_autocheckpoint", LONGEST_LOG)
        .pragma("journal_size_limit", "67108864");
    options.connect().await
}

/// A connection for what nobody waits for.
pub(super) async fn connect_beside(file: &Path) -> Result<SqliteConnection, sqlx::Error> {
    options(file).synchronous(SqliteSynchronous::Full).connect().await
}

pub(super) async fn open_for_writing(file: &Path) -> Result<SqliteConnection, StoreError> {
    let mut connection = connect_writer(file).await.map_err(|error| of_write(&error))?;
    migrate(&mut connection).await?;
    release_claims(&mut connection)
        .await
        .map_err(|error| of_write(&error))?;
    Ok(connection)
}

/// One process works on the file, so whoever claimed anything in it is gone. Rows that would have been tried later are
/// tried now too, which harms nobody.
async fn release_claims(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let due = sqlx::query("UPDATE outbox SET due_at = ?1 WHERE parked IS NULL AND due_at > ?1");
    due.bind(clock::now().as_micros()).execute(&mut *connection).await?;
    let free = sqlx::query("UPDATE job SET claimed_until = 0 WHERE failed IS NULL AND done = 0 AND claimed_until > 0");
    free.execute(connection).await?;
    Ok(())
}

pub(super) async fn migrate(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    migrations::run(connection, STEPS, |error| of_write(&error)).await
}

pub(super) async fn open_readers(file: &Path) -> Result<SqlitePool, StoreError> {
    let pool = SqlitePoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // A file does not hang up.
        .test_before_acquire(false)
        .connect_with(options(file).read_only(true));
    pool.await.map_err(|error| of_read(&error))
}
