//! Answers: kept for the router, and looked at on their way.

use tandem_domain::{ConversationId, MessageId, Trace};
use tandem_proto::v1;
use tandem_service_kit::auth::Caller;
use tandem_service_kit::error::ApiError;
use tandem_service_kit::fields::{FieldError, number, optional_key, timestamp};
use tandem_store::JobEntry;

use super::request_id;
use crate::deliveries::{Answer, NotKept};
use crate::mail::TEXT_BYTES;

/// Bytes of a caller's name.
const CALLER_BYTES: usize = 128;

/// The answer in a request.
///
/// # Errors
/// The first field that cannot be what it is.
pub(in crate::api) fn answer(
    request: v1::StoreAnswerRequest,
    caller: &Caller,
    trace: Trace,
) -> Result<Answer, FieldError> {
    request_id(&request.request_id)?;
    if request.caller.is_empty() || request.caller.len() > CALLER_BYTES {
        return Err(FieldError::new(
            "caller",
            format!("must have 1 to {CALLER_BYTES} bytes"),
        ));
    }
    if request.text.trim().is_empty() || request.text.len() > TEXT_BYTES {
        let allowed =
            format!("must have at least one character that is no white space, and {TEXT_BYTES} bytes at most");
        return Err(FieldError::new("text", allowed));
    }
    let conversation: ConversationId = request
        .conversation_id
        .parse()
        .map_err(|_| FieldError::new("conversation_id", "must be a UUID, as in Ticket.conversation_id"))?;
    Ok(Answer {
        desk: caller.desk.clone(),
        conversation,
        ticket: number("ticket_id", request.ticket_id)?,
        author: optional_key("author", &request.author)?,
        caller: request.caller,
        request_id: request.request_id,
        internal: request.internal,
        text: request.text,
        trace,
    })
}

pub(in crate::api) fn not_kept(reason: NotKept) -> ApiError {
    match reason {
        NotKept::UnknownConversation => ApiError::invalid_field(
            "conversation_id",
            "nothing was ever said in it: answer a conversation that a customer began",
        ),
        NotKept::Reused => ApiError::invalid_field(
            "request_id",
            "was used for another answer: use a new one for a new answer",
        ),
        NotKept::Store(error) => error.into(),
    }
}

pub(in crate::api) fn delivery((message, entry): (MessageId, JobEntry)) -> v1::Delivery {
    v1::Delivery {
        message_id: message.to_string(),
        attempts: entry.attempts,
        due_at: Some(timestamp(entry.due_at)),
        parked_reason: entry.failed.unwrap_or_default(),
        since: Some(timestamp(entry.created_at)),
    }
}
