//! `tandem up` as a process.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use tandem_test_support::port::free_port;
use tempfile::TempDir;

use crate::audit;
use crate::desks::write_references;
use crate::hooks::Hooks;
use crate::process::Process;
use crate::programs::{program, text};
use crate::site::Site;
use crate::smarthost::Smarthost;
use crate::tokens::Tokens;
use crate::wait::eventually;

/// A running `tandem up` with a data directory; both end with the test.
pub struct Embedded {
    /// What it looks like from outside.
    pub site: Site,
    /// The process.
    pub process: Process,
    data: PathBuf,
    log: PathBuf,
    own: Vec<(String, String)>,
    _directory: TempDir,
}

impl Embedded {
    /// Starts it on a new directory, with the three desks.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same, with settings of the test's own.
    pub async fn start_with(own: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let data = directory.path().join("data");
        Self::start_so(directory, data, own).await
    }

    /// Starts it on a data directory of the caller's, with the three desks.
    pub async fn start_on(directory: TempDir, data: PathBuf) -> Self {
        Self::start_so(directory, data, &[]).await
    }

    async fn start_so(directory: TempDir, data: PathBuf, own: &[(&str, &str)]) -> Self {
        let tokens = Tokens::open(&data.join("auth"));
        let url = format!("http://127.0.0.1:{}", free_port());
        let address = || vec![SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()))];
        let site = Site {
            routers: vec![url.clone()],
            ingests: vec![url.clone()],
            escalations: vec![url.clone()],
            metrics: vec![url],
            smtp: address(),
            chat: address(),
            smarthost: Smarthost::start().await,
            hooks: Hooks::start().await,
            tokens,
        };
        let log = directory.path().join("log");
        let references = directory.path().join("references");
        write_references(&references);
        let own = settings(&site, &references, own);
        let process = run(&data, &site, &own, &log);
        let embedded = Self {
            site,
            process,
            data,
            log,
            own,
            _directory: directory,
        };
        embedded.site.furnish().await;
        embedded
    }

    /// Starts it again, after it has ended.
    pub fn revive(&mut self) {
        self.process = run(&self.data, &self.site, &self.own, &self.log);
    }

    /// Waits until it serves all desks again.
    pub async fn serve(&self) {
        self.site.answer().await;
        self.site.take_mail().await;
    }

    /// Ends it as a signal does, and says what `tandem audit` finds then.
    pub async fn stop_and_audit(&mut self) -> Vec<String> {
        self.process.signal("TERM");
        let status = self.process.end().await;
        assert_eq!(status.code(), Some(0), "{}", self.process.log());
        audit::findings(&["--data-dir", text(&self.data)])
    }

    /// Where it keeps its data.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Waits until it has written its address down.
    pub async fn endpoint(&self) -> String {
        let path = self.data.join("endpoint");
        eventually("the address is written down", async || {
            std::fs::read_to_string(&path).ok()
        })
        .await
    }
}

fn run(data: &Path, site: &Site, settings: &[(String, String)], log: &Path) -> Process {
    let grpc = site.routers[0].trim_start_matches("http://").to_owned();
    let smtp = site.smtp[0].to_string();
    let arguments = ["up", "--data-dir", text(data), "--grpc", &grpc, "--smtp", &smtp].map(ToOwned::to_owned);
    Process::start(&program("tandem"), &arguments, settings, log)
}

fn settings(site: &Site, references: &Path, own: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut settings = vec![
        ("TANDEM_GRPC__REFLECTION", "true".to_owned()),
        // Desks stand still this long when their owner dies.
        ("TANDEM_ROUTER__LEASE_TTL", "2s".to_owned()),
        ("TANDEM_ESCALATION__LEASE_TTL", "2s".to_owned()),
        ("TANDEM_ESCALATION__MAIL_FROM", "tandem@acme.example".to_owned()),
        ("TANDEM_WEBHOOKS__SECRETS_DIR", text(references).to_owned()),
        ("TANDEM_WEBHOOKS__ALLOW_PRIVATE", "true".to_owned()),
        ("TANDEM_CHAT__LISTEN", site.chat[0].to_string()),
    ];
    settings.extend(site.smarthost.settings());
    settings.extend(own.iter().map(|(name, value)| (*name, (*value).to_owned())));
    settings
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
