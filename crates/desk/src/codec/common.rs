//! What every event carries: time, actor, cause.

use prost_types::Timestamp as ProtoTime;
use tandem_domain::{Actor, Cause, Role, Timestamp};
use tandem_proto::v1;

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

pub(crate) fn time(field: &str, time: Option<ProtoTime>) -> Result<Timestamp, DecodeError> {
    let time = required(field, time)?;
    let micros = time
        .seconds
        .checked_mul(MICROS)
        .and_then(|micros| micros.checked_add(i64::from(time.nanos) / 1000));
    micros.map(Timestamp::from_micros).ok_or_else(|| damaged(field))
}

pub(crate) fn required<T>(field: &str, value: Option<T>) -> Result<T, DecodeError> {
    value.ok_or_else(|| damaged(field))
}

pub(crate) fn damaged(field: &str) -> DecodeError {
    DecodeError::Damaged(format!("`{field}` is missing or not readable"))
}

pub(crate) fn actor_to_proto(actor: &Actor) -> v1::Actor {
    v1::Actor {
        role: role_to_proto(actor.role).into(),
        subject: actor.subject.clone(),
    }
}

pub(crate) fn actor(actor: Option<v1::Actor>) -> Result<Actor, DecodeError> {
    let actor = required("actor", actor)?;
    Ok(Actor {
        role: role(actor.role())?,
        subject: actor.subject,
    })
}

fn role_to_proto(role: Role) -> v1::Role {
    match role {
        Role::Admin => v1::Role::Admin,
        Role::Supervisor => v1::Role::Supervisor,
        Role::Agent => v1::Role::Agent,
        Role::Channel => v1::Role::Channel,
        Role::Reader => v1::Role::Reader,
        Role::Service => v1::Role::Service,
    }
}

fn role(role: v1::Role) -> Result<Role, DecodeError> {
    Ok(match role {
        v1::Role::Unspecified => return Err(damaged("actor.role")),
        v1::Role::Admin => Role::Admin,
        v1::Role::Supervisor => Role::Supervisor,
        v1::Role::Agent => Role::Agent,
        v1::Role::Channel => Role::Channel,
        v1::Role::Reader => Role::Reader,
        v1::Role::Service => Role::Service,
    })
}

pub(crate) fn cause_to_proto(cause: &Cause) -> v1::Cause {
    use v1::cause::Kind;
    let kind = match cause {
        Cause::Request { method, id } => Kind::Request(v1::RequestCause {
            method: method.clone(),
            request_id: id.clone(),
        }),
        Cause::Timer => Kind::Timer(v1::TimerCause {}),
        Cause::SessionLost => Kind::SessionLost(v1::SessionLostCause {}),
        Cause::Event(id) => Kind::Event(id.clone()),
    };
    v1::Cause { kind: Some(kind) }
}

pub(crate) fn cause(cause: Option<v1::Cause>) -> Result<Cause, DecodeError> {
    use v1::cause::Kind;
    Ok(match required("cause", cause.and_then(|cause| cause.kind))? {
        Kind::Request(request) => Cause::Request {
            method: request.method,
            id: request.request_id,
        },
        Kind::Timer(_) => Cause::Timer,
        Kind::SessionLost(_) => Cause::SessionLost,
        Kind::Event(id) => Cause::Event(id),
    })
}
