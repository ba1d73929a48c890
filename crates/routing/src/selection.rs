//! Who could take a ticket now, best first, and the facts that are kept of it.

use tandem_domain::desk::Choice;
use tandem_domain::explain::Ranking;
use tandem_domain::{OfferId, TicketId, Timestamp};

use crate::agents::AgentIx;
use crate::candidates::{Candidate, Candidates, Wanted};
use crate::choice::{Draw, Merit, standing, value};
use crate::classes::ClassIx;
use crate::state::State;
use crate::ticket::Ticket;

/// The winner and three runners-up are kept with an offer.
pub(crate) const RANKED: usize = 4;

/// Who could take a ticket now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Selection {
    /// How many have team, skills and language.
    fit: u32,
    /// How many of these are there, have room, are not passed over and have it not already.
    free: u32,
    /// The best of these, at most as many as were asked for.
    pub(crate) best: Vec<Candidate>,
}

impl Selection {
    pub(crate) fn first(&self) -> Option<AgentIx> {
        Some(self.best.first()?.agent)
    }
}

impl State {
    /// Who could take the ticket now, best first: at most `most`.
    pub(crate) fn choose(&mut self, ticket: TicketId, most: usize, now: Timestamp) -> Selection {
        let mut candidates = std::mem::take(&mut self.candidates);
        let ticket = self.ticket(ticket);
        let selection = self.choose_from(&mut candidates, ticket, most, now);
        debug_assert_eq!(selection, self.select(ticket, most, now), "a shortlist is wrong");
        self.candidates = candidates;
        selection
    }

    fn choose_from(&self, candidates: &mut Candidates, ticket: &Ticket, most: usize, now: Timestamp) -> Selection {
        let wanted = self.wanted(ticket.class);
        let open_to_all = ticket.is_open_to_all();
        let willing = |agent: AgentIx| open_to_all || ticket.is_open_to(agent, now);
        let found = candidates.best(&wanted, self, most, willing);
        Selection {
            fit: self.classes.get(ticket.class).fit_count(),
            free: found.free - self.barred(ticket, now),
            best: found.best,
        }
    }

    /// The same by looking at each who fits and is free. Whatever keeps candidates in order must find what this finds.
    pub(crate) fn select(&self, ticket: &Ticket, most: usize, now: Timestamp) -> Selection {
        let class = self.classes.get(ticket.class);
        let free = self.agents.free(class.demand);
        let willing = |agent: &AgentIx| ticket.is_open_to(*agent, now);
        let candidates = class.fit.common(free).map(AgentIx::new).filter(willing);
        let mut best: Vec<_> = candidates
            .map(|agent| Candidate {
                merit: self.merit(agent, ticket.class),
                agent,
            })
            .collect();
        best.sort_unstable();
        let free = u32::try_from(best.len()).expect("fewer than 2^32 agents");
        best.truncate(most);
        let fit = class.fit_count();
        Selection { fit, free, best }
    }

    /// How many could take the ticket, were they not passed over for it and had they not got it already.
    fn barred(&self, ticket: &Ticket, now: Timestamp) -> u32 {
        if ticket.is_open_to_all() {
            return 0;
        }
        let class = self.classes.get(ticket.class);
        let free = self.agents.free(class.demand);
        let available = |agent: AgentIx| class.fit.contains(agent.at()) && free.contains(agent.at());
        let passed = ticket.rare.passed_over.iter().filter(|passed| passed.until > now);
        let passed = passed
            .map(|passed| passed.agent)
            .filter(|agent| !ticket.is_held_by(*agent));
        let holders = ticket.holders().map(|(agent, _)| agent);
        let barred = passed.chain(holders).filter(|agent| available(*agent)).count();
        u32::try_from(barred).expect("fewer than there are agents")
    }

    /// Whether somebody who could take the ticket is passed over for it.
    pub(crate) fn is_passed_over(&self, ticket: &Ticket, now: Timestamp) -> bool {
        self.barred(ticket, now) > 0
    }

    fn wanted(&self, class: ClassIx) -> Wanted<'_> {
        let known = self.classes.get(class);
        Wanted {
            class,
            requirement: &known.requirement,
            demand: known.demand,
            choice: self.choice(class),
            fit: &known.fit,
            offer: self.next_offer(),
        }
    }

    /// How agents are chosen for the class's tickets.
    pub(crate) fn choice(&self, class: ClassIx) -> Choice {
        self.choices.get(class.at()).copied().unwrap_or_default()
    }

    fn next_offer(&self) -> OfferId {
        OfferId(self.last_offer + 1)
    }

    /// What the agent is worth beside others for the class's next ticket; the smallest is chosen.
    pub(crate) fn merit(&self, agent: AgentIx, class: ClassIx) -> Merit {
        let slot = self.agents.get(agent);
        let (choice, form) = (self.choice(class), slot.form());
        let of_profile = slot.profile.as_ref().map_or(0, |profile| match choice {
            Choice::Weighted => Draw::of(&slot.id, profile.weight).of_offer(self.next_offer()),
            _ => standing(choice, profile, &self.classes.get(class).requirement),
        });
        Merit {
            value: value(choice, &form, of_profile),
            idle_since: form.idle_since,
            order: slot.order(),
        }
    }

    /// The facts that are kept with an offer of a ticket of this class, for which these were just chosen.
    pub(crate) fn ranking(&self, class: ClassIx, selection: &Selection, winner: AgentIx) -> Ranking {
        let choice = self.choice(class);
        let rank = |candidate: &Candidate| self.candidates.rank(choice, candidate);
        let chosen = selection.best.iter().find(|candidate| candidate.agent == winner);
        let chosen = chosen.copied().unwrap_or_else(|| Candidate {
            merit: self.merit(winner, class),
            agent: winner,
        });
        let others = selection.best.iter().filter(|candidate| candidate.agent != winner);
        let mut runners_up = Vec::with_capacity(selection.best.len().min(RANKED - 1));
        runners_up.extend(others.clone().take(RANKED - 1).map(rank));
        Ranking {
            considered: u32::try_from(self.agents.in_order().len()).expect("fewer than 2^32 agents"),
            fit: selection.fit,
            free: selection.free,
            winner: rank(&chosen),
            runners_up,
            direct: false,
            step: self.classes.get(class).requirement.step,
            choice,
            deciding: others
                .clone()
                .next()
                .map(|second| chosen.merit.decided_by(&second.merit)),
        }
    }
}
