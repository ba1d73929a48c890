//! Owners ask for help, helpers come and go, and one of them may take over.

use tandem_domain::desk::QueuePolicy;
use tandem_domain::routing::{HelpEnd, NoHelp, OwnerChange, Rejection, RoutingEvent, TransferTarget};
use tandem_domain::{AgentId, OfferId, QueueId, Requirement, RoutingState, TicketId};

use crate::agents::AgentIx;
use crate::holders::{Helper, OfferKind};
use crate::ticket::Ticket;
use crate::turn::{Outcome, Turn, unknown};

use RoutingState::{Assigned, OnHold};

/// Helpers and those who are asked to be, beside a ticket's owner.
const MOST_HELPERS: usize = 5;

/// Asking for help.
impl Turn<'_> {
    pub(crate) fn consult(&mut self, ticket: TicketId, with: &TransferTarget) -> Result<Outcome, Rejection> {
        let known = self.permit(ticket, "consult", &[Assigned, OnHold])?;
        if helping(known) >= MOST_HELPERS {
            return Err(Rejection::HelpersFull {
                ticket,
                most: MOST_HELPERS,
            });
        }
        let agent = match with {
            TransferTarget::Agent(agent) => self.helper_named(ticket, agent)?,
            TransferTarget::Queue(queue) => self.helper_of(ticket, queue)?,
        };
        self.offer_help(ticket, agent)?;
        Ok(Outcome::Ticket(ticket))
    }

    fn helper_named(&self, ticket: TicketId, agent: &AgentId) -> Result<AgentIx, Rejection> {
        let agent = self.find_agent(agent)?;
        self.check_can_take(agent, ticket)?;
        Ok(agent)
    }

    /// Whoever of the queue's agents has the smallest load. The customer's language is the owner's affair.
    fn helper_of(&self, ticket: TicketId, queue: &QueueId) -> Result<AgentIx, Rejection> {
        let desk = self.state.desk();
        let policy = desk.queue(queue).ok_or_else(|| {
            let known = desk.compiled.queues.iter().map(|queue| queue.id.as_str());
            unknown("queue", queue.as_str(), known)
        })?;
        let channel = self.state.demand(self.state.ticket(ticket)).channel;
        let asked = of_queue(policy, Requirement::new(queue.clone(), channel));
        let fits = |agent: &AgentIx| {
            let profile = self.state.profile(*agent);
            profile.is_some_and(|profile| desk.fits(profile, &asked)) && self.check_can_take(*agent, ticket).is_ok()
        };
        let candidates = self.state.agents.in_order().iter().copied().filter(fits);
        let idle = |agent: &AgentIx| {
            let slot = self.state.agents.get(*agent);
            let share = (u64::from(slot.load.used()) << 32).checked_div(u64::from(slot.capacity()));
            (share.unwrap_or(u64::MAX), slot.idle_since)
        };
        candidates
            .min_by_key(idle)
            .ok_or_else(|| Rejection::NobodyFree { queue: queue.clone() })
    }

    fn offer_help(&mut self, ticket: TicketId, agent: AgentIx) -> Result<(), Rejection> {
        let channel = self.state.demand(self.state.ticket(ticket)).channel;
        let ttl = self.state.desk().channel(channel).offer_ttl;
        let asked_by = self.calling_agent()?;
        self.emit(RoutingEvent::HelpOffered {
            offer: OfferId(self.state.last_offer + 1),
            ticket,
            agent: self.state.agents.get(agent).id.clone(),
            expires_at: self.now().plus(ttl),
            asked_by,
        });
        Ok(())
    }
}

/// What the queue asks of everybody, whatever a ticket adds.
fn of_queue(policy: &QueuePolicy, bare: Requirement) -> Requirement {
    Requirement {
        skills: policy.skills.clone(),
        expression: policy.require.clone(),
        ..bare
    }
}

fn helping(ticket: &Ticket) -> usize {
    let asked = ticket.care.offers.iter().filter(|offer| offer.kind == OfferKind::Help);
    ticket.rare.helpers.len() + asked.count()
}

/// Helpers leave, or take over.
impl Turn<'_> {
    /// A helper may leave; the owner and supervisors may send anybody away.
    pub(crate) fn end_help(&mut self, ticket: TicketId, agent: &AgentId) -> Result<Outcome, Rejection> {
        let helper = self.find_agent(agent)?;
        let leaves = self.calling_agent()?.as_ref() == Some(agent);
        let known = if leaves {
            self.find_ticket(ticket)?
        } else {
            self.permit(ticket, "end help", &[Assigned, OnHold])?
        };
        let mut offers = known.care.offers.iter().filter(|offer| offer.kind == OfferKind::Help);
        let asked = offers.find(|offer| offer.agent == helper).map(|offer| offer.id);
        let helps = known.rare.helpers.iter().any(|known| known.agent == helper);
        match asked {
            Some(offer) => self.emit(RoutingEvent::HelpRefused {
                offer,
                ticket,
                agent: agent.clone(),
                why: NoHelp::Withdrawn,
                declined: None,
            }),
            None if helps => self.emit(RoutingEvent::HelperLeft {
                ticket,
                agent: agent.clone(),
                why: if leaves { HelpEnd::Left } else { HelpEnd::Dismissed },
            }),
            None => return Err(self.unavailable("agent", helper, "does not help with it")),
        }
        Ok(Outcome::Ticket(ticket))
    }

    /// The owner leaves: whoever is to stay as a helper is asked again by the new owner.
    pub(crate) fn hand_over(&mut self, ticket: TicketId, to: &AgentId) -> Result<Outcome, Rejection> {
        let known = self.permit(ticket, "hand over", &[Assigned])?;
        let agent = self.find_agent(to)?;
        if known.rare.helpers.iter().all(|helper| helper.agent != agent) {
            return Err(self.unavailable("agent", agent, "does not help with it: consult first"));
        }
        self.check_signed_in(agent)?;
        self.change_owner(ticket, agent, OwnerChange::HandedOver);
        Ok(Outcome::Ticket(ticket))
    }

    /// Makes somebody the owner, who is no helper any more then.
    pub(crate) fn change_owner(&mut self, ticket: TicketId, to: AgentIx, why: OwnerChange) {
        let known = self.state.ticket(ticket);
        let owner = known.phase.holder();
        let helps = known.rare.helpers.iter().any(|helper| helper.agent == to);
        let from = owner.map(|owner| self.state.agents.get(owner).id.clone());
        let to = self.state.agents.get(to).id.clone();
        if helps {
            self.emit(RoutingEvent::HelperLeft {
                ticket,
                agent: to.clone(),
                why: HelpEnd::BecameOwner,
            });
        }
        self.emit(RoutingEvent::OwnerChanged { ticket, from, to, why });
    }

    /// Nobody helps with a ticket that has no owner.
    pub(crate) fn let_helpers_go(&mut self, ticket: TicketId) {
        let helpers = self.state.ticket(ticket).rare.helpers.clone();
        for Helper { agent, .. } in helpers {
            self.dismiss(ticket, agent, HelpEnd::TicketMoved);
        }
    }

    pub(crate) fn dismiss(&mut self, ticket: TicketId, helper: AgentIx, why: HelpEnd) {
        let agent = self.state.agents.get(helper).id.clone();
        self.emit(RoutingEvent::HelperLeft { ticket, agent, why });
    }
}
