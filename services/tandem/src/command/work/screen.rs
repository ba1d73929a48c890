//! What an agent sees.

use serde_json::json;
use tandem_proto::v1;

use super::input::HELP;
use crate::cli::Format;
use crate::command::answers::shown;
use crate::command::ranking;
use crate::failure::Failure;
use crate::output::{print_line, table};
use crate::view::{AgentRow, MessageRow, TicketRow, time};

/// Shows what happens, a line or a few each; as JSON, a line each.
#[derive(Clone, Copy)]
pub(super) struct Screen(pub(super) Format);

impl Screen {
    /// What can be typed.
    pub(super) fn help(self) -> Result<(), Failure> {
        match self.0 {
            Format::Text => print_line(HELP),
            Format::Json => Ok(()),
        }
    }

    /// How something went; a failure with its reason.
    pub(super) fn outcome(self, what: &str, failure: Option<&str>) -> Result<(), Failure> {
        match self.0 {
            Format::Text => print_line(&format!("{what}: {}", failure.unwrap_or("done"))),
            Format::Json => print_line(&json!({ "action": what, "failure": failure }).to_string()),
        }
    }

    /// A new offer.
    pub(super) fn offer(self, made: &v1::OfferMade) -> Result<(), Failure> {
        let offer = made.offer.clone().unwrap_or_default();
        let ticket = TicketRow::from(&made.ticket.clone().unwrap_or_default());
        let why = made.ranking.as_ref().map(ranking).unwrap_or_default();
        let until = time(offer.expires_at.as_ref());
        print_line(&match self.0 {
            Format::Json => {
                json!({ "offer": offer.offer_id, "ticket": ticket, "until": until, "why": why }).to_string()
            }
            Format::Text => format!(
                "OFFER O{}: {}, until {until}\n  why you: {why}",
                offer.offer_id,
                in_short(&ticket)
            ),
        })
    }

    /// A message; as JSON with its text, too.
    pub(super) fn message(self, message: &v1::Message) -> Result<(), Failure> {
        let row = MessageRow::from(message);
        print_line(&match self.0 {
            Format::Json => json!({ "written": row, "text": message.text }).to_string(),
            Format::Text => format!("{} · {}", row.place(), shown(&row, &message.text)),
        })
    }

    /// What to type next.
    pub(super) fn prompt(self, words: &str) -> Result<(), Failure> {
        match self.0 {
            Format::Text => print_line(words),
            Format::Json => Ok(()),
        }
    }

    /// The whole work list.
    pub(super) fn list(self, list: &v1::WorkList) -> Result<(), Failure> {
        let agent = AgentRow::from(&list.agent.clone().unwrap_or_default());
        let tickets: Vec<_> = list.tickets.iter().map(TicketRow::from).collect();
        print_line(&match self.0 {
            Format::Json => json!({ "version": list.version, "agent": agent, "tickets": tickets }).to_string(),
            Format::Text => format!(
                "{} · {} · {} of {} units\n{}",
                agent.agent,
                agent.presence,
                agent.used_units,
                agent.capacity_units,
                tickets_table(&tickets)
            ),
        })
    }
}

fn in_short(ticket: &TicketRow) -> String {
    let words = [&ticket.ticket, &ticket.queue, &ticket.language, &ticket.priority];
    let words = words.into_iter().chain(&ticket.skills).map(String::as_str);
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join(" · ")
}

fn tickets_table(tickets: &[TicketRow]) -> String {
    let cells = tickets.iter().map(|row| {
        [
            row.ticket.clone(),
            row.state.clone(),
            row.offer.map(|offer| format!("O{offer}")).unwrap_or_default(),
            row.priority.clone(),
            row.queue.clone(),
            row.language.clone(),
        ]
    });
    let header = ["TICKET", "STATE", "OFFER", "PRIORITY", "QUEUE", "LANGUAGE"];
    table(header, cells, "nothing to do")
}
