//! Escalation: it follows the router's events, lets SLA clocks run and climb their ladders, and tells people. It answers
//! `EscalationService` on any replica, and owns its share of the desks.
//!
//! Where to look: `feed` tells the core what the router says, `notify` turns what the core wants told into jobs, `worker`
//! does them, `webhook` and `mail` carry them, `api` answers calls. What a clock does stands in `tandem-sla`, what makes
//! it durable in `tandem-desk`.
//!
//! **Architecture invariant:** no decision about a clock is made in here. Contacts' addresses come from the desk file in
//! force each time they are needed, and are kept nowhere.

mod api;
pub mod config;
mod contacts;
mod convert;
mod feed;
mod instruments;
mod jobs;
mod mail;
mod notify;
mod process;
mod reset;
mod watermarks;
mod webhook;
mod worker;

pub use config::{OwnConfig, ServiceConfig};
pub use webhook::SetupError;

use std::sync::Arc;
use std::time::Duration;

use tandem_bus::Bus;
use tandem_desk::{Consume, Desks, Journaled, consume};
use tandem_domain::{Clock, IdSource};
use tandem_proto::v1::escalation_service_server::{EscalationServiceServer, SERVICE_NAME};
use tandem_routing::RoutingCore;
use tandem_service_kit::config::GrpcConfig;
use tandem_service_kit::desk_files::DeskFiles;
use tandem_service_kit::lifecycle::Lifecycle;
use tandem_service_kit::limited;
use tandem_service_kit::smarthost::{Smarthost, SmarthostError};
use tandem_sla::SlaCore;
use tandem_store::Store;
use tokio::sync::Notify;
use tonic::service::RoutesBuilder;

use api::Api;
use contacts::Contacts;
use feed::Feed;
use mail::Mailer;
use notify::Notifier;
use watermarks::Watermarks;
use worker::{CLAIM_MARGIN, Worker};

/// The services that escalation answers, for health.
pub const SERVICES: [&str; 1] = [SERVICE_NAME];
/// The router's name among services: the first half of its streams' names.
const ROUTER: &str = RoutingCore::SERVICE;
/// Escalation's own.
const SERVICE: &str = SlaCore::SERVICE;
/// The consumer of escalation's own events.
const NOTIFIER: &str = "notifier";

/// How long the desks may take to finish their batches, publish and give their leases back.
const DESKS_TIMEOUT: Duration = Duration::from_secs(10);

/// What escalation is handed: where it keeps things, how it talks, and the machine's clock and randomness.
pub struct Parts {
    /// Where it keeps things.
    pub store: Arc<dyn Store>,
    /// How it talks.
    pub bus: Arc<dyn Bus>,
    /// Where ids come from.
    pub ids: Arc<dyn IdSource>,
    /// The clock that stamps webhooks and mails.
    pub clock: Arc<dyn Clock>,
    /// Where desk files are fetched from.
    pub files: Arc<dyn DeskFiles>,
    /// This replica's name, unique among the replicas.
    pub instance: String,
}

/// Why escalation cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Webhooks cannot be called as configured.
    #[error("webhooks cannot be called")]
    Webhooks(#[from] webhook::SetupError),
    /// Mail cannot be sent as configured.
    #[error("mail cannot be sent")]
    Smarthost(#[from] SmarthostError),
}

/// A running escalation service.
pub struct Escalation {
    api: Arc<Api>,
}

/// Starts an escalation service that lives and stops with `life`. It answers calls once its services are
/// [added](Escalation::add_services) to a server.
///
/// # Errors
/// If the configuration names certificates that cannot be used.
pub fn build(config: OwnConfig, parts: Parts, life: &Lifecycle) -> Result<Escalation, BuildError> {
    let settings = config.escalation.settings();
    let desks = Desks::start(settings, parts.store.clone(), parts.bus.clone(), parts.ids.clone());
    let wake = Arc::new(Notify::new());
    let worker = worker(config, &parts, wake.clone())?;
    let watermarks = Arc::new(Watermarks::default());
    let feed = Feed::new(desks.clone(), parts.store.clone(), watermarks.clone());
    follow(&parts, SERVICE, ROUTER, Arc::new(feed), life);
    follow(&parts, NOTIFIER, SERVICE, Arc::new(Notifier::new(wake.clone())), life);
    life.spawn("watermarks", watermarks.pass_on(desks.clone(), life.draining()));
    life.spawn("notifications", worker.run(life.draining()));
    let closing = desks.clone();
    life.at_end("desks", DESKS_TIMEOUT, async move { closing.shutdown().await });
    let store = parts.store;
    let api = Arc::new(Api {
        desks,
        store,
        wake,
        clock: parts.clock,
    });
    Ok(Escalation { api })
}

fn worker(config: OwnConfig, parts: &Parts, wake: Arc<Notify>) -> Result<Worker, BuildError> {
    let smarthost = Smarthost::from_config(&config.smarthost)?;
    let mail = smarthost.as_ref().map(|_| config.smarthost.timeout);
    let longest = config.webhooks.timeout.max(mail.unwrap_or_default());
    Ok(Worker {
        claim: longest + CLAIM_MARGIN,
        store: parts.store.clone(),
        contacts: Contacts::new(parts.store.clone(), parts.files.clone()),
        caller: webhook::Caller::from_config(&config.webhooks)?,
        secrets_dir: config.webhooks.secrets_dir,
        mailer: Mailer::new(smarthost, config.escalation.mail_from),
        clock: parts.clock.clone(),
        wake,
    })
}

/// Consumes a service's events under a name.
fn follow(parts: &Parts, name: &str, service: &str, handler: Arc<dyn Consume>, life: &Lifecycle) {
    let (store, bus) = (parts.store.clone(), parts.bus.clone());
    let consuming = consume(name, &parts.instance, service, store, bus, handler, life.draining());
    life.spawn("follower", consuming);
}

impl Escalation {
    /// Adds escalation's service, with a server's limits.
    pub fn add_services(&self, routes: &mut RoutesBuilder, limits: &GrpcConfig) {
        routes.add_service(limited!(EscalationServiceServer::from_arc(self.api.clone()), limits));
    }

    /// The desks, as this process sees them.
    #[must_use]
    pub fn desks(&self) -> &Desks<SlaCore> {
        &self.api.desks
    }
}
