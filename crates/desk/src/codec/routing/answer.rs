//! Answers, and what became of them.

use tandem_domain::routing::{RoutingEvent, UndeliveredReason};
use tandem_domain::{AgentId, MessageId, TicketId};
use tandem_proto::v1;
use tandem_proto::v1::router_event::Body;

use super::read::ticket;
use crate::DecodeError;
use crate::codec::lexicon::Lexicon;
use crate::codec::wire::Fields;
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

pub(super) fn added(event: &Fields, lexicon: &mut Lexicon) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::AnswerAdded {
        ticket: ticket(event)?,
        message: message(event)?,
        author: event.optional_key("author", 3, &mut lexicon.agents)?,
        visible: !event.flag("internal", 4)?,
    })
}

/// The message that an event is about.
pub(super) fn message(event: &Fields) -> Result<MessageId, DecodeError> {
    event.uuid("message_id", 2).map(MessageId)
}

pub(super) fn delivered_to_proto(ticket: TicketId, message: MessageId) -> Body {
    Body::AnswerDelivered(v1::AnswerDelivered {
        ticket_id: ticket.0,
        message_id: message.to_string(),
    })
}

pub(super) fn delivered(event: &Fields, _: &mut Lexicon) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::AnswerDelivered {
        ticket: ticket(event)?,
        message: message(event)?,
    })
}

pub(super) fn failed_to_proto(ticket: TicketId, message: MessageId, reason: UndeliveredReason) -> Body {
    Body::AnswerFailed(v1::AnswerFailed {
        ticket_id: ticket.0,
        message_id: message.to_string(),
        reason: reason.to_proto(),
    })
}

pub(super) fn failed(event: &Fields, _: &mut Lexicon) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::AnswerFailed {
        ticket: ticket(event)?,
        message: message(event)?,
        reason: event.word("reason", 3)?,
    })
}
