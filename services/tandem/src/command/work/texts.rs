//! Which texts the agent has seen.

use std::collections::{BTreeMap, BTreeSet};

use tandem_proto::v1;

/// What was shown of the tickets at hand.
#[derive(Default)]
pub(super) struct Texts {
    /// How many messages of customers there are, by ticket.
    there: BTreeMap<u64, u64>,
    /// How many of them were shown.
    shown: BTreeMap<u64, u64>,
    /// Ids of messages that were shown.
    seen: BTreeSet<String>,
}

impl Texts {
    /// Looks at what is offered and in hand now.
    pub(super) fn look_at(&mut self, list: &v1::WorkList) {
        self.there = list
            .tickets
            .iter()
            .map(|ticket| (ticket.ticket_id, ticket.message_count))
            .collect();
    }

    /// Whether there is more than was shown.
    pub(super) fn is_behind(&self) -> bool {
        !self.behind().is_empty()
    }

    /// The tickets of which there is more than was shown.
    pub(super) fn behind(&self) -> Vec<u64> {
        let shown = |ticket| self.shown.get(ticket).copied().unwrap_or_default();
        let behind = self.there.iter().filter(|(ticket, there)| **there > shown(ticket));
        behind.map(|(ticket, _)| *ticket).collect()
    }

    /// Of a ticket's messages, those that were not shown yet; they count as shown from now on.
    pub(super) fn take(&mut self, ticket: u64, messages: Vec<v1::Message>) -> Vec<v1::Message> {
        let inbound = messages
            .iter()
            .filter(|message| message.direction() == v1::MessageDirection::Inbound);
        self.shown.insert(ticket, inbound.count() as u64);
        let messages = messages.into_iter();
        messages
            .filter(|message| self.seen.insert(message.message_id.clone()))
            .collect()
    }

    /// Does not ask for this ticket's texts again before the customer writes more.
    pub(super) fn give_up(&mut self, ticket: u64) {
        let there = self.there.get(&ticket).copied().unwrap_or_default();
        self.shown.insert(ticket, there);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(messages: u64) -> v1::WorkList {
        let ticket = v1::Ticket {
            ticket_id: 7,
            message_count: messages,
            ..v1::Ticket::default()
        };
        v1::WorkList {
            tickets: vec![ticket],
            ..v1::WorkList::default()
        }
    }

    fn message(id: &str, direction: v1::MessageDirection) -> v1::Message {
        v1::Message {
            message_id: id.to_owned(),
            direction: direction.into(),
            ..v1::Message::default()
        }
    }

    #[test]
    fn each_message_is_shown_once_and_what_is_not_listed_yet_is_asked_for_again() {
        use v1::MessageDirection::{Answer, Inbound};
        let mut texts = Texts::default();
        texts.look_at(&list(1));
        assert_eq!(texts.behind(), [7]);
        assert!(texts.take(7, Vec::new()).is_empty());
        assert!(texts.is_behind());
        let first = vec![message("a", Inbound)];
        assert_eq!(texts.take(7, first.clone()), first);
        assert!(!texts.is_behind());
        texts.look_at(&list(2));
        let all = vec![message("a", Inbound), message("b", Answer), message("c", Inbound)];
        assert_eq!(texts.take(7, all.clone()), all[1..]);
        assert!(!texts.is_behind());
    }

    #[test]
    fn what_cannot_be_had_is_asked_for_again_when_the_customer_writes_more() {
        let mut texts = Texts::default();
        texts.look_at(&list(1));
        texts.give_up(7);
        assert!(!texts.is_behind());
        texts.look_at(&list(2));
        assert!(texts.is_behind());
    }
}
