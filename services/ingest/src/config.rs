//! What can be configured. The files `*.default.toml` explain each key.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tandem_service_kit::config::{
    AuthConfig, BusConfig, Check, ConfigFaults, GrpcConfig, LifecycleConfig, PeerConfig, Secret, SmarthostConfig,
    StoreConfig, TelemetryConfig, Validate, defaults, load_process, values,
};
use tandem_service_kit::process::Sections;

pub use crate::chat::{CHAT_DEFAULTS, ChatConfig};
pub use crate::deliveries::{DELIVERIES_DEFAULTS, DeliveriesConfig};
use crate::smtp::Limits;

/// The documentation and defaults of `[smtp]`, for whoever runs ingest among other services.
pub const SMTP_DEFAULTS: &str = include_str!("smtp.default.toml");
/// The documentation and defaults of what only a process of its own needs.
const DEFAULTS: &str = include_str!("config.default.toml");

/// Ingest as a process of its own.
#[derive(Clone, Debug, Deserialize)]
pub struct ServiceConfig {
    /// Where it answers.
    pub grpc: GrpcConfig,
    /// Where it keeps its data.
    pub store: StoreConfig,
    /// How it talks to other processes.
    pub bus: BusConfig,
    /// Whose tokens it takes.
    pub auth: AuthConfig,
    /// Logs and traces.
    pub telemetry: TelemetryConfig,
    /// How it stops.
    pub lifecycle: LifecycleConfig,
    /// Where and how mail is taken.
    pub smtp: SmtpConfig,
    /// Where and how chats are taken.
    pub chat: ChatConfig,
    /// By whom mail is sent.
    pub smarthost: SmarthostConfig,
    /// How answers reach customers.
    pub deliveries: DeliveriesConfig,
    /// Where desk files are fetched from.
    pub router: PeerConfig,
    /// What is ingest's own.
    pub ingest: IngestConfig,
}

impl ServiceConfig {
    /// Reads the defaults, then the file, then the environment.
    ///
    /// # Errors
    /// All faults at once.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigFaults> {
        let own = [
            SMTP_DEFAULTS,
            CHAT_DEFAULTS,
            defaults::SMARTHOST,
            DELIVERIES_DEFAULTS,
            DEFAULTS,
        ];
        load_process(&own, file, environment)
    }

    /// The sections that it shares with the other services.
    pub(crate) fn shared(&self) -> Sections<'_> {
        Sections {
            grpc: &self.grpc,
            store: &self.store,
            bus: &self.bus,
            auth: &self.auth,
            telemetry: &self.telemetry,
            lifecycle: &self.lifecycle,
        }
    }
}

impl Validate for ServiceConfig {
    fn validate(&self, check: &mut Check) {
        self.shared().validate(check);
        check.section("smtp", &self.smtp);
        check.section("chat", &self.chat);
        check.section("smarthost", &self.smarthost);
        check.section("deliveries", &self.deliveries);
        check.section("router", &self.router);
        check.section("ingest", &self.ingest);
    }
}

/// `[smtp]`
#[derive(Clone, Debug, Deserialize)]
pub struct SmtpConfig {
    /// Where to listen; port 0 takes a free one.
    #[serde(deserialize_with = "values::parsed")]
    pub listen: SocketAddr,
    /// The name in the greeting.
    pub hostname: String,
    /// Certificate chain, PEM; with the key, or neither.
    #[serde(deserialize_with = "values::optional")]
    pub tls_cert_file: Option<PathBuf>,
    /// Private key, PEM.
    #[serde(deserialize_with = "values::optional")]
    pub tls_key_file: Option<PathBuf>,
    /// Connections at once.
    pub max_connections: usize,
    /// Connections at once from one address.
    pub max_connections_per_peer: usize,
    /// Bytes of all messages at hand.
    pub max_memory_bytes: usize,
}

impl SmtpConfig {
    /// The server's limits; those that standards give are not configurable.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits {
            connections: self.max_connections,
            connections_per_peer: self.max_connections_per_peer,
            memory_bytes: self.max_memory_bytes,
            ..Limits::default()
        }
    }
}

impl Validate for SmtpConfig {
    fn validate(&self, check: &mut Check) {
        let both_or_neither = self.tls_cert_file.is_some() == self.tls_key_file.is_some();
        check.rule(
            both_or_neither,
            "tls_key_file",
            "a certificate and a key are needed, or neither",
        );
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        let is_name = !self.hostname.is_empty() && self.hostname.len() <= 253 && self.hostname.chars().all(plain);
        check.rule(is_name, "hostname", "a domain name, such as mx.example.com");
        check.rule(self.max_connections > 0, "max_connections", "at least 1");
        check.rule(
            self.max_connections_per_peer > 0,
            "max_connections_per_peer",
            "at least 1",
        );
        let one_message = Limits::default().message_bytes;
        check.rule(
            self.max_memory_bytes >= one_message,
            "max_memory_bytes",
            "at least one message's 26214400 (25 MiB)",
        );
    }
}

/// `[ingest]`
#[derive(Clone, Debug, Deserialize)]
pub struct IngestConfig {
    /// Ingest's secret.
    #[serde(rename = "secret_file", deserialize_with = "values::optional_secret_file")]
    pub secret: Option<Secret>,
}

impl Validate for IngestConfig {
    fn validate(&self, check: &mut Check) {
        let long_enough = self.secret.as_ref().is_some_and(|secret| secret.expose().len() >= 16);
        check.rule(long_enough, "secret_file", "a file with a secret of at least 16 bytes");
    }
}
