//! From protobuf to the domain's events.

use tandem_domain::TicketId;
use tandem_domain::routing::{RoutingEvent, StepPlace};
use tandem_proto::v1;
use tandem_proto::v1::router_event::Body;

use super::{answer, desk, intake, offer};
use crate::DecodeError;
use crate::codec::common::{parsed, required, time};
use crate::codec::requirement::requirement;
use crate::codec::words::Word;

pub(super) fn body(body: Body) -> Result<RoutingEvent, DecodeError> {
    Ok(match body {
        Body::DeskActivated(event) => {
            RoutingEvent::DeskActivated(Box::new(desk::from_proto(required("desk", event.desk)?)?))
        }
        Body::TicketOpened(event) => RoutingEvent::TicketOpened {
            ticket: TicketId(event.ticket_id),
            intake: Box::new(intake::from_proto(&required("intake", event.intake)?)?),
            requirement: requirement(event.requirement)?.into(),
            place: StepPlace::default(),
        },
        Body::MessageAdded(event) => message_added(&event)?,
        Body::PresenceChanged(event) => RoutingEvent::PresenceChanged {
            agent: parsed("agent", &event.agent)?,
            presence: Word::from_proto("presence", event.presence)?,
        },
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
        Body::TicketRequeued(event) => RoutingEvent::TicketRequeued {
            ticket: TicketId(event.ticket_id),
            requirement: requirement(event.requirement)?.into(),
            reason: Word::from_proto("reason", event.reason)?,
            place: StepPlace::default(),
        },
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
        Body::PriorityChanged(event) => RoutingEvent::PriorityChanged {
            ticket: TicketId(event.ticket_id),
            priority: Word::from_proto("priority", event.priority)?,
        },
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
