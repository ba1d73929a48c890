//! Times and spans of time as text and numbers.

use tandem_domain::Timestamp;

/// RFC 3339, to the second; empty where there is none.
pub(crate) fn time(timestamp: Option<&prost_types::Timestamp>) -> String {
    let instant = timestamp.and_then(|at| jiff::Timestamp::new(at.seconds, at.nanos).ok());
    instant.map(rfc_3339).unwrap_or_default()
}

/// The same of the domain's.
pub(crate) fn instant(at: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.as_micros())
        .map(rfc_3339)
        .unwrap_or_default()
}

fn rfc_3339(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Whole seconds from `now` until then; negative where it has passed.
pub(crate) fn seconds_until(timestamp: Option<&prost_types::Timestamp>, now: Timestamp) -> Option<i64> {
    timestamp.map(|at| at.seconds - now.as_micros().div_euclid(1_000_000))
}

/// For how many whole seconds it has been so; none where it has not been.
pub(crate) fn since(timestamp: Option<&prost_types::Timestamp>, now: Timestamp) -> Option<u64> {
    seconds_until(timestamp, now).map(|until| u64::try_from(-until).unwrap_or(0))
}

/// In seconds; 0 where it is not given.
pub(crate) fn seconds(duration: Option<&prost_types::Duration>) -> f64 {
    let duration = duration.copied().unwrap_or_default();
    std::time::Duration::try_from(duration).map_or(0.0, |duration| duration.as_secs_f64())
}

/// A span of time in at most two units, such as `45s`, `3m 20s`, `2h 05m` or `3d 4h`.
pub(crate) fn span(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {:02}s", seconds % 60),
        (0, ..) => format!("{hours}h {:02}m", minutes % 60),
        _ => format!("{days}d {}h", hours % 24),
    }
}

/// The same of seconds with a fraction, which is dropped.
pub(crate) fn whole_span(seconds: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates; the fraction is dropped"
    )]
    let whole = seconds as u64;
    span(whole)
}

/// When something is due, seen from now: `in 3m 20s`, or `12m 34s over`; empty where it is not.
pub(crate) fn due(left_seconds: Option<i64>) -> String {
    match left_seconds {
        None => String::new(),
        Some(left) if left < 0 => format!("{} over", span(left.unsigned_abs())),
        Some(left) => format!("in {}", span(left.unsigned_abs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time_are_short() {
        for (seconds, text) in [
            (0, "0s"),
            (45, "45s"),
            (200, "3m 20s"),
            (7500, "2h 05m"),
            (273_600, "3d 4h"),
        ] {
            assert_eq!(span(seconds), text);
        }
    }

    #[test]
    fn what_is_due_says_when() {
        assert_eq!(due(Some(200)), "in 3m 20s");
        assert_eq!(due(Some(-61)), "1m 01s over");
        assert_eq!(due(None), "");
    }

    #[test]
    fn what_lies_ahead_has_lasted_for_no_time() {
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let now = Timestamp::from_micros(10_900_000);
        assert_eq!(since(at(7).as_ref(), now), Some(3));
        assert_eq!(since(at(12).as_ref(), now), Some(0));
        assert_eq!(since(None, now), None);
        assert_eq!(seconds_until(at(12).as_ref(), now), Some(2));
    }
}
