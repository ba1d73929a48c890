//! What stands around every event, whichever core it is of.

use prost::Message;
use prost_types::Timestamp as ProtoTime;
use tandem_domain::{Event, Trace};
use tandem_proto::v1;

use super::common::{actor, actor_to_proto, cause, cause_to_proto, damaged, time, time_to_proto};
use crate::{DecodeError, Encoded};

/// The journal level of every kind that there is so far.
const LEVEL: u32 = 1;

/// How one core's events are written.
pub(super) trait Codec {
    /// What happened, in the domain's words.
    type Happened;
    /// The protobuf message around it.
    type Envelope: Message + From<Parts<Self::Body>>;
    /// What happened, in protobuf.
    type Body;

    /// Every kind of event.
    const KINDS: &'static [&'static str];

    fn kind(body: &Self::Body) -> &'static str;
    fn to_body(happened: &Self::Happened) -> Self::Body;
}

/// How they are read back, where that is left to the generated code.
pub(super) trait Decode: Codec<Envelope: Default + Into<Parts<Self::Body>>> {
    fn from_body(body: Self::Body) -> Result<Self::Happened, DecodeError>;
}

/// The fields of an envelope.
pub(super) struct Parts<B> {
    pub(super) at: Option<ProtoTime>,
    pub(super) actor: Option<v1::Actor>,
    pub(super) cause: Option<v1::Cause>,
    pub(super) traceparent: String,
    pub(super) body: Option<B>,
}

pub(super) fn encode<C: Codec>(event: &Event<C::Happened>) -> Encoded {
    let body = C::to_body(&event.body);
    let kind = C::kind(&body);
    let envelope: C::Envelope = Parts {
        at: Some(time_to_proto(event.at)),
        actor: Some(actor_to_proto(&event.actor)),
        cause: Some(cause_to_proto(&event.cause)),
        traceparent: event.trace.0.as_ref().to_owned(),
        body: Some(body),
    }
    .into();
    Encoded {
        kind,
        level: LEVEL,
        payload: envelope.encode_to_vec().into(),
    }
}

pub(super) fn decode<C: Decode>(kind: &str, payload: &[u8]) -> Result<Event<C::Happened>, DecodeError> {
    if !C::KINDS.contains(&kind) {
        return Err(DecodeError::UnknownKind(kind.to_owned()));
    }
    let envelope = C::Envelope::decode(payload).map_err(|error| DecodeError::Damaged(error.to_string()))?;
    let parts = envelope.into();
    let body = parts
        .body
        .filter(|body| C::kind(body) == kind)
        .ok_or_else(|| damaged("body"))?;
    Ok(Event {
        at: time("at", parts.at)?,
        actor: actor(parts.actor)?,
        cause: cause(parts.cause)?,
        trace: Trace(parts.traceparent.into()),
        body: C::from_body(body)?,
    })
}

/// How a core's events are written: its name here, its events, its envelope, and its kinds by the names of the fields
/// that hold them.
macro_rules! codec {
    ($codec:ident of $happened:ty as $envelope:ident, [$($kind:ident),+ $(,)?]) => {
        struct $codec;

        impl Codec for $codec {
            type Happened = $happened;
            type Envelope = v1::$envelope;
            type Body = Body;

            const KINDS: &'static [&'static str] = &[$(stringify!($kind)),+];

            fn kind(body: &Body) -> &'static str {
                match body {
                    $(Body::$kind(_) => stringify!($kind)),+
                }
            }

            fn to_body(happened: &$happened) -> Body {
                encode::body(happened)
            }
        }

        impl From<Parts<Body>> for v1::$envelope {
            fn from(Parts { at, actor, cause, traceparent, body }: Parts<Body>) -> Self {
                Self { at, actor, cause, traceparent, body }
            }
        }
    };
}

pub(super) use codec;
