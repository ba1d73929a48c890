//! Two tickets become one: everything of the first goes on with the second.

use tandem_domain::routing::{Rejection, RoutingEvent};
use tandem_domain::{RoutingState, TicketId, Timestamp};

use crate::state::State;
use crate::ticket::Phase;
use crate::turn::{Outcome, Turn};

use RoutingState::{Assigned, Offered, OnHold, Queued, Scheduled};

/// Whose customers are not served yet.
const OPEN: [RoutingState; 5] = [Queued, Offered, Assigned, OnHold, Scheduled];

impl Turn<'_> {
    /// An agent merges what nobody owns, or is the agent's own, into a ticket of his or her own. What was merged is
    /// forgotten, so tickets can never be merged in circles.
    pub(crate) fn merge(&mut self, ticket: TicketId, into: TicketId) -> Result<Outcome, Rejection> {
        self.permit(into, "merge into", &OPEN)
            .map_err(|rejection| Rejection::Into(Box::new(rejection)))?;
        self.check_mergeable(ticket)?;
        if ticket == into {
            return Err(Rejection::SameTicket { ticket });
        }
        let customers = [ticket, into].map(|ticket| self.state.ticket(ticket).customer);
        if let [Some(one), Some(other)] = customers
            && one != other
        {
            return Err(Rejection::OtherCustomer { ticket, into });
        }
        let known = self.state.ticket(ticket);
        let owed = known.answers.waiting_since.is_some();
        let messages = known.thread.messages.iter().map(|received| received.message).collect();
        self.revoke_of(ticket);
        self.emit(RoutingEvent::TicketMerged { ticket, into, messages });
        if owed {
            self.wake(into);
        }
        Ok(Outcome::Ticket(into))
    }

    fn check_mergeable(&self, ticket: TicketId) -> Result<(), Rejection> {
        let unowned = self.find_ticket(ticket)?.phase.owner().is_none();
        if unowned {
            self.check_state(ticket, "merge", &OPEN).map(drop)
        } else {
            self.permit(ticket, "merge", &OPEN).map(drop)
        }
    }
}

impl State {
    /// The ticket with which this one goes on; itself unless it was merged.
    pub(crate) fn going_on(&self, ticket: TicketId) -> TicketId {
        self.merged.get(&ticket).copied().unwrap_or(ticket)
    }

    pub(crate) fn merge(&mut self, id: TicketId, into: TicketId, at: Timestamp) {
        self.stop_pauses(id);
        self.shift(id, Phase::Merged { into }, at);
        let ticket = self.ticket_mut(id);
        let messages = std::mem::take(&mut ticket.messages);
        let (conversation, thread, answers) = (ticket.conversation, ticket.thread.clone(), ticket.answers.clone());
        self.forget(id, at);
        for conversation in thread.joined.conversations.iter().chain([&conversation]) {
            self.go_on_with(*conversation, into);
        }
        for merged in thread.joined.merged.iter().chain([&id]) {
            self.merged.insert(*merged, into);
        }
        let goes_on = self.ticket_mut(into);
        goes_on.messages += messages;
        goes_on.thread.join(&thread, conversation, id);
        goes_on.answers.join(&answers);
    }
}
