//! Answers to messages that other systems submitted: they wait until such a system takes them.

use tandem_domain::{AccountId, DeskId, MessageId};
use tandem_proto::v1;
use tandem_service_kit::fields::timestamp;
use tandem_store::{Store, StoreError};

use super::keep::last_inbound;
use crate::document::Document;

/// An answer that waits for a submitting system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Callback {
    /// The account at which the customer's message was submitted.
    pub account: AccountId,
    /// The answer's number: the router's.
    pub seq: u64,
    /// The answer.
    pub message: MessageId,
}

/// The answer as a submitting system gets it; none if it is not stored any more.
///
/// # Errors
/// When it cannot be read.
pub(crate) async fn callback_of(
    store: &dyn Store,
    desk: &DeskId,
    callback: &Callback,
) -> Result<Option<v1::AnswersResponse>, StoreError> {
    let Some(stored) = store.document(desk, callback.message).await? else {
        return Ok(None);
    };
    let (Some(conversation), Some(ticket)) = (stored.conversation, stored.ticket) else {
        return Ok(None);
    };
    let Some((answered, inbound)) = last_inbound(store, desk, conversation).await? else {
        return Ok(None);
    };
    let answer = Document::decode(&stored.id.0, &stored.body)?;
    Ok(Some(v1::AnswersResponse {
        message_id: stored.id.to_string(),
        conversation_id: conversation.to_string(),
        conversation_key: inbound.submitted_as.unwrap_or_default(),
        ticket_id: ticket,
        in_reply_to: answered.to_string(),
        to: inbound.from.map(crate::api::contact),
        subject: inbound.subject,
        text: answer.text,
        answered_at: Some(timestamp(stored.received_at)),
    }))
}
