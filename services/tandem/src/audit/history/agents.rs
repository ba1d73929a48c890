//! Who is on the desk, and who takes work.

use std::collections::BTreeMap;

use tandem_domain::desk::AgentProfile;
use tandem_domain::{AgentId, CompiledDesk, Presence};

/// Every agent's presence; offline where nothing was said.
#[derive(Default)]
pub(crate) struct Agents(BTreeMap<AgentId, Presence>);

impl Agents {
    /// From now on.
    pub(crate) fn set_presence(&mut self, agent: &AgentId, presence: Presence) {
        self.0.insert(agent.clone(), presence);
    }

    /// Forgets those who are not on the desk any more: they begin anew, offline, if they come back.
    pub(crate) fn keep_only(&mut self, desk: &CompiledDesk) {
        self.0.retain(|agent, _| profile(desk, agent).is_some());
    }

    /// Whether the agent takes work.
    pub(crate) fn is_online(&self, agent: &AgentId) -> bool {
        self.0.get(agent) == Some(&Presence::Online)
    }
}

/// What the desk file says of an agent.
pub(crate) fn profile<'a>(desk: &'a CompiledDesk, agent: &AgentId) -> Option<&'a AgentProfile> {
    desk.agents.iter().find(|profile| profile.id == *agent)
}
