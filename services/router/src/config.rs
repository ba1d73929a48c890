//! What can be configured. `router.default.toml` and `config.default.toml` explain each key.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use tandem_desk::Settings;
use tandem_service_kit::config::{
    AuthConfig, BusConfig, Check, ConfigFaults, GrpcConfig, LifecycleConfig, PeerConfig, StoreConfig, TelemetryConfig,
    Validate, load_process, values,
};
use tandem_service_kit::process::Sections;
use tandem_service_kit::telemetry;

/// The documentation and defaults of `[router]`, for whoever runs the router among other services.
pub const ROUTER_DEFAULTS: &str = include_str!("router.default.toml");
/// The documentation and defaults of what only a process of its own needs.
const DEFAULTS: &str = include_str!("config.default.toml");

/// The router as a process of its own.
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
    /// Where the words of answers are kept.
    pub ingest: PeerConfig,
    /// What is the router's own.
    pub router: RouterConfig,
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
        load_process(&[ROUTER_DEFAULTS, DEFAULTS], file, environment)
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
        check.section("ingest", &self.ingest);
        check.section("router", &self.router);
    }
}

/// What is the router's own.
#[derive(Clone, Debug, Deserialize)]
pub struct RouterConfig {
    /// How long an online agent may be silent.
    #[serde(with = "values::duration")]
    pub session_grace: Duration,
    /// How often desks' owners are told who was heard of.
    #[serde(with = "values::duration")]
    pub heartbeat_interval: Duration,
    /// How often a stream looks for a changed work list on its own.
    #[serde(with = "values::duration")]
    pub refresh_interval: Duration,
    /// How long a stream's first message may take.
    #[serde(with = "values::duration")]
    pub start_timeout: Duration,
    /// How long a lease on a desk stands.
    #[serde(with = "values::duration")]
    pub lease_ttl: Duration,
    /// How long a call to a desk's owner may take.
    #[serde(with = "values::duration")]
    pub call_timeout: Duration,
}

impl RouterConfig {
    /// The shell's numbers.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            session_grace: self.session_grace,
            call_timeout: self.call_timeout,
            lease_ttl: self.lease_ttl,
            lease_margin: self.lease_ttl / 5,
            lease_every: self.lease_ttl / 5,
            link_span: telemetry::set_parent,
            name_caller: telemetry::link,
            ..Settings::default()
        }
    }
}

impl Validate for RouterConfig {
    fn validate(&self, check: &mut Check) {
        let often_enough = self.heartbeat_interval < self.session_grace / 2;
        check.rule(
            often_enough,
            "heartbeat_interval",
            "less than half of router.session_grace",
        );
        check.rule(self.lease_ttl >= Duration::from_secs(1), "lease_ttl", "at least 1s");
        for (key, duration) in [
            ("heartbeat_interval", self.heartbeat_interval),
            ("refresh_interval", self.refresh_interval),
            ("start_timeout", self.start_timeout),
            ("call_timeout", self.call_timeout),
        ] {
            check.rule(!duration.is_zero(), key, "more than 0s");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(settings: &[(&str, &str)]) -> Vec<(String, String)> {
        let needed = [
            ("TANDEM_STORE__DATA_DIR", "data"),
            ("TANDEM_AUTH__PUBLIC_KEY_FILES", "key.pem"),
            ("TANDEM_INGEST__TOKEN_FILE", "token"),
        ];
        let all = needed.iter().chain(settings);
        all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn the_defaults_are_whole_and_are_those_of_the_contract() {
        let config = ServiceConfig::load(None, given(&[])).unwrap();
        assert_eq!(
            config.router.session_grace,
            Duration::from_secs(30),
            "see AgentService.Heartbeat"
        );
        assert_eq!(config.router.refresh_interval, Duration::from_secs(5));
    }

    #[test]
    fn every_fault_is_reported_with_its_key() {
        let wrong = [
            ("TANDEM_ROUTER__HEARTBEAT_INTERVAL", "20s"),
            ("TANDEM_ROUTER__CALL_TIMEOUT", "0s"),
        ];
        let faults = ServiceConfig::load(None, given(&wrong)).unwrap_err().to_string();
        for key in ["router.heartbeat_interval", "router.call_timeout"] {
            assert!(faults.contains(key), "{faults}");
        }
    }
}
