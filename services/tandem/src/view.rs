//! The contracts' messages as the command line shows them: names instead of numbers, times as text.

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

/// A message, without its text.
#[derive(Debug, Serialize)]
pub(crate) struct MessageRow {
    pub(crate) message: String,
    pub(crate) ticket: String,
    pub(crate) unrouted_reason: String,
    pub(crate) from: String,
    pub(crate) subject: String,
    pub(crate) language: String,
    pub(crate) gaps: Vec<String>,
    pub(crate) received_at: String,
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

impl MessageRow {
    /// On which ticket it is, or why on none.
    pub(crate) fn place(&self) -> &str {
        match (self.ticket.as_str(), self.unrouted_reason.as_str()) {
            ("", "") => "on its way",
            ("", reason) => reason,
            (ticket, _) => ticket,
        }
    }
}

impl From<&v1::Ticket> for TicketRow {
    fn from(ticket: &v1::Ticket) -> Self {
        let requirement = ticket.requirement.clone().unwrap_or_default();
        let offer = ticket.offer.as_ref();
        Self {
            ticket: format!("T{}", ticket.ticket_id),
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
            opened_at: time(ticket.opened_at.as_ref()),
            changed_at: time(ticket.changed_at.as_ref()),
        }
    }
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

impl From<&v1::Message> for MessageRow {
    fn from(message: &v1::Message) -> Self {
        Self {
            message: message.message_id.clone(),
            ticket: if message.ticket_id == 0 {
                String::new()
            } else {
                format!("T{}", message.ticket_id)
            },
            unrouted_reason: message.unrouted_reason.clone(),
            from: message.from.clone().unwrap_or_default().address,
            subject: message.subject.clone(),
            language: message.language.clone(),
            gaps: message.gaps.clone(),
            received_at: time(message.received_at.as_ref()),
        }
    }
}

/// An enum value's name without its prefix, in lower case.
pub(crate) fn short(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_ascii_lowercase()
}

/// RFC 3339, to the second; empty where there is none.
pub(crate) fn time(timestamp: Option<&prost_types::Timestamp>) -> String {
    let instant = timestamp.and_then(|at| jiff::Timestamp::new(at.seconds, at.nanos).ok());
    instant
        .map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        .unwrap_or_default()
}

/// The text of at most `width` characters, on one line and free of control characters.
pub(crate) fn clip(text: &str, width: usize) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
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
