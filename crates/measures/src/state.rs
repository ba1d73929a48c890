//! What is remembered from one event to the next, beside tickets.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};
use tandem_domain::routing::RoutingEvent;
use tandem_domain::{AgentId, CompiledDesk, Presence, QueueId, TeamId, TicketId, Timestamp};

use crate::{Counts, Mark, Zones};

/// How many of the latest events are kept.
const RECENT: usize = 50;

/// How far the events were taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) mark: Option<Mark>,
    /// The last event's time.
    pub(crate) at: Timestamp,
    /// How many events were taken: two states at the same mark that differ in this left out different ones.
    pub(crate) events: u64,
    pub(crate) today: Today,
    pub(crate) recent: VecDeque<Recent>,
}

/// What happened since midnight.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Today {
    pub(crate) midnight: Timestamp,
    pub(crate) queues: BTreeMap<QueueId, Counts>,
}

/// Something that happened, in ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent {
    /// Its place in the journal.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What, such as `OfferIssued`.
    pub kind: String,
    /// The ticket that it is about.
    pub ticket: Option<TicketId>,
    /// The agent that it is about.
    pub agent: Option<AgentId>,
}

impl Progress {
    pub(crate) fn note(&mut self, mark: Mark, at: Timestamp, kind: &str, body: &RoutingEvent) {
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(Recent {
            seq: mark.seq,
            at,
            kind: kind.to_owned(),
            ticket: body.ticket(),
            agent: agent(body).cloned(),
        });
        self.events += 1;
    }
}

fn agent(body: &RoutingEvent) -> Option<&AgentId> {
    match body {
        RoutingEvent::PresenceChanged { agent, .. }
        | RoutingEvent::AvailabilityChanged { agent, .. }
        | RoutingEvent::HelpOffered { agent, .. }
        | RoutingEvent::HelpAccepted { agent, .. }
        | RoutingEvent::HelpRefused { agent, .. }
        | RoutingEvent::HelperLeft { agent, .. }
        | RoutingEvent::OwnerChanged { to: agent, .. }
        | RoutingEvent::OfferIssued { agent, .. }
        | RoutingEvent::OfferAccepted { agent, .. }
        | RoutingEvent::OfferDeclined { agent, .. }
        | RoutingEvent::OfferExpired { agent, .. }
        | RoutingEvent::OfferRevoked { agent, .. } => Some(agent),
        RoutingEvent::AnswerAdded { author, .. } => author.as_ref(),
        _ => None,
    }
}

/// The desk file in force, and the zones in which the desk has been.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Desk {
    pub(crate) file: Option<Box<CompiledDesk>>,
    pub(crate) zones: Zones,
    /// Every queue that there ever was.
    pub(crate) queues: BTreeSet<QueueId>,
    /// Every team that there ever was.
    pub(crate) teams: BTreeSet<TeamId>,
}

impl Desk {
    /// From `at` on this file is in force.
    pub(crate) fn adopt(&mut self, file: &CompiledDesk, at: Timestamp) {
        self.zones.enter(&file.timezone, at);
        self.queues.extend(file.queues.iter().map(|queue| queue.id.clone()));
        self.teams.extend(file.teams.iter().cloned());
        self.file = Some(Box::new(file.clone()));
    }

    /// The teams that serve a queue.
    pub(crate) fn serving(&self, queue: &QueueId) -> Vec<TeamId> {
        let queues = self.file.iter().flat_map(|file| &file.queues);
        let found = queues.into_iter().find(|policy| policy.id == *queue);
        found.map_or_else(Vec::new, |policy| policy.teams.clone())
    }

    /// The teams for which counts what an agent does with a ticket that `serving` may serve: those of the agent's
    /// that may, or all of the agent's where none may.
    pub(crate) fn credited(&self, agent: &AgentId, serving: &[TeamId]) -> Vec<TeamId> {
        let mut agents = self.file.iter().flat_map(|file| &file.agents);
        let Some(profile) = agents.find(|profile| profile.id == *agent) else {
            return serving.to_vec();
        };
        let both: Vec<_> = profile
            .teams
            .iter()
            .filter(|team| serving.contains(team))
            .cloned()
            .collect();
        if both.is_empty() { profile.teams.clone() } else { both }
    }
}

/// What an agent is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attendance {
    pub(crate) presence: Presence,
    pub(crate) since: Timestamp,
}
