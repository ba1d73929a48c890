//! The desk as it is now.

use std::collections::BTreeMap;

use tandem_domain::{AgentId, Presence, QueueId, Timestamp};

use crate::ticket::{Phase, Ticket};
use crate::{Counts, Mark, Measures, Recent};

/// Tickets on hold may take a part of a unit.
const UNIT: u32 = 100;

/// The desk as it is now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Live {
    /// The time of the last event that is in it.
    pub as_of: Option<Timestamp>,
    /// The last record that is in it.
    pub mark: Option<Mark>,
    /// Every queue of the desk file, by key, and others in which tickets still are.
    pub queues: BTreeMap<QueueId, QueueNow>,
    /// Every agent of the desk file, by key.
    pub agents: BTreeMap<AgentId, AgentNow>,
    /// The latest events, the newest last.
    pub events: Vec<Recent>,
}

/// How many tickets agents hold, by what they do with them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// On offer.
    pub offered: u64,
    /// Worked on.
    pub assigned: u64,
    /// Set aside.
    pub on_hold: u64,
    /// Being wrapped up.
    pub wrapping_up: u64,
}

/// A queue as it is now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueNow {
    /// Tickets that wait for an agent, those on offer among them.
    pub waiting: u64,
    /// Since when the one that waits longest has been open.
    pub oldest_since: Option<Timestamp>,
    /// What agents hold of it.
    pub held: Held,
    /// What happened since midnight.
    pub today: Counts,
}

/// An agent as he or she is now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgentNow {
    /// What the agent is doing.
    pub presence: Presence,
    /// Since when; none if never since the desk began.
    pub since: Option<Timestamp>,
    /// Capacity units taken.
    pub used: u32,
    /// Capacity units that there are.
    pub capacity: u32,
    /// What the agent holds.
    pub held: Held,
}

impl Held {
    fn count(&mut self, phase: &Phase) {
        match phase {
            Phase::Offered(_) => self.offered += 1,
            Phase::Assigned(_) => self.assigned += 1,
            Phase::OnHold(_) => self.on_hold += 1,
            Phase::WrappingUp(_) => self.wrapping_up += 1,
            Phase::Queued | Phase::Done(_) | Phase::Scheduled => {}
        }
    }
}

impl Measures {
    /// The desk as it is at `now`.
    #[must_use]
    pub fn live(&self, now: Timestamp) -> Live {
        let mut live = Live {
            as_of: self.until(),
            mark: self.mark(),
            queues: self.queues_today(now),
            agents: self.attendance(),
            events: self.progress.recent.iter().cloned().collect(),
        };
        let mut hundredths: BTreeMap<&AgentId, u32> = BTreeMap::new();
        for ticket in self.tickets.values() {
            if !matches!(ticket.phase, Phase::Done(_)) {
                live.queues.entry(ticket.queue.clone()).or_default().count(ticket);
            }
            for holder in ticket.holders() {
                if let Some(agent) = live.agents.get_mut(holder) {
                    agent.held.count(&ticket.phase);
                }
                *hundredths.entry(holder).or_default() += self.hundredths(ticket);
            }
        }
        for (holder, hundredths) in hundredths {
            if let Some(agent) = live.agents.get_mut(holder) {
                agent.used = hundredths.div_ceil(UNIT);
            }
        }
        live
    }

    fn queues_today(&self, now: Timestamp) -> BTreeMap<QueueId, QueueNow> {
        let today = &self.progress.today;
        let is_today = today.midnight == self.desk.zones.day(now.max(self.progress.at));
        let queues = self.desk.file.iter().flat_map(|file| &file.queues);
        let now = |queue: &QueueId| {
            let today = today
                .queues
                .get(queue)
                .filter(|_| is_today)
                .copied()
                .unwrap_or_default();
            QueueNow {
                today,
                ..QueueNow::default()
            }
        };
        queues.map(|queue| (queue.id.clone(), now(&queue.id))).collect()
    }

    fn attendance(&self) -> BTreeMap<AgentId, AgentNow> {
        let agents = self.desk.file.iter().flat_map(|file| &file.agents);
        let now = agents.map(|profile| {
            let attendance = self.agents.get(&profile.id);
            let agent = AgentNow {
                presence: attendance.map_or(Presence::Offline, |attendance| attendance.presence),
                since: attendance.map(|attendance| attendance.since),
                capacity: profile.capacity,
                ..AgentNow::default()
            };
            (profile.id.clone(), agent)
        });
        now.collect()
    }

    /// What the ticket takes of an agent's capacity, in hundredths of a unit.
    fn hundredths(&self, ticket: &Ticket) -> u32 {
        let file = self.desk.file.as_ref();
        let queue = file.and_then(|file| file.queues.iter().find(|queue| queue.id == ticket.queue));
        let own = queue.and_then(|queue| queue.units.get(&ticket.channel).copied());
        let policy = file.and_then(|file| file.channels.get(&ticket.channel));
        policy.map_or(0, |policy| {
            let units = own.unwrap_or(policy.units);
            match (&ticket.phase, policy.hold_percent) {
                (Phase::OnHold(_), Some(percent)) => units * u32::from(percent),
                (Phase::OnHold(_), None) => UNIT * policy.hold_units.min(units),
                _ => UNIT * units,
            }
        })
    }
}

impl QueueNow {
    fn count(&mut self, ticket: &Ticket) {
        self.held.count(&ticket.phase);
        if ticket.phase.waits() {
            self.waiting += 1;
            let oldest = self.oldest_since.unwrap_or(ticket.opened_at);
            self.oldest_since = Some(oldest.min(ticket.opened_at));
        }
    }
}
