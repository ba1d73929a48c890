//! The rows of messages: on which ticket each is.

use std::collections::BTreeMap;

use tandem_domain::routing::RoutingEvent;
use tandem_domain::{Event, RowChange, TicketId, Timestamp};

use super::{MessageRow, TICKET_MESSAGE, delete, number, put};
use crate::state::State;
use crate::thread::{Received, Thread};

/// The rows that `events`, applied already, have changed, each once.
pub(super) fn changed(state: &State, events: &[Event<RoutingEvent>]) -> impl Iterator<Item = RowChange> {
    let mut rows = BTreeMap::new();
    for event in events {
        for row in of_event(state, event) {
            rows.insert(row.key.clone(), row);
        }
    }
    rows.into_values()
}

fn of_event(state: &State, event: &Event<RoutingEvent>) -> Vec<RowChange> {
    match &event.body {
        RoutingEvent::TicketOpened { ticket, intake, .. } => {
            let (message, automatic, received_at) = (intake.message, intake.automatic, intake.received_at);
            vec![row(*ticket, Received::new(message, automatic, received_at), event.at)]
        }
        RoutingEvent::MessageAdded {
            ticket,
            message,
            automatic,
            received_at,
        } => vec![row(
            *ticket,
            Received::new(*message, *automatic, *received_at),
            event.at,
        )],
        // What moved is still with the ticket that ended.
        RoutingEvent::TicketMerged { ticket, into } => {
            let moved = thread(state, *ticket)
                .into_iter()
                .flat_map(|thread| thread.messages.iter());
            moved
                .flat_map(|received| [gone(*ticket, *received), row(*into, *received, event.at)])
                .collect()
        }
        RoutingEvent::TicketSplit {
            ticket, from, messages, ..
        } => {
            let thread = thread(state, *ticket);
            let moved = messages.iter().filter_map(|message| thread?.received(*message));
            moved
                .flat_map(|received| [gone(*from, received), row(*ticket, received, event.at)])
                .collect()
        }
        _ => Vec::new(),
    }
}

fn thread(state: &State, ticket: TicketId) -> Option<&Thread> {
    let closed = || state.just_closed.get(ticket).map(|closed| &closed.ticket.thread);
    state
        .tickets
        .get(ticket)
        .map_or_else(closed, |ticket| Some(&ticket.thread))
}

fn row(ticket: TicketId, received: Received, added_at: Timestamp) -> RowChange {
    let row = MessageRow {
        message: received.message,
        automatic: received.automatic,
        received_at: received.at,
        added_at,
    };
    put(TICKET_MESSAGE, key(ticket, received), &row)
}

fn gone(ticket: TicketId, received: Received) -> RowChange {
    delete(TICKET_MESSAGE, key(ticket, received))
}

fn key(ticket: TicketId, received: Received) -> String {
    format!("{}/{}", number(ticket.0), received.message)
}
