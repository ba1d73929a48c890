//! No minute may be in two windows: clocks would count it twice.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use tandem_domain::sla::{HolidayDay, Window};

use super::Placed;
use crate::written::days::weekday;
use crate::written::hours::show;

const DAY: u32 = Window::DAY as u32;
const WEEK: u32 = 7 * DAY;

/// A window in minutes since the week's first midnight; the end may lie in the next week.
struct Stretch<'a, 't> {
    from: u32,
    to: u32,
    day: u8,
    placed: &'a Placed<'t>,
}

/// Reports what overlaps in a week, each place of the file once.
pub(super) fn of_week(week: &BTreeMap<u8, Vec<Placed<'_>>>) {
    let stretches: Vec<Stretch<'_, '_>> = week
        .iter()
        .flat_map(|(day, windows)| windows.iter().map(|placed| stretch(*day, placed)))
        .collect();
    let mut reported = BTreeSet::new();
    for (index, earlier) in stretches.iter().enumerate() {
        let (later, from) = match stretches.get(index + 1) {
            Some(later) => (later, later.from),
            None => (&stretches[0], stretches[0].from + WEEK),
        };
        let place = &later.placed.1;
        if earlier.to > from && reported.insert(place.node.start) {
            let hours = show(earlier.placed.0);
            place.fault(format!(
                "this overlaps with {hours}, which begins on {}",
                weekday(earlier.day)
            ));
        }
    }
}

fn stretch<'a, 't>(day: u8, placed: &'a Placed<'t>) -> Stretch<'a, 't> {
    let midnight = (u32::from(day) - 1) * DAY;
    Stretch {
        from: midnight + u32::from(placed.0.from_minute),
        to: midnight + u32::from(placed.0.end()),
        day,
        placed,
    }
}

/// Reports what overlaps on holidays: with each other, or with hours that began on the day before.
pub(super) fn of_holidays(days: &[(HolidayDay, Vec<Placed<'_>>)], week: &BTreeMap<u8, Vec<Window>>) {
    for (day, windows) in days {
        let mut taken_until = tail_before(*day, days, week);
        for (window, place) in windows {
            if window.end() > Window::DAY {
                place.fault("the hours of a holiday end by 24:00: write what follows as hours of the next day");
            }
            if window.from_minute < taken_until {
                let until = show(Window {
                    from_minute: 0,
                    to_minute: taken_until,
                });
                place.fault(format!(
                    "this overlaps with earlier hours, which fill {until} of that day"
                ));
            }
            taken_until = taken_until.max(window.end());
        }
    }
}

/// Until which minute of a holiday hours of the day before may go on. Holidays themselves end by midnight.
fn tail_before(day: HolidayDay, days: &[(HolidayDay, Vec<Placed<'_>>)], week: &BTreeMap<u8, Vec<Window>>) -> u16 {
    let tail = |weekday: u8| {
        let windows = week.get(&weekday).into_iter().flatten();
        windows
            .map(|window| window.end().saturating_sub(Window::DAY))
            .max()
            .unwrap_or(0)
    };
    match day {
        HolidayDay::On(date) => match date.yesterday() {
            Ok(yesterday) if days.iter().any(|(day, _)| day.is(yesterday)) => 0,
            Ok(yesterday) => tail(iso_weekday(yesterday)),
            Err(_) => 0,
        },
        // Over the years, it follows every weekday.
        HolidayDay::Yearly { .. } => (1..=7).map(tail).max().unwrap_or(0),
    }
}

fn iso_weekday(date: Date) -> u8 {
    u8::try_from(date.weekday().to_monday_one_offset()).expect("a weekday is 1 to 7")
}
