//! One caller's write, as the writer sees it.

use async_trait::async_trait;
use sqlx::SqliteConnection;
use tandem_domain::{DeskId, Timestamp};
use tokio::sync::oneshot;

use super::error::Failure;
use super::insert::Script;
use crate::StoreError;

/// Something to be written inside the writer's transaction. It may be run again after the transaction failed.
#[async_trait]
pub(super) trait Write: Send + Sync + 'static {
    /// What the caller gets once the transaction is committed.
    type Answer: Send + 'static;

    /// Whose turn it takes; none: nobody's in particular.
    fn desk(&self) -> Option<&DeskId> {
        None
    }

    /// About how many bytes it writes.
    fn weight(&self) -> usize {
        0
    }

    async fn run(&self, connection: &mut SqliteConnection, now: Timestamp) -> Result<Self::Answer, Failure>;

    /// The same as one script without questions, which fails where [`run`](Self::run) would refuse, and what it answers then;
    /// none if there is no such script.
    fn in_one_go(&self, _now: Timestamp) -> Option<(Script, Self::Answer)> {
        None
    }
}

/// A [`Write`] of any kind.
#[async_trait]
pub(super) trait Unit: Send {
    fn desk(&self) -> Option<&DeskId>;
    fn weight(&self) -> usize;
    /// Runs it and keeps the answer for [`answer`](Self::answer).
    async fn run(&mut self, connection: &mut SqliteConnection, now: Timestamp) -> Result<(), Failure>;
    /// Its script if it has one; the answer is kept.
    fn in_one_go(&mut self, now: Timestamp) -> Option<Script>;
    /// Keeps a refusal in the place of an answer.
    fn refuse(&mut self, why: StoreError);
    /// Answers the caller, now that the transaction was committed or failed.
    fn answer(self: Box<Self>, transaction: Result<(), StoreError>);
}

/// A write with the caller who waits for it.
pub(super) struct Pending<W: Write> {
    write: W,
    outcome: Option<Result<W::Answer, StoreError>>,
    reply: oneshot::Sender<Result<W::Answer, StoreError>>,
}

impl<W: Write> Pending<W> {
    pub(super) fn new(write: W, reply: oneshot::Sender<Result<W::Answer, StoreError>>) -> Self {
        Self {
            write,
            outcome: None,
            reply,
        }
    }
}

#[async_trait]
impl<W: Write> Unit for Pending<W> {
    fn desk(&self) -> Option<&DeskId> {
        self.write.desk()
    }

    fn weight(&self) -> usize {
        self.write.weight()
    }

    async fn run(&mut self, connection: &mut SqliteConnection, now: Timestamp) -> Result<(), Failure> {
        self.outcome = Some(Ok(self.write.run(connection, now).await?));
        Ok(())
    }

    fn in_one_go(&mut self, now: Timestamp) -> Option<Script> {
        let (script, answer) = self.write.in_one_go(now)?;
        self.outcome = Some(Ok(answer));
        Some(script)
    }

    fn refuse(&mut self, why: StoreError) {
        self.outcome = Some(Err(why));
    }

    fn answer(self: Box<Self>, transaction: Result<(), StoreError>) {
        let not_run = || Err(StoreError::Unavailable("the writer did not get to it".to_owned()));
        let Self { outcome, reply, .. } = *self;
        let answer = transaction.and_then(|()| outcome.unwrap_or_else(not_run));
        // A caller who stopped waiting does not want to know.
        let _ = reply.send(answer);
    }
}
