//! Enums, both ways.

use tandem_domain::desk::Choice;
use tandem_domain::explain::Deciding;
use tandem_domain::routing::{DeclineReason, SkipReason, UndeliveredReason};
use tandem_domain::{Presence, Priority, Proficiency, RoutingState, TicketStatus};
use tandem_proto::v1;
use tandem_service_kit::fields::priority_if_given;
pub(super) use tandem_service_kit::fields::{channel, presence as presence_out, priority};

use super::FieldError;

/// The presence in a field; one must be given.
pub(crate) fn presence(field: &'static str, given: i32) -> Result<Presence, FieldError> {
    presence_if_given(field, given)?
        .ok_or_else(|| FieldError::new(field, "must be given: offline, online, away or draining"))
}

/// The presence in a field that may be unspecified.
pub(crate) fn presence_if_given(field: &'static str, given: i32) -> Result<Option<Presence>, FieldError> {
    match v1::Presence::try_from(given) {
        Ok(v1::Presence::Unspecified) => Ok(None),
        Ok(v1::Presence::Offline) => Ok(Some(Presence::Offline)),
        Ok(v1::Presence::Online) => Ok(Some(Presence::Online)),
        Ok(v1::Presence::Away) => Ok(Some(Presence::Away)),
        Ok(v1::Presence::NotResponding) => Ok(Some(Presence::NotResponding)),
        Ok(v1::Presence::Draining) => Ok(Some(Presence::Draining)),
        Err(_) => Err(FieldError::new(
            field,
            format!("{given} is no presence: use offline, online, away or draining"),
        )),
    }
}

/// The reason in a field; unspecified counts as other.
pub(crate) fn decline_reason(field: &'static str, given: i32) -> Result<DeclineReason, FieldError> {
    match v1::DeclineReason::try_from(given) {
        Ok(v1::DeclineReason::Busy) => Ok(DeclineReason::Busy),
        Ok(v1::DeclineReason::WrongSkill) => Ok(DeclineReason::WrongSkill),
        Ok(v1::DeclineReason::Conflict) => Ok(DeclineReason::Conflict),
        Ok(v1::DeclineReason::Unspecified | v1::DeclineReason::Other) => Ok(DeclineReason::Other),
        Err(_) => Err(FieldError::new(
            field,
            format!("{given} is no reason: use busy, wrong_skill, conflict or other"),
        )),
    }
}

/// The priority in a field; one must be given.
pub(crate) fn priority_given(field: &'static str, given: i32) -> Result<Priority, FieldError> {
    priority_if_given(field, given)?.ok_or_else(|| FieldError::new(field, "must be given: low, normal, high or urgent"))
}

/// The routing states in a field, each once, in order.
pub(crate) fn states(field: &'static str, given: &[i32]) -> Result<Vec<RoutingState>, FieldError> {
    let mut states = given
        .iter()
        .map(|state| one_state(field, *state))
        .collect::<Result<Vec<_>, _>>()?;
    states.sort_unstable();
    states.dedup();
    Ok(states)
}

fn one_state(field: &'static str, given: i32) -> Result<RoutingState, FieldError> {
    RoutingState::ALL
        .iter()
        .copied()
        .find(|state| routing_state(*state) as i32 == given)
        .ok_or_else(|| FieldError::new(field, format!("{given} is no routing state")))
}

pub(super) const fn routing_state(state: RoutingState) -> v1::RoutingState {
    match state {
        RoutingState::Queued => v1::RoutingState::Queued,
        RoutingState::Offered => v1::RoutingState::Offered,
        RoutingState::Assigned => v1::RoutingState::Assigned,
        RoutingState::OnHold => v1::RoutingState::OnHold,
        RoutingState::WrappingUp => v1::RoutingState::WrappingUp,
        RoutingState::Done => v1::RoutingState::Done,
        RoutingState::Cancelled => v1::RoutingState::Cancelled,
        RoutingState::Abandoned => v1::RoutingState::Abandoned,
        RoutingState::Scheduled => v1::RoutingState::Scheduled,
        RoutingState::Merged => v1::RoutingState::Merged,
    }
}

pub(super) const fn ticket_status(status: TicketStatus) -> v1::TicketStatus {
    match status {
        TicketStatus::Open => v1::TicketStatus::Open,
        TicketStatus::Pending => v1::TicketStatus::Pending,
        TicketStatus::Resolved => v1::TicketStatus::Resolved,
        TicketStatus::Closed => v1::TicketStatus::Closed,
    }
}

pub(super) const fn skip_reason(reason: SkipReason) -> v1::skipped_step::Reason {
    use v1::skipped_step::Reason;
    match reason {
        SkipReason::NobodyOnline => Reason::NobodyOnline,
        SkipReason::LongWait => Reason::LongWait,
        SkipReason::NobodyPreferred => Reason::NobodyPreferred,
        SkipReason::NobodyFits => Reason::NobodyFits,
        SkipReason::NoTime => Reason::NoTime,
    }
}

pub(super) const fn choice(choice: Choice) -> v1::Choice {
    match choice {
        Choice::LeastLoaded => v1::Choice::LeastLoaded,
        Choice::LongestIdle => v1::Choice::LongestIdle,
        Choice::BestSkilled => v1::Choice::BestSkilled,
        Choice::LeastOverSkilled => v1::Choice::LeastOverSkilled,
        Choice::RoundRobin => v1::Choice::RoundRobin,
        Choice::Cheapest => v1::Choice::Cheapest,
        Choice::Weighted => v1::Choice::Weighted,
    }
}

pub(super) const fn deciding(deciding: Option<Deciding>) -> v1::ranking::Deciding {
    use v1::ranking::Deciding as Wire;
    match deciding {
        None => Wire::Unspecified,
        Some(Deciding::Score) => Wire::Score,
        Some(Deciding::LongerIdle) => Wire::LongerIdle,
        Some(Deciding::FileOrder) => Wire::FileOrder,
        Some(Deciding::Turn) => Wire::Turn,
        Some(Deciding::Batch) => Wire::Batch,
    }
}

pub(super) const fn undelivered_reason(reason: UndeliveredReason) -> v1::UndeliveredReason {
    match reason {
        UndeliveredReason::Refused => v1::UndeliveredReason::Refused,
        UndeliveredReason::Bounced => v1::UndeliveredReason::Bounced,
        UndeliveredReason::Expired => v1::UndeliveredReason::Expired,
        UndeliveredReason::VisitorLeft => v1::UndeliveredReason::VisitorLeft,
        UndeliveredReason::NoAddress => v1::UndeliveredReason::NoAddress,
        UndeliveredReason::Declined => v1::UndeliveredReason::Declined,
    }
}

pub(super) const fn proficiency(level: Proficiency) -> v1::Proficiency {
    match level {
        Proficiency::A1 => v1::Proficiency::A1,
        Proficiency::A2 => v1::Proficiency::A2,
        Proficiency::B1 => v1::Proficiency::B1,
        Proficiency::B2 => v1::Proficiency::B2,
        Proficiency::C1 => v1::Proficiency::C1,
        Proficiency::C2 => v1::Proficiency::C2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_presence_must_be_given_and_known() {
        assert_eq!(presence("presence", v1::Presence::Away as i32), Ok(Presence::Away));
        assert_eq!(presence("presence", 0).unwrap_err().field, "presence");
        assert_eq!(presence("presence", 99).unwrap_err().field, "presence");
        assert_eq!(presence_if_given("presence", 0), Ok(None));
    }

    #[test]
    fn an_unspecified_reason_counts_as_other() {
        assert_eq!(decline_reason("reason", 0), Ok(DeclineReason::Other));
        assert_eq!(decline_reason("reason", 77).unwrap_err().field, "reason");
    }

    #[test]
    fn a_priority_must_be_given_and_known() {
        for known in Priority::ALL {
            assert_eq!(priority_given("priority", priority(*known) as i32), Ok(*known));
        }
        for unknown in [0, 99] {
            assert_eq!(priority_given("priority", unknown).unwrap_err().field, "priority");
        }
    }

    #[test]
    fn states_are_read_once_each() {
        let given = RoutingState::ALL.iter().rev().map(|state| routing_state(*state) as i32);
        let twice: Vec<i32> = given.clone().chain(given).collect();
        assert_eq!(states("states", &twice).unwrap(), RoutingState::ALL);
        assert_eq!(states("states", &[0]).unwrap_err().field, "states");
    }
}
