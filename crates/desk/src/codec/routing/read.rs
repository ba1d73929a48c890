//! The router's events from the journal's bytes.

use std::sync::Arc;

use tandem_domain::routing::RoutingEvent;
use tandem_domain::{Actor, Cause, Event, SignedMillis, TicketId, Trace};

use super::{Router, answer, desk, handling, offer, place};
use crate::DecodeError;
use crate::codec::common::damaged;
use crate::codec::envelope::Codec;
use crate::codec::lexicon::{Known, Lexicon};
use crate::codec::wire::{self, Fields, Value, Walk};

/// How the body of one kind is read.
type Read = fn(&Fields, &mut Lexicon) -> Result<RoutingEvent, DecodeError>;

pub(super) fn event(kind: &str, payload: &[u8], lexicon: &mut Lexicon) -> Result<Event<RoutingEvent>, DecodeError> {
    let envelope = Envelope::of(payload)?;
    let Some((name, read, body)) = envelope.body.filter(|(name, ..)| *name == kind) else {
        let is_known = Router::KINDS.contains(&kind);
        return Err(if is_known {
            damaged("body")
        } else {
            DecodeError::UnknownKind(kind.to_owned())
        });
    };
    debug_assert!(Router::KINDS.contains(&name), "{name}");
    Ok(Event {
        at: wire::time("at", envelope.at.ok_or_else(|| damaged("at"))?)?,
        actor: actor(envelope.actor, lexicon)?,
        cause: cause(envelope.cause, lexicon)?,
        trace: trace(envelope.trace, lexicon)?,
        body: read(&Fields::of(body)?, lexicon)?,
    })
}

/// The parts of an event as they lie.
#[derive(Default)]
struct Envelope<'a> {
    at: Option<&'a [u8]>,
    actor: Option<&'a [u8]>,
    cause: Option<&'a [u8]>,
    trace: &'a [u8],
    body: Option<(&'static str, Read, &'a [u8])>,
}

impl<'a> Envelope<'a> {
    fn of(payload: &'a [u8]) -> Result<Self, DecodeError> {
        let mut envelope = Self::default();
        let mut fields = Walk(payload);
        while let Some(field) = fields.next()? {
            match field {
                (1, Value::Bytes(bytes)) => envelope.at = Some(bytes),
                (2, Value::Bytes(bytes)) => envelope.actor = Some(bytes),
                (3, Value::Bytes(bytes)) => envelope.cause = Some(bytes),
                (4, Value::Bytes(bytes)) => envelope.trace = bytes,
                (number, Value::Bytes(bytes)) => {
                    if let Some((name, read)) = reader(number) {
                        envelope.body = Some((name, read, bytes));
                    }
                }
                _ => {}
            }
        }
        Ok(envelope)
    }
}

/// What a body of this number is called, and how it is read. None: a newer version added it.
fn reader(number: u64) -> Option<(&'static str, Read)> {
    Some(match number {
        10 => ("DeskActivated", desk::activated),
        11 => ("TicketOpened", place::opened),
        12 => ("MessageAdded", message_added),
        13 => ("PresenceChanged", presence_changed),
        14 => ("OfferIssued", offer::issued),
        15 => ("OfferAccepted", offer::accepted),
        16 => ("OfferDeclined", offer::declined),
        17 => ("OfferExpired", offer::expired),
        18 => ("OfferRevoked", offer::revoked),
        19 => ("TicketHeld", |event, _| {
            Ok(RoutingEvent::TicketHeld { ticket: ticket(event)? })
        }),
        20 => ("TicketResumed", |event, _| {
            Ok(RoutingEvent::TicketResumed { ticket: ticket(event)? })
        }),
        21 => ("TicketRequeued", place::requeued),
        22 => ("WrapUpStarted", wrap_up_started),
        23 => ("TicketDone", |event, _| {
            Ok(RoutingEvent::TicketDone { ticket: ticket(event)? })
        }),
        24 => ("WrapUpInterrupted", |event, _| {
            Ok(RoutingEvent::WrapUpInterrupted { ticket: ticket(event)? })
        }),
        25 => ("TicketCancelled", |event, _| {
            Ok(RoutingEvent::TicketCancelled { ticket: ticket(event)? })
        }),
        26 => ("TicketClosed", |event, _| {
            Ok(RoutingEvent::TicketClosed { ticket: ticket(event)? })
        }),
        27 => ("TicketAbandoned", |event, _| {
            Ok(RoutingEvent::TicketAbandoned { ticket: ticket(event)? })
        }),
        28 => ("AnswerAdded", answer::added),
        29 => ("AnswerDelivered", answer::delivered),
        30 => ("AnswerFailed", answer::failed),
        31 => ("PriorityChanged", priority_changed),
        40 => ("StepEntered", place::entered),
        41 => ("AgeAdjusted", age_adjusted),
        42 => ("AvailabilityChanged", availability_changed),
        43 => ("HelpOffered", handling::help_offered),
        44 => ("HelpAccepted", handling::help_accepted),
        45 => ("HelpRefused", handling::help_refused),
        46 => ("HelperLeft", handling::helper_left),
        47 => ("OwnerChanged", handling::owner_changed),
        48 => ("TicketMerged", handling::merged),
        49 => ("TicketSplit", handling::split),
        50 => ("TicketScheduled", handling::scheduled),
        _ => return None,
    })
}

fn actor(bytes: Option<&[u8]>, lexicon: &mut Lexicon) -> Result<Actor, DecodeError> {
    lexicon.actors.read(bytes.ok_or_else(|| damaged("actor"))?, |bytes| {
        let actor: Fields = Fields::of(bytes)?;
        Ok(Actor {
            role: actor.word("actor.role", 1)?,
            subject: text("actor.subject", actor.bytes("actor.subject", 2)?)?,
        })
    })
}

fn cause(bytes: Option<&[u8]>, lexicon: &mut Lexicon) -> Result<Cause, DecodeError> {
    let bytes = bytes.ok_or_else(|| damaged("cause"))?;
    if let Some(cause) = lexicon.cause.again(bytes) {
        return Ok(cause);
    }
    let kind = wire::parts(bytes).last().transpose()?;
    let cause = match kind.ok_or_else(|| damaged("cause"))? {
        (1, request) => requested(&Fields::of(request)?, &mut lexicon.methods)?,
        (2, _) => Cause::Timer,
        (3, _) => Cause::SessionLost,
        (4, event) => Cause::Event(text("cause.event", event)?),
        _ => return Err(damaged("cause")),
    };
    lexicon.cause.keep(bytes, &cause);
    Ok(cause)
}

fn requested(request: &Fields, methods: &mut Known<Arc<str>>) -> Result<Cause, DecodeError> {
    let method = request.bytes("cause.method", 1)?;
    Ok(Cause::Request {
        method: methods.read(method, |method| text("cause.method", method))?,
        id: text("cause.request_id", request.bytes("cause.request_id", 2)?)?,
    })
}

fn trace(bytes: &[u8], lexicon: &mut Lexicon) -> Result<Trace, DecodeError> {
    if let Some(trace) = lexicon.trace.again(bytes) {
        return Ok(trace);
    }
    let trace = Trace(text("traceparent", bytes)?);
    lexicon.trace.keep(bytes, &trace);
    Ok(trace)
}

fn text(field: &str, bytes: &[u8]) -> Result<Arc<str>, DecodeError> {
    str::from_utf8(bytes).map(Arc::from).map_err(|_| damaged(field))
}

pub(super) fn ticket(event: &Fields) -> Result<TicketId, DecodeError> {
    event.number("ticket_id", 1).map(TicketId)
}

fn message_added(event: &Fields, _: &mut Lexicon) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::MessageAdded {
        ticket: ticket(event)?,
        message: answer::message(event)?,
        automatic: event.flag("automatic", 3)?,
        received_at: event.time("received_at", 4)?,
    })
}

fn presence_changed(event: &Fields, lexicon: &mut Lexicon) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::PresenceChanged {
        agent: event.key("agent", 1, &mut lexicon.agents)?,
        presence: event.word("presence", 2)?,
    })
}

fn wrap_up_started(event: &Fields, _: &mut Lexicon) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::WrapUpStarted {
        ticket: ticket(event)?,
        until: event.time("until", 2)?,
    })
}

fn priority_changed(event: &Fields, _: &mut Lexicon) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::PriorityChanged {
        ticket: ticket(event)?,
        priority: event.word("priority", 2)?,
    })
}

fn age_adjusted(event: &Fields, _: &mut Lexicon) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::AgeAdjusted {
        ticket: ticket(event)?,
        by: SignedMillis(event.value(2).signed("by_millis")?),
    })
}

fn availability_changed(event: &Fields, lexicon: &mut Lexicon) -> Result<RoutingEvent, DecodeError> {
    Ok(RoutingEvent::AvailabilityChanged {
        agent: event.key("agent", 1, &mut lexicon.agents)?,
        available: event.flag("available", 2)?,
    })
}
