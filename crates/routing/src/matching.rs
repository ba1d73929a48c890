//! Who gets which ticket.
//!
//! Before a turn no free agent fits a waiting ticket. So after it only what the turn's events
//! touched has to be looked at: agents who got room, and classes in which a ticket began to wait.

use tandem_domain::Timestamp;
use tandem_domain::desk::Choice;
use tandem_domain::explain::{Rank, Ranking};

use crate::agents::AgentIx;
use crate::bits::Bits;
use crate::classes::ClassIx;
use crate::heads::Heads;
use crate::state::{State, Touched};
use crate::ticket::Ticket;
use crate::turn::Turn;

/// The winner and three runners-up are kept with an offer.
const RANKED: usize = 4;
/// Up to so many are ranked by looking at each; more by walking the desk's ranking, where every
/// second or so is one of them.
const FEW: u32 = 64;

/// Who could take a ticket now.
pub(crate) struct Selection {
    fit: u32,
    free: u32,
    /// The best, at most [`RANKED`].
    best: Vec<AgentIx>,
}

impl Turn<'_> {
    /// Makes every offer that can be made.
    pub(crate) fn drain(&mut self) {
        let touched = self.state.touched_classes();
        let mut heads = Heads::new(self.state, &touched);
        while let Some((class, ticket)) = heads.first(self.state) {
            let selection = self.state.select(self.state.ticket(ticket), self.now());
            if let Some(agent) = selection.best.first().copied() {
                let ranking = self.state.ranking(&selection, agent);
                self.offer(ticket, agent, ranking);
                heads.refresh(class, self.state);
            } else if self.state.anybody_free(self.state.ticket(ticket)) {
                // All who are free are passed over for this one, but not for the next.
                heads.skip(class, self.state);
            } else {
                heads.leave(class);
            }
        }
        debug_assert!(
            self.is_settled(&touched),
            "a free agent and a ticket that fits are side by side"
        );
        self.state.touched = Touched::default();
    }

    /// Whether the first ticket of each class that was touched finds nobody any more.
    fn is_settled(&self, touched: &Bits) -> bool {
        let classes = touched
            .common(&self.state.classes.waiting)
            .map(|class| self.state.classes.get(ClassIx(class)));
        let mut firsts = classes.filter_map(|class| class.waiting.first());
        firsts.all(|key| {
            self.state
                .select(self.state.ticket(key.ticket), self.now())
                .best
                .is_empty()
        })
    }
}

impl State {
    /// Classes with waiting tickets for which the last events may have made somebody free.
    fn touched_classes(&self) -> Bits {
        let mut classes = self.touched.classes.clone();
        for agent in self
            .touched
            .agents
            .iter()
            .map(AgentIx)
            .filter(|agent| self.agents.is_free_for_anything(*agent))
        {
            let fitting = self.agents.get(agent).classes.common(&self.classes.waiting);
            fitting.for_each(|class| classes.set(class, true));
        }
        classes
    }

    fn anybody_free(&self, ticket: &Ticket) -> bool {
        let class = self.classes.get(ticket.class);
        class.fit.common(self.agents.free(class.demand)).next().is_some()
    }

    /// Who could take the ticket now, best first.
    pub(crate) fn select(&self, ticket: &Ticket, now: Timestamp) -> Selection {
        let class = self.classes.get(ticket.class);
        let free = self.agents.free(class.demand);
        let willing = |agent: &AgentIx| ticket.passes_over(*agent, now).is_none();
        let available = |agent: &AgentIx| class.fit.contains(agent.0) && free.contains(agent.0);
        let passed = ticket
            .passed_over
            .iter()
            .filter(|passed| passed.until > now && available(&passed.agent))
            .count();
        let count = class.fit.count_common(free) - u32::try_from(passed).expect("fewer than there are agents");
        let best = match count {
            0 => Vec::new(),
            1..=FEW => self.best_of(class.fit.common(free).map(AgentIx).filter(willing)),
            _ => self
                .agents
                .ranked()
                .filter(available)
                .filter(willing)
                .take(RANKED)
                .collect(),
        };
        Selection {
            fit: class.fit_count,
            free: count,
            best,
        }
    }

    fn best_of(&self, candidates: impl Iterator<Item = AgentIx>) -> Vec<AgentIx> {
        let mut keys: Vec<_> = candidates.map(|agent| self.agents.get(agent).rank_key(agent)).collect();
        keys.sort_unstable();
        keys.truncate(RANKED);
        keys.into_iter().map(|key| key.agent).collect()
    }

    /// The facts that are kept with an offer.
    pub(crate) fn ranking(&self, selection: &Selection, winner: AgentIx) -> Ranking {
        let rank = |agent: &AgentIx| -> Rank { self.agents.get(*agent).rank() };
        Ranking {
            considered: u32::try_from(self.agents.in_order().len()).expect("fewer than 2^32 agents"),
            fit: selection.fit,
            free: selection.free,
            winner: rank(&winner),
            runners_up: selection
                .best
                .iter()
                .filter(|agent| **agent != winner)
                .map(rank)
                .collect(),
            direct: false,
            step: 0,
            choice: Choice::default(),
            deciding: None,
        }
    }
}
