//! Who is online, and who may serve what.

use std::collections::BTreeMap;

use tandem_domain::desk::AgentProfile;
use tandem_domain::{AgentId, CompiledDesk, Presence, Requirement};

/// Every agent's presence; offline where nothing was said.
#[derive(Default)]
pub struct Agents(BTreeMap<AgentId, Presence>);

impl Agents {
    /// From now on.
    pub fn set_presence(&mut self, agent: &AgentId, presence: Presence) {
        self.0.insert(agent.clone(), presence);
    }

    /// Forgets those who are not on the desk any more.
    pub fn keep_only(&mut self, desk: &CompiledDesk) {
        self.0
            .retain(|agent, _| desk.agents.iter().any(|profile| profile.id == *agent));
    }

    /// Whether the agent takes work.
    pub fn is_online(&self, agent: &AgentId) -> bool {
        self.0.get(agent) == Some(&Presence::Online)
    }
}

/// The first thing that keeps the agent from the requirement.
pub fn lack(desk: &CompiledDesk, profile: &AgentProfile, requirement: &Requirement) -> Option<String> {
    let queue = desk.queues.iter().find(|queue| queue.id == requirement.queue)?;
    if !profile.teams.iter().any(|team| queue.teams.contains(team)) {
        return Some(format!("a team of queue {}", queue.id));
    }
    let weak = requirement
        .skills
        .iter()
        .find(|(skill, level)| profile.skills.get(*skill).is_none_or(|has| has < *level));
    if let Some((skill, level)) = weak {
        return Some(format!("skill {skill} at level {}", level.get()));
    }
    let (language, least) = requirement.language.as_ref()?;
    let speaks = profile
        .languages
        .iter()
        .any(|(known, level)| known.serves(language) && level >= least);
    (!speaks).then(|| format!("language {language} at {least}"))
}
