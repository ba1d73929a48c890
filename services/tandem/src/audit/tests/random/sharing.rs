//! What is done with tickets by several people at once, and what ingest does about it.

use std::time::Duration;

use rand::RngExt;
use tandem_domain::routing::{Command, RoutingEvent, TransferTarget};
use tandem_domain::{ConversationId, Event, TicketId};
use tandem_store::ConversationStore;
use uuid::Uuid;

use super::Player;

impl Player<'_> {
    pub(super) fn share(&mut self) -> Command {
        let ticket = self.ticket();
        match self.rng.random_range(0..12) {
            0..4 => self.merge(ticket),
            4..8 => self.split(ticket),
            8 => Command::Pull {
                ticket,
                to: self.agent(),
            },
            9..11 => Command::Consult {
                ticket,
                with: TransferTarget::Agent(self.agent()),
            },
            _ => Command::Schedule {
                ticket,
                until: self.now.plus(Duration::from_mins(20)),
            },
        }
    }

    fn merge(&mut self, ticket: TicketId) -> Command {
        let into = self.ticket();
        Command::Merge { ticket, into }
    }

    /// One or two of the ticket's messages, as far as it has more.
    fn split(&mut self, ticket: TicketId) -> Command {
        self.messages += 1;
        let of_it = self.received.iter().filter(|(on, _)| *on == ticket);
        let messages = of_it.map(|(_, message)| *message).collect::<Vec<_>>();
        let some = messages.len().saturating_sub(1).min(self.rng.random_range(1..3));
        Command::Split {
            ticket,
            messages: messages[messages.len() - some..].to_vec(),
            conversation: ConversationId(Uuid::from_u128(self.messages)),
        }
    }

    pub(super) fn note_messages(&mut self, event: &RoutingEvent) {
        match event {
            RoutingEvent::TicketOpened { ticket, intake, .. } => self.received.push((*ticket, intake.message)),
            RoutingEvent::MessageAdded { ticket, message, .. } => self.received.push((*ticket, *message)),
            RoutingEvent::TicketSplit { ticket, messages, .. } => {
                let moved = self
                    .received
                    .iter_mut()
                    .filter(|(_, message)| messages.contains(message));
                moved.for_each(|(on, _)| *on = *ticket);
            }
            RoutingEvent::TicketMerged { ticket, into, .. } => {
                let moved = self.received.iter_mut().filter(|(on, _)| on == ticket);
                moved.for_each(|(on, _)| *on = *into);
            }
            _ => {}
        }
    }

    /// Ingest has read of what moved.
    pub(super) async fn move_documents(&self, events: &[Event<RoutingEvent>]) {
        let (store, desk) = (self.store, &self.desk);
        for event in events {
            let moved = match &event.body {
                RoutingEvent::TicketMerged { ticket, into, messages } => {
                    store.merge_documents(desk, messages, ticket.0, into.0).await
                }
                RoutingEvent::TicketSplit {
                    ticket,
                    intake,
                    messages,
                    ..
                } => {
                    let own = (intake.conversation, Vec::new());
                    store.split_documents(desk, messages, ticket.0, own).await
                }
                _ => Ok(()),
            };
            moved.expect("moved");
        }
    }
}
