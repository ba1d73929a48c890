//! Calling another of Tandem's services.

use std::time::Duration;

use super::GrpcError;
use super::client::{Client, ClientOptions, Credentials, connect};
use crate::config::PeerConfig;

/// How long connecting may take, and how long an answer.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// Another of Tandem's services: where it is, and who calls.
#[derive(Clone)]
pub struct Peer {
    options: ClientOptions,
    credentials: Credentials,
}

impl Peer {
    /// The service at `address`, called as `credentials` say.
    #[must_use]
    pub fn new(address: String, credentials: Credentials) -> Self {
        let options = ClientOptions {
            address,
            ca_file: None,
            connect_timeout: CALL_TIMEOUT,
            call_timeout: CALL_TIMEOUT,
        };
        Self { options, credentials }
    }

    /// The service that a checked configuration names.
    ///
    /// # Panics
    /// If the configuration was not checked.
    #[must_use]
    pub fn from_config(config: &PeerConfig) -> Self {
        let token_file = config.token_file.as_deref().expect("the configuration was checked");
        let mut peer = Self::new(config.endpoint.clone(), Credentials::from_file(token_file));
        peer.options.ca_file.clone_from(&config.ca_file);
        peer
    }

    /// A connection of its own. The service need not be there when its callers start.
    ///
    /// # Errors
    /// If nobody answers.
    pub async fn connect(&self) -> Result<Client, GrpcError> {
        connect(&self.options, self.credentials.clone()).await
    }
}
