//! A service level: `80% in 30s`.

use std::time::Duration;

use tandem_domain::desk::ServiceLevel;

use super::percent;
use crate::duration;

const LONGEST: Duration = Duration::from_hours(30 * 24);

pub(crate) fn parse(text: &str) -> Option<ServiceLevel> {
    let (share, within) = text.split_once(" in ")?;
    let share_percent = percent::parse(share.trim())?;
    let within = duration::parse(within.trim())?;
    ((1..=100).contains(&share_percent) && !within.is_zero() && within <= LONGEST)
        .then_some(ServiceLevel { share_percent, within })
}

pub(crate) fn show(level: ServiceLevel) -> String {
    format!("{}% in {}", level.share_percent, duration::show(level.within))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_level_reads_as_it_is_written() {
        for text in ["80% in 30s", "100% in 4h"] {
            assert_eq!(parse(text).map(show).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_is_no_service_level_is_refused() {
        for bad in [
            "",
            "80%",
            "80 in 30s",
            "0% in 30s",
            "101% in 30s",
            "80% in 0s",
            "80% in 31d",
            "80% within 30s",
            "+8% in 30s",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
