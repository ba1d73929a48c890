//! The router's read-model rows: what `GetTicket`, `ListTickets` and `tandem audit` read.
//!
//! | table | key | value |
//! |---|---|---|
//! | [`TICKET`] | ticket number | JSON [`TicketView`](tandem_domain::routing::TicketView); closed, cancelled and abandoned tickets stay |
//! | [`TICKET_BY_STATE`] | `<routing state>/<ticket number>` | empty |
//! | [`TICKET_BY_QUEUE`] | `<queue>/<ticket number>` | empty |
//! | [`TICKET_BY_AGENT`] | `<agent>/<ticket number>` | empty; owned by, last owned by, or offered to the agent |
//! | [`TICKET_MESSAGE`] | `<ticket number>/<message id>` | JSON [`MessageRow`] |
//! | [`AGENT`] | agent | JSON [`AgentView`](tandem_domain::routing::AgentView); deleted when the agent leaves the desk |
//! | [`DESK`] | [`DESK_KEY`] | JSON [`CompiledDesk`] in force |
//! | [`DESK_VERSION`] | version | JSON [`VersionRow`] |
//!
//! Numbers have 20 digits, so that they sort; see [`number`]. The three indices say exactly what
//! the ticket's own row says: an entry is there if and only if the row has that state, queue or agent.

mod index;
mod messages;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tandem_domain::routing::RoutingEvent;
use tandem_domain::{AgentId, CompiledDesk, Event, MessageId, RowChange, TicketId, Timestamp};

use crate::agents::AgentIx;
use crate::state::State;
use crate::ticket::Trail;

/// Tickets.
pub const TICKET: &str = "ticket";
/// Tickets by routing state.
pub const TICKET_BY_STATE: &str = "ticket_by_state";
/// Tickets by queue.
pub const TICKET_BY_QUEUE: &str = "ticket_by_queue";
/// Tickets by agent.
pub const TICKET_BY_AGENT: &str = "ticket_by_agent";
/// The messages on each ticket.
pub const TICKET_MESSAGE: &str = "ticket_message";
/// Agents.
pub const AGENT: &str = "agent";
/// The desk in force.
pub const DESK: &str = "desk";
/// The one key of [`DESK`].
pub const DESK_KEY: &str = "active";
/// Every version that was ever in force.
pub const DESK_VERSION: &str = "desk_version";

/// Every table of the router's.
pub const TABLES: [&str; 8] = [
    TICKET,
    TICKET_BY_STATE,
    TICKET_BY_QUEUE,
    TICKET_BY_AGENT,
    TICKET_MESSAGE,
    AGENT,
    DESK,
    DESK_VERSION,
];

/// A message on a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRow {
    /// The message.
    pub message: MessageId,
    /// Whether it was automatic.
    pub automatic: bool,
    /// When ingest took it.
    pub received_at: Timestamp,
    /// When it joined the ticket.
    pub added_at: Timestamp,
}

/// A version of the desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRow {
    /// Counted from 1.
    pub version: u64,
    /// SHA-256 of the desk file's bytes, lower-case hex.
    pub hash: String,
    /// When it came into force.
    pub activated_at: Timestamp,
}

/// A number as part of a key: 20 digits, so that keys sort by it.
#[must_use]
pub fn number(number: u64) -> String {
    format!("{number:020}")
}

/// The rows that `events`, applied already, have changed; each key once.
pub(crate) fn changed(state: &State, events: &[Event<RoutingEvent>]) -> Vec<RowChange> {
    let mut rows = Vec::new();
    for event in events {
        rows.extend(row_of_event(event));
    }
    rows.extend(messages::changed(state, events));
    if let Some(desk) = events.iter().rev().find_map(|event| activated(&event.body)) {
        rows.push(put(DESK, DESK_KEY.to_owned(), desk));
    }
    let switched = events.iter().any(|event| activated(&event.body).is_some());
    for (ticket, own) in changed_tickets(state, events, switched) {
        rows.extend(ticket_rows(state, ticket, &own, switched));
    }
    rows.extend(
        changed_agents(state, events)
            .into_iter()
            .map(|agent| agent_row(state, agent)),
    );
    rows
}

/// Rows that one event writes, whatever came after it.
fn row_of_event(event: &Event<RoutingEvent>) -> Option<RowChange> {
    match &event.body {
        RoutingEvent::DeskActivated(desk) => {
            let row = VersionRow {
                version: desk.version,
                hash: desk.hash.clone(),
                activated_at: event.at,
            };
            Some(put(DESK_VERSION, number(desk.version), &row))
        }
        _ => None,
    }
}

fn activated(body: &RoutingEvent) -> Option<&CompiledDesk> {
    match body {
        RoutingEvent::DeskActivated(desk) => Some(desk),
        _ => None,
    }
}

/// Each ticket that has changed, with its own events. A new desk may change what every ticket asks for.
fn changed_tickets<'a>(
    state: &State,
    events: &'a [Event<RoutingEvent>],
    switched: bool,
) -> BTreeMap<TicketId, Vec<&'a RoutingEvent>> {
    let every = switched.then(|| state.tickets.keys()).into_iter().flatten();
    let mut changed: BTreeMap<_, Vec<_>> = every.map(|ticket| (ticket, Vec::new())).collect();
    for event in events {
        if let Some(ticket) = event.body.ticket() {
            changed.entry(ticket).or_default().push(&event.body);
        }
        if let Some(other) = other_ticket(&event.body) {
            changed.entry(other).or_default();
        }
    }
    changed
}

/// A ticket that gains or loses messages by an event about another one.
const fn other_ticket(body: &RoutingEvent) -> Option<TicketId> {
    match body {
        RoutingEvent::TicketMerged { into, .. } => Some(*into),
        RoutingEvent::TicketSplit { from, .. } => Some(*from),
        _ => None,
    }
}

fn ticket_rows(state: &State, id: TicketId, own: &[&RoutingEvent], switched: bool) -> Vec<RowChange> {
    let view = state
        .view_of(id)
        .expect("a ticket is remembered until its last rows are written");
    let mut rows = vec![put(TICKET, number(id.0), &view)];
    rows.extend(index::changes(state, &view, trail(state, id), own, switched));
    rows
}

fn trail(state: &State, id: TicketId) -> &Trail {
    let closed = || {
        let closed = state.just_closed.get(id);
        &closed
            .expect("a ticket is remembered until its last rows are written")
            .ticket
            .trail
    };
    state.tickets.get(id).map_or_else(closed, |ticket| &ticket.trail)
}

/// Agents whom an event names, or whose ticket it changed; a new desk may change everybody.
fn changed_agents(state: &State, events: &[Event<RoutingEvent>]) -> BTreeSet<AgentIx> {
    let mut agents = BTreeSet::new();
    for event in events {
        agents.extend(agent_of(&event.body).and_then(|agent| state.agents.known(agent)));
        if let Some(ticket) = event.body.ticket().filter(|_| may_free_owner(&event.body)) {
            agents.extend(trail(state, ticket).owners.iter().copied());
            // Help takes as much of whoever helps.
            let holders = state
                .tickets
                .get(ticket)
                .into_iter()
                .flat_map(|ticket| ticket.holders());
            agents.extend(holders.map(|(agent, _)| agent));
        }
        if activated(&event.body).is_some() {
            agents.extend(state.agents.all());
        }
    }
    agents
}

/// The agent whom the event names.
fn agent_of(body: &RoutingEvent) -> Option<&AgentId> {
    match body {
        RoutingEvent::PresenceChanged { agent, .. }
        | RoutingEvent::AvailabilityChanged { agent, .. }
        | RoutingEvent::HelpOffered { agent, .. }
        | RoutingEvent::HelpAccepted { agent, .. }
        | RoutingEvent::HelpRefused { agent, .. }
        | RoutingEvent::HelperLeft { agent, .. }
        | RoutingEvent::OwnerChanged { to: agent, .. }
        | RoutingEvent::OfferIssued { agent, .. }
        | RoutingEvent::OfferAccepted { agent, .. }
        | RoutingEvent::OfferDeclined { agent, .. }
        | RoutingEvent::OfferExpired { agent, .. }
        | RoutingEvent::OfferRevoked { agent, .. } => Some(agent),
        _ => None,
    }
}

/// Whether the event changes what an owner has at hand without naming the owner.
fn may_free_owner(body: &RoutingEvent) -> bool {
    matches!(
        body,
        RoutingEvent::TicketHeld { .. }
            | RoutingEvent::TicketResumed { .. }
            | RoutingEvent::TicketRequeued { .. }
            | RoutingEvent::WrapUpStarted { .. }
            | RoutingEvent::WrapUpInterrupted { .. }
            | RoutingEvent::TicketDone { .. }
            | RoutingEvent::TicketCancelled { .. }
            | RoutingEvent::OwnerChanged { .. }
            | RoutingEvent::TicketMerged { .. }
            | RoutingEvent::TicketScheduled { .. }
    )
}

fn agent_row(state: &State, agent: AgentIx) -> RowChange {
    let slot = state.agents.get(agent);
    let key = slot.id.as_str().to_owned();
    if slot.profile.is_some() {
        put(AGENT, key, &state.agent_view(agent))
    } else {
        delete(AGENT, key)
    }
}

fn put(table: &'static str, key: String, value: &impl Serialize) -> RowChange {
    let value = serde_json::to_vec(value).expect("views have text keys and no fallible parts");
    RowChange {
        table,
        key,
        value: Some(value),
    }
}

fn delete(table: &'static str, key: String) -> RowChange {
    RowChange {
        table,
        key,
        value: None,
    }
}
