//! An agent in format 3.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tandem_domain::{AgentId, Presence, QueueId, Timestamp};

use crate::agents::AgentIx;
use crate::state::State;

#[derive(Serialize, Deserialize)]
pub(super) struct AgentV3 {
    pub(super) id: AgentId,
    presence: Presence,
    available: bool,
    edge: Option<Timestamp>,
    missed: u32,
    offline_since: Timestamp,
    idle_since: Timestamp,
    offered: u64,
    /// Whose turn it is, where the desk goes by weights.
    turns: BTreeMap<QueueId, i64>,
    pub(super) changed: u64,
}

impl AgentV3 {
    pub(super) fn of(state: &State, agent: AgentIx) -> Self {
        let slot = state.agents.get(agent);
        Self {
            id: slot.id.clone(),
            presence: slot.presence,
            available: slot.available,
            edge: slot.edge,
            missed: slot.missed,
            offline_since: slot.offline_since,
            idle_since: slot.idle_since,
            offered: slot.offered,
            turns: state.turns.credits(agent),
            changed: slot.changed,
        }
    }

    pub(super) fn restore(&self, state: &mut State) {
        let agent = state.agents.place(&self.id);
        state.watch(agent, self.edge);
        state.turns.restore(agent, self.turns.clone());
        let slot = state.agents.get_mut(agent);
        (slot.presence, slot.available, slot.missed) = (self.presence, self.available, self.missed);
        (slot.offline_since, slot.idle_since) = (self.offline_since, self.idle_since);
        slot.offered = self.offered;
    }
}
