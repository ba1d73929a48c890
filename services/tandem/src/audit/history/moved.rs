//! Messages that go to another ticket: with one that is merged, or to one that is split off.

use tandem_domain::routing::RoutingEvent;
use tandem_domain::{ConversationId, MessageId, TicketId};

use super::History;
use crate::audit::finding::{Kind, Notes};

/// Where a message or an answer went.
#[derive(Clone, Copy, Default)]
pub(crate) struct Moved {
    /// The number of the last record that says so.
    pub(crate) seq: u64,
    /// The conversation of its own that it is in, if it was split off.
    pub(crate) conversation: Option<ConversationId>,
}

impl History {
    /// Returns why they could not go, if they could not.
    pub(super) fn move_messages(&mut self, seq: u64, event: &RoutingEvent, notes: &mut Notes) -> Option<String> {
        match event {
            RoutingEvent::TicketSplit {
                ticket,
                from,
                intake,
                messages,
                ..
            } => {
                let opens = messages.contains(&intake.message);
                self.split(seq, (*from, *ticket), (messages, intake.conversation), notes);
                let stays = self.messages.values().any(|on| on == from);
                (!opens || !stays).then(|| format!("{ticket} is split off {from}, and one of them has no message"))
            }
            RoutingEvent::TicketMerged { ticket, into, messages } => {
                for message in messages {
                    let on = self.messages.get(message);
                    notes.check(on == Some(ticket), Kind::MessageTwice, || {
                        format!("message {message} goes into {into} with {ticket}, and was not on it")
                    });
                }
                self.merge(seq, *ticket, *into);
                None
            }
            _ => None,
        }
    }

    fn split(
        &mut self,
        seq: u64,
        (from, ticket): (TicketId, TicketId),
        (messages, conversation): (&[MessageId], ConversationId),
        notes: &mut Notes,
    ) {
        for message in messages {
            let before = self.messages.insert(*message, ticket);
            notes.check(before == Some(from), Kind::MessageTwice, || {
                format!("message {message} was split off {from}, and was not on it")
            });
            let conversation = Some(conversation);
            self.moved.insert(*message, Moved { seq, conversation });
        }
    }

    fn merge(&mut self, seq: u64, ticket: TicketId, into: TicketId) {
        let answers = self.answers.iter_mut().map(|(answer, on)| (answer, &mut on.ticket));
        for (message, on) in self.messages.iter_mut().chain(answers) {
            if *on == ticket {
                *on = into;
                self.moved.entry(*message).or_default().seq = seq;
            }
        }
    }
}
