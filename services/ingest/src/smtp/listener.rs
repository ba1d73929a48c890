//! Takes connections, counts them, and lets them end well.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::dialogue::Tls;
use super::session::{Shared, serve};
use super::{Limits, MailSink, Settings, data, reply};

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
        let places = Places::new(&settings.limits);
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

fn welcome(stream: TcpStream, peer: IpAddr, places: &Arc<Places>, shared: &Arc<Shared>, connections: &mut JoinSet<()>) {
    let Some(place) = places.take(peer) else {
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

/// How many connections there may be, in all and from each peer.
struct Places {
    all: Arc<Semaphore>,
    per_peer: usize,
    taken: Mutex<HashMap<IpAddr, usize>>,
}

/// One connection's place; free again when dropped.
struct Place {
    places: Arc<Places>,
    peer: IpAddr,
    _one_of_all: OwnedSemaphorePermit,
}

impl Places {
    fn new(limits: &Limits) -> Arc<Self> {
        let all = Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS)));
        Arc::new(Self {
            all,
            per_peer: limits.connections_per_peer,
            taken: Mutex::default(),
        })
    }

    fn take(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        let one_of_all = Arc::clone(&self.all).try_acquire_owned().ok()?;
        let peer = network(peer);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(peer).or_default();
        if *count >= self.per_peer {
            return None;
        }
        *count += 1;
        Some(Place {
            places: Arc::clone(self),
            peer,
            _one_of_all: one_of_all,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.peer);
            }
        }
    }
}

/// Whom an address belongs to: an IPv6 customer has a whole /64.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & (!0 << 64)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn places_are_limited_in_all_and_per_peer_and_given_back() {
        let limits = Limits {
            connections: 3,
            connections_per_peer: 2,
            ..Limits::default()
        };
        let places = Places::new(&limits);
        let first = places.take(ip("192.0.2.1")).unwrap();
        let _second = places.take(ip("192.0.2.1")).unwrap();
        assert!(
            places.take(ip("::ffff:192.0.2.1")).is_none(),
            "the same peer, written differently"
        );
        let _third = places.take(ip("2001:db8::1")).unwrap();
        assert!(places.take(ip("198.51.100.1")).is_none(), "one too many in all");
        drop(first);
        assert!(places.take(ip("192.0.2.1")).is_some());
    }

    #[test]
    fn an_ipv6_peer_is_its_whole_network() {
        assert_eq!(network(ip("2001:db8:0:1:2:3:4:5")), ip("2001:db8:0:1::"));
    }
}
