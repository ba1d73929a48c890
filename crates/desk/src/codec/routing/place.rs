//! Where a ticket stands among its queue's routing steps.

use tandem_domain::routing::{RoutingEvent, Skipped, StepPlace};
use tandem_domain::{Requirement, TicketId};
use tandem_proto::v1;
use tandem_proto::v1::router_event::Body;

use crate::DecodeError;
use crate::codec::common::{narrow, required, time, time_to_proto};
use crate::codec::requirement::{requirement, requirement_to_proto};
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

pub(super) fn from_proto(place: Option<v1::StepPlace>) -> Result<StepPlace, DecodeError> {
    let Some(place) = place else {
        return Ok(StepPlace::default());
    };
    Ok(StepPlace {
        step: narrow("place.step", place.step)?,
        until: place.until.map(|until| time("place.until", Some(until))).transpose()?,
        skipped: place.skipped.into_iter().map(skipped).collect::<Result<_, _>>()?,
    })
}

fn skipped_to_proto(skipped: Skipped) -> v1::SkippedStep {
    v1::SkippedStep {
        step: skipped.step.into(),
        reason: skipped.why.to_proto(),
    }
}

fn skipped(skipped: v1::SkippedStep) -> Result<Skipped, DecodeError> {
    Ok(Skipped {
        step: narrow("skipped.step", skipped.step)?,
        why: Word::from_proto("skipped.reason", skipped.reason)?,
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

pub(super) fn entered(event: v1::StepEntered) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::StepEntered {
        ticket: TicketId(event.ticket_id),
        requirement: requirement(event.requirement)?.into(),
        place: from_proto(event.place)?,
        why: Word::from_proto("reason", event.reason)?,
    })
}

pub(super) fn requeued(event: v1::TicketRequeued) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::TicketRequeued {
        ticket: TicketId(event.ticket_id),
        requirement: requirement(event.requirement)?.into(),
        reason: Word::from_proto("reason", event.reason)?,
        place: from_proto(event.place)?,
    })
}

pub(super) fn opened(event: v1::TicketOpened) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::TicketOpened {
        ticket: TicketId(event.ticket_id),
        intake: Box::new(super::intake::from_proto(&required("intake", event.intake)?)?),
        requirement: requirement(event.requirement)?.into(),
        place: from_proto(event.place)?,
    })
}
