//! Takes connections: pages by GET, and sockets.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::config::{HEAD_BYTES, HEADERS};
use super::routes::Peer;
use super::shared::Chats;
use crate::places::{Places, network};

/// The wait after a connection could not be taken, for lack of file descriptors for instance.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Connections from one address for each socket that it may have: a page needs a few for its files.
const FOR_EACH_SOCKET: usize = 4;

/// Serves until `shutdown`, then takes no more connections and returns when all have ended, sockets included. The
/// caller bounds that by dropping the future.
pub(super) async fn serve(chats: Arc<Chats>, listener: TcpListener, routes: Router, shutdown: CancellationToken) {
    let doors = Doors::new(&chats);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = shutdown.cancelled() => break,
            // A connection that panicked has said so already, and takes nobody along.
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => doors.welcome(stream, peer, &routes, &shutdown, &mut connections),
                Err(error) => {
                    tracing::warn!(%error, "cannot take a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
    chats.sockets.close();
    chats.sockets.wait().await;
}

/// How many connections there may be.
struct Doors {
    config: super::config::ChatConfig,
    /// From visitors.
    direct: Arc<Places<IpAddr>>,
    /// From proxies, which bring many visitors each.
    forwarded: Arc<Places<IpAddr>>,
}

impl Doors {
    fn new(chats: &Chats) -> Self {
        let config = chats.config.clone();
        let each = config.max_sockets_per_peer.saturating_mul(FOR_EACH_SOCKET);
        Self {
            direct: Places::new(config.max_connections, each),
            forwarded: Places::new(config.max_connections, config.max_connections),
            config,
        }
    }

    fn welcome(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        routes: &Router,
        shutdown: &CancellationToken,
        connections: &mut JoinSet<()>,
    ) {
        let is_proxy = self.config.forwarded_by.contains(&peer.ip().to_canonical());
        let places = if is_proxy { &self.forwarded } else { &self.direct };
        // Who is one too many must not cost anything: closed without a word.
        let Some(place) = places.take(network(peer.ip())) else {
            return;
        };
        let routes = routes.clone().layer(axum::Extension(Peer {
            address: peer.ip(),
            is_proxy,
        }));
        let (timeout, shutdown) = (self.config.handshake_timeout, shutdown.clone());
        connections.spawn(async move {
            converse(stream, routes, timeout, shutdown).await;
            drop(place);
        });
    }
}

async fn converse(stream: TcpStream, routes: Router, handshake_timeout: Duration, shutdown: CancellationToken) {
    // Frames are written whole; there is nothing to wait for. A failure costs only time.
    let _ = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(handshake_timeout)
        .max_headers(HEADERS)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes))
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended: Result<(), hyper::Error> = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended badly");
    }
}
