//! Tickets that are helped with, handed over, merged, split and scheduled.

use tandem_domain::routing::{Intake, RoutingEvent, StepPlace};
use tandem_domain::{AgentId, MessageId, OfferId, Requirement, TicketId, Timestamp};
use tandem_proto::v1;
use tandem_proto::v1::router_event::Body;

use super::{intake, place};
use crate::DecodeError;
use crate::codec::common::{optional, parsed, parsed_all, required, text, texts, time, time_to_proto};
use crate::codec::requirement::{requirement, requirement_to_proto};
use crate::codec::words::Word;

/// What was done with tickets; none for other kinds.
pub(super) fn to_proto(event: &RoutingEvent) -> Option<Body> {
    Some(match event {
        RoutingEvent::HelpOffered {
            offer,
            ticket,
            agent,
            expires_at,
            asked_by,
        } => help_offered_to_proto(*offer, *ticket, agent, *expires_at, asked_by.as_ref()),
        RoutingEvent::HelpAccepted { offer, ticket, agent } => Body::HelpAccepted(v1::HelpAccepted {
            offer_id: offer.0,
            ticket_id: ticket.0,
            agent: agent.to_string(),
        }),
        RoutingEvent::HelpRefused {
            offer,
            ticket,
            agent,
            why,
        } => Body::HelpRefused(v1::HelpRefused {
            offer_id: offer.0,
            ticket_id: ticket.0,
            agent: agent.to_string(),
            reason: why.to_proto(),
        }),
        RoutingEvent::HelperLeft { ticket, agent, why } => Body::HelperLeft(v1::HelperLeft {
            ticket_id: ticket.0,
            agent: agent.to_string(),
            reason: why.to_proto(),
        }),
        RoutingEvent::OwnerChanged { ticket, from, to, why } => Body::OwnerChanged(v1::OwnerChanged {
            ticket_id: ticket.0,
            from: text(from.as_ref()),
            to: to.to_string(),
            reason: why.to_proto(),
        }),
        RoutingEvent::TicketMerged { ticket, into } => Body::TicketMerged(v1::TicketMerged {
            ticket_id: ticket.0,
            into: into.0,
        }),
        RoutingEvent::TicketSplit {
            ticket,
            from,
            intake,
            messages,
            requirement,
            place,
        } => split_to_proto(*ticket, *from, intake, messages, requirement, place),
        RoutingEvent::TicketScheduled { ticket, until } => scheduled_to_proto(*ticket, *until),
        _ => return None,
    })
}

pub(super) fn help_offered_to_proto(
    offer: OfferId,
    ticket: TicketId,
    agent: &AgentId,
    expires_at: Timestamp,
    asked_by: Option<&AgentId>,
) -> Body {
    Body::HelpOffered(v1::HelpOffered {
        offer: Some(super::offer::open_to_proto(offer, ticket, agent, expires_at)),
        asked_by: text(asked_by),
    })
}

pub(super) fn help_offered(event: v1::HelpOffered) -> Result<RoutingEvent, DecodeError> {
    let offer = required("offer", event.offer)?;
    Ok(RoutingEvent::HelpOffered {
        offer: OfferId(offer.offer_id),
        ticket: TicketId(offer.ticket_id),
        agent: parsed("offer.agent", &offer.agent)?,
        expires_at: time("offer.expires_at", offer.expires_at)?,
        asked_by: optional("asked_by", &event.asked_by)?,
    })
}

pub(super) fn help_accepted(event: &v1::HelpAccepted) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::HelpAccepted {
        offer: OfferId(event.offer_id),
        ticket: TicketId(event.ticket_id),
        agent: parsed("agent", &event.agent)?,
    })
}

pub(super) fn help_refused(event: &v1::HelpRefused) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::HelpRefused {
        offer: OfferId(event.offer_id),
        ticket: TicketId(event.ticket_id),
        agent: parsed("agent", &event.agent)?,
        why: Word::from_proto("reason", event.reason)?,
    })
}

pub(super) fn helper_left(event: &v1::HelperLeft) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::HelperLeft {
        ticket: TicketId(event.ticket_id),
        agent: parsed("agent", &event.agent)?,
        why: Word::from_proto("reason", event.reason)?,
    })
}

pub(super) fn owner_changed(event: &v1::OwnerChanged) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::OwnerChanged {
        ticket: TicketId(event.ticket_id),
        from: optional("from", &event.from)?,
        to: parsed("to", &event.to)?,
        why: Word::from_proto("reason", event.reason)?,
    })
}

pub(super) fn split_to_proto(
    ticket: TicketId,
    from: TicketId,
    opening: &Intake,
    messages: &[MessageId],
    requirement: &Requirement,
    place: &StepPlace,
) -> Body {
    Body::TicketSplit(v1::TicketSplit {
        ticket_id: ticket.0,
        from: from.0,
        intake: Some(intake::to_proto(opening)),
        message_ids: texts(messages),
        requirement: Some(requirement_to_proto(requirement)),
        place: place::to_proto(place),
    })
}

pub(super) fn split(event: v1::TicketSplit) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::TicketSplit {
        ticket: TicketId(event.ticket_id),
        from: TicketId(event.from),
        intake: Box::new(intake::from_proto(&required("intake", event.intake)?)?),
        messages: parsed_all("message_ids", &event.message_ids)?,
        requirement: requirement(event.requirement)?.into(),
        place: place::from_proto(event.place)?,
    })
}

pub(super) fn scheduled(event: v1::TicketScheduled) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::TicketScheduled {
        ticket: TicketId(event.ticket_id),
        until: time("until", event.until)?,
    })
}

pub(super) fn scheduled_to_proto(ticket: TicketId, until: Timestamp) -> Body {
    Body::TicketScheduled(v1::TicketScheduled {
        ticket_id: ticket.0,
        until: Some(time_to_proto(until)),
    })
}
