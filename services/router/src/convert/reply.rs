//! Answers and notes, on their way in.

use tandem_domain::TicketId;
use tandem_domain::routing::AfterAnswer;
use tandem_proto::v1;

use super::{FieldError, number, request_id};

/// An answer or a note as its author wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Draft {
    /// Under what it is remembered.
    pub(crate) request_id: String,
    /// The ticket.
    pub(crate) ticket: TicketId,
    /// What to say; ingest says how long it may be.
    pub(crate) text: String,
    /// Whether the customer sees it.
    pub(crate) visible: bool,
    /// What becomes of the ticket.
    pub(crate) then: AfterAnswer,
}

impl TryFrom<v1::ReplyRequest> for Draft {
    type Error = FieldError;

    fn try_from(request: v1::ReplyRequest) -> Result<Self, FieldError> {
        if request.text.trim().is_empty() {
            return Err(FieldError::new("text", "must be given: what is to be said"));
        }
        Ok(Self {
            request_id: request_id(&request.request_id)?,
            ticket: number("ticket_id", request.ticket_id).map(TicketId)?,
            visible: !request.internal,
            then: after_answer("then", request.then)?,
            text: request.text,
        })
    }
}

fn after_answer(field: &'static str, given: i32) -> Result<AfterAnswer, FieldError> {
    match v1::AfterAnswer::try_from(given) {
        Ok(v1::AfterAnswer::Unspecified | v1::AfterAnswer::Keep) => Ok(AfterAnswer::Keep),
        Ok(v1::AfterAnswer::AwaitCustomer) => Ok(AfterAnswer::AwaitCustomer),
        Ok(v1::AfterAnswer::Resolve) => Ok(AfterAnswer::Resolve),
        Err(_) => Err(FieldError::new(
            field,
            format!("{given} is none of keep, await_customer and resolve"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> v1::ReplyRequest {
        v1::ReplyRequest {
            desk: "acme".into(),
            request_id: "r-1".into(),
            ticket_id: 7,
            text: "Wir sehen nach.".into(),
            internal: false,
            then: 0,
        }
    }

    #[test]
    fn an_answer_is_public_and_keeps_the_ticket_unless_it_says_otherwise() {
        let draft = Draft::try_from(request()).unwrap();
        assert_eq!((draft.visible, draft.then), (true, AfterAnswer::Keep));
        let note = v1::ReplyRequest {
            internal: true,
            then: v1::AfterAnswer::Resolve.into(),
            ..request()
        };
        let draft = Draft::try_from(note).unwrap();
        assert_eq!((draft.visible, draft.then), (false, AfterAnswer::Resolve));
    }

    type Spoil = fn(&mut v1::ReplyRequest);

    #[test]
    fn each_wrong_field_is_named() {
        let wrong: [(&str, Spoil); 4] = [
            ("request_id", |request| request.request_id.clear()),
            ("ticket_id", |request| request.ticket_id = 0),
            ("text", |request| request.text = " \n\t ".into()),
            ("then", |request| request.then = 99),
        ];
        for (field, spoil) in wrong {
            let mut request = request();
            spoil(&mut request);
            assert_eq!(Draft::try_from(request).unwrap_err().field, field);
        }
    }
}
