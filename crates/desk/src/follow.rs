//! Following one's own journal with a cursor that survives: the relay and the effects do.

use std::sync::Arc;
use std::time::Duration;

use tandem_domain::Timestamp;
use tandem_store::{Commit, Position, PositionUpdate, Record, Row, StoreError};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::backoff::Backoff;
use crate::heads::Head;
use crate::recent::Stretch;
use crate::shared::Shared;
use crate::store_calls::{commit_within, within};

/// Reads the desk's journal behind a cursor, as far as it is committed.
pub(crate) struct Follower {
    shared: Arc<Shared>,
    consumer: &'static str,
    /// Up to here it is done.
    cursor: Option<Position>,
    /// What the store knows of it.
    saved: Option<Position>,
    head: watch::Receiver<Option<Head>>,
    backoff: Backoff,
}

impl Follower {
    /// Takes up the cursor where the last owner left it.
    pub(crate) async fn start(shared: Arc<Shared>, consumer: &'static str) -> Self {
        let (min, max) = (shared.settings.backoff_min, shared.settings.backoff_max);
        let backoff = Backoff::new(min, max, shared.random(Timestamp::EPOCH));
        let head = shared.head.subscribe();
        let mut follower = Self {
            shared,
            consumer,
            cursor: None,
            saved: None,
            head,
            backoff,
        };
        while let Err(error) = follower.reload().await {
            follower.pause("cursor not read", &error.to_string()).await;
        }
        follower
    }

    async fn reload(&mut self) -> Result<(), StoreError> {
        let reading = self.shared.store.position(self.consumer, &self.shared.stream);
        self.saved = within(self.shared.settings.store_timeout, reading).await?;
        self.cursor = self.cursor.max(self.saved);
        Ok(())
    }

    fn seq(&self) -> u64 {
        self.cursor.map_or(0, |cursor| cursor.seq)
    }

    /// How many committed records are not done.
    pub(crate) fn behind(&self) -> u64 {
        let head = self.head.borrow().as_ref().map_or(0, |head| head.seq);
        head.saturating_sub(self.seq())
    }

    /// Whether everything that is committed is done.
    pub(crate) fn is_at_head(&self) -> bool {
        self.behind() == 0
    }

    /// Waits until something is committed that is not done.
    pub(crate) async fn moved(&mut self) {
        while self.is_at_head() {
            // The sender lives as long as this desk's parts do, and they hold this future.
            let _ = self.head.changed().await;
        }
    }

    /// The next records, at most `max`; waits until there are some.
    pub(crate) async fn next(&mut self, max: usize) -> Stretch {
        loop {
            self.moved().await;
            let recent = self.shared.handed_over(self.seq() + 1, max);
            if !recent.records.is_empty() {
                return recent;
            }
            let reading = self.shared.store.read(&self.shared.stream, self.seq() + 1, max);
            match within(self.shared.settings.store_timeout, reading).await {
                Ok(records) if !records.is_empty() => return read(records),
                Ok(_) => self.pause("journal ends before its head", "").await,
                Err(error) => self.pause("journal not read", &error.to_string()).await,
            }
        }
    }

    /// This record is done.
    pub(crate) fn passed(&mut self, record: &Record) {
        self.cursor = Some(Position {
            seq: record.seq,
            incarnation: record.incarnation,
        });
        self.backoff.succeeded();
    }

    /// Waits longer each time until a record is [`passed`](Self::passed) again.
    pub(crate) async fn pause(&mut self, what: &'static str, reason: &str) {
        let pause = self.backoff.next();
        tracing::warn!(stream = %self.shared.stream, consumer = self.consumer, reason, "{what}; tried again");
        sleep(pause).await;
    }

    /// Saves the cursor if it has moved. Where that fails, the next owner repeats some work, which is harmless.
    pub(crate) async fn save_if_moved(&mut self) {
        if self.saved == self.cursor {
            return;
        }
        if let Err(error) = self.save(Vec::new()).await {
            tracing::warn!(stream = %self.shared.stream, consumer = self.consumer, %error, "cursor not saved");
        }
    }

    /// Saves the cursor, with `rows` in the same transaction. Where another process has moved it
    /// meanwhile, both have done the same work, which is harmless; the cursor never goes back.
    pub(crate) async fn save(&mut self, rows: Vec<Row>) -> Result<(), StoreError> {
        let Some(to) = self.cursor else { return Ok(()) };
        let (consumer, stream) = (self.consumer.to_owned(), self.shared.stream.clone());
        let update = PositionUpdate {
            consumer,
            stream,
            from: self.saved,
            to,
        };
        let commit = Commit {
            rows,
            positions: vec![update],
            ..Commit::default()
        };
        match commit_within(self.limit(), self.shared.store.as_ref(), commit).await {
            Ok(()) => self.saved = Some(to),
            Err(error @ (StoreError::PositionMoved { .. } | StoreError::OutcomeUnknown(_))) => {
                self.reload().await?;
                if self.saved < Some(to) {
                    return Err(error);
                }
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn limit(&self) -> Duration {
        self.shared.settings.store_timeout
    }
}

fn read(records: Vec<Record>) -> Stretch {
    Stretch {
        records,
        traces: Vec::new(),
    }
}
