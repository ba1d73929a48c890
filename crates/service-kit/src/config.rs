//! Configuration in layers: what is compiled in, then a file, then the environment.
//!
//! The defaults are TOML texts that name *every* key and explain it: they are the documentation,
//! and a key that they do not have does not exist. In the environment `TANDEM_GRPC__LISTEN` is
//! `grpc.listen`; a variable without a double underscore is no setting, since Kubernetes puts
//! `TANDEM_ROUTER_SERVICE_HOST` and the like into every pod.
//!
//! All faults are reported at once, each with the key, the value, where it came from and what
//! is allowed. Secrets never stand in a file or variable themselves: `…_file` names the file.

pub mod defaults;
mod fault;
mod layers;
mod peer;
mod secret;
mod sections;
mod smarthost;
pub mod values;

pub use fault::{ConfigFaults, Fault};
pub use peer::PeerConfig;
pub use secret::Secret;
pub use sections::{AuthConfig, BusConfig, GrpcConfig, LifecycleConfig, LogFormat, StoreConfig, TelemetryConfig};
pub use smarthost::{SmarthostConfig, SmarthostTls};

use std::path::Path;

use serde::de::DeserializeOwned;

use layers::Layers;

/// Rules that a type alone does not express.
pub trait Validate {
    /// Reports every rule that does not hold.
    fn validate(&self, check: &mut Check);
}

/// Collects the rules that do not hold.
#[derive(Debug, Default)]
pub struct Check {
    section: Vec<&'static str>,
    broken: Vec<(String, String)>,
}

impl Check {
    /// Says what is allowed at `key` of the current section, if the rule does not hold.
    pub fn rule(&mut self, holds: bool, key: &str, allowed: impl Into<String>) {
        if !holds {
            let key = self.section.iter().copied().chain([key]).collect::<Vec<_>>().join(".");
            self.broken.push((key, allowed.into()));
        }
    }

    /// Checks a section under its name.
    pub fn section(&mut self, name: &'static str, section: &impl Validate) {
        self.section.push(name);
        section.validate(self);
        self.section.pop();
    }
}

/// Reads a service's configuration. `defaults` are merged in order, so that a service's own text
/// may change what a shared section says. `environment` is [`environment`], or a test's.
///
/// # Errors
/// All faults at once.
///
/// # Panics
/// If the defaults alone are not a whole and valid configuration; each service tests that they are.
pub fn load<T: DeserializeOwned + Validate>(
    defaults: &[&str],
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<T, ConfigFaults> {
    let mut layers = Layers::new(defaults);
    if let Some(path) = file {
        layers.add_file(path);
    }
    layers.add_environment(environment);
    layers.finish()
}

/// [`load`] for a service as a process of its own: the shared sections come before `own`.
///
/// # Errors
/// All faults at once.
pub fn load_process<T: DeserializeOwned + Validate>(
    own: &[&str],
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<T, ConfigFaults> {
    load(&[&defaults::SHARED, own].concat(), file, environment)
}

/// The process's environment variables; what is not Unicode is shown with replacement characters.
#[must_use]
pub fn environment() -> Vec<(String, String)> {
    let text = |raw: std::ffi::OsString| raw.to_string_lossy().into_owned();
    std::env::vars_os()
        .map(|(name, value)| (text(name), text(value)))
        .collect()
}
