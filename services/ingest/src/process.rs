//! Ingest as a process of its own.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tandem_bus::Bus;
use tandem_domain::{Clock, IdSource};
use tandem_proto::v1::ingest_service_server::SERVICE_NAME;
use tandem_service_kit::config::{ConfigFaults, LifecycleConfig, TelemetryConfig};
use tandem_service_kit::deployment::{open_bus, open_store};
use tandem_service_kit::grpc::{ClientOptions, Contracts, Credentials, GrpcServer};
use tandem_service_kit::health::{Condition, Health};
use tandem_service_kit::ids::{SystemClock, SystemIds};
use tandem_service_kit::lifecycle::{Exit, Lifecycle};
use tandem_service_kit::process::{self, Service, StartError};
use tandem_service_kit::telemetry::Program;
use tandem_store::Store;
use tokio::time::timeout;
use tonic::service::Routes;

use crate::config::ServiceConfig;
use crate::{Ingest, Parts, RouterFiles, service};

const PROGRAM: Program = Program {
    name: "tandem-ingest",
    version: env!("CARGO_PKG_VERSION"),
};
/// How long connecting to the router may take, and how long its answer; a desk file that did not come is fetched again.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);
/// How often store and bus are looked at, and how long the store may take to answer.
const LOOK_EVERY: Duration = Duration::from_secs(2);

#[tonic::async_trait]
impl Service for ServiceConfig {
    const PROGRAM: Program = PROGRAM;
    const ABOUT: &'static str = "Takes customers' messages in and hands them to the router.";

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
        let store = open_store(&self.store).await?;
        let bus = open_bus(&self.bus, PROGRAM.name).await?;
        let health = Health::new(&[SERVICE_NAME], life.draining());
        life.spawn(
            "readiness",
            watch(store.clone(), bus.clone(), health.clone(), life.clone()),
        );
        let ingest = Ingest::start(parts(&self, store, bus), life).await.map_err(own)?;
        tracing::info!(address = %ingest.smtp, "takes mail");
        let mut services = Routes::builder();
        services
            .add_service(ingest.api.max_decoding_message_size(self.grpc.max_request_bytes))
            .add_service(health.server());
        process::serve(
            server,
            services,
            (&self.grpc, &self.auth),
            Contracts {
                descriptors: tandem_proto::DESCRIPTORS,
                services: &[SERVICE_NAME],
            },
            life,
        )
    }
}

fn parts(config: &ServiceConfig, store: Arc<dyn Store>, bus: Arc<dyn Bus>) -> Parts {
    let (clock, ids): (Arc<dyn Clock>, Arc<dyn IdSource>) = (Arc::new(SystemClock), Arc::new(SystemIds));
    let token_file = config
        .router
        .token_file
        .as_deref()
        .expect("the configuration was checked");
    let secret = config.ingest.secret.as_ref().expect("the configuration was checked");
    let options = ClientOptions {
        address: config.router.endpoint.clone(),
        ca_file: config.router.ca_file.clone(),
        connect_timeout: CALL_TIMEOUT,
        call_timeout: CALL_TIMEOUT,
    };
    Parts {
        store,
        bus,
        files: Arc::new(RouterFiles::new(options, Credentials::from_file(token_file))),
        // A subscription of an earlier life of this replica would only be behind.
        instance: ids.next(clock.now()).simple().to_string(),
        ids,
        clock,
        secret: secret.expose().as_bytes().to_vec(),
        smtp: config.smtp.clone(),
    }
}

fn own(error: service::StartError) -> StartError {
    let exit = match &error {
        service::StartError::Listen { .. } | service::StartError::Store(_) => Exit::Temporary,
        service::StartError::Tls(_) => Exit::BadConfiguration,
    };
    StartError::Own {
        exit,
        source: error.into(),
    }
}

/// Keeps readiness true to whether store and bus can be reached, until ingest drains.
async fn watch(store: Arc<dyn Store>, bus: Arc<dyn Bus>, health: Health, life: Lifecycle) -> Result<(), Infallible> {
    let (stored, connected): (Condition, Condition) = (health.condition("store"), health.condition("bus"));
    let mut due = tokio::time::interval(LOOK_EVERY);
    while life.draining().run_until_cancelled(due.tick()).await.is_some() {
        stored.set(matches!(timeout(LOOK_EVERY, store.now()).await, Ok(Ok(_))));
        connected.set(bus.is_connected());
    }
    Ok(())
}
