//! What is written on a ticket: messages to the desk, and its answers.

use tandem_domain::routing::RoutingEvent;
use tandem_domain::{TicketId, Timestamp};

use crate::state::State;
use crate::thread::Received;

impl State {
    pub(super) fn fold_message(&mut self, body: &RoutingEvent, at: Timestamp) {
        use RoutingEvent as E;
        match body {
            E::MessageAdded {
                ticket,
                message,
                automatic,
                received_at,
            } => {
                let received = Received {
                    message: *message,
                    automatic: *automatic,
                    at: (*received_at).min(at),
                };
                self.add_message(*ticket, received);
            }
            E::AnswerAdded {
                ticket,
                message,
                visible,
                ..
            } => self.ticket_mut(*ticket).answers.add(*message, *visible, at),
            E::AnswerDelivered { ticket, message } => self.ticket_mut(*ticket).answers.deliver(*message),
            E::AnswerFailed {
                ticket,
                message,
                reason,
            } => self.ticket_mut(*ticket).answers.fail(*message, *reason, at),
            _ => unreachable!("only what is written comes here"),
        }
    }

    fn add_message(&mut self, id: TicketId, received: Received) {
        let ticket = self.ticket_mut(id);
        ticket.messages += 1;
        ticket.thread.messages.push(received);
        if !received.automatic {
            ticket.answers.wait(received.at);
        }
    }
}
