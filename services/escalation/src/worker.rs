//! Tells contacts: claims notifications one by one, sends each, and settles it. One that fails is tried again for three
//! days; one that is given up waits for a hand, where it can be listed.

mod claims;
mod delivery;
mod gone;

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tandem_domain::{Clock, Trace};
use tandem_service_kit::telemetry;
use tandem_store::{ClaimedJob, JobOutcome, Store, StoreError};
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, info_span};

use crate::contacts::Contacts;
use crate::instruments;
use crate::jobs::{Job, QUEUE};
use crate::mail::Mailer;
use crate::webhook::Caller;
use claims::Claims;

pub(crate) use gone::forget as forget_gone;

/// How long a claim holds beyond what a receiver may take. What could not be settled is sent again when it runs out, under
/// the same id; so is what a process was about that died.
pub(crate) const CLAIM_MARGIN: Duration = Duration::from_secs(10);
/// How long to wait before trying again to settle.
const SETTLE_AGAIN: [Duration; 3] = [
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_millis(1600),
];
/// The longest pause between two looks, should a wake-up be lost; what is due for a retry waits for it too.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long a notification to a contact waits that has enough under way.
const PUT_OFF: Duration = Duration::from_millis(250);

/// The notifications' worker.
pub(crate) struct Worker {
    /// Where they wait.
    pub(crate) store: Arc<dyn Store>,
    /// Who is reached how.
    pub(crate) contacts: Contacts,
    /// Calls webhooks.
    pub(crate) caller: Caller,
    /// Where the webhooks' secrets stand.
    pub(crate) secrets_dir: Option<PathBuf>,
    /// Sends mails.
    pub(crate) mailer: Mailer,
    /// How long a claim holds.
    pub(crate) claim: Duration,
    /// Stamps what is sent.
    pub(crate) clock: Arc<dyn Clock>,
    /// Says that there is something to do.
    pub(crate) wake: Arc<Notify>,
}

impl Worker {
    /// Works until `draining`; what is under way is brought to its end.
    pub(crate) async fn run(self, draining: CancellationToken) -> Result<(), Infallible> {
        let worker = Arc::new(self);
        let mut claims = Claims::default();
        while !draining.is_cancelled() {
            worker.turn(&mut claims).await;
            tokio::select! {
                () = worker.wake.notified() => {}
                () = claims.one_ends() => {}
                () = sleep(LOOK_EVERY) => {}
                () = draining.cancelled() => {}
            }
        }
        claims.all_end().await;
        Ok(())
    }

    /// Takes as many jobs up as there is room for.
    async fn turn(self: &Arc<Self>, claims: &mut Claims) {
        let room = claims.room();
        if room == 0 {
            return;
        }
        let claimed = match self.store.claim_jobs(QUEUE, room, self.claim).await {
            Ok(claimed) => claimed,
            Err(error) => return tracing::warn!(%error, "notifications cannot be worked on"),
        };
        for claimed in claimed {
            self.take_up(claims, claimed).await;
        }
    }

    async fn take_up(self: &Arc<Self>, claims: &mut Claims, claimed: ClaimedJob) {
        let job = match Job::decode(&claimed.body) {
            Ok(job) => job,
            Err(error) => return self.settle(&claimed, JobOutcome::Failed(error.to_string())).await,
        };
        let receiver = (claimed.desk.clone(), job.contact.clone());
        if claims.is_busy(&receiver) {
            let outcome = JobOutcome::Retry {
                after: PUT_OFF,
                body: None,
            };
            return self.settle(&claimed, outcome).await;
        }
        let span = info_span!("notification", desk = %claimed.desk, id = claimed.id);
        telemetry::set_parent(&span, &Trace(claimed.trace.as_str().into()));
        let worker = Arc::clone(self);
        let work = async move {
            let way = job.way;
            let outcome = worker.deliver(&claimed, job).await;
            if let Some(way) = way {
                instruments::notified(way, &outcome);
            }
            worker.settle(&claimed, outcome).await;
        };
        claims.begin(receiver, work.instrument(span));
    }

    async fn settle(&self, claimed: &ClaimedJob, outcome: JobOutcome) {
        let (desk, id) = (&claimed.desk, claimed.id.as_str());
        match &outcome {
            JobOutcome::Done => tracing::debug!(%desk, id, "notification delivered"),
            JobOutcome::Retry { .. } => {}
            JobOutcome::Failed(reason) => tracing::warn!(%desk, id, reason, "notification given up"),
        }
        for pause in SETTLE_AGAIN {
            match self.try_to_settle(claimed, outcome.clone()).await {
                Ok(()) => return,
                Err(_) => sleep(pause).await,
            }
        }
        if let Err(error) = self.try_to_settle(claimed, outcome).await {
            tracing::warn!(%desk, id, %error, "what became of a notification is not stored; it is sent again");
        }
    }

    async fn try_to_settle(&self, claimed: &ClaimedJob, outcome: JobOutcome) -> Result<(), StoreError> {
        let outcomes = vec![(claimed.desk.clone(), claimed.id.clone(), outcome)];
        self.store.settle_jobs(QUEUE, outcomes).await
    }
}
