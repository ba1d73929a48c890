//! Between the contract's types and ingest's own.

use std::str::FromStr;

use tandem_domain::{AccountId, MessageId, Timestamp, Trace};
use tandem_proto::v1;
use tandem_service_kit::auth::Caller;
use tandem_service_kit::error::ApiError;
use tandem_store::{Accepted, OutboxEntry, StoreError, StoredDocument};

use crate::directory::Desk;
use crate::document::Document;
use crate::mail::{Address, Attachment};
use crate::submission::Submitted;

const REQUEST_ID: usize = 128;
const CONTACT: usize = 320;
const SUBJECT: usize = 1 << 10;
const TEXT: usize = 256 << 10;
const CONVERSATION_KEY: usize = 256;

/// A submission, checked against the contract and the desk; all that is wrong at once.
pub(super) fn submitted(
    request: v1::SubmitRequest,
    caller: &Caller,
    desk: &Desk,
    trace: Trace,
) -> Result<Submitted, ApiError> {
    request_id(&request.request_id)?;
    check_sizes(&request)?;
    let account: AccountId = parse("account", &request.account)?;
    let channel = desk.accounts.get(&account).map(|known| known.channel).ok_or_else(|| {
        let known: Vec<_> = desk.accounts.keys().map(AccountId::as_str).collect();
        ApiError::invalid_field(
            "account",
            format!("no account `{account}` on this desk; it has: {}", known.join(", ")),
        )
    })?;
    let language = (!request.language.is_empty())
        .then(|| parse("language", &request.language))
        .transpose()?;
    Ok(Submitted {
        caller: caller.principal.subject.clone(),
        request_id: request.request_id,
        account,
        channel,
        from: request.from.map(address),
        subject: one_line(&request.subject),
        text: request.text,
        conversation_key: request.conversation_key,
        language,
        automatic: request.automatic,
        trace,
    })
}

fn check_sizes(request: &v1::SubmitRequest) -> Result<(), ApiError> {
    let from = request.from.as_ref();
    let sizes = [
        ("from.address", from.map_or(0, |from| from.address.len()), CONTACT),
        ("from.name", from.map_or(0, |from| from.name.len()), CONTACT),
        ("subject", request.subject.len(), SUBJECT),
        ("text", request.text.len(), TEXT),
        ("conversation_key", request.conversation_key.len(), CONVERSATION_KEY),
    ];
    let mut too_long = sizes
        .into_iter()
        .filter(|(_, size, most)| size > most)
        .map(|(field, size, most)| (field, format!("{size} bytes are too many: at most {most}")));
    let Some((field, allowed)) = too_long.next() else {
        return Ok(());
    };
    let error = ApiError::invalid_field(field, allowed);
    Err(too_long.fold(error, |error, (field, allowed)| error.field(field, allowed)))
}

/// Every write names itself.
pub(super) fn request_id(text: &str) -> Result<(), ApiError> {
    match text.chars().count() {
        1..=REQUEST_ID => Ok(()),
        _ => Err(ApiError::invalid_field(
            "request_id",
            format!("must have 1 to {REQUEST_ID} characters"),
        )),
    }
}

pub(super) fn message_id(text: &str) -> Result<MessageId, ApiError> {
    text.parse()
        .map_err(|_| ApiError::invalid_field("message_id", "must be a UUID, as in Message.message_id"))
}

fn parse<T: FromStr<Err: ToString>>(field: &'static str, text: &str) -> Result<T, ApiError> {
    text.parse()
        .map_err(|error: T::Err| ApiError::invalid_field(field, error.to_string()))
}

fn address(contact: v1::Contact) -> Address {
    let given = |text: String| (!text.is_empty()).then(|| one_line(&text));
    Address {
        name: given(contact.name),
        address: given(contact.address),
    }
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
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
    })
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

fn contact(address: Address) -> v1::Contact {
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

    #[test]
    fn all_that_is_too_long_is_said_at_once() {
        let request = v1::SubmitRequest {
            subject: "a".repeat(2000),
            text: "a".repeat(300_000),
            ..Default::default()
        };
        let said = tonic::Status::from(check_sizes(&request).expect_err("two fields")).to_string();
        assert!(said.contains("subject") && said.contains("text"), "{said}");
    }
}
