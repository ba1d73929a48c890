//! The router as a process of its own.

use std::net::SocketAddr;
use std::sync::Arc;

use tandem_bus::BusError;
use tandem_service_kit::auth::{AuthError, Gate, Reflection, Verifier, table};
use tandem_service_kit::grpc::{GrpcError, GrpcServer};
use tandem_service_kit::health::Health;
use tandem_service_kit::ids::{SystemClock, SystemIds};
use tandem_service_kit::lifecycle::{Exit, Lifecycle};
use tandem_store::StoreError;
use tonic::service::Routes;

use crate::config::ServiceConfig;
use crate::{NAME, Parts, SERVICES, build, deployment};

/// Why the router cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store cannot be opened.
    #[error("the store cannot be opened")]
    Store(#[from] StoreError),
    /// The bus cannot be reached for a reason that trying on does not change.
    #[error("the bus cannot be used")]
    Bus(#[from] BusError),
    /// The keys for tokens cannot be used.
    #[error("tokens cannot be checked")]
    Auth(#[from] AuthError),
    /// The address is taken, or the certificate cannot be used.
    #[error("calls cannot be answered")]
    Grpc(#[from] GrpcError),
    /// The contracts cannot be shown.
    #[error("reflection cannot be offered")]
    Reflection(#[from] tonic_reflection::server::Error),
}

impl StartError {
    /// With what the process ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Store(StoreError::NewerSchema(_)) | Self::Auth(_) => Exit::BadConfiguration,
            Self::Store(_) | Self::Bus(_) | Self::Grpc(GrpcError::Bind { .. }) => Exit::Temporary,
            Self::Grpc(_) => Exit::BadConfiguration,
            Self::Reflection(_) => Exit::Internal,
        }
    }
}

/// Opens everything that the configuration names and serves as tasks of `life`; the address that was bound.
///
/// # Errors
/// See [`StartError`].
pub async fn run(config: ServiceConfig, life: &Lifecycle) -> Result<SocketAddr, StartError> {
    let server = GrpcServer::bind(&config.grpc).await?;
    let verifier = Arc::new(Verifier::from_files(&config.auth)?);
    let parts = Parts {
        store: deployment::open_store(&config.store).await?,
        bus: deployment::open_bus(&config.bus, NAME).await?,
        ids: Arc::new(SystemIds),
        clock: Arc::new(SystemClock),
    };
    let address = server.address();
    let routes = routes(&config, parts, life)?;
    let reflection = if config.grpc.reflection {
        Reflection::Open
    } else {
        Reflection::Closed
    };
    let gate = Gate::new(verifier.clone(), table::METHODS, reflection);
    let fresh = verifier.keep_fresh(config.auth.reload_interval, life.draining());
    life.spawn("keys", async {
        fresh.await;
        Ok::<(), GrpcError>(())
    });
    life.spawn(
        "grpc",
        server.serve(routes, gate, life.draining(), config.lifecycle.drain_timeout),
    );
    Ok(address)
}

fn routes(config: &ServiceConfig, parts: Parts, life: &Lifecycle) -> Result<Routes, StartError> {
    let health = Health::new(&SERVICES, life.draining());
    let router = build(config.router.clone(), parts, life, &health);
    let contracts = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(tandem_proto::DESCRIPTORS)
        .build_v1()?;
    let mut services = Routes::builder();
    router.add_services(&mut services, &config.grpc);
    services.add_service(health.server()).add_service(contracts);
    Ok(services.routes())
}
