//! What `tandem up` can be told, beside its flags.

use std::net::SocketAddr;
use std::path::Path;

use serde::Deserialize;
use tandem_ingest::config::{SMTP_DEFAULTS, SmtpConfig};
use tandem_router::config::{ROUTER_DEFAULTS, RouterConfig};
use tandem_service_kit::config::{
    Check, GrpcConfig, LifecycleConfig, TelemetryConfig, Validate, defaults, environment, load,
};

use crate::failure::Failure;

/// Ingest and router in one process.
#[derive(Clone, Debug, Deserialize)]
pub struct EmbeddedConfig {
    /// Where it answers.
    pub grpc: GrpcConfig,
    /// Logs and traces.
    pub telemetry: TelemetryConfig,
    /// How it stops.
    pub lifecycle: LifecycleConfig,
    /// What is the router's own.
    pub router: RouterConfig,
    /// Where and how mail is taken.
    pub smtp: SmtpConfig,
}

impl EmbeddedConfig {
    /// Reads the defaults, then the file, then the environment, then the addresses of the command line.
    pub fn load(file: Option<&Path>, addresses: &[(&str, SocketAddr)]) -> Result<Self, Failure> {
        let texts = [
            defaults::GRPC,
            defaults::TELEMETRY,
            defaults::LIFECYCLE,
            ROUTER_DEFAULTS,
            SMTP_DEFAULTS,
        ];
        let addresses = addresses
            .iter()
            .map(|(name, address)| ((*name).to_owned(), address.to_string()));
        let settings = environment().into_iter().chain(addresses);
        load(&texts, file, settings).map_err(|faults| Failure::Configuration(faults.to_string()))
    }
}

impl Validate for EmbeddedConfig {
    fn validate(&self, check: &mut Check) {
        check.section("grpc", &self.grpc);
        check.section("telemetry", &self.telemetry);
        check.section("lifecycle", &self.lifecycle);
        check.section("router", &self.router);
        check.section("smtp", &self.smtp);
        let allowed = "a loopback address: `tandem up` serves this machine only; a cluster serves others";
        check.rule(self.grpc.listen.ip().is_loopback(), "grpc.listen", allowed);
        check.rule(self.smtp.listen.ip().is_loopback(), "smtp.listen", allowed);
    }
}
