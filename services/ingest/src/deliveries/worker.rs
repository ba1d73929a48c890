//! Does the jobs: brings answers on their way, looks what became of them, tells the router.

mod steps;

use std::sync::Arc;
use std::time::Duration;

use tandem_desk::DeskClient;
use tandem_domain::Trace;
use tandem_routing::RoutingCore;
use tandem_service_kit::telemetry::set_parent;
use tandem_store::{ClaimedJob, JobOutcome, StoreError};
use tokio::task::JoinSet;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::{Deliveries, Mailer, job};
use crate::instruments;

/// Jobs that are worked on at the same time.
const AT_ONCE: usize = 16;
/// Mails that are handed to the smarthost at the same time, besides those jobs.
const MAILS_AT_ONCE: usize = 8;
/// How long a claim holds beyond the longest that a smarthost may take.
const MARGIN: Duration = Duration::from_secs(15);
/// The longest pause between two looks, should a wake-up be lost; jobs due for a retry wait for it too.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How long drafts are kept that the router's journal does not name, and how often such ones are looked for.
const DRAFTS_KEPT: Duration = Duration::from_hours(30 * 24);
const SWEEP_EVERY: Duration = Duration::from_hours(1);

/// When what could not be delivered is tried again, and until when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// How long one try may take.
    pub(crate) one_try: Duration,
    /// After the first try; doubles from try to try.
    pub(crate) first_retry: Duration,
    /// The longest pause.
    pub(crate) longest_retry: Duration,
    /// What is older is given up.
    pub(crate) give_up_after: Duration,
}

/// The jobs of a queue that are being worked on.
struct Lane {
    queue: &'static str,
    at_once: usize,
    tasks: JoinSet<()>,
}

/// The worker.
pub(crate) struct Worker {
    deliveries: Deliveries,
    router: DeskClient<RoutingCore>,
    mailer: Mailer,
    pace: Pace,
}

impl Worker {
    #[must_use]
    pub(crate) fn new(deliveries: Deliveries, router: DeskClient<RoutingCore>, mailer: Mailer, pace: Pace) -> Self {
        Self {
            deliveries,
            router,
            mailer,
            pace,
        }
    }

    /// Works until `shutdown`; what is at hand is finished first.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let worker = Arc::new(self);
        let mut steps = Lane::new(job::QUEUE, AT_ONCE);
        let mut mails = Lane::new(job::MAILS, MAILS_AT_ONCE);
        let mut sweeping = interval(SWEEP_EVERY);
        while !shutdown.is_cancelled() {
            for lane in [&mut steps, &mut mails] {
                if let Err(error) = worker.begin(lane).await {
                    tracing::warn!(%error, queue = lane.queue, "deliveries cannot be worked on");
                }
            }
            tokio::select! {
                Some(_) = steps.tasks.join_next() => {}
                Some(_) = mails.tasks.join_next() => {}
                () = worker.deliveries.wake.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = sweeping.tick() => worker.forget_drafts().await,
                () = shutdown.cancelled() => {}
            }
        }
        for mut lane in [steps, mails] {
            while lane.tasks.join_next().await.is_some() {}
        }
    }

    /// Nobody asks for them again: the router has forgotten their requests long since.
    async fn forget_drafts(&self) {
        let store = &self.deliveries.store;
        let forgotten = async { store.forget_drafts(store.now().await?.minus(DRAFTS_KEPT)).await };
        match forgotten.await {
            Ok(0) => {}
            Ok(drafts) => tracing::info!(drafts, "drafts that were never sent are forgotten"),
            Err(error) => tracing::warn!(%error, "drafts are kept longer than they need to be"),
        }
    }

    /// Claims as many jobs as there is room for. All are begun at once, so that no claim runs out while its job waits.
    async fn begin(self: &Arc<Self>, lane: &mut Lane) -> Result<(), StoreError> {
        while lane.tasks.try_join_next().is_some() {}
        let free = lane.at_once - lane.tasks.len();
        if free == 0 {
            return Ok(());
        }
        let store = &self.deliveries.store;
        for claimed in store.claim_jobs(lane.queue, free, self.hold()).await? {
            let span = tracing::info_span!("delivery", desk = %claimed.desk, job = %claimed.id);
            set_parent(&span, &Trace(claimed.trace.as_str().into()));
            let work = Arc::clone(self).work(lane.queue, claimed);
            lane.tasks.spawn(work.instrument(span));
        }
        Ok(())
    }

    fn hold(&self) -> Duration {
        self.pace.one_try + MARGIN
    }

    /// Takes a job's next step. What follows on a mail is done at once: in its queue it would wait behind other mails.
    async fn work(self: Arc<Self>, queue: &'static str, mut claimed: ClaimedJob) {
        let mut outcome = self.outcome(queue, &claimed).await;
        if queue == job::MAILS
            && let JobOutcome::Retry {
                after,
                body: Some(body),
            } = &mut outcome
        {
            // Stored first, so that the mail is not sent again; due only when nobody can be at it here any more.
            *after = self.hold();
            claimed.body = body.clone();
            if !self.settle(queue, &claimed, outcome).await {
                return;
            }
            outcome = self.outcome(queue, &claimed).await;
        }
        let again = matches!(&outcome, JobOutcome::Retry { after, .. } if after.is_zero());
        self.settle(queue, &claimed, outcome).await;
        if again {
            self.deliveries.wake.notify_one();
        }
    }

    async fn outcome(&self, queue: &str, claimed: &ClaimedJob) -> JobOutcome {
        let outcome = match self.step(queue, claimed).await {
            Ok(outcome) => outcome,
            Err(error) => {
                tracing::warn!(%error, "a delivery waits for the store");
                self.later(claimed)
            }
        };
        if let JobOutcome::Failed(reason) = &outcome {
            tracing::error!(reason, "delivery parked");
            instruments::delivery("parked");
        }
        outcome
    }

    /// Whether the outcome is stored.
    async fn settle(&self, queue: &str, claimed: &ClaimedJob, outcome: JobOutcome) -> bool {
        let settled = vec![(claimed.desk.clone(), claimed.id.clone(), outcome)];
        let stored = self.deliveries.store.settle_jobs(queue, settled).await;
        if let Err(error) = &stored {
            tracing::warn!(%error, "what became of a delivery is not stored; it is tried again");
        }
        stored.is_ok()
    }

    /// Again, after a pause that grows from try to try.
    fn later(&self, claimed: &ClaimedJob) -> JobOutcome {
        JobOutcome::Retry {
            after: self.pace.pause(&claimed.id, claimed.attempts),
            body: None,
        }
    }
}

impl Lane {
    fn new(queue: &'static str, at_once: usize) -> Self {
        let tasks = JoinSet::new();
        Self { queue, at_once, tasks }
    }
}

impl Pace {
    /// Doubles up to a bound; the id spreads retries over a quarter more.
    fn pause(&self, id: &str, attempts: u32) -> Duration {
        let doubled = self.first_retry.saturating_mul(1 << attempts.saturating_sub(1).min(20));
        let base = doubled.min(self.longest_retry);
        let jitter = id
            .bytes()
            .fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
        base + base / 4 * u32::from(jitter) / 255
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_are_spread() {
        let pace = Pace {
            one_try: Duration::from_secs(30),
            first_retry: Duration::from_secs(5),
            longest_retry: Duration::from_mins(15),
            give_up_after: Duration::from_hours(48),
        };
        let pauses: Vec<_> = (1..60).map(|attempts| pace.pause("a", attempts)).collect();
        assert!(pauses.is_sorted());
        assert!(pauses[0] >= Duration::from_secs(5));
        assert!(pauses[58] <= Duration::from_mins(15) * 5 / 4);
        assert_ne!(pace.pause("a", 3), pace.pause("b", 3));
    }
}
