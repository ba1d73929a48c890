//! `calendars`: when the desk works.

mod overlaps;

use std::collections::BTreeMap;

use tandem_domain::CalendarId;
use tandem_domain::sla::{Calendar, Holiday, HolidayDay, Window};

use super::timezone;
use crate::place::{Place, Table};
use crate::written::days::{Day, Weekdays, weekday};
use crate::written::hours;

const KEYS: [&str; 3] = ["timezone", "hours", "holidays"];

/// Clocks look for the next open minute day by day: closed days must not go on for years.
const MOST_HOLIDAYS: usize = 500;
/// The same for those that come every year: even if each were the only open weekday, the next year is not.
const MOST_YEARLY: usize = 50;
/// More windows a day are no working hours.
const MOST_WINDOWS: usize = 24;

/// A window, and where it stands in the file.
type Placed<'t> = (Window, Place<'t>);

/// Reads the calendars; those without a time zone are in the desk's.
pub(super) fn read(table: &Table<'_>, desk_zone: &str) -> Vec<Calendar> {
    let entries = table.get("calendars").map(|place| place.entries()).unwrap_or_default();
    entries
        .into_iter()
        .map(|(id, place)| calendar(id, &place, desk_zone))
        .collect()
}

fn calendar(id: CalendarId, place: &Place<'_>, desk_zone: &str) -> Calendar {
    let table = place.table(&KEYS);
    let zone = table.get("timezone").and_then(|place| timezone(&place));
    let week = table
        .need("hours", "{mon-fri: 09:00-17:00}")
        .map(|place| week(&place))
        .unwrap_or_default();
    let holidays = table.get("holidays").map(|place| holidays(&place, &week));
    Calendar {
        id,
        timezone: zone.unwrap_or_else(|| desk_zone.to_owned()),
        hours: week,
        holidays: holidays.unwrap_or_default(),
    }
}

fn week(place: &Place<'_>) -> BTreeMap<u8, Vec<Window>> {
    let faults_before = place.report().count();
    let mut week: BTreeMap<u8, Vec<Placed<'_>>> = BTreeMap::new();
    for (days, at, place) in place.entries_at::<Weekdays>() {
        let windows = windows(&place);
        for day in days.0 {
            if week.insert(day, windows.clone()).is_some() {
                place.fault_at(at, format!("the hours of {} stand here a second time", weekday(day)));
            }
        }
    }
    week.retain(|_, windows| !windows.is_empty());
    let is_whole = place.report().count() == faults_before;
    if week.is_empty() && is_whole {
        place.fault("this calendar never opens: it needs hours on at least one day, such as `mon-fri: 09:00-17:00`");
    }
    overlaps::of_week(&week);
    week.into_iter().map(|(day, windows)| (day, bare(windows))).collect()
}

fn bare(placed: Vec<Placed<'_>>) -> Vec<Window> {
    placed.into_iter().map(|(window, _)| window).collect()
}

/// One window or several, in the order of the day; none where it says `closed`.
fn windows<'t>(place: &Place<'t>) -> Vec<Placed<'t>> {
    if place.says("closed") {
        return Vec::new();
    }
    let places = place.one_or_list();
    if places.is_empty() && place.is_empty_list() {
        place.fault("nothing stands here: write `closed` for a day without hours");
    }
    if places.len() > MOST_WINDOWS {
        place.fault(format!(
            "{} windows: at most {MOST_WINDOWS} a day are allowed",
            places.len()
        ));
        return Vec::new();
    }
    let mut windows: Vec<Placed<'t>> = places.iter().filter_map(window).collect();
    windows.sort_by_key(|(window, _)| *window);
    windows
}

fn window<'t>(place: &Place<'t>) -> Option<Placed<'t>> {
    let found = hours::parse(place.text()?);
    if found.is_none() {
        place.fault(
            "this must be hours such as 09:00-17:30, 22:00-06:00 (until the next day) or 00:00-24:00, or closed",
        );
    }
    Some((found?, place.clone()))
}

/// Dates before days of every year: the more exact one counts where both name a day.
fn holidays(place: &Place<'_>, week: &BTreeMap<u8, Vec<Window>>) -> Vec<Holiday> {
    let entries = place.entries::<Day>().into_iter();
    let mut days: Vec<(HolidayDay, Vec<Placed<'_>>)> = entries.map(|(day, place)| (day.0, windows(&place))).collect();
    days.sort_by_key(|(day, _)| matches!(day, HolidayDay::Yearly { .. }));
    let yearly = days
        .iter()
        .filter(|(day, _)| matches!(day, HolidayDay::Yearly { .. }))
        .count();
    if days.len() > MOST_HOLIDAYS || yearly > MOST_YEARLY {
        place.fault(format!(
            "{} holidays, {yearly} of them of every year: at most {MOST_HOLIDAYS} and {MOST_YEARLY} are allowed",
            days.len()
        ));
        return Vec::new();
    }
    overlaps::of_holidays(&days, week);
    let holiday = |(day, windows)| Holiday {
        day,
        hours: bare(windows),
    };
    days.into_iter().map(holiday).collect()
}
