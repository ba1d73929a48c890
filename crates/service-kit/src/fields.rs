//! Fields of requests and answers: what every service reads and writes alike.

use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use tandem_domain::{Channel, Presence, Priority, Timestamp};
use tandem_proto::v1;

use crate::error::ApiError;

/// The years 1 to 9999 in seconds since 1970, as `google.protobuf.Timestamp` allows.
const CALENDAR: RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// Characters of a request id at most.
const LONGEST_REQUEST_ID: usize = 128;

/// A request's field that cannot be what it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {allowed}")]
pub struct FieldError {
    /// The field's name in the contract.
    pub field: &'static str,
    /// What is wrong with it and what is allowed.
    pub allowed: String,
}

impl FieldError {
    /// `field` is wrong; `allowed` says what it may be.
    pub fn new(field: &'static str, allowed: impl Into<String>) -> Self {
        Self {
            field,
            allowed: allowed.into(),
        }
    }
}

impl From<FieldError> for ApiError {
    fn from(error: FieldError) -> Self {
        Self::invalid_field(error.field, error.allowed)
    }
}

/// The key in a field.
///
/// # Errors
/// If it is none.
pub fn key<K: FromStr<Err: ToString>>(field: &'static str, text: &str) -> Result<K, FieldError> {
    text.parse()
        .map_err(|error: K::Err| FieldError::new(field, error.to_string()))
}

/// The key in a field that may be empty.
///
/// # Errors
/// If it is neither empty nor a key.
pub fn optional_key<K: FromStr<Err: ToString>>(field: &'static str, text: &str) -> Result<Option<K>, FieldError> {
    if text.is_empty() {
        Ok(None)
    } else {
        key(field, text).map(Some)
    }
}

/// The number in a field; tickets, offers and versions are counted from 1.
///
/// # Errors
/// If it is 0.
pub fn number(field: &'static str, number: u64) -> Result<u64, FieldError> {
    if number == 0 {
        Err(FieldError::new(field, "must be given: a number from 1"))
    } else {
        Ok(number)
    }
}

/// The priority in a field that may be unspecified.
///
/// # Errors
/// If it is none.
pub fn priority_if_given(field: &'static str, given: i32) -> Result<Option<Priority>, FieldError> {
    if given == v1::Priority::Unspecified as i32 {
        return Ok(None);
    }
    let mut known = Priority::ALL.iter().copied();
    known
        .find(|known| priority(*known) as i32 == given)
        .map(Some)
        .ok_or_else(|| {
            FieldError::new(
                field,
                format!("{given} is no priority: use low, normal, high or urgent"),
            )
        })
}

/// The request id that every write needs.
///
/// # Errors
/// If it is empty or too long.
pub fn request_id(given: &str) -> Result<String, FieldError> {
    match given.chars().count() {
        1..=LONGEST_REQUEST_ID => Ok(given.to_owned()),
        _ => Err(FieldError::new(
            "request_id",
            "must be given: 1 to 128 characters of your choosing, new for each write",
        )),
    }
}

/// The instant in a field; it must be given.
///
/// # Errors
/// If it is absent, or no time of this calendar.
pub fn instant(field: &'static str, given: Option<prost_types::Timestamp>) -> Result<Timestamp, FieldError> {
    let given = given.ok_or_else(|| FieldError::new(field, "must be given: an instant"))?;
    let nanos = u32::try_from(given.nanos).ok().filter(|nanos| *nanos < 1_000_000_000);
    let micros = nanos.and_then(|nanos| {
        let micros = given.seconds.checked_mul(1_000_000)?;
        micros.checked_add(i64::from(nanos / 1_000))
    });
    let in_calendar = micros.filter(|_| CALENDAR.contains(&given.seconds));
    in_calendar
        .map(Timestamp::from_micros)
        .ok_or_else(|| FieldError::new(field, "is no time between the years 1 and 9999"))
}

/// The instant on the wire.
///
/// # Panics
/// Never: less than a second of nanoseconds fits.
#[must_use]
pub fn timestamp(at: Timestamp) -> prost_types::Timestamp {
    let micros = at.as_micros();
    let nanos = micros.rem_euclid(1_000_000) * 1_000;
    prost_types::Timestamp {
        seconds: micros.div_euclid(1_000_000),
        nanos: i32::try_from(nanos).expect("less than a second of nanoseconds"),
    }
}

/// The duration on the wire.
///
/// # Panics
/// Never: less than a second of nanoseconds fits.
#[must_use]
pub fn duration(duration: Duration) -> prost_types::Duration {
    prost_types::Duration {
        seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(duration.subsec_nanos()).expect("less than a second of nanoseconds"),
    }
}

/// The channel on the wire.
#[must_use]
pub const fn channel(channel: Channel) -> v1::Channel {
    match channel {
        Channel::Email => v1::Channel::Email,
        Channel::Chat => v1::Channel::Chat,
        Channel::Phone => v1::Channel::Phone,
        Channel::Social => v1::Channel::Social,
    }
}

/// The priority on the wire.
#[must_use]
pub const fn priority(priority: Priority) -> v1::Priority {
    match priority {
        Priority::Low => v1::Priority::Low,
        Priority::Normal => v1::Priority::Normal,
        Priority::High => v1::Priority::High,
        Priority::Urgent => v1::Priority::Urgent,
    }
}

/// The presence on the wire.
#[must_use]
pub const fn presence(presence: Presence) -> v1::Presence {
    match presence {
        Presence::Offline => v1::Presence::Offline,
        Presence::Online => v1::Presence::Online,
        Presence::Away => v1::Presence::Away,
        Presence::NotResponding => v1::Presence::NotResponding,
        Presence::Draining => v1::Presence::Draining,
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
    fn a_request_id_has_1_to_128_characters_whatever_their_bytes() {
        assert_eq!(request_id(&"ü".repeat(128)), Ok("ü".repeat(128)));
        for wrong in [String::new(), "a".repeat(129)] {
            assert_eq!(request_id(&wrong).unwrap_err().field, "request_id");
        }
    }

    #[test]
    fn instants_before_the_epoch_keep_positive_nanoseconds() {
        let before = timestamp(Timestamp::from_micros(-1));
        assert_eq!((before.seconds, before.nanos), (-1, 999_999_000));
        let after = timestamp(Timestamp::from_micros(1_500_000));
        assert_eq!((after.seconds, after.nanos), (1, 500_000_000));
    }

    #[test]
    fn an_instant_comes_back_as_it_went_out() {
        for micros in [-1, 0, 1_500_000, 1_767_225_600_000_000] {
            let at = Timestamp::from_micros(micros);
            assert_eq!(instant("from", Some(timestamp(at))), Ok(at));
        }
    }

    #[test]
    fn what_is_no_instant_names_its_field() {
        let absurd = |seconds, nanos| Some(prost_types::Timestamp { seconds, nanos });
        for given in [
            None,
            absurd(i64::MAX, 0),
            absurd(i64::MIN, 0),
            absurd(0, -1),
            absurd(0, i32::MAX),
        ] {
            assert_eq!(instant("from", given).unwrap_err().field, "from", "{given:?}");
        }
    }
}
