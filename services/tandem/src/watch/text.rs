//! The board without a screen.

use super::board::Board;
use crate::output::table;
use crate::view::{due, span};

/// The board as lists, one below the other.
pub(super) fn render(board: &Board) -> String {
    let parts = [
        format!("{} at {}", board.desk, board.at),
        queues(board),
        agents(board),
        clocks(board),
        events(board),
        today(board),
    ];
    parts.join("\n\n")
}

fn queues(board: &Board) -> String {
    let cells = board.queues.iter().map(|queue| {
        [
            queue.queue.clone(),
            queue.waiting.to_string(),
            queue.oldest_seconds.map(span).unwrap_or_default(),
            queue.offered.to_string(),
            queue.assigned.to_string(),
            queue.on_hold.to_string(),
            queue.wrapping_up.to_string(),
        ]
    });
    let header = [
        "QUEUE", "WAITING", "OLDEST", "OFFERED", "ASSIGNED", "ON HOLD", "WRAP-UP",
    ];
    table(header, cells, "no queues")
}

fn agents(board: &Board) -> String {
    let cells = board.agents.iter().map(|agent| {
        [
            agent.agent.clone(),
            agent.presence.clone(),
            agent.presence_seconds.map(span).unwrap_or_default(),
            format!("{}/{}", agent.used_units, agent.capacity_units),
            agent.offered.to_string(),
            agent.assigned.to_string(),
            agent.on_hold.to_string(),
            agent.wrapping_up.to_string(),
        ]
    });
    let header = [
        "AGENT", "PRESENCE", "FOR", "UNITS", "OFFERED", "ASSIGNED", "ON HOLD", "WRAP-UP",
    ];
    table(header, cells, "no agents")
}

fn clocks(board: &Board) -> String {
    let cells = board.clocks.iter().map(|clock| {
        [
            clock.ticket.clone(),
            clock.clock.clone(),
            clock.state.clone(),
            due(clock.left_seconds),
            clock.queue.clone(),
        ]
    });
    table(["TICKET", "CLOCK", "STATE", "DUE", "QUEUE"], cells, "no clock runs")
}

fn events(board: &Board) -> String {
    let cells = board
        .events
        .iter()
        .map(|event| [event.at.clone(), event.ticket.clone(), event.what.clone()]);
    table(["AT", "TICKET", "WHAT"], cells, "nothing has happened yet")
}

fn today(board: &Board) -> String {
    let today = &board.today;
    let level = today.service_level_percent;
    let level = level
        .map(|level| format!(", service level {level:.0} %"))
        .unwrap_or_default();
    format!(
        "today: {} received, {} accepted, {} resolved, {} abandoned{level}",
        today.received, today.accepted, today.resolved, today.abandoned
    )
}
