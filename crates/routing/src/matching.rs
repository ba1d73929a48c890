//! Who gets which ticket.
//!
//! Before a turn no free agent fits a waiting ticket. So after it only what the turn's events
//! touched has to be looked at: agents who got room, and classes in which a ticket began to wait.

use tandem_domain::TicketId;
use tandem_domain::explain::{Deciding, Ranking};

use crate::agents::AgentIx;
use crate::bits::Bits;
use crate::classes::ClassIx;
use crate::heads::Heads;
use crate::selection::RANKED;
use crate::state::State;
use crate::turn::Turn;

impl Turn<'_> {
    /// Makes every offer that can be made; where the desk gathers, at the end of a window.
    pub(crate) fn drain(&mut self) {
        self.let_go();
        self.settle_steps();
        if self.state.gathers() && !self.window_is_over {
            return;
        }
        self.serve_by_turns();
        let touched = self.state.touched_classes();
        if touched.is_empty() {
            return self.finish_drain();
        }
        self.solve(&touched);
        let mut heads = Heads::new(self.state, &touched);
        while let Some((class, ticket)) = heads.first(self.state) {
            let selection = self.state.choose(ticket, RANKED, self.now());
            if let Some(agent) = selection.first() {
                let ranking = self.state.ranking(class, &selection, agent);
                self.state.candidates.reuse(selection.best);
                self.offer(ticket, agent, ranking);
                heads.refresh(class, self.state);
                if !self.state.is_anybody_left() {
                    // Elsewhere nobody was free before, and those who came are taken.
                    heads.keep(&self.state.touched.classes);
                }
            } else if self.state.is_passed_over(self.state.ticket(ticket), self.now()) {
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
        self.finish_drain();
    }

    fn finish_drain(&mut self) {
        self.offer_to_more();
        self.state.touched.clear();
    }

    /// Offers a ticket to an agent who was not found by rank alone.
    pub(crate) fn offer_to(&mut self, class: ClassIx, ticket: TicketId, agent: AgentIx, why: Option<Deciding>) {
        let selection = self.state.choose(ticket, RANKED, self.now());
        let ranking = self.state.ranking(class, &selection, agent);
        self.state.candidates.reuse(selection.best);
        let deciding = why.or(ranking.deciding);
        self.offer(ticket, agent, Ranking { deciding, ..ranking });
    }

    /// Whether the first ticket of each class that was touched finds nobody any more.
    fn is_settled(&self, touched: &Bits) -> bool {
        let classes = touched
            .common(&self.state.classes.waiting)
            .map(|class| self.state.classes.get(ClassIx::new(class)));
        let mut firsts = classes.filter_map(|class| class.waiting.first());
        firsts.all(|key| {
            self.state
                .select(self.state.ticket(key.ticket), RANKED, self.now())
                .best
                .is_empty()
        })
    }
}

impl State {
    /// Whether any of those who got room has some left; where the desk gathers, it is not known who did.
    fn is_anybody_left(&self) -> bool {
        let mut agents = self.touched.agents.iter();
        self.gathers() || agents.any(|agent| self.agents.is_free_for_anything(*agent))
    }

    /// Classes with waiting tickets for which the last events may have made somebody free. Where the desk gathers, all: what
    /// was gathered is forgotten by a restart, and must not decide which ticket goes first.
    fn touched_classes(&self) -> Bits {
        if self.gathers() {
            return self.classes.waiting.clone();
        }
        let mut classes = self.touched.classes.clone();
        let agents = self.touched.agents.iter();
        for agent in agents.filter(|agent| self.agents.is_free_for_anything(**agent)) {
            let fitting = self.agents.get(*agent).classes.common(&self.classes.waiting);
            fitting.for_each(|class| classes.set(class, true));
        }
        classes
    }
}
