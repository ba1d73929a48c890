//! What an agent sees.

use serde_json::json;
use tandem_proto::v1;

use crate::cli::Format;
use crate::command::ranking;
use crate::output::table;
use crate::view::{AgentRow, TicketRow, time};

/// A new offer.
pub fn offer(made: &v1::OfferMade, output: Format) -> String {
    let offer = made.offer.clone().unwrap_or_default();
    let ticket = TicketRow::from(&made.ticket.clone().unwrap_or_default());
    let why = made.ranking.as_ref().map(ranking).unwrap_or_default();
    let until = time(offer.expires_at.as_ref());
    if output == Format::Json {
        return json!({ "offer": offer.offer_id, "ticket": ticket, "until": until, "why": why }).to_string();
    }
    format!(
        "OFFER O{}  {} {} {} {}  until {until}\n  why you: {why}",
        offer.offer_id,
        ticket.ticket,
        ticket.queue,
        ticket.language,
        ticket.skills.join(" ")
    )
}

/// The whole work list.
pub fn list(list: &v1::WorkList, output: Format) -> String {
    let agent = AgentRow::from(&list.agent.clone().unwrap_or_default());
    let tickets: Vec<_> = list.tickets.iter().map(TicketRow::from).collect();
    if output == Format::Json {
        return json!({ "version": list.version, "agent": agent, "tickets": tickets }).to_string();
    }
    let rows = tickets.iter().map(|row| {
        let offer = row.offer.map(|offer| format!("O{offer}")).unwrap_or_default();
        [
            row.ticket.clone(),
            row.state.clone(),
            offer,
            row.priority.clone(),
            row.queue.clone(),
            row.language.clone(),
        ]
    });
    let head = format!(
        "{} · {} · {} of {} units",
        agent.agent, agent.presence, agent.used_units, agent.capacity_units
    );
    format!(
        "{head}\n{}",
        table(
            ["TICKET", "STATE", "OFFER", "PRIORITY", "QUEUE", "LANGUAGE"],
            rows,
            "nothing to do"
        )
    )
}
