//! Two replicas each of all services, on PostgreSQL and NATS.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use tandem_test_support::nats::Nats;
use tandem_test_support::port::free_port;
use tandem_test_support::postgres::Postgres;
use tempfile::TempDir;

use crate::audit;
use crate::desks::write_references;
use crate::hooks::Hooks;
use crate::process::Process;
use crate::programs::{program, text};
use crate::site::Site;
use crate::smarthost::Smarthost;
use crate::tokens::Tokens;

/// How many of each.
pub const REPLICAS: usize = 2;

/// A service of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// Takes messages in, and sends answers.
    Ingest,
    /// Decides who gets what.
    Router,
    /// Watches the clocks.
    Escalation,
    /// Measures.
    Metrics,
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ingest, Self::Router, Self::Escalation, Self::Metrics];

    /// Its name, as in `tandem-ingest`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Router => "router",
            Self::Escalation => "escalation",
            Self::Metrics => "metrics",
        }
    }
}

/// One replica of a service.
pub type Replica = (Service, usize);

/// Every replica of every service.
pub fn replicas() -> impl Iterator<Item = Replica> {
    Service::ALL
        .into_iter()
        .flat_map(|service| (0..REPLICAS).map(move |replica| (service, replica)))
}

/// A running cluster; it ends with the test.
pub struct Cluster {
    /// What it looks like from outside.
    pub site: Site,
    /// The broker.
    pub nats: Nats,
    /// The database server.
    pub postgres: Postgres,
    processes: BTreeMap<Replica, Process>,
    url: String,
    own: Vec<OwnSetting>,
    directory: TempDir,
}

/// A setting of a test's own, and whose: all replicas of a service get it.
pub type OwnSetting = (Service, &'static str, &'static str);

impl Cluster {
    /// Starts everything, with the three desks. Says "skipped" and returns nothing where a server is missing.
    pub async fn start() -> Option<Self> {
        Self::start_with(&[]).await
    }

    /// The same, with settings of the test's own.
    pub async fn start_with(own: &[OwnSetting]) -> Option<Self> {
        let cluster = Self::bare(own).await?;
        cluster.site.furnish().await;
        cluster.site.answer().await;
        Some(cluster)
    }

    /// Starts everything, with no desk.
    pub async fn without_desks() -> Option<Self> {
        Self::bare(&[]).await
    }

    async fn bare(own: &[OwnSetting]) -> Option<Self> {
        let postgres = Postgres::start_private().await?;
        let nats = Nats::start().await?;
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let site = site(directory.path()).await;
        let url = postgres.database();
        let mut cluster = Self {
            site,
            nats,
            postgres,
            processes: BTreeMap::new(),
            url,
            own: own.to_vec(),
            directory,
        };
        for replica in replicas() {
            cluster.revive(replica);
        }
        Some(cluster)
    }

    /// A replica's process.
    pub fn process(&mut self, replica: Replica) -> &mut Process {
        self.processes.get_mut(&replica).expect("each replica was started")
    }

    /// Starts a replica, for the first time or after it has ended.
    pub fn revive(&mut self, (service, number): Replica) {
        let name = format!("{}-{number}", service.name());
        let log = self.directory.path().join(format!("{name}.log"));
        let mut settings = self.shared_settings((service, number));
        set(&mut settings, "TANDEM_TELEMETRY__INSTANCE", &name);
        match service {
            Service::Ingest => self.set_up_ingest(number, &mut settings),
            Service::Router => self.set_up_router(number, &mut settings),
            Service::Escalation => self.set_up_escalation(number, &mut settings),
            Service::Metrics => {}
        }
        let own = self.own.iter().filter(|(whose, _, _)| *whose == service);
        own.for_each(|(_, name, value)| set(&mut settings, name, value));
        let program = program(&format!("tandem-{}", service.name()));
        let process = Process::start(&program, &[], &settings, &log);
        self.processes.insert((service, number), process);
    }

    /// Which replica of a service has taken a desk last, as the logs say.
    pub fn owner(&self, service: Service, desk: &str) -> usize {
        let taken = |number| {
            let log = self.processes[&(service, number)].log();
            let line = log
                .lines()
                .rfind(|line| line.contains("desk taken") && line.contains(desk))?;
            line.get(..line.find("desk taken")?).map(ToOwned::to_owned)
        };
        let last = [0, 1].map(taken);
        assert!(last.iter().any(Option::is_some), "nobody has taken {desk}");
        usize::from(last[1] > last[0])
    }

    /// Ends all services as signals do, and says what `tandem audit` finds then.
    pub async fn stop_and_audit(&mut self) -> Vec<String> {
        for process in self.processes.values() {
            process.signal("TERM");
        }
        for process in self.processes.values_mut() {
            let status = process.end().await;
            assert_eq!(status.code(), Some(0), "{}", process.log());
        }
        audit::findings(&["--postgres", &self.url])
    }

    /// Where keys and logs are.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    fn set_up_router(&self, number: usize, settings: &mut Settings) {
        // A desk stands still this long when its owner dies.
        set(settings, "TANDEM_ROUTER__LEASE_TTL", "2s");
        set(settings, "TANDEM_INGEST__ENDPOINT", &self.site.ingests[number]);
        set(settings, "TANDEM_INGEST__TOKEN_FILE", text(&self.token_file()));
    }

    fn set_up_ingest(&self, number: usize, settings: &mut Settings) {
        set(settings, "TANDEM_SMTP__LISTEN", &self.site.smtp[number].to_string());
        set(settings, "TANDEM_CHAT__LISTEN", &self.site.chat[number].to_string());
        self.set_up_mail_out(settings);
        self.set_up_router_access(number, settings);
        set(
            settings,
            "TANDEM_INGEST__SECRET_FILE",
            text(&secret_file(self.directory())),
        );
    }

    fn set_up_escalation(&self, number: usize, settings: &mut Settings) {
        set(
            settings,
            "TANDEM_WEBHOOKS__SECRETS_DIR",
            text(&secrets_dir(self.directory())),
        );
        set(settings, "TANDEM_WEBHOOKS__ALLOW_PRIVATE", "true");
        set(settings, "TANDEM_ESCALATION__LEASE_TTL", "2s");
        set(settings, "TANDEM_ESCALATION__MAIL_FROM", "tandem@acme.example");
        self.set_up_mail_out(settings);
        self.set_up_router_access(number, settings);
    }

    fn set_up_router_access(&self, number: usize, settings: &mut Settings) {
        set(settings, "TANDEM_ROUTER__ENDPOINT", &self.site.routers[number]);
        set(settings, "TANDEM_ROUTER__TOKEN_FILE", text(&self.token_file()));
    }

    fn set_up_mail_out(&self, settings: &mut Settings) {
        for (name, value) in self.site.smarthost.settings() {
            set(settings, name, &value);
        }
    }

    fn shared_settings(&self, replica: Replica) -> Settings {
        let url = self.site.url(replica);
        let mut settings = Vec::new();
        set(&mut settings, "TANDEM_GRPC__LISTEN", url.trim_start_matches("http://"));
        set(&mut settings, "TANDEM_GRPC__REFLECTION", "true");
        set(&mut settings, "TANDEM_STORE__URL", &self.url);
        set(&mut settings, "TANDEM_BUS__SERVERS", &self.nats.url());
        set(
            &mut settings,
            "TANDEM_AUTH__PUBLIC_KEY_FILES",
            text(self.site.tokens.public_key()),
        );
        settings
    }

    fn token_file(&self) -> PathBuf {
        token_file(self.directory())
    }
}

type Settings = Vec<(String, String)>;

async fn site(directory: &Path) -> Site {
    let tokens = Tokens::open(&directory.join("auth"));
    std::fs::write(token_file(directory), tokens.service()).expect("the directory is ours");
    std::fs::write(secret_file(directory), "one secret of all replicas in this test").expect("the directory is ours");
    write_references(&secrets_dir(directory));
    let urls = || -> Vec<String> {
        (0..REPLICAS)
            .map(|_| format!("http://127.0.0.1:{}", free_port()))
            .collect()
    };
    let addresses = || -> Vec<SocketAddr> {
        (0..REPLICAS)
            .map(|_| SocketAddr::from((Ipv4Addr::LOCALHOST, free_port())))
            .collect()
    };
    Site {
        routers: urls(),
        ingests: urls(),
        escalations: urls(),
        metrics: urls(),
        smtp: addresses(),
        chat: addresses(),
        smarthost: Smarthost::start().await,
        hooks: Hooks::start().await,
        tokens,
    }
}

fn secrets_dir(directory: &Path) -> PathBuf {
    directory.join("references")
}

fn token_file(directory: &Path) -> PathBuf {
    directory.join("service.token")
}

fn secret_file(directory: &Path) -> PathBuf {
    directory.join("ingest.secret")
}

fn set(settings: &mut Settings, name: &str, value: &str) {
    settings.push((name.to_owned(), value.to_owned()));
}
