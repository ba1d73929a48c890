//! Requests that change something, as commands.

use tandem_domain::routing::{Command, TransferTarget};
use tandem_domain::{AgentId, OfferId, TicketId};
use tandem_proto::v1;

use super::{FieldError, decline_reason, enums::priority_given, key, number, presence, request_id};

/// A write as its caller asked for it, on the desk that the caller may touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Write {
    /// Under what it is remembered.
    pub(crate) request_id: String,
    /// What to do.
    pub(crate) command: Command,
}

impl Write {
    pub(super) fn new(id: &str, command: Command) -> Result<Self, FieldError> {
        let request_id = request_id(id)?;
        Ok(Self { request_id, command })
    }
}

pub(super) fn ticket_id(given: u64) -> Result<TicketId, FieldError> {
    number("ticket_id", given).map(TicketId)
}

/// Requests that name a ticket and nothing more.
macro_rules! ticket_write {
    ($($request:ident => $command:ident),+ $(,)?) => {$(
        impl TryFrom<v1::$request> for Write {
            type Error = FieldError;
            fn try_from(request: v1::$request) -> Result<Self, FieldError> {
                let ticket = ticket_id(request.ticket_id)?;
                Self::new(&request.request_id, Command::$command { ticket })
            }
        }
    )+};
}

ticket_write! {
    HoldTicketRequest => Hold,
    ResumeTicketRequest => Resume,
    RequeueTicketRequest => Requeue,
    ResolveTicketRequest => Resolve,
    FinishWrapUpRequest => FinishWrapUp,
    ReopenTicketRequest => Reopen,
    CancelTicketRequest => Cancel,
}

impl TryFrom<v1::TransferTicketRequest> for Write {
    type Error = FieldError;

    fn try_from(request: v1::TransferTicketRequest) -> Result<Self, FieldError> {
        use v1::transfer_ticket_request::Target;
        let to = match request.target {
            Some(Target::Queue(queue)) => TransferTarget::Queue(key("queue", &queue)?),
            Some(Target::Agent(agent)) => TransferTarget::Agent(key("agent", &agent)?),
            None => return Err(FieldError::new("target", "must be given: queue or agent")),
        };
        let ticket = ticket_id(request.ticket_id)?;
        let seen = request.seen_version;
        Self::new(&request.request_id, Command::Transfer { ticket, to, seen })
    }
}

impl TryFrom<v1::SetPriorityRequest> for Write {
    type Error = FieldError;

    fn try_from(request: v1::SetPriorityRequest) -> Result<Self, FieldError> {
        let command = Command::SetPriority {
            ticket: ticket_id(request.ticket_id)?,
            priority: priority_given("priority", request.priority)?,
            seen: request.seen_version,
        };
        Self::new(&request.request_id, command)
    }
}

impl TryFrom<v1::SetPresenceRequest> for Write {
    type Error = FieldError;

    fn try_from(request: v1::SetPresenceRequest) -> Result<Self, FieldError> {
        let agent = key("agent", &request.agent)?;
        let presence = presence("presence", request.presence)?;
        Self::new(&request.request_id, Command::SetPresence { agent, presence })
    }
}

impl TryFrom<v1::AcceptOfferRequest> for Write {
    type Error = FieldError;

    fn try_from(request: v1::AcceptOfferRequest) -> Result<Self, FieldError> {
        let agent = key("agent", &request.agent)?;
        let command = accept(agent, request.offer_id)?;
        Self::new(&request.request_id, command)
    }
}

impl TryFrom<v1::DeclineOfferRequest> for Write {
    type Error = FieldError;

    fn try_from(request: v1::DeclineOfferRequest) -> Result<Self, FieldError> {
        let agent = key("agent", &request.agent)?;
        let command = decline(agent, request.offer_id, request.reason)?;
        Self::new(&request.request_id, command)
    }
}

pub(super) fn accept(agent: AgentId, offer: u64) -> Result<Command, FieldError> {
    let offer = OfferId(number("offer_id", offer)?);
    Ok(Command::Accept { agent, offer })
}

pub(super) fn decline(agent: AgentId, offer: u64, reason: i32) -> Result<Command, FieldError> {
    let offer = OfferId(number("offer_id", offer)?);
    let reason = decline_reason("reason", reason)?;
    Ok(Command::Decline { agent, offer, reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transfer(target: Option<v1::transfer_ticket_request::Target>) -> v1::TransferTicketRequest {
        v1::TransferTicketRequest {
            desk: "acme".into(),
            request_id: "r-1".into(),
            ticket_id: 7,
            target,
            seen_version: None,
        }
    }

    #[test]
    fn a_request_id_has_1_to_128_characters() {
        assert!(request_id("é".repeat(128).as_str()).is_ok());
        for bad in ["", &"x".repeat(129)] {
            assert_eq!(request_id(bad).unwrap_err().field, "request_id");
        }
    }

    #[test]
    fn a_transfer_needs_a_target() {
        assert_eq!(Write::try_from(transfer(None)).unwrap_err().field, "target");
        let queue = v1::transfer_ticket_request::Target::Queue("billing".into());
        let write = Write::try_from(transfer(Some(queue))).unwrap();
        let to = TransferTarget::Queue("billing".parse().unwrap());
        let ticket = TicketId(7);
        let seen = None;
        assert_eq!(write.command, Command::Transfer { ticket, to, seen });
    }

    type Spoil = fn(&mut v1::DeclineOfferRequest);

    #[test]
    fn each_wrong_field_is_named() {
        let good = v1::DeclineOfferRequest {
            desk: "acme".into(),
            request_id: "r-1".into(),
            agent: "ana".into(),
            offer_id: 3,
            reason: 0,
        };
        assert!(Write::try_from(good.clone()).is_ok());
        let wrong: [(&str, Spoil); 4] = [
            ("request_id", |request| request.request_id.clear()),
            ("agent", |request| request.agent.clear()),
            ("offer_id", |request| request.offer_id = 0),
            ("reason", |request| request.reason = 99),
        ];
        for (field, spoil) in wrong {
            let mut request = good.clone();
            spoil(&mut request);
            assert_eq!(Write::try_from(request).unwrap_err().field, field);
        }
    }
}
