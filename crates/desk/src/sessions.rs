//! Agents' sessions. Heartbeats are not journaled; the grace starts anew with each opening, so that a
//! failover sends nobody offline.

use std::collections::HashMap;
use std::time::Duration;

use tandem_domain::AgentId;
use tokio::time::Instant;

/// When each agent was last heard of.
pub(crate) struct Sessions {
    grace: Duration,
    heard: HashMap<AgentId, Instant>,
    next_check: Instant,
}

impl Sessions {
    /// Everybody counts as heard of just now.
    pub(crate) fn new(grace: Duration) -> Self {
        Self {
            grace,
            heard: HashMap::new(),
            next_check: Instant::now(),
        }
    }

    pub(crate) fn heard_of(&mut self, agents: Vec<AgentId>) {
        let now = Instant::now();
        self.heard.extend(agents.into_iter().map(|agent| (agent, now)));
    }

    pub(crate) fn next_check(&self) -> Instant {
        self.next_check
    }

    /// Those of `expected` who have been silent for longer than the grace. Looks only now and then,
    /// so a silence is noticed up to a tenth of the grace late.
    pub(crate) fn lost(&mut self, expected: impl FnOnce() -> Vec<AgentId>) -> Vec<AgentId> {
        let now = Instant::now();
        if now < self.next_check {
            return Vec::new();
        }
        self.next_check = now + self.grace / 10;
        let heard = expected().into_iter().map(|agent| {
            let last = self.heard.get(&agent).copied().unwrap_or(now);
            (agent, last)
        });
        self.heard = heard.collect();
        let silent = self
            .heard
            .iter()
            .filter(|(_, last)| now.duration_since(**last) > self.grace);
        let mut silent: Vec<_> = silent.map(|(agent, _)| agent.clone()).collect();
        silent.sort_unstable();
        silent
    }
}
