//! Signs of life from agents, gathered so that each desk's owner hears of all of them in one call.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use tandem_domain::{AgentId, DeskId};

/// Agents that were heard of since the last [`take`](Self::take).
#[derive(Default)]
pub(crate) struct Heartbeats {
    heard: Mutex<BTreeMap<DeskId, BTreeSet<AgentId>>>,
}

impl Heartbeats {
    /// An agent was heard of.
    pub(crate) fn beat(&self, desk: &DeskId, agent: &AgentId) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.entry(desk.clone()).or_default().insert(agent.clone());
    }

    /// Everybody who was heard of, by desk.
    pub(crate) fn take(&self) -> BTreeMap<DeskId, BTreeSet<AgentId>> {
        std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_agent_is_told_of_once_per_round() {
        let heartbeats = Heartbeats::default();
        let (acme, ana): (DeskId, AgentId) = ("acme".parse().unwrap(), "ana".parse().unwrap());
        heartbeats.beat(&acme, &ana);
        heartbeats.beat(&acme, &ana);
        assert_eq!(heartbeats.take(), BTreeMap::from([(acme, BTreeSet::from([ana]))]));
        assert!(heartbeats.take().is_empty());
    }
}
