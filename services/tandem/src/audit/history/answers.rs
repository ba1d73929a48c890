//! What was answered on a ticket, and what became of it.

use std::collections::BTreeMap;

use tandem_domain::routing::RoutingEvent;
use tandem_domain::{AgentId, MessageId, RoutingState};

use super::ticket::Ticket;

/// Answers and notes of one ticket.
#[derive(Default)]
pub(crate) struct Answers(BTreeMap<MessageId, Fate>);

impl Answers {
    /// What was said on another ticket was said on this one.
    pub(super) fn join(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Note,
    Underway,
    Delivered,
    Failed,
}

/// Follows what is said on a ticket, and how urgent it is; returns why it could not happen, if it could not.
pub(super) fn follow(ticket: &mut Ticket, event: &RoutingEvent) -> Option<String> {
    let id = ticket.id;
    match event {
        RoutingEvent::AnswerAdded { message, visible, .. } => {
            let fate = if *visible { Fate::Underway } else { Fate::Note };
            let before = ticket.answers.0.insert(*message, fate);
            before.map(|_| format!("{message} was given on {id} before"))
        }
        RoutingEvent::AnswerDelivered { message, .. } => {
            become_of(ticket, *message, &[Fate::Underway], Fate::Delivered)
        }
        RoutingEvent::AnswerFailed { message, .. } => {
            become_of(ticket, *message, &[Fate::Underway, Fate::Delivered], Fate::Failed)
        }
        RoutingEvent::PriorityChanged { priority, .. } => {
            let open = !matches!(ticket.state, RoutingState::WrappingUp | RoutingState::Done);
            let before = std::mem::replace(&mut ticket.priority, *priority);
            (!open || before == *priority).then(|| format!("{id} is {} and {before} already", ticket.state))
        }
        _ => None,
    }
}

fn become_of(ticket: &mut Ticket, message: MessageId, from: &[Fate], to: Fate) -> Option<String> {
    let before = ticket.answers.0.insert(message, to);
    let possible = before.is_some_and(|before| from.contains(&before));
    (!possible).then(|| format!("{message} is no answer of {} that this could become of", ticket.id))
}

/// Who answered a customer in the name of an agent whose ticket it was not.
pub(super) fn stranger<'a>(ticket: &Ticket, event: &'a RoutingEvent) -> Option<&'a AgentId> {
    match event {
        RoutingEvent::AnswerAdded {
            author: Some(author),
            visible: true,
            ..
        } => Some(author).filter(|author| ticket.owner.as_ref() != Some(author)),
        _ => None,
    }
}
