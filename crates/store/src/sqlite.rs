//! The store in one SQLite file: one writer that groups what is waiting into one transaction, and
//! readers beside it.

mod accept;
mod checkpoints;
mod clock;
mod commit;
mod conversations;
mod documents;
mod error;
mod insert;
mod jobs;
mod journal;
mod leases;
mod lock;
mod outbox;
mod queue;
mod schema;
mod unit;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::SqlitePool;
use tokio::sync::{mpsc, oneshot};

use crate::StoreError;
use error::of_read;
use unit::{Pending, Write};
use writer::{Message, Writer};

/// The store's file in its data directory.
const FILE: &str = "tandem.sqlite";

/// How many writes may wait to be taken up by the writer before callers wait to hand theirs in.
const WAITING_WRITES: usize = 1024;

/// A store in a data directory. Clones share it; one process works on it at a time.
#[derive(Clone)]
pub struct SqliteStore {
    writes: mpsc::Sender<Message>,
    readers: SqlitePool,
    transactions: Arc<AtomicU64>,
}

impl SqliteStore {
    /// Whether there is a store in `directory`.
    #[must_use]
    pub fn exists(directory: &Path) -> bool {
        directory.join(FILE).is_file()
    }

    /// Opens the store in `directory`, which is made if it does not exist, and brings its schema up to date.
    ///
    /// # Errors
    /// `InUse` if another process works on the directory, `NewerSchema` if a newer program has,
    /// `Unavailable` if it cannot be read or written.
    pub async fn open(directory: &Path) -> Result<Self, StoreError> {
        let lock = lock::lock(directory)?;
        let file = directory.join(FILE);
        let connection = schema::open_for_writing(&file).await?;
        let readers = schema::open_readers(&file).await?;
        let transactions = Arc::new(AtomicU64::new(0));
        let (writes, waiting) = mpsc::channel(WAITING_WRITES);
        writer::start(Writer::new(file, connection, lock, Arc::clone(&transactions)), waiting)?;
        Ok(Self {
            writes,
            readers,
            transactions,
        })
    }

    /// Finishes the writes that are waiting, closes the file and frees the directory. Later calls answer `Unavailable`.
    pub async fn close(&self) {
        self.readers.close().await;
        let (closed, done) = oneshot::channel();
        if self.writes.send(Message::Close(closed)).await.is_ok() {
            // A writer that is gone has closed already.
            let _ = done.await;
        }
    }

    /// How many transactions were committed since the store was opened: the measure of grouping.
    #[must_use]
    pub fn transactions(&self) -> u64 {
        self.transactions.load(Ordering::Relaxed)
    }

    /// Hands a write to the writer, which finishes it even if the caller stops waiting.
    async fn write<W: Write>(&self, write: W) -> Result<W::Answer, StoreError> {
        let (reply, answer) = oneshot::channel();
        let unit = Message::Write(Box::new(Pending::new(write, reply)));
        self.writes
            .send(unit)
            .await
            .map_err(|_| StoreError::Unavailable("the store is closed".to_owned()))?;
        answer
            .await
            .unwrap_or_else(|_| Err(StoreError::OutcomeUnknown("the writer has stopped".to_owned())))
    }

    async fn read<T>(&self, query: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, StoreError> {
        query.await.map_err(|error| of_read(&error))
    }
}
