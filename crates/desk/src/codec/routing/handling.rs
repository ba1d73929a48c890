//! Tickets that are helped with, handed over, merged, split and scheduled.

use tandem_domain::routing::{DeclineReason, Intake, NoHelp, RoutingEvent, StepPlace};
use tandem_domain::{AgentId, MessageId, OfferId, Requirement, TicketId, Timestamp};
use tandem_proto::v1;
use tandem_proto::v1::router_event::Body;

use super::read::ticket;
use super::{intake, offer, place};
use crate::DecodeError;
use crate::codec::common::{text, texts, time_to_proto};
use crate::codec::lexicon::Lexicon;
use crate::codec::requirement::requirement_to_proto;
use crate::codec::wire::{self, Fields};
use crate::codec::words::{Word, given_to_proto};

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
            declined,
        } => Body::HelpRefused(v1::HelpRefused {
            offer_id: offer.0,
            ticket_id: ticket.0,
            agent: agent.to_string(),
            reason: why.to_proto(),
            declined: given_to_proto(*declined),
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
        RoutingEvent::TicketMerged { ticket, into, messages } => Body::TicketMerged(v1::TicketMerged {
            ticket_id: ticket.0,
            into: into.0,
            message_ids: texts(messages),
        }),
        RoutingEvent::TicketSplit {
            ticket,
            from,
            intake,
            messages,
            requirement,
            place,
            still_waiting_since,
        } => Body::TicketSplit(v1::TicketSplit {
            still_waiting_since: still_waiting_since.map(time_to_proto),
            ..split_to_proto(*ticket, *from, intake, messages, requirement, place)
        }),
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

pub(super) fn help_offered(event: &Fields, lexicon: &mut Lexicon) -> Result<RoutingEvent, DecodeError> {
    let offer = event.message("offer", 1)?;
    Ok(RoutingEvent::HelpOffered {
        offer: offer::offer(&offer)?,
        ticket: offer::ticket(&offer)?,
        agent: offer::agent(&offer, lexicon)?,
        expires_at: offer.time("offer.expires_at", 4)?,
        asked_by: event.optional_key("asked_by", 2, &mut lexicon.agents)?,
    })
}

pub(super) fn help_accepted(event: &Fields, lexicon: &mut Lexicon) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::HelpAccepted {
        offer: offer::offer(event)?,
        ticket: offer::ticket(event)?,
        agent: offer::agent(event, lexicon)?,
    })
}

pub(super) fn help_refused(event: &Fields, lexicon: &mut Lexicon) -> Result<RoutingEvent, DecodeError> {
    let why = event.word("reason", 4)?;
    // Older programs did not keep what was said.
    let said = event.given("declined", 5)?.unwrap_or(DeclineReason::Other);
    Ok(RoutingEvent::HelpRefused {
        offer: offer::offer(event)?,
        ticket: offer::ticket(event)?,
        agent: offer::agent(event, lexicon)?,
        why,
        declined: (why == NoHelp::Declined).then_some(said),
    })
}

pub(super) fn helper_left(event: &Fields, lexicon: &mut Lexicon) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::HelperLeft {
        ticket: ticket(event)?,
        agent: event.key("agent", 2, &mut lexicon.agents)?,
        why: event.word("reason", 3)?,
    })
}

pub(super) fn owner_changed(event: &Fields, lexicon: &mut Lexicon) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::OwnerChanged {
        ticket: ticket(event)?,
        from: event.optional_key("from", 2, &mut lexicon.agents)?,
        to: event.key("to", 3, &mut lexicon.agents)?,
        why: event.word("reason", 4)?,
    })
}

pub(super) fn merged(event: &Fields, _: &mut Lexicon) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::TicketMerged {
        ticket: ticket(event)?,
        into: TicketId(event.number("into", 2)?),
        messages: messages(event, 3)?,
    })
}

pub(super) fn split_to_proto(
    ticket: TicketId,
    from: TicketId,
    opening: &Intake,
    messages: &[MessageId],
    requirement: &Requirement,
    place: &StepPlace,
) -> v1::TicketSplit {
    v1::TicketSplit {
        ticket_id: ticket.0,
        from: from.0,
        intake: Some(intake::to_proto(opening)),
        message_ids: texts(messages),
        requirement: Some(requirement_to_proto(requirement)),
        place: place::to_proto(place),
        still_waiting_since: None,
    }
}

fn messages(event: &Fields, number: usize) -> Result<Vec<MessageId>, DecodeError> {
    let ids = event.each(number);
    ids.map(|id| wire::uuid("message_ids", id?).map(MessageId)).collect()
}

pub(super) fn split(event: &Fields, lexicon: &mut Lexicon) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::TicketSplit {
        ticket: ticket(event)?,
        from: TicketId(event.number("from", 2)?),
        intake: Box::new(intake::read(&event.message("intake", 3)?, lexicon)?),
        messages: messages(event, 4)?,
        requirement: lexicon.requirement(event, 5)?,
        place: place::read(event.optional_message("place", 6)?)?,
        still_waiting_since: event.optional_time("still_waiting_since", 7)?,
    })
}

pub(super) fn scheduled(event: &Fields, _: &mut Lexicon) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::TicketScheduled {
        ticket: ticket(event)?,
        until: event.time("until", 2)?,
    })
}

pub(super) fn scheduled_to_proto(ticket: TicketId, until: Timestamp) -> Body {
    Body::TicketScheduled(v1::TicketScheduled {
        ticket_id: ticket.0,
        until: Some(time_to_proto(until)),
    })
}
