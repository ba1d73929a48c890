//! A desk whose router works, and processes that measure it, on one store and one bus in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tandem_bus::InProcessBus;
use tandem_bus::faulty::{Faults, FaultyBus};
use tandem_desk::{Desks, Journaled, RequestMark, Settings, Submission};
use tandem_domain::routing::{Command, Intake, Reply};
use tandem_domain::{
    Actor, AgentId, Channel, Clock, ConversationId, DeskId, IdSource, MessageId, Presence, Priority, Role, TicketId,
    Timestamp, Trace,
};
use tandem_measures::{Mark, Measures, table};
use tandem_metrics::{Metrics, MetricsConfig, Parts, ROUTER_CONSUMER, build};
use tandem_routing::RoutingCore;
use tandem_service_kit::config::LifecycleConfig;
use tandem_service_kit::ids::SystemClock;
use tandem_service_kit::lifecycle::Lifecycle;
use tandem_store::{JournalStore, MemoryStore, Stream};
use tokio::time::{sleep, timeout};
use uuid::{Builder, Uuid};

/// Nothing in these tests takes as long, unless it hangs.
pub(crate) const DEADLINE: Duration = Duration::from_mins(5);

pub(crate) const DESK_FILE: &str = "\
desk: acme
timezone: Europe/Berlin
languages: [de, en]
default_language: en
teams:
  inside: {}
  field: {}
service_levels: {chat: 80% in 30s}
channels:
  email:
    offer_ttl: 10m
    accounts:
      support: {addresses: [help@acme.example], queue: sales}
  chat:
    offer_ttl: 30s
    wrap_up: 1m
    accounts:
      widget: {queue: sales}
agents:
  ana: {teams: [inside], capacity: 8, languages: {de: C2, en: C1}}
  ben: {teams: [inside, field], capacity: 8, languages: {de: C1, en: C2}}
queues:
  sales: {teams: [inside, field]}
  billing: {teams: [inside]}
";

/// Ids that are the same in every run.
struct SeededIds(Mutex<StdRng>);

impl IdSource for SeededIds {
    fn next(&self, _: Timestamp) -> Uuid {
        let mut bytes = [0; 16];
        self.0.lock().unwrap().fill_bytes(&mut bytes);
        Builder::from_random_bytes(bytes).into_uuid()
    }
}

/// A desk and all that stands around it.
pub(crate) struct World {
    pub(crate) store: MemoryStore,
    pub(crate) bus: Arc<FaultyBus>,
    pub(crate) desks: Desks<RoutingCore>,
    ids: Arc<SeededIds>,
    writes: Mutex<u64>,
}

/// A process that measures.
pub(crate) struct Replica {
    pub(crate) life: Lifecycle,
    pub(crate) metrics: Metrics,
}

impl Replica {
    /// Ends it where it stands.
    pub(crate) fn crash(self) {
        self.life.aborting().cancel();
        self.life.draining().cancel();
    }
}

impl World {
    /// The desk, with both agents online.
    pub(crate) async fn new() -> Self {
        Self::seeded(1).await
    }

    pub(crate) async fn seeded(seed: u64) -> Self {
        let world = Self::on(MemoryStore::new(), seed);
        world.desks.create(&acme()).await.unwrap();
        let file = tandem_desk_file::parse(DESK_FILE).unwrap();
        let compiled = tandem_desk_file::compile(&file, DESK_FILE);
        world.does(Command::Activate(Box::new(compiled))).await;
        for agent in ["ana", "ben"] {
            world.signs_on(agent).await;
        }
        world
    }

    fn on(store: MemoryStore, seed: u64) -> Self {
        let bus = Arc::new(FaultyBus::new(Arc::new(InProcessBus::new()), seed, Faults::none()));
        let ids = Arc::new(SeededIds(Mutex::new(StdRng::seed_from_u64(seed))));
        let desks = Desks::start(settings(), Arc::new(store.clone()), bus.clone(), ids.clone());
        Self {
            store,
            bus,
            desks,
            ids,
            writes: Mutex::default(),
        }
    }

    /// The same bus, on a store on which the desk's history goes another way.
    pub(crate) async fn on_another_store(&self) -> Self {
        let store = MemoryStore::new();
        let ids = Arc::new(SeededIds(Mutex::new(StdRng::seed_from_u64(99))));
        let desks = Desks::start(settings(), Arc::new(store.clone()), self.bus.clone(), ids.clone());
        desks.create(&acme()).await.unwrap();
        let other = Self {
            store,
            bus: self.bus.clone(),
            desks,
            ids,
            writes: Mutex::default(),
        };
        let file = tandem_desk_file::parse(DESK_FILE).unwrap();
        other
            .does(Command::Activate(Box::new(tandem_desk_file::compile(&file, DESK_FILE))))
            .await;
        other
    }

    /// Starts one more process that measures.
    pub(crate) fn replica(&self, instance: &str) -> Replica {
        self.replica_with(instance, 64)
    }

    pub(crate) fn replica_with(&self, instance: &str, max_watchers: usize) -> Replica {
        let life = Lifecycle::new(LifecycleConfig {
            drain_timeout: Duration::from_secs(10),
            abort_timeout: Duration::from_secs(2),
        });
        let parts = Parts {
            store: Arc::new(self.store.clone()),
            bus: self.bus.clone(),
            clock: Arc::new(SystemClock),
            instance: instance.to_owned(),
        };
        let metrics = build(&MetricsConfig { max_watchers }, parts, &life);
        Replica { life, metrics }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.store.clock().now()
    }

    /// Has the router do something; again and again while anything that passes is in the way.
    pub(crate) async fn tries(&self, command: Command) -> Option<Reply> {
        let id = {
            let mut writes = self.writes.lock().unwrap();
            *writes += 1;
            writes.to_string()
        };
        loop {
            let submission = Submission {
                command: command.clone(),
                actor: Actor {
                    role: Role::Supervisor,
                    subject: "sue".into(),
                },
                request: RequestMark {
                    method: "Test".to_owned(),
                    id: id.clone(),
                    forever: false,
                },
                rows: Vec::new(),
                trace: Trace::default(),
            };
            match self.desks.submit(&acme(), submission).await {
                Ok(reply) => return Some(reply),
                Err(error)
                    if error.code().is_retryable() || error.code() == tandem_domain::ErrorCode::ResourceExhausted =>
                {
                    sleep(Duration::from_millis(200)).await;
                }
                Err(_) => return None,
            }
        }
    }

    /// Has the router do something that it can do.
    pub(crate) async fn does(&self, command: Command) -> Reply {
        let what = format!("{command:?}");
        self.tries(command)
            .await
            .unwrap_or_else(|| panic!("the router refused {what}"))
    }

    pub(crate) async fn signs_on(&self, agent: &str) {
        self.does(Command::SetPresence {
            agent: key(agent),
            presence: Presence::Online,
        })
        .await;
    }

    /// A message opens a ticket.
    pub(crate) async fn comes(&self, queue: &str, channel: Channel) -> TicketId {
        let now = self.now();
        let conversation = ConversationId(self.ids.next(now));
        let intake = Intake {
            message: MessageId(self.ids.next(now)),
            conversation,
            account: key(if channel == Channel::Chat { "widget" } else { "support" }),
            channel,
            queue: key(queue),
            language: Some(key("de")),
            skills: BTreeMap::new(),
            tags: BTreeSet::new(),
            priority: Priority::Normal,
            received_at: now,
            automatic: false,
            customer: None,
            tandem: None,
            due_at: None,
        };
        match self.does(Command::Intake(Box::new(intake))).await {
            Reply::OnTicket { ticket, .. } => ticket,
            other => panic!("the message is on no ticket: {other:?}"),
        }
    }

    /// Whoever was offered the ticket takes it; none: nobody was.
    pub(crate) async fn is_taken(&self, ticket: TicketId) -> Option<AgentId> {
        for agent in ["ana", "ben"] {
            for (offered, offer) in self.offers(agent).await {
                if offered == ticket {
                    let agent: AgentId = key(agent);
                    let accept = Command::Accept {
                        agent: agent.clone(),
                        offer,
                    };
                    return self.tries(accept).await.map(|_| agent);
                }
            }
        }
        None
    }

    /// What is on offer to an agent.
    pub(crate) async fn offers(&self, agent: &str) -> Vec<(TicketId, tandem_domain::OfferId)> {
        use tandem_domain::routing::{Answer, Query};
        let asked = self.desks.query(&acme(), Query::WorkList(key(agent))).await;
        let Ok(Answer::WorkList(Some(list))) = asked else {
            return Vec::new();
        };
        let offers = list
            .items
            .iter()
            .filter_map(|item| item.offer.as_ref().map(|offer| (item.id, offer.id)));
        offers.collect()
    }

    pub(crate) fn message(&self) -> MessageId {
        MessageId(self.ids.next(self.now()))
    }

    /// Waits until everything that happened is measured.
    pub(crate) async fn measured(&self) {
        let stream = router_stream();
        timeout(DEADLINE, async {
            loop {
                let (tail, position) = (
                    self.store.tail(&stream).await,
                    self.store.position(ROUTER_CONSUMER, &stream).await,
                );
                if let (Ok(Some(tail)), Ok(position)) = (tail, position)
                    && position == Some(tail)
                {
                    return;
                }
                sleep(Duration::from_millis(100)).await;
            }
        })
        .await
        .expect("the measures never caught up");
    }

    /// What is stored of the measures that come from the router.
    pub(crate) async fn stored(&self) -> Rows {
        let mut rows = Rows::new();
        for table in table::FROM_ROUTER {
            let page = self.store.rows(&acme(), table, "", None, 1_000_000).await.unwrap();
            rows.extend(page.rows.into_iter().map(|(key, value)| ((table, key), value.to_vec())));
        }
        rows
    }

    /// What should be stored: the journal, taken in one go.
    pub(crate) async fn expected(&self) -> Rows {
        let mut measures = Measures::default();
        for record in self.store.read(&router_stream(), 1, 1_000_000).await.unwrap() {
            let mark = Mark {
                seq: record.seq,
                incarnation: record.incarnation,
            };
            match tandem_desk::decode_record::<RoutingCore>(&record).unwrap() {
                tandem_desk::Recorded::Core(event) => measures.observe(mark, &record.kind, &event),
                tandem_desk::Recorded::Shell(_) => measures.pass(mark),
            }
        }
        let mut rows = Rows::new();
        for change in measures.take_rows() {
            match change.value {
                Some(value) => drop(rows.insert((change.table, change.key), value)),
                None => drop(rows.remove(&(change.table, change.key))),
            }
        }
        rows
    }
}

/// By table and key.
pub(crate) type Rows = BTreeMap<(&'static str, String), Vec<u8>>;

/// Agents need not show signs of life.
fn settings() -> Settings {
    Settings {
        session_grace: Duration::from_hours(24 * 365),
        ..Settings::default()
    }
}

pub(crate) fn acme() -> DeskId {
    key("acme")
}

pub(crate) fn router_stream() -> Stream {
    Stream::new(RoutingCore::SERVICE, acme())
}

pub(crate) fn key<K: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> K {
    text.parse().unwrap()
}
