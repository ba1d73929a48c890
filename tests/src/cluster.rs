//! Two replicas each of router and ingest, on PostgreSQL and NATS.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use tandem_test_support::nats::Nats;
use tandem_test_support::port::free_port;
use tandem_test_support::postgres::Postgres;
use tempfile::TempDir;

use crate::audit;
use crate::process::Process;
use crate::programs::{program, text};
use crate::site::Site;
use crate::tokens::Tokens;

/// How many of each.
const REPLICAS: usize = 2;

/// A running cluster; it ends with the test.
pub struct Cluster {
    /// What it looks like from outside.
    pub site: Site,
    /// The routers.
    pub routers: Vec<Process>,
    /// The ingests.
    pub ingests: Vec<Process>,
    /// The broker.
    pub nats: Nats,
    /// The database server.
    pub postgres: Postgres,
    url: String,
    directory: TempDir,
}

impl Cluster {
    /// Starts everything, with the three desks. Says "skipped" and returns nothing where a server is missing.
    pub async fn start() -> Option<Self> {
        let cluster = Self::without_desks().await?;
        cluster.site.furnish().await;
        cluster.site.answer().await;
        Some(cluster)
    }

    /// Starts everything, with no desk.
    pub async fn without_desks() -> Option<Self> {
        let postgres = Postgres::start_private().await?;
        let nats = Nats::start().await?;
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let site = site(directory.path());
        let url = postgres.database();
        let mut cluster = Self {
            site,
            routers: Vec::new(),
            ingests: Vec::new(),
            nats,
            postgres,
            url,
            directory,
        };
        cluster.routers = (0..REPLICAS).map(|replica| cluster.router(replica)).collect();
        cluster.ingests = (0..REPLICAS).map(|replica| cluster.ingest(replica)).collect();
        Some(cluster)
    }

    /// Starts a router again, after it has ended.
    pub fn revive_router(&mut self, replica: usize) {
        self.routers[replica] = self.router(replica);
    }

    /// Starts an ingest again, after it has ended.
    pub fn revive_ingest(&mut self, replica: usize) {
        self.ingests[replica] = self.ingest(replica);
    }

    /// Ends all services as signals do, and says what `tandem audit` finds then.
    pub async fn stop_and_audit(&mut self) -> Vec<String> {
        for process in self.ingests.iter_mut().chain(&mut self.routers) {
            process.signal("TERM");
        }
        for process in self.ingests.iter_mut().chain(&mut self.routers) {
            let status = process.end().await;
            assert_eq!(status.code(), Some(0), "{}", process.log());
        }
        audit::findings(&["--postgres", &self.url])
    }

    /// Where keys and logs are.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    fn router(&self, replica: usize) -> Process {
        let mut settings = self.shared_settings(&self.site.routers[replica]);
        // A desk stands still this long when its owner dies.
        set(&mut settings, "TANDEM_ROUTER__LEASE_TTL", "2s");
        set(
            &mut settings,
            "TANDEM_TELEMETRY__INSTANCE",
            &format!("router-{replica}"),
        );
        Process::start(&program("tandem-router"), &[], &settings, &self.log("router", replica))
    }

    fn ingest(&self, replica: usize) -> Process {
        let mut settings = self.shared_settings(&self.site.ingests[replica]);
        set(
            &mut settings,
            "TANDEM_SMTP__LISTEN",
            &self.site.smtp[replica].to_string(),
        );
        set(&mut settings, "TANDEM_ROUTER__ENDPOINT", &self.site.routers[replica]);
        set(
            &mut settings,
            "TANDEM_ROUTER__TOKEN_FILE",
            text(&token_file(self.directory.path())),
        );
        set(
            &mut settings,
            "TANDEM_INGEST__SECRET_FILE",
            text(&secret_file(self.directory.path())),
        );
        set(
            &mut settings,
            "TANDEM_TELEMETRY__INSTANCE",
            &format!("ingest-{replica}"),
        );
        Process::start(&program("tandem-ingest"), &[], &settings, &self.log("ingest", replica))
    }

    fn shared_settings(&self, url: &str) -> Vec<(String, String)> {
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

    fn log(&self, name: &str, replica: usize) -> PathBuf {
        self.directory.path().join(format!("{name}-{replica}.log"))
    }
}

fn site(directory: &Path) -> Site {
    let tokens = Tokens::open(&directory.join("auth"));
    std::fs::write(token_file(directory), tokens.service()).expect("the directory is ours");
    std::fs::write(secret_file(directory), "one secret of all replicas in this test").expect("the directory is ours");
    let urls = || {
        (0..REPLICAS)
            .map(|_| format!("http://127.0.0.1:{}", free_port()))
            .collect()
    };
    let smtp = (0..REPLICAS).map(|_| SocketAddr::from((Ipv4Addr::LOCALHOST, free_port())));
    Site {
        routers: urls(),
        ingests: urls(),
        smtp: smtp.collect(),
        tokens,
    }
}

fn token_file(directory: &Path) -> PathBuf {
    directory.join("service.token")
}

fn secret_file(directory: &Path) -> PathBuf {
    directory.join("ingest.secret")
}

fn set(settings: &mut Vec<(String, String)>, name: &str, value: &str) {
    settings.push((name.to_owned(), value.to_owned()));
}
