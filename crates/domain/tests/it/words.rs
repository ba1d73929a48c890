//! Words for tests of working time: keys, times, windows and calendars. The SLA core's tests use them too.

use std::str::FromStr;
use std::time::Duration;

use tandem_domain::Timestamp;
use tandem_domain::sla::{Calendar, Window};

pub(crate) fn key<T: FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

/// An instant, written in UTC.
pub(crate) fn utc(text: &str) -> Timestamp {
    let at: jiff::Timestamp = format!("{text}Z").parse().unwrap();
    Timestamp::from_micros(at.as_microsecond())
}

pub(crate) fn mins(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

pub(crate) fn hours(hours: u64) -> Duration {
    Duration::from_hours(hours)
}

/// `"08:00-12:00 13:00-17:30"`.
pub(crate) fn windows(text: &str) -> Vec<Window> {
    let minute = |text: &str| {
        let (hour, minute) = text.split_once(':').unwrap();
        hour.parse::<u16>().unwrap() * 60 + minute.parse::<u16>().unwrap()
    };
    let window = |text: &str| {
        let (from, to) = text.split_once('-').unwrap();
        Window {
            from_minute: minute(from),
            to_minute: minute(to),
        }
    };
    text.split_whitespace().map(window).collect()
}

/// A calendar with the same hours on each of these weekdays, 1 being Monday.
pub(crate) fn calendar(id: &str, timezone: &str, days: std::ops::RangeInclusive<u8>, open: &str) -> Calendar {
    Calendar {
        id: key(id),
        timezone: timezone.to_owned(),
        hours: days.map(|day| (day, windows(open))).collect(),
        holidays: Vec::new(),
    }
}
