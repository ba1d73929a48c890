//! The four services, as they are put together in a cluster too.

use std::net::SocketAddr;
use std::sync::Arc;

use tandem_bus::Bus;
use tandem_domain::{Clock, IdSource, Role};
use tandem_ingest::Ingest;
use tandem_proto::v1::ingest_service_server::SERVICE_NAME as INGEST_SERVICE;
use tandem_service_kit::auth::{DeskScope, Grant, Signer};
use tandem_service_kit::config::Secret;
use tandem_service_kit::desk_files::RouterFiles;
use tandem_service_kit::error::chain;
use tandem_service_kit::grpc::{Contracts, Credentials, Peer, add_reflection};
use tandem_service_kit::health::Health;
use tandem_service_kit::ids::{SystemClock, SystemIds};
use tandem_service_kit::lifecycle::Lifecycle;
use tandem_service_kit::readiness;
use tandem_store::Store;
use tonic::service::{Routes, RoutesBuilder};

use super::EmbeddedConfig;
use crate::failure::Failure;

/// One process is one replica.
const INSTANCE: &str = "embedded";

/// What the services share.
pub(super) struct Machine {
    pub(super) store: Arc<dyn Store>,
    pub(super) bus: Arc<dyn Bus>,
    pub(super) life: Lifecycle,
    pub(super) signer: Arc<Signer>,
    /// Where all of them answer, each other's calls among them.
    pub(super) grpc: SocketAddr,
    pub(super) ingest_secret: Secret,
}

/// What runs.
pub(super) struct Services {
    pub(super) routes: Routes,
    /// Where mail is taken.
    pub(super) smtp: SocketAddr,
    /// Where visitors chat.
    pub(super) chat: SocketAddr,
}

impl Machine {
    /// Starts them all.
    pub(super) async fn start(self, config: &EmbeddedConfig) -> Result<Services, Failure> {
        let services: Vec<&str> = services().collect();
        let health = Health::new(&services, self.life.draining());
        readiness::watch(self.store.clone(), self.bus.clone(), &health, &self.life);
        let mut routes = Routes::builder();
        self.start_router(config, &mut routes);
        let ingest = self.start_ingest(config).await?;
        self.start_escalation(config, &mut routes)?;
        self.start_metrics(config, &mut routes);
        routes.add_service(ingest.api).add_service(health.server());
        let contracts = Contracts {
            descriptors: tandem_proto::DESCRIPTORS,
            services: &services,
        };
        add_reflection(&mut routes, contracts).map_err(|error| Failure::Fault(chain(&error)))?;
        Ok(Services {
            routes: routes.routes(),
            smtp: ingest.smtp,
            chat: ingest.chat,
        })
    }

    fn start_router(&self, config: &EmbeddedConfig, routes: &mut RoutesBuilder) {
        let parts = tandem_router::Parts {
            store: self.store.clone(),
            bus: self.bus.clone(),
            ids: ids(),
            clock: clock(),
            ingest: self.peer("router"),
        };
        tandem_router::build(config.router.clone(), parts, &self.life).add_services(routes, &config.grpc);
    }

    async fn start_ingest(&self, config: &EmbeddedConfig) -> Result<Ingest, Failure> {
        let parts = tandem_ingest::Parts {
            store: self.store.clone(),
            bus: self.bus.clone(),
            files: Arc::new(RouterFiles::new(self.peer("ingest"))),
            ids: ids(),
            clock: clock(),
            secret: self.ingest_secret.expose().into(),
            instance: INSTANCE.to_owned(),
            smtp: config.smtp.clone(),
            chat: config.chat.clone(),
            smarthost: config.smarthost.clone(),
            deliveries: config.deliveries.clone(),
        };
        let started = Ingest::start(parts, &self.life).await;
        started.map_err(|error| Failure::Unreachable(chain(&error)))
    }

    fn start_escalation(&self, config: &EmbeddedConfig, routes: &mut RoutesBuilder) -> Result<(), Failure> {
        let parts = tandem_escalation::Parts {
            store: self.store.clone(),
            bus: self.bus.clone(),
            ids: ids(),
            clock: clock(),
            files: Arc::new(RouterFiles::new(self.peer("escalation"))),
            instance: INSTANCE.to_owned(),
        };
        let built = tandem_escalation::build(config.escalation(), parts, &self.life);
        let escalation = built.map_err(|error| Failure::Configuration(chain(&error)))?;
        escalation.add_services(routes, &config.grpc);
        Ok(())
    }

    fn start_metrics(&self, config: &EmbeddedConfig, routes: &mut RoutesBuilder) {
        let parts = tandem_metrics::Parts {
            store: self.store.clone(),
            bus: self.bus.clone(),
            clock: clock(),
            instance: INSTANCE.to_owned(),
        };
        tandem_metrics::build(&config.metrics, parts, &self.life).add_services(routes, &config.grpc);
    }

    /// This process, as `service` calls it.
    fn peer(&self, service: &str) -> Peer {
        let grant = Grant {
            role: Role::Service,
            subject: service.to_owned(),
            desks: DeskScope::All,
        };
        let credentials = Credentials::from_signer(self.signer.clone(), grant, clock());
        Peer::new(format!("http://{}", self.grpc), credentials)
    }
}

/// What is answered here.
fn services() -> impl Iterator<Item = &'static str> {
    let router = tandem_router::SERVICES.into_iter().chain([INGEST_SERVICE]);
    router
        .chain(tandem_escalation::SERVICES)
        .chain(tandem_metrics::SERVICES)
}

fn ids() -> Arc<dyn IdSource> {
    Arc::new(SystemIds)
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}
