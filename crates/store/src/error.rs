//! What can go wrong while storing.

use std::fmt;

use crate::Stream;

/// Why the store did not do it. `Display` names no SQL and no data.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Another process has written this stream at the same `seq`: this one does not own it any more.
    #[error("stream {stream} has been written by another process at seq {seq}")]
    Fenced {
        /// The stream.
        stream: Stream,
        /// The contested number.
        seq: u64,
    },
    /// A consumer's position was not where the caller thought: another replica was faster.
    #[error("the position of consumer `{consumer}` on {stream} has moved")]
    PositionMoved {
        /// The consumer.
        consumer: String,
        /// The stream.
        stream: Stream,
    },
    /// The commit was sent, and nobody knows whether it happened. Look before repeating.
    #[error("it is not known whether the commit happened: {0}")]
    OutcomeUnknown(String),
    /// No space left. Nothing was written.
    #[error("the store is full: {0}")]
    Full(String),
    /// The store cannot be reached or did not answer in time. Nothing was written.
    #[error("the store cannot be reached: {0}")]
    Unavailable(String),
    /// A stored row cannot be what it should be.
    #[error("damaged row in {table}, key {key}: {why}")]
    Damaged {
        /// The table.
        table: &'static str,
        /// The row's key.
        key: String,
        /// What is wrong with it.
        why: String,
    },
    /// Another process works on this data directory (SQLite only).
    #[error("{0} is in use by another process; stop it first, or choose another data directory")]
    InUse(String),
    /// The schema is newer than this program.
    #[error("the store's schema is of a newer version of Tandem: {0}")]
    NewerSchema(String),
}

impl StoreError {
    pub(crate) fn damaged(table: &'static str, key: impl fmt::Display, why: &str) -> Self {
        Self::Damaged {
            table,
            key: format!("{key}"),
            why: why.to_owned(),
        }
    }
}
