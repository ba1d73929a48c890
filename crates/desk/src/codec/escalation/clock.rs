//! What happens to clocks.

use tandem_domain::escalation::{ClockEvent, ClockId, EscalationEvent};
use tandem_proto::v1;
use tandem_proto::v1::escalation_event::Body;

use super::parts::{clock, clock_to_proto, terms, terms_to_proto};
use crate::DecodeError;
use crate::codec::common::{duration, duration_to_proto, optional, text, time, time_to_proto};

pub(super) fn to_proto(id: ClockId, happened: &ClockEvent) -> Body {
    let clock = Some(clock_to_proto(id));
    match happened {
        ClockEvent::Started { since, terms } => Body::ClockStarted(v1::ClockStarted {
            clock,
            since: Some(time_to_proto(*since)),
            terms: Some(terms_to_proto(terms)),
        }),
        ClockEvent::Paused { paused_at, elapsed } => Body::ClockPaused(v1::ClockPaused {
            clock,
            paused_at: Some(time_to_proto(*paused_at)),
            elapsed: Some(duration_to_proto(*elapsed)),
        }),
        ClockEvent::Resumed { since } => Body::ClockResumed(v1::ClockResumed {
            clock,
            since: Some(time_to_proto(*since)),
        }),
        ClockEvent::Met {
            met_at,
            elapsed,
            answer,
        } => Body::ClockMet(v1::ClockMet {
            clock,
            met_at: Some(time_to_proto(*met_at)),
            elapsed: Some(duration_to_proto(*elapsed)),
            answer_id: text(answer.as_ref()),
        }),
        ClockEvent::Breached { due_at, late_by } => Body::ClockBreached(v1::ClockBreached {
            clock,
            due_at: Some(time_to_proto(*due_at)),
            late_by: Some(duration_to_proto(*late_by)),
        }),
        ClockEvent::Cancelled { cancelled_at, elapsed } => Body::ClockCancelled(v1::ClockCancelled {
            clock,
            cancelled_at: Some(time_to_proto(*cancelled_at)),
            elapsed: Some(duration_to_proto(*elapsed)),
        }),
        ClockEvent::Reopened {
            reopened_at,
            since,
            elapsed,
            terms,
        } => Body::ClockReopened(v1::ClockReopened {
            clock,
            reopened_at: Some(time_to_proto(*reopened_at)),
            since: Some(time_to_proto(*since)),
            elapsed: Some(duration_to_proto(*elapsed)),
            terms: Some(terms_to_proto(terms)),
        }),
        ClockEvent::Retargeted {
            retargeted_at,
            elapsed,
            terms,
        } => Body::ClockRetargeted(v1::ClockRetargeted {
            clock,
            retargeted_at: Some(time_to_proto(*retargeted_at)),
            elapsed: Some(duration_to_proto(*elapsed)),
            terms: Some(terms_to_proto(terms)),
        }),
    }
}

fn event(key: Option<v1::ClockKey>, happened: ClockEvent) -> Result<EscalationEvent, DecodeError> {
    Ok(EscalationEvent::Clock(clock(key)?, happened))
}

pub(super) fn started(body: v1::ClockStarted) -> Result<EscalationEvent, DecodeError> {
    let happened = ClockEvent::Started {
        since: time("since", body.since)?,
        terms: terms(body.terms)?,
    };
    event(body.clock, happened)
}

pub(super) fn paused(body: v1::ClockPaused) -> Result<EscalationEvent, DecodeError> {
    let happened = ClockEvent::Paused {
        paused_at: time("paused_at", body.paused_at)?,
        elapsed: duration("elapsed", body.elapsed)?,
    };
    event(body.clock, happened)
}

pub(super) fn resumed(body: v1::ClockResumed) -> Result<EscalationEvent, DecodeError> {
    let since = time("since", body.since)?;
    event(body.clock, ClockEvent::Resumed { since })
}

pub(super) fn met(body: &v1::ClockMet) -> Result<EscalationEvent, DecodeError> {
    let happened = ClockEvent::Met {
        met_at: time("met_at", body.met_at)?,
        elapsed: duration("elapsed", body.elapsed)?,
        answer: optional("answer_id", &body.answer_id)?,
    };
    event(body.clock, happened)
}

pub(super) fn breached(body: v1::ClockBreached) -> Result<EscalationEvent, DecodeError> {
    let happened = ClockEvent::Breached {
        due_at: time("due_at", body.due_at)?,
        late_by: duration("late_by", body.late_by)?,
    };
    event(body.clock, happened)
}

pub(super) fn cancelled(body: v1::ClockCancelled) -> Result<EscalationEvent, DecodeError> {
    let happened = ClockEvent::Cancelled {
        cancelled_at: time("cancelled_at", body.cancelled_at)?,
        elapsed: duration("elapsed", body.elapsed)?,
    };
    event(body.clock, happened)
}

pub(super) fn reopened(body: v1::ClockReopened) -> Result<EscalationEvent, DecodeError> {
    let happened = ClockEvent::Reopened {
        reopened_at: time("reopened_at", body.reopened_at)?,
        since: time("since", body.since)?,
        elapsed: duration("elapsed", body.elapsed)?,
        terms: terms(body.terms)?,
    };
    event(body.clock, happened)
}

pub(super) fn retargeted(body: v1::ClockRetargeted) -> Result<EscalationEvent, DecodeError> {
    let happened = ClockEvent::Retargeted {
        retargeted_at: time("retargeted_at", body.retargeted_at)?,
        elapsed: duration("elapsed", body.elapsed)?,
        terms: terms(body.terms)?,
    };
    event(body.clock, happened)
}
