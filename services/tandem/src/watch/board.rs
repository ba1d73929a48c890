//! What `tandem watch` shows, free of the terminal.

mod words;

use serde::Serialize;
use tandem_domain::Timestamp;
use tandem_proto::v1;

use crate::view::{ClockRow, clock_row, instant, percent, short, since, ticket, time};
use words::in_words;

/// A desk at one moment.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Board {
    pub(crate) desk: String,
    /// When it is so: RFC 3339.
    pub(crate) at: String,
    /// Since midnight in the desk's zone.
    pub(crate) today: Today,
    /// By key.
    pub(crate) queues: Vec<QueueLine>,
    /// By key.
    pub(crate) agents: Vec<AgentLine>,
    /// Clocks that are not over, the most urgent first.
    pub(crate) clocks: Vec<ClockRow>,
    /// The latest first.
    pub(crate) events: Vec<Happened>,
}

/// What has come of the desk's day so far.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(crate) struct Today {
    pub(crate) received: u64,
    pub(crate) accepted: u64,
    pub(crate) resolved: u64,
    pub(crate) abandoned: u64,
    /// Absent where no service level applied to anything yet.
    pub(crate) service_level_percent: Option<f64>,
}

/// A queue as it is now.
#[derive(Debug, Serialize)]
pub(crate) struct QueueLine {
    pub(crate) queue: String,
    /// Those on offer among them.
    pub(crate) waiting: u64,
    pub(crate) offered: u64,
    pub(crate) assigned: u64,
    pub(crate) on_hold: u64,
    pub(crate) wrapping_up: u64,
    /// For how long the oldest one has waited; absent where none waits.
    pub(crate) oldest_seconds: Option<u64>,
}

/// An agent as he or she is now.
#[derive(Debug, Serialize)]
pub(crate) struct AgentLine {
    pub(crate) agent: String,
    pub(crate) presence: String,
    /// For how long; absent where it has never changed.
    pub(crate) presence_seconds: Option<u64>,
    pub(crate) used_units: u32,
    pub(crate) capacity_units: u32,
    pub(crate) offered: u64,
    pub(crate) assigned: u64,
    pub(crate) on_hold: u64,
    pub(crate) wrapping_up: u64,
}

/// Something that happened.
#[derive(Debug, Serialize)]
pub(crate) struct Happened {
    /// RFC 3339.
    pub(crate) at: String,
    /// Empty where it is about no ticket.
    pub(crate) ticket: String,
    /// Such as `OfferIssued`.
    pub(crate) kind: String,
    pub(crate) what: String,
}

impl Board {
    /// What is known of the desk, as it looks `now`.
    pub(crate) fn of(desk: &str, seen: &v1::WatchResponse, clocks: &[v1::SlaClock], now: Timestamp) -> Self {
        let running = clocks.iter().filter(|clock| clock.ended_at.is_none());
        let mut clocks: Vec<_> = running.map(|clock| clock_row(clock, now)).collect();
        clocks.sort_by_key(|clock| clock.left_seconds.unwrap_or(i64::MAX));
        Self {
            desk: desk.to_owned(),
            at: instant(now),
            today: Today::of(&seen.queues),
            queues: seen.queues.iter().map(|queue| queue_now(queue, now)).collect(),
            agents: seen.agents.iter().map(|agent| agent_now(agent, now)).collect(),
            clocks,
            events: seen.events.iter().rev().map(happened).collect(),
        }
    }
}

impl Today {
    fn of(queues: &[v1::QueueNow]) -> Self {
        let counts: Vec<_> = queues.iter().filter_map(|queue| queue.today.as_ref()).collect();
        let sum = |count: fn(&v1::MeasureCounts) -> u64| counts.iter().map(|counts| count(counts)).sum();
        Self {
            received: sum(|counts| counts.received),
            accepted: sum(|counts| counts.accepted),
            resolved: sum(|counts| counts.resolved),
            abandoned: sum(|counts| counts.abandoned),
            service_level_percent: percent(sum(|counts| counts.level_met), sum(|counts| counts.level_due)),
        }
    }
}

fn queue_now(queue: &v1::QueueNow, now: Timestamp) -> QueueLine {
    QueueLine {
        queue: queue.queue.clone(),
        waiting: queue.waiting,
        offered: queue.offered,
        assigned: queue.assigned,
        on_hold: queue.on_hold,
        wrapping_up: queue.wrapping_up,
        oldest_seconds: since(queue.oldest_since.as_ref(), now),
    }
}

fn agent_now(agent: &v1::AgentNow, now: Timestamp) -> AgentLine {
    AgentLine {
        agent: agent.agent.clone(),
        presence: short(agent.presence().as_str_name(), "PRESENCE_"),
        presence_seconds: since(agent.presence_since.as_ref(), now),
        used_units: agent.used_units,
        capacity_units: agent.capacity_units,
        offered: agent.offered,
        assigned: agent.assigned,
        on_hold: agent.on_hold,
        wrapping_up: agent.wrapping_up,
    }
}

fn happened(event: &v1::RecentEvent) -> Happened {
    Happened {
        at: time(event.at.as_ref()),
        ticket: ticket(event.ticket_id),
        kind: event.kind.clone(),
        what: in_words(&event.kind, &event.agent),
    }
}

#[cfg(test)]
mod tests;
