//! Metrics as a process of its own.

use std::path::Path;

use tandem_service_kit::config::ConfigFaults;
use tandem_service_kit::lifecycle::Lifecycle;
use tandem_service_kit::process::{Base, Sections, Service, StartError};
use tandem_service_kit::telemetry::Program;
use tonic::service::RoutesBuilder;

use crate::config::ServiceConfig;
use crate::{Parts, SERVICES, build};

#[tonic::async_trait]
impl Service for ServiceConfig {
    const PROGRAM: Program = Program {
        name: "tandem-metrics",
        version: env!("CARGO_PKG_VERSION"),
    };
    const ABOUT: &'static str = "Counts what happens, and shows what is going on.";
    const SERVICES: &'static [&'static str] = &SERVICES;

    fn load(file: Option<&Path>, environment: Vec<(String, String)>) -> Result<Self, ConfigFaults> {
        Self::load(file, environment)
    }

    fn sections(&self) -> Sections<'_> {
        self.shared()
    }

    async fn build(&self, base: &Base, life: &Lifecycle, routes: &mut RoutesBuilder) -> Result<(), StartError> {
        let parts = Parts {
            store: base.store.clone(),
            bus: base.bus.clone(),
            clock: base.clock.clone(),
            // A subscription of an earlier life of this replica would only be behind.
            instance: base.ids.next(base.clock.now()).simple().to_string(),
        };
        build(&self.metrics, parts, life).add_services(routes, &self.grpc);
        Ok(())
    }
}
