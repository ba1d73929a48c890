//! Answers, and what became of them.

use tandem_domain::routing::{RoutingEvent, UndeliveredReason};
use tandem_domain::{AgentId, MessageId, TicketId};
use tandem_proto::v1;
use tandem_proto::v1::router_event::Body;

use crate::DecodeError;
use crate::codec::common::{optional, parsed};
use crate::codec::words::Word;

/// What was answered; none for other kinds.
pub(super) fn to_proto(event: &RoutingEvent) -> Option<Body> {
    Some(match event {
        RoutingEvent::AnswerAdded {
            ticket,
            message,
            author,
            visible,
        } => added_to_proto(*ticket, *message, author.as_ref(), *visible),
        RoutingEvent::AnswerDelivered { ticket, message } => delivered_to_proto(*ticket, *message),
        RoutingEvent::AnswerFailed {
            ticket,
            message,
            reason,
        } => failed_to_proto(*ticket, *message, *reason),
        _ => return None,
    })
}

pub(super) fn added_to_proto(ticket: TicketId, message: MessageId, author: Option<&AgentId>, visible: bool) -> Body {
    Body::AnswerAdded(v1::AnswerAdded {
        ticket_id: ticket.0,
        message_id: message.to_string(),
        author: author.map(ToString::to_string).unwrap_or_default(),
        internal: !visible,
    })
}

pub(super) fn added(event: &v1::AnswerAdded) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::AnswerAdded {
        ticket: TicketId(event.ticket_id),
        message: parsed("message_id", &event.message_id)?,
        author: optional("author", &event.author)?,
        visible: !event.internal,
    })
}

pub(super) fn delivered_to_proto(ticket: TicketId, message: MessageId) -> Body {
    Body::AnswerDelivered(v1::AnswerDelivered {
        ticket_id: ticket.0,
        message_id: message.to_string(),
    })
}

pub(super) fn delivered(event: &v1::AnswerDelivered) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::AnswerDelivered {
        ticket: TicketId(event.ticket_id),
        message: parsed("message_id", &event.message_id)?,
    })
}

pub(super) fn failed_to_proto(ticket: TicketId, message: MessageId, reason: UndeliveredReason) -> Body {
    Body::AnswerFailed(v1::AnswerFailed {
        ticket_id: ticket.0,
        message_id: message.to_string(),
        reason: reason.to_proto(),
    })
}

pub(super) fn failed(event: &v1::AnswerFailed) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::AnswerFailed {
        ticket: TicketId(event.ticket_id),
        message: parsed("message_id", &event.message_id)?,
        reason: Word::from_proto("reason", event.reason)?,
    })
}
