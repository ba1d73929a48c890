//! Snapshot format 3, in postcard: everything that the journal leads to. Frozen: a change of meaning or shape is a new
//! format, and so is one of the domain's types that stand in it (`Requirement`, `Ranking`, `Undelivered`).
//!
//! What many tickets share stands in it once: agents and requirements are told by their places in lists. The desk file is JSON
//! inside, so that it may gain fields.

mod agent;
mod ranking;
mod shared;
mod ticket;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tandem_domain::{AgentId, CustomerId, OfferId, QueueId, Requirement, RestoreError, Timestamp};

use super::damaged;
use crate::agents::AgentIx;
use crate::desk::Desk;
use crate::ended::End;
use crate::overtaking::Overtaking;
use crate::pace::Pace;
use crate::state::State;
use agent::AgentV3;
use shared::{Places, Shared, agent_at, at};
use ticket::TicketV3;

/// What comes before the tickets. A snapshot is these fields, the number of tickets, the tickets and [`Tail`], one after
/// the other: so postcard writes a struct, and so tickets are written and read one by one, however many there are.
#[derive(Serialize, Deserialize)]
struct Head {
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
}

/// What comes after the tickets.
#[derive(Serialize, Deserialize)]
struct Tail {
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

const PLAIN: &str = "a snapshot has lists of known length and no fallible parts";

pub(crate) fn write(state: &State) -> Vec<u8> {
    let (places, requirements) = Places::of_all(state);
    let bytes = postcard::to_stdvec(&Head::of(state, requirements)).expect(PLAIN);
    let tickets = state.tickets.values().count();
    let mut bytes = postcard::to_extend(&tickets, bytes).expect(PLAIN);
    for ticket in state.tickets.values() {
        bytes = postcard::to_extend(&TicketV3::of(ticket, &places), bytes).expect(PLAIN);
    }
    postcard::to_extend(&Tail::of(state), bytes).expect(PLAIN)
}

pub(crate) fn read(bytes: &[u8]) -> Result<State, RestoreError> {
    let (head, rest) = part::<Head>(bytes)?;
    let (tickets, rest) = part::<usize>(rest)?;
    let mut state = head.counters();
    let Some(desk) = &head.desk else {
        return if tickets == 0 {
            Ok(state)
        } else {
            Err(damaged("tickets without a desk"))
        };
    };
    head.restore(desk, &mut state)?;
    let rest = read_tickets(&head, tickets, rest, &mut state)?;
    let (tail, _) = part::<Tail>(rest)?;
    tail.restore(&mut state, head.agents.len())?;
    for (place, agent) in head.agents.iter().enumerate() {
        state.refresh(AgentIx::new(place));
        state.agents.get_mut(AgentIx::new(place)).changed = agent.changed;
    }
    state.touched.clear();
    state.gather_all();
    Ok(state)
}

/// What comes behind the tickets.
fn read_tickets<'a>(
    head: &Head,
    tickets: usize,
    mut rest: &'a [u8],
    state: &mut State,
) -> Result<&'a [u8], RestoreError> {
    let classes = head.requirements.iter().map(|requirement| state.class_of(requirement));
    let mut shared = Shared::new(head.agents.len(), classes.collect());
    for _ in 0..tickets {
        let (ticket, behind) = part::<TicketV3>(rest)?;
        ticket.check_numbers(head.last_ticket, head.last_offer)?;
        ticket.restore(state, &mut shared)?;
        rest = behind;
    }
    Ok(rest)
}

/// The next part, and what comes behind it.
fn part<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<(T, &'a [u8]), RestoreError> {
    postcard::take_from_bytes(bytes).map_err(|error| damaged(&error.to_string()))
}

impl Head {
    fn of(state: &State, requirements: Vec<Requirement>) -> Self {
        let desk = state.desk.as_ref().map(|desk| &desk.compiled);
        Self {
            desk: desk.map(|desk| serde_json::to_string(desk).expect("a desk has text keys and no fallible parts")),
            applied: state.applied,
            last_ticket: state.last_ticket,
            last_offer: state.last_offer,
            last_at: state.last_at,
            of_older: state.of_older,
            agents: state.agents.all().map(|agent| AgentV3::of(state, agent)).collect(),
            requirements,
        }
    }
}

impl Head {
    fn counters(&self) -> State {
        let mut state = State {
            applied: self.applied,
            last_at: self.last_at,
            ..State::default()
        };
        (state.last_ticket, state.last_offer, state.of_older) = (self.last_ticket, self.last_offer, self.of_older);
        state
    }

    fn restore(&self, desk: &str, state: &mut State) -> Result<(), RestoreError> {
        let desk = serde_json::from_str(desk).map_err(|error| damaged(&error.to_string()))?;
        for agent in &self.agents {
            state.agents.place(&agent.id);
        }
        let desk = Desk::new(desk);
        state.agents.adopt(&desk);
        state.desk = Some(desk);
        for agent in &self.agents {
            agent.restore(state);
        }
        Ok(())
    }
}

impl Tail {
    fn of(state: &State) -> Self {
        let ended = state.ended_offers.iter();
        let accepts = state.pace.iter();
        let overtaking = state.classes.overtaking().into_iter();
        let last_agents = state.last_agents.iter();
        Self {
            ended_offers: ended
                .map(|(offer, agent, end)| (offer, state.agents.get(agent).id.clone(), end.into()))
                .collect(),
            accepts: accepts
                .map(|(queue, accepts)| (queue.clone(), accepts.iter().copied().collect()))
                .collect(),
            overtaking: overtaking
                .map(|(queue, overtaking)| (queue, overtaking.into()))
                .collect(),
            last_agents: last_agents
                .map(|(customer, agent, when)| (customer, at(agent), when))
                .collect(),
        }
    }

    fn restore(self, state: &mut State, agents: usize) -> Result<(), RestoreError> {
        for (offer, agent, end) in self.ended_offers {
            let agent = state.agents.place(&agent);
            state.ended_offers.add(offer, agent, end.into());
        }
        state.pace = Pace::of(self.accepts);
        for (queue, overtaking) in self.overtaking {
            state.classes.go_on(queue, overtaking.into());
        }
        for (customer, at, when) in self.last_agents {
            state.last_agents.note(customer, agent_at(at, agents)?, when);
        }
        Ok(())
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
