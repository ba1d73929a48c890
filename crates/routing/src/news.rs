//! Whose work list changed lately: after each batch of events somebody asks, who must not have to look at everybody.

use std::collections::VecDeque;

use crate::agents::AgentIx;

/// Changes by the number of the event that made them, in that order.
#[derive(Debug, Default)]
pub(crate) struct News {
    changes: VecDeque<(u64, AgentIx)>,
    /// All changes after this event are known.
    from: u64,
}

/// Far more than a batch of events changes; a new desk file changes them all.
const KEPT: usize = 16_384;

impl News {
    /// What was before this event is not known.
    pub(crate) fn begin(&mut self, from: u64) {
        self.changes.clear();
        self.from = from;
    }

    pub(crate) fn note(&mut self, event: u64, agent: AgentIx) {
        if self.changes.len() == KEPT
            && let Some((lost, _)) = self.changes.pop_front()
        {
            self.from = lost;
        }
        self.changes.push_back((event, agent));
    }

    /// Each agent whose list a later event has changed, by place; none: it is not known any more.
    pub(crate) fn since(&self, event: u64) -> Option<Vec<AgentIx>> {
        if event < self.from {
            return None;
        }
        let first = self.changes.partition_point(|(at, _)| *at <= event);
        let mut agents: Vec<_> = self.changes.range(first..).map(|(_, agent)| *agent).collect();
        agents.sort_unstable();
        agents.dedup();
        Some(agents)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_agent_is_told_of_once_as_long_as_it_is_known() {
        let (mut news, [ana, bo]) = (News::default(), [0, 1].map(AgentIx::new));
        for (event, agent) in [(1, bo), (2, ana), (2, bo), (3, bo)] {
            news.note(event, agent);
        }
        assert_eq!(news.since(1), Some(vec![ana, bo]));
        assert_eq!(news.since(2), Some(vec![bo]));
        assert_eq!(news.since(3), Some(vec![]));
        news.begin(2);
        assert_eq!(news.since(1), None);
        for event in 3..100_000 {
            news.note(event, ana);
        }
        assert_eq!((news.since(3), news.since(99_998)), (None, Some(vec![ana])));
        assert!(news.changes.len() <= KEPT);
    }
}
