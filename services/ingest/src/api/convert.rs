//! Between the contract's types and ingest's own.

mod answer;
mod submission;

use tandem_domain::MessageId;
use tandem_proto::v1;
use tandem_service_kit::error::ApiError;
use tandem_service_kit::fields::{channel, timestamp};
use tandem_store::{Accepted, OutboxEntry, StoreError, StoredDocument};

use crate::document::{Direction, Document};
use crate::mail::{Address, Attachment};

pub(super) use answer::{answer, delivery, not_kept};
pub(super) use submission::submitted;
pub(super) use tandem_service_kit::fields::request_id;

pub(super) fn message_id(text: &str) -> Result<MessageId, ApiError> {
    text.parse()
        .map_err(|_| ApiError::invalid_field("message_id", "must be a UUID, as in Message.message_id"))
}

pub(super) fn accepted(accepted: &Accepted) -> v1::SubmitResponse {
    v1::SubmitResponse {
        message_id: accepted.id.to_string(),
        conversation_id: accepted.conversation.map(|id| id.to_string()).unwrap_or_default(),
        duplicate: accepted.duplicate,
    }
}

pub(super) fn message(stored: &StoredDocument) -> Result<v1::Message, StoreError> {
    let document = Document::decode(&stored.id.0, &stored.body)?;
    let confidence = document.language.as_ref().map_or(0.0, |language| language.confidence);
    Ok(v1::Message {
        message_id: stored.id.to_string(),
        conversation_id: stored.conversation.map(|id| id.to_string()).unwrap_or_default(),
        ticket_id: stored.ticket.unwrap_or(0),
        unrouted_reason: stored.unrouted.clone().unwrap_or_default(),
        account: document.account.to_string(),
        channel: channel(document.channel).into(),
        from: document.from.map(contact),
        subject: document.subject,
        text: document.text,
        attachments: document.attachments.into_iter().map(attachment).collect(),
        language: document
            .language
            .map(|language| language.tag.to_string())
            .unwrap_or_default(),
        language_confidence: confidence,
        gaps: document.gaps.iter().map(ToString::to_string).collect(),
        rules: document.rules,
        received_at: Some(timestamp(stored.received_at)),
        direction: direction(document.direction).into(),
        author: document.author.map(|agent| agent.to_string()).unwrap_or_default(),
    })
}

const fn direction(direction: Direction) -> v1::MessageDirection {
    match direction {
        Direction::Inbound => v1::MessageDirection::Inbound,
        Direction::Answer => v1::MessageDirection::Answer,
        Direction::Note => v1::MessageDirection::Note,
    }
}

pub(crate) fn contact(address: Address) -> v1::Contact {
    v1::Contact {
        address: address.address.unwrap_or_default(),
        name: address.name.unwrap_or_default(),
    }
}

fn attachment(attachment: Attachment) -> v1::Attachment {
    v1::Attachment {
        name: attachment.name.unwrap_or_default(),
        media_type: attachment.claimed_type,
        size_bytes: attachment.size,
        sha256: attachment.sha256,
    }
}

pub(super) fn parked(entry: OutboxEntry) -> v1::ParkedItem {
    v1::ParkedItem {
        parked_id: entry.id.to_string(),
        what: format!("message, tried {} times", entry.attempts),
        reason: entry.parked.unwrap_or_default(),
        parked_at: Some(timestamp(entry.since)),
    }
}
