//! The router as a process of its own.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use tandem_service_kit::config::{ConfigFaults, LifecycleConfig, TelemetryConfig};
use tandem_service_kit::deployment::{open_bus, open_store};
use tandem_service_kit::grpc::{Contracts, GrpcServer};
use tandem_service_kit::health::Health;
use tandem_service_kit::ids::{SystemClock, SystemIds};
use tandem_service_kit::lifecycle::Lifecycle;
use tandem_service_kit::process::{Service, StartError, serve};
use tandem_service_kit::telemetry::Program;
use tonic::service::Routes;

use crate::config::ServiceConfig;
use crate::{Parts, SERVICES, build};

const PROGRAM: Program = Program {
    name: "tandem-router",
    version: env!("CARGO_PKG_VERSION"),
};

#[tonic::async_trait]
impl Service for ServiceConfig {
    const PROGRAM: Program = PROGRAM;
    const ABOUT: &'static str = "Decides who is offered what.";

    fn load(file: Option<&Path>, environment: Vec<(String, String)>) -> Result<Self, ConfigFaults> {
        Self::load(file, environment)
    }

    fn telemetry(&self) -> &TelemetryConfig {
        &self.telemetry
    }

    fn lifecycle(&self) -> &LifecycleConfig {
        &self.lifecycle
    }

    async fn start(self, life: &Lifecycle) -> Result<SocketAddr, StartError> {
        let server = GrpcServer::bind(&self.grpc).await?;
        let parts = Parts {
            store: open_store(&self.store).await?,
            bus: open_bus(&self.bus, PROGRAM.name).await?,
            ids: Arc::new(SystemIds),
            clock: Arc::new(SystemClock),
        };
        let health = Health::new(&SERVICES, life.draining());
        let router = build(self.router.clone(), parts, life, &health);
        let mut services = Routes::builder();
        router.add_services(&mut services, &self.grpc);
        services.add_service(health.server());
        serve(
            server,
            services,
            (&self.grpc, &self.auth),
            Contracts {
                descriptors: tandem_proto::DESCRIPTORS,
                services: &SERVICES,
            },
            life,
        )
    }
}
