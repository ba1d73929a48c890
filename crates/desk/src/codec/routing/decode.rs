//! From protobuf to the domain's events.

use tandem_domain::routing::RoutingEvent;
use tandem_domain::{SignedMillis, TicketId};
use tandem_proto::v1;
use tandem_proto::v1::router_event::Body;

use super::{answer, desk, handling, offer, place};
use crate::DecodeError;
use crate::codec::common::{parsed, required, time};
use crate::codec::words::Word;

pub(super) fn body(body: Body) -> Result<RoutingEvent, DecodeError> {
    Ok(match body {
        Body::DeskActivated(event) => {
            RoutingEvent::DeskActivated(Box::new(desk::from_proto(required("desk", event.desk)?)?))
        }
        Body::TicketOpened(event) => place::opened(event)?,
        Body::MessageAdded(event) => message_added(&event)?,
        Body::PresenceChanged(event) => presence_changed(&event)?,
        Body::OfferIssued(event) => offer::issued(event)?,
        Body::OfferAccepted(event) => offer::accepted(&event)?,
        Body::OfferDeclined(event) => offer::declined(&event)?,
        Body::OfferExpired(event) => offer::expired(&event)?,
        Body::OfferRevoked(event) => offer::revoked(&event)?,
        Body::TicketHeld(event) => RoutingEvent::TicketHeld {
            ticket: TicketId(event.ticket_id),
        },
        Body::TicketResumed(event) => RoutingEvent::TicketResumed {
            ticket: TicketId(event.ticket_id),
        },
        Body::TicketRequeued(event) => place::requeued(event)?,
        Body::WrapUpStarted(event) => RoutingEvent::WrapUpStarted {
            ticket: TicketId(event.ticket_id),
            until: time("until", event.until)?,
        },
        Body::TicketDone(event) => RoutingEvent::TicketDone {
            ticket: TicketId(event.ticket_id),
        },
        Body::WrapUpInterrupted(event) => RoutingEvent::WrapUpInterrupted {
            ticket: TicketId(event.ticket_id),
        },
        Body::TicketCancelled(event) => RoutingEvent::TicketCancelled {
            ticket: TicketId(event.ticket_id),
        },
        Body::TicketClosed(event) => RoutingEvent::TicketClosed {
            ticket: TicketId(event.ticket_id),
        },
        Body::TicketAbandoned(event) => RoutingEvent::TicketAbandoned {
            ticket: TicketId(event.ticket_id),
        },
        Body::AnswerAdded(event) => answer::added(&event)?,
        Body::AnswerDelivered(event) => answer::delivered(&event)?,
        Body::AnswerFailed(event) => answer::failed(&event)?,
        Body::PriorityChanged(event) => priority_changed(&event)?,
        Body::StepEntered(event) => place::entered(event)?,
        Body::AgeAdjusted(event) => RoutingEvent::AgeAdjusted {
            ticket: TicketId(event.ticket_id),
            by: SignedMillis(event.by_millis),
        },
        Body::AvailabilityChanged(event) => availability_changed(&event)?,
        Body::HelpOffered(event) => handling::help_offered(event)?,
        Body::HelpAccepted(event) => handling::help_accepted(&event)?,
        Body::HelpRefused(event) => handling::help_refused(&event)?,
        Body::HelperLeft(event) => handling::helper_left(&event)?,
        Body::OwnerChanged(event) => handling::owner_changed(&event)?,
        Body::TicketMerged(event) => RoutingEvent::TicketMerged {
            ticket: TicketId(event.ticket_id),
            into: TicketId(event.into),
        },
        Body::TicketSplit(event) => handling::split(event)?,
        Body::TicketScheduled(event) => handling::scheduled(event)?,
    })
}

fn message_added(event: &v1::MessageAdded) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::MessageAdded {
        ticket: TicketId(event.ticket_id),
        message: parsed("message_id", &event.message_id)?,
        automatic: event.automatic,
        received_at: time("received_at", event.received_at)?,
    })
}

fn presence_changed(event: &v1::PresenceChanged) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::PresenceChanged {
        agent: parsed("agent", &event.agent)?,
        presence: Word::from_proto("presence", event.presence)?,
    })
}

fn availability_changed(event: &v1::AvailabilityChanged) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::AvailabilityChanged {
        agent: parsed("agent", &event.agent)?,
        available: event.available,
    })
}

fn priority_changed(event: &v1::PriorityChanged) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::PriorityChanged {
        ticket: TicketId(event.ticket_id),
        priority: Word::from_proto("priority", event.priority)?,
    })
}
