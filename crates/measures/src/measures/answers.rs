//! Public answers.

use tandem_domain::{AgentId, MessageId, Timestamp};

use crate::Measures;
use crate::ticket::Ticket;

impl Measures {
    /// The first answer counts, and the first one again after all before it could not be delivered.
    pub(super) fn answer(&mut self, ticket: &mut Ticket, message: MessageId, author: Option<&AgentId>, at: Timestamp) {
        if ticket.answers.is_empty() {
            let took = at.since(ticket.opened_at);
            let teams = self.teams(ticket, author.or(ticket.phase.owner()));
            self.add(ticket, &teams, |cell| cell.first_response.add(took));
        }
        ticket.answers.push(message);
    }

    pub(super) fn fail_answer(&mut self, ticket: &mut Ticket, message: MessageId) {
        ticket.answers.retain(|answer| *answer != message);
        self.count(ticket, None, |counts| counts.undelivered += 1);
    }
}
