//! What is done with tickets beyond serving them, as commands.

use std::time::Duration;

use sha2::{Digest, Sha256};
use tandem_domain::routing::{Command, TransferTarget};
use tandem_domain::{ConversationId, SignedMillis, TicketId, Timestamp};
use tandem_proto::v1;
use uuid::Builder;

use super::write::{Write, ticket_id};
use super::{FieldError, key, number};

/// A ticket that counts as older than this is a slip of the pen.
const LARGEST_ADJUSTMENT: Duration = Duration::from_hours(30 * 24);
/// A split names so many messages at most.
const MOST_MESSAGES: usize = 500;

impl TryFrom<v1::PullTicketRequest> for Write {
    type Error = FieldError;

    fn try_from(request: v1::PullTicketRequest) -> Result<Self, FieldError> {
        let command = Command::Pull {
            ticket: ticket_id(request.ticket_id)?,
            to: key("agent", &request.agent)?,
        };
        Self::new(&request.request_id, command)
    }
}

impl TryFrom<v1::ConsultTicketRequest> for Write {
    type Error = FieldError;

    fn try_from(request: v1::ConsultTicketRequest) -> Result<Self, FieldError> {
        use v1::consult_ticket_request::Target;
        let with = match request.target {
            Some(Target::Queue(queue)) => TransferTarget::Queue(key("queue", &queue)?),
            Some(Target::Agent(agent)) => TransferTarget::Agent(key("agent", &agent)?),
            None => return Err(FieldError::new("target", "must be given: queue or agent")),
        };
        let ticket = ticket_id(request.ticket_id)?;
        Self::new(&request.request_id, Command::Consult { ticket, with })
    }
}

impl TryFrom<v1::EndHelpRequest> for Write {
    type Error = FieldError;

    fn try_from(request: v1::EndHelpRequest) -> Result<Self, FieldError> {
        let command = Command::EndHelp {
            ticket: ticket_id(request.ticket_id)?,
            agent: key("agent", &request.agent)?,
        };
        Self::new(&request.request_id, command)
    }
}

impl TryFrom<v1::HandOverTicketRequest> for Write {
    type Error = FieldError;

    fn try_from(request: v1::HandOverTicketRequest) -> Result<Self, FieldError> {
        let command = Command::HandOver {
            ticket: ticket_id(request.ticket_id)?,
            to: key("agent", &request.agent)?,
        };
        Self::new(&request.request_id, command)
    }
}

impl TryFrom<v1::MergeTicketsRequest> for Write {
    type Error = FieldError;

    fn try_from(request: v1::MergeTicketsRequest) -> Result<Self, FieldError> {
        let command = Command::Merge {
            ticket: ticket_id(request.ticket_id)?,
            into: number("into", request.into).map(TicketId)?,
        };
        Self::new(&request.request_id, command)
    }
}

impl TryFrom<v1::ScheduleTicketRequest> for Write {
    type Error = FieldError;

    fn try_from(request: v1::ScheduleTicketRequest) -> Result<Self, FieldError> {
        let command = Command::Schedule {
            ticket: ticket_id(request.ticket_id)?,
            until: instant("until", request.until)?,
        };
        Self::new(&request.request_id, command)
    }
}

impl TryFrom<v1::AdjustTicketAgeRequest> for Write {
    type Error = FieldError;

    fn try_from(request: v1::AdjustTicketAgeRequest) -> Result<Self, FieldError> {
        let command = Command::AdjustAge {
            ticket: ticket_id(request.ticket_id)?,
            by: adjustment("by", request.by)?,
        };
        Self::new(&request.request_id, command)
    }
}

impl TryFrom<v1::SplitTicketRequest> for Write {
    type Error = FieldError;

    /// The new conversation's id follows from the request's, so that the same request is the same command. Another
    /// caller's request under the same id on the same ticket finds the conversation taken, or is refused as a repeat.
    fn try_from(request: v1::SplitTicketRequest) -> Result<Self, FieldError> {
        if request.message_ids.len() > MOST_MESSAGES {
            let most = format!("{MOST_MESSAGES} messages at most");
            return Err(FieldError::new("message_ids", most));
        }
        let messages = request.message_ids.iter().map(|id| {
            id.parse()
                .map_err(|_| FieldError::new("message_ids", format!("`{id}` is no message's id (a UUID)")))
        });
        let command = Command::Split {
            ticket: ticket_id(request.ticket_id)?,
            messages: messages.collect::<Result<_, _>>()?,
            conversation: new_conversation(&request),
        };
        Self::new(&request.request_id, command)
    }
}

fn new_conversation(request: &v1::SplitTicketRequest) -> ConversationId {
    let text = format!("split/{}/{}/{}", request.desk, request.ticket_id, request.request_id);
    let hash = Sha256::digest(text);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    ConversationId(Builder::from_custom_bytes(bytes).into_uuid())
}

/// A moment in a field; one must be given.
pub(super) fn instant(field: &'static str, given: Option<prost_types::Timestamp>) -> Result<Timestamp, FieldError> {
    let wrong = || FieldError::new(field, "must be given, as a time");
    let given = given.ok_or_else(wrong)?;
    let micros = given.seconds.checked_mul(1_000_000);
    let micros = micros.and_then(|micros| micros.checked_add(i64::from(given.nanos) / 1_000));
    micros.map(Timestamp::from_micros).ok_or_else(wrong)
}

/// By how much an age is adjusted.
pub(super) fn adjustment(
    field: &'static str,
    given: Option<prost_types::Duration>,
) -> Result<SignedMillis, FieldError> {
    let wrong = || FieldError::new(field, "must be given, and 30 days at most in either direction");
    let given = given.ok_or_else(wrong)?;
    let millis = given.seconds.checked_mul(1_000);
    let millis = millis.and_then(|millis| millis.checked_add(i64::from(given.nanos) / 1_000_000));
    let largest = LARGEST_ADJUSTMENT.as_millis();
    millis
        .filter(|millis| u128::from(millis.unsigned_abs()) <= largest)
        .map(SignedMillis)
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(request_id: &str) -> Command {
        let request = v1::SplitTicketRequest {
            desk: "acme".into(),
            request_id: request_id.into(),
            ticket_id: 7,
            message_ids: vec!["00000000-0000-0000-0000-000000000001".into()],
        };
        Write::try_from(request).unwrap().command
    }

    #[test]
    fn the_same_split_is_the_same_command_and_another_one_is_not() {
        assert_eq!(split("r-1"), split("r-1"));
        assert_ne!(split("r-1"), split("r-2"));
    }

    #[test]
    fn an_age_is_adjusted_by_a_month_at_most() {
        let by = |seconds| adjustment("by", Some(prost_types::Duration { seconds, nanos: 0 }));
        assert_eq!(by(-90), Ok(SignedMillis(-90_000)));
        assert_eq!(by(31 * 24 * 3600).unwrap_err().field, "by");
        assert_eq!(by(i64::MIN).unwrap_err().field, "by");
        assert_eq!(adjustment("by", None).unwrap_err().field, "by");
    }

    #[test]
    fn a_message_that_is_no_id_is_named() {
        let request = v1::SplitTicketRequest {
            request_id: "r-1".into(),
            ticket_id: 7,
            message_ids: vec!["first".into()],
            ..v1::SplitTicketRequest::default()
        };
        let error = Write::try_from(request).unwrap_err();
        assert_eq!(error.field, "message_ids");
        assert!(error.allowed.contains("`first`"), "{error}");
    }
}
