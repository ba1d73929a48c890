//! How mail is sent.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;

use super::{Check, Secret, Validate, values};

/// The mail server that carries on what Tandem sends, see [`defaults::SMARTHOST`](super::defaults::SMARTHOST).
#[derive(Clone, Debug, Deserialize)]
pub struct SmarthostConfig {
    /// Its name; none: no mail is sent.
    #[serde(deserialize_with = "values::optional")]
    pub host: Option<String>,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    #[serde(deserialize_with = "values::parsed")]
    pub tls: SmarthostTls,
    /// The authority that signed its certificate, PEM; none: a public one.
    #[serde(deserialize_with = "values::optional")]
    pub ca_file: Option<PathBuf>,
    /// As whom mail is handed over.
    #[serde(deserialize_with = "values::optional")]
    pub username: Option<String>,
    /// With the name, or neither.
    #[serde(rename = "password_file", deserialize_with = "values::optional_secret_file")]
    pub password: Option<Secret>,
    /// How long one mail may take.
    #[serde(with = "values::duration")]
    pub timeout: Duration,
}

impl Validate for SmarthostConfig {
    fn validate(&self, check: &mut Check) {
        let both_or_neither = self.username.is_some() == self.password.is_some();
        check.rule(
            both_or_neither,
            "password_file",
            "a name and a password are needed, or neither",
        );
        let is_protected = self.tls != SmarthostTls::None;
        check.rule(
            is_protected || self.username.is_none(),
            "tls",
            "starttls or tls: a password is not sent in plain text",
        );
        check.rule(
            is_protected || self.ca_file.is_none(),
            "ca_file",
            "only with starttls or tls",
        );
        check.rule(self.port > 0, "port", "1 to 65535");
        check.rule(!self.timeout.is_zero(), "timeout", "more than 0s");
    }
}

/// How the connection to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmarthostTls {
    /// Not at all.
    None,
    /// It is asked for, and nothing is sent without it.
    StartTls,
    /// From the first byte.
    Tls,
}

impl FromStr for SmarthostTls {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self::None),
            "starttls" => Ok(Self::StartTls),
            "tls" => Ok(Self::Tls),
            _ => Err("must be none, starttls or tls"),
        }
    }
}
