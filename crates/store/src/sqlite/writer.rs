//! The one writer: it takes what is waiting, commits it as one transaction, and answers after that.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::{Connection, SqliteConnection};
use tandem_domain::{DeskId, Timestamp};
use tokio::sync::{mpsc, oneshot};

use super::checkpoints::Checkpoints;
use super::error::{Failure, of_commit, of_write};
use super::insert::{Script, Whole};
use super::queue::{Bounds, FairQueue};
use super::unit::Unit;
use super::{clock, schema};
use crate::StoreError;

type Group = Vec<Box<dyn Unit>>;

/// What the writer is sent.
pub(super) enum Message {
    Write(Box<dyn Unit>),
    Close(oneshot::Sender<()>),
}

/// A group is large enough that its sync costs little per unit, and small enough to be answered soon.
const GROUP: Bounds = Bounds {
    items: 256,
    weight: 16 << 20,
};

/// So many are taken from the channel to be put into turns; the others wait outside.
const IN_TURNS: usize = 4096;

pub(super) struct Writer {
    file: PathBuf,
    /// None after a failure that the connection may not have survived; it is opened again then.
    connection: Option<SqliteConnection>,
    transactions: Arc<AtomicU64>,
    queue: FairQueue<Option<DeskId>, Box<dyn Unit>>,
    closing: Vec<oneshot::Sender<()>>,
    lock: File,
}

/// Starts the writer on a thread of its own: between two of its many short statements it would otherwise wait for its turn
/// among all tasks of a busy process.
pub(super) fn start(writer: Writer, waiting: mpsc::Receiver<Message>) -> Result<(), StoreError> {
    let unavailable = |error: std::io::Error| StoreError::Unavailable(format!("the writer cannot be started: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(unavailable)?;
    let work = move || runtime.block_on(writer.run(waiting));
    let thread = std::thread::Builder::new().name("sqlite-writer".to_owned());
    thread.spawn(work).map(drop).map_err(unavailable)
}

impl Writer {
    pub(super) fn new(file: PathBuf, connection: SqliteConnection, lock: File, transactions: Arc<AtomicU64>) -> Self {
        let queue = FairQueue::new();
        Self {
            file,
            connection: Some(connection),
            transactions,
            queue,
            closing: Vec::new(),
            lock,
        }
    }

    pub(super) async fn run(mut self, mut waiting: mpsc::Receiver<Message>) {
        let mut checkpoints = Checkpoints::start(self.file.clone());
        loop {
            self.gather(&mut waiting);
            let group = self.queue.take_group(GROUP, |unit| unit.weight());
            if !group.is_empty() {
                let (units, bytes) = (group.len(), group.iter().map(|unit| unit.weight()).sum());
                self.write(group).await;
                checkpoints.committed(units, bytes);
                continue;
            }
            match waiting.recv().await {
                Some(message) => self.take(message, &mut waiting),
                None => break,
            }
        }
        checkpoints.end().await;
        self.end().await;
    }

    /// Takes what is waiting, without waiting for more.
    fn gather(&mut self, waiting: &mut mpsc::Receiver<Message>) {
        while self.queue.len() < IN_TURNS {
            let Ok(message) = waiting.try_recv() else { return };
            self.take(message, waiting);
        }
    }

    fn take(&mut self, message: Message, waiting: &mut mpsc::Receiver<Message>) {
        match message {
            Message::Write(unit) => {
                let desk = unit.desk().cloned();
                self.queue.push(desk, unit);
            }
            Message::Close(closed) => {
                self.closing.push(closed);
                waiting.close();
            }
        }
    }

    async fn write(&mut self, mut group: Group) {
        let outcome = self.transaction(&mut group).await;
        if matches!(outcome, Err(StoreError::Full(_))) && group.len() > 1 {
            // One that is too big for the disk must not fail those that fit.
            return self.write_one_by_one(group).await;
        }
        answer(group, &outcome);
    }

    async fn write_one_by_one(&mut self, group: Group) {
        for unit in group {
            let mut alone = vec![unit];
            let outcome = self.transaction(&mut alone).await;
            answer(alone, &outcome);
        }
    }

    async fn transaction(&mut self, group: &mut Group) -> Result<(), StoreError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => schema::connect_writer(&self.file)
                .await
                .map_err(|error| of_write(&error))?,
        };
        let outcome = transaction(&mut connection, group, clock::now()).await;
        match &outcome {
            Ok(()) => {
                self.transactions.fetch_add(1, Ordering::Relaxed);
                self.connection = Some(connection);
            }
            Err(error) => {
                tracing::warn!(%error, units = group.len(), "a transaction failed; the file is opened anew");
                // It failed once already; what matters is that it is gone.
                let _ = connection.close_hard().await;
            }
        }
        outcome
    }

    async fn end(self) {
        if let Some(connection) = self.connection
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the file was not closed well; it will be recovered when it is opened");
        }
        drop(self.lock);
        for closed in self.closing {
            // Who asked for it may have gone.
            let _ = closed.send(());
        }
    }
}

fn answer(group: Group, outcome: &Result<(), StoreError>) {
    for unit in group {
        unit.answer(outcome.clone());
    }
}

async fn transaction(connection: &mut SqliteConnection, group: &mut Group, now: Timestamp) -> Result<(), StoreError> {
    let alone = match &mut group[..] {
        [unit] => unit.in_one_go(now),
        _ => None,
    };
    let written = match alone {
        Some(script) => in_one_go(connection, script).await?,
        None => together(connection, group, now).await?,
    };
    if written {
        return Ok(());
    }
    begin(connection).await?;
    for unit in group {
        if let Err(failure) = in_savepoint(connection, unit.as_mut(), now).await {
            return Err(failure.into_store_error());
        }
    }
    commit(connection).await
}

/// As a statement like others: sqlx's own transactions wait for the connection's thread twice.
async fn say(connection: &mut SqliteConnection, statement: &'static str) -> Result<(), sqlx::Error> {
    sqlx::query(statement).execute(connection).await.map(drop)
}

async fn begin(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let begun = say(connection, "BEGIN IMMEDIATE").await;
    begun.map_err(|error| of_write(&error))
}

async fn commit(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    say(connection, "COMMIT").await.map_err(|error| of_commit(&error))
}

/// Runs the script of a unit that is alone: one way there and back instead of three. If it fails, nothing is written, and the
/// answer is `false`.
async fn in_one_go(connection: &mut SqliteConnection, script: Script) -> Result<bool, StoreError> {
    match script.commit(connection).await {
        Whole::Committed => Ok(true),
        Whole::Failed(error) => Err(of_commit(&error)),
        Whole::NotRun => {
            // SQLite may have done it already.
            let _ = say(connection, "ROLLBACK").await;
            Ok(false)
        }
    }
}

/// Runs a group without savepoints: nearly always no unit fails, and each statement less is a way to the connection's
/// thread and back. If one fails, nothing is written, and the answer is `false`.
async fn together(connection: &mut SqliteConnection, group: &mut Group, now: Timestamp) -> Result<bool, StoreError> {
    begin(connection).await?;
    for unit in group {
        match unit.run(connection, now).await {
            Ok(()) => {}
            Err(failure) if failure.ends_the_transaction() => return Err(failure.into_store_error()),
            Err(_) => {
                let undone = say(connection, "ROLLBACK").await;
                return undone.map(|()| false).map_err(|error| of_write(&error));
            }
        }
    }
    commit(connection).await?;
    Ok(true)
}

/// Runs one unit so that its failure undoes only itself.
///
/// # Errors
/// What ends the whole transaction.
async fn in_savepoint(connection: &mut SqliteConnection, unit: &mut dyn Unit, now: Timestamp) -> Result<(), Failure> {
    say(connection, "SAVEPOINT unit").await?;
    match unit.run(connection, now).await {
        Ok(()) => {}
        Err(failure) if failure.ends_the_transaction() => return Err(failure),
        Err(failure) => {
            say(connection, "ROLLBACK TO unit").await?;
            unit.refuse(failure.into_store_error());
        }
    }
    say(connection, "RELEASE unit").await?;
    Ok(())
}
