//! Between the contracts' types and the domain's. Nothing else in this service reads or fills a field of a
//! ticket, an agent or a request.
//!
//! Requests become domain values through `TryFrom`; what is wrong names its field ([`FieldError`]).

mod desk;
mod enums;
mod explain;
mod ticket;
mod work;
mod write;

pub(crate) use desk::{faults, version};
pub(crate) use enums::{decline_reason, presence, presence_if_given, states};
pub(crate) use explain::{explanation, ranking};
pub(crate) use ticket::{agent, offer, ticket, work_list};
pub(crate) use work::{Start, WorkAction, work_action};
pub(crate) use write::{Write, request_id};

use std::str::FromStr;

use tandem_domain::Timestamp;

/// A request's field that cannot be what it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {allowed}")]
pub(crate) struct FieldError {
    /// The field's name in the contract.
    pub(crate) field: &'static str,
    /// What is wrong with it and what is allowed.
    pub(crate) allowed: String,
}

impl FieldError {
    /// `field` is wrong; `allowed` says what it may be.
    pub(crate) fn new(field: &'static str, allowed: impl Into<String>) -> Self {
        Self {
            field,
            allowed: allowed.into(),
        }
    }
}

/// The key in a field.
pub(crate) fn key<K: FromStr<Err: ToString>>(field: &'static str, text: &str) -> Result<K, FieldError> {
    text.parse()
        .map_err(|error: K::Err| FieldError::new(field, error.to_string()))
}

/// The key in a field that may be empty.
pub(crate) fn optional_key<K: FromStr<Err: ToString>>(
    field: &'static str,
    text: &str,
) -> Result<Option<K>, FieldError> {
    if text.is_empty() {
        Ok(None)
    } else {
        key(field, text).map(Some)
    }
}

/// The number in a field; tickets, offers and versions are counted from 1.
pub(crate) fn number(field: &'static str, number: u64) -> Result<u64, FieldError> {
    if number == 0 {
        Err(FieldError::new(field, "must be given: a number from 1"))
    } else {
        Ok(number)
    }
}

/// The instant on the wire.
pub(crate) fn timestamp(at: Timestamp) -> prost_types::Timestamp {
    let micros = at.as_micros();
    let nanos = micros.rem_euclid(1_000_000) * 1_000;
    prost_types::Timestamp {
        seconds: micros.div_euclid(1_000_000),
        nanos: i32::try_from(nanos).expect("less than a second of nanoseconds"),
    }
}

#[cfg(test)]
mod tests {
    use tandem_domain::{DeskId, Timestamp};

    use super::*;

    #[test]
    fn a_wrong_key_names_its_field_and_what_is_allowed() {
        let error = key::<DeskId>("desk", "No Desk").unwrap_err();
        assert_eq!(error.field, "desk");
        assert!(error.allowed.contains("a-z"), "{error}");
        assert_eq!(optional_key::<DeskId>("desk", ""), Ok(None));
    }

    #[test]
    fn numbers_are_counted_from_one() {
        assert_eq!(number("ticket_id", 1), Ok(1));
        assert_eq!(number("ticket_id", 0).unwrap_err().field, "ticket_id");
    }

    #[test]
    fn instants_before_the_epoch_keep_positive_nanoseconds() {
        let before = timestamp(Timestamp::from_micros(-1));
        assert_eq!((before.seconds, before.nanos), (-1, 999_999_000));
        let after = timestamp(Timestamp::from_micros(1_500_000));
        assert_eq!((after.seconds, after.nanos), (1, 500_000_000));
    }
}
