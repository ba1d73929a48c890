//! The contracts' messages as the command line shows them: names instead of numbers, times as text.

mod message;
mod request;
mod sla;
mod time;

pub(crate) use message::MessageRow;
pub(crate) use request::{channel_to_proto, on_the_wire, priority_to_proto};
pub(crate) use sla::{ClockRow, EscalationRow, NotificationRow, clock_kind, clock_row};
pub(crate) use time::{due, instant, seconds, seconds_until, since, span, time, whole_span};

use serde::Serialize;
use tandem_proto::v1;

/// A ticket.
#[derive(Debug, Serialize)]
pub(crate) struct TicketRow {
    pub(crate) ticket: String,
    pub(crate) state: String,
    pub(crate) status: String,
    pub(crate) priority: String,
    pub(crate) queue: String,
    pub(crate) channel: String,
    pub(crate) language: String,
    pub(crate) skills: Vec<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) owner: String,
    pub(crate) offered_to: String,
    pub(crate) offer: Option<u64>,
    pub(crate) messages: u64,
    /// Since when a message of the customer's has no answer; empty: none waits.
    pub(crate) waiting_since: String,
    pub(crate) answered_at: String,
    /// Why answers did not reach the customer.
    pub(crate) undelivered: Vec<String>,
    /// Whether it waits for what nobody on the desk can do, online or not.
    pub(crate) unservable: bool,
    pub(crate) opened_at: String,
    pub(crate) changed_at: String,
}

/// An agent.
#[derive(Debug, Serialize)]
pub(crate) struct AgentRow {
    pub(crate) agent: String,
    pub(crate) presence: String,
    pub(crate) used_units: u32,
    pub(crate) capacity_units: u32,
    pub(crate) tickets: Vec<String>,
    pub(crate) missed_offers: u32,
}

impl TicketRow {
    /// Whose it is: the owner, or to whom it is offered; empty where it is nobody's.
    pub(crate) fn agent(&self) -> &str {
        if self.owner.is_empty() {
            &self.offered_to
        } else {
            &self.owner
        }
    }
}

impl From<&v1::Ticket> for TicketRow {
    fn from(ticket: &v1::Ticket) -> Self {
        let requirement = ticket.requirement.clone().unwrap_or_default();
        let offer = ticket.offer.as_ref();
        Self {
            ticket: self::ticket(ticket.ticket_id),
            state: short(ticket.state().as_str_name(), "ROUTING_STATE_"),
            status: short(ticket.status().as_str_name(), "TICKET_STATUS_"),
            priority: short(ticket.priority().as_str_name(), "PRIORITY_"),
            channel: short(requirement.channel().as_str_name(), "CHANNEL_"),
            language: requirement.language.map(|level| level.language).unwrap_or_default(),
            skills: requirement
                .skills
                .iter()
                .map(|skill| format!("{}:{}", skill.skill, skill.level))
                .collect(),
            queue: requirement.queue,
            tags: ticket.tags.clone(),
            owner: ticket.owner.clone(),
            offered_to: offer.map(|offer| offer.agent.clone()).unwrap_or_default(),
            offer: offer.map(|offer| offer.offer_id),
            messages: ticket.message_count,
            waiting_since: time(ticket.waiting_since.as_ref()),
            answered_at: time(ticket.answered_at.as_ref()),
            undelivered: ticket.undelivered.iter().map(undelivered).collect(),
            unservable: ticket.unservable,
            opened_at: time(ticket.opened_at.as_ref()),
            changed_at: time(ticket.changed_at.as_ref()),
        }
    }
}

fn undelivered(answer: &v1::Undelivered) -> String {
    short(answer.reason().as_str_name(), "UNDELIVERED_REASON_")
}

impl From<&v1::Agent> for AgentRow {
    fn from(agent: &v1::Agent) -> Self {
        Self {
            agent: agent.agent.clone(),
            presence: short(agent.presence().as_str_name(), "PRESENCE_"),
            used_units: agent.used_units,
            capacity_units: agent.capacity_units,
            tickets: agent.ticket_ids.iter().map(|id| format!("T{id}")).collect(),
            missed_offers: agent.missed_offers,
        }
    }
}

/// An enum value's name without its prefix, in lower case.
pub(crate) fn short(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_ascii_lowercase()
}

/// A ticket's number as people write it; empty where there is none.
pub(crate) fn ticket(id: u64) -> String {
    if id == 0 { String::new() } else { format!("T{id}") }
}

/// So many of so many, in percent; none of none.
pub(crate) fn percent(part: u64, whole: u64) -> Option<f64> {
    // Counts of a desk fit into the 53 bits of a float.
    #[expect(clippy::cast_precision_loss, reason = "see above")]
    let share = || part as f64 * 100.0 / whole as f64;
    (whole > 0).then(share)
}

/// The text on one line and free of control characters, so that it cannot write to the terminal.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The clean text of at most `width` characters.
pub(crate) fn clip(text: &str, width: usize) -> String {
    let clean = clean(text);
    if clean.chars().count() <= width {
        return clean;
    }
    clean.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_cannot_write_to_the_terminal() {
        assert_eq!(clip("a\x1b[2Jb\nc", 20), "a [2Jb c");
        assert_eq!(clip("abcdef", 4), "abc…");
    }

    #[test]
    fn names_lose_their_prefix() {
        assert_eq!(
            short(v1::RoutingState::OnHold.as_str_name(), "ROUTING_STATE_"),
            "on_hold"
        );
    }
}
