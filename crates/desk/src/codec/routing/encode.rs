//! From the domain's events to protobuf.

use tandem_domain::routing::RoutingEvent;
use tandem_proto::v1;
use tandem_proto::v1::router_event::Body;

use super::{answer, desk, intake, offer};
use crate::codec::common::time_to_proto;
use crate::codec::requirement::requirement_to_proto;
use crate::codec::words::Word;

/// One arm per kind; what is more than a few fields has its own function.
pub(super) fn body(event: &RoutingEvent) -> Body {
    match event {
        RoutingEvent::DeskActivated(compiled) => desk::activated_to_proto(compiled),
        RoutingEvent::TicketOpened {
            ticket,
            intake,
            requirement,
        } => Body::TicketOpened(v1::TicketOpened {
            ticket_id: ticket.0,
            intake: Some(intake::to_proto(intake)),
            requirement: Some(requirement_to_proto(requirement)),
        }),
        RoutingEvent::MessageAdded {
            ticket,
            message,
            automatic,
            received_at,
        } => Body::MessageAdded(v1::MessageAdded {
            ticket_id: ticket.0,
            message_id: message.to_string(),
            automatic: *automatic,
            received_at: Some(time_to_proto(*received_at)),
        }),
        RoutingEvent::PresenceChanged { agent, presence } => Body::PresenceChanged(v1::PresenceChanged {
            agent: agent.to_string(),
            presence: presence.to_proto(),
        }),
        RoutingEvent::TicketHeld { ticket } => Body::TicketHeld(v1::TicketHeld { ticket_id: ticket.0 }),
        RoutingEvent::TicketResumed { ticket } => Body::TicketResumed(v1::TicketResumed { ticket_id: ticket.0 }),
        RoutingEvent::TicketRequeued {
            ticket,
            requirement,
            reason,
        } => Body::TicketRequeued(v1::TicketRequeued {
            ticket_id: ticket.0,
            requirement: Some(requirement_to_proto(requirement)),
            reason: reason.to_proto(),
        }),
        RoutingEvent::WrapUpStarted { ticket, until } => Body::WrapUpStarted(v1::WrapUpStarted {
            ticket_id: ticket.0,
            until: Some(time_to_proto(*until)),
        }),
        RoutingEvent::TicketDone { ticket } => Body::TicketDone(v1::TicketDone { ticket_id: ticket.0 }),
        RoutingEvent::WrapUpInterrupted { ticket } => {
            Body::WrapUpInterrupted(v1::WrapUpInterrupted { ticket_id: ticket.0 })
        }
        RoutingEvent::TicketCancelled { ticket } => Body::TicketCancelled(v1::TicketCancelled { ticket_id: ticket.0 }),
        RoutingEvent::TicketClosed { ticket } => Body::TicketClosed(v1::TicketClosed { ticket_id: ticket.0 }),
        RoutingEvent::TicketAbandoned { ticket } => Body::TicketAbandoned(v1::TicketAbandoned { ticket_id: ticket.0 }),
        RoutingEvent::PriorityChanged { ticket, priority } => Body::PriorityChanged(v1::PriorityChanged {
            ticket_id: ticket.0,
            priority: priority.to_proto(),
        }),
        RoutingEvent::AnswerAdded {
            ticket,
            message,
            author,
            visible,
        } => answer::added_to_proto(*ticket, *message, author.as_ref(), *visible),
        RoutingEvent::AnswerDelivered { ticket, message } => answer::delivered_to_proto(*ticket, *message),
        RoutingEvent::AnswerFailed {
            ticket,
            message,
            reason,
        } => answer::failed_to_proto(*ticket, *message, *reason),
        RoutingEvent::OfferIssued {
            offer,
            ticket,
            agent,
            expires_at,
            ranking,
        } => offer::issued_to_proto(*offer, *ticket, agent, *expires_at, ranking),
        RoutingEvent::OfferAccepted { offer, ticket, agent } => Body::OfferAccepted(v1::OfferAccepted {
            offer_id: offer.0,
            ticket_id: ticket.0,
            agent: agent.to_string(),
        }),
        RoutingEvent::OfferDeclined {
            offer,
            ticket,
            agent,
            reason,
            until,
        } => offer::declined_to_proto(*offer, *ticket, agent, *reason, *until),
        RoutingEvent::OfferExpired {
            offer,
            ticket,
            agent,
            until,
        } => offer::expired_to_proto(*offer, *ticket, agent, *until),
        RoutingEvent::OfferRevoked {
            offer,
            ticket,
            agent,
            reason,
        } => offer::revoked_to_proto(*offer, *ticket, agent, *reason),
    }
}
