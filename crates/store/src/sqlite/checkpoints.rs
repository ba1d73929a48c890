//! Copies the write-ahead log into the file, beside the writer. SQLite would do it within commits, and whoever commits then
//! waits for hundreds of pages and two syncs.

use std::path::PathBuf;
use std::sync::Arc;

use sqlx::Connection;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use super::schema;

/// The log is copied whenever about so many bytes were written. A page that was written often meanwhile is copied once.
const EVERY: usize = 8 << 20;
/// About what a unit of writing changes beside what it brings: a page in each of some indexes.
const PAGES: usize = 32 << 10;

/// When the log is copied.
pub(super) struct Checkpoints {
    written: usize,
    due: Arc<Notify>,
    end: oneshot::Sender<()>,
    copying: JoinHandle<()>,
}

impl Checkpoints {
    /// Starts a task that copies. A connection has a thread of its own, so that it does not take the writer's time.
    pub(super) fn start(file: PathBuf) -> Self {
        let due = Arc::new(Notify::new());
        let (end, ended) = oneshot::channel();
        let copying = tokio::spawn(copy_when_due(file, due.clone(), ended));
        Self {
            written: 0,
            due,
            end,
            copying,
        }
    }

    /// Units were committed that bring so many bytes.
    pub(super) fn committed(&mut self, units: usize, bytes: usize) {
        self.written += bytes + units * PAGES;
        if self.written >= EVERY {
            self.written = 0;
            self.due.notify_one();
        }
    }

    pub(super) async fn end(self) {
        drop(self.end);
        if self.copying.await.is_err() {
            tracing::warn!("copying the log broke off");
        }
    }
}

async fn copy_when_due(file: PathBuf, due: Arc<Notify>, mut ended: oneshot::Receiver<()>) {
    let mut connection = match schema::connect_beside(&file).await {
        Ok(connection) => connection,
        Err(error) => return tracing::warn!(%error, "the log is copied by the writer only"),
    };
    loop {
        tokio::select! {
            _ = &mut ended => break,
            () = due.notified() => {}
        }
        // What no reader needs any more, without waiting for anybody.
        let copied = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")
            .execute(&mut connection)
            .await;
        if let Err(error) = copied {
            tracing::warn!(%error, "the log was not copied into the file; it grows until it is");
        }
    }
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "the file was not closed well");
    }
}
