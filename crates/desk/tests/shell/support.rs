//! A world of processes around one store and one bus.

pub(crate) mod ledger;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tandem_bus::{Bus, InProcessBus};
use tandem_desk::{DeskState, Desks, RequestMark, Settings, Submission};
use tandem_domain::{Actor, DeskId, IdSource, Role, Timestamp, Trace};
use tandem_store::{JournalStore, MemoryStore, Record, Stream};
use uuid::{Builder, Uuid};

use ledger::{Command, Ledger};

/// Ids that are the same in every run.
pub(crate) struct SeededIds(Mutex<StdRng>);

impl SeededIds {
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self(Mutex::new(StdRng::seed_from_u64(seed))))
    }
}

impl IdSource for SeededIds {
    fn next(&self, _now: Timestamp) -> Uuid {
        let mut bytes = [0; 16];
        self.0.lock().unwrap().fill_bytes(&mut bytes);
        Builder::from_random_bytes(bytes).into_uuid()
    }
}

/// One store and one bus, and the processes that share them.
pub(crate) struct World {
    pub(crate) store: MemoryStore,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) settings: Settings,
    pub(crate) ids: Arc<SeededIds>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with_bus(Arc::new(InProcessBus::new()))
    }

    pub(crate) fn with_bus(bus: Arc<dyn Bus>) -> Self {
        Self {
            store: MemoryStore::new(),
            bus,
            settings: Settings::default(),
            ids: SeededIds::new(1),
        }
    }

    /// One more process.
    pub(crate) fn process(&self) -> Desks<Ledger> {
        Desks::start(
            self.settings.clone(),
            Arc::new(self.store.clone()),
            self.bus.clone(),
            self.ids.clone(),
        )
    }

    /// A process that owns the desk `acme`.
    pub(crate) async fn owner(&self) -> Desks<Ledger> {
        let desks = self.process();
        desks.create(&acme()).await.unwrap();
        desks
    }

    pub(crate) async fn journal(&self, desk: &DeskId) -> Vec<Record> {
        self.store.read(&stream(desk), 1, usize::MAX).await.unwrap()
    }

    pub(crate) async fn kinds(&self, desk: &DeskId) -> Vec<String> {
        self.journal(desk).await.into_iter().map(|record| record.kind).collect()
    }
}

pub(crate) fn desk(name: &str) -> DeskId {
    name.parse().unwrap()
}

pub(crate) fn acme() -> DeskId {
    desk("acme")
}

pub(crate) fn stream(desk: &DeskId) -> Stream {
    Stream::new("ledger", desk.clone())
}

pub(crate) fn ana() -> Actor {
    Actor {
        role: Role::Agent,
        subject: "ana".to_owned(),
    }
}

/// A write under a request id.
pub(crate) fn write(id: &str, command: Command) -> Submission<Command> {
    let request = RequestMark {
        method: "Write".to_owned(),
        id: id.to_owned(),
        forever: false,
    };
    Submission {
        command,
        actor: ana(),
        request,
        rows: Vec::new(),
        trace: Trace::default(),
    }
}

/// Waits, in steps of paused time, until it is so.
pub(crate) async fn until(mut so: impl AsyncFnMut() -> bool) {
    for _ in 0..20_000 {
        if so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not become so in 200 seconds");
}

pub(crate) fn state(desks: &Desks<Ledger>, desk: &DeskId) -> Option<DeskState> {
    let status = desks.status().into_iter().find(|status| status.desk == *desk);
    status.map(|status| status.state)
}
