//! Brings answers to customers, and tells the router what became of them.
//!
//! An answer is kept (`keep`) before the router takes it. Once the router's journal names it, `consumer` makes a document
//! of it and queues its job, in the transaction of its position. `worker` does the jobs: a mail goes to the smarthost
//! (`mail`, as `letter` writes it), from a queue of its own, so that a slow smarthost keeps only mails waiting; an answer in
//! a chat waits until the visitor's side has shown it, and one to a submitted message until the submitting system has taken
//! it (`callbacks`). What then is to be told to the router is the job's last step, so it is told even if the process ends in
//! between.
//!
//! **Invariant:** only the worker decides what became of an answer, from rows that others put blindly. So nobody has to
//! read and write in one step, and it does not matter which replica holds a socket or a stream.

mod callbacks;
mod config;
mod consumer;
mod job;
mod keep;
mod letter;
mod mail;
mod rows;
mod worker;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt;
use futures::stream::BoxStream;
use tandem_bus::{Bus, BusError, subject};
use tandem_domain::routing::UndeliveredReason;
use tandem_domain::{AccountId, ConversationId, DeskId, MessageId, TicketId};
use tandem_store::{Commit, JobEntry, NewJob, Row, Store, StoreError};
use tokio::sync::Notify;

use crate::SERVICE;
use job::{Job, Step};
use rows::Said;

pub(crate) use callbacks::{Callback, callback_of};
pub use config::{DELIVERIES_DEFAULTS, DeliveriesConfig};
pub(crate) use consumer::{CONSUMER, Consumer};
pub(crate) use keep::{Answer, NotKept, keep};
pub(crate) use mail::Mailer;
pub(crate) use rows::answer_rows;
pub(crate) use worker::{Pace, Worker};

/// Rows and jobs that are looked at together.
const PAGE: usize = 200;

/// The handle by which others say what they know of answers' fates. Clones share it.
#[derive(Clone)]
pub(crate) struct Deliveries {
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    wake: Arc<Notify>,
}

impl Deliveries {
    /// A handle for what is kept in `store`.
    #[must_use]
    pub(crate) fn new(store: Arc<dyn Store>, bus: Arc<dyn Bus>) -> Self {
        Self {
            store,
            bus,
            wake: Arc::default(),
        }
    }

    /// A visitor was shown an answer in a chat. May be said again.
    ///
    /// # Errors
    /// When it is not stored.
    pub(crate) async fn shown(
        &self,
        desk: &DeskId,
        _chat: ConversationId,
        message: MessageId,
    ) -> Result<(), StoreError> {
        self.say(desk, message, Said::Delivered, Vec::new()).await
    }

    /// A chat is over: what its visitor was not shown before will not be delivered. May be said again.
    ///
    /// # Errors
    /// When it is not stored.
    pub(crate) async fn left(&self, desk: &DeskId, chat: ConversationId) -> Result<(), StoreError> {
        self.put(vec![rows::left(desk, chat)]).await?;
        let mut after = 0;
        loop {
            let answers = answer_rows(self.store.as_ref(), desk, chat, after, PAGE).await?;
            for (seq, message) in &answers {
                self.try_now(desk, &message.to_string()).await?;
                after = *seq;
            }
            if answers.len() < PAGE {
                self.wake.notify_one();
                return Ok(());
            }
        }
    }

    /// The submitting system has taken an answer, or will not.
    ///
    /// # Errors
    /// When it is not stored.
    pub(crate) async fn called_back(&self, desk: &DeskId, callback: &Callback, taken: bool) -> Result<(), StoreError> {
        let said = if taken { Said::Delivered } else { Said::Declined };
        let done = rows::callback_done(desk, &callback.account, callback.seq);
        self.say(desk, callback.message, said, vec![done]).await
    }

    /// A mail that was answered for came back. The report is queued for good when this returns.
    ///
    /// # Errors
    /// When it is not.
    pub(crate) async fn bounced(
        &self,
        desk: &DeskId,
        message: MessageId,
        ticket: TicketId,
        conversation: ConversationId,
        trace: String,
    ) -> Result<(), StoreError> {
        let job = Job {
            ticket,
            conversation,
            step: Step::failed(UndeliveredReason::Bounced),
        };
        let commit = Commit {
            jobs: vec![NewJob {
                queue: job::QUEUE.to_owned(),
                desk: desk.clone(),
                id: job::bounce_id(message),
                body: job.encode(),
                due: self.store.now().await?,
                trace,
            }],
            ..Commit::default()
        };
        self.store.commit(commit).await?;
        self.wake.notify_one();
        Ok(())
    }

    /// The first answers that wait for an account's submitting systems, by the router's order.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(crate) async fn callbacks(
        &self,
        desk: &DeskId,
        account: &AccountId,
        limit: usize,
    ) -> Result<Vec<Callback>, StoreError> {
        rows::callbacks(self.store.as_ref(), desk, account, limit).await
    }

    /// Hints that there may be more of them.
    ///
    /// # Errors
    /// When the bus is away.
    pub(crate) async fn callback_hints(
        &self,
        desk: &DeskId,
        account: &AccountId,
    ) -> Result<BoxStream<'static, ()>, BusError> {
        let hints = self
            .bus
            .hints(&subject::topic(SERVICE, desk, &callback_topic(account)))
            .await?;
        Ok(hints.map(drop).boxed())
    }

    /// Deliveries that are not over.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(crate) async fn open(
        &self,
        desk: &DeskId,
        parked_only: bool,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(MessageId, JobEntry)>, StoreError> {
        let mut jobs = BTreeMap::new();
        for queue in job::QUEUES {
            let of_queue = self.store.jobs(queue, desk, parked_only, after, limit).await?;
            jobs.extend(of_queue.into_iter().map(|entry| (entry.id.clone(), entry)));
        }
        let of_message = |entry: JobEntry| Some((job::message_of(&entry.id)?, entry));
        Ok(jobs.into_values().take(limit).filter_map(of_message).collect())
    }

    /// Makes the next try of a delivery now; `false` if it is over.
    ///
    /// # Errors
    /// When it is not stored.
    pub(crate) async fn retry(&self, desk: &DeskId, message: MessageId) -> Result<bool, StoreError> {
        let mut retried = false;
        for id in [message.to_string(), job::bounce_id(message)] {
            retried |= self.try_now(desk, &id).await?;
        }
        self.wake.notify_one();
        Ok(retried)
    }

    /// Makes a job due, wherever it is; `false` if it is over.
    async fn try_now(&self, desk: &DeskId, id: &str) -> Result<bool, StoreError> {
        let mut retried = false;
        for queue in job::QUEUES {
            retried |= self.store.retry_job(queue, desk, id).await?;
        }
        Ok(retried)
    }

    /// Tells whoever shows the conversation or waits for its answers, on any replica, to look.
    async fn hint(&self, desk: &DeskId, topic: &str) {
        let subject = subject::topic(SERVICE, desk, topic);
        if let Err(error) = self.bus.hint(&subject, bytes::Bytes::new()).await {
            tracing::debug!(%desk, %error, "hint not sent; listeners look later");
        }
    }

    async fn say(&self, desk: &DeskId, message: MessageId, said: Said, with: Vec<Row>) -> Result<(), StoreError> {
        let known = rows::said(self.store.as_ref(), desk, message).await?;
        if !known.contains(&said) || !with.is_empty() {
            let mut all = with;
            all.push(rows::said_row(desk, message, said));
            self.put(all).await?;
        }
        if !known.contains(&said) {
            self.try_now(desk, &message.to_string()).await?;
            self.wake.notify_one();
        }
        Ok(())
    }

    async fn put(&self, rows: Vec<Row>) -> Result<(), StoreError> {
        let commit = Commit {
            rows,
            ..Commit::default()
        };
        self.store.commit(commit).await
    }
}

/// Tells the streams of an account's submitting systems that there may be an answer.
fn callback_topic(account: &AccountId) -> String {
    format!("callback.{account}")
}
