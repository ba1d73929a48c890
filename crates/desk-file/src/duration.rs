//! Durations as people write them: `90s`, `5m`, `2h`, `7d`.

use std::time::Duration;

const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Reads a duration; a day is 24 hours.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let (unit, seconds) = UNITS.into_iter().find(|(unit, _)| text.ends_with(*unit))?;
    let count = text.strip_suffix(unit)?;
    // `parse` would take a sign.
    let count: u64 = count
        .bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| count.parse().ok())??;
    Some(Duration::from_secs(count.checked_mul(seconds)?))
}

/// Reads a duration, also in milliseconds: `250ms`.
pub(crate) fn parse_short(text: &str) -> Option<Duration> {
    let Some(count) = text.strip_suffix("ms") else {
        return parse(text);
    };
    let is_number = count.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| count.parse().ok())?.map(Duration::from_millis)
}

/// Writes it in the largest unit that it is a whole number of.
pub(crate) fn show(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if duration.subsec_millis() > 0 {
        return format!("{}ms", duration.as_millis());
    }
    let fitting = UNITS
        .into_iter()
        .find(|(_, unit)| seconds > 0 && seconds.is_multiple_of(*unit));
    let (unit, size) = fitting.unwrap_or(('s', 1));
    format!("{}{unit}", seconds / size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_whole_numbers_of_one_unit() {
        for (text, seconds) in [("90s", 90), ("5m", 300), ("2h", 7_200), ("7d", 604_800), ("0s", 0)] {
            assert_eq!(parse(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for bad in [
            "",
            "5",
            "m",
            "5 m",
            "1.5h",
            "-1s",
            "+1s",
            "1h30m",
            "5M",
            "99999999999999999999s",
            "300000000000000000d",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn short_times_are_read_in_milliseconds() {
        for text in ["250ms", "1500ms", "2s"] {
            assert_eq!(parse_short(text).map(show).as_deref(), Some(text));
        }
        for bad in ["ms", "-1ms", "1.5ms", "250 ms"] {
            assert_eq!(parse_short(bad), None, "{bad}");
        }
    }

    #[test]
    fn writes_the_largest_unit_that_fits() {
        for text in ["90s", "5m", "2h", "7d", "0s", "25h"] {
            assert_eq!(parse(text).map(show).as_deref(), Some(text));
        }
        assert_eq!(show(Duration::from_mins(2)), "2m");
    }
}
