//! The router's events as `tandem.v1.RouterEvent`.

mod answer;
mod decode;
mod desk;
mod encode;
mod intake;
mod offer;

use prost::Message;
use tandem_domain::routing::{Command, RoutingEvent};
use tandem_domain::{Event, Trace};
use tandem_proto::v1;
use tandem_proto::v1::router_event::Body;
use tandem_routing::RoutingCore;

use super::common;
use super::kinds::kinds;
use crate::{DecodeError, Encoded, Journaled};

impl Journaled for RoutingCore {
    const SERVICE: &'static str = "router";
    const LEVEL: u32 = 1;

    fn encode(event: &Event<RoutingEvent>) -> Encoded {
        let body = encode::body(&event.body);
        let kind = kind(&body);
        let message = v1::RouterEvent {
            at: Some(common::time_to_proto(event.at)),
            actor: Some(common::actor_to_proto(&event.actor)),
            cause: Some(common::cause_to_proto(&event.cause)),
            traceparent: event.trace.0.as_ref().to_owned(),
            body: Some(body),
        };
        Encoded {
            kind,
            level: 1,
            payload: message.encode_to_vec().into(),
        }
    }

    fn decode(kind: &str, payload: &[u8]) -> Result<Event<RoutingEvent>, DecodeError> {
        if !KINDS.contains(&kind) {
            return Err(DecodeError::UnknownKind(kind.to_owned()));
        }
        let message = v1::RouterEvent::decode(payload).map_err(|error| DecodeError::Damaged(error.to_string()))?;
        let body = message
            .body
            .filter(|body| self::kind(body) == kind)
            .ok_or_else(|| common::damaged("body"))?;
        Ok(Event {
            at: common::time("at", message.at)?,
            actor: common::actor(message.actor)?,
            cause: common::cause(message.cause)?,
            trace: Trace(message.traceparent.into()),
            body: decode::body(body)?,
        })
    }

    fn trace_of(&self, command: &Command) -> Option<&Trace> {
        Self::trace_of(self, command)
    }

    /// An agent's work list is announced when one of its tickets or the agent has changed, a chat's
    /// conversation when its ticket has moved or was answered.
    fn topics(&self, events: &[Event<RoutingEvent>]) -> Vec<String> {
        let agents = self.changed_work_lists(events.len()).into_iter();
        let chats = self.changed_chats(events).into_iter();
        agents
            .map(|agent| format!("agent.{agent}"))
            .chain(chats.map(|conversation| format!("conversation.{conversation}")))
            .collect()
    }
}

kinds!(
    DeskActivated,
    TicketOpened,
    MessageAdded,
    PresenceChanged,
    OfferIssued,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OfferRevoked,
    TicketHeld,
    TicketResumed,
    TicketRequeued,
    WrapUpStarted,
    TicketDone,
    WrapUpInterrupted,
    TicketCancelled,
    TicketClosed,
    TicketAbandoned,
    AnswerAdded,
    AnswerDelivered,
    AnswerFailed,
    PriorityChanged,
);
