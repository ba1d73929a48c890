//! What can be configured. `metrics.default.toml` and `config.default.toml` explain each key.

use std::path::Path;

use serde::Deserialize;
use tandem_service_kit::config::{
    AuthConfig, BusConfig, Check, ConfigFaults, GrpcConfig, LifecycleConfig, StoreConfig, TelemetryConfig, Validate,
    load_process,
};
use tandem_service_kit::process::Sections;
use tokio::sync::Semaphore;

/// The documentation and defaults of `[metrics]`, for whoever runs metrics among other services.
pub const METRICS_DEFAULTS: &str = include_str!("metrics.default.toml");
/// The documentation and defaults of what only a process of its own needs.
const DEFAULTS: &str = include_str!("config.default.toml");

/// Metrics as a process of its own.
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
    /// What is metrics' own.
    pub metrics: MetricsConfig,
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
        load_process(&[METRICS_DEFAULTS, DEFAULTS], file, environment)
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
        check.section("metrics", &self.metrics);
    }
}

/// What is metrics' own.
#[derive(Clone, Debug, Deserialize)]
pub struct MetricsConfig {
    /// How many may watch desks at once.
    pub max_watchers: usize,
}

impl Validate for MetricsConfig {
    fn validate(&self, check: &mut Check) {
        let allowed = 1..=Semaphore::MAX_PERMITS;
        check.rule(allowed.contains(&self.max_watchers), "max_watchers", "at least 1");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(setting: (&str, &str)) -> Vec<(String, String)> {
        let needed = [
            ("TANDEM_STORE__DATA_DIR", "data"),
            ("TANDEM_AUTH__PUBLIC_KEY_FILES", "key.pem"),
        ];
        let all = needed.into_iter().chain([setting]);
        all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn the_defaults_are_whole() {
        let config = ServiceConfig::load(None, given(("TANDEM_STORE__DATA_DIR", "data"))).unwrap();
        assert_eq!(config.grpc.listen.port(), 7404);
        assert_eq!(config.metrics.max_watchers, 256);
    }

    #[test]
    fn nobody_is_kept_from_watching_by_mistake() {
        let none = given(("TANDEM_METRICS__MAX_WATCHERS", "0"));
        let faults = ServiceConfig::load(None, none).unwrap_err().to_string();
        assert!(faults.contains("metrics.max_watchers"), "{faults}");
    }
}
