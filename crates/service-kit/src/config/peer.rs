//! How another of Tandem's services is called.

use std::path::PathBuf;

use serde::Deserialize;

use super::{Check, Validate, values};

/// Another of Tandem's services: the router, for instance, in the section `[router]` of the others.
#[derive(Clone, Debug, Deserialize)]
pub struct PeerConfig {
    /// Its gRPC address.
    pub endpoint: String,
    /// The authority that signed its certificate, PEM; needed for `https`.
    #[serde(deserialize_with = "values::optional")]
    pub ca_file: Option<PathBuf>,
    /// A token of role service.
    #[serde(deserialize_with = "values::optional")]
    pub token_file: Option<PathBuf>,
}

impl Validate for PeerConfig {
    fn validate(&self, check: &mut Check) {
        let is_url = self.endpoint.starts_with("http://") || self.endpoint.starts_with("https://");
        check.rule(is_url, "endpoint", "a URL such as http://tandem-router:7402");
        check.rule(
            self.ca_file.is_some() == self.endpoint.starts_with("https://"),
            "ca_file",
            "needed for https, and only there",
        );
        check.rule(
            self.token_file.is_some(),
            "token_file",
            "a file that holds a token of role service",
        );
    }
}
