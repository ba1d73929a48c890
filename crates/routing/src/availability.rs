//! Availability windows: when an agent can be offered work, by a calendar of the desk's. Outside it nothing is offered,
//! and what is offered but not accepted when it closes goes to others; what the agent owns stays.

use std::collections::{BTreeMap, BTreeSet};

use tandem_domain::calendar::Opening;
use tandem_domain::routing::{RevokeReason, RoutingEvent};
use tandem_domain::{AgentId, CalendarId, Timestamp};

use crate::agents::AgentIx;
use crate::state::State;
use crate::turn::Turn;

const ALWAYS: Opening = Opening {
    open: true,
    until: None,
};

/// When whose window opens or closes next.
pub(crate) type Edges = BTreeSet<(Timestamp, AgentIx)>;

/// What the desk's calendars say at one moment, each asked once.
struct Openings<'a> {
    state: &'a State,
    at: Timestamp,
    known: BTreeMap<&'a CalendarId, Opening>,
}

impl<'a> Openings<'a> {
    fn new(state: &'a State, at: Timestamp) -> Self {
        let known = BTreeMap::new();
        Self { state, at, known }
    }

    /// Who is not on the desk, has no calendar or one that the desk lacks is always available.
    fn of(&mut self, agent: AgentIx) -> Opening {
        let (state, at) = (self.state, self.at);
        let calendar = state.profile(agent).and_then(|profile| profile.available.as_ref());
        let look = |calendar| {
            state
                .desk()
                .schedule(calendar)
                .map_or(ALWAYS, |schedule| schedule.at(at))
        };
        calendar.map_or(ALWAYS, |calendar| {
            *self.known.entry(calendar).or_insert_with(|| look(calendar))
        })
    }
}

impl State {
    /// Waits for everybody's next edge, whatever was waited for before.
    pub(crate) fn watch_windows(&mut self, at: Timestamp) {
        let mut openings = Openings::new(self, at);
        let edges: Vec<_> = self
            .agents
            .all()
            .map(|agent| (agent, openings.of(agent).until))
            .collect();
        for (agent, edge) in edges {
            self.watch(agent, edge);
        }
    }

    pub(crate) fn set_available(&mut self, id: &AgentId, available: bool, at: Timestamp) {
        let agent = self.agents.place(id);
        let edge = Openings::new(self, at).of(agent).until;
        self.watch(agent, edge);
        self.agents.get_mut(agent).available = available;
        self.refresh(agent);
    }

    /// Waits for the agent's next edge, and for no other one.
    pub(crate) fn watch(&mut self, agent: AgentIx, edge: Option<Timestamp>) {
        let before = std::mem::replace(&mut self.agents.get_mut(agent).edge, edge);
        if let Some(at) = before {
            self.edges.remove(&(at, agent));
        }
        self.edges.extend(edge.map(|at| (at, agent)));
    }
}

impl Turn<'_> {
    /// Goes by a new desk's calendars from now on.
    pub(crate) fn adopt_windows(&mut self) {
        let mut openings = Openings::new(self.state, self.now());
        let agents = self.state.agents.in_order().iter();
        let changed: Vec<_> = agents
            .map(|agent| (*agent, openings.of(*agent).open))
            .filter(|(agent, open)| self.state.agents.get(*agent).available != *open)
            .collect();
        for (agent, open) in changed {
            self.change_availability(agent, open);
        }
    }

    /// Opens and closes the windows whose time has come.
    pub(crate) fn turn_windows(&mut self) {
        let due = self.state.edges.range(..=(self.now(), AgentIx::LAST));
        let agents: Vec<_> = due.map(|(_, agent)| *agent).collect();
        let mut openings = Openings::new(self.state, self.now());
        let turned: Vec<_> = agents
            .into_iter()
            .map(|agent| (agent, openings.of(agent).open))
            .collect();
        for (agent, open) in turned {
            self.change_availability(agent, open);
        }
    }

    // Also told where nothing changes, as both edges of a window may have passed unheard: what is waited for next is a
    // fact that an event must carry.
    fn change_availability(&mut self, agent: AgentIx, available: bool) {
        let id = self.state.agents.get(agent).id.clone();
        self.emit(RoutingEvent::AvailabilityChanged { agent: id, available });
        if !available {
            self.revoke_all(agent, RevokeReason::AgentLeft);
        }
    }
}
