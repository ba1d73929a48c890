//! What comes up an agent's stream.

use tandem_domain::routing::Command;
use tandem_domain::{AgentId, DeskId, Presence};
use tandem_proto::v1;
use v1::work_request::Action;

use super::write::{accept, decline};
use super::{FieldError, presence, presence_if_given, request_id};

/// The first message of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    /// The desk's key as given; may be malformed or foreign.
    pub(crate) desk: String,
    /// The agent's key as given; may be malformed or somebody else's.
    pub(crate) agent: String,
    /// What the agent is doing from now on, if that is said.
    pub(crate) presence: Option<Presence>,
    /// The caller's request id; may be empty, since a stream is begun once.
    pub(crate) request_id: String,
}

impl TryFrom<v1::WorkRequest> for Start {
    type Error = FieldError;

    fn try_from(request: v1::WorkRequest) -> Result<Self, FieldError> {
        let Some(Action::Start(start)) = request.action else {
            return Err(FieldError::new("start", "must be the first message of the stream"));
        };
        Ok(Self {
            desk: request.desk,
            agent: start.agent,
            presence: presence_if_given("start.presence", start.presence)?,
            request_id: request.request_id,
        })
    }
}

/// What a later message of a stream asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WorkAction {
    /// To carry this out.
    Do(Command),
    /// Nothing: it was a sign of life.
    Nothing,
}

/// The action of a later message on the stream of `agent` on `desk`.
pub(crate) fn work_action(request: &v1::WorkRequest, desk: &DeskId, agent: &AgentId) -> Result<WorkAction, FieldError> {
    if !request.desk.is_empty() && request.desk != desk.as_str() {
        return Err(FieldError::new(
            "desk",
            format!("must be empty or `{desk}`, as in `start`"),
        ));
    }
    let agent = agent.clone();
    let command = match &request.action {
        Some(Action::Accept(work)) => accept(agent, work.offer_id)?,
        Some(Action::Decline(work)) => decline(agent, work.offer_id, work.reason)?,
        Some(Action::Presence(given)) => Command::SetPresence {
            agent,
            presence: presence("presence", *given)?,
        },
        Some(Action::Heartbeat(v1::KeepAlive {})) => return Ok(WorkAction::Nothing),
        Some(Action::Start(_)) => return Err(FieldError::new("start", "has been sent already")),
        None => {
            return Err(FieldError::new(
                "action",
                "must be given: accept, decline, presence or heartbeat",
            ));
        }
    };
    request_id(&request.request_id)?;
    Ok(WorkAction::Do(command))
}

#[cfg(test)]
mod tests {
    use tandem_domain::OfferId;

    use super::*;

    fn request(request_id: &str, action: Option<Action>) -> v1::WorkRequest {
        v1::WorkRequest {
            desk: String::new(),
            request_id: request_id.into(),
            action,
        }
    }

    fn read(request: &v1::WorkRequest) -> Result<WorkAction, FieldError> {
        work_action(request, &"acme".parse().unwrap(), &"ana".parse().unwrap())
    }

    #[test]
    fn the_first_message_must_be_start() {
        let beat = request("", Some(Action::Heartbeat(v1::KeepAlive {})));
        assert_eq!(Start::try_from(beat).unwrap_err().field, "start");
        let start = Action::Start(v1::StartWork {
            agent: "ana".into(),
            presence: 0,
        });
        let named = v1::WorkRequest {
            desk: "acme".into(),
            ..request("", Some(start))
        };
        assert_eq!(Start::try_from(named).unwrap().presence, None);
    }

    #[test]
    fn an_accept_acts_as_the_agent_of_the_stream() {
        let accept = request("r-1", Some(Action::Accept(v1::AcceptWork { offer_id: 4 })));
        let command = Command::Accept {
            agent: "ana".parse().unwrap(),
            offer: OfferId(4),
        };
        assert_eq!(read(&accept), Ok(WorkAction::Do(command)));
    }

    #[test]
    fn each_wrong_message_names_its_field() {
        let accept = Action::Accept(v1::AcceptWork { offer_id: 4 });
        let elsewhere = v1::WorkRequest {
            desk: "globex".into(),
            ..request("r-1", Some(accept.clone()))
        };
        let start = Action::Start(v1::StartWork::default());
        for (field, wrong) in [
            ("desk", elsewhere),
            ("request_id", request("", Some(accept))),
            (
                "offer_id",
                request("r-1", Some(Action::Accept(v1::AcceptWork::default()))),
            ),
            ("presence", request("r-1", Some(Action::Presence(0)))),
            ("start", request("r-1", Some(start))),
            ("action", request("r-1", None)),
        ] {
            assert_eq!(read(&wrong).unwrap_err().field, field);
        }
    }

    #[test]
    fn a_heartbeat_needs_no_request_id() {
        let beat = request("", Some(Action::Heartbeat(v1::KeepAlive {})));
        assert_eq!(read(&beat), Ok(WorkAction::Nothing));
    }
}
