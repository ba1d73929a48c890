//! The router as a process of its own.

use std::path::Path;

use tandem_service_kit::config::ConfigFaults;
use tandem_service_kit::grpc::Peer;
use tandem_service_kit::lifecycle::Lifecycle;
use tandem_service_kit::process::{Base, Sections, Service, StartError};
use tandem_service_kit::telemetry::Program;
use tonic::service::RoutesBuilder;

use crate::config::ServiceConfig;
use crate::{Parts, SERVICES, build};

#[tonic::async_trait]
impl Service for ServiceConfig {
    const PROGRAM: Program = Program {
        name: "tandem-router",
        version: env!("CARGO_PKG_VERSION"),
    };
    const ABOUT: &'static str = "Decides who is offered what.";
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
            ids: base.ids.clone(),
            clock: base.clock.clone(),
            ingest: Peer::from_config(&self.ingest),
        };
        build(self.router.clone(), parts, life).add_services(routes, &self.grpc);
        Ok(())
    }
}
