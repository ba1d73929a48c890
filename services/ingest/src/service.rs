//! Puts ingest together and starts it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use tandem_bus::Bus;
use tandem_desk::{DeskClient, consume};
use tandem_domain::{Clock, IdSource};
use tandem_proto::v1::ingest_service_server::IngestServiceServer;
use tandem_service_kit::config::SmarthostConfig;
use tandem_service_kit::desk_files::DeskFiles;
use tandem_service_kit::lifecycle::Lifecycle;
use tandem_service_kit::smarthost::{Smarthost, SmarthostError};
use tandem_service_kit::telemetry;
use tandem_store::{Store, StoreError};

use crate::api::Api;
use crate::chat::ChatServer;
use crate::config::{ChatConfig, DeliveriesConfig, SmtpConfig};
use crate::deliveries::{self, Deliveries, Mailer, Worker};
use crate::directory::Directory;
use crate::follow::{Follower, News, Reconciler};
use crate::handover::handover;
use crate::instruments;
use crate::intake::Taker;
use crate::mail::MailSecret;
use crate::sender::Sender;
use crate::sink::Mailbox;
use crate::smtp::{Server, Settings, tls};
use crate::storing::Storing;
use crate::{ROUTER, SERVICE};

/// The largest raw message with its answer around it.
const LARGEST_ANSWER: usize = 32 << 20;

/// What ingest is made of.
pub struct Parts {
    /// Where messages are kept.
    pub store: Arc<dyn Store>,
    /// How the router is told.
    pub bus: Arc<dyn Bus>,
    /// Where desk files are fetched from.
    pub files: Arc<dyn DeskFiles>,
    /// New ids.
    pub ids: Arc<dyn IdSource>,
    /// The time at which messages are taken.
    pub clock: Arc<dyn Clock>,
    /// Ingest's secret.
    pub secret: Vec<u8>,
    /// This replica's name, unique among the replicas.
    pub instance: String,
    /// Where and how mail is taken.
    pub smtp: SmtpConfig,
    /// Where and how chats are taken.
    pub chat: ChatConfig,
    /// By whom mail is sent.
    pub smarthost: SmarthostConfig,
    /// How answers reach customers.
    pub deliveries: DeliveriesConfig,
}

/// Why ingest cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address is not to be had.
    #[error("cannot listen for {what} on {address}: is it taken, or is the port reserved?")]
    Listen {
        /// Mail or chats.
        what: &'static str,
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The certificate cannot be used.
    #[error("STARTTLS cannot be offered")]
    Tls(#[from] tls::TlsError),
    /// The smarthost cannot be used.
    #[error("mail cannot be sent")]
    Smarthost(#[from] SmarthostError),
    /// The store cannot be read.
    #[error("the desks in use cannot be read")]
    Store(#[from] StoreError),
}

/// Ingest, started.
pub struct Ingest {
    /// To be served with the process's other gRPC services.
    pub api: IngestServiceServer<Api>,
    /// Where mail is taken.
    pub smtp: SocketAddr,
    /// Where visitors chat.
    pub chat: SocketAddr,
}

impl Ingest {
    /// Binds the ports for mail and chats, then starts everything as tasks of `life`.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(parts: Parts, life: &Lifecycle) -> Result<Self, StartError> {
        instruments::begin();
        let (hand_over, handed) = handover();
        let directory = Arc::new(Directory::default());
        let deliveries = Deliveries::new(Arc::clone(&parts.store), Arc::clone(&parts.bus));
        let taker = Taker {
            store: Arc::clone(&parts.store),
            directory: Arc::clone(&directory),
            secret: MailSecret::new(&parts.secret),
            ids: Arc::clone(&parts.ids),
            clock: Arc::clone(&parts.clock),
            storing: Storing::start(Arc::clone(&parts.store), hand_over),
            left: Arc::clone(&handed.left),
            deliveries: deliveries.clone(),
        };
        let server = smtp_server(&parts.smtp, Mailbox::new(Arc::clone(&directory), taker.clone())).await?;
        let smtp = server.local_addr().map_err(|error| no_mail(&parts.smtp, error))?;
        let chats = chat_server(&parts, taker.clone(), deliveries.clone(), life).await?;
        let chat = chats.local_addr().map_err(|error| no_chats(&parts.chat, error))?;
        follow(&parts, &directory, life).await?;
        deliver(&parts, &taker, &deliveries, life)?;
        let sender = Sender::new(Arc::clone(&parts.store), DeskClient::new(parts.bus), handed);
        start(life, "outbox", sender.run(life.draining()));
        start(life, "smtp", server.run(life.draining()));
        start(life, "chat", chats.run());
        let api = IngestServiceServer::new(Api {
            store: parts.store,
            directory,
            taker,
            deliveries,
            draining: life.draining(),
        });
        Ok(Self {
            api: api.max_encoding_message_size(LARGEST_ANSWER),
            smtp,
            chat,
        })
    }
}

async fn smtp_server(config: &SmtpConfig, mailbox: Mailbox) -> Result<Server, StartError> {
    let tls = match (&config.tls_cert_file, &config.tls_key_file) {
        (Some(certificates), Some(key)) => Some(tls::server_config(certificates, key)?),
        _ => None,
    };
    let settings = Settings {
        hostname: config.hostname.clone(),
        limits: config.limits(),
        tls,
        current_trace: Arc::new(telemetry::inject),
    };
    let bound = Server::bind(config.listen, settings, Arc::new(mailbox)).await;
    bound.map_err(|error| no_mail(config, error))
}

async fn chat_server(
    parts: &Parts,
    taker: Taker,
    deliveries: Deliveries,
    life: &Lifecycle,
) -> Result<ChatServer, StartError> {
    let (config, bus) = (parts.chat.clone(), Arc::clone(&parts.bus));
    let bound = ChatServer::bind(config, taker, bus, deliveries, life.draining()).await;
    bound.map_err(|error| no_chats(&parts.chat, error))
}

fn no_mail(config: &SmtpConfig, source: std::io::Error) -> StartError {
    StartError::Listen {
        what: "mail",
        address: config.listen,
        source,
    }
}

fn no_chats(config: &ChatConfig, source: std::io::Error) -> StartError {
    StartError::Listen {
        what: "chats",
        address: config.listen,
        source,
    }
}

async fn follow(parts: &Parts, directory: &Arc<Directory>, life: &Lifecycle) -> Result<(), StartError> {
    let news = Arc::new(News::default());
    let (store, files) = (Arc::clone(&parts.store), Arc::clone(&parts.files));
    let reconciler = Reconciler::new(store, files, Arc::clone(directory), Arc::clone(&news));
    reconciler.load().await?;
    start(life, "desks", reconciler.run(life.draining()));
    let consuming = consume(
        SERVICE,
        &parts.instance,
        ROUTER,
        Arc::clone(&parts.store),
        Arc::clone(&parts.bus),
        Arc::new(Follower::new(news)),
        life.draining(),
    );
    life.spawn("follower", consuming);
    Ok(())
}

/// Follows the router's journal for answers, and brings them to customers.
fn deliver(parts: &Parts, taker: &Taker, deliveries: &Deliveries, life: &Lifecycle) -> Result<(), StartError> {
    let smarthost = Smarthost::from_config(&parts.smarthost)?;
    if smarthost.is_none() {
        tracing::info!("no smarthost is configured: mail is not answered");
    }
    let mailer = Mailer {
        smarthost,
        directory: Arc::clone(&taker.directory),
        secret: taker.secret.clone(),
    };
    let router = DeskClient::new(Arc::clone(&parts.bus));
    let pace = parts.deliveries.pace(&parts.smarthost);
    let worker = Worker::new(deliveries.clone(), router, mailer, pace);
    start(life, "deliveries", worker.run(life.draining()));
    let consuming = consume(
        deliveries::CONSUMER,
        &parts.instance,
        ROUTER,
        Arc::clone(&parts.store),
        Arc::clone(&parts.bus),
        Arc::new(deliveries::Consumer::new(deliveries.clone(), taker.secret.clone())),
        life.draining(),
    );
    life.spawn("answers", consuming);
    Ok(())
}

/// A task whose only end is the drain.
fn start(life: &Lifecycle, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
    life.spawn(name, async {
        task.await;
        Ok::<(), Infallible>(())
    });
}
