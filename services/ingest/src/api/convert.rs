//! Between the contract's types and ingest's own.

mod answer;
mod submission;

use tandem_domain::{MessageId, Timestamp};
use tandem_proto::v1;
use tandem_service_kit::error::ApiError;
use tandem_store::{Accepted, OutboxEntry, StoreError, StoredDocument};

use crate::document::{Direction, Document};
use crate::mail::{Address, Attachment};

pub(super) use answer::{answer, delivery, not_kept};
pub(super) use submission::submitted;

/// Characters of a request id at most.
const REQUEST_ID: usize = 128;

/// Every write names itself.
pub(super) fn request_id(text: &str) -> Result<(), ApiError> {
    check_request_id(text).map_err(|allowed| ApiError::invalid_field("request_id", allowed))
}

/// Otherwise, what is allowed.
fn check_request_id(text: &str) -> Result<(), String> {
    match text.chars().count() {
        1..=REQUEST_ID => Ok(()),
        _ => Err(format!("must have 1 to {REQUEST_ID} characters")),
    }
}

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
        received_at: Some(time(stored.received_at)),
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

const fn channel(channel: tandem_domain::Channel) -> v1::Channel {
    use tandem_domain::Channel;
    match channel {
        Channel::Email => v1::Channel::Email,
        Channel::Chat => v1::Channel::Chat,
        Channel::Phone => v1::Channel::Phone,
        Channel::Social => v1::Channel::Social,
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
        parked_at: Some(time(entry.since)),
    }
}

fn time(at: Timestamp) -> prost_types::Timestamp {
    let (seconds, micros) = (
        at.as_micros().div_euclid(1_000_000),
        at.as_micros().rem_euclid(1_000_000),
    );
    let nanos = i32::try_from(micros * 1_000).expect("less than a second of nanoseconds fits");
    prost_types::Timestamp { seconds, nanos }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_their_microseconds() {
        let at = time(Timestamp::from_micros(1_500_001));
        assert_eq!((at.seconds, at.nanos), (1, 500_001_000));
        let early = time(Timestamp::from_micros(-1));
        assert_eq!((early.seconds, early.nanos), (-1, 999_999_000));
    }

    #[test]
    fn a_request_id_has_1_to_128_characters() {
        assert!(request_id("").is_err());
        assert!(request_id(&"ü".repeat(128)).is_ok());
        assert!(request_id(&"a".repeat(129)).is_err());
    }
}
