//! Keeps what agents write until the router's journal names it.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use tandem_domain::{AgentId, Clock, ConversationId, DeskId, IdSource, MessageId, Trace};
use tandem_store::{NewAnswer, Store, StoreError};

use super::PAGE;
use crate::document::{Direction, Document};
use crate::mail::MailSecret;

/// An answer or a note, checked.
pub(crate) struct Answer {
    /// The desk.
    pub desk: DeskId,
    /// Who asked the router for it, and under which request id: together they name a ticket's answer for ever.
    pub caller: String,
    /// See `caller`.
    pub request_id: String,
    /// The conversation.
    pub conversation: ConversationId,
    /// The ticket's number.
    pub ticket: u64,
    /// Who wrote it; none: a supervisor.
    pub author: Option<AgentId>,
    /// Whether it is a note.
    pub internal: bool,
    /// The text.
    pub text: String,
    /// The call's trace.
    pub trace: Trace,
}

/// Why an answer is not kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotKept {
    /// Nothing was ever said in the conversation.
    #[error("there is no such conversation")]
    UnknownConversation,
    /// The same name was given to another answer before.
    #[error("the request id was used for another answer")]
    Reused,
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Keeps an answer, and says which message it is.
///
/// # Errors
/// See [`NotKept`].
pub(crate) async fn keep(
    store: &Arc<dyn Store>,
    secret: &MailSecret,
    (clock, ids): (&dyn Clock, &dyn IdSource),
    answer: Answer,
) -> Result<MessageId, NotKept> {
    let Some(inbound) = last_inbound(store.as_ref(), &answer.desk, answer.conversation).await? else {
        return Err(NotKept::UnknownConversation);
    };
    let document = document(&answer, &inbound.1);
    let now = clock.now();
    let kept = store
        .add_answer(NewAnswer {
            desk: answer.desk.clone(),
            id: MessageId(ids.next(now)),
            dedupe_key: dedupe_key(secret, &answer),
            conversation: answer.conversation,
            ticket: answer.ticket,
            body: document.encode(),
            received_at: now,
        })
        .await?;
    let Some(earlier) = kept.earlier else {
        return Ok(kept.id);
    };
    let earlier = Document::decode(&kept.id.0, &earlier)?;
    let is_same =
        (earlier.direction, &earlier.author, &earlier.text) == (document.direction, &document.author, &document.text);
    if is_same { Ok(kept.id) } else { Err(NotKept::Reused) }
}

/// The last message in a conversation that a person wrote to the desk, or else the last one that came in.
pub(super) async fn last_inbound(
    store: &dyn Store,
    desk: &DeskId,
    conversation: ConversationId,
) -> Result<Option<(MessageId, Document)>, StoreError> {
    let (mut before, mut automatic) = (None, None);
    loop {
        let page = store
            .latest_of_conversation(desk, conversation, before, PAGE / 10)
            .await?;
        for stored in &page {
            let document = Document::decode(&stored.id.0, &stored.body)?;
            match document.direction {
                Direction::Inbound if !document.automatic => return Ok(Some((stored.id, document))),
                Direction::Inbound => automatic = automatic.or(Some((stored.id, document))),
                Direction::Answer | Direction::Note => {}
            }
        }
        match page.last() {
            Some(last) => before = Some(last.id),
            None => return Ok(automatic),
        }
    }
}

fn document(answer: &Answer, inbound: &Document) -> Document {
    Document {
        account: inbound.account.clone(),
        channel: inbound.channel,
        from: None,
        subject: String::new(),
        text: answer.text.clone(),
        attachments: Vec::new(),
        language: None,
        gaps: BTreeSet::new(),
        rules: Vec::new(),
        said_as: None,
        direction: if answer.internal {
            Direction::Note
        } else {
            Direction::Answer
        },
        author: answer.author.clone(),
        automatic: false,
        submitted_as: None,
        // What is answered began the story; the call is only a part of it.
        trace: if inbound.trace.is_empty() {
            answer.trace.0.to_string()
        } else {
            inbound.trace.clone()
        },
    }
}

/// The router forgets requests that it refuses. So one under the same id may be about another ticket, and must not get what
/// was kept for this one's customer.
fn dedupe_key(secret: &MailSecret, answer: &Answer) -> Bytes {
    let fields: [&[u8]; 4] = [
        answer.caller.as_bytes(),
        answer.request_id.as_bytes(),
        answer.conversation.0.as_bytes(),
        &answer.ticket.to_be_bytes(),
    ];
    Bytes::copy_from_slice(&secret.keyed_hash("answer", &fields))
}
