//! The sections that services share. Each is documented in its defaults.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;
use tracing_subscriber::EnvFilter;

use super::{Check, Secret, Validate, values};

/// How far clocks may differ at most, whatever is configured.
const MAX_LEEWAY: Duration = Duration::from_mins(1);

/// Where and how gRPC calls are answered, see [`defaults::GRPC`](super::defaults::GRPC).
#[derive(Clone, Debug, Deserialize)]
pub struct GrpcConfig {
    /// Where to listen; port 0 takes a free one.
    #[serde(deserialize_with = "values::parsed")]
    pub listen: SocketAddr,
    /// Certificate chain, PEM; with the key, or neither.
    #[serde(deserialize_with = "values::optional")]
    pub tls_cert_file: Option<PathBuf>,
    /// Private key, PEM.
    #[serde(deserialize_with = "values::optional")]
    pub tls_key_file: Option<PathBuf>,
    /// Largest request, in bytes.
    pub max_request_bytes: usize,
    /// Largest response, in bytes.
    pub max_response_bytes: usize,
    /// Connections at once.
    pub max_connections: usize,
    /// Calls at once on one connection.
    pub max_streams: u32,
    /// How long one call may take until it is answered.
    #[serde(with = "values::duration")]
    pub request_timeout: Duration,
    /// How long a new connection may take to speak HTTP/2.
    #[serde(with = "values::duration")]
    pub handshake_timeout: Duration,
    /// When a client is asked to connect anew.
    #[serde(with = "values::duration")]
    pub max_connection_age: Duration,
    /// How often a connection is probed.
    #[serde(with = "values::duration")]
    pub keepalive_interval: Duration,
    /// How long a probe's answer may take.
    #[serde(with = "values::duration")]
    pub keepalive_timeout: Duration,
    /// Whether reflection needs no token.
    pub reflection: bool,
}

impl Validate for GrpcConfig {
    fn validate(&self, check: &mut Check) {
        let both_or_neither = self.tls_cert_file.is_some() == self.tls_key_file.is_some();
        check.rule(
            both_or_neither,
            "tls_key_file",
            "a certificate and a key are needed, or neither",
        );
        let bytes = 1024..=64 * 1024 * 1024;
        let allowed = "1024 to 67108864 (64 MiB)";
        check.rule(bytes.contains(&self.max_request_bytes), "max_request_bytes", allowed);
        check.rule(bytes.contains(&self.max_response_bytes), "max_response_bytes", allowed);
        check.rule(self.max_connections > 0, "max_connections", "at least 1");
        check.rule(self.max_streams > 0, "max_streams", "at least 1");
        for (key, duration) in [
            ("request_timeout", self.request_timeout),
            ("handshake_timeout", self.handshake_timeout),
            ("max_connection_age", self.max_connection_age),
            ("keepalive_interval", self.keepalive_interval),
            ("keepalive_timeout", self.keepalive_timeout),
        ] {
            check.rule(!duration.is_zero(), key, "more than 0s");
        }
    }
}

/// Where data is kept, see [`defaults::STORE`](super::defaults::STORE).
#[derive(Clone, Debug, Deserialize)]
pub struct StoreConfig {
    /// A PostgreSQL server, without a password.
    #[serde(deserialize_with = "values::optional")]
    pub url: Option<String>,
    /// Its password.
    #[serde(rename = "password_file", deserialize_with = "values::optional_secret_file")]
    pub password: Option<Secret>,
    /// A directory for SQLite.
    #[serde(deserialize_with = "values::optional")]
    pub data_dir: Option<PathBuf>,
    /// Connections to PostgreSQL at once.
    pub max_connections: u32,
}

impl StoreConfig {
    /// The server's URL with the password in it; none when a data directory is used.
    #[must_use]
    pub fn url_with_password(&self) -> Option<Secret> {
        let url = self.url.as_ref()?;
        let Some(password) = &self.password else {
            return Some(Secret::new(url.clone()));
        };
        let separator = if url.contains('?') { '&' } else { '?' };
        Some(Secret::new(format!(
            "{url}{separator}password={}",
            percent_encoded(password.expose())
        )))
    }
}

fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

impl Validate for StoreConfig {
    fn validate(&self, check: &mut Check) {
        let url = self.url.as_deref().unwrap_or_default();
        check.rule(
            self.url.is_some() != self.data_dir.is_some(),
            "url",
            "either store.url or store.data_dir must be set, not both",
        );
        check.rule(
            super::fault::without_password(url) == url,
            "url",
            "the password belongs in store.password_file",
        );
        check.rule(self.max_connections >= 2, "max_connections", "at least 2");
    }
}

/// How services talk, see [`defaults::BUS`](super::defaults::BUS).
#[derive(Clone, Debug, Deserialize)]
pub struct BusConfig {
    /// NATS servers; none: inside this process only.
    pub servers: Vec<String>,
    /// Who this service is to the servers.
    #[serde(deserialize_with = "values::optional")]
    pub credentials_file: Option<PathBuf>,
    /// The authority that signed the servers' certificates, PEM.
    #[serde(deserialize_with = "values::optional")]
    pub ca_file: Option<PathBuf>,
    /// Our own certificate chain, PEM; with the key, or neither.
    #[serde(deserialize_with = "values::optional")]
    pub tls_cert_file: Option<PathBuf>,
    /// Our own private key, PEM.
    #[serde(deserialize_with = "values::optional")]
    pub tls_key_file: Option<PathBuf>,
    /// `host:port` of a server's monitoring.
    #[serde(deserialize_with = "values::optional")]
    pub monitor: Option<String>,
    /// On how many servers events are kept.
    pub replicas: usize,
}

impl Validate for BusConfig {
    fn validate(&self, check: &mut Check) {
        let schemes = ["nats://", "tls://"];
        let are_servers = self
            .servers
            .iter()
            .all(|server| schemes.iter().any(|scheme| server.starts_with(scheme)));
        check.rule(
            are_servers,
            "servers",
            "URLs such as nats://host:4222 or tls://host:4222",
        );
        let both_or_neither = self.tls_cert_file.is_some() == self.tls_key_file.is_some();
        check.rule(
            both_or_neither,
            "tls_key_file",
            "a certificate and a key are needed, or neither",
        );
        check.rule((1..=5).contains(&self.replicas), "replicas", "1 to 5");
    }
}

/// Who may call, see [`defaults::AUTH`](super::defaults::AUTH).
#[derive(Clone, Debug, Deserialize)]
pub struct AuthConfig {
    /// Public keys, PEM.
    pub public_key_files: Vec<PathBuf>,
    /// How often they are read again.
    #[serde(with = "values::duration")]
    pub reload_interval: Duration,
    /// How far clocks may differ.
    #[serde(with = "values::duration")]
    pub leeway: Duration,
}

impl Validate for AuthConfig {
    fn validate(&self, check: &mut Check) {
        check.rule(
            !self.public_key_files.is_empty(),
            "public_key_files",
            "at least one file; nobody could call otherwise",
        );
        check.rule(
            self.reload_interval >= Duration::from_secs(1),
            "reload_interval",
            "at least 1s",
        );
        check.rule(self.leeway <= MAX_LEEWAY, "leeway", "at most 60s");
    }
}

/// Logs, traces and metrics, see [`defaults::TELEMETRY`](super::defaults::TELEMETRY).
#[derive(Clone, Debug, Deserialize)]
pub struct TelemetryConfig {
    /// What is logged.
    pub log: String,
    /// How it looks.
    #[serde(deserialize_with = "values::parsed")]
    pub format: LogFormat,
    /// The collector; none: nothing is sent.
    #[serde(deserialize_with = "values::optional")]
    pub otlp_endpoint: Option<String>,
    /// How long the collector may take.
    #[serde(with = "values::duration")]
    pub otlp_timeout: Duration,
    /// Finished spans that wait to be sent.
    pub otlp_queue: usize,
    /// How often metrics are sent.
    #[serde(with = "values::duration")]
    pub otlp_metrics_interval: Duration,
    /// Where metrics are scraped; none: nowhere.
    #[serde(deserialize_with = "values::optional")]
    pub prometheus_listen: Option<SocketAddr>,
    /// This process's name in traces and metrics; none: a random one.
    #[serde(deserialize_with = "values::optional")]
    pub instance: Option<String>,
    /// How long the last spans and metrics may take.
    #[serde(with = "values::duration")]
    pub shutdown_timeout: Duration,
}

impl Validate for TelemetryConfig {
    fn validate(&self, check: &mut Check) {
        if let Err(error) = EnvFilter::try_new(&self.log) {
            check.rule(
                false,
                "log",
                format!("a level or directives such as info,tandem_router=debug: {error}"),
            );
        }
        let endpoint = self.otlp_endpoint.as_deref();
        let is_url = endpoint.is_none_or(|url| {
            url.parse::<http::Uri>()
                .is_ok_and(|uri| uri.scheme_str() == Some("http"))
        });
        check.rule(is_url, "otlp_endpoint", "a URL such as http://127.0.0.1:4317");
        check.rule(!self.otlp_timeout.is_zero(), "otlp_timeout", "more than 0s");
        check.rule((1..=1_000_000).contains(&self.otlp_queue), "otlp_queue", "1 to 1000000");
        check.rule(
            self.otlp_metrics_interval >= Duration::from_secs(1),
            "otlp_metrics_interval",
            "at least 1s",
        );
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Text,
    /// For programs, an object per line.
    Json,
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("must be auto, text or json"),
        }
    }
}

/// How a service stops, see [`defaults::LIFECYCLE`](super::defaults::LIFECYCLE).
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct LifecycleConfig {
    /// How long running work may take to finish.
    #[serde(with = "values::duration")]
    pub drain_timeout: Duration,
    /// How long work may take to notice that it is cut off.
    #[serde(with = "values::duration")]
    pub abort_timeout: Duration,
}

impl Validate for LifecycleConfig {
    fn validate(&self, check: &mut Check) {
        check.rule(!self.drain_timeout.is_zero(), "drain_timeout", "more than 0s");
        check.rule(!self.abort_timeout.is_zero(), "abort_timeout", "more than 0s");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_put_into_the_url_whatever_it_holds() {
        let mut store = StoreConfig {
            url: Some("postgres://me@db/x?sslmode=require".to_owned()),
            password: Some(Secret::new("a&b/c".to_owned())),
            data_dir: None,
            max_connections: 4,
        };
        let url = store.url_with_password().unwrap();
        assert_eq!(url.expose(), "postgres://me@db/x?sslmode=require&password=a%26b%2Fc");
        store.url = None;
        assert_eq!(store.url_with_password(), None);
    }
}
