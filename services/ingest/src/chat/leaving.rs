//! Tells the router that visitors have left, each once and after everything that they said.

use std::sync::Arc;
use std::time::Duration;

use tandem_desk::{DeskError, RequestMark, Submission};
use tandem_domain::routing::Command;
use tandem_domain::{Actor, ConversationId, Trace};
use tandem_store::{ClaimedJob, JobOutcome, StoreError};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::session::LEFT;
use super::shared::Chats;
use super::socket::is_all_on_tickets;
use crate::SERVICE;

/// Jobs that are claimed at once, and for how long.
const CLAIMED: usize = 50;
const HOLD: Duration = Duration::from_secs(30);
/// How often jobs are looked for when nobody says that there are some.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// The next try: soon, and not more seldom than once a minute.
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LONGEST_RETRY: Duration = Duration::from_mins(1);
/// After so many tries a message that is not on its ticket is parked, and waits for somebody's hand.
const WAITS: u32 = 60;

/// Works until `shutdown`. A job that is broken off is claimed again.
pub(super) async fn run(chats: Arc<Chats>, shutdown: CancellationToken) {
    shutdown.run_until_cancelled(work_on(&chats)).await;
}

async fn work_on(chats: &Chats) {
    let mut due = interval(LOOK_EVERY);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = due.tick() => {}
            () = chats.left.notified() => {}
        }
        if let Err(error) = work(chats).await {
            tracing::warn!(%error, "the router cannot be told who has left");
        }
    }
}

async fn work(chats: &Chats) -> Result<(), StoreError> {
    loop {
        let jobs = chats.store.claim_jobs(LEFT, CLAIMED, HOLD).await?;
        if jobs.is_empty() {
            return Ok(());
        }
        let mut outcomes = Vec::with_capacity(jobs.len());
        for job in jobs {
            let outcome = tell(chats, &job).await?;
            outcomes.push((job.desk, job.id, outcome));
        }
        chats.store.settle_jobs(LEFT, outcomes).await?;
    }
}

async fn tell(chats: &Chats, job: &ClaimedJob) -> Result<JobOutcome, StoreError> {
    let Ok(conversation) = job.id.parse::<ConversationId>() else {
        return Ok(JobOutcome::Failed("its id names no chat".to_owned()));
    };
    let said_all = is_all_on_tickets(chats.store.as_ref(), &job.desk, conversation).await?;
    if !said_all && job.attempts < WAITS {
        return Ok(again(job));
    }
    let submission = Submission {
        command: Command::CustomerLeft { conversation },
        actor: Actor::service(SERVICE),
        request: RequestMark {
            method: "CustomerLeft".to_owned(),
            id: job.id.clone(),
            forever: true,
        },
        rows: Vec::new(),
        trace: Trace(job.trace.clone()),
    };
    match chats.router.submit(&job.desk, submission).await {
        Ok(_) => {
            chats.deliveries.left(&job.desk, conversation).await?;
            Ok(JobOutcome::Done)
        }
        Err(DeskError::Rejected(rejection)) => Ok(JobOutcome::Failed(rejection.to_string())),
        Err(error) => {
            tracing::debug!(desk = %job.desk, %error, "the router is not told yet who has left");
            Ok(again(job))
        }
    }
}

fn again(job: &ClaimedJob) -> JobOutcome {
    let after = FIRST_RETRY * 2_u32.saturating_pow(job.attempts.saturating_sub(1).min(16));
    JobOutcome::Retry {
        after: after.min(LONGEST_RETRY),
        body: None,
    }
}
