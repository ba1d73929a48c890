//! Takes visitors' messages.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tandem_domain::Channel;
use tandem_store::{Accepted, StoreError};

use super::{Draft, Taker};
use crate::chat::ChatMessage;
use crate::customer;
use crate::directory::Desk;
use crate::mail::ThreadKeys;

impl Taker {
    /// Stores a message that a visitor wrote at a chat account of the desk. The chat's first message starts its
    /// conversation, under the chat's own id.
    ///
    /// # Errors
    /// When it is not stored.
    pub(crate) async fn said(&self, desk: &Arc<Desk>, message: ChatMessage) -> Result<Accepted, StoreError> {
        let chat = message.chat;
        let own = self.secret.conversation_key(&desk.id, chat);
        let draft = Draft {
            dedupe_key: message.dedupe_key(&self.secret),
            keys: ThreadKeys {
                find_by: vec![own.clone()],
                known_as: vec![own],
            },
            raw: message.encode(),
            customer: customer::by_address(&self.secret, &desk.id, message.from.as_ref()),
            due_at: None,
            account: message.account,
            channel: Channel::Chat,
            automatic: None,
            from: message.from,
            to: String::new(),
            subject: String::new(),
            text: message.text,
            attachments: Vec::new(),
            headers: BTreeMap::new(),
            language: message.language,
            gaps: BTreeSet::new(),
            said_as: Some(message.id),
            submitted_as: None,
            trace: message.trace,
        };
        let document = self.document(desk, draft, chat).await;
        let mut accepted = self.storing.accept(vec![document]).await?;
        Ok(accepted.remove(0))
    }
}
