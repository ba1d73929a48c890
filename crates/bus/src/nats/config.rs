//! How to reach the NATS servers, and what to ask of them.

use std::path::PathBuf;
use std::time::Duration;

use async_nats::{ConnectOptions, ServerAddr};

use super::retry;
use crate::BusError;
use crate::limits::MAX_WAITING_REQUESTS;

/// A dead link is noticed after two of them.
const PING_INTERVAL: Duration = Duration::from_secs(10);

/// How a [`NatsBus`](super::NatsBus) connects. Not `Debug`: addresses may hold a password.
#[derive(Clone)]
pub struct NatsConfig {
    /// The servers' addresses, such as `nats://user:password@nats-0:4222`; `tls://` asks for TLS.
    pub servers: Vec<String>,
    /// What this process is called in the server's lists.
    pub name: String,
    /// A `.creds` file (JWT and `NKey`), where the servers ask for one.
    pub credentials_file: Option<PathBuf>,
    /// Encryption, where the servers ask for more than `tls://` says.
    pub tls: Option<NatsTls>,
    /// How many servers keep each event: 1, 3 or 5.
    pub replicas: usize,
    /// How long events stay for consumers that are behind. Afterwards they read from the journals.
    pub max_age: Duration,
    /// The most bytes of events that the servers keep, nothing meaning as many as their disks hold. At this limit
    /// nothing can be published until old events have aged out.
    pub max_bytes: Option<i64>,
    /// How long the servers may take to answer us: to connect, to acknowledge an event, to set up a reader.
    pub timeout: Duration,
    /// How often the server shows a waiting reader that it is alive; after two without a sign the reader starts over.
    pub heartbeat: Duration,
    /// `host:port` of a server's monitoring over HTTP, to check at the start whether it writes durably.
    pub monitor: Option<String>,
}

/// How to encrypt.
#[derive(Clone)]
pub struct NatsTls {
    /// The authorities (PEM) to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Our own certificate and its key (PEM), where the servers ask for one.
    pub identity: Option<(PathBuf, PathBuf)>,
}

impl NatsConfig {
    /// One server, everything else as it should be where there is only one.
    #[must_use]
    pub fn new(server: impl Into<String>) -> Self {
        Self {
            servers: vec![server.into()],
            name: "tandem".to_owned(),
            credentials_file: None,
            tls: None,
            replicas: 1,
            max_age: Duration::from_hours(7 * 24),
            max_bytes: None,
            timeout: Duration::from_secs(5),
            heartbeat: Duration::from_secs(5),
            monitor: None,
        }
    }

    pub(super) fn addresses(&self) -> Result<Vec<ServerAddr>, BusError> {
        // The address itself may hold a password and is not repeated.
        let bad = |_| BusError::Unavailable("a server's address is not a NATS URL".to_owned());
        self.servers.iter().map(|server| server.parse().map_err(bad)).collect()
    }

    pub(super) async fn connect_options(&self, addresses: &[ServerAddr]) -> Result<ConnectOptions, BusError> {
        let mut options = ConnectOptions::new()
            .name(&self.name)
            .retry_on_initial_connect()
            .reconnect_delay_callback(retry::delay)
            .ping_interval(PING_INTERVAL)
            .request_timeout(Some(self.timeout))
            .subscription_capacity(MAX_WAITING_REQUESTS);
        if let Some((user, password)) = addresses.iter().find_map(user_and_password) {
            options = options.user_and_password(user, password);
        }
        if let Some(file) = &self.credentials_file {
            let unreadable = |error| BusError::Unavailable(format!("credentials file {}: {error}", file.display()));
            options = options.credentials_file(file).await.map_err(unreadable)?;
        }
        Ok(self.tls.iter().fold(options, with_tls))
    }
}

fn user_and_password(address: &ServerAddr) -> Option<(String, String)> {
    Some((address.username()?.to_owned(), address.password()?.to_owned()))
}

fn with_tls(options: ConnectOptions, tls: &NatsTls) -> ConnectOptions {
    let mut options = options.require_tls(true);
    if let Some(file) = &tls.ca_file {
        options = options.add_root_certificates(file.clone());
    }
    if let Some((certificate, key)) = &tls.identity {
        options = options.add_client_certificate(certificate.clone(), key.clone());
    }
    options
}
