//! The steps of a job.

use std::time::Duration;

use tandem_desk::{DeskError, RequestMark, Submission};
use tandem_domain::routing::{Command, DeliveryOutcome, Rejection, UndeliveredReason};
use tandem_domain::{Actor, Channel, MessageId, Trace};
use tandem_store::{ClaimedJob, Commit, JobOutcome, NewJob, StoreError, StoredDocument};

use super::Worker;
use crate::SERVICE;
use crate::deliveries::job::{self, Job, Step};
use crate::deliveries::keep::last_inbound;
use crate::deliveries::mail::Sent;
use crate::deliveries::rows::{self, Said};
use crate::deliveries::{Callback, callback_topic};
use crate::document::Document;
use crate::instruments;
use crate::sender::is_passing;

/// How long an answer waits between two looks whether somebody has said what became of it. A word makes it due at once;
/// this is for words that come while it is being looked at.
const VISITOR_LOOK: Duration = Duration::from_secs(5);
const SYSTEM_LOOK: Duration = Duration::from_secs(30);
/// The longest pause between two tries to tell the router.
const LONGEST_REPORT_PAUSE: Duration = Duration::from_secs(10);

impl Worker {
    /// Takes a job's next step.
    pub(super) async fn step(&self, queue: &str, claimed: &ClaimedJob) -> Result<JobOutcome, StoreError> {
        let (Some(job), Some(message)) = (Job::decode(&claimed.body), job::message_of(&claimed.id)) else {
            return Ok(JobOutcome::Failed("this program does not know such a job".to_owned()));
        };
        match &job.step {
            Step::Send { seq } => self.send((queue, claimed), &job, message, *seq).await,
            Step::AwaitVisitor => self.await_visitor(claimed, &job, message).await,
            Step::AwaitSystem { account, seq } => {
                let callback = Callback {
                    account: account.clone(),
                    seq: *seq,
                    message,
                };
                self.await_system(claimed, &job, &callback).await
            }
            Step::Report(outcome) => self.report(claimed, &job, message, *outcome).await,
        }
    }

    /// The customer's last message says which way the answer goes.
    async fn send(
        &self,
        (queue, claimed): (&str, &ClaimedJob),
        job: &Job,
        message: MessageId,
        seq: u64,
    ) -> Result<JobOutcome, StoreError> {
        let store = self.deliveries.store.as_ref();
        let answer = store.document(&claimed.desk, message).await?;
        let inbound = last_inbound(store, &claimed.desk, job.conversation).await?;
        let (Some(answer), Some(inbound)) = (answer, inbound) else {
            return Ok(next(job, Step::failed(UndeliveredReason::NoAddress)));
        };
        match (&inbound.1.submitted_as, inbound.1.channel) {
            (None, Channel::Email) if queue != job::MAILS => self.queue_mail(claimed).await,
            (None, Channel::Email) => self.mail(claimed, job, &answer, &inbound).await,
            (None, Channel::Chat) => Ok(next(job, Step::AwaitVisitor)),
            _ => {
                let account = inbound.1.account;
                let callback = Callback {
                    account: account.clone(),
                    seq,
                    message,
                };
                self.deliveries
                    .put(vec![rows::callback(&claimed.desk, &callback)])
                    .await?;
                self.deliveries.hint(&claimed.desk, &callback_topic(&account)).await;
                Ok(next(job, Step::AwaitSystem { account, seq }))
            }
        }
    }

    /// The job goes on among the mails. It is there before it is done here, and stays one job should this be done twice.
    async fn queue_mail(&self, claimed: &ClaimedJob) -> Result<JobOutcome, StoreError> {
        let store = &self.deliveries.store;
        let commit = Commit {
            jobs: vec![NewJob {
                queue: job::MAILS.to_owned(),
                desk: claimed.desk.clone(),
                id: claimed.id.clone(),
                body: claimed.body.clone(),
                due: store.now().await?,
                trace: claimed.trace.clone(),
            }],
            ..Commit::default()
        };
        store.commit(commit).await?;
        Ok(JobOutcome::Done)
    }

    async fn mail(
        &self,
        claimed: &ClaimedJob,
        job: &Job,
        answer: &StoredDocument,
        (inbound, of): &(MessageId, Document),
    ) -> Result<JobOutcome, StoreError> {
        let store = self.deliveries.store.as_ref();
        let conversation = (&claimed.desk, job.conversation);
        match self.mailer.send(store, conversation, answer, (*inbound, of)).await? {
            Sent::Yes => Ok(next(job, Step::Report(DeliveryOutcome::Delivered))),
            Sent::Never(reason) => Ok(next(job, Step::failed(reason))),
            Sent::Later(reason) => {
                instruments::delivery("retried");
                tracing::info!(
                    reason,
                    attempts = claimed.attempts,
                    "an answer's mail was not taken yet"
                );
                self.unless_too_old(claimed, job, None).await
            }
        }
    }

    async fn await_visitor(
        &self,
        claimed: &ClaimedJob,
        job: &Job,
        message: MessageId,
    ) -> Result<JobOutcome, StoreError> {
        let (store, desk) = (self.deliveries.store.as_ref(), &claimed.desk);
        // Left is read first: what was shown before the visitor left was shown.
        let left = rows::has_left(store, desk, job.conversation).await?;
        if rows::said(store, desk, message).await?.contains(&Said::Delivered) {
            return Ok(next(job, Step::Report(DeliveryOutcome::Delivered)));
        }
        if left {
            return Ok(next(job, Step::failed(UndeliveredReason::VisitorLeft)));
        }
        self.unless_too_old(claimed, job, Some(VISITOR_LOOK)).await
    }

    async fn await_system(
        &self,
        claimed: &ClaimedJob,
        job: &Job,
        callback: &Callback,
    ) -> Result<JobOutcome, StoreError> {
        let (store, desk) = (self.deliveries.store.as_ref(), &claimed.desk);
        let outcome = match rows::said(store, desk, callback.message).await?.first() {
            Some(Said::Delivered) => return Ok(next(job, Step::Report(DeliveryOutcome::Delivered))),
            Some(_) => next(job, Step::failed(UndeliveredReason::Declined)),
            None => self.unless_too_old(claimed, job, Some(SYSTEM_LOOK)).await?,
        };
        if is_over(&outcome) {
            let done = rows::callback_done(desk, &callback.account, callback.seq);
            self.deliveries.put(vec![done]).await?;
        }
        Ok(outcome)
    }

    /// Tries again, after `pause` or else one that grows, unless there is no more time for it.
    async fn unless_too_old(
        &self,
        claimed: &ClaimedJob,
        job: &Job,
        pause: Option<Duration>,
    ) -> Result<JobOutcome, StoreError> {
        let now = self.deliveries.store.now().await?;
        let left = claimed.created_at.plus(self.pace.give_up_after).since(now);
        if left.is_zero() {
            return Ok(next(job, Step::failed(UndeliveredReason::Expired)));
        }
        let pause = pause.unwrap_or_else(|| self.pace.pause(&claimed.id, claimed.attempts));
        Ok(JobOutcome::Retry {
            after: pause.min(left),
            body: None,
        })
    }

    async fn report(
        &self,
        claimed: &ClaimedJob,
        job: &Job,
        message: MessageId,
        outcome: DeliveryOutcome,
    ) -> Result<JobOutcome, StoreError> {
        let submission = Submission {
            command: Command::ReportDelivery {
                ticket: job.ticket,
                message,
                outcome,
            },
            actor: Actor::service(SERVICE),
            request: RequestMark {
                method: "ReportDelivery".to_owned(),
                id: format!("{message}:{}", job::word(outcome)),
                forever: true,
            },
            rows: Vec::new(),
            trace: Trace(claimed.trace.as_str().into()),
        };
        Ok(match self.router.submit(&claimed.desk, submission).await {
            Ok(_) => {
                instruments::delivery(job::word(outcome));
                JobOutcome::Done
            }
            // Cancelled, abandoned or closed meanwhile: there is no ticket any more that could show it.
            Err(DeskError::Rejected(Rejection::Unknown { field, .. })) => {
                tracing::info!(field, "what became of an answer interests nobody any more");
                instruments::delivery(job::word(outcome));
                JobOutcome::Done
            }
            Err(error) if is_passing(error.code()) => JobOutcome::Retry {
                after: self.pace.pause(&claimed.id, claimed.attempts).min(LONGEST_REPORT_PAUSE),
                body: None,
            },
            Err(error) => JobOutcome::Failed(error.to_string()),
        })
    }
}

/// At once, from the next step on.
fn next(job: &Job, step: Step) -> JobOutcome {
    JobOutcome::Retry {
        after: Duration::ZERO,
        body: Some(job.then(step).encode()),
    }
}

fn is_over(outcome: &JobOutcome) -> bool {
    matches!(outcome, JobOutcome::Retry { body: Some(_), .. })
}
