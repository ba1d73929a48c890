//! SQLite's result codes and what they mean for a write.

use sqlx::Error;
use sqlx::error::DatabaseError;

use crate::StoreError;

// https://www.sqlite.org/rescode.html, the primary codes
const BUSY: i32 = 5;
const NOMEM: i32 = 7;
const INTERRUPT: i32 = 9;
const IOERR: i32 = 10;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const NOTADB: i32 = 26;

/// Why a unit of writing failed.
pub(super) enum Failure {
    /// What it asked for must not be: only this unit is rolled back.
    Refused(StoreError),
    /// The database said no.
    Sql(Error),
}

impl From<StoreError> for Failure {
    fn from(refused: StoreError) -> Self {
        Self::Refused(refused)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Sql(error)
    }
}

impl Failure {
    /// Whether the whole transaction may be gone with it, as after a full disk.
    pub(super) fn ends_the_transaction(&self) -> bool {
        let Self::Sql(error) = self else { return false };
        match primary_code(error) {
            Some(code) => matches!(code, BUSY | NOMEM | INTERRUPT | IOERR | CORRUPT | FULL | NOTADB),
            None => matches!(error, Error::WorkerCrashed | Error::Io(_)),
        }
    }

    pub(super) fn into_store_error(self) -> StoreError {
        match self {
            Self::Refused(error) => error,
            Self::Sql(error) => of_write(&error),
        }
    }
}

/// What a failed statement of a write means: nothing was committed.
pub(super) fn of_write(error: &Error) -> StoreError {
    match primary_code(error) {
        Some(FULL) => StoreError::Full(error.to_string()),
        Some(CORRUPT | NOTADB) => StoreError::damaged("database", "file", &error.to_string()),
        _ if error
            .as_database_error()
            .is_some_and(DatabaseError::is_unique_violation) =>
        {
            StoreError::damaged("database", "unique key", &error.to_string())
        }
        _ => StoreError::Unavailable(error.to_string()),
    }
}

/// What a failed COMMIT means. Of a full disk and a busy file SQLite says that nothing happened; after
/// a failed sync nobody knows.
pub(super) fn of_commit(error: &Error) -> StoreError {
    match primary_code(error) {
        Some(FULL) => StoreError::Full(error.to_string()),
        Some(BUSY) => StoreError::Unavailable(error.to_string()),
        _ => StoreError::OutcomeUnknown(error.to_string()),
    }
}

/// What a failed read means.
pub(super) fn of_read(error: &Error) -> StoreError {
    match error {
        Error::ColumnDecode { .. } | Error::Decode(_) => StoreError::damaged("database", "column", &error.to_string()),
        _ => of_write(error),
    }
}

fn primary_code(error: &Error) -> Option<i32> {
    let extended: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xFF)
}
