//! Two tickets become one: everything of the first goes on with the second.

use tandem_domain::routing::{Rejection, RoutingEvent};
use tandem_domain::{RoutingState, TicketId, Timestamp};

use crate::answers::Answers;
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
        self.permit(into, "merge into", &OPEN)?;
        self.check_mergeable(ticket)?;
        if ticket == into {
            return Err(Rejection::SameTicket { ticket });
        }
        let owed = self.state.ticket(ticket).answers.waiting_since.is_some();
        self.revoke_of(ticket);
        self.emit(RoutingEvent::TicketMerged { ticket, into });
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
        let ticket = self.ticket(id).clone();
        self.forget(id, at);
        self.conversations.insert(ticket.conversation, into);
        for conversation in &ticket.thread.conversations {
            self.conversations.insert(*conversation, into);
        }
        for merged in ticket.thread.merged.iter().copied().chain([id]) {
            self.merged.insert(merged, into);
        }
        let goes_on = self.ticket_mut(into);
        goes_on.messages += ticket.messages;
        goes_on.thread.messages.extend(ticket.thread.messages);
        goes_on.thread.messages.sort_by_key(|received| received.at);
        goes_on.thread.conversations.push(ticket.conversation);
        goes_on.thread.conversations.extend(ticket.thread.conversations);
        goes_on.thread.merged.push(id);
        goes_on.thread.merged.extend(ticket.thread.merged);
        goes_on.answers.join(ticket.answers);
        goes_on.changed_at = at;
        self.note_in_work_list(Some(into));
    }
}

impl Answers {
    /// What was said on another ticket was said on this one.
    fn join(&mut self, other: Self) {
        self.given.extend(other.given);
        self.given.sort_by_key(|given| given.at);
        self.undelivered.extend(other.undelivered);
        self.undelivered.sort_by_key(|failed| failed.at);
        for since in other.waiting_since {
            self.wait(since);
        }
    }
}
