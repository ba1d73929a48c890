//! What `tandem up` can be told.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use serde::Deserialize;
use tandem_escalation::OwnConfig;
use tandem_escalation::config::{ESCALATION_DEFAULTS, EscalationConfig, WebhooksConfig};
use tandem_ingest::config::{
    CHAT_DEFAULTS, ChatConfig, DELIVERIES_DEFAULTS, DeliveriesConfig, SMTP_DEFAULTS, SmtpConfig,
};
use tandem_metrics::config::{METRICS_DEFAULTS, MetricsConfig};
use tandem_router::config::{ROUTER_DEFAULTS, RouterConfig};
use tandem_service_kit::config::{
    Check, ConfigFaults, GrpcConfig, LifecycleConfig, SmarthostConfig, TelemetryConfig, Validate, defaults,
    environment, load,
};

use crate::failure::Failure;

const OWN_DEFAULTS: &str = include_str!("up.default.toml");
const LOOPBACK: &str = "a loopback address: `tandem up` serves this machine only; a cluster serves others";

/// All services in one process.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct EmbeddedConfig {
    /// Where it answers.
    pub(crate) grpc: GrpcConfig,
    /// Logs, traces and metrics.
    pub(crate) telemetry: TelemetryConfig,
    /// How it stops.
    pub(crate) lifecycle: LifecycleConfig,
    /// What is the router's own.
    pub(crate) router: RouterConfig,
    /// Where and how mail is taken.
    pub(crate) smtp: SmtpConfig,
    /// Where and how chats are taken.
    pub(crate) chat: ChatConfig,
    /// By whom mail is sent.
    pub(crate) smarthost: SmarthostConfig,
    /// How answers reach customers.
    pub(crate) deliveries: DeliveriesConfig,
    /// What is escalation's own.
    pub(crate) escalation: EscalationConfig,
    /// How webhooks are called.
    pub(crate) webhooks: WebhooksConfig,
    /// What is metrics' own.
    pub(crate) metrics: MetricsConfig,
}

/// Addresses that were given on the command line.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Addresses {
    pub(crate) grpc: Option<SocketAddr>,
    pub(crate) smtp: Option<SocketAddr>,
    pub(crate) chat: Option<SocketAddr>,
}

impl Addresses {
    /// Free ports.
    pub(crate) fn free() -> Self {
        let free = Some((Ipv4Addr::LOCALHOST, 0).into());
        Self {
            grpc: free,
            smtp: free,
            chat: free,
        }
    }

    /// As settings, which are stronger than all others.
    fn settings(self) -> Result<Vec<(String, String)>, Failure> {
        let given = [
            ("--grpc", "TANDEM_GRPC__LISTEN", self.grpc),
            ("--smtp", "TANDEM_SMTP__LISTEN", self.smtp),
            ("--chat", "TANDEM_CHAT__LISTEN", self.chat),
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
            CHAT_DEFAULTS,
            defaults::SMARTHOST,
            DELIVERIES_DEFAULTS,
            ESCALATION_DEFAULTS,
            METRICS_DEFAULTS,
            OWN_DEFAULTS,
        ];
        let settings = environment().into_iter().chain(addresses.settings()?);
        load(&texts, file, settings).map_err(|faults| in_words(&faults))
    }

    /// What escalation is built with.
    pub(crate) fn escalation(&self) -> OwnConfig {
        OwnConfig {
            escalation: self.escalation.clone(),
            webhooks: self.webhooks.clone(),
            smarthost: self.smarthost.clone(),
        }
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
        check.section("chat", &self.chat);
        check.section("deliveries", &self.deliveries);
        self.escalation().validate(check);
        check.section("metrics", &self.metrics);
        check.rule(self.grpc.listen.ip().is_loopback(), "grpc.listen", LOOPBACK);
        let none = "nothing: a machine talks to itself in plain text";
        check.rule(self.grpc.tls_cert_file.is_none(), "grpc.tls_cert_file", none);
        check.rule(self.smtp.listen.ip().is_loopback(), "smtp.listen", LOOPBACK);
        check.rule(self.chat.listen.ip().is_loopback(), "chat.listen", LOOPBACK);
        let scraped = self.telemetry.prometheus_listen;
        check.rule(
            scraped.is_none_or(|address| address.ip().is_loopback()),
            "telemetry.prometheus_listen",
            LOOPBACK,
        );
    }
}
