//! `TicketService.BulkUpdateTickets`: one thing, done with each of many tickets for itself.

use futures::{StreamExt, stream};
use tandem_domain::TicketId;
use tandem_domain::routing::{Reply, TicketFilter};
use tandem_proto::v1;
use tandem_service_kit::auth::Caller;
use tandem_service_kit::page::Page;

use super::Api;
use crate::convert::{self, Bulk, Chosen, MOST_TICKETS};
use crate::errors::{self, Failure};

/// Commands that are under way at the same time: the desk's wheel gathers them into few commits.
const AT_ONCE: usize = 64;

impl Api {
    /// Some tickets may fail: each says for itself what became of it.
    pub(super) async fn update_all(
        &self,
        caller: &Caller,
        bulk: &Bulk,
    ) -> Result<v1::BulkUpdateTicketsResponse, Failure> {
        let tickets = match &bulk.chosen {
            Chosen::Numbered(tickets) => tickets.clone(),
            Chosen::Where(filter) => self.matching(caller, filter).await?,
        };
        let outcomes = stream::iter(tickets).map(|ticket| self.update_one(caller, bulk, ticket));
        Ok(v1::BulkUpdateTicketsResponse {
            outcomes: outcomes.buffered(AT_ONCE).collect().await,
        })
    }

    async fn update_one(&self, caller: &Caller, bulk: &Bulk, ticket: TicketId) -> v1::BulkOutcome {
        let done = match self.submit(caller, bulk.of(ticket)).await {
            Ok(Reply::Ticket(view)) => Ok(convert::ticket(&view)),
            Ok(_) => Err(Failure::OtherAnswer),
            Err(failure) => Err(failure),
        };
        let (view, failure) = match done {
            Ok(view) => (Some(view), None),
            Err(failure) => (None, Some(errors::in_words(failure))),
        };
        v1::BulkOutcome {
            ticket_id: ticket.0,
            ticket: view,
            failure,
        }
    }

    async fn matching(&self, caller: &Caller, filter: &TicketFilter) -> Result<Vec<TicketId>, Failure> {
        let question = format!("BulkUpdateTickets {} {filter:?}", caller.desk);
        let (mut found, mut token) = (Vec::new(), String::new());
        loop {
            let page = Page::of(&question, 0, &token)?;
            let (tickets, next) = self.tickets(&caller.desk, filter, &page).await?;
            found.extend(tickets.iter().map(|ticket| ticket.id));
            if found.len() > MOST_TICKETS {
                return Err(Failure::TooManyTickets { most: MOST_TICKETS });
            }
            if next.is_empty() {
                return Ok(found);
            }
            token = next;
        }
    }
}
