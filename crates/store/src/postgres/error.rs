//! PostgreSQL's errors and what they mean for a transaction.

use sqlx::Error;
use sqlx::postgres::{PgDatabaseError, PgSeverity};

use crate::StoreError;

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const SERIALIZATION_FAILURE: &str = "40001";
const DEADLOCK_DETECTED: &str = "40P01";
const UNIQUE_VIOLATION: &str = "23505";
const DISK_FULL: &str = "53100";

const NO_ANSWER: &str = "the server does not answer";

/// Why something that was to be done on a connection was not.
pub(super) enum Failure {
    /// What it asked for must not be.
    Refused(StoreError),
    /// A statement failed before the commit was sent: nothing happened.
    Statement(Error),
    /// The commit, or a statement that is its own transaction, failed.
    Commit(Error),
    /// The server did not answer in time.
    NoAnswer,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Statement(error)
    }
}

impl From<StoreError> for Failure {
    fn from(refused: StoreError) -> Self {
        Self::Refused(refused)
    }
}

impl Failure {
    /// Whether the server broke the transaction off for the sake of another one, and it may be tried again.
    pub(super) fn is_conflict(&self) -> bool {
        let (Self::Statement(error) | Self::Commit(error)) = self else {
            return false;
        };
        refusal(error).is_some_and(|refusal| matches!(refusal.code(), SERIALIZATION_FAILURE | DEADLOCK_DETECTED))
    }

    /// Whether the connection cannot be used any more.
    pub(super) fn breaks_the_connection(&self) -> bool {
        match self {
            Self::Refused(_) => false,
            Self::Statement(error) | Self::Commit(error) => refusal(error).is_none(),
            Self::NoAnswer => true,
        }
    }

    pub(super) fn into_store_error(self) -> StoreError {
        match self {
            Self::Refused(error) => error,
            Self::Statement(error) => of_statement(&error),
            Self::Commit(error) if refusal(&error).is_some() || never_sent(&error) => of_statement(&error),
            Self::Commit(error) => StoreError::OutcomeUnknown(error.to_string()),
            Self::NoAnswer => StoreError::OutcomeUnknown(NO_ANSWER.to_owned()),
        }
    }

    /// A read that failed: nothing was written that could have happened or not.
    pub(super) fn into_read_error(self) -> StoreError {
        match self {
            Self::NoAnswer => StoreError::Unavailable(NO_ANSWER.to_owned()),
            failure => failure.into_store_error(),
        }
    }
}

/// What a statement that did not take effect means.
pub(super) fn of_statement(error: &Error) -> StoreError {
    let what = error.to_string();
    match refusal(error).map(PgDatabaseError::code) {
        Some(DISK_FULL) => StoreError::Full(what),
        Some(UNIQUE_VIOLATION) => StoreError::damaged("database", "unique key", &what),
        _ if matches!(error, Error::ColumnDecode { .. } | Error::Decode(_)) => {
            StoreError::damaged("database", "column", &what)
        }
        _ => StoreError::Unavailable(what),
    }
}

/// The server's answer that it rolled the transaction back. A severity above ERROR is none: the server
/// then ends the connection, and may do so in the middle of a commit.
pub(super) fn refusal(error: &Error) -> Option<&PgDatabaseError> {
    let answer = error.as_database_error()?.try_downcast_ref::<PgDatabaseError>()?;
    (answer.severity() == PgSeverity::Error).then_some(answer)
}

/// Whether somebody else has stored the same under a unique key.
pub(super) fn is_there_already(error: &Error) -> bool {
    refusal(error).is_some_and(|refusal| refusal.code() == UNIQUE_VIOLATION)
}

/// Whether there was no connection to send anything on, or nothing that could be sent.
fn never_sent(error: &Error) -> bool {
    matches!(
        error,
        Error::PoolTimedOut | Error::PoolClosed | Error::Encode(_) | Error::InvalidArgument(_)
    )
}
