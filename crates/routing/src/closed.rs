//! Tickets that were closed just now.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use rustc_hash::FxHashMap;
use tandem_domain::{ConversationId, Requirement, RoutingState, TicketId, Timestamp};

use crate::conversations::Conversations;
use crate::ticket::Ticket;

/// Tickets that were closed lately. Whole they are kept until their read-model rows are made, which is done after they have
/// been closed; and then, for whoever still asks where his or her ticket stands, in a few words.
#[derive(Debug, Default)]
pub(crate) struct JustClosed {
    /// In the order in which they were closed.
    ended: VecDeque<Ended>,
    /// How many were forgotten before.
    forgotten: u64,
    /// By conversation, which of all that were ever closed was its last: those are counted from 1.
    last: Conversations,
    whole: FxHashMap<TicketId, Whole>,
    whole_order: VecDeque<(Timestamp, TicketId)>,
}

/// How a ticket ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) ticket: TicketId,
    pub(crate) state: RoutingState,
    /// What it asked for last.
    pub(crate) requirement: Arc<Requirement>,
    /// How many public answers stand.
    pub(crate) answers: u64,
    conversation: ConversationId,
    at: Timestamp,
}

/// A ticket as it was at its end.
#[derive(Debug)]
pub(crate) struct Whole {
    pub(crate) ticket: Box<Ticket>,
    /// What it asked for last.
    pub(crate) requirement: Arc<Requirement>,
}

/// Customers look at what became of their tickets for as long.
const ENDED_KEPT: Duration = Duration::from_mins(10);
impl JustClosed {
    /// The ticket, until its rows are written.
    pub(crate) fn whole(&self, ticket: TicketId) -> Option<&Whole> {
        self.whole.get(&ticket)
    }

    /// The conversation's last ticket, if it was closed just now.
    pub(crate) fn last_of(&self, conversation: ConversationId) -> Option<&Ended> {
        self.ended(self.number_of(conversation)?)
    }

    fn number_of(&self, conversation: ConversationId) -> Option<TicketId> {
        let is = |number| {
            self.ended(number)
                .is_some_and(|ended| ended.conversation == conversation)
        };
        self.last.find(conversation, is)
    }

    fn ended(&self, number: TicketId) -> Option<&Ended> {
        let at = number.0.checked_sub(self.forgotten + 1)?;
        self.ended.get(usize::try_from(at).ok()?)
    }

    pub(crate) fn add(&mut self, at: Timestamp, closed: Whole) {
        let Whole { ticket, requirement } = &closed;
        let (id, conversation) = (ticket.id, ticket.conversation);
        if let Some(before) = self.number_of(conversation) {
            self.last.remove(conversation, before);
        }
        self.ended.push_back(Ended {
            ticket: id,
            state: ticket.phase.state(),
            requirement: requirement.clone(),
            answers: ticket.answers.count(),
            conversation,
            at,
        });
        let number = self.forgotten + self.ended.len() as u64;
        self.last.insert(conversation, TicketId(number));
        self.whole.insert(id, closed);
        self.whole_order.push_back((at, id));
    }

    /// A batch of commands has one time, and its rows are made before another is begun: what was closed before `now` is needed
    /// whole no more. What is forgotten soon is forgotten while it is still in the processor's caches.
    pub(crate) fn forget_old(&mut self, now: Timestamp) {
        while let Some((_, ticket)) = self.whole_order.pop_front_if(|(at, _)| *at < now) {
            self.whole.remove(&ticket);
        }
        let before = now.minus(ENDED_KEPT);
        while let Some(ended) = self.ended.pop_front_if(|ended| ended.at < before) {
            self.forgotten += 1;
            self.last.remove(ended.conversation, TicketId(self.forgotten));
        }
    }
}
