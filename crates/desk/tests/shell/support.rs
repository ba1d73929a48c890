//! A world of processes around one store and one bus.

pub(crate) mod counting;
pub(crate) mod freezing;
pub(crate) mod ledger;
pub(crate) mod looking;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tandem_bus::{Bus, InProcessBus};
use tandem_desk::{DeskError, DeskState, DeskStatus, Desks, RequestMark, Settings, Submission};
use tandem_domain::{Actor, AgentId, DeskId, IdSource, Role, Timestamp, Trace};
use tandem_store::memory::{Fault, Gate, Operation};
use tandem_store::{JournalStore, MemoryStore, Record, Stream};
use tokio::task::JoinHandle;
use uuid::{Builder, Uuid};

use ledger::{Answer, Command, Ledger, Query, Refusal};

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

pub(crate) type Outcome<T = i64> = Result<T, DeskError<Refusal>>;

impl World {
    pub(crate) fn new() -> Self {
        Self::with_bus(Arc::new(InProcessBus::new()))
    }

    /// Cursors are hardly ever saved, so that a test's faults hit what they are meant for.
    pub(crate) fn with_bus(bus: Arc<dyn Bus>) -> Self {
        let settings = Settings {
            cursor_every: Duration::from_hours(24),
            ..Settings::default()
        };
        Self {
            store: MemoryStore::new(),
            bus,
            settings,
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
        self.store.read(&stream(desk), 1, 100_000).await.unwrap()
    }

    /// The kinds of acme's records, without the openings.
    pub(crate) async fn kinds(&self) -> Vec<String> {
        let kinds = self.journal(&acme()).await.into_iter().map(|record| record.kind);
        kinds.filter(|kind| kind != "Opened").collect()
    }

    pub(crate) async fn openings(&self) -> usize {
        self.journal(&acme())
            .await
            .iter()
            .filter(|record| record.kind == "Opened")
            .count()
    }

    /// The next commit meets this.
    pub(crate) fn next_commit(&self, fault: Fault) {
        self.store.faults().next(Operation::Commit, fault);
    }

    /// The next commit waits at this gate.
    pub(crate) fn hold_commit(&self) -> Gate {
        let gate = Gate::new();
        self.next_commit(Fault::Held(gate.clone()));
        gate
    }
}

pub(crate) fn desk(name: &str) -> DeskId {
    name.parse().unwrap()
}

pub(crate) fn acme() -> DeskId {
    desk("acme")
}

pub(crate) fn agent(name: &str) -> AgentId {
    name.parse().unwrap()
}

pub(crate) fn stream(desk: &DeskId) -> Stream {
    Stream::new("ledger", desk.clone())
}

pub(crate) fn ana() -> Actor {
    Actor {
        role: Role::Agent,
        subject: "ana".into(),
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

/// A write without a request id.
pub(crate) fn unremembered(command: Command) -> Submission<Command> {
    Submission {
        request: RequestMark::unremembered("Write"),
        ..write("", command)
    }
}

/// Submits to acme while the test goes on; the call is in the mailbox before this returns.
pub(crate) async fn submitting(desks: &Desks<Ledger>, id: &str, command: Command) -> JoinHandle<Outcome> {
    let (desks, submission) = (desks.clone(), write(id, command));
    let task = tokio::spawn(async move { desks.submit(&acme(), submission).await });
    tokio::task::yield_now().await;
    task
}

/// Asks acme for its total while the test goes on.
pub(crate) async fn asking(desks: &Desks<Ledger>) -> JoinHandle<Outcome<Answer>> {
    let desks = desks.clone();
    let task = tokio::spawn(async move { desks.query(&acme(), Query::Total).await });
    tokio::task::yield_now().await;
    task
}

pub(crate) async fn add(desks: &Desks<Ledger>, id: &str, amount: i64) -> Outcome {
    desks.submit(&acme(), write(id, Command::Add(amount))).await
}

pub(crate) async fn total(desks: &Desks<Ledger>) -> Outcome<Answer> {
    desks.query(&acme(), Query::Total).await
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

pub(crate) fn status(desks: &Desks<Ledger>, desk: &DeskId) -> Option<DeskStatus> {
    desks.status().into_iter().find(|status| status.desk == *desk)
}

pub(crate) fn state(desks: &Desks<Ledger>, desk: &DeskId) -> Option<DeskState> {
    status(desks, desk).map(|status| status.state)
}
