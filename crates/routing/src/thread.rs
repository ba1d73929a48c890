//! Which messages are on a ticket, and which conversations and tickets went into it.

use tandem_domain::{ConversationId, MessageId, TicketId, Timestamp};

use crate::handful::Handful;
use crate::seldom::{Plain, Seldom};

/// A customer's message on a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) message: MessageId,
    pub(crate) automatic: bool,
    /// When ingest took it.
    pub(crate) at: Timestamp,
}

/// What is on a ticket: what merging and splitting move about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Thread {
    /// In the order in which they came to the ticket.
    pub(crate) messages: Handful<Received>,
    pub(crate) joined: Seldom<Joined>,
}

/// What was merged into a ticket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Joined {
    /// Conversations besides the ticket's own.
    pub(crate) conversations: Vec<ConversationId>,
    /// Tickets, also by way of others.
    pub(crate) merged: Vec<TicketId>,
}

impl Plain for Joined {
    const PLAIN: &'static Self = &Self {
        conversations: Vec::new(),
        merged: Vec::new(),
    };
}

impl Thread {
    /// Takes over all that is on a ticket which is merged into this one.
    pub(crate) fn join(&mut self, other: &Self, conversation: ConversationId, merged: TicketId) {
        self.messages.change(|messages| {
            messages.extend_from_slice(&other.messages);
            messages.sort_by_key(|received| received.at);
        });
        self.joined.conversations.push(conversation);
        self.joined.conversations.extend_from_slice(&other.joined.conversations);
        self.joined.merged.push(merged);
        self.joined.merged.extend_from_slice(&other.joined.merged);
    }

    /// Takes these messages out.
    pub(crate) fn take(&mut self, messages: &[MessageId]) -> Vec<Received> {
        self.messages.change(|all| {
            all.extract_if(.., |received| messages.contains(&received.message))
                .collect()
        })
    }

    pub(crate) fn received(&self, message: MessageId) -> Option<Received> {
        self.messages
            .iter()
            .find(|received| received.message == message)
            .copied()
    }
}

/// When the oldest message was taken that a person wrote, and at or after `since`.
pub(crate) fn oldest_by_hand(messages: &[Received], since: Timestamp) -> Option<Timestamp> {
    let by_hand = messages.iter().filter(|received| !received.automatic);
    by_hand.map(|received| received.at).filter(|at| *at >= since).min()
}
