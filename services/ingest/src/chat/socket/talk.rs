//! The talk over one socket: messages up, answers and news down, until something ends it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use tandem_domain::routing::{Answer, Query, Standing};
use tandem_domain::{AgentId, ConversationId, DeskId, MessageId};
use tandem_service_kit::telemetry;
use tandem_store::{Store, StoreError};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tracing::Instrument;

use super::Hints;
use crate::chat::answers::Cursor;
use crate::chat::message::ChatMessage;
use crate::chat::protocol::{EndedBy, ErrorCode, FromVisitor, Refusal, ToVisitor, fault};
use crate::chat::session::Phase;
use crate::chat::shared::{Chats, Present};
use crate::chat::standing::{News, Told};
use crate::chat::visitor::{Visitor, not_now};
use crate::chat::wire::{Closing, Wire};
use crate::document::Document;
use crate::instruments::{self, Way};

/// How long the store may take for one message, and the router for one question. The visitor's side sends again.
const STORE_TIMEOUT: Duration = Duration::from_secs(30);
const ROUTER_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the last answers may take to be shown when the desk has ended the chat.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// One socket's part in a chat.
pub(super) struct Talk<'a> {
    pub(super) chats: Arc<Chats>,
    pub(super) visitor: Visitor,
    pub(super) wire: &'a mut Wire,
    pub(super) answers: Cursor,
    told: Told,
    /// While something was said in the chat: it is kept alive from here.
    present: Option<Present>,
    /// Since when the desk has done with the chat.
    done_since: Option<Instant>,
}

impl<'a> Talk<'a> {
    /// A talk that has not begun.
    pub(super) fn new(chats: Arc<Chats>, visitor: Visitor, wire: &'a mut Wire) -> Self {
        Self {
            chats,
            visitor,
            wire,
            answers: Cursor::default(),
            told: Told::default(),
            present: None,
            done_since: None,
        }
    }

    /// Runs until the socket must end, and says why.
    pub(super) async fn run(mut self, hello: &super::Hello, mut hints: Hints) -> Result<Infallible, Closing> {
        if self.visitor.is_known {
            self.enter().await?;
        }
        self.welcome(hello).await?;
        let mut regularly = interval(self.chats.config.refresh_interval);
        regularly.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let left = self.visitor.pass.until.since(self.chats.clock.now());
        let too_old = Instant::now() + left;
        loop {
            tokio::select! {
                frame = self.wire.next() => self.hear(frame?).await?,
                hint = hints.next() => {
                    let (_, first) = hint.ok_or_else(|| Closing::later("the chat cannot be followed any more"))?;
                    self.heed(first, &mut hints).await?;
                }
                _ = regularly.tick() => self.refresh().await?,
                () = sleep_until(too_old) => return self.end(EndedBy::Timeout).await,
            }
        }
    }

    /// The visitor is there: the chat is kept alive from here, from now on.
    async fn enter(&mut self) -> Result<(), Closing> {
        let (desk, chat) = (self.desk().clone(), self.visitor.chat());
        self.present = Some(self.chats.live.enter(&desk, chat));
        let marked = self.chats.sessions.mark(&[(desk, chat)]).await;
        marked.map_err(|error| not_now(&error))
    }

    async fn hear(&mut self, frame: FromVisitor) -> Result<(), Closing> {
        match frame {
            FromVisitor::Message { id, text } => self.take(&id, text).await,
            FromVisitor::Ack { seq } => self.shown(seq).await,
            FromVisitor::End => self.end(EndedBy::Visitor).await.map(|never| match never {}),
            FromVisitor::Hello(_) => {
                let why = "hello comes once, first".to_owned();
                Err(Closing::Failed(ErrorCode::BadFrame, why))
            }
        }
    }

    /// Takes a message; it is accepted only when it is stored for good.
    async fn take(&mut self, id: &str, text: String) -> Result<(), Closing> {
        if let Some(fault) = fault(id, &text) {
            return self.refuse(id, Refusal::Invalid, fault).await;
        }
        match timeout(STORE_TIMEOUT, self.store(id, text)).await {
            Ok(Ok(())) => self.wire.send(&ToVisitor::Accepted { id }).await?,
            Ok(Err(Stopped::Refused(why))) => return self.refuse(id, Refusal::Invalid, why).await,
            Ok(Err(Stopped::Over(by))) => return Err(Closing::Ended(by)),
            Ok(Err(Stopped::Store(error))) => {
                tracing::warn!(desk = %self.desk(), %error, "a visitor's message was not taken now");
                return self.refuse(id, Refusal::TryLater, LATER).await;
            }
            Err(_elapsed) => return self.refuse(id, Refusal::TryLater, LATER).await,
        }
        let news = self.told.said();
        self.tell(news).await
    }

    async fn store(&mut self, id: &str, text: String) -> Result<(), Stopped> {
        self.begin().await?;
        let entrance = &self.visitor.entrance;
        let desk = self.chats.directory.desk(&entrance.desk);
        let Some(desk) = desk.filter(|desk| desk.chats.contains_key(&entrance.account)) else {
            return Err(Stopped::Refused("the desk takes no chats here any more"));
        };
        let session = &self.visitor.session;
        // A trace of its own: a socket may live for hours, and its span would come to light only then.
        let span = tracing::info_span!(parent: None, "chat.message", desk = %desk.id);
        let message = ChatMessage {
            chat: self.visitor.chat(),
            id: id.to_owned(),
            account: entrance.account.clone(),
            from: session.contact.as_ref().map(super::super::contact::Contact::address),
            text: text.clone(),
            language: session.language.clone(),
            trace: span.in_scope(telemetry::inject),
        };
        let said = self.chats.taker.said(&desk, message).instrument(span).await;
        instruments::offered(Way::Chat, instruments::word(&said));
        let said = said?;
        if said.duplicate && !is_repeat(self.chats.store.clone(), &desk.id, said.id, &text).await? {
            return Err(Stopped::Refused("this id was given to another message: use a new one"));
        }
        Ok(())
    }

    /// Keeps the chat from its first message on, and learns whether another socket has ended it.
    async fn begin(&mut self) -> Result<(), Stopped> {
        let (desk, chat) = (self.desk().clone(), self.visitor.chat());
        match self.chats.sessions.phase(&desk, chat).await? {
            Phase::Over(by) => return Err(Stopped::Over(by)),
            Phase::Live(_) => {}
            Phase::Fresh => self.chats.sessions.begin(&desk, chat, &self.visitor.session).await?,
        }
        if self.present.is_none() {
            self.present = Some(self.chats.live.enter(&desk, chat));
        }
        Ok(())
    }

    async fn refuse(&mut self, id: &str, code: Refusal, message: &str) -> Result<(), Closing> {
        if matches!(code, Refusal::Invalid) {
            instruments::offered(Way::Chat, "refused");
        }
        self.wire.send(&ToVisitor::Refused { id, code, message }).await
    }

    /// Everything up to `seq` is shown: the desk may know that it arrived.
    async fn shown(&mut self, seq: u64) -> Result<(), Closing> {
        for message in self.answers.shown(seq) {
            self.arrived(message).await?;
        }
        // The chat may have waited for just this.
        if self.done_since.is_some() {
            self.refresh().await
        } else {
            Ok(())
        }
    }

    /// One look answers all hints that are waiting.
    async fn heed(&mut self, first: bytes::Bytes, hints: &mut Hints) -> Result<(), Closing> {
        let mut waiting = vec![first];
        while let Some(Some((_, hint))) = hints.next().now_or_never() {
            waiting.push(hint);
        }
        if waiting.iter().any(|hint| typing(hint).is_none()) {
            self.refresh().await?;
        }
        let last = waiting.iter().rev().find_map(|hint| typing(hint));
        let news = last.map(|typing| self.told.typing(typing)).unwrap_or_default();
        self.tell(news).await
    }

    /// Looks where the request stands, and tells what is new. What cannot be seen now will be the next time.
    async fn refresh(&mut self) -> Result<(), Closing> {
        if self.present.is_none() {
            let news = self.told.nothing_said();
            return self.tell(news).await;
        }
        let (desk, chat) = (self.desk().clone(), self.visitor.chat());
        let phase = self.chats.sessions.phase(&desk, chat).await;
        if let Phase::Over(by) = phase.map_err(|error| not_now(&error))? {
            return Err(Closing::Ended(by));
        }
        let Some(standing) = self.standing(&desk, chat).await else {
            return self.send_answers().await;
        };
        // Who answers comes in before the answer, and goes after it.
        let news = self.told.standing(standing.as_ref());
        let (before, after): (Vec<_>, Vec<_>) = news.into_iter().partition(|news| matches!(news, News::Joined(_)));
        self.tell(before).await?;
        self.send_answers().await?;
        self.tell(after).await?;
        self.end_if_done(standing.as_ref()).await
    }

    async fn standing(&mut self, desk: &DeskId, chat: ConversationId) -> Option<Option<Standing>> {
        let asked = self.chats.router.query(desk, Query::Standing(chat));
        match timeout(ROUTER_TIMEOUT, asked).await {
            Ok(Ok(Answer::Standing(standing))) => Some(standing),
            Ok(Err(error)) => {
                tracing::debug!(%desk, %chat, %error, "the router does not say where a chat stands");
                None
            }
            Ok(Ok(_)) | Err(_) => None,
        }
    }

    /// The desk has done with the chat. It ends when all answers have come here and are shown, and no message of the
    /// visitor is on its way to open the ticket again.
    async fn end_if_done(&mut self, standing: Option<&Standing>) -> Result<(), Closing> {
        let Some(done) = standing.filter(|standing| standing.ended) else {
            self.done_since = None;
            return Ok(());
        };
        let since = *self.done_since.get_or_insert_with(Instant::now);
        let all_here = self.answers.count() >= done.answers;
        let shown = self.answers.is_settled() || since.elapsed() >= LAST_WORDS;
        if all_here && shown && self.is_all_on_the_ticket().await? {
            return self.end(EndedBy::Agent).await.map(|never| match never {});
        }
        Ok(())
    }

    async fn end(&mut self, by: EndedBy) -> Result<Infallible, Closing> {
        if self.present.is_some() {
            let (desk, chat) = (self.desk().clone(), self.visitor.chat());
            let ended = self.chats.sessions.end(&desk, chat, by, telemetry::inject()).await;
            ended.map_err(|error| not_now(&error))?;
            self.chats.left.notify_one();
            self.chats.hint(&desk, chat).await;
        }
        Err(Closing::Ended(by))
    }

    async fn tell(&mut self, news: Vec<News>) -> Result<(), Closing> {
        for news in news {
            match news {
                News::Status(status) => self.wire.send(&ToVisitor::Status(status)).await?,
                News::Typing(typing) => self.wire.send(&ToVisitor::Typing { typing }).await?,
                News::Joined(agent) => {
                    let agent = &self.name_of(&agent);
                    self.wire.send(&ToVisitor::Joined { agent }).await?;
                }
                News::Left(agent) => {
                    let agent = &self.name_of(&agent);
                    self.wire.send(&ToVisitor::Left { agent }).await?;
                }
            }
        }
        Ok(())
    }

    /// What visitors call an agent. Who is not in the desk file any more is called nothing.
    pub(super) fn name_of(&self, agent: &AgentId) -> String {
        let desk = self.chats.directory.desk(self.desk());
        desk.and_then(|desk| desk.agent_names.get(agent).cloned())
            .unwrap_or_default()
    }

    pub(super) fn desk(&self) -> &DeskId {
        &self.visitor.entrance.desk
    }
}

/// Whether words are the same as those that are stored under their id.
async fn is_repeat(store: Arc<dyn Store>, desk: &DeskId, stored: MessageId, text: &str) -> Result<bool, StoreError> {
    let stored = store.document(desk, stored).await?;
    let earlier = stored.map(|stored| Document::decode(&stored.id.0, &stored.body));
    Ok(earlier.transpose()?.is_none_or(|earlier| earlier.text == text))
}

/// Whether the agent is writing, if the hint is about that.
fn typing(hint: &[u8]) -> Option<bool> {
    match hint {
        b"typing" => Some(true),
        b"idle" => Some(false),
        _ => None,
    }
}

const LATER: &str = "this cannot be stored at the moment: send it again, under the same id";

/// Why a message was not stored.
enum Stopped {
    /// The chat was ended elsewhere.
    Over(EndedBy),
    /// It cannot be taken as it is, and why.
    Refused(&'static str),
    /// The store did not do it.
    Store(StoreError),
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
