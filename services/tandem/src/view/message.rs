//! Messages as the command line shows them.

use serde::Serialize;
use tandem_proto::v1;

use super::{short, ticket, time};

/// A message.
#[derive(Debug, Serialize)]
pub(crate) struct MessageRow {
    pub(crate) message: String,
    pub(crate) ticket: String,
    pub(crate) unrouted_reason: String,
    /// Who speaks to whom: inbound, answer or note.
    pub(crate) direction: String,
    /// The agent who wrote it; empty where a supervisor did, or the customer.
    pub(crate) author: String,
    pub(crate) from: String,
    pub(crate) subject: String,
    pub(crate) language: String,
    pub(crate) gaps: Vec<String>,
    pub(crate) received_at: String,
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

    /// Who has written it.
    pub(crate) fn writer(&self) -> &str {
        match (self.direction.as_str(), self.author.as_str()) {
            ("answer" | "note", "") => "a supervisor",
            ("answer" | "note", author) => author,
            _ => &self.from,
        }
    }
}

impl From<&v1::Message> for MessageRow {
    fn from(message: &v1::Message) -> Self {
        Self {
            message: message.message_id.clone(),
            ticket: ticket(message.ticket_id),
            unrouted_reason: message.unrouted_reason.clone(),
            direction: short(message.direction().as_str_name(), "MESSAGE_DIRECTION_"),
            author: message.author.clone(),
            from: message.from.clone().unwrap_or_default().address,
            subject: message.subject.clone(),
            language: message.language.clone(),
            gaps: message.gaps.clone(),
            received_at: time(message.received_at.as_ref()),
        }
    }
}
