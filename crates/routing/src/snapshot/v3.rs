//! Snapshot format 3, in postcard: everything that the journal leads to. Frozen: a change of meaning or shape is a new
//! format, and so is one of the domain's types that stand in it (`Requirement`, `Ranking`, `Undelivered`).
//!
//! What many tickets share stands in it once: agents and requirements are told by their places in lists. The desk file is JSON
//! inside, so that it may gain fields.

mod agent;
mod ticket;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tandem_domain::{AgentId, CustomerId, OfferId, QueueId, Requirement, RestoreError, Timestamp};

use super::damaged;
use crate::agents::AgentIx;
use crate::classes::Classes;
use crate::desk::Desk;
use crate::ended::End;
use crate::overtaking::Overtaking;
use crate::pace::Pace;
use crate::state::State;
use agent::AgentV3;
use ticket::{Places, TicketV3};

#[derive(Serialize, Deserialize)]
pub(crate) struct SnapshotV3 {
    /// JSON; none before the first activation.
    desk: Option<String>,
    applied: u64,
    last_ticket: u64,
    last_offer: u64,
    /// When the last event was: gathering goes on from there.
    last_at: Timestamp,
    /// Whether the state came of one of an older format, which knew less.
    of_older: bool,
    /// Everybody who was ever heard of.
    agents: Vec<AgentV3>,
    requirements: Vec<Requirement>,
    tickets: Vec<TicketV3>,
    ended_offers: Vec<(OfferId, AgentId, EndV3)>,
    accepts: BTreeMap<QueueId, Vec<Timestamp>>,
    overtaking: BTreeMap<QueueId, OvertakingV3>,
    /// Whom each customer was served by last, and when.
    last_agents: Vec<(CustomerId, u32, Timestamp)>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum EndV3 {
    Accepted,
    Declined,
    Expired,
    Revoked,
    AcceptedElsewhere,
}

#[derive(Serialize, Deserialize)]
struct OvertakingV3 {
    last: u64,
    served: u64,
    left: u64,
    gone: BTreeSet<u64>,
}

/// Writing.
impl SnapshotV3 {
    pub(crate) fn of(state: &State) -> Self {
        let mut places = Places::default();
        let tickets = state.tickets.values();
        let tickets = tickets.map(|ticket| TicketV3::of(state, ticket, &mut places)).collect();
        let ended = state.ended_offers.iter();
        let accepts = state.pace.iter();
        let desk = state.desk.as_ref().map(|desk| &desk.compiled);
        Self {
            desk: desk.map(|desk| serde_json::to_string(desk).expect("a desk has text keys and no fallible parts")),
            applied: state.applied,
            last_ticket: state.last_ticket,
            last_offer: state.last_offer,
            last_at: state.last_at,
            of_older: state.of_older,
            agents: state.agents.all().map(|agent| AgentV3::of(state, agent)).collect(),
            requirements: places.into_requirements(),
            tickets,
            ended_offers: ended
                .map(|(offer, agent, end)| (offer, state.agents.get(agent).id.clone(), end.into()))
                .collect(),
            accepts: accepts
                .map(|(queue, accepts)| (queue.clone(), accepts.iter().copied().collect()))
                .collect(),
            overtaking: state
                .classes
                .overtaking()
                .into_iter()
                .map(|(queue, overtaking)| (queue, overtaking.into()))
                .collect(),
            last_agents: state
                .last_agents
                .iter()
                .map(|(customer, agent, at)| (customer, ticket::at(agent), at))
                .collect(),
        }
    }
}

/// Reading.
impl SnapshotV3 {
    pub(crate) fn into_state(self) -> Result<State, RestoreError> {
        let mut state = State {
            applied: self.applied,
            last_at: self.last_at,
            ..State::default()
        };
        (state.last_ticket, state.last_offer, state.of_older) = (self.last_ticket, self.last_offer, self.of_older);
        let Some(desk) = self.desk else {
            return if self.tickets.is_empty() {
                Ok(state)
            } else {
                Err(damaged("tickets without a desk"))
            };
        };
        let desk = serde_json::from_str(&desk).map_err(|error| damaged(&error.to_string()))?;
        for agent in &self.agents {
            state.agents.place(&agent.id);
        }
        let desk = Desk::new(desk);
        state.agents.adopt(&desk);
        state.desk = Some(desk);
        let carried = self.overtaking.into_iter();
        state.classes = Classes::carrying(carried.map(|(queue, of)| (queue, of.into())).collect());
        for agent in &self.agents {
            agent.restore(&mut state);
        }
        let classes: Vec<_> = self
            .requirements
            .iter()
            .map(|requirement| state.class_of(requirement))
            .collect();
        let agents = self.agents.len();
        for ticket in self.tickets {
            ticket.check_numbers(self.last_ticket, self.last_offer)?;
            ticket.restore(&mut state, &classes, agents)?;
        }
        for (offer, agent, end) in self.ended_offers {
            let agent = state.agents.place(&agent);
            state.ended_offers.add(offer, agent, end.into());
        }
        state.pace = Pace::of(self.accepts);
        for (customer, at, when) in self.last_agents {
            state.last_agents.note(customer, ticket::agent_at(at, agents)?, when);
        }
        for (at, agent) in self.agents.iter().enumerate() {
            state.refresh(AgentIx::new(at));
            state.agents.get_mut(AgentIx::new(at)).changed = agent.changed;
        }
        state.touched.clear();
        state.gather_all();
        Ok(state)
    }
}

impl From<End> for EndV3 {
    fn from(end: End) -> Self {
        match end {
            End::Accepted => Self::Accepted,
            End::Declined => Self::Declined,
            End::Expired => Self::Expired,
            End::Revoked => Self::Revoked,
            End::AcceptedElsewhere => Self::AcceptedElsewhere,
        }
    }
}

impl From<EndV3> for End {
    fn from(end: EndV3) -> Self {
        match end {
            EndV3::Accepted => Self::Accepted,
            EndV3::Declined => Self::Declined,
            EndV3::Expired => Self::Expired,
            EndV3::Revoked => Self::Revoked,
            EndV3::AcceptedElsewhere => Self::AcceptedElsewhere,
        }
    }
}

impl From<Overtaking> for OvertakingV3 {
    fn from(overtaking: Overtaking) -> Self {
        Self {
            last: overtaking.last,
            served: overtaking.served,
            left: overtaking.left,
            gone: overtaking.gone,
        }
    }
}

impl From<OvertakingV3> for Overtaking {
    fn from(overtaking: OvertakingV3) -> Self {
        Self::of(overtaking.last, overtaking.served, overtaking.left, overtaking.gone)
    }
}
