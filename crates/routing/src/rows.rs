//! The router's read-model rows: what memory has forgotten, and what must be known without asking the desk's owner.
//!
//! | table | key | value |
//! |---|---|---|
//! | [`TICKET`] | ticket number | JSON [`TicketView`], as it was at its end |
//! | [`TICKET_BY_STATE`] | `<routing state>/<ticket number>` | empty |
//! | [`TICKET_BY_QUEUE`] | `<queue>/<ticket number>` | empty |
//! | [`TICKET_BY_AGENT`] | `<agent>/<ticket number>` | empty; owned last by the agent |
//! | [`DESK`] | [`DESK_KEY`] | JSON [`CompiledDesk`] in force |
//! | [`DESK_VERSION`] | version | JSON [`VersionRow`] |
//!
//! A ticket's rows are written once, in the commit in which it is closed, cancelled, abandoned or merged; until then the
//! desk's owner knows it ([`Query::Ticket`](tandem_domain::routing::Query)), and no row would tell more than its journal.
//! Numbers have 20 digits, so that they sort; see [`number`]. An index entry leads to a ticket, whose row says what is so.
//!
//! Earlier versions wrote these rows for open tickets as well, and kept tables of agents and messages. Those rows stay
//! where they are: [`of_ended`] tells which ones count.

use serde::{Deserialize, Serialize};
use tandem_domain::routing::{RoutingEvent, TicketView};
use tandem_domain::{CompiledDesk, Event, RowChange, TicketId, TicketStatus, Timestamp};

use crate::state::State;

/// Tickets that have ended.
pub const TICKET: &str = "ticket";
/// Ended tickets by routing state.
pub const TICKET_BY_STATE: &str = "ticket_by_state";
/// Ended tickets by queue.
pub const TICKET_BY_QUEUE: &str = "ticket_by_queue";
/// Ended tickets by agent.
pub const TICKET_BY_AGENT: &str = "ticket_by_agent";
/// The desk in force.
pub const DESK: &str = "desk";
/// The one key of [`DESK`].
pub const DESK_KEY: &str = "active";
/// Every version that was ever in force.
pub const DESK_VERSION: &str = "desk_version";

/// The indices of [`TICKET`].
pub const INDICES: [&str; 3] = [TICKET_BY_STATE, TICKET_BY_QUEUE, TICKET_BY_AGENT];

/// Every table of the router's.
pub const TABLES: [&str; 6] = [
    TICKET,
    TICKET_BY_STATE,
    TICKET_BY_QUEUE,
    TICKET_BY_AGENT,
    DESK,
    DESK_VERSION,
];

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

/// Whether what stands in [`TICKET`] is a ticket that has ended, and not what an earlier version wrote of an open one.
#[must_use]
pub fn of_ended(row: &TicketView) -> bool {
    row.status == TicketStatus::Closed
}

/// The rows that `events`, applied already, have changed; each key once.
pub(crate) fn changed(state: &State, events: &[Event<RoutingEvent>]) -> Vec<RowChange> {
    let mut rows = Vec::new();
    let mut in_force = None;
    for event in events {
        if let RoutingEvent::DeskActivated(desk) = &event.body {
            rows.push(version_row(desk, event.at));
            in_force = Some(desk);
        } else if let Some(ticket) = ended_by(&event.body) {
            rows.extend(rows_of_ended(state, ticket));
        }
    }
    rows.extend(in_force.map(|desk| put(DESK, DESK_KEY.to_owned(), desk)));
    rows
}

/// The ticket that is no more after the event.
const fn ended_by(body: &RoutingEvent) -> Option<TicketId> {
    match body {
        RoutingEvent::TicketClosed { ticket }
        | RoutingEvent::TicketCancelled { ticket }
        | RoutingEvent::TicketAbandoned { ticket }
        | RoutingEvent::TicketMerged { ticket, .. } => Some(*ticket),
        _ => None,
    }
}

fn version_row(desk: &CompiledDesk, at: Timestamp) -> RowChange {
    let row = VersionRow {
        version: desk.version,
        hash: desk.hash.clone(),
        activated_at: at,
    };
    put(DESK_VERSION, number(desk.version), &row)
}

fn rows_of_ended(state: &State, id: TicketId) -> impl Iterator<Item = RowChange> {
    let view = state.view_of_closed(id);
    let view = view.expect("a ticket is remembered until its rows are written");
    let entry = |table, first: &str| RowChange {
        table,
        key: format!("{first}/{}", number(id.0)),
        value: Some(Vec::new()),
    };
    let indices = [
        Some(entry(TICKET_BY_STATE, view.state.as_str())),
        Some(entry(TICKET_BY_QUEUE, view.requirement.queue.as_str())),
        view.owner.as_ref().map(|agent| entry(TICKET_BY_AGENT, agent.as_str())),
    ];
    std::iter::once(put(TICKET, number(id.0), &view)).chain(indices.into_iter().flatten())
}

fn put(table: &'static str, key: String, value: &impl Serialize) -> RowChange {
    let value = serde_json::to_vec(value).expect("views have text keys and no fallible parts");
    RowChange {
        table,
        key,
        value: Some(value),
    }
}
