//! What can be configured. `escalation.default.toml` and `config.default.toml` explain each key.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::Address;
use serde::Deserialize;
use tandem_desk::Settings;
use tandem_service_kit::config::{
    AuthConfig, BusConfig, Check, ConfigFaults, GrpcConfig, LifecycleConfig, PeerConfig, SmarthostConfig, StoreConfig,
    TelemetryConfig, Validate, defaults, load_process, values,
};
use tandem_service_kit::process::Sections;
use tandem_service_kit::telemetry;

/// The documentation and defaults of `[escalation]` and `[webhooks]`, for whoever runs escalation among other services;
/// `[smarthost]` is the service kit's.
pub const ESCALATION_DEFAULTS: &str = include_str!("escalation.default.toml");
/// The documentation and defaults of what only a process of its own needs.
const DEFAULTS: &str = include_str!("config.default.toml");

/// Escalation as a process of its own.
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
    /// Where desk files are fetched from.
    pub router: PeerConfig,
    /// What is escalation's own.
    pub escalation: EscalationConfig,
    /// How webhooks are called.
    pub webhooks: WebhooksConfig,
    /// How mail is sent.
    pub smarthost: SmarthostConfig,
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
        load_process(&[defaults::SMARTHOST, ESCALATION_DEFAULTS, DEFAULTS], file, environment)
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

    /// What [`build`](crate::build) needs of it.
    #[must_use]
    pub fn own(&self) -> OwnConfig {
        OwnConfig {
            escalation: self.escalation.clone(),
            webhooks: self.webhooks.clone(),
            smarthost: self.smarthost.clone(),
        }
    }
}

impl Validate for ServiceConfig {
    fn validate(&self, check: &mut Check) {
        self.shared().validate(check);
        check.section("router", &self.router);
        self.own().validate(check);
    }
}

/// What is escalation's own, whatever process it runs in.
#[derive(Clone, Debug)]
pub struct OwnConfig {
    /// `[escalation]`
    pub escalation: EscalationConfig,
    /// `[webhooks]`
    pub webhooks: WebhooksConfig,
    /// `[smarthost]`
    pub smarthost: SmarthostConfig,
}

impl Validate for OwnConfig {
    fn validate(&self, check: &mut Check) {
        check.section("escalation", &self.escalation);
        check.section("webhooks", &self.webhooks);
        check.section("smarthost", &self.smarthost);
        let has_sender = self.smarthost.host.is_none() || self.escalation.mail_from.is_some();
        check.rule(
            has_sender,
            "escalation.mail_from",
            "an address such as tandem@acme.example, since [smarthost] names a server",
        );
    }
}

/// `[escalation]`
#[derive(Clone, Debug, Deserialize)]
pub struct EscalationConfig {
    /// How long a lease on a desk stands.
    #[serde(with = "values::duration")]
    pub lease_ttl: Duration,
    /// How long a call to a desk's owner may take.
    #[serde(with = "values::duration")]
    pub call_timeout: Duration,
    /// From which address mail comes.
    #[serde(deserialize_with = "values::optional")]
    pub mail_from: Option<Address>,
}

impl EscalationConfig {
    /// The shell's numbers.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            call_timeout: self.call_timeout,
            lease_ttl: self.lease_ttl,
            lease_margin: self.lease_ttl / 5,
            lease_every: self.lease_ttl / 5,
            // All that rungs want is asked of the desk's router, so nothing gains if one of them is given up.
            effect_attempts: None,
            link_span: telemetry::set_parent,
            name_caller: telemetry::link,
            ..Settings::default()
        }
    }
}

impl Validate for EscalationConfig {
    fn validate(&self, check: &mut Check) {
        check.rule(self.lease_ttl >= Duration::from_secs(1), "lease_ttl", "at least 1s");
        check.rule(!self.call_timeout.is_zero(), "call_timeout", "more than 0s");
    }
}

/// `[webhooks]`
#[derive(Clone, Debug, Deserialize)]
pub struct WebhooksConfig {
    /// Where the secrets stand to which desk files refer.
    #[serde(deserialize_with = "values::optional")]
    pub secrets_dir: Option<PathBuf>,
    /// Whether addresses are allowed that are not on the public internet.
    pub allow_private: bool,
    /// An authority for receivers beside the public ones, PEM.
    #[serde(deserialize_with = "values::optional")]
    pub ca_file: Option<PathBuf>,
    /// How long a receiver may take.
    #[serde(with = "values::duration")]
    pub timeout: Duration,
}

impl Validate for WebhooksConfig {
    fn validate(&self, check: &mut Check) {
        let longest = Duration::from_secs(30);
        let is_bounded = !self.timeout.is_zero() && self.timeout <= longest;
        check.rule(is_bounded, "timeout", "more than 0s, at most 30s");
    }
}
