//! The escalation service's read-model rows: what lists of every age, and `tandem audit`, read.
//!
//! | table | key | value |
//! |---|---|---|
//! | [`CLOCK`] | `<ticket number>/<clock kind>/<occurrence>` | JSON [`ClockView`](tandem_domain::escalation::ClockView); only clocks that have a target; stays when the ticket is closed |
//! | [`ESCALATION`] | escalation number | JSON [`EscalationView`](tandem_domain::escalation::EscalationView); stays when the ticket is closed |
//!
//! Numbers have 20 digits, so that they sort. When the router's history was rewritten
//! ([`BegunAnew`](EscalationEvent::BegunAnew)), the consumer that found out deletes all rows of both tables.

use std::collections::BTreeSet;

use serde::Serialize;
use tandem_domain::escalation::{ClockId, EscalationEvent};
use tandem_domain::{EscalationId, Event, RowChange, TicketId};

use crate::state::State;

/// Clocks.
pub const CLOCK: &str = "clock";
/// Escalations.
pub const ESCALATION: &str = "escalation";
/// Every table of the escalation service's core.
pub const TABLES: [&str; 2] = [CLOCK, ESCALATION];

/// A clock's key in [`CLOCK`].
#[must_use]
pub fn clock_key(clock: ClockId) -> String {
    let ClockId {
        ticket,
        kind,
        occurrence,
    } = clock;
    format!("{}/{kind}/{}", number(ticket.0), number(occurrence.into()))
}

/// An escalation's key in [`ESCALATION`].
#[must_use]
pub fn escalation_key(escalation: EscalationId) -> String {
    number(escalation.0)
}

fn number(number: u64) -> String {
    format!("{number:020}")
}

/// The rows that `events`, applied already, have changed; each key once.
pub(crate) fn changed(state: &State, events: &[Event<EscalationEvent>]) -> Vec<RowChange> {
    let mut clocks = BTreeSet::new();
    let mut escalations = BTreeSet::new();
    for event in events {
        clocks.extend(clock_of(&event.body));
        escalations.extend(escalation_of(&event.body));
        if let Some(ticket) = ticket_of(&event.body) {
            clocks.extend(state.clocks_of(ticket).map(|(id, _)| id));
        }
    }
    escalations.extend(clocks.iter().filter_map(|id| escalation_of_clock(state, *id)));
    let clocks = clocks.into_iter().filter_map(|id| clock_row(state, id));
    let escalations = escalations.into_iter().filter_map(|id| escalation_row(state, id));
    clocks.chain(escalations).collect()
}

/// A clock without a target has no row; it may have had one.
fn clock_row(state: &State, id: ClockId) -> Option<RowChange> {
    let closed = || state.just_closed.clocks.get(&id).map(|(view, _)| view.clone());
    let view = state.clock_view(id).or_else(closed)?;
    let key = clock_key(id);
    Some(match view.terms.target {
        Some(_) => put(CLOCK, key, &view),
        None => RowChange {
            table: CLOCK,
            key,
            value: None,
        },
    })
}

fn escalation_of_clock(state: &State, id: ClockId) -> Option<EscalationId> {
    let closed = || state.just_closed.clocks.get(&id)?.1;
    state.clocks.get(&id).map_or_else(closed, |clock| clock.escalation)
}

fn escalation_row(state: &State, id: EscalationId) -> Option<RowChange> {
    let closed = || state.just_closed.escalations.get(&id).cloned();
    let view = state.escalation_view(id).or_else(closed)?;
    Some(put(ESCALATION, escalation_key(id), &view))
}

fn put(table: &'static str, key: String, value: &impl Serialize) -> RowChange {
    let value = serde_json::to_vec(value).expect("views are plain data with text keys");
    RowChange {
        table,
        key,
        value: Some(value),
    }
}

/// A change of the ticket shows in the rows of all its clocks.
fn ticket_of(body: &EscalationEvent) -> Option<TicketId> {
    match body {
        EscalationEvent::TicketFollowed { ticket, .. } => Some(*ticket),
        _ => None,
    }
}

fn clock_of(body: &EscalationEvent) -> Option<ClockId> {
    match body {
        EscalationEvent::Clock(clock, _) | EscalationEvent::RungReached { clock, .. } => Some(*clock),
        _ => None,
    }
}

fn escalation_of(body: &EscalationEvent) -> Option<EscalationId> {
    match body {
        EscalationEvent::RungReached { escalation, .. } | EscalationEvent::EscalationAcknowledged { escalation } => {
            Some(*escalation)
        }
        _ => None,
    }
}
