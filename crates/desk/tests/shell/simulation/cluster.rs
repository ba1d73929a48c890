//! Processes that can crash, stop and come back, and what clients do with them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tandem_bus::InProcessBus;
use tandem_bus::faulty::{Faults, FaultyBus};
use tandem_desk::{DeskError, Desks, Journaled, Settings, Submission};
use tandem_domain::DeskId;
use tandem_store::{JournalStore, MemoryStore, Record, Stream};
use tokio::time::sleep;

use super::sometimes::Sometimes;
use crate::support::freezing::FreezingStore;
use crate::support::{SeededIds, desk};

/// Three desks; none of them may ever see anything of another.
pub(crate) const DESKS: [&str; 3] = ["acme", "bravo", "carlo"];
pub(crate) const PROCESSES: usize = 3;

/// What clients do, and what must be true in the end.
#[async_trait(?Send)]
pub(crate) trait Workload: Sized + 'static {
    type Core: Journaled;

    /// What this workload must have met beside what every one meets.
    const ALSO: &'static [&'static str];

    /// Begins on desks that exist already; faults have not begun yet.
    async fn start(cluster: Arc<Cluster<Self::Core>>, seed: u64) -> Self;

    /// One client's whole life on one desk.
    async fn client(self: Arc<Self>, desk: DeskId, number: u64, rng: StdRng, sometimes: &Sometimes);

    /// All is healed and every client has got its answers: everything is as it should be.
    async fn check(&self);
}

/// The processes of one service around one store and one bus.
pub(crate) struct Cluster<C: Journaled> {
    pub(crate) store: MemoryStore,
    pub(crate) bus: Arc<FaultyBus>,
    settings: Settings,
    ids: Arc<SeededIds>,
    processes: Mutex<Vec<Process<C>>>,
}

struct Process<C: Journaled> {
    store: FreezingStore,
    /// None: it is down.
    desks: Option<Desks<C>>,
}

impl<C: Journaled> Cluster<C> {
    pub(crate) async fn start(seed: u64) -> Arc<Self> {
        let store = MemoryStore::new();
        let bus = Arc::new(FaultyBus::new(Arc::new(InProcessBus::new()), seed, Faults::none()));
        let down = || Process {
            store: FreezingStore::new(store.clone()),
            desks: None,
        };
        let processes = Mutex::new((0..PROCESSES).map(|_| down()).collect());
        let (settings, ids) = (settings(), SeededIds::new(seed));
        let cluster = Arc::new(Self {
            store,
            bus,
            settings,
            ids,
            processes,
        });
        for number in 0..PROCESSES {
            cluster.restart(number);
        }
        for name in DESKS {
            cluster
                .any(&mut StdRng::seed_from_u64(seed))
                .unwrap()
                .create(&desk(name))
                .await
                .unwrap();
        }
        cluster
    }

    /// Starts a process that is down, and lets a stopped one go on.
    pub(crate) fn restart(&self, number: usize) {
        let process = &mut self.processes.lock().unwrap()[number];
        process.store.freeze(false);
        if process.desks.is_none() {
            let (store, bus) = (Arc::new(process.store.clone()), self.bus.clone());
            process.desks = Some(Desks::start(self.settings.clone(), store, bus, self.ids.clone()));
        }
    }

    /// The process is gone, with everything that it was doing; its commits under way may still happen.
    pub(crate) fn crash(&self, number: usize) -> Option<Desks<C>> {
        self.processes.lock().unwrap()[number].desks.take()
    }

    pub(crate) fn freeze(&self, number: usize, frozen: bool) {
        self.processes.lock().unwrap()[number].store.freeze(frozen);
    }

    pub(crate) fn process(&self, number: usize) -> Option<Desks<C>> {
        self.processes.lock().unwrap()[number].desks.clone()
    }

    /// A process that is up, by chance.
    pub(crate) fn any(&self, rng: &mut StdRng) -> Option<Desks<C>> {
        self.process(rng.random_range(0..PROCESSES))
    }

    /// Submits until it is answered for good, through one process or another, always under the same id.
    pub(crate) async fn insist(
        &self,
        desk: &DeskId,
        submission: Submission<C::Command>,
        rng: &mut StdRng,
        sometimes: &Sometimes,
    ) -> Result<C::Reply, DeskError<C::Rejection>> {
        loop {
            if let Some(desks) = self.any(rng) {
                match desks.submit(desk, submission.clone()).await {
                    Err(
                        DeskError::Unavailable(_)
                        | DeskError::DeadlineExceeded
                        | DeskError::Overloaded
                        | DeskError::StoreFull
                        | DeskError::UnknownDesk(_),
                    ) => sometimes.hit("write repeated by its caller"),
                    outcome => return outcome,
                }
            }
            sleep(Duration::from_millis(rng.random_range(20..500))).await;
        }
    }

    pub(crate) async fn journal(&self, name: &str) -> Vec<Record> {
        let stream = Stream::new(C::SERVICE, desk(name));
        loop {
            match self.store.read(&stream, 1, 1_000_000).await {
                Ok(records) => return records,
                Err(_) => sleep(Duration::from_millis(50)).await,
            }
        }
    }
}

/// Small numbers, so that everything happens often.
fn settings() -> Settings {
    Settings {
        mailbox: 32,
        batch_max: 8,
        call_timeout: Duration::from_secs(4),
        owner_wait: Duration::from_secs(1),
        lease_ttl: Duration::from_secs(3),
        lease_margin: Duration::from_millis(500),
        lease_every: Duration::from_millis(500),
        snapshot_every: 40,
        store_timeout: Duration::from_secs(3),
        backoff_max: Duration::from_secs(2),
        ..Settings::default()
    }
}
