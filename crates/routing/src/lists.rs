//! Lists of open tickets and of agents, page by page.

use tandem_domain::routing::{AgentView, OpenTickets, TicketFilter};
use tandem_domain::{AgentId, TicketId};

use crate::agents::AgentIx;
use crate::state::State;
use crate::ticket::Ticket;

/// Tickets that one question looks at, at most: the desk decides nothing meanwhile.
const MOST_LOOKED_AT: usize = 5_000;

impl State {
    /// The next tickets of which the filter is; fewer than `limit` also where many had to be looked at.
    pub(crate) fn open_tickets(&self, filter: &TicketFilter, after: TicketId, limit: usize) -> OpenTickets {
        let agent = match &filter.agent {
            None => None,
            // Nobody's tickets are all looked at already.
            Some(id) => match self.agents.known(id) {
                None => return OpenTickets::default(),
                agent @ Some(_) => agent,
            },
        };
        let mut page = OpenTickets {
            looked_until: Some(after),
            ..OpenTickets::default()
        };
        for (looked_at, (id, ticket)) in self.tickets.after(after).enumerate() {
            if page.tickets.len() == limit || looked_at == MOST_LOOKED_AT {
                return page;
            }
            if self.is_among(filter, agent, ticket) {
                page.tickets.push(self.view(ticket));
            }
            page.looked_until = Some(id);
        }
        page.looked_until = None;
        page
    }

    /// As [`TicketFilter::admits`], without a view.
    fn is_among(&self, filter: &TicketFilter, agent: Option<AgentIx>, ticket: &Ticket) -> bool {
        let has_it = |agent| {
            let mut offered = ticket.own_offers();
            ticket.phase.owner() == Some(agent) || offered.any(|offer| offer.agent == agent)
        };
        filter.admits_state(ticket.phase.state())
            && filter.admits_queue(&self.requirement(ticket).queue)
            && agent.is_none_or(has_it)
    }

    /// The next agents by key.
    pub(crate) fn agents_after(&self, after: Option<&AgentId>, limit: usize) -> Vec<AgentView> {
        let of_desk = self.agents.in_order().iter().copied();
        let mut next: Vec<_> = of_desk
            .map(|agent| (&self.agents.get(agent).id, agent))
            .filter(|(id, _)| after.is_none_or(|after| *id > after))
            .collect();
        next.sort_unstable();
        next.truncate(limit);
        next.into_iter().map(|(_, agent)| self.agent_view(agent)).collect()
    }
}
