//! The desks of one service, seen from one of its processes.

use std::sync::{Arc, Mutex, PoisonError};

use tandem_bus::Bus;
use tandem_domain::{Actor, AgentId, Clock, DeskId, IdSource};
use tandem_store::{Append, Commit, Store, StoreError, Stream};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, interval, sleep};
use tokio_util::sync::CancellationToken;

use crate::call::Outcome;
use crate::instruments::count_desks;
use crate::owned::{Owned, Parts};
use crate::ownership::{Ownership, Registry};
use crate::parking::{self, ParkedPage};
use crate::replay::FIRST_LEVEL;
use crate::retrying::retry_parked;
use crate::shared::random;
use crate::shell_event::ShellEvent;
use crate::store_calls::{commit_within, within};
use crate::{DeskClient, DeskError, DeskState, DeskStatus, Journaled, Settings, StoreClock, Submission};

/// The desks of one service, seen from one of its processes: it owns some of them, and forwards to the
/// owners of the others. A handle; dropping the last one ends everything at once, as a crash would.
pub struct Desks<C: Journaled> {
    inner: Arc<Inner<C>>,
}

impl<C: Journaled> Clone for Desks<C> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
        }
    }
}

struct Inner<C: Journaled> {
    parts: Parts,
    client: DeskClient<C>,
    registry: Arc<Registry<C>>,
    wake: Arc<Notify>,
    stop: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl<C: Journaled> Drop for Inner<C> {
    fn drop(&mut self) {
        let task = self.task.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = task.take() {
            task.abort();
        }
    }
}

impl<C: Journaled> Desks<C> {
    /// Starts sharing in the service's desks.
    #[must_use]
    pub fn start(settings: Settings, store: Arc<dyn Store>, bus: Arc<dyn Bus>, ids: Arc<dyn IdSource>) -> Self {
        let client = DeskClient::with_settings(bus.clone(), &settings).knowing(store.clone());
        let parts = Parts {
            settings,
            store,
            bus,
            ids,
        };
        let registry = Arc::new(Registry::default());
        count_desks(C::SERVICE, Arc::downgrade(&registry), states);
        let (wake, stop) = (Arc::new(Notify::new()), CancellationToken::new());
        let ownership = Ownership::new(parts.clone(), registry.clone());
        let task = tokio::spawn(run(parts.clone(), ownership, wake.clone(), stop.clone()));
        let task = Mutex::new(Some(task));
        Self {
            inner: Arc::new(Inner {
                parts,
                client,
                registry,
                wake,
                stop,
                task,
            }),
        }
    }

    /// Whether this process owns the desk.
    #[must_use]
    pub fn owns(&self, desk: &DeskId) -> bool {
        self.owned(desk).is_some()
    }

    /// Submits one write.
    ///
    /// # Errors
    /// See [`DeskError`]. After `DeadlineExceeded` or `Unavailable`, repeat under the same request id.
    pub async fn submit(&self, desk: &DeskId, submission: Submission<C::Command>) -> Outcome<C, C::Reply> {
        let outcomes = self.submit_all(desk, vec![submission]).await;
        outcomes.into_iter().next().unwrap_or(Err(DeskError::DeadlineExceeded))
    }

    /// Submits writes, in order; answers in order. Each stands for itself.
    pub async fn submit_all(
        &self,
        desk: &DeskId,
        submissions: Vec<Submission<C::Command>>,
    ) -> Vec<Outcome<C, C::Reply>> {
        match self.owned(desk) {
            Some(owned) => owned.submit(submissions, self.deadline()).await,
            None => self.inner.client.submit_all(desk, submissions).await,
        }
    }

    /// Asks the core's memory, behind everything that was submitted before.
    ///
    /// # Errors
    /// See [`DeskError`].
    pub async fn query(&self, desk: &DeskId, query: C::Query) -> Outcome<C, C::Answer> {
        match self.owned(desk) {
            Some(owned) => owned.query(query, self.deadline()).await,
            None => self.inner.client.query(desk, query).await,
        }
    }

    /// Says that these agents' sessions are alive.
    ///
    /// # Errors
    /// See [`DeskError`].
    pub async fn touch(&self, desk: &DeskId, agents: Vec<AgentId>) -> Outcome<C, ()> {
        match self.owned(desk) {
            Some(owned) => owned.touch(agents, self.deadline()).await,
            None => self.inner.client.touch(desk, agents).await,
        }
    }

    /// Begins a desk that does not exist yet, and waits until some process owns it. Idempotent.
    ///
    /// # Errors
    /// `Unavailable`, `StoreFull`, or `DeadlineExceeded` when nobody takes the desk in time: call it again.
    pub async fn create(&self, desk: &DeskId) -> Outcome<C, ()> {
        let deadline = self.deadline();
        match self.begin(desk).await {
            Ok(()) | Err(StoreError::Fenced { .. } | StoreError::OutcomeUnknown(_)) => {}
            Err(StoreError::Full(_)) => return Err(DeskError::StoreFull),
            Err(error) => return Err(DeskError::Unavailable(error.to_string())),
        }
        self.inner.wake.notify_one();
        while self.touch(desk, Vec::new()).await.is_err() {
            if Instant::now() >= deadline {
                return Err(DeskError::DeadlineExceeded);
            }
            sleep(self.inner.parts.settings.backoff_min).await;
        }
        Ok(())
    }

    /// Writes the very first record, unless there is one.
    async fn begin(&self, desk: &DeskId) -> Result<(), StoreError> {
        let Parts {
            store, ids, settings, ..
        } = &self.inner.parts;
        let now = within(settings.store_timeout, StoreClock::read(store.as_ref()))
            .await?
            .now();
        let incarnation = random(ids.as_ref(), now);
        let opened = ShellEvent::Opened {
            epoch: 1,
            incarnation,
            level: FIRST_LEVEL,
        };
        let append = Append {
            stream: Stream::new(C::SERVICE, desk.clone()),
            first_seq: 1,
            incarnation,
            records: vec![opened.record(now)],
        };
        let commit = Commit {
            append: Some(append),
            ..Commit::default()
        };
        commit_within(settings.store_timeout, store.as_ref(), commit).await
    }

    /// Allows kinds of events up to `level` on the desk, once every process that reads its journal knows them.
    /// Answers with the level in force.
    ///
    /// # Errors
    /// `JournalLevel` for a level that this program does not know or that is below the desk's.
    pub async fn raise_level(&self, desk: &DeskId, level: u32, actor: Actor) -> Outcome<C, u32> {
        match self.owned(desk) {
            Some(owned) => owned.raise_level(level, actor, self.deadline()).await,
            None => self.inner.client.raise_level(desk, level, actor).await,
        }
    }

    /// What this service has parked on a desk: commands and effects.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn parked(&self, desk: &DeskId, after: Option<&str>, limit: usize) -> Outcome<C, ParkedPage> {
        let Parts { store, settings, .. } = &self.inner.parts;
        let prefix = format!("{}:", C::SERVICE);
        let listing = parking::list(store.as_ref(), desk, &prefix, after, limit);
        let page = within(settings.store_timeout, listing).await;
        page.map_err(|error| DeskError::Unavailable(error.to_string()))
    }

    /// Retries a parked item once. Done or refused by the core, it is not parked any more.
    ///
    /// # Errors
    /// `NotParked`, or why it failed again.
    pub async fn retry_parked(&self, desk: &DeskId, id: &str) -> Outcome<C, ()> {
        match self.owned(desk) {
            Some(owned) => retry_parked(&owned, id, self.deadline()).await,
            None => self.inner.client.retry_parked(desk, id).await,
        }
    }

    /// How the desks are doing that this process owns.
    #[must_use]
    pub fn status(&self) -> Vec<DeskStatus> {
        let registry = self.inner.registry.read().unwrap_or_else(PoisonError::into_inner);
        registry.values().map(|owned| owned.shared.status()).collect()
    }

    /// Takes no more calls, finishes the batches at hand, publishes what is committed (for a bounded
    /// time), saves snapshots, and gives the leases back.
    pub async fn shutdown(&self) {
        self.inner.stop.cancel();
        let task = self.inner.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Err(error)) = match task {
            Some(task) => Some(task.await),
            None => None,
        } {
            tracing::error!(%error, "desks did not end in good order");
        }
    }

    fn owned(&self, desk: &DeskId) -> Option<Arc<Owned<C>>> {
        self.inner
            .registry
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(desk)
            .cloned()
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.inner.parts.settings.call_timeout
    }
}

fn states<C: Journaled>(registry: &Registry<C>) -> Vec<DeskState> {
    let owned = registry.read().unwrap_or_else(PoisonError::into_inner);
    owned.values().map(|owned| owned.shared.status().state).collect()
}

async fn run<C: Journaled>(parts: Parts, ownership: Ownership<C>, wake: Arc<Notify>, stop: CancellationToken) {
    let mut beside = JoinSet::new();
    beside.spawn(purge_requests(parts));
    ownership.run(wake, stop).await;
}

/// Forgets request ids whose time is over.
async fn purge_requests(parts: Parts) {
    let mut due = interval(parts.settings.purge_every);
    loop {
        due.tick().await;
        match within(parts.settings.store_timeout, parts.store.forget_expired_requests()).await {
            Ok(forgotten) => tracing::debug!(forgotten, "expired request ids purged"),
            Err(error) => tracing::warn!(%error, "expired request ids not purged; tried again later"),
        }
    }
}
