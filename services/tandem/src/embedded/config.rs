//! What `tandem up` can be told.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use serde::Deserialize;
use tandem_ingest::config::{SMTP_DEFAULTS, SmtpConfig};
use tandem_router::config::{ROUTER_DEFAULTS, RouterConfig};
use tandem_service_kit::config::{
    Check, ConfigFaults, GrpcConfig, LifecycleConfig, TelemetryConfig, Validate, defaults, environment, load,
};

use crate::failure::Failure;

const OWN_DEFAULTS: &str = include_str!("up.default.toml");
const LOOPBACK: &str = "a loopback address: `tandem up` serves this machine only; a cluster serves others";

/// Ingest and router in one process.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct EmbeddedConfig {
    /// Where it answers.
    pub(crate) grpc: GrpcConfig,
    /// Logs and traces.
    pub(crate) telemetry: TelemetryConfig,
    /// How it stops.
    pub(crate) lifecycle: LifecycleConfig,
    /// What is the router's own.
    pub(crate) router: RouterConfig,
    /// Where and how mail is taken.
    pub(crate) smtp: SmtpConfig,
}

/// Addresses that were given on the command line.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Addresses {
    pub(crate) grpc: Option<SocketAddr>,
    pub(crate) smtp: Option<SocketAddr>,
}

impl Addresses {
    /// Free ports.
    pub(crate) fn free() -> Self {
        let free = Some((Ipv4Addr::LOCALHOST, 0).into());
        Self { grpc: free, smtp: free }
    }

    /// As settings, which are stronger than all others.
    fn settings(self) -> Result<Vec<(String, String)>, Failure> {
        let given = [
            ("--grpc", "TANDEM_GRPC__LISTEN", self.grpc),
            ("--smtp", "TANDEM_SMTP__LISTEN", self.smtp),
        ];
        let given = given
            .into_iter()
            .filter_map(|(flag, name, address)| Some((flag, name, address?)));
        let checked = given.map(|(flag, name, address)| {
            if address.ip().is_loopback() {
                Ok((name.to_owned(), address.to_string()))
            } else {
                Err(Failure::Configuration(format!("{flag} {address}: use {LOOPBACK}")))
            }
        });
        checked.collect()
    }
}

impl EmbeddedConfig {
    /// Reads the defaults, then the file, then the environment, then what the command line says.
    pub(crate) fn load(file: Option<&Path>, addresses: Addresses) -> Result<Self, Failure> {
        let texts = [
            defaults::GRPC,
            defaults::TELEMETRY,
            defaults::LIFECYCLE,
            ROUTER_DEFAULTS,
            SMTP_DEFAULTS,
            OWN_DEFAULTS,
        ];
        let settings = environment().into_iter().chain(addresses.settings()?);
        load(&texts, file, settings).map_err(|faults| in_words(&faults))
    }
}

fn in_words(faults: &ConfigFaults) -> Failure {
    Failure::Configuration(match faults.0.as_slice() {
        [only] => format!("the configuration is not valid: {only}"),
        _ => faults.to_string(),
    })
}

impl Validate for EmbeddedConfig {
    fn validate(&self, check: &mut Check) {
        check.section("grpc", &self.grpc);
        check.section("telemetry", &self.telemetry);
        check.section("lifecycle", &self.lifecycle);
        check.section("router", &self.router);
        check.section("smtp", &self.smtp);
        check.rule(self.grpc.listen.ip().is_loopback(), "grpc.listen", LOOPBACK);
        let none = "nothing: a machine talks to itself in plain text";
        check.rule(self.grpc.tls_cert_file.is_none(), "grpc.tls_cert_file", none);
        check.rule(self.smtp.listen.ip().is_loopback(), "smtp.listen", LOOPBACK);
    }
}
