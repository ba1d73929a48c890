//! The escalation service's events as `tandem.v1.EscalationEvent`.

mod clock;
mod decode;
mod encode;
mod parts;

use std::time::Duration;

use serde::Serialize;
use tandem_domain::escalation::EscalationEvent;
use tandem_domain::routing::{Command, TransferTarget};
use tandem_domain::{DeskId, Event};
use tandem_proto::v1;
use tandem_proto::v1::escalation_event::Body;
use tandem_routing::RoutingCore;
use tandem_sla::SlaCore;

use super::envelope::{self, Codec, Decode, Parts, codec};
use crate::{DecodeError, Effect, Encoded, Journaled, Lexicon, Topic};

impl Journaled for SlaCore {
    const SERVICE: &'static str = "escalation";
    const LEVEL: u32 = 1;
    const HAS_EFFECTS: bool = true;

    fn encode(event: &Event<EscalationEvent>) -> Encoded {
        envelope::encode::<Escalation>(event)
    }

    fn read(kind: &str, payload: &[u8], _: &mut Lexicon) -> Result<Event<EscalationEvent>, DecodeError> {
        envelope::decode::<Escalation>(kind, payload)
    }

    /// What a rung asks of the router. The router refuses what is stale, by the version that the rung saw.
    fn effect(desk: &DeskId, event: &Event<EscalationEvent>) -> Option<Effect> {
        let (method, command) = match &event.body {
            EscalationEvent::PriorityRaiseAsked {
                ticket, priority, seen, ..
            } => {
                let (ticket, priority, seen) = (*ticket, *priority, Some(*seen));
                ("SetPriority", Command::SetPriority { ticket, priority, seen })
            }
            EscalationEvent::MoveAsked {
                ticket, queue, seen, ..
            } => {
                let (ticket, to, seen) = (*ticket, TransferTarget::Queue(queue.clone()), Some(*seen));
                ("TransferTicket", Command::Transfer { ticket, to, seen })
            }
            _ => return None,
        };
        Some(Effect {
            service: RoutingCore::SERVICE.to_owned(),
            desk: desk.clone(),
            method: method.to_owned(),
            command: json(&command),
        })
    }

    fn late_by(event: &Event<EscalationEvent>) -> Option<Duration> {
        match event.body {
            EscalationEvent::RungReached { late_by, .. } => Some(late_by),
            _ => None,
        }
    }

    /// Readers of clocks and escalations look again by themselves.
    fn topics(&self, _events: &[Event<EscalationEvent>]) -> Vec<Topic> {
        Vec::new()
    }
}

fn json(command: &impl Serialize) -> bytes::Bytes {
    let json = serde_json::to_vec(command).expect("commands are plain data with text keys");
    json.into()
}

impl Decode for Escalation {
    fn from_body(body: Body) -> Result<EscalationEvent, DecodeError> {
        decode::body(body)
    }
}

impl From<v1::EscalationEvent> for Parts<Body> {
    fn from(event: v1::EscalationEvent) -> Self {
        Self {
            at: event.at,
            actor: event.actor,
            cause: event.cause,
            traceparent: event.traceparent,
            body: event.body,
        }
    }
}

codec!(Escalation of EscalationEvent as EscalationEvent, [
    PlanAdopted,
    TicketFollowed,
    AnswerCounted,
    AnswerDiscounted,
    ClockStarted,
    ClockPaused,
    ClockResumed,
    ClockMet,
    ClockBreached,
    ClockCancelled,
    ClockReopened,
    ClockRetargeted,
    RungReached,
    PriorityRaiseAsked,
    MoveAsked,
    ContactsTold,
    EscalationAcknowledged,
    TicketForgotten,
    RouterFollowed,
    BegunAnew,
]);
