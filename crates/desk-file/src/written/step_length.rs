//! How long a routing step lasts: `2m`, `30m of office`, `20% of first_response`.

use std::ops::RangeInclusive;
use std::time::Duration;

use tandem_domain::ClockKind;
use tandem_domain::desk::StepLength;

use super::percent;
use crate::duration;

const LENGTHS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(30 * 24);

pub(crate) fn parse(text: &str) -> Option<StepLength> {
    let Some((length, of)) = text.split_once(" of ") else {
        return wall(text).map(StepLength::Wall);
    };
    let (length, of) = (length.trim(), of.trim());
    if length.ends_with('%') {
        let percent = percent::parse(length).filter(|percent| (1..=100).contains(percent))?;
        let clock = clock(of)?;
        return Some(StepLength::ShareLeft { percent, clock });
    }
    Some(StepLength::Working {
        length: wall(length)?,
        calendar: of.parse().ok()?,
    })
}

fn wall(text: &str) -> Option<Duration> {
    duration::parse(text).filter(|length| LENGTHS.contains(length))
}

/// The clocks that run while a ticket waits for its first answer.
pub(crate) fn clock(text: &str) -> Option<ClockKind> {
    match text.parse().ok()? {
        clock @ (ClockKind::Accept | ClockKind::FirstResponse) => Some(clock),
        _ => None,
    }
}

pub(crate) fn show(length: &StepLength) -> String {
    match length {
        StepLength::Wall(length) => duration::show(*length),
        StepLength::Working { length, calendar } => format!("{} of {calendar}", duration::show(*length)),
        StepLength::ShareLeft { percent, clock } => format!("{percent}% of {clock}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_reads_as_it_is_written() {
        for text in ["2m", "30m of office", "20% of first_response", "100% of accept"] {
            assert_eq!(parse(text).as_ref().map(show).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_is_no_length_is_refused() {
        for bad in [
            "",
            "0s",
            "31d",
            "2m of",
            "2m of Office",
            "0% of accept",
            "101% of accept",
            "20% of resolution",
            "20%",
            "20% of office",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
