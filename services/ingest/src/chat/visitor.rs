//! Who comes in: checks hello, and finds or begins the chat.

use std::sync::Arc;

use tandem_domain::{ConversationId, LanguageTag};
use tandem_store::StoreError;

use super::contact::{self, Contact};
use super::protocol::{EndedBy, ErrorCode, Hello};
use super::resume::{Entrance, Pass};
use super::session::{Phase, Session};
use super::shared::Chats;
use super::wire::Closing;
use crate::places::Place;

/// A visitor who was let in.
pub(super) struct Visitor {
    /// Where.
    pub entrance: Entrance,
    /// The chat, and its end.
    pub pass: Pass,
    /// What the chat is.
    pub session: Session,
    /// Whether something was said in it before.
    pub is_known: bool,
    /// Whether the visitor's side came with a token.
    pub is_resumed: bool,
    /// One of the visitor's sockets.
    _place: Place<String>,
}

impl Visitor {
    /// The chat.
    pub(super) fn chat(&self) -> ConversationId {
        self.pass.chat
    }
}

/// Checks what the visitor's side says of itself.
pub(super) async fn admit(chats: &Arc<Chats>, entrance: Entrance, hello: &Hello) -> Result<Visitor, Closing> {
    let language = language(hello)?;
    let contact = contact(chats, &entrance, hello)?;
    let pass = pass(chats, &entrance, hello)?;
    let phase = chats.sessions.phase(&entrance.desk, pass.chat).await;
    let (session, is_known) = match phase.map_err(|error| not_now(&error))? {
        Phase::Over(by) => return Err(over(by)),
        Phase::Fresh => (Session { contact, language }, false),
        Phase::Live(session) if contact.is_some() && contact != session.contact => {
            let why = "the chat of this resume token is somebody else's: begin another";
            return Err(refused(ErrorCode::BadResume, why));
        }
        Phase::Live(session) => (session, true),
    };
    let place = chats
        .visitors
        .take(holder(&entrance, pass.chat, session.contact.as_ref()));
    let place = place.ok_or_else(|| {
        refused(
            ErrorCode::TooManySockets,
            "this visitor has too many sockets: close one",
        )
    })?;
    Ok(Visitor {
        entrance,
        pass,
        session,
        is_known,
        is_resumed: hello.resume.is_some(),
        _place: place,
    })
}

/// The contact, who may have several chats, or else the chat.
fn holder(entrance: &Entrance, chat: ConversationId, contact: Option<&Contact>) -> String {
    match contact {
        Some(contact) => format!("{}/{}", entrance.desk, contact.id),
        None => chat.to_string(),
    }
}

fn language(hello: &Hello) -> Result<Option<LanguageTag>, Closing> {
    let parsed = hello.language.as_deref().map(str::parse).transpose();
    parsed.map_err(|_| {
        refused(
            ErrorCode::BadLanguage,
            "`language` is no language tag (BCP 47), such as de or pt-BR",
        )
    })
}

fn contact(chats: &Chats, entrance: &Entrance, hello: &Hello) -> Result<Option<Contact>, Closing> {
    let Some(token) = &hello.contact else {
        return Ok(None);
    };
    let reference = chats.account(entrance).and_then(|account| account.contact_secret);
    let secret = contact::secret(chats.config.secrets_dir.as_deref(), reference.as_ref());
    let contact = secret.and_then(|secret| contact::read(token, &secret, entrance, chats.clock.now()));
    contact
        .map(Some)
        .map_err(|error| refused(ErrorCode::BadContact, &error.to_string()))
}

/// The chat that is to go on, or a new one.
fn pass(chats: &Chats, entrance: &Entrance, hello: &Hello) -> Result<Pass, Closing> {
    let now = chats.clock.now();
    let Some(token) = &hello.resume else {
        return Ok(Pass {
            chat: ConversationId(chats.ids.next(now)),
            until: now.plus(chats.config.max_life),
        });
    };
    let pass = Pass::verify(token, &chats.secret, entrance, now);
    pass.ok_or_else(|| {
        refused(
            ErrorCode::BadResume,
            "the resume token is not good here, or not any more: begin another chat",
        )
    })
}

fn refused(code: ErrorCode, why: &str) -> Closing {
    Closing::Failed(code, why.to_owned())
}

fn over(by: EndedBy) -> Closing {
    let why = match by {
        EndedBy::Visitor => "the visitor ended this chat: begin another",
        EndedBy::Agent => "the desk ended this chat: begin another",
        EndedBy::Timeout => "this chat is over, nobody was here for too long: begin another",
    };
    refused(ErrorCode::Over, why)
}

/// The store did not do it: here is the only place where the reason is known.
pub(super) fn not_now(error: &StoreError) -> Closing {
    tracing::warn!(%error, "a chat cannot go on now");
    Closing::later("this cannot be done at the moment: come again with the resume token")
}
