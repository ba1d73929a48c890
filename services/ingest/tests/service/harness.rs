//! Whole ingests over real SMTP and gRPC, beside desks of the router, on one store and one bus in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tandem_bus::{Bus, InProcessBus};
use tandem_desk::{Desks, Recorded, RequestMark, Settings, Submission, decode_record};
use tandem_domain::routing::{Command, Intake, Reply, RoutingEvent};
use tandem_domain::{Actor, Clock, DeskId, Event, IdSource, Role, Trace};
use tandem_ingest::config::ServiceConfig;
use tandem_ingest::{Ingest, Parts};
use tandem_proto::v1;
use tandem_proto::v1::ingest_service_client::IngestServiceClient;
use tandem_routing::RoutingCore;
use tandem_service_kit::auth::{DeskScope, Gate, Grant, Reflection, Signer, Verifier, table};
use tandem_service_kit::config::Secret;
use tandem_service_kit::desk_files::DeskFiles;
use tandem_service_kit::grpc::{Client, ClientOptions, Credentials, GrpcServer, connect};
use tandem_service_kit::ids::{SystemClock, SystemIds};
use tandem_service_kit::lifecycle::{Exit, Lifecycle};
use tandem_store::{JournalStore, MemoryStore, Store, Stream};
use tonic::Status;
use tonic::service::Routes;
use tonic_types::StatusExt;

use crate::letter::Letter;
use crate::smtp_client;

/// A desk on which tests work.
pub(crate) const ACME: &str = "acme";
/// Another one that the callers may touch.
pub(crate) const GLOBEX: &str = "globex";
/// The desk that no caller's token names.
pub(crate) const FOREIGN: &str = "initech";

/// Nothing in these tests takes as long, unless it hangs.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);
/// Ingest's secret in these tests.
pub(crate) const SECRET: &[u8] = b"a secret for tests that is long enough";

/// The secret that the desks' sites share with their chat accounts.
pub(crate) const CONTACT_SECRET: &str = "a secret of thirty-two bytes or so, shared";

/// A router's desks as they are stored, how services talk, and who may call.
pub(crate) struct World {
    pub(crate) store: MemoryStore,
    pub(crate) bus: Arc<InProcessBus>,
    pub(crate) files: Arc<Files>,
    signer: Signer,
    folder: tempfile::TempDir,
}

/// A running ingest.
pub(crate) struct Service {
    pub(crate) smtp: SocketAddr,
    pub(crate) grpc: SocketAddr,
    pub(crate) chat: SocketAddr,
    life: Lifecycle,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let signer = Signer::open(&folder.path().join("keys")).unwrap();
        std::fs::write(folder.path().join("secret"), SECRET).unwrap();
        std::fs::write(folder.path().join("widget"), CONTACT_SECRET).unwrap();
        Self {
            store: MemoryStore::new(),
            bus: Arc::new(InProcessBus::new()),
            files: Arc::default(),
            signer,
            folder,
        }
    }

    /// A router and an ingest that know the three desks.
    pub(crate) async fn started() -> (Self, Desks<RoutingCore>, Service) {
        let world = Self::new();
        let router = world.router();
        for desk in [ACME, GLOBEX, FOREIGN] {
            world.apply(&router, desk, &desk_file(desk)).await;
        }
        let service = world.ingest().await;
        service
            .knows(&["help@acme.example", "help@globex.example", "help@initech.example"])
            .await;
        (world, router, service)
    }

    /// A router's process.
    pub(crate) fn router(&self) -> Desks<RoutingCore> {
        self.router_on(Arc::new(self.store.clone()))
    }

    /// A router's process that keeps its desks elsewhere than ingest keeps its documents.
    pub(crate) fn router_on(&self, store: Arc<dyn Store>) -> Desks<RoutingCore> {
        let settings = Settings {
            lease_every: Duration::from_millis(100),
            head_every: Duration::from_millis(100),
            owner_wait: Duration::from_millis(200),
            ..Settings::default()
        };
        Desks::start(settings, store, self.bus.clone(), Arc::new(SystemIds))
    }

    /// Brings a desk file into force.
    pub(crate) async fn apply(&self, router: &Desks<RoutingCore>, desk: &str, text: &str) {
        let file = tandem_desk_file::parse(text).unwrap();
        let desk: DeskId = key(desk);
        router.create(&desk).await.unwrap();
        self.files.put(&desk, text);
        let command = Command::Activate(Box::new(tandem_desk_file::compile(&file, text)));
        let submission = Submission {
            command,
            actor: Actor::service("test"),
            request: request("Apply", &SystemIds.next(SystemClock.now()).to_string()),
            rows: Vec::new(),
            trace: Trace::default(),
        };
        let reply = router.submit(&desk, submission).await;
        assert!(matches!(reply, Ok(Reply::Activated { .. })), "{reply:?}");
    }

    /// An ingest's process.
    pub(crate) async fn ingest(&self) -> Service {
        self.ingest_on(self.bus.clone()).await
    }

    /// An ingest's process that talks over another bus.
    pub(crate) async fn ingest_on(&self, bus: Arc<dyn Bus>) -> Service {
        self.ingest_of(bus, self.config()).await
    }

    /// An ingest's process of this configuration.
    pub(crate) async fn ingest_of(&self, bus: Arc<dyn Bus>, config: ServiceConfig) -> Service {
        let life = Lifecycle::new(config.lifecycle);
        let ingest = Ingest::start(self.parts(bus, &config), &life).await.unwrap();
        let mut services = Routes::builder();
        services.add_service(ingest.api);
        let server = GrpcServer::bind(&config.grpc).await.unwrap();
        let grpc = server.address();
        let gate = Gate::new(Arc::new(Verifier::of(&self.signer)), table::METHODS, Reflection::Closed);
        life.spawn("grpc", server.serve(services.routes(), gate, life.draining(), DEADLINE));
        let (smtp, chat) = (ingest.smtp, ingest.chat);
        Service { smtp, grpc, chat, life }
    }

    pub(crate) fn parts(&self, bus: Arc<dyn Bus>, config: &ServiceConfig) -> Parts {
        Parts {
            store: Arc::new(self.store.clone()),
            bus,
            files: self.files.clone(),
            ids: Arc::new(SystemIds),
            clock: Arc::new(SystemClock),
            secret: SECRET.to_vec(),
            instance: SystemIds.next(SystemClock.now()).to_string(),
            smtp: config.smtp.clone(),
            chat: config.chat.clone(),
            smarthost: config.smarthost.clone(),
            deliveries: config.deliveries.clone(),
        }
    }

    /// A configuration with which everything listens on a free port.
    pub(crate) fn config(&self) -> ServiceConfig {
        self.config_with(&[])
    }

    /// Such a configuration with settings of the test's own, named as in the environment.
    pub(crate) fn config_with(&self, own: &[(&str, &str)]) -> ServiceConfig {
        let secret = self.folder.path().join("secret").display().to_string();
        let secrets = self.folder.path().display().to_string();
        let settings = [
            ("TANDEM_GRPC__LISTEN", "127.0.0.1:0"),
            ("TANDEM_SMTP__LISTEN", "127.0.0.1:0"),
            ("TANDEM_CHAT__LISTEN", "127.0.0.1:0"),
            ("TANDEM_CHAT__SECRETS_DIR", &secrets),
            ("TANDEM_STORE__DATA_DIR", "unused"),
            ("TANDEM_AUTH__PUBLIC_KEY_FILES", "unused"),
            ("TANDEM_ROUTER__TOKEN_FILE", "unused"),
            ("TANDEM_INGEST__SECRET_FILE", &secret),
        ];
        let settings = settings.iter().chain(own);
        let environment = settings.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        ServiceConfig::load(None, environment).unwrap()
    }

    /// A caller in a role on `ACME` and `GLOBEX`.
    pub(crate) async fn caller(&self, service: &Service, role: Role, subject: &str) -> IngestServiceClient<Client> {
        let desks = DeskScope::Named(BTreeSet::from([key(ACME), key(GLOBEX)]));
        self.caller_on(service, role, subject, desks).await
    }

    pub(crate) async fn caller_on(
        &self,
        service: &Service,
        role: Role,
        subject: &str,
        desks: DeskScope,
    ) -> IngestServiceClient<Client> {
        let subject = subject.to_owned();
        let grant = Grant { role, subject, desks };
        let token = self
            .signer
            .mint(&grant, Duration::from_mins(10), SystemClock.now())
            .unwrap();
        let options = ClientOptions {
            address: format!("http://{}", service.grpc),
            ca_file: None,
            connect_timeout: DEADLINE,
            call_timeout: DEADLINE,
        };
        IngestServiceClient::new(connect(&options, Credentials::fixed(Secret::new(token))).await.unwrap())
    }

    /// All messages of a desk, once each is on a ticket or unrouted.
    pub(crate) async fn settled(&self, service: &Service, desk: &str) -> Vec<v1::Message> {
        let mut client = self.caller_on(service, Role::Admin, "test", DeskScope::All).await;
        let request = v1::ListMessagesRequest {
            desk: desk.to_owned(),
            page_size: 500,
            ..Default::default()
        };
        let mut messages = Vec::new();
        eventually(async || {
            messages = client
                .list_messages(request.clone())
                .await
                .unwrap()
                .into_inner()
                .messages;
            messages.iter().all(is_settled)
        })
        .await;
        messages
    }

    /// What happened on a desk.
    pub(crate) async fn events(&self, desk: &str) -> Vec<Event<RoutingEvent>> {
        events(&self.store, desk).await
    }

    /// The messages that opened tickets on a desk, as the router was told of them.
    pub(crate) async fn opened(&self, desk: &str) -> Vec<Intake> {
        let events = self.events(desk).await.into_iter();
        let opened = events.filter_map(|event| match event.body {
            RoutingEvent::TicketOpened { intake, .. } => Some(*intake),
            _ => None,
        });
        opened.collect()
    }
}

pub(crate) async fn events(store: &MemoryStore, desk: &str) -> Vec<Event<RoutingEvent>> {
    let records = store.read(&Stream::new("router", key(desk)), 1, 10_000).await.unwrap();
    let events = records
        .iter()
        .filter_map(|record| match decode_record::<RoutingCore>(record).unwrap() {
            Recorded::Core(event) => Some(event),
            Recorded::Shell(_) => None,
        });
    events.collect()
}

fn is_settled(message: &v1::Message) -> bool {
    message.ticket_id != 0 || !message.unrouted_reason.is_empty()
}

impl Service {
    /// Sends a mail; the code of the answer to its message.
    pub(crate) async fn takes(&self, letter: &Letter) -> u16 {
        smtp_client::send(self.smtp, letter).await
    }

    /// Waits until these addresses are taken.
    pub(crate) async fn knows(&self, addresses: &[&str]) {
        for address in addresses {
            eventually(async || self.answers_for(address).await == 250).await;
        }
    }

    /// The code with which a recipient is answered.
    pub(crate) async fn answers_for(&self, address: &str) -> u16 {
        smtp_client::SmtpClient::connect(self.smtp)
            .await
            .asks_for(address)
            .await
    }

    /// Ends as a process does that is killed: nothing is finished.
    pub(crate) async fn dies(self) {
        self.life.aborting().cancel();
        self.life.draining().cancel();
        self.life.run(futures::stream::pending()).await;
    }

    /// Stops as a process does that is told to.
    pub(crate) async fn stop(self) {
        self.life.draining().cancel();
        assert_eq!(self.life.run(futures::stream::pending()).await, Exit::Ok);
    }
}

/// The router's desk files, unless told to answer otherwise.
#[derive(Default)]
pub(crate) struct Files {
    versions: Mutex<BTreeMap<DeskId, Vec<String>>>,
    otherwise: Mutex<Option<Result<String, String>>>,
    fetched: AtomicUsize,
}

impl Files {
    fn put(&self, desk: &DeskId, text: &str) {
        let mut versions = self.versions.lock().unwrap();
        versions.entry(desk.clone()).or_default().push(text.to_owned());
    }

    /// From now on everything is answered with this, or as it should be.
    pub(crate) fn answer(&self, otherwise: Option<Result<String, String>>) {
        *self.otherwise.lock().unwrap() = otherwise;
    }

    /// How often something was asked for.
    pub(crate) fn fetched(&self) -> usize {
        self.fetched.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl DeskFiles for Files {
    async fn fetch(&self, desk: &DeskId, version: u64) -> Result<String, String> {
        self.fetched.fetch_add(1, Ordering::SeqCst);
        if let Some(otherwise) = &*self.otherwise.lock().unwrap() {
            return otherwise.clone();
        }
        let versions = self.versions.lock().unwrap();
        let index = usize::try_from(version).unwrap() - 1;
        Ok(versions[desk][index].clone())
    }
}

/// A desk that takes mail at `help@` and `sales@`, and chats.
pub(crate) fn desk_file(desk: &str) -> String {
    desk_file_with(desk, "help", "")
}

/// The same desk with another address instead of `help@`, and rules.
pub(crate) fn desk_file_with(desk: &str, help: &str, rules: &str) -> String {
    format!(
        "\
desk: {desk}
languages: [de, en, fr]
default_language: en
language_threshold: 0.7
skills:
  billing: Invoices and payments
teams:
  inside: {{}}
  outside: {{}}
channels:
  email:
    accounts:
      support: {{addresses: [{help}@{desk}.example], queue: general}}
      sales: {{addresses: [sales@{desk}.example], queue: second}}
  chat:
    wrap_up: 0s
    accounts:
      widget: {{queue: general, name: {desk} chat, origins: [https://shop.{desk}.example], contact_secret: widget}}
agents:
  ana: {{teams: [inside], capacity: 3, languages: {{de: C2, en: C1, fr: C1}}, skills: {{billing: 3}}}}
  ben: {{teams: [outside], languages: {{en: C1}}}}
tandems: {{north: [ana, ben]}}
queues:
  general: {{teams: [inside]}}
  second: {{teams: [inside]}}
{rules}"
    )
}

pub(crate) fn key<K: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> K {
    text.parse().unwrap()
}

pub(crate) fn request(method: &str, id: &str) -> RequestMark {
    RequestMark {
        method: method.to_owned(),
        id: id.to_owned(),
        forever: true,
    }
}

/// Asserts a refusal: its status and the fields that it names.
#[track_caller]
pub(crate) fn assert_refused<T: std::fmt::Debug>(answer: Result<T, Status>, code: tonic::Code, fields: &[&str]) {
    let status = answer.expect_err("a refusal");
    assert_eq!(status.code(), code, "{status:?}");
    let named = status.get_details_bad_request().map(|details| details.field_violations);
    let named: Vec<_> = named.into_iter().flatten().map(|violation| violation.field).collect();
    assert_eq!(named, fields, "{status:?}");
}

/// Waits until `condition` holds.
pub(crate) async fn eventually(mut condition: impl AsyncFnMut() -> bool) {
    let mut look = tokio::time::interval(Duration::from_millis(20));
    let waiting = async {
        while !condition().await {
            look.tick().await;
        }
    };
    tokio::time::timeout(DEADLINE, waiting)
        .await
        .expect("the condition never held");
}
