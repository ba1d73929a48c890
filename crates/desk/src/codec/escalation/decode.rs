//! From protobuf to the domain's events.

use tandem_domain::escalation::{EscalationEvent, Telling};
use tandem_domain::{EscalationId, NotificationId, TicketId};
use tandem_proto::v1;
use tandem_proto::v1::escalation_event::Body;

use super::{clock, parts};
use crate::DecodeError;
use crate::codec::common::{duration, optional, parsed, parsed_all, time};
use crate::codec::words::Word;

/// One arm per kind; what is more than a few fields has its own function.
pub(super) fn body(body: Body) -> Result<EscalationEvent, DecodeError> {
    Ok(match body {
        Body::PlanAdopted(event) => EscalationEvent::PlanAdopted(Box::new(parts::plan(event)?)),
        Body::TicketFollowed(event) => ticket_followed(event)?,
        Body::AnswerCounted(event) => EscalationEvent::AnswerCounted {
            ticket: TicketId(event.ticket_id),
            message: parsed("message_id", &event.message_id)?,
            answered_at: time("answered_at", event.answered_at)?,
        },
        Body::AnswerDiscounted(event) => EscalationEvent::AnswerDiscounted {
            ticket: TicketId(event.ticket_id),
            message: parsed("message_id", &event.message_id)?,
        },
        Body::ClockStarted(event) => clock::started(event)?,
        Body::ClockPaused(event) => clock::paused(event)?,
        Body::ClockResumed(event) => clock::resumed(event)?,
        Body::ClockMet(event) => clock::met(&event)?,
        Body::ClockBreached(event) => clock::breached(event)?,
        Body::ClockCancelled(event) => clock::cancelled(event)?,
        Body::ClockReopened(event) => clock::reopened(event)?,
        Body::ClockRetargeted(event) => clock::retargeted(event)?,
        Body::RungReached(event) => rung_reached(event)?,
        Body::PriorityRaiseAsked(event) => EscalationEvent::PriorityRaiseAsked {
            escalation: EscalationId(event.escalation_id),
            ticket: TicketId(event.ticket_id),
            priority: Word::from_proto("priority", event.priority)?,
            seen: event.seen_version,
        },
        Body::MoveAsked(event) => EscalationEvent::MoveAsked {
            escalation: EscalationId(event.escalation_id),
            ticket: TicketId(event.ticket_id),
            queue: parsed("queue", &event.queue)?,
            seen: event.seen_version,
        },
        Body::ContactsTold(event) => EscalationEvent::ContactsTold(Box::new(telling(event)?)),
        Body::EscalationAcknowledged(event) => EscalationEvent::EscalationAcknowledged {
            escalation: EscalationId(event.escalation_id),
        },
        Body::TicketForgotten(event) => EscalationEvent::TicketForgotten {
            ticket: TicketId(event.ticket_id),
        },
        Body::RouterFollowed(event) => router_followed(&event),
        Body::BegunAnew(_) => EscalationEvent::BegunAnew,
    })
}

fn ticket_followed(event: v1::TicketFollowed) -> Result<EscalationEvent, DecodeError> {
    Ok(EscalationEvent::TicketFollowed {
        ticket: TicketId(event.ticket_id),
        facts: Box::new(parts::facts(event.facts)?),
        standing: Word::from_proto("standing", event.standing)?,
        owner: optional("owner", &event.owner)?,
    })
}

fn rung_reached(event: v1::RungReached) -> Result<EscalationEvent, DecodeError> {
    Ok(EscalationEvent::RungReached {
        escalation: EscalationId(event.escalation_id),
        clock: parts::clock(event.clock)?,
        step: parts::step(event.step)?,
        due_at: time("due_at", event.due_at)?,
        late_by: duration("late_by", event.late_by)?,
    })
}

fn telling(event: v1::ContactsTold) -> Result<Telling, DecodeError> {
    Ok(Telling {
        notification: NotificationId(event.notification_id),
        escalation: EscalationId(event.escalation_id),
        clock: parts::clock(event.clock)?,
        step: parts::step(event.step)?,
        due_at: time("due_at", event.due_at)?,
        late_by: duration("late_by", event.late_by)?,
        queue: parsed("queue", &event.queue)?,
        priority: Word::from_proto("priority", event.priority)?,
        contacts: parsed_all("contacts", &event.contacts)?,
    })
}

fn router_followed(event: &v1::RouterFollowed) -> EscalationEvent {
    let versions = event.versions.iter();
    EscalationEvent::RouterFollowed {
        through: event.through,
        incarnation: event.incarnation,
        versions: versions.map(|of| (TicketId(of.ticket_id), of.version)).collect(),
    }
}
