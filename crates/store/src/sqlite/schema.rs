//! How the file is opened, and its schema.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection, SqlitePool};

use super::error::{of_read, of_write};
use crate::StoreError;
use crate::sql::migrations::{self, Step};

const STEPS: &[Step] = &[(1, "start", include_str!("../../migrations/sqlite/0001_start.sql"))];

const READERS: u32 = 4;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging()
}

/// The writer's connection, with every commit on the disk before it is answered.
pub(super) async fn connect_writer(file: &Path) -> Result<SqliteConnection, sqlx::Error> {
    let options = options(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("cache_size", "-32768")
        .pragma("journal_size_limit", "67108864");
    options.connect().await
}

pub(super) async fn open_for_writing(file: &Path) -> Result<SqliteConnection, StoreError> {
    let mut connection = connect_writer(file).await.map_err(|error| of_write(&error))?;
    migrate(&mut connection).await?;
    Ok(connection)
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
