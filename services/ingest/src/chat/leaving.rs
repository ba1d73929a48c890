//! Tells the router that visitors have left, each once and after everything that they said.

use std::sync::Arc;
use std::time::Duration;

use tandem_desk::{DeskError, RequestMark, Submission};
use tandem_domain::routing::Command;
use tandem_domain::{Actor, ConversationId, Trace};
use tandem_store::{ClaimedJob, JobOutcome, StoreError};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::session::LEFT;
use super::shared::Chats;
use super::socket::is_all_on_tickets;
use crate::SERVICE;

/// Jobs that are worked on at the same time, and for how long they are claimed.
const AT_ONCE: usize = 50;
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

async fn work_on(chats: &Arc<Chats>) {
    let mut tasks = JoinSet::new();
    let mut due = interval(LOOK_EVERY);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            Some(_) = tasks.join_next() => {}
            _ = due.tick() => {}
            () = chats.left.notified() => {}
        }
        if let Err(error) = begin(chats, &mut tasks).await {
            tracing::warn!(%error, "the router cannot be told who has left");
        }
    }
}

/// Claims as many jobs as there is room for. All are begun at once, so that none waits for another desk's owner.
async fn begin(chats: &Arc<Chats>, tasks: &mut JoinSet<()>) -> Result<(), StoreError> {
    while tasks.try_join_next().is_some() {}
    let free = AT_ONCE - tasks.len();
    if free == 0 {
        return Ok(());
    }
    for job in chats.store.claim_jobs(LEFT, free, HOLD).await? {
        tasks.spawn(work(Arc::clone(chats), job));
    }
    Ok(())
}

async fn work(chats: Arc<Chats>, job: ClaimedJob) {
    let desk = job.desk.clone();
    let outcome = tell(&chats, &job).await.unwrap_or_else(|error| {
        tracing::warn!(%desk, %error, "who has left waits for the store");
        again(&job)
    });
    let settled = vec![(job.desk, job.id, outcome)];
    if let Err(error) = chats.store.settle_jobs(LEFT, settled).await {
        tracing::warn!(%desk, %error, "what the router was told of who has left is not stored; it is told again");
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
        trace: Trace(job.trace.as_str().into()),
    };
    match chats.router.submit(&job.desk, submission).await {
        Ok(_) => {}
        // It would refuse again, and what nobody was shown must not wait for somebody who has left.
        Err(DeskError::Rejected(rejection)) => {
            tracing::error!(desk = %job.desk, chat = %conversation, %rejection, "the router will not hear who has left");
        }
        Err(error) => {
            tracing::debug!(desk = %job.desk, %error, "the router is not told yet who has left");
            return Ok(again(job));
        }
    }
    chats.deliveries.left(&job.desk, conversation).await?;
    Ok(JobOutcome::Done)
}

fn again(job: &ClaimedJob) -> JobOutcome {
    let after = FIRST_RETRY * 2_u32.saturating_pow(job.attempts.saturating_sub(1).min(16));
    JobOutcome::Retry {
        after: after.min(LONGEST_RETRY),
        body: None,
    }
}
