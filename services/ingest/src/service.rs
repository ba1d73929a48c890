//! Puts ingest together and starts it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use tandem_bus::Bus;
use tandem_desk::{DeskClient, consume};
use tandem_domain::{Clock, IdSource};
use tandem_proto::v1::ingest_service_server::IngestServiceServer;
use tandem_service_kit::lifecycle::Lifecycle;
use tandem_service_kit::telemetry;
use tandem_store::{Store, StoreError};
use tokio::sync::Notify;

use crate::api::Api;
use crate::config::SmtpConfig;
use crate::directory::Directory;
use crate::follow::{DeskFiles, Follower, News, Reconciler};
use crate::intake::Taker;
use crate::mail::MailSecret;
use crate::sender::Sender;
use crate::sink::Mailbox;
use crate::smtp::{Server, Settings, tls};
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
}

/// Why ingest cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The SMTP address is not to be had.
    #[error("cannot listen for mail on {address}: is it taken, or is the port reserved?")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The certificate cannot be used.
    #[error("STARTTLS cannot be offered")]
    Tls(#[from] tls::TlsError),
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
}

impl Ingest {
    /// Binds the SMTP port, then starts everything as tasks of `life`.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(parts: Parts, life: &Lifecycle) -> Result<Self, StartError> {
        let wake_sender = Arc::new(Notify::new());
        let directory = Arc::new(Directory::default());
        let taker = Taker {
            store: Arc::clone(&parts.store),
            directory: Arc::clone(&directory),
            secret: MailSecret::new(&parts.secret),
            ids: Arc::clone(&parts.ids),
            clock: Arc::clone(&parts.clock),
            wake: Arc::clone(&wake_sender),
        };
        let server = smtp_server(&parts.smtp, Mailbox::new(Arc::clone(&directory), taker.clone())).await?;
        let address = server.local_addr().map_err(|source| StartError::Listen {
            address: parts.smtp.listen,
            source,
        })?;
        follow(&parts, &directory, life).await?;
        let sender = Sender::new(Arc::clone(&parts.store), DeskClient::new(parts.bus), wake_sender);
        start(life, "outbox", sender.run(life.draining()));
        start(life, "smtp", server.run(life.draining()));
        let api = IngestServiceServer::new(Api {
            store: parts.store,
            directory,
            taker,
        });
        Ok(Self {
            api: api.max_encoding_message_size(LARGEST_ANSWER),
            smtp: address,
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
    bound.map_err(|source| StartError::Listen {
        address: config.listen,
        source,
    })
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

/// A task whose only end is the drain.
fn start(life: &Lifecycle, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
    life.spawn(name, async {
        task.await;
        Ok::<(), Infallible>(())
    });
}
