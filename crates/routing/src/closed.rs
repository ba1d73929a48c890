//! Tickets that were closed just now.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tandem_domain::{ConversationId, Requirement, TicketId, Timestamp};

use crate::conversations::Conversations;
use crate::numbered::Numbered;
use crate::ticket::Ticket;

/// Tickets that were closed lately, as they were at the end: their last read-model rows are
/// written after they have been forgotten.
#[derive(Debug, Default)]
pub(crate) struct JustClosed {
    order: VecDeque<(Timestamp, TicketId)>,
    tickets: Numbered<TicketId, Closed>,
    conversations: Conversations,
}

/// A ticket at its end.
#[derive(Debug)]
pub(crate) struct Closed {
    pub(crate) ticket: Box<Ticket>,
    /// What it asked for last.
    pub(crate) requirement: Arc<Requirement>,
}

/// Far longer than a batch of commands takes to be committed.
const CLOSED_KEPT: Duration = Duration::from_mins(10);

impl JustClosed {
    pub(crate) fn get(&self, ticket: TicketId) -> Option<&Closed> {
        self.tickets.get(ticket)
    }

    /// The conversation's last ticket, if it was closed just now.
    pub(crate) fn last_of(&self, conversation: ConversationId) -> Option<&Closed> {
        self.get(self.ticket_of(conversation)?)
    }

    fn ticket_of(&self, conversation: ConversationId) -> Option<TicketId> {
        let is = |ticket| {
            self.get(ticket)
                .is_some_and(|closed| closed.ticket.conversation == conversation)
        };
        self.conversations.find(conversation, is)
    }

    pub(crate) fn add(&mut self, at: Timestamp, closed: Closed) {
        let (ticket, conversation) = (closed.ticket.id, closed.ticket.conversation);
        self.order.push_back((at, ticket));
        if let Some(before) = self.ticket_of(conversation) {
            self.conversations.remove(conversation, before);
        }
        self.conversations.insert(conversation, ticket);
        self.tickets.insert(ticket, closed);
    }

    pub(crate) fn forget_old(&mut self, now: Timestamp) {
        while let Some((_, ticket)) = self.order.pop_front_if(|(at, _)| at.plus(CLOSED_KEPT) < now) {
            self.forget(ticket);
        }
    }

    fn forget(&mut self, ticket: TicketId) {
        let Some(closed) = self.tickets.remove(ticket) else {
            return;
        };
        self.conversations.remove(closed.ticket.conversation, ticket);
    }
}
