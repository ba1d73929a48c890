//! What all chats of a process share.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tandem_bus::{Bus, subject};
use tandem_desk::{DeskClient, Journaled};
use tandem_desk_file::ChatAccount;
use tandem_domain::{Clock, ConversationId, DeskId, IdSource};
use tandem_routing::RoutingCore;
use tandem_store::Store;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::config::ChatConfig;
use super::resume::Entrance;
use super::session::Sessions;
use crate::SERVICE;
use crate::deliveries::Deliveries;
use crate::directory::Directory;
use crate::instruments;
use crate::intake::Taker;
use crate::mail::MailSecret;
use crate::places::Places;

/// What all chats of a process share.
pub(super) struct Chats {
    pub config: ChatConfig,
    pub store: Arc<dyn Store>,
    pub bus: Arc<dyn Bus>,
    pub router: DeskClient<RoutingCore>,
    pub directory: Arc<Directory>,
    pub taker: Taker,
    pub secret: MailSecret,
    pub ids: Arc<dyn IdSource>,
    pub clock: Arc<dyn Clock>,
    pub sessions: Sessions,
    pub deliveries: Deliveries,
    /// Wakes who tells the router that visitors have left.
    pub left: Notify,
    pub live: Live,
    /// Sockets by where they come from.
    pub peers: Arc<Places<IpAddr>>,
    /// Sockets by whose they are.
    pub visitors: Arc<Places<String>>,
    /// Sockets that are open, so that a drain can wait for their ends.
    pub sockets: TaskTracker,
    /// Cancelled when sockets are to move to other processes.
    pub draining: CancellationToken,
}

impl Chats {
    /// The account, if it is one for chats, as the desk's version in force has it.
    pub(super) fn account(&self, entrance: &Entrance) -> Option<ChatAccount> {
        let desk = self.directory.desk(&entrance.desk)?;
        desk.chats.get(&entrance.account).cloned()
    }

    /// Where hints come from that a chat has changed: the router, and other processes of this service.
    pub(super) fn topics(desk: &DeskId, chat: ConversationId) -> [String; 2] {
        let topic = format!("conversation.{chat}");
        [RoutingCore::SERVICE, SERVICE].map(|service| subject::topic(service, desk, &topic))
    }

    /// Tells other sockets of the chat, on any process, to look.
    pub(super) async fn hint(&self, desk: &DeskId, chat: ConversationId) {
        let [_, own] = Self::topics(desk, chat);
        if let Err(error) = self.bus.hint(&own, bytes::Bytes::new()).await {
            tracing::debug!(%desk, %chat, %error, "a chat's other sockets will look later");
        }
    }
}

/// Chats that have sockets on this process.
#[derive(Clone, Default)]
pub(super) struct Live(Arc<Mutex<HashMap<(DeskId, ConversationId), usize>>>);

/// One socket of a chat; it counts until dropped.
pub(super) struct Present {
    live: Live,
    chat: (DeskId, ConversationId),
}

impl Live {
    /// Counts a socket of a chat in.
    pub(super) fn enter(&self, desk: &DeskId, chat: ConversationId) -> Present {
        let chat = (desk.clone(), chat);
        let here = {
            let mut live = self.lock();
            let sockets = live.entry(chat.clone()).or_default();
            *sockets += 1;
            *sockets
        };
        if here == 1 {
            instruments::chats(1);
        }
        Present {
            live: self.clone(),
            chat,
        }
    }

    /// All of them.
    pub(super) fn chats(&self) -> Vec<(DeskId, ConversationId)> {
        self.lock().keys().cloned().collect()
    }

    /// No code that can panic runs under this lock.
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(DeskId, ConversationId), usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        let mut live = self.live.lock();
        if let Some(count) = live.get_mut(&self.chat) {
            *count -= 1;
            if *count == 0 {
                live.remove(&self.chat);
                instruments::chats(-1);
            }
        }
    }
}
