//! A desk as it is now, on its way out.

use tandem_domain::{AgentId, QueueId, TicketId};
use tandem_measures::{AgentNow, BreachCounts, Live, QueueNow, Recent};
use tandem_proto::v1;
use tandem_service_kit::fields::{presence, timestamp};

use super::{counts, text};

/// The whole desk.
pub(crate) fn picture(live: &Live) -> v1::WatchResponse {
    v1::WatchResponse {
        as_of: live.as_of.map(timestamp),
        seq: live.mark.map_or(0, |mark| mark.seq),
        queues: live.queues.iter().map(queue).collect(),
        agents: live.agents.iter().map(agent).collect(),
        events: live.events.iter().map(event).collect(),
    }
}

fn queue((id, now): (&QueueId, &QueueNow)) -> v1::QueueNow {
    v1::QueueNow {
        queue: id.to_string(),
        waiting: now.waiting,
        oldest_since: now.oldest_since.map(timestamp),
        offered: now.held.offered,
        assigned: now.held.assigned,
        on_hold: now.held.on_hold,
        wrapping_up: now.held.wrapping_up,
        today: Some(v1::MeasureCounts {
            breached: None,
            ..counts(&now.today, BreachCounts::default())
        }),
    }
}

fn agent((id, now): (&AgentId, &AgentNow)) -> v1::AgentNow {
    v1::AgentNow {
        agent: id.to_string(),
        presence: presence(now.presence).into(),
        presence_since: now.since.map(timestamp),
        used_units: now.used,
        capacity_units: now.capacity,
        offered: now.held.offered,
        assigned: now.held.assigned,
        on_hold: now.held.on_hold,
        wrapping_up: now.held.wrapping_up,
    }
}

fn event(event: &Recent) -> v1::RecentEvent {
    v1::RecentEvent {
        seq: event.seq,
        at: Some(timestamp(event.at)),
        kind: event.kind.clone(),
        ticket_id: event.ticket.map_or(0, |TicketId(number)| number),
        agent: text(event.agent.as_ref()),
    }
}
