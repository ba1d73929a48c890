//! The index rows of one ticket: what to write, and what earlier rows to delete.

use std::collections::BTreeSet;

use tandem_domain::routing::{RoutingEvent, TicketView};
use tandem_domain::{AgentId, QueueId, RoutingState, RowChange, TicketId};

use super::{TICKET_BY_AGENT, TICKET_BY_QUEUE, TICKET_BY_STATE, delete, number};
use crate::state::State;
use crate::ticket::Trail;

/// The changes of the ticket's index rows after `events`, which are all about this ticket, and
/// perhaps a new desk (`switched`).
///
/// The state before the events is gone, so every row that may have been there is deleted.
pub(super) fn changes(
    state: &State,
    view: &TicketView,
    trail: &Trail,
    events: &[&RoutingEvent],
    switched: bool,
) -> Vec<RowChange> {
    let mut rows = by_state(view, events);
    if switched || events.iter().any(|body| may_change_queue(body)) {
        rows.extend(by_queue(view, trail));
    }
    if events.iter().any(|body| may_change_agent(body)) {
        rows.extend(by_agent(state, view, trail, events));
    }
    rows
}

fn may_change_queue(body: &RoutingEvent) -> bool {
    matches!(
        body,
        RoutingEvent::TicketOpened { .. } | RoutingEvent::TicketSplit { .. } | RoutingEvent::TicketRequeued { .. }
    )
}

fn may_change_agent(body: &RoutingEvent) -> bool {
    let drops_owner = matches!(
        body,
        RoutingEvent::TicketRequeued { .. }
            | RoutingEvent::TicketCancelled { .. }
            | RoutingEvent::TicketMerged { .. }
            | RoutingEvent::TicketScheduled { .. }
    );
    drops_owner || super::agent_of(body).is_some()
}

fn entry(table: &'static str, first: &str, ticket: TicketId) -> RowChange {
    RowChange {
        table,
        key: format!("{first}/{}", number(ticket.0)),
        value: Some(Vec::new()),
    }
}

fn no_entry(table: &'static str, first: &str, ticket: TicketId) -> RowChange {
    delete(table, format!("{first}/{}", number(ticket.0)))
}

fn by_state(view: &TicketView, events: &[&RoutingEvent]) -> Vec<RowChange> {
    let Some(before) = events.iter().find_map(|body| states_left_by(body)) else {
        return Vec::new();
    };
    let left = before.iter().filter(|state| **state != view.state);
    let mut rows: Vec<_> = left
        .map(|state| no_entry(TICKET_BY_STATE, state.as_str(), view.id))
        .collect();
    rows.push(entry(TICKET_BY_STATE, view.state.as_str(), view.id));
    rows
}

/// The states in which a ticket may have been before the event; none if the event leaves it where it is.
fn states_left_by(body: &RoutingEvent) -> Option<&'static [RoutingState]> {
    use RoutingState::{Assigned, Done, Offered, OnHold, Queued, Scheduled, WrappingUp};
    match body {
        RoutingEvent::DeskActivated(_)
        | RoutingEvent::PresenceChanged { .. }
        | RoutingEvent::AvailabilityChanged { .. }
        | RoutingEvent::StepEntered { .. }
        | RoutingEvent::AgeAdjusted { .. }
        | RoutingEvent::HelpOffered { .. }
        | RoutingEvent::HelpAccepted { .. }
        | RoutingEvent::HelpRefused { .. }
        | RoutingEvent::HelperLeft { .. }
        | RoutingEvent::MessageAdded { .. }
        | RoutingEvent::AnswerAdded { .. }
        | RoutingEvent::AnswerDelivered { .. }
        | RoutingEvent::AnswerFailed { .. }
        | RoutingEvent::PriorityChanged { .. }
        | RoutingEvent::TicketClosed { .. } => None,
        RoutingEvent::TicketOpened { .. } | RoutingEvent::TicketSplit { .. } => Some(&[]),
        RoutingEvent::OfferIssued { .. } => Some(&[Queued, Offered]),
        RoutingEvent::TicketAbandoned { .. } => Some(&[Queued]),
        RoutingEvent::OfferAccepted { .. }
        | RoutingEvent::OfferDeclined { .. }
        | RoutingEvent::OfferExpired { .. }
        | RoutingEvent::OfferRevoked { .. } => Some(&[Offered]),
        RoutingEvent::TicketHeld { .. } => Some(&[Assigned]),
        RoutingEvent::TicketResumed { .. } => Some(&[OnHold]),
        RoutingEvent::TicketRequeued { .. } => Some(&[Queued, Assigned, OnHold, Done, Scheduled]),
        RoutingEvent::OwnerChanged { .. }
        | RoutingEvent::TicketMerged { .. }
        | RoutingEvent::TicketScheduled { .. } => Some(&[Queued, Assigned, OnHold, Scheduled]),
        RoutingEvent::WrapUpStarted { .. } => Some(&[Assigned, OnHold]),
        RoutingEvent::WrapUpInterrupted { .. } => Some(&[WrappingUp]),
        RoutingEvent::TicketDone { .. } | RoutingEvent::TicketCancelled { .. } => {
            Some(&[Queued, Assigned, OnHold, WrappingUp, Scheduled])
        }
    }
}

fn by_queue(view: &TicketView, trail: &Trail) -> Vec<RowChange> {
    let queue = &view.requirement.queue;
    let left = trail.queues.iter().filter(|past| *past != queue).map(QueueId::as_str);
    let mut rows: Vec<_> = left.map(|past| no_entry(TICKET_BY_QUEUE, past, view.id)).collect();
    rows.push(entry(TICKET_BY_QUEUE, queue.as_str(), view.id));
    rows
}

fn by_agent(state: &State, view: &TicketView, trail: &Trail, events: &[&RoutingEvent]) -> Vec<RowChange> {
    let offered = view.offers.iter().map(|offer| &offer.agent);
    let current: BTreeSet<&AgentId> = view.owner.iter().chain(offered).collect();
    let owners = trail.owners.iter().map(|owner| &state.agents.get(*owner).id);
    let past: BTreeSet<&AgentId> = owners
        .chain(events.iter().filter_map(|body| super::agent_of(body)))
        .collect();
    let left = past.into_iter().filter(|agent| !current.contains(agent));
    let mut rows: Vec<_> = left
        .map(|agent| no_entry(TICKET_BY_AGENT, agent.as_str(), view.id))
        .collect();
    rows.extend(
        current
            .into_iter()
            .map(|agent| entry(TICKET_BY_AGENT, agent.as_str(), view.id)),
    );
    rows
}
