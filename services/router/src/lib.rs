//! The router: who is offered what. It answers `TicketService`, `AgentService` and `DeskService` on any replica,
//! and owns its share of the desks.
//!
//! Where to look: `api` answers calls, `convert` stands between the contracts and the domain, `errors` says what
//! callers are told, `read` reads the read model, `worker` does what nobody asked for. What is decided about
//! tickets stands in `tandem-routing`, what makes it durable in `tandem-desk`.
//!
//! **Architecture invariant:** no decision about a ticket is made in here, and no type of the contracts goes
//! further than this crate.

mod api;
pub mod config;
mod convert;
mod errors;
mod heartbeats;
mod history;
mod ingest;
mod one_at_a_time;
mod past;
mod process;
mod read;
mod simulate;
mod unservable;
mod worker;

pub use config::{RouterConfig, ServiceConfig};

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::global;
use tandem_bus::Bus;
use tandem_desk::Desks;
use tandem_domain::{Clock, IdSource};
use tandem_proto::v1::agent_service_server::{AgentServiceServer, SERVICE_NAME as AGENT_SERVICE};
use tandem_proto::v1::desk_service_server::{DeskServiceServer, SERVICE_NAME as DESK_SERVICE};
use tandem_proto::v1::ticket_service_server::{SERVICE_NAME as TICKET_SERVICE, TicketServiceServer};
use tandem_routing::RoutingCore;
use tandem_service_kit::config::GrpcConfig;
use tandem_service_kit::grpc::Peer;
use tandem_service_kit::lifecycle::Lifecycle;
use tandem_service_kit::limited;
use tandem_store::Store;
use tokio_util::task::TaskTracker;
use tonic::service::RoutesBuilder;

use api::{Agents, Api, DeskFiles, Tickets};
use heartbeats::Heartbeats;
use ingest::Ingest;
use one_at_a_time::OneAtATime;

/// The services that the router answers, for health.
pub const SERVICES: [&str; 3] = [TICKET_SERVICE, AGENT_SERVICE, DESK_SERVICE];

/// How long the desks may take to finish their batches, publish and give their leases back.
const DESKS_TIMEOUT: Duration = Duration::from_secs(10);

/// What the router is handed: where it keeps things, how it talks, and the machine's clock and randomness.
#[derive(Clone)]
pub struct Parts {
    /// Where it keeps things.
    pub store: Arc<dyn Store>,
    /// How it talks.
    pub bus: Arc<dyn Bus>,
    /// Where ids come from.
    pub ids: Arc<dyn IdSource>,
    /// The clock by which tokens expire.
    pub clock: Arc<dyn Clock>,
    /// Ingest, which keeps the words of answers.
    pub ingest: Peer,
}

/// A running router.
pub struct Router {
    api: Arc<Api>,
}

/// Starts a router that lives and stops with `life`. It answers calls once its services are
/// [added](Router::add_services) to a server.
#[must_use]
pub fn build(config: RouterConfig, parts: Parts, life: &Lifecycle) -> Router {
    let Parts {
        store,
        bus,
        ids,
        clock,
        ingest,
    } = parts;
    let desks = Desks::start(config.settings(), store.clone(), bus.clone(), ids.clone());
    let (heartbeats, streams) = (Heartbeats::default(), TaskTracker::new());
    let draining = life.draining();
    let api = Arc::new(Api {
        config,
        desks: desks.clone(),
        store,
        bus,
        ids,
        clock,
        ingest: Ingest::new(ingest),
        heartbeats,
        simulations: OneAtATime::default(),
        looks: OneAtATime::default(),
        streams,
        draining,
    });
    measure_streams(&api);
    life.spawn("heartbeats", worker::pass_heartbeats_on(api.clone()));
    life.spawn(
        "unservable tickets",
        unservable::count(desks.clone(), api.draining.clone()),
    );
    life.spawn("agents' streams", worker::end_streams(api.clone()));
    life.at_end("desks", DESKS_TIMEOUT, async move { desks.shutdown().await });
    Router { api }
}

/// Has agents' streams counted whenever somebody looks, for as long as the router lives.
fn measure_streams(api: &Arc<Api>) {
    let api = Arc::downgrade(api);
    global::meter("tandem-router")
        .u64_observable_gauge("tandem.router.work.streams")
        .with_unit("{stream}")
        .with_description("Agents' open streams on this process")
        .with_callback(move |observer| {
            if let Some(api) = api.upgrade() {
                observer.observe(api.streams.len() as u64, &[]);
            }
        })
        .build();
}

impl Router {
    /// Adds the router's services, with a server's limits.
    pub fn add_services(&self, routes: &mut RoutesBuilder, limits: &GrpcConfig) {
        let api = &self.api;
        routes.add_service(limited!(TicketServiceServer::new(Tickets(api.clone())), limits));
        routes.add_service(limited!(AgentServiceServer::new(Agents(api.clone())), limits));
        routes.add_service(limited!(DeskServiceServer::new(DeskFiles(api.clone())), limits));
    }

    /// The desks, as this process sees them.
    #[must_use]
    pub fn desks(&self) -> &Desks<RoutingCore> {
        &self.api.desks
    }
}
