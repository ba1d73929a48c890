//! To which trace it belongs what is done about a ticket: to that of the customer's message that it is about. So one
//! trace spans a message and all that follows from it, whoever does it.

use tandem_domain::routing::{Command, RoutingEvent};
use tandem_domain::{Event, TicketId, Trace};

use crate::state::State;

impl State {
    /// A machine's message does not begin anything that is to be answered.
    pub(crate) fn note_trace(&mut self, event: &Event<RoutingEvent>) {
        let (RoutingEvent::TicketOpened { ticket, .. }
        | RoutingEvent::MessageAdded {
            ticket,
            automatic: false,
            ..
        }) = &event.body
        else {
            return;
        };
        self.ticket_mut(*ticket).trace = event.trace.clone();
    }

    /// The trace that a command belongs to; none: one of its own.
    pub(crate) fn trace_of(&self, command: &Command) -> Option<&Trace> {
        let trace = &self.tickets.get(self.ticket_of(command)?)?.trace;
        (!trace.0.is_empty()).then_some(trace)
    }

    fn ticket_of(&self, command: &Command) -> Option<TicketId> {
        match command {
            Command::Accept { offer, .. } | Command::Decline { offer, .. } => self.offers.get(*offer).copied(),
            Command::CustomerLeft { conversation } => self.on_conversation(*conversation),
            other => other.ticket(),
        }
    }
}
