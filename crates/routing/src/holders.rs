//! Who has a ticket: its owner, those to whom it is offered, and those who help.

use std::sync::Arc;

use tandem_domain::explain::Ranking;
use tandem_domain::{AgentId, OfferId, TicketId, Timestamp};

use crate::agents::AgentIx;
use crate::apply::note_change;
use crate::state::State;
use crate::ticket::{Phase, Ticket};
use crate::timers::Timer;

/// An offer that nobody has answered yet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OpenOffer {
    pub(crate) id: OfferId,
    pub(crate) agent: AgentIx,
    pub(crate) expires_at: Timestamp,
    /// The number of the event that made it: work lists are in this order.
    pub(crate) since: u64,
    pub(crate) kind: OfferKind,
    /// Why this agent; none: asked by name to help.
    pub(crate) ranking: Option<Arc<Ranking>>,
}

/// What becomes of whoever accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OfferKind {
    /// The owner.
    Own,
    /// A helper of the owner's.
    Help,
}

impl OpenOffer {
    /// Whether it was made by hand, whatever the agent's skills.
    pub(crate) fn is_direct(&self) -> bool {
        self.ranking.as_ref().is_none_or(|ranking| ranking.direct)
    }
}

/// Somebody who helps a ticket's owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Helper {
    pub(crate) agent: AgentIx,
    /// The number of the event that asked for help.
    pub(crate) since: u64,
}

impl Ticket {
    /// Everybody whose capacity it takes, with the number of the event since which it does; nobody twice.
    pub(crate) fn holders(&self) -> impl Iterator<Item = (AgentIx, u64)> + '_ {
        let owner = self.phase.holder().map(|owner| (owner, self.care.held_since));
        let offered = self.care.offers.iter().map(|offer| (offer.agent, offer.since));
        let helpers = self.rare.helpers.iter().map(|helper| (helper.agent, helper.since));
        owner.into_iter().chain(offered).chain(helpers)
    }

    /// The same, one after the other: much quicker where all are asked for.
    pub(crate) fn each_holder(&self, mut then: impl FnMut(AgentIx, u64)) {
        if let Some(owner) = self.phase.holder() {
            then(owner, self.care.held_since);
        }
        for offer in &*self.care.offers {
            then(offer.agent, offer.since);
        }
        for helper in &self.rare.helpers {
            then(helper.agent, helper.since);
        }
    }

    pub(crate) fn is_held_by(&self, agent: AgentIx) -> bool {
        let helps = || self.rare.helpers.iter().any(|helper| helper.agent == agent);
        self.phase.holder() == Some(agent) || self.care.offers.iter().any(|offer| offer.agent == agent) || helps()
    }

    fn is_held(&self) -> bool {
        self.phase.holder().is_some() || !self.care.offers.is_empty() || !self.rare.helpers.is_empty()
    }

    /// Whether the agent is neither passed over for it nor has it.
    pub(crate) fn is_open_to(&self, agent: AgentIx, now: Timestamp) -> bool {
        self.passes_over(agent, now).is_none() && !self.is_held_by(agent)
    }

    /// Whether that is so of everybody.
    pub(crate) fn is_open_to_all(&self) -> bool {
        self.rare.passed_over.is_empty() && !self.is_held()
    }

    /// Open offers to own it, in the order in which they were made.
    pub(crate) fn own_offers(&self) -> impl Iterator<Item = &OpenOffer> {
        self.care.offers.iter().filter(|offer| offer.kind == OfferKind::Own)
    }

    pub(crate) fn offer(&self, id: OfferId) -> Option<&OpenOffer> {
        self.care.offers.iter().find(|offer| offer.id == id)
    }

    /// Ends an open offer.
    pub(crate) fn take_offer(&mut self, id: OfferId) -> OpenOffer {
        let offers = &mut self.care.offers;
        let place = offers.iter().position(|offer| offer.id == id);
        let open = place.and_then(|place| offers.remove(place));
        open.expect("events name offers that are open")
    }

    /// Why whoever has it, or is offered it first, was chosen.
    pub(crate) fn ranking(&self) -> Option<&Ranking> {
        let offered = self.own_offers().find_map(|offer| offer.ranking.as_deref());
        offered.or(self.care.chosen.as_deref())
    }

    /// What happens to it by itself, and when.
    pub(crate) fn deadlines(&self) -> impl Iterator<Item = (Timestamp, Timer)> + '_ {
        let offers = self
            .care
            .offers
            .iter()
            .map(|offer| (offer.expires_at, Timer::OfferExpires(offer.id)));
        let step = self.step_ends().filter(|_| self.phase == Phase::Queued);
        let step = step.map(|at| (at, Timer::StepEnds));
        self.phase.deadline().into_iter().chain(step).chain(offers)
    }

    /// The same, one after the other.
    pub(crate) fn each_deadline(&self, mut then: impl FnMut(Timestamp, Timer)) {
        if let Some((at, timer)) = self.phase.deadline() {
            then(at, timer);
        }
        if let Some(at) = self.step_ends().filter(|_| self.phase == Phase::Queued) {
            then(at, Timer::StepEnds);
        }
        for offer in &*self.care.offers {
            then(offer.expires_at, Timer::OfferExpires(offer.id));
        }
    }
}

/// Who has a ticket, without an allocation where that is one agent or nobody.
#[derive(Debug, Default)]
struct Holders {
    first: Option<AgentIx>,
    others: Vec<AgentIx>,
}

impl Holders {
    fn of(ticket: &Ticket) -> Self {
        let mut holders = Self::default();
        ticket.each_holder(|agent, _| match holders.first {
            None => holders.first = Some(agent),
            Some(_) => holders.others.push(agent),
        });
        holders
    }

    fn iter(&self) -> impl Iterator<Item = AgentIx> + '_ {
        self.first.into_iter().chain(self.others.iter().copied())
    }

    fn contains(&self, agent: AgentIx) -> bool {
        self.iter().any(|holder| holder == agent)
    }
}

impl State {
    /// Changes who has a ticket and where it is, and all indices with it. Who got it or lost it is idle since then.
    pub(crate) fn alter(&mut self, id: TicketId, at: Timestamp, change: impl FnOnce(&mut Ticket)) {
        let before = Holders::of(self.ticket(id));
        let took = self.work(self.ticket(id));
        self.leave(id);
        change(self.ticket_mut(id));
        self.enter(id);
        let after = Holders::of(self.ticket(id));
        let takes_as_much = self.work(self.ticket(id)) == took;
        for agent in before
            .iter()
            .chain(after.iter().filter(|agent| !before.contains(*agent)))
        {
            if before.contains(agent) == after.contains(agent) {
                if takes_as_much {
                    note_change(&mut self.agents, &mut self.news, agent, self.applied);
                } else {
                    self.refresh(agent);
                }
            } else {
                self.agents.get_mut(agent).idle_since = at;
                self.refresh(agent);
            }
        }
        self.mark(id);
    }

    /// Notes whether whoever is at the ticket has it beyond his or her capacity.
    fn mark(&mut self, id: TicketId) {
        let at_it = match self.ticket(id).phase {
            Phase::Assigned { owner } | Phase::WrappingUp { owner, .. } => Some(owner),
            _ => None,
        };
        let is_over = at_it.is_some_and(|owner| self.agents.get(owner).is_over_capacity());
        if is_over != self.ticket(id).care.over_capacity {
            self.ticket_mut(id).care.over_capacity = is_over;
        }
    }

    /// Adds an open offer; one to own it makes the ticket an offered one.
    pub(crate) fn add_offer(&mut self, id: TicketId, offer: OpenOffer, at: Timestamp) {
        self.last_offer = offer.id.0;
        self.agents.get_mut(offer.agent).offered = offer.id.0;
        self.alter(id, at, |ticket| {
            if offer.kind == OfferKind::Own {
                ticket.phase = Phase::Offered;
                ticket.care.held_since = offer.since;
            }
            ticket.care.offers.push(offer);
        });
    }

    pub(crate) fn drop_helper(&mut self, id: TicketId, agent: &AgentId, at: Timestamp) {
        let agent = self.agents.place(agent);
        self.alter(id, at, |ticket| {
            ticket.rare.helpers.retain(|helper| helper.agent != agent);
        });
    }

    /// Ends an open offer unaccepted: a ticket that is offered to nobody any more waits again.
    pub(crate) fn drop_offer(&mut self, id: TicketId, offer: OfferId, at: Timestamp) {
        self.alter(id, at, |ticket| {
            ticket.take_offer(offer);
            if ticket.phase == Phase::Offered && ticket.own_offers().next().is_none() {
                ticket.phase = Phase::Queued;
            }
        });
    }
}
