//! Enums, both ways.

use tandem_desk::codec::routing::view::routing_state;
use tandem_domain::routing::DeclineReason;
use tandem_domain::{Presence, Priority, RoutingState};
use tandem_proto::v1;
pub(super) use tandem_service_kit::fields::channel;
use tandem_service_kit::fields::priority_if_given;

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

#[cfg(test)]
mod tests {
    use tandem_service_kit::fields::priority;

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
