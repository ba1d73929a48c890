//! When a rung is reached: `75%`, `breach`, `breach + 30m`.

use std::time::Duration;

use tandem_domain::sla::RungAt;

use crate::duration;

const LATEST: Duration = Duration::from_hours(365 * 24);

pub(crate) fn parse(text: &str) -> Option<RungAt> {
    if let Some(percent) = text.strip_suffix('%') {
        let share = percent
            .bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| percent.parse().ok())??;
        return (1..=99).contains(&share).then_some(RungAt::Share(share));
    }
    let after = text.strip_prefix("breach")?.trim_start();
    if after.is_empty() {
        return Some(RungAt::Breach);
    }
    let after = duration::parse(after.strip_prefix('+')?.trim_start())?;
    (!after.is_zero() && after <= LATEST).then_some(RungAt::After(after))
}

pub(crate) fn show(at: RungAt) -> String {
    match at {
        RungAt::Share(percent) => format!("{percent}%"),
        RungAt::Breach => "breach".to_owned(),
        RungAt::After(time) => format!("breach + {}", duration::show(time)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_as_it_is_written() {
        for text in ["75%", "1%", "breach", "breach + 30m"] {
            assert_eq!(parse(text).map(show).as_deref(), Some(text));
        }
        assert_eq!(parse("breach+2h"), parse("breach + 2h"));
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for bad in [
            "",
            "0%",
            "100%",
            "%",
            "+5%",
            "7.5%",
            "breach + 0s",
            "breach + 366d",
            "breach 30m",
            "breach - 5m",
            "breached",
            "30m",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
