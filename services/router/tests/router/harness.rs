//! Whole routers over real gRPC, on one store and one bus in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tandem_bus::{Bus, InProcessBus};
use tandem_desk::{RequestMark, Submission};
use tandem_domain::routing::{Command, Intake, Reply};
use tandem_domain::{Actor, Channel, Clock, ConversationId, DeskId, IdSource, MessageId, Priority, Role, Trace};
use tandem_proto::v1;
use tandem_proto::v1::agent_service_client::AgentServiceClient;
use tandem_proto::v1::desk_service_client::DeskServiceClient;
use tandem_proto::v1::ticket_service_client::TicketServiceClient;
use tandem_router::{Parts, Router, SERVICES, ServiceConfig, build};
use tandem_service_kit::auth::{DeskScope, Gate, Grant, Reflection, Signer, Verifier, table};
use tandem_service_kit::config::Secret;
use tandem_service_kit::grpc::{Client, ClientOptions, Credentials, GrpcServer, connect};
use tandem_service_kit::health::Health;
use tandem_service_kit::ids::{SystemClock, SystemIds};
use tandem_service_kit::lifecycle::Lifecycle;
use tandem_service_kit::readiness;
use tandem_store::{MemoryStore, Store};
use tonic::Status;
use tonic::service::Routes;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel as Transport;
use tonic_types::StatusExt;

use crate::ingest::FakeIngest;

/// A desk on which tests work.
pub(crate) const ACME: &str = "acme";
/// Another one that the callers may touch.
pub(crate) const GLOBEX: &str = "globex";
/// The desk that no token of the tests names, but the founder's.
pub(crate) const FOREIGN: &str = "initech";

/// Nothing in these tests takes as long, unless it hangs.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// An agent who is silent for two seconds is taken to be offline.
pub(crate) const SHORT_GRACE: [(&str, &str); 2] = [
    ("TANDEM_ROUTER__SESSION_GRACE", "2s"),
    ("TANDEM_ROUTER__HEARTBEAT_INTERVAL", "200ms"),
];

/// One store, one bus, one issuer of tokens, and the three desks.
pub(crate) struct World {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) ingest: FakeIngest,
    signer: Signer,
    _keys: tempfile::TempDir,
}

/// One process's router.
pub(crate) struct Replica {
    pub(crate) address: SocketAddr,
    pub(crate) life: Lifecycle,
    pub(crate) router: Router,
}

/// A caller's clients.
#[derive(Clone)]
pub(crate) struct Clients {
    pub(crate) raw: Client,
    pub(crate) tickets: TicketServiceClient<Client>,
    pub(crate) agents: AgentServiceClient<Client>,
    pub(crate) desks: DeskServiceClient<Client>,
}

impl World {
    /// Three desks on one replica.
    pub(crate) async fn with_desks() -> (Self, Replica) {
        Self::with_settings(&[]).await
    }

    /// Three desks on one replica that is configured differently.
    pub(crate) async fn with_settings(settings: &[(&str, &str)]) -> (Self, Replica) {
        let world = Self::empty();
        let replica = world.replica_with(settings).await;
        world.found_desks(&replica).await;
        (world, replica)
    }

    /// Nothing yet, in memory.
    pub(crate) fn empty() -> Self {
        Self::on(Arc::new(MemoryStore::new()), Arc::new(InProcessBus::new()))
    }

    /// Nothing yet, on a store and a bus.
    pub(crate) fn on(store: Arc<dyn Store>, bus: Arc<dyn Bus>) -> Self {
        let keys = tempfile::tempdir().expect("a temporary directory");
        let signer = Signer::open(&keys.path().join("keys")).expect("a new key");
        Self {
            store,
            bus,
            ingest: FakeIngest::start(),
            signer,
            _keys: keys,
        }
    }

    /// Applies the three desks.
    pub(crate) async fn found_desks(&self, replica: &Replica) {
        let token = self.token(Role::Admin, "founder", DeskScope::All);
        let mut founder = self.caller(replica, &token).await;
        for desk in [ACME, GLOBEX, FOREIGN] {
            let request = apply_request(desk, "founding", &desk_file(desk));
            founder
                .desks
                .apply_desk(request)
                .await
                .expect("a desk file without faults");
        }
    }

    /// Starts one more process on the same store and bus.
    pub(crate) async fn replica(&self) -> Replica {
        self.replica_with(&[]).await
    }

    /// Starts one more process, configured differently.
    pub(crate) async fn replica_with(&self, settings: &[(&str, &str)]) -> Replica {
        self.replica_on(self.store.clone(), self.bus.clone(), settings).await
    }

    /// Starts one more process with connections of its own.
    pub(crate) async fn replica_on(
        &self,
        store: Arc<dyn Store>,
        bus: Arc<dyn Bus>,
        settings: &[(&str, &str)],
    ) -> Replica {
        let config = config(settings);
        let life = Lifecycle::new(config.lifecycle);
        let health = Health::new(&SERVICES, life.draining());
        let parts = Parts {
            store,
            bus,
            ids: Arc::new(SystemIds),
            clock: Arc::new(SystemClock),
            ingest: self.ingest.peer(),
        };
        readiness::watch(parts.store.clone(), parts.bus.clone(), &health, &life);
        let router = build(config.router.clone(), parts, &life);
        let mut services = Routes::builder();
        router.add_services(&mut services, &config.grpc);
        services.add_service(health.server());
        let server = GrpcServer::bind(&config.grpc).await.expect("a free port");
        let address = server.address();
        let gate = Gate::new(Arc::new(Verifier::of(&self.signer)), table::METHODS, Reflection::Closed);
        life.spawn("grpc", server.serve(services.routes(), gate, life.draining(), DEADLINE));
        Replica { address, life, router }
    }

    /// A good token.
    pub(crate) fn token(&self, role: Role, subject: &str, desks: DeskScope) -> String {
        let grant = Grant {
            role,
            subject: subject.to_owned(),
            desks,
        };
        self.signer
            .mint(&grant, Duration::from_mins(10), SystemClock.now())
            .expect("a token")
    }

    /// A token that expired a while ago; a few seconds count as a difference of clocks.
    pub(crate) fn token_expired_for(&self, role: Role, subject: &str, age: Duration) -> String {
        let grant = Grant {
            role,
            subject: subject.to_owned(),
            desks: own_desks(),
        };
        let ttl = Duration::from_mins(1);
        self.signer
            .mint(&grant, ttl, SystemClock.now().minus(ttl + age))
            .expect("a token")
    }

    /// A caller in a role on `ACME` and `GLOBEX`.
    pub(crate) async fn caller_as(&self, replica: &Replica, role: Role, subject: &str) -> Clients {
        self.caller(replica, &self.token(role, subject, own_desks())).await
    }

    pub(crate) async fn caller(&self, replica: &Replica, token: &str) -> Clients {
        let options = ClientOptions {
            address: format!("http://{}", replica.address),
            ca_file: None,
            connect_timeout: DEADLINE,
            call_timeout: DEADLINE,
        };
        Clients::on(connect(&options, credentials(token)).await.expect("a connection"))
    }

    /// A caller whose transport takes only a few bytes that were not read yet.
    pub(crate) async fn narrow_caller(&self, replica: &Replica, role: Role, subject: &str) -> Clients {
        let endpoint = Transport::from_shared(format!("http://{}", replica.address)).expect("an address");
        let channel = endpoint
            .initial_stream_window_size(512)
            .connect()
            .await
            .expect("a connection");
        let credentials = credentials(&self.token(role, subject, own_desks()));
        Clients::on(InterceptedService::new(channel, credentials))
    }
}

fn credentials(token: &str) -> Credentials {
    Credentials::fixed(Secret::new(token.to_owned()))
}

impl Replica {
    /// A mail opens a ticket that needs German and, if given, a skill; returns its number.
    pub(crate) async fn open_ticket(&self, desk: &str, skill: Option<&str>) -> u64 {
        self.open_ticket_on(desk, Channel::Email, skill).await
    }

    /// A message opens a ticket; offers stand for five seconds in chat, and for minutes by mail.
    pub(crate) async fn open_ticket_on(&self, desk: &str, channel: Channel, skill: Option<&str>) -> u64 {
        let now = SystemClock.now();
        let message = MessageId(SystemIds.next(now));
        let skills = skill.map(|skill| (key(skill), tandem_domain::SkillLevel::BASIC));
        let intake = Intake {
            message,
            conversation: ConversationId(SystemIds.next(now)),
            account: key(if channel == Channel::Chat { "widget" } else { "support" }),
            channel,
            queue: key("general"),
            language: Some(key("de")),
            skills: BTreeMap::from_iter(skills),
            tags: BTreeSet::new(),
            priority: Priority::Normal,
            received_at: now,
            automatic: false,
            customer: None,
            tandem: None,
            due_at: None,
        };
        let (ticket, opened) = self.take_in(desk, intake).await;
        assert!(opened, "the message joined T{ticket}");
        ticket
    }

    /// A message comes in, as ingest hands it on; where it went, and whether it opened that ticket.
    pub(crate) async fn take_in(&self, desk: &str, intake: Intake) -> (u64, bool) {
        let submission = Submission {
            actor: Actor::service("ingest"),
            request: RequestMark {
                method: "Intake".to_owned(),
                id: intake.message.to_string(),
                forever: true,
            },
            command: Command::Intake(Box::new(intake)),
            rows: Vec::new(),
            trace: Trace::default(),
        };
        match self.router.desks().submit(&key::<DeskId>(desk), submission).await {
            Ok(Reply::OnTicket { ticket, opened }) => (ticket.0, opened),
            other => panic!("the message is on no ticket: {other:?}"),
        }
    }

    pub(crate) fn owns(&self, desk: &str) -> bool {
        self.router
            .desks()
            .status()
            .iter()
            .any(|status| status.desk.as_str() == desk)
    }
}

fn config(settings: &[(&str, &str)]) -> ServiceConfig {
    // Hints alone must bring lists: nothing is polled within a test's time.
    let usual = [
        ("TANDEM_GRPC__LISTEN", "127.0.0.1:0"),
        ("TANDEM_STORE__DATA_DIR", "unused"),
        ("TANDEM_AUTH__PUBLIC_KEY_FILES", "unused"),
        ("TANDEM_ROUTER__REFRESH_INTERVAL", "10m"),
        ("TANDEM_ROUTER__START_TIMEOUT", "1s"),
        ("TANDEM_INGEST__TOKEN_FILE", "unused"),
    ];
    let environment = usual
        .iter()
        .chain(settings)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    ServiceConfig::load(None, environment).expect("a valid configuration")
}

/// A desk with two agents: both speak German, and only Ben has the skill `billing`.
pub(crate) fn desk_file(desk: &str) -> String {
    format!(
        "\
desk: {desk}
languages: [de, en]
default_language: en
skills:
  billing: Invoices and payments
teams:
  inside: {{}}
channels:
  email:
    wrap_up: 10m
    offer_ttl: 10m
    accounts:
      support: {{addresses: [help@{desk}.example], queue: general}}
  chat:
    offer_ttl: 5s
    accounts:
      widget: {{queue: general}}
agents:
  ana: {{teams: [inside], capacity: 3, languages: {{de: C2, en: C1}}}}
  ben: {{teams: [inside], capacity: 3, languages: {{de: C1, en: C2}}, skills: {{billing: 3}}}}
queues:
  general: {{teams: [inside]}}
  second: {{teams: [inside]}}
"
    )
}

/// The desks that callers in these tests may touch.
pub(crate) fn own_desks() -> DeskScope {
    DeskScope::Named(BTreeSet::from([key(ACME), key(GLOBEX)]))
}

pub(crate) fn key<K: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> K {
    text.parse().expect("a key")
}

pub(crate) fn apply_request(desk: &str, request_id: &str, text: &str) -> v1::ApplyDeskRequest {
    v1::ApplyDeskRequest {
        desk: desk.into(),
        request_id: request_id.into(),
        text: text.into(),
    }
}

/// The fields that a status names, whether as a bad request or as a failed precondition.
pub(crate) fn fields(status: &Status) -> Vec<String> {
    let bad = status
        .get_details_bad_request()
        .map(|details| details.field_violations)
        .unwrap_or_default();
    let early = status
        .get_details_precondition_failure()
        .map(|details| details.violations)
        .unwrap_or_default();
    let early = early.into_iter().map(|violation| violation.subject);
    bad.into_iter().map(|violation| violation.field).chain(early).collect()
}

/// Asserts a refusal: its status and the one field that it names.
#[track_caller]
pub(crate) fn assert_refused<T: std::fmt::Debug>(answer: Result<T, Status>, code: tonic::Code, field: &str) {
    let status = answer.expect_err("a refusal");
    assert_eq!(status.code(), code, "{status:?}");
    assert_eq!(fields(&status), [field], "{status:?}");
}

impl Clients {
    fn on(raw: Client) -> Self {
        Self {
            tickets: TicketServiceClient::new(raw.clone()),
            agents: AgentServiceClient::new(raw.clone()),
            desks: DeskServiceClient::new(raw.clone()),
            raw,
        }
    }

    /// A ticket of `ACME`.
    pub(crate) async fn ticket(&self, ticket_id: u64) -> v1::Ticket {
        let request = v1::GetTicketRequest {
            desk: ACME.into(),
            ticket_id,
        };
        let answer = self.tickets.clone().get_ticket(request).await.expect("a ticket");
        answer.into_inner().ticket.expect("the ticket as it is now")
    }

    /// The numbers of all tickets of a list, whatever the size of its pages.
    pub(crate) async fn numbers(&self, list: &v1::ListTicketsRequest) -> Vec<u64> {
        let mut numbers = Vec::new();
        let mut request = list.clone();
        loop {
            let page = self
                .tickets
                .clone()
                .list_tickets(request.clone())
                .await
                .expect("a page")
                .into_inner();
            assert!(page.tickets.len() <= usize::try_from(list.page_size).expect("a small number"));
            numbers.extend(page.tickets.iter().map(|ticket| ticket.ticket_id));
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                return numbers;
            }
        }
    }

    /// An agent of `ACME`, as listed.
    pub(crate) async fn agent(&self, agent: &str) -> v1::Agent {
        let request = v1::ListAgentsRequest {
            desk: ACME.into(),
            ..v1::ListAgentsRequest::default()
        };
        let agents = self
            .agents
            .clone()
            .list_agents(request)
            .await
            .expect("a page")
            .into_inner()
            .agents;
        agents
            .into_iter()
            .find(|listed| listed.agent == agent)
            .expect("an agent of the desk")
    }

    /// An agent of `ACME` goes online.
    pub(crate) async fn go_online(&self, agent: &str) {
        self.set_presence(agent, v1::Presence::Online, "online").await;
    }

    /// An agent of `ACME` says what he or she is doing.
    pub(crate) async fn set_presence(&self, agent: &str, presence: v1::Presence, request_id: &str) {
        let (desk, request_id, agent) = (ACME.into(), request_id.into(), agent.into());
        let presence = presence.into();
        let request = v1::SetPresenceRequest {
            desk,
            request_id,
            agent,
            presence,
        };
        let answer = self.agents.clone().set_presence(request).await;
        answer.expect("an agent of the desk");
    }

    /// The work list of an agent of `ACME`.
    pub(crate) async fn work_list(&self, agent: &str) -> v1::WorkList {
        let request = v1::GetWorkListRequest {
            desk: ACME.into(),
            agent: agent.into(),
        };
        let answer = self.agents.clone().get_work_list(request).await;
        answer
            .expect("an agent of the desk")
            .into_inner()
            .work_list
            .expect("a list")
    }

    /// An agent of `ACME` takes an offer.
    pub(crate) async fn accept(&self, agent: &str, offer_id: u64, request_id: &str) -> Result<v1::Ticket, Status> {
        let (desk, request_id, agent) = (ACME.into(), request_id.into(), agent.into());
        let request = v1::AcceptOfferRequest {
            desk,
            request_id,
            agent,
            offer_id,
        };
        let answer = self.agents.clone().accept_offer(request).await?;
        Ok(answer.into_inner().ticket.expect("the ticket as it is now"))
    }
}

/// Waits until `condition` holds.
pub(crate) async fn eventually(mut condition: impl AsyncFnMut() -> bool) {
    let mut look = tokio::time::interval(Duration::from_millis(50));
    let waiting = async {
        while !condition().await {
            look.tick().await;
        }
    };
    tokio::time::timeout(DEADLINE, waiting)
        .await
        .expect("the condition never held");
}
