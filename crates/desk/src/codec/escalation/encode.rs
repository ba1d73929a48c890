//! From the domain's events to protobuf.

use std::collections::BTreeMap;
use std::time::Duration;

use tandem_domain::escalation::{ClockId, EscalationEvent, Step, Telling};
use tandem_domain::{EscalationId, TicketId, Timestamp};
use tandem_proto::v1;
use tandem_proto::v1::escalation_event::Body;

use super::clock;
use super::parts::{clock_to_proto, facts_to_proto, plan_to_proto, step_to_proto};
use crate::codec::common::{duration_to_proto, text, texts, time_to_proto};
use crate::codec::words::Word;

/// One arm per kind; what is more than a few fields has its own function.
pub(super) fn body(event: &EscalationEvent) -> Body {
    match event {
        EscalationEvent::PlanAdopted(plan) => Body::PlanAdopted(plan_to_proto(plan)),
        EscalationEvent::TicketFollowed {
            ticket,
            facts,
            standing,
            owner,
        } => Body::TicketFollowed(v1::TicketFollowed {
            ticket_id: ticket.0,
            facts: Some(facts_to_proto(facts)),
            standing: standing.to_proto(),
            owner: text(owner.as_ref()),
        }),
        EscalationEvent::AnswerCounted {
            ticket,
            message,
            answered_at,
        } => Body::AnswerCounted(v1::AnswerCounted {
            ticket_id: ticket.0,
            message_id: message.to_string(),
            answered_at: Some(time_to_proto(*answered_at)),
        }),
        EscalationEvent::AnswerDiscounted { ticket, message } => Body::AnswerDiscounted(v1::AnswerDiscounted {
            ticket_id: ticket.0,
            message_id: message.to_string(),
        }),
        EscalationEvent::Clock(id, happened) => clock::to_proto(*id, happened),
        EscalationEvent::RungReached {
            escalation,
            clock,
            step,
            due_at,
            late_by,
        } => reached(*escalation, *clock, step, *due_at, *late_by),
        EscalationEvent::PriorityRaiseAsked {
            escalation,
            ticket,
            priority,
            seen,
        } => Body::PriorityRaiseAsked(v1::PriorityRaiseAsked {
            escalation_id: escalation.0,
            ticket_id: ticket.0,
            priority: priority.to_proto(),
            seen_version: *seen,
        }),
        EscalationEvent::MoveAsked {
            escalation,
            ticket,
            queue,
            seen,
        } => Body::MoveAsked(v1::MoveAsked {
            escalation_id: escalation.0,
            ticket_id: ticket.0,
            queue: queue.to_string(),
            seen_version: *seen,
        }),
        EscalationEvent::ContactsTold(telling) => told(telling),
        EscalationEvent::EscalationAcknowledged { escalation } => {
            Body::EscalationAcknowledged(v1::EscalationAcknowledged {
                escalation_id: escalation.0,
            })
        }
        EscalationEvent::TicketForgotten { ticket } => {
            Body::TicketForgotten(v1::TicketForgotten { ticket_id: ticket.0 })
        }
        EscalationEvent::RouterFollowed {
            through,
            incarnation,
            versions,
        } => followed(*through, *incarnation, versions),
        EscalationEvent::BegunAnew => Body::BegunAnew(v1::BegunAnew {}),
    }
}

fn reached(escalation: EscalationId, clock: ClockId, step: &Step, due_at: Timestamp, late_by: Duration) -> Body {
    Body::RungReached(v1::RungReached {
        escalation_id: escalation.0,
        clock: Some(clock_to_proto(clock)),
        step: Some(step_to_proto(step)),
        due_at: Some(time_to_proto(due_at)),
        late_by: Some(duration_to_proto(late_by)),
    })
}

fn told(telling: &Telling) -> Body {
    Body::ContactsTold(v1::ContactsTold {
        notification_id: telling.notification.0,
        escalation_id: telling.escalation.0,
        clock: Some(clock_to_proto(telling.clock)),
        step: Some(step_to_proto(&telling.step)),
        due_at: Some(time_to_proto(telling.due_at)),
        late_by: Some(duration_to_proto(telling.late_by)),
        queue: telling.queue.to_string(),
        priority: telling.priority.to_proto(),
        contacts: texts(&telling.contacts),
    })
}

fn followed(through: u64, incarnation: u64, versions: &BTreeMap<TicketId, u64>) -> Body {
    let versions = versions.iter().map(|(ticket, version)| v1::TicketVersion {
        ticket_id: ticket.0,
        version: *version,
    });
    Body::RouterFollowed(v1::RouterFollowed {
        through,
        incarnation,
        versions: versions.collect(),
    })
}
