//! What was said so far, and the answers that came since.

use std::collections::HashMap;

use tandem_domain::{ConversationId, DeskId, MessageId, Trace};
use tandem_service_kit::telemetry;
use tandem_store::{Store, StoreError, StoredDocument};
use tracing::Instrument;

use super::Hello;
use super::talk::Talk;
use crate::chat::answers::Released;
use crate::chat::config::FRAME_BYTES;
use crate::chat::protocol::{Said, Side, ToVisitor, VERSION, Welcome};
use crate::chat::visitor::not_now;
use crate::chat::wire::Closing;
use crate::document::{Direction, Document};

/// Messages of a chat that are told again at most, the latest.
const REPLAYED: usize = 500;
/// Documents that are looked at together.
const PAGE: usize = 200;

impl Talk<'_> {
    /// Answers hello, and brings the visitor's side up to date.
    pub(super) async fn welcome(&mut self, hello: &Hello) -> Result<(), Closing> {
        let released = self.released_so_far().await?;
        let after = hello.after.unwrap_or_default();
        let knows = after == 0 || released.iter().any(|answer| answer.seq == after);
        let replayed = self.visitor.is_known && (hello.after.is_none() || !knows);
        self.say_welcome(replayed).await?;
        if replayed {
            return self.replay(&released).await;
        }
        for answer in released {
            if answer.seq <= after {
                self.arrived(answer.message).await?;
            } else {
                self.send_answer(answer).await?;
            }
        }
        Ok(())
    }

    async fn say_welcome(&mut self, replayed: bool) -> Result<(), Closing> {
        let Some(account) = self.chats.account(&self.visitor.entrance) else {
            return Err(Closing::later("the desk takes no chats here at the moment"));
        };
        let welcome = Welcome {
            version: VERSION,
            name: &account.name,
            resume: &self.visitor.pass.sign(&self.chats.secret, &self.visitor.entrance),
            resumed: self.visitor.is_resumed,
            replayed,
            max_frame_bytes: FRAME_BYTES,
        };
        self.wire.send(&ToVisitor::Welcome(welcome)).await
    }

    async fn released_so_far(&mut self) -> Result<Vec<Released>, Closing> {
        let mut all = Vec::new();
        if !self.visitor.is_known {
            return Ok(all);
        }
        loop {
            let page = self.read_answers().await?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page);
        }
    }

    async fn read_answers(&mut self) -> Result<Vec<Released>, Closing> {
        let (store, desk) = (self.chats.store.clone(), self.desk().clone());
        let chat = self.visitor.chat();
        let read = self.answers.read(store.as_ref(), &desk, chat).await;
        read.map_err(|error| not_now(&error))
    }

    /// Tells everything that was said, both sides in order.
    async fn replay(&mut self, released: &[Released]) -> Result<(), Closing> {
        let (desk, chat) = (self.desk().clone(), self.visitor.chat());
        let latest = self
            .chats
            .store
            .latest_of_conversation(&desk, chat, None, REPLAYED)
            .await;
        let latest = latest.map_err(|error| not_now(&error))?;
        let seqs: HashMap<MessageId, u64> = released.iter().map(|answer| (answer.message, answer.seq)).collect();
        for stored in latest.into_iter().rev() {
            let document = Document::decode(&stored.id.0, &stored.body).map_err(|error| not_now(&error))?;
            match (document.direction, seqs.get(&stored.id)) {
                (Direction::Inbound, _) => self.send_own(&stored, &document).await?,
                (Direction::Answer, Some(seq)) => {
                    let (seq, message) = (*seq, stored.id);
                    self.answers.sent(Released { seq, message });
                    self.say_answer(seq, &stored, &document).await?;
                }
                (Direction::Answer | Direction::Note, _) => {}
            }
        }
        Ok(())
    }

    /// Sends the answers that came since the last look.
    pub(super) async fn send_answers(&mut self) -> Result<(), Closing> {
        loop {
            let page = self.read_answers().await?;
            if page.is_empty() {
                return Ok(());
            }
            for answer in page {
                self.send_answer(answer).await?;
            }
        }
    }

    async fn send_answer(&mut self, answer: Released) -> Result<(), Closing> {
        let desk = self.desk().clone();
        let stored = self.chats.store.document(&desk, answer.message).await;
        let Some(stored) = stored.map_err(|error| not_now(&error))? else {
            tracing::error!(%desk, message = %answer.message, "a released answer is not there");
            return Ok(());
        };
        let document = Document::decode(&stored.id.0, &stored.body).map_err(|error| not_now(&error))?;
        self.answers.sent(answer);
        let span = tracing::info_span!(parent: None, "chat.answer", %desk, message = %answer.message);
        telemetry::set_parent(&span, &Trace(document.trace.as_str().into()));
        self.say_answer(answer.seq, &stored, &document).instrument(span).await
    }

    async fn say_answer(&mut self, seq: u64, stored: &StoredDocument, document: &Document) -> Result<(), Closing> {
        let agent = document.author.as_ref().map(|agent| self.name_of(agent));
        let said = Said {
            id: &stored.id.to_string(),
            from: Side::Agent,
            seq: Some(seq),
            agent: agent.as_deref(),
            text: &document.text,
            at: stored.received_at.to_string(),
        };
        self.wire.send(&ToVisitor::Message(said)).await
    }

    async fn send_own(&mut self, stored: &StoredDocument, document: &Document) -> Result<(), Closing> {
        let own_id = stored.id.to_string();
        let said = Said {
            id: document.said_as.as_ref().unwrap_or(&own_id),
            from: Side::Visitor,
            seq: None,
            agent: None,
            text: &document.text,
            at: stored.received_at.to_string(),
        };
        self.wire.send(&ToVisitor::Message(said)).await
    }

    /// An answer was shown to the visitor.
    pub(super) async fn arrived(&mut self, message: MessageId) -> Result<(), Closing> {
        let (desk, chat) = (self.desk().clone(), self.visitor.chat());
        let shown = self.chats.deliveries.shown(&desk, chat, message).await;
        shown.map_err(|error| not_now(&error))
    }

    pub(super) async fn is_all_on_the_ticket(&mut self) -> Result<bool, Closing> {
        let (store, desk) = (self.chats.store.clone(), self.desk().clone());
        let all = is_all_on_tickets(store.as_ref(), &desk, self.visitor.chat()).await;
        all.map_err(|error| not_now(&error))
    }
}

/// Whether the router has every message of a conversation for good.
pub(in crate::chat) async fn is_all_on_tickets(
    store: &dyn Store,
    desk: &DeskId,
    conversation: ConversationId,
) -> Result<bool, StoreError> {
    let mut after = None;
    loop {
        let page = store.documents_of_conversation(desk, conversation, after, PAGE).await?;
        if page
            .iter()
            .any(|stored| stored.ticket.is_none() && stored.unrouted.is_none())
        {
            return Ok(false);
        }
        match page.last() {
            Some(last) if page.len() == PAGE => after = Some(last.id),
            _ => return Ok(true),
        }
    }
}
