//! Escalation as a process of its own.

use std::path::Path;
use std::sync::Arc;

use tandem_service_kit::config::ConfigFaults;
use tandem_service_kit::desk_files::RouterFiles;
use tandem_service_kit::grpc::Peer;
use tandem_service_kit::lifecycle::{Exit, Lifecycle};
use tandem_service_kit::process::{Base, Sections, Service, StartError};
use tandem_service_kit::telemetry::Program;
use tonic::service::RoutesBuilder;

use crate::config::ServiceConfig;
use crate::{Parts, SERVICES, build};

#[tonic::async_trait]
impl Service for ServiceConfig {
    const PROGRAM: Program = Program {
        name: "tandem-escalation",
        version: env!("CARGO_PKG_VERSION"),
    };
    const ABOUT: &'static str = "Watches the SLA clocks and tells people when tickets climb.";
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
            files: Arc::new(RouterFiles::new(Peer::from_config(&self.router))),
            // A subscription of an earlier life of this replica would only be behind.
            instance: base.ids.next(base.clock.now()).simple().to_string(),
        };
        let escalation = build(self.own(), parts, life).map_err(|error| StartError::Own {
            exit: Exit::BadConfiguration,
            source: error.into(),
        })?;
        escalation.add_services(routes, &self.grpc);
        Ok(())
    }
}
