//! Who gets which ticket.
//!
//! Before a turn no free agent fits a waiting ticket. So after it only what the turn's events
//! touched has to be looked at: agents who got room, and classes in which a ticket began to wait.

use tandem_domain::TicketId;
use tandem_domain::explain::{Deciding, Ranking};

use crate::agents::AgentIx;
use crate::classes::ClassIx;
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
        if !touched.is_empty() {
            self.solve(&touched);
            self.serve(&touched);
            debug_assert!(
                self.is_settled(&touched),
                "a free agent and a ticket that fits are side by side"
            );
        }
        self.offer_to_more();
        self.state.touched.clear();
        self.state.touched.spare = touched;
    }

    /// Offers the first tickets of these classes one after the other, as long as somebody is found.
    fn serve(&mut self, touched: &[ClassIx]) {
        let mut heads = std::mem::take(&mut self.state.heads);
        // Of those who got room; nobody before this one has any left.
        let mut left = Some(0);
        heads.fill(touched.iter().copied(), self.state);
        while let Some((class, ticket)) = heads.first(self.state) {
            let selection = self.state.choose(ticket, RANKED, self.now());
            if let Some(agent) = selection.first() {
                let ranking = self.state.ranking(class, &selection, agent);
                self.offer(ticket, agent, ranking);
                heads.refresh(class, self.state);
                left = left.and_then(|before| {
                    let left = self.state.who_is_left(before);
                    if left.is_none() {
                        // Elsewhere nobody was free before, and those who came are taken.
                        heads.keep(&self.state.touched.classes);
                    }
                    left
                });
            } else if self.state.is_passed_over(self.state.ticket(ticket), self.now()) {
                // All who are free are passed over for this one, but not for the next.
                heads.skip(class, self.state);
            } else {
                heads.leave(class);
            }
            self.state.candidates.reuse(selection.best);
        }
        heads.clear();
        self.state.heads = heads;
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
    fn is_settled(&self, touched: &[ClassIx]) -> bool {
        let classes = touched.iter().map(|class| self.state.classes.get(*class));
        let mut firsts = classes.filter_map(|class| class.waiting.first());
        firsts.all(|key| {
            self.state
                .select(self.state.ticket(key.ticket()), RANKED, self.now())
                .best
                .is_empty()
        })
    }
}

impl State {
    /// The next of those who got room and have some left; where the desk gathers, it is not known who did.
    fn who_is_left(&self, from: usize) -> Option<usize> {
        if self.gathers() {
            return Some(0);
        }
        let touched = self.touched.agents.get(from..)?;
        let next = touched
            .iter()
            .position(|agent| self.agents.is_free_for_anything(*agent));
        next.map(|next| from + next)
    }

    /// Classes with waiting tickets for which the last events may have made somebody free. Where the desk gathers, all: what
    /// was gathered is forgotten by a restart, and must not decide which ticket goes first.
    fn touched_classes(&mut self) -> Vec<ClassIx> {
        let waiting = &self.classes.waiting;
        if self.gathers() {
            return waiting.iter().map(ClassIx::new).collect();
        }
        let mut classes = std::mem::take(&mut self.touched.spare);
        classes.clear();
        if self.classes.nothing_waits() {
            return classes;
        }
        let touched = self.touched.classes.iter().copied();
        classes.extend(touched.filter(|class| waiting.contains(class.at())));
        let agents = self.touched.agents.iter();
        for agent in agents.filter(|agent| self.agents.is_free_for_anything(**agent)) {
            let fits = &self.agents.get(*agent).classes;
            fits.each_common(waiting, |class| classes.push(ClassIx::new(class)));
        }
        classes.sort_unstable();
        classes.dedup();
        classes
    }
}
