//! Takes connections, counts them, and lets them end well.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::dialogue::Tls;
use super::session::{Shared, serve};
use super::{MailSink, Settings, data, reply};
use crate::places::{Places, network};

/// The wait after a connection could not be taken, for lack of file descriptors for instance.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// An SMTP server that listens already.
pub struct Server {
    listener: TcpListener,
    settings: Settings,
    sink: Arc<dyn MailSink>,
}

impl Server {
    /// Starts to listen; connections wait until [`run`](Self::run).
    ///
    /// # Errors
    /// When the address is not to be had.
    pub async fn bind(
        address: impl ToSocketAddrs + Send,
        settings: Settings,
        sink: Arc<dyn MailSink>,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self {
            listener,
            settings,
            sink,
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the operating system does not know.
    pub fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `shutdown`, then takes no more connections and returns when all have ended: idle peers are
    /// sent away at once with 421, messages that are under way are taken to their end first. The caller
    /// bounds that by dropping the future, which cuts the remaining connections.
    pub async fn run(self, shutdown: CancellationToken) {
        let Self {
            listener,
            settings,
            sink,
        } = self;
        let places = Places::new(settings.limits.connections, settings.limits.connections_per_peer);
        let memory = data::memory_budget(&settings.limits);
        let shared = Arc::new(Shared {
            settings,
            sink,
            memory,
            shutdown: shutdown.clone(),
        });
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                () = shutdown.cancelled() => break,
                // A connection that panicked has said so already, and takes nobody along.
                Some(_) = connections.join_next() => {}
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => welcome(stream, peer.ip(), &places, &shared, &mut connections),
                    Err(error) => {
                        tracing::warn!(%error, "cannot take a connection");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(listener);
        while connections.join_next().await.is_some() {}
    }
}

fn welcome(
    stream: TcpStream,
    peer: IpAddr,
    places: &Arc<Places<IpAddr>>,
    shared: &Arc<Shared>,
    connections: &mut JoinSet<()>,
) {
    let Some(place) = places.take(network(peer)) else {
        return turn_away(&stream);
    };
    let shared = Arc::clone(shared);
    let connection = async move {
        converse(stream, peer, &shared).await;
        drop(place);
    };
    connections.spawn(connection.instrument(tracing::info_span!("smtp.session")));
}

/// Says 421 without waiting: a new connection's send buffer is empty, and a peer that is one too many
/// must not cost anything.
fn turn_away(stream: &TcpStream) {
    let mut last = Vec::new();
    reply::TOO_MANY_CONNECTIONS.write_to(&mut last);
    // The peer may be gone already.
    let _ = stream.try_write(&last);
}

async fn converse(stream: TcpStream, peer: IpAddr, shared: &Shared) {
    // Replies are written whole; there is nothing to wait for. A failure costs only time.
    let _ = stream.set_nodelay(true);
    let offered = if shared.settings.tls.is_some() {
        Tls::Offered
    } else {
        Tls::NotOffered
    };
    let upgrade = serve(stream, Some(peer), offered, shared).await;
    if let (Some(stream), Some(config)) = (upgrade, &shared.settings.tls) {
        let handshake = TlsAcceptor::from(Arc::clone(config)).accept(stream);
        match timeout(shared.settings.limits.command_timeout, handshake).await {
            Ok(Ok(mut encrypted)) => {
                serve(&mut encrypted, Some(peer), Tls::On, shared).await;
                // The peer may have closed first.
                let _ = encrypted.shutdown().await;
            }
            Ok(Err(error)) => tracing::debug!(%error, "tls handshake failed"),
            Err(_elapsed) => tracing::debug!("tls handshake took too long"),
        }
    }
}
