//! Chats: visitors' sockets and the page on which they chat. `docs/chat.md` is the protocol's description.
//!
//! A chat is one conversation, and begins with the visitor's first message; before that nothing is kept. Every
//! message goes the way of a mail: judged by the desk's rules, stored, acknowledged, handed to the router. What the
//! visitor's side is told comes from what is stored and from the router, on a hint or by a timer, so any process
//! serves any socket, and a socket that breaks goes on elsewhere.
//!
//! Where to look: `http` takes connections, `routes` answers them, `visitor` checks who comes in, `socket` is the talk,
//! `session` is what is kept of chats, `sweeper` and `leaving` end them.

mod answers;
mod config;
mod contact;
mod http;
mod leaving;
mod message;
mod origin;
mod pace;
mod page;
mod protocol;
mod resume;
mod routes;
mod session;
mod shared;
mod socket;
mod standing;
mod sweeper;
mod visitor;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use tandem_bus::Bus;
use tandem_desk::DeskClient;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use config::{CHAT_DEFAULTS, ChatConfig};
pub(crate) use message::ChatMessage;

use crate::deliveries::Deliveries;
use crate::intake::Taker;
use crate::places::Places;
use session::Sessions;
use shared::{Chats, Live};

/// The chat's server, which listens already.
pub(crate) struct ChatServer {
    chats: Arc<Chats>,
    listener: TcpListener,
    routes: Router,
}

impl ChatServer {
    /// Starts to listen; connections wait until [`run`](Self::run).
    ///
    /// # Errors
    /// When the address is not to be had.
    pub(crate) async fn bind(
        config: ChatConfig,
        taker: Taker,
        bus: Arc<dyn Bus>,
        deliveries: Deliveries,
        draining: CancellationToken,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind(config.listen).await?;
        let chats = Arc::new(Chats {
            store: Arc::clone(&taker.store),
            router: DeskClient::new(Arc::clone(&bus)),
            bus,
            directory: Arc::clone(&taker.directory),
            secret: taker.secret.clone(),
            ids: Arc::clone(&taker.ids),
            clock: Arc::clone(&taker.clock),
            sessions: Sessions::new(Arc::clone(&taker.store)),
            deliveries,
            left: tokio::sync::Notify::new(),
            live: Live::default(),
            peers: Places::new(config.max_connections, config.max_sockets_per_peer),
            visitors: Places::new(config.max_connections, config.max_sockets_per_visitor),
            sockets: tokio_util::task::TaskTracker::new(),
            draining,
            taker,
            config,
        });
        let routes = routes::routes(Arc::clone(&chats));
        Ok(Self {
            chats,
            listener,
            routes,
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the operating system does not know.
    pub(crate) fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves visitors and looks after their chats until the process drains.
    pub(crate) async fn run(self) {
        let Self {
            chats,
            listener,
            routes,
        } = self;
        let draining = chats.draining.clone();
        tokio::join!(
            http::serve(Arc::clone(&chats), listener, routes, draining.clone()),
            sweeper::run(Arc::clone(&chats), draining.clone()),
            leaving::run(chats, draining),
        );
    }
}
