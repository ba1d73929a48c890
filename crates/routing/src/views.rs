//! What readers see.

use tandem_domain::routing::{AgentView, OfferView, TicketView, WorkList};
use tandem_domain::{AgentId, Presence, Requirement, TicketId, TicketStatus};

use crate::agents::AgentIx;
use crate::holders::{OfferKind, OpenOffer};
use crate::state::State;
use crate::ticket::{Phase, Ticket};

impl State {
    pub(crate) fn view(&self, ticket: &Ticket) -> TicketView {
        let class = self.classes.get(ticket.class);
        TicketView {
            unservable: ticket.phase == Phase::Queued && class.fit.count() == 0,
            ..self.view_asking(ticket, &class.requirement)
        }
    }

    /// A closed ticket, until its rows are written. Its class may be gone.
    pub(crate) fn view_of_closed(&self, id: TicketId) -> Option<TicketView> {
        let closed = self.just_closed.whole(id)?;
        Some(TicketView {
            status: TicketStatus::Closed,
            ..self.view_asking(&closed.ticket, &closed.requirement)
        })
    }

    fn view_asking(&self, ticket: &Ticket, requirement: &Requirement) -> TicketView {
        TicketView {
            id: ticket.id,
            conversation: ticket.conversation,
            account: ticket.origin.account.clone(),
            state: ticket.phase.state(),
            status: ticket.phase.status(),
            requirement: requirement.clone(),
            priority: ticket.priority,
            tags: ticket.origin.tags.clone(),
            owner: ticket.phase.owner().map(|owner| self.agents.get(owner).id.clone()),
            offer: ticket.own_offers().next().map(|offer| self.offer_view(offer)),
            messages: ticket.messages.into(),
            opened_at: ticket.opened_at,
            changed_at: ticket.changed_at,
            version: ticket.version.into(),
            waiting_since: ticket.answers.waiting_since,
            answered_at: ticket.answers.answered_at(),
            undelivered: ticket.answers.said.undelivered.clone(),
            offers: ticket.own_offers().map(|offer| self.offer_view(offer)).collect(),
            help_offers: ticket
                .care
                .offers
                .iter()
                .filter(|offer| offer.kind == OfferKind::Help)
                .map(|offer| self.offer_view(offer))
                .collect(),
            step: ticket.place.as_deref().cloned().unwrap_or_default(),
            helpers: ticket
                .rare
                .helpers
                .iter()
                .map(|helper| self.agents.get(helper.agent).id.clone())
                .collect(),
            scheduled_until: match ticket.phase {
                Phase::Scheduled { until } => Some(until),
                _ => None,
            },
            merged_into: match ticket.phase {
                Phase::Merged { into } => Some(into),
                _ => None,
            },
            over_capacity: ticket.care.over_capacity,
            unservable: self.is_unservable(ticket),
            aged_by: ticket.rare.adjusted,
        }
    }

    fn offer_view(&self, offer: &OpenOffer) -> OfferView {
        OfferView {
            id: offer.id,
            agent: self.agents.get(offer.agent).id.clone(),
            expires_at: offer.expires_at,
        }
    }

    /// The ticket as it is, or as it was when it was closed just now.
    pub(crate) fn view_of(&self, id: TicketId) -> Option<TicketView> {
        let open = self.tickets.get(id).map(|ticket| self.view(ticket));
        open.or_else(|| self.view_of_closed(id))
    }

    pub(crate) fn agent_view(&self, agent: AgentIx) -> AgentView {
        let helps = |ticket: &TicketId| {
            let helpers = &self.ticket(*ticket).rare.helpers;
            helpers.iter().any(|helper| helper.agent == agent)
        };
        let agent = self.agents.get(agent);
        let tickets: Vec<_> = agent.items.iter().map(|(_, ticket)| *ticket).collect();
        AgentView {
            id: agent.id.clone(),
            presence: agent.presence,
            used: agent.load.used(),
            capacity: agent.capacity(),
            helping: tickets.iter().copied().filter(helps).collect(),
            tickets,
            missed: agent.missed,
            over_capacity: agent.is_over_capacity(),
            available: agent.available,
        }
    }

    pub(crate) fn work_list(&self, id: &AgentId) -> Option<WorkList> {
        let agent = self.agents.find(id)?;
        let slot = self.agents.get(agent);
        let at_hand = || slot.items.iter().map(|(_, ticket)| self.ticket(*ticket));
        let ranked = |ticket: &Ticket| {
            let first = ticket.own_offers().next().filter(|offer| offer.agent == agent)?;
            Some((first.id, ticket.ranking()?.clone()))
        };
        Some(WorkList {
            version: slot.changed,
            agent: self.agent_view(agent),
            items: at_hand().map(|ticket| self.item(ticket, id)).collect(),
            rankings: at_hand().filter_map(ranked).collect(),
        })
    }

    /// The ticket as the agent sees it: of several offers, `offer` is his or her own.
    fn item(&self, ticket: &Ticket, agent: &AgentId) -> TicketView {
        let view = self.view(ticket);
        let mut offers = view.offers.iter().chain(&view.help_offers);
        let offer = offers.find(|offer| offer.agent == *agent).cloned();
        TicketView { offer, ..view }
    }

    pub(crate) fn signed_in(&self) -> Vec<AgentId> {
        let agents = self.agents.in_order().iter().map(|agent| self.agents.get(*agent));
        agents
            .filter(|agent| agent.presence != Presence::Offline)
            .map(|agent| agent.id.clone())
            .collect()
    }
}
