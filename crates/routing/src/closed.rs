//! Tickets that were closed just now.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tandem_domain::{ConversationId, Requirement, RoutingState, TicketId, Timestamp};

use crate::conversations::Conversations;
use crate::numbered::Numbered;
use crate::ticket::Ticket;

/// Tickets that were closed lately. Whole they are kept until their read-model rows are written, which is done after they have
/// been closed; and then, for whoever still asks where his or her ticket stands, in a few words.
#[derive(Debug, Default)]
pub(crate) struct JustClosed {
    order: VecDeque<(Timestamp, TicketId)>,
    /// Those that are whole.
    whole: VecDeque<(Timestamp, TicketId)>,
    tickets: Numbered<TicketId, Closed>,
    conversations: Conversations,
}

/// A ticket at its end.
#[derive(Debug)]
pub(crate) struct Closed {
    pub(crate) conversation: ConversationId,
    /// What it asked for last.
    pub(crate) requirement: Arc<Requirement>,
    pub(crate) state: RoutingState,
    /// How many public answers stand.
    pub(crate) answers: u64,
    /// As it was, until its rows are written.
    whole: Option<Box<Ticket>>,
}

impl Closed {
    pub(crate) fn new(ticket: Box<Ticket>, requirement: Arc<Requirement>) -> Self {
        Self {
            conversation: ticket.conversation,
            requirement,
            state: ticket.phase.state(),
            answers: ticket.answers.count(),
            whole: Some(ticket),
        }
    }

    pub(crate) fn whole(&self) -> Option<&Ticket> {
        self.whole.as_deref()
    }
}

/// Customers look at what became of their tickets for as long.
const CLOSED_KEPT: Duration = Duration::from_mins(10);
/// A batch of commands has one time, and its rows are made before another is begun; so this is far more than it takes. What
/// is forgotten soon is forgotten while it is still in the processor's caches.
const WHOLE_KEPT: Duration = Duration::from_secs(5);

impl JustClosed {
    pub(crate) fn get(&self, ticket: TicketId) -> Option<&Closed> {
        self.tickets.get(ticket)
    }

    /// The conversation's last ticket, if it was closed just now.
    pub(crate) fn last_of(&self, conversation: ConversationId) -> Option<(TicketId, &Closed)> {
        let ticket = self.ticket_of(conversation)?;
        Some((ticket, self.get(ticket)?))
    }

    fn ticket_of(&self, conversation: ConversationId) -> Option<TicketId> {
        let is = |ticket| {
            self.get(ticket)
                .is_some_and(|closed| closed.conversation == conversation)
        };
        self.conversations.find(conversation, is)
    }

    pub(crate) fn add(&mut self, at: Timestamp, ticket: TicketId, closed: Closed) {
        let conversation = closed.conversation;
        self.order.push_back((at, ticket));
        self.whole.push_back((at, ticket));
        if let Some(before) = self.ticket_of(conversation) {
            self.conversations.remove(conversation, before);
        }
        self.conversations.insert(conversation, ticket);
        self.tickets.insert(ticket, closed);
    }

    pub(crate) fn forget_old(&mut self, now: Timestamp) {
        while let Some((_, ticket)) = self.whole.pop_front_if(|(at, _)| at.plus(WHOLE_KEPT) < now) {
            if let Some(closed) = self.tickets.get_mut(ticket) {
                closed.whole = None;
            }
        }
        while let Some((_, ticket)) = self.order.pop_front_if(|(at, _)| at.plus(CLOSED_KEPT) < now) {
            self.forget(ticket);
        }
    }

    fn forget(&mut self, ticket: TicketId) {
        let Some(closed) = self.tickets.remove(ticket) else {
            return;
        };
        self.conversations.remove(closed.conversation, ticket);
    }
}
