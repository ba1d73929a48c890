//! Who is on the desk, and who takes work.

use std::collections::{BTreeMap, BTreeSet};

use tandem_domain::desk::AgentProfile;
use tandem_domain::{AgentId, CompiledDesk, Presence};

/// Every agent's presence, offline where nothing was said; and whose availability window is closed.
#[derive(Default)]
pub(crate) struct Agents {
    presences: BTreeMap<AgentId, Presence>,
    unavailable: BTreeSet<AgentId>,
}

impl Agents {
    /// From now on.
    pub(crate) fn set_presence(&mut self, agent: &AgentId, presence: Presence) {
        self.presences.insert(agent.clone(), presence);
    }

    /// From now on.
    pub(crate) fn set_available(&mut self, agent: &AgentId, available: bool) {
        if available {
            self.unavailable.remove(agent);
        } else {
            self.unavailable.insert(agent.clone());
        }
    }

    /// Forgets those who are not on the desk any more: they begin anew, offline, if they come back.
    pub(crate) fn keep_only(&mut self, desk: &CompiledDesk) {
        self.presences.retain(|agent, _| profile(desk, agent).is_some());
        self.unavailable.retain(|agent| profile(desk, agent).is_some());
    }

    /// Whether the agent takes offers: online, and not outside the window.
    pub(crate) fn is_online(&self, agent: &AgentId) -> bool {
        self.presences.get(agent) == Some(&Presence::Online) && !self.unavailable.contains(agent)
    }
}

/// What the desk file says of an agent.
pub(crate) fn profile<'a>(desk: &'a CompiledDesk, agent: &AgentId) -> Option<&'a AgentProfile> {
    desk.agents.iter().find(|profile| profile.id == *agent)
}
