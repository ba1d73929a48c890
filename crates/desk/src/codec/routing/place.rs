//! Where a ticket stands among its queue's routing steps.

use tandem_domain::routing::{RoutingEvent, Skipped, StepPlace};
use tandem_domain::{Requirement, TicketId};
use tandem_proto::v1;
use tandem_proto::v1::router_event::Body;

use super::intake;
use super::read::ticket;
use crate::DecodeError;
use crate::codec::common::time_to_proto;
use crate::codec::lexicon::Lexicon;
use crate::codec::requirement::requirement_to_proto;
use crate::codec::wire::Fields;
use crate::codec::words::Word;

/// Steps that begin; none for other kinds.
pub(super) fn to_body(event: &RoutingEvent) -> Option<Body> {
    Some(match event {
        RoutingEvent::StepEntered {
            ticket,
            requirement,
            place,
            why,
        } => entered_to_proto(*ticket, requirement, place, *why),
        _ => return None,
    })
}

/// The usual place is left out: most desks have one step that does not end.
pub(super) fn to_proto(place: &StepPlace) -> Option<v1::StepPlace> {
    (*place != StepPlace::default()).then(|| v1::StepPlace {
        step: place.step.into(),
        until: place.until.map(time_to_proto),
        skipped: place.skipped.iter().copied().map(skipped_to_proto).collect(),
    })
}

pub(super) fn read(place: Option<Fields>) -> Result<StepPlace, DecodeError> {
    let Some(place) = place else {
        return Ok(StepPlace::default());
    };
    Ok(StepPlace {
        step: place.narrow("place.step", 1)?,
        until: place.optional_time("place.until", 2)?,
        skipped: place
            .each(3)
            .map(|skipped| read_skipped(&Fields::of(skipped?)?))
            .collect::<Result<_, _>>()?,
    })
}

fn skipped_to_proto(skipped: Skipped) -> v1::SkippedStep {
    v1::SkippedStep {
        step: skipped.step.into(),
        reason: skipped.why.to_proto(),
    }
}

fn read_skipped(skipped: &Fields) -> Result<Skipped, DecodeError> {
    Ok(Skipped {
        step: skipped.narrow("skipped.step", 1)?,
        why: skipped.word("skipped.reason", 2)?,
    })
}

pub(super) fn entered_to_proto(ticket: TicketId, requirement: &Requirement, place: &StepPlace, why: impl Word) -> Body {
    Body::StepEntered(v1::StepEntered {
        ticket_id: ticket.0,
        requirement: Some(requirement_to_proto(requirement)),
        place: to_proto(place),
        reason: why.to_proto(),
    })
}

pub(super) fn entered(event: &Fields, lexicon: &mut Lexicon) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::StepEntered {
        ticket: ticket(event)?,
        requirement: lexicon.requirement(event, 2)?,
        place: read(event.optional_message("place", 3)?)?,
        why: event.word("reason", 4)?,
    })
}

pub(super) fn requeued(event: &Fields, lexicon: &mut Lexicon) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::TicketRequeued {
        ticket: ticket(event)?,
        requirement: lexicon.requirement(event, 2)?,
        reason: event.word("reason", 3)?,
        place: read(event.optional_message("place", 4)?)?,
    })
}

pub(super) fn opened(event: &Fields, lexicon: &mut Lexicon) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::TicketOpened {
        ticket: ticket(event)?,
        intake: Box::new(intake::read(&event.message("intake", 2)?, lexicon)?),
        requirement: lexicon.requirement(event, 3)?,
        place: read(event.optional_message("place", 4)?)?,
    })
}
