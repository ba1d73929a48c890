//! Metrics: what happened on a desk, counted, and what is going on now. It answers `MetricsService` on any replica.
//!
//! Where to look: `books` follows the router's journal and keeps roll-ups, `breaches` follows escalation's, `query`
//! puts rows together, `api` answers calls, `convert` stands between the contracts and the measures. What a measure
//! *means* stands in `tandem-measures`.
//!
//! **Architecture invariant:** what is counted is committed together with the position in the journal from which it
//! was counted, so each event counts once, whatever crashes. Nothing is counted in here that is not an event.

mod api;
mod books;
mod breaches;
pub mod config;
mod convert;
mod errors;
mod process;
mod query;
mod rows;
mod watch;

pub use config::{MetricsConfig, ServiceConfig};

use std::convert::Infallible;
use std::sync::Arc;

use opentelemetry::global;
use tandem_bus::Bus;
use tandem_desk::{Consume, Journaled, consume};
use tandem_domain::Clock;
use tandem_proto::v1::metrics_service_server::{MetricsServiceServer, SERVICE_NAME};
use tandem_routing::RoutingCore;
use tandem_service_kit::config::GrpcConfig;
use tandem_service_kit::lifecycle::Lifecycle;
use tandem_service_kit::limited;
use tandem_sla::SlaCore;
use tandem_store::Store;
use tokio::sync::Semaphore;
use tonic::service::RoutesBuilder;

use api::Api;
use books::Books;
use breaches::BreachBook;

/// The services that metrics answers, for health.
pub const SERVICES: [&str; 1] = [SERVICE_NAME];

/// Under this name the position in the router's journal is kept.
pub const ROUTER_CONSUMER: &str = "metrics";
/// Under this name the position in the escalation journal is kept.
pub const ESCALATION_CONSUMER: &str = "metrics-breaches";

/// What metrics is handed.
#[derive(Clone)]
pub struct Parts {
    /// Where it keeps things.
    pub store: Arc<dyn Store>,
    /// How it hears of events.
    pub bus: Arc<dyn Bus>,
    /// The clock by which tokens expire.
    pub clock: Arc<dyn Clock>,
    /// This replica's name, unique among the replicas.
    pub instance: String,
}

/// Metrics, running.
pub struct Metrics {
    api: Api,
}

/// Starts metrics, which lives and stops with `life`. It answers calls once its services are
/// [added](Metrics::add_services) to a server.
#[must_use]
pub fn build(config: &MetricsConfig, parts: Parts, life: &Lifecycle) -> Metrics {
    let books = Arc::new(Books::new(parts.store.clone()));
    let breaches = Arc::new(BreachBook::new(parts.store.clone()));
    follow(ROUTER_CONSUMER, RoutingCore::SERVICE, books.clone(), &parts, life);
    follow(ESCALATION_CONSUMER, SlaCore::SERVICE, breaches, &parts, life);
    let watchers = Arc::new(Semaphore::new(config.max_watchers));
    measure_watchers(&watchers, config.max_watchers);
    Metrics {
        api: Api {
            store: parts.store,
            clock: parts.clock,
            books,
            watchers,
            draining: life.draining(),
        },
    }
}

/// Has the watchers counted whenever somebody looks, for as long as `free` lives.
fn measure_watchers(free: &Arc<Semaphore>, most: usize) {
    let free = Arc::downgrade(free);
    global::meter("tandem-metrics")
        .u64_observable_gauge("tandem.metrics.watchers")
        .with_unit("{stream}")
        .with_description("Open `Watch` streams on this process")
        .with_callback(move |observer| {
            if let Some(free) = free.upgrade() {
                observer.observe((most - free.available_permits()) as u64, &[]);
            }
        })
        .build();
}

fn follow(name: &'static str, service: &str, handler: Arc<dyn Consume>, parts: &Parts, life: &Lifecycle) {
    let (store, bus) = (parts.store.clone(), parts.bus.clone());
    let following = consume(name, &parts.instance, service, store, bus, handler, life.draining());
    life.spawn(name, async move {
        if let Err(broken) = following.await {
            std::panic::resume_unwind(broken.into_panic());
        }
        Ok::<(), Infallible>(())
    });
}

impl Metrics {
    /// Adds metrics' services, with a server's limits.
    pub fn add_services(&self, routes: &mut RoutesBuilder, limits: &GrpcConfig) {
        routes.add_service(limited!(MetricsServiceServer::new(self.api.clone()), limits));
    }
}
