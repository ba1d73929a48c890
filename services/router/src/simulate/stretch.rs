//! What is asked of a dry run: which stretch, under what.

use std::time::Duration;

use tandem_domain::{CompiledDesk, ErrorCode, Timestamp};
use tandem_proto::v1;
use tandem_routing::dry_run::Assumptions;
use tandem_routing::rows::VersionRow;
use tandem_service_kit::error::ApiError;
use tandem_service_kit::fields::{FieldError, instant};

use crate::errors::Failure;

const HOUR: Duration = Duration::from_hours(1);
const MAX_EVENTS: u64 = 20_000_000;
const DEFAULT_EVENTS: u64 = 2_000_000;
const MAX_DIFFERENCES: u32 = 200;
const DEFAULT_DIFFERENCES: u32 = 20;
const MAX_PERCENT: u32 = 1_000;

/// A stretch of a desk's history, ends included, and how much of it is bearable.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    pub(crate) max_events: u64,
}

impl Stretch {
    /// Up to `now` at the latest.
    pub(crate) fn of(request: &v1::SimulateRequest, now: Timestamp) -> Result<Self, FieldError> {
        let given = |field, at: Option<prost_types::Timestamp>| at.map(|at| instant(field, Some(at))).transpose();
        let to = given("to", request.to)?.unwrap_or(now).min(now);
        let from = given("from", request.from)?.unwrap_or_else(|| to.minus(HOUR));
        if from >= to {
            return Err(FieldError::new("from", "must be before `to`, and in the past"));
        }
        let max_events = match request.max_events {
            0 => DEFAULT_EVENTS,
            events @ 1..=MAX_EVENTS => events,
            _ => return Err(FieldError::new("max_events", format!("at most {MAX_EVENTS}, or 0"))),
        };
        Ok(Self { from, to, max_events })
    }

    /// The other version; none, if it was the one in force throughout the stretch.
    pub(crate) fn other_than(&self, in_force: &VersionRow, other: CompiledDesk) -> Option<CompiledDesk> {
        let same = in_force.hash == other.hash && in_force.activated_at < self.from;
        (!same).then_some(other)
    }

    pub(super) fn too_long(&self) -> Failure {
        let message = format!(
            "the stretch has more than {} events: choose a shorter one, or raise `max_events`",
            self.max_events
        );
        ApiError::new(ErrorCode::ResourceExhausted, message).into()
    }
}

pub(crate) fn assumptions(given: Option<v1::SimulationAssumptions>) -> Result<Assumptions, FieldError> {
    let given = given.unwrap_or_default();
    let other_agents_time_percent = match given.other_agents_time_percent {
        0 => 100,
        percent @ 1..=MAX_PERCENT => percent,
        _ => {
            let field = "assumptions.other_agents_time_percent";
            return Err(FieldError::new(field, format!("1 to {MAX_PERCENT}, or 0 for 100")));
        }
    };
    Ok(Assumptions {
        other_agents_time_percent,
        declines_as_recorded: !given.nobody_declines,
        newcomers_online: !given.newcomers_absent,
    })
}

pub(crate) fn differences(given: u32) -> Result<usize, FieldError> {
    match given {
        0 => Ok(DEFAULT_DIFFERENCES as usize),
        named @ 1..=MAX_DIFFERENCES => Ok(named as usize),
        _ => Err(FieldError::new(
            "max_differences",
            format!("at most {MAX_DIFFERENCES}, or 0"),
        )),
    }
}
