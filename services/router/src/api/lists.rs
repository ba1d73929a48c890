//! What the desk's owner knows of tickets and agents, and what rows say of tickets that have ended.

use tandem_domain::routing::{AgentView, Answer, Query, TicketFilter, TicketView};
use tandem_domain::{AgentId, DeskId, TicketId};
use tandem_service_kit::page::Page;

use super::Api;
use crate::errors::Failure;
use crate::read::{self, Stretch};

/// Open tickets that one answer of the owner's holds: the bus takes no more than a megabyte.
const IN_ONE_ANSWER: usize = 100;
/// So often one call asks the owner, at most; a page may be short or empty, and yet lead to the next.
const MOST_QUESTIONS: usize = 10;

impl Api {
    /// A ticket: from the owner's memory, or if it has ended from its row.
    pub(super) async fn ticket(&self, desk: &DeskId, id: TicketId) -> Result<TicketView, Failure> {
        match self.desks.query(desk, Query::Ticket(id)).await? {
            Answer::Ticket(Some(ticket)) => Ok(*ticket),
            Answer::Ticket(None) => {
                let ended = read::ended_ticket(self.store.as_ref(), desk, id).await?;
                ended.ok_or_else(|| Failure::missing("ticket", &id, "ticket_id"))
            }
            _ => Err(Failure::OtherAnswer),
        }
    }

    /// A page of tickets, ascending by number, and the next page's token.
    pub(super) async fn tickets(
        &self,
        desk: &DeskId,
        filter: &TicketFilter,
        page: &Page,
    ) -> Result<(Vec<TicketView>, String), Failure> {
        // In this order: see there.
        let open = self.open_tickets(desk, filter, page).await?;
        let ended = read::ended_tickets(self.store.as_ref(), desk, filter, page).await?;
        Ok(read::merged(open, ended, page))
    }

    async fn open_tickets(&self, desk: &DeskId, filter: &TicketFilter, page: &Page) -> Result<Stretch, Failure> {
        let mut found = Stretch::before(page);
        for _ in 0..MOST_QUESTIONS {
            let Some(after) = found.until.filter(|_| !found.suffices(page)) else {
                break;
            };
            let question = Query::Tickets {
                filter: filter.clone(),
                after,
                limit: IN_ONE_ANSWER.min(page.size + 1),
            };
            match self.desks.query(desk, question).await? {
                Answer::Tickets(next) => found.go_on(next),
                _ => return Err(Failure::OtherAnswer),
            }
        }
        Ok(found)
    }

    /// A page of agents, ascending by key, and the next page's token.
    pub(super) async fn agents(&self, desk: &DeskId, page: &Page) -> Result<(Vec<AgentView>, String), Failure> {
        // Tokens are checked before they come here, so it is an agent's.
        let after = page.after.as_deref().and_then(|after| after.parse().ok());
        let limit = page.size + 1;
        match self.desks.query(desk, Query::Agents { after, limit }).await? {
            Answer::Agents(agents) => Ok(page.cut_ahead(agents, |agent| agent.id.to_string())),
            _ => Err(Failure::OtherAnswer),
        }
    }

    /// Refuses an agent who is not on the desk.
    pub(super) async fn require_agent(&self, desk: &DeskId, agent: &AgentId) -> Result<(), Failure> {
        match self.desks.query(desk, Query::Agent(agent.clone())).await? {
            Answer::Agent(Some(_)) => Ok(()),
            Answer::Agent(None) => Err(Failure::missing("agent", agent, "agent")),
            _ => Err(Failure::OtherAnswer),
        }
    }
}
