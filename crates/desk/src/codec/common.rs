//! What every event carries: time, actor, cause; and how parts are read.

use std::str::FromStr;
use std::time::Duration;

use prost_types::{Duration as ProtoDuration, Timestamp as ProtoTime};
use tandem_domain::{Actor, Cause, Timestamp};
use tandem_proto::v1;

use super::words::Word;
use crate::DecodeError;

const MICROS: i64 = 1_000_000;

pub(crate) fn time_to_proto(at: Timestamp) -> ProtoTime {
    let micros = at.as_micros();
    let nanos = i32::try_from(micros.rem_euclid(MICROS) * 1000).expect("less than a second in nanoseconds");
    ProtoTime {
        seconds: micros.div_euclid(MICROS),
        nanos,
    }
}

pub(super) fn time(field: &str, time: Option<ProtoTime>) -> Result<Timestamp, DecodeError> {
    let time = required(field, time)?;
    let micros = time
        .seconds
        .checked_mul(MICROS)
        .and_then(|micros| micros.checked_add(i64::from(time.nanos) / 1000));
    micros.map(Timestamp::from_micros).ok_or_else(|| damaged(field))
}

/// Longer than any protobuf duration is as long as the longest.
pub(super) fn duration_to_proto(duration: Duration) -> ProtoDuration {
    let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    let nanos = i32::try_from(duration.subsec_nanos()).expect("less than a second in nanoseconds");
    ProtoDuration { seconds, nanos }
}

pub(super) fn duration(field: &str, duration: Option<ProtoDuration>) -> Result<Duration, DecodeError> {
    Duration::try_from(required(field, duration)?).map_err(|_| damaged(field))
}

pub(super) fn required<T>(field: &str, value: Option<T>) -> Result<T, DecodeError> {
    value.ok_or_else(|| damaged(field))
}

/// A key, an id or a language tag.
pub(super) fn parsed<T: FromStr>(field: &str, text: &str) -> Result<T, DecodeError> {
    text.parse().map_err(|_| damaged(field))
}

/// Keys, collected.
pub(super) fn parsed_all<T: FromStr, L: FromIterator<T>>(field: &str, texts: &[String]) -> Result<L, DecodeError> {
    texts.iter().map(|text| parsed(field, text)).collect()
}

/// Text that may be empty, for something that may be absent.
pub(super) fn optional<T: FromStr>(field: &str, text: &str) -> Result<Option<T>, DecodeError> {
    if text.is_empty() {
        Ok(None)
    } else {
        parsed(field, text).map(Some)
    }
}

/// A number that is smaller than protobuf's numbers are.
pub(super) fn narrow<T: TryFrom<u32>>(field: &str, number: u32) -> Result<T, DecodeError> {
    number.try_into().map_err(|_| damaged(field))
}

/// Empty for nothing.
pub(super) fn text<T: ToString>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

pub(super) fn texts<T: ToString>(values: impl IntoIterator<Item = T>) -> Vec<String> {
    values.into_iter().map(|value| value.to_string()).collect()
}

pub(super) fn damaged(field: &str) -> DecodeError {
    DecodeError::Damaged(format!("`{field}` is missing or not readable"))
}

pub(crate) fn actor_to_proto(actor: &Actor) -> v1::Actor {
    v1::Actor {
        role: actor.role.to_proto(),
        subject: actor.subject.as_ref().to_owned(),
    }
}

pub(crate) fn actor(actor: Option<v1::Actor>) -> Result<Actor, DecodeError> {
    let actor = required("actor", actor)?;
    Ok(Actor {
        role: Word::from_proto("actor.role", actor.role)?,
        subject: actor.subject.into(),
    })
}

pub(super) fn cause_to_proto(cause: &Cause) -> v1::Cause {
    use v1::cause::Kind;
    let kind = match cause {
        Cause::Request { method, id } => Kind::Request(v1::RequestCause {
            method: method.as_ref().to_owned(),
            request_id: id.as_ref().to_owned(),
        }),
        Cause::Timer => Kind::Timer(v1::TimerCause {}),
        Cause::SessionLost => Kind::SessionLost(v1::SessionLostCause {}),
        Cause::Event(id) => Kind::Event(id.as_ref().to_owned()),
    };
    v1::Cause { kind: Some(kind) }
}

pub(super) fn cause(cause: Option<v1::Cause>) -> Result<Cause, DecodeError> {
    use v1::cause::Kind;
    Ok(match required("cause", cause.and_then(|cause| cause.kind))? {
        Kind::Request(request) => Cause::Request {
            method: request.method.into(),
            id: request.request_id.into(),
        },
        Kind::Timer(_) => Cause::Timer,
        Kind::SessionLost(_) => Cause::SessionLost,
        Kind::Event(id) => Cause::Event(id.into()),
    })
}
