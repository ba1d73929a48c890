//! A router's core, the escalation service around it, and callers.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tandem_bus::{Bus, InProcessBus};
use tandem_desk::{Desks, Journaled, Recorded, RequestMark, Settings, Submission, decode_record};
use tandem_domain::escalation::EscalationEvent;
use tandem_domain::routing::{Answer, Command, Intake, Query, Reply, RoutingEvent, TicketView};
use tandem_domain::{
    Actor, Channel, Clock, ConversationId, DeskId, IdSource, MessageId, Priority, Role, TicketId, Trace,
};
use tandem_escalation::{Parts, SERVICES, ServiceConfig, build};
use tandem_proto::v1;
use tandem_proto::v1::escalation_service_client::EscalationServiceClient;
use tandem_routing::RoutingCore;
use tandem_service_kit::auth::{DeskScope, Gate, Grant, Reflection, Signer, Verifier, table};
use tandem_service_kit::config::Secret;
use tandem_service_kit::desk_files::DeskFiles;
use tandem_service_kit::grpc::{Client, ClientOptions, Credentials, GrpcServer, connect};
use tandem_service_kit::health::Health;
use tandem_service_kit::ids::{SystemClock, SystemIds};
use tandem_service_kit::lifecycle::Lifecycle;
use tandem_sla::SlaCore;
use tandem_store::{MemoryStore, Store, Stream};
use tonic::async_trait;
use tonic::service::Routes;

use crate::desk::{desk_file, webhook};
use crate::sink::{SECRET, Sink};

/// The desk of the tests.
pub(crate) const ACME: &str = "acme";
/// Nothing in these tests takes as long, unless it hangs.
pub(crate) const DEADLINE: Duration = Duration::from_secs(40);

/// One store, one bus, a router's desks and what their files say.
pub(crate) struct World {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) router: Desks<RoutingCore>,
    pub(crate) files: Arc<Files>,
    pub(crate) secrets: tempfile::TempDir,
    signer: Signer,
    replicas: AtomicU64,
}

impl World {
    /// In memory, with a desk whose tickets are to be accepted within `target`, and a sink as the contact that is told.
    pub(crate) async fn paging(target: &str, rungs: &str) -> (Self, Sink) {
        let (world, sink) = (Self::new(), Sink::start().await);
        world
            .apply(&desk_file(target, rungs, &webhook("pager", &sink.url()), "pager"))
            .await;
        (world, sink)
    }

    /// In memory, with a router whose head is announced often.
    pub(crate) fn new() -> Self {
        Self::on(Arc::new(MemoryStore::new()), Arc::new(InProcessBus::new()))
    }

    pub(crate) fn on(store: Arc<dyn Store>, bus: Arc<dyn Bus>) -> Self {
        let settings = Settings {
            head_every: Duration::from_millis(200),
            ..Settings::default()
        };
        let router = Desks::start(settings, store.clone(), bus.clone(), Arc::new(SystemIds));
        Self::with_router(store, bus, router)
    }

    pub(crate) fn with_router(store: Arc<dyn Store>, bus: Arc<dyn Bus>, router: Desks<RoutingCore>) -> Self {
        let secrets = tempfile::tempdir().unwrap();
        std::fs::write(secrets.path().join("pager"), SECRET).unwrap();
        let signer = Signer::open(&secrets.path().join("keys")).unwrap();
        Self {
            store,
            bus,
            router,
            files: Arc::default(),
            secrets,
            signer,
            replicas: AtomicU64::new(0),
        }
    }

    /// A desk file comes into force.
    pub(crate) async fn apply(&self, text: &str) {
        let file = tandem_desk_file::parse(text).unwrap_or_else(|faults| panic!("{faults:?}\n{text}"));
        let compiled = tandem_desk_file::compile(&file, text);
        self.files.put(text);
        let desk = acme();
        eventually(async || self.router.create(&desk).await.is_ok()).await;
        let activate = Command::Activate(Box::new(compiled));
        assert!(matches!(self.submit(activate).await, Reply::Activated { .. }));
    }

    /// A mail opens a ticket that nobody takes.
    pub(crate) async fn open_ticket(&self) -> TicketId {
        let now = SystemClock.now();
        let message = MessageId(SystemIds.next(now));
        let intake = Intake {
            message,
            conversation: ConversationId(SystemIds.next(now)),
            account: key("support"),
            channel: Channel::Email,
            queue: key("general"),
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
        match self.submit(Command::Intake(Box::new(intake))).await {
            Reply::OnTicket { ticket, opened: true } => ticket,
            other => panic!("the message opened no ticket: {other:?}"),
        }
    }

    /// Has the router do it, whatever fails in between.
    pub(crate) async fn submit(&self, command: Command) -> Reply {
        let submission = Submission {
            command,
            actor: Actor::service("test"),
            request: RequestMark {
                method: "Test".to_owned(),
                id: SystemIds.next(SystemClock.now()).to_string(),
                forever: false,
            },
            rows: Vec::new(),
            trace: Trace::default(),
        };
        let mut reply = None;
        eventually(async || {
            reply = self.router.submit(&acme(), submission.clone()).await.ok();
            reply.is_some()
        })
        .await;
        reply.expect("it was done")
    }

    pub(crate) async fn ticket(&self, ticket: TicketId) -> TicketView {
        match self.router.query(&acme(), Query::Ticket(ticket)).await {
            Ok(Answer::Ticket(Some(ticket))) => *ticket,
            other => panic!("{other:?}"),
        }
    }

    /// What the escalation journal says.
    pub(crate) async fn escalated(&self) -> Vec<EscalationEvent> {
        self.journal::<SlaCore>().await
    }

    /// What the router's journal says.
    pub(crate) async fn routed(&self) -> Vec<RoutingEvent> {
        self.journal::<RoutingCore>().await
    }

    async fn journal<C: Journaled>(&self) -> Vec<C::Body> {
        let stream = Stream::new(C::SERVICE, acme());
        let records = self.store.read(&stream, 1, 100_000).await.unwrap();
        let read = records.iter().map(|record| decode_record::<C>(record).unwrap());
        let bodies = read.filter_map(|recorded| match recorded {
            Recorded::Core(event) => Some(event.body),
            Recorded::Shell(_) => None,
        });
        bodies.collect()
    }

    /// An escalation service on this world's store and bus.
    pub(crate) async fn replica(&self) -> Replica {
        self.replica_with(&[]).await
    }

    pub(crate) async fn replica_with(&self, settings: &[(&str, &str)]) -> Replica {
        self.replica_on(self.store.clone(), self.bus.clone(), settings).await
    }

    pub(crate) async fn replica_on(
        &self,
        store: Arc<dyn Store>,
        bus: Arc<dyn Bus>,
        settings: &[(&str, &str)],
    ) -> Replica {
        let config = self.config(settings);
        let life = Lifecycle::new(config.lifecycle);
        let health = Health::new(&SERVICES, life.draining());
        let parts = Parts {
            store,
            bus,
            ids: Arc::new(SystemIds),
            clock: Arc::new(SystemClock),
            files: self.files.clone(),
            instance: format!("replica{}", self.replicas.fetch_add(1, Ordering::SeqCst)),
        };
        let escalation = build(config.own(), parts, &life).unwrap();
        let mut routes = Routes::builder();
        escalation.add_services(&mut routes, &config.grpc);
        routes.add_service(health.server());
        let server = GrpcServer::bind(&config.grpc).await.unwrap();
        let address = server.address();
        let gate = Gate::new(Arc::new(Verifier::of(&self.signer)), table::METHODS, Reflection::Closed);
        life.spawn("grpc", server.serve(routes.routes(), gate, life.draining(), DEADLINE));
        Replica { address, life }
    }

    pub(crate) fn config(&self, settings: &[(&str, &str)]) -> ServiceConfig {
        let secrets = self.secrets.path().display().to_string();
        let usual = [
            ("TANDEM_GRPC__LISTEN", "127.0.0.1:0"),
            ("TANDEM_STORE__DATA_DIR", "unused"),
            ("TANDEM_AUTH__PUBLIC_KEY_FILES", "unused"),
            ("TANDEM_ROUTER__TOKEN_FILE", "unused"),
            ("TANDEM_WEBHOOKS__ALLOW_PRIVATE", "true"),
            ("TANDEM_WEBHOOKS__TIMEOUT", "1s"),
            ("TANDEM_WEBHOOKS__SECRETS_DIR", &secrets),
            ("TANDEM_ESCALATION__LEASE_TTL", "1s"),
        ];
        let environment = usual
            .iter()
            .chain(settings)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        ServiceConfig::load(None, environment.collect::<Vec<_>>()).unwrap_or_else(|faults| panic!("{faults}"))
    }

    /// A caller in a role, on these desks.
    pub(crate) async fn caller(
        &self,
        replica: &Replica,
        role: Role,
        desks: &[&str],
    ) -> EscalationServiceClient<Client> {
        let grant = Grant {
            role,
            subject: "sam".to_owned(),
            desks: DeskScope::Named(desks.iter().map(|desk| key(desk)).collect()),
        };
        let token = self.signer.mint(&grant, DEADLINE, SystemClock.now()).unwrap();
        let options = ClientOptions {
            address: format!("http://{}", replica.address),
            ca_file: None,
            connect_timeout: DEADLINE,
            call_timeout: DEADLINE,
        };
        let channel = connect(&options, Credentials::fixed(Secret::new(token))).await.unwrap();
        EscalationServiceClient::new(channel)
    }

    pub(crate) async fn supervisor(&self, replica: &Replica) -> Caller {
        Caller(self.caller(replica, Role::Supervisor, &[ACME]).await)
    }
}

/// One process.
pub(crate) struct Replica {
    pub(crate) address: SocketAddr,
    pub(crate) life: Lifecycle,
}

impl Replica {
    /// Ends as a process does that is killed: nothing is finished.
    pub(crate) async fn dies(self) {
        self.life.aborting().cancel();
        self.life.draining().cancel();
        self.life.run(futures::stream::pending()).await;
    }

    /// Stops as a process does that is told to.
    pub(crate) async fn stops(self) {
        self.life.draining().cancel();
        self.life.run(futures::stream::pending()).await;
    }
}

/// A supervisor's questions about `ACME`.
pub(crate) struct Caller(pub(crate) EscalationServiceClient<Client>);

impl Caller {
    pub(crate) async fn clocks(&self, ticket: TicketId) -> Vec<v1::SlaClock> {
        let request = v1::ListClocksRequest {
            desk: ACME.into(),
            ticket_id: ticket.0,
            ..v1::ListClocksRequest::default()
        };
        match self.0.clone().list_clocks(request).await {
            Ok(answer) => answer.into_inner().clocks,
            Err(_) => Vec::new(),
        }
    }

    pub(crate) async fn escalations(&self) -> Vec<v1::Escalation> {
        let request = v1::ListEscalationsRequest {
            desk: ACME.into(),
            ..v1::ListEscalationsRequest::default()
        };
        match self.0.clone().list_escalations(request).await {
            Ok(answer) => answer.into_inner().escalations,
            Err(_) => Vec::new(),
        }
    }

    pub(crate) async fn notifications(&self, failed_only: bool) -> Vec<v1::Notification> {
        let request = v1::ListNotificationsRequest {
            desk: ACME.into(),
            failed_only,
            ..v1::ListNotificationsRequest::default()
        };
        match self.0.clone().list_notifications(request).await {
            Ok(answer) => answer.into_inner().notifications,
            Err(_) => Vec::new(),
        }
    }

    /// Whether it had been given up.
    pub(crate) async fn retries(&self, notification: &str) -> bool {
        let request = v1::RetryNotificationRequest {
            desk: ACME.into(),
            request_id: "again".into(),
            notification_id: notification.into(),
        };
        self.0
            .clone()
            .retry_notification(request)
            .await
            .unwrap()
            .into_inner()
            .retried
    }

    pub(crate) async fn acknowledges(&self, escalation_id: u64) -> Result<v1::Escalation, tonic::Status> {
        let request = v1::AcknowledgeEscalationRequest {
            desk: ACME.into(),
            request_id: format!("ack-{escalation_id}"),
            escalation_id,
        };
        let answer = self.0.clone().acknowledge_escalation(request).await?;
        Ok(answer.into_inner().escalation.expect("the escalation as it is now"))
    }
}

/// The desk files that the router would send.
#[derive(Default)]
pub(crate) struct Files {
    versions: Mutex<Vec<String>>,
    away: Mutex<bool>,
}

impl Files {
    fn put(&self, text: &str) {
        self.versions.lock().unwrap().push(text.to_owned());
    }

    pub(crate) fn set_away(&self, away: bool) {
        *self.away.lock().unwrap() = away;
    }
}

#[async_trait]
impl DeskFiles for Files {
    async fn fetch(&self, _desk: &DeskId, version: u64) -> Result<String, String> {
        if *self.away.lock().unwrap() {
            return Err("the router is away".to_owned());
        }
        let index = usize::try_from(version).unwrap() - 1;
        Ok(self.versions.lock().unwrap()[index].clone())
    }
}

/// Waits until it is so.
#[track_caller]
pub(crate) fn eventually<F: AsyncFnMut() -> bool>(mut is_so: F) -> impl Future<Output = ()> {
    let place = std::panic::Location::caller();
    async move {
        let waiting = async {
            while !is_so().await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let so = tokio::time::timeout(DEADLINE, waiting).await;
        assert!(so.is_ok(), "it never came about: {place}");
    }
}

pub(crate) fn acme() -> DeskId {
    key(ACME)
}

pub(crate) fn key<K: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> K {
    text.parse().unwrap()
}
