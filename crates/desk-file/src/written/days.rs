//! Days: `mon`, `mon-fri`, and the dates of holidays.

use std::str::FromStr;

use jiff::civil::Date;
use tandem_domain::sla::HolidayDay;

use crate::suggest::{did_you_mean, quoted};

/// Weekdays; the first is number 1, as in ISO 8601.
pub(crate) const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// One or more weekdays, 1 (Monday) to 7 (Sunday): `mon`, or `mon-fri`.
pub(crate) struct Weekdays(pub(crate) Vec<u8>);

impl FromStr for Weekdays {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let number = |name: &str| {
            (1..)
                .zip(WEEKDAYS)
                .find(|(_, known)| *known == name)
                .map(|(number, _)| number)
        };
        match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => Ok(Self((first..=last).collect())),
            (Some(_), Some(_)) => Err(format!(
                "{} runs backwards: a week begins with mon and ends with sun",
                quoted(text)
            )),
            (from, _) => {
                let wrong = if from.is_none() { first } else { last };
                let near = did_you_mean(wrong, &WEEKDAYS);
                Err(format!(
                    "{} is not a weekday: use {}, or a range such as mon-fri{near}",
                    quoted(text),
                    WEEKDAYS.join(", ")
                ))
            }
        }
    }
}

/// The name of a weekday, 1 to 7.
pub(crate) fn weekday(number: u8) -> &'static str {
    WEEKDAYS
        .get(usize::from(number.saturating_sub(1)))
        .copied()
        .unwrap_or_default()
}

/// A holiday's day: `2026-12-24`, or `12-24` for that of every year.
pub(crate) struct Day(pub(crate) HolidayDay);

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // 2000 had a 29 February.
        let once = |text: &str| (text.len() == 10).then(|| text.parse::<Date>().ok()).flatten();
        let day = match text.len() {
            5 => once(&format!("2000-{text}")).and_then(yearly),
            _ => once(text).map(HolidayDay::On),
        };
        day.map(Self).ok_or_else(|| {
            format!(
                "{} is not a date: use one such as 2026-12-24, or 12-24 for that of every year",
                quoted(text)
            )
        })
    }
}

fn yearly(date: Date) -> Option<HolidayDay> {
    Some(HolidayDay::Yearly {
        month: u8::try_from(date.month()).ok()?,
        day: u8::try_from(date.day()).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekdays_are_single_or_a_range() {
        let days = |text: &str| text.parse::<Weekdays>().map(|days| days.0);
        assert_eq!(days("mon"), Ok(vec![1]));
        assert_eq!(days("fri-sun"), Ok(vec![5, 6, 7]));
        assert!(days("fri-mon").unwrap_err().contains("backwards"));
        assert!(days("mon-frx").unwrap_err().ends_with("did you mean `fri`?"));
        assert!(days("Monday").is_err());
        assert_eq!([weekday(1), weekday(7)], ["mon", "sun"]);
    }

    #[test]
    fn a_holiday_is_one_day_or_that_of_every_year() {
        let day = |text: &str| text.parse::<Day>().map(|day| day.0.to_string());
        for text in ["2026-12-24", "12-24", "02-29", "2028-02-29"] {
            assert_eq!(day(text), Ok(text.to_owned()));
        }
        for bad in [
            "",
            "2026-02-29",
            "02-30",
            "24.12.2026",
            "2026-12",
            "12-24-26",
            "2026-12-24T00:00",
            "xx-yy",
        ] {
            assert!(day(bad).is_err(), "{bad}");
        }
    }
}
