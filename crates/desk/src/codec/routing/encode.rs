//! From the domain's events to protobuf.

use tandem_domain::routing::RoutingEvent;
use tandem_proto::v1;
use tandem_proto::v1::router_event::Body;

use super::{answer, desk, handling, intake, offer, place};
use crate::codec::common::time_to_proto;
use crate::codec::requirement::requirement_to_proto;
use crate::codec::words::Word;

/// Each kind is written by one of these.
const PARTS: [fn(&RoutingEvent) -> Option<Body>; 5] = [
    ticket,
    offer::to_proto,
    answer::to_proto,
    place::to_body,
    handling::to_proto,
];

pub(super) fn body(event: &RoutingEvent) -> Body {
    let mut bodies = PARTS.iter().filter_map(|part| part(event));
    bodies
        .next()
        .expect("each kind of event is written by its part: the round trip of every kind shows it")
}

/// One arm per kind; what is more than a few fields has its own function.
fn ticket(event: &RoutingEvent) -> Option<Body> {
    Some(match event {
        RoutingEvent::DeskActivated(compiled) => desk::activated_to_proto(compiled),
        RoutingEvent::TicketOpened {
            ticket,
            intake,
            requirement,
            place,
        } => Body::TicketOpened(v1::TicketOpened {
            ticket_id: ticket.0,
            intake: Some(intake::to_proto(intake)),
            requirement: Some(requirement_to_proto(requirement)),
            place: place::to_proto(place),
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
            place,
        } => Body::TicketRequeued(v1::TicketRequeued {
            ticket_id: ticket.0,
            requirement: Some(requirement_to_proto(requirement)),
            reason: reason.to_proto(),
            place: place::to_proto(place),
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
        RoutingEvent::AvailabilityChanged { agent, available } => Body::AvailabilityChanged(v1::AvailabilityChanged {
            agent: agent.to_string(),
            available: *available,
        }),
        RoutingEvent::AgeAdjusted { ticket, by } => Body::AgeAdjusted(v1::AgeAdjusted {
            ticket_id: ticket.0,
            by_millis: by.0,
        }),
        _ => return None,
    })
}
