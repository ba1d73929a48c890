//! Working time: windows, nights, holidays, clock changes.

use proptest::prelude::*;
use proptest::sample::select;
use tandem_domain::Schedule;
use tandem_domain::calendar::Opening;
use tandem_domain::sla::{Calendar, Holiday, HolidayDay};

use crate::wall::Days;
use crate::words::{calendar, hours, mins, utc, windows};

fn office() -> Calendar {
    calendar("office", "Europe/Berlin", 1..=5, "09:00-12:00 13:00-17:00")
}

fn at_night() -> Calendar {
    calendar("night", "Europe/Berlin", 1..=7, "22:00-06:00")
}

fn closed_on(mut calendar: Calendar, day: HolidayDay, open: &str) -> Calendar {
    calendar.holidays.push(Holiday {
        day,
        hours: windows(open),
    });
    calendar
}

fn on(text: &str) -> HolidayDay {
    HolidayDay::On(text.parse().unwrap())
}

#[test]
fn time_counts_in_several_windows_a_day_and_not_at_weekends() {
    let office = Schedule::of(&office());
    // Friday, 11 September 2026, 11:00 in Berlin.
    let friday = utc("2026-09-11T09:00:00");
    assert_eq!(office.after(friday, hours(1)), Some(utc("2026-09-11T10:00:00")));
    assert_eq!(office.after(friday, hours(2)), Some(utc("2026-09-11T12:00:00")));
    assert_eq!(office.after(friday, hours(6)), Some(utc("2026-09-14T08:00:00")));
    assert_eq!(office.between(friday, utc("2026-09-14T07:30:00")), mins(5 * 60 + 30));
}

#[test]
fn a_day_may_have_windows_of_seconds_within_minutes() {
    let office = Schedule::of(&office());
    let start = utc("2026-09-11T09:59:30");
    assert_eq!(office.between(start, utc("2026-09-11T11:00:30")), mins(1));
    assert_eq!(office.after(start, mins(1)), Some(utc("2026-09-11T11:00:30")));
}

#[test]
fn no_time_at_all_is_over_at_once_even_at_night() {
    let office = Schedule::of(&office());
    let night = utc("2026-09-11T22:00:00");
    assert_eq!(office.after(night, mins(0)), Some(night));
    assert_eq!(office.between(night, utc("2026-09-11T21:00:00")), mins(0));
}

#[test]
fn a_night_shift_is_an_hour_shorter_in_spring_and_longer_in_autumn() {
    let night = Schedule::of(&at_night());
    assert_eq!(
        night.between(utc("2026-03-28T20:00:00"), utc("2026-03-29T10:00:00")),
        hours(7)
    );
    assert_eq!(
        night.between(utc("2026-10-24T19:00:00"), utc("2026-10-25T10:00:00")),
        hours(9)
    );
}

#[test]
fn an_edge_in_the_skipped_hour_is_the_change_and_one_in_the_repeated_hour_its_first_coming() {
    let early = Schedule::of(&calendar("early", "Europe/Berlin", 1..=7, "02:30-05:00"));
    // 02:00 becomes 03:00 at 01:00 UTC.
    let spring = utc("2026-03-28T23:00:00");
    assert_eq!(early.after(spring, mins(1)), Some(utc("2026-03-29T01:01:00")));
    assert_eq!(early.after(spring, hours(2)), Some(utc("2026-03-29T03:00:00")));
    // 03:00 becomes 02:00 at 01:00 UTC: 02:30 comes at 00:30 UTC first.
    let autumn = utc("2026-10-24T23:00:00");
    assert_eq!(early.after(autumn, mins(1)), Some(utc("2026-10-25T00:31:00")));
    assert_eq!(early.between(autumn, utc("2026-10-25T10:00:00")), mins(3 * 60 + 30));
    let until = Schedule::of(&calendar("until", "Europe/Berlin", 1..=7, "00:00-02:30"));
    assert_eq!(
        until.between(utc("2026-10-24T22:00:00"), utc("2026-10-25T10:00:00")),
        mins(2 * 60 + 30)
    );
}

#[test]
fn new_york_changes_on_other_days_than_berlin() {
    let night = Schedule::of(&calendar("night", "America/New_York", 1..=7, "22:00-06:00"));
    assert_eq!(
        night.between(utc("2026-03-08T00:00:00"), utc("2026-03-08T20:00:00")),
        hours(7)
    );
    assert_eq!(
        night.between(utc("2026-11-01T00:00:00"), utc("2026-11-01T20:00:00")),
        hours(9)
    );
    assert_eq!(
        night.between(utc("2026-10-25T00:00:00"), utc("2026-10-25T20:00:00")),
        hours(8)
    );
}

#[test]
fn a_holiday_is_closed_or_has_hours_of_its_own_and_the_shift_before_runs_to_its_end() {
    let closed = Schedule::of(&closed_on(office(), on("2026-09-14"), ""));
    let friday = utc("2026-09-11T15:00:00");
    assert_eq!(closed.after(friday, mins(1)), Some(utc("2026-09-15T07:01:00")));
    let short = Schedule::of(&closed_on(office(), on("2026-09-14"), "10:00-11:00"));
    assert_eq!(short.after(friday, mins(61)), Some(utc("2026-09-15T07:01:00")));
    let night = Schedule::of(&closed_on(at_night(), on("2026-09-15"), ""));
    // The night before the holiday ends at 6; the holiday's own does not begin.
    assert_eq!(
        night.between(utc("2026-09-14T12:00:00"), utc("2026-09-16T12:00:00")),
        hours(8)
    );
}

#[test]
fn a_yearly_holiday_comes_again_and_of_two_on_one_day_the_first_counts() {
    let yearly = HolidayDay::Yearly { month: 12, day: 25 };
    let christmas = Schedule::of(&closed_on(
        closed_on(office(), yearly, ""),
        on("2026-12-25"),
        "09:00-10:00",
    ));
    for year in [2026, 2028] {
        let day = |day: u8| utc(&format!("{year}-12-{day}T00:00:00"));
        assert_eq!(christmas.between(day(25), day(26)), mins(0), "{year}");
    }
    let leap = HolidayDay::Yearly { month: 2, day: 29 };
    let leap = Schedule::of(&closed_on(calendar("all", "UTC", 1..=7, "00:00-24:00"), leap, ""));
    let february = |year: u16| {
        leap.between(
            utc(&format!("{year}-02-01T00:00:00")),
            utc(&format!("{year}-03-01T00:00:00")),
        )
    };
    assert_eq!((february(2027), february(2028)), (hours(28 * 24), hours(28 * 24)));
}

#[test]
fn far_deadlines_are_right_over_years_of_holidays_and_changes() {
    let mut calendar = closed_on(office(), HolidayDay::Yearly { month: 1, day: 1 }, "");
    calendar = closed_on(calendar, HolidayDay::Yearly { month: 12, day: 25 }, "09:00-12:00");
    let schedule = Schedule::of(&calendar);
    let start = utc("2026-01-03T10:00:00");
    for days in [1, 30, 400, 2000] {
        let work = hours(7 * days);
        let end = schedule.after(start, work).unwrap();
        assert_eq!(schedule.between(start, end), work, "{days} working days");
        let just_before = end.minus(mins(1));
        assert_eq!(
            schedule.between(start, just_before),
            work.checked_sub(mins(1)).unwrap(),
            "{days} working days"
        );
        // Day by day it is the same.
        let (mut sum, mut at) = (mins(0), start);
        while at < end {
            let next = at.plus(hours(24)).min(end);
            sum += schedule.between(at, next);
            at = next;
        }
        assert_eq!(sum, work, "{days} working days");
    }
}

#[test]
fn weeks_that_begin_within_a_window_count_from_there() {
    let office = Schedule::of(&office());
    let friday_at_eleven = utc("2026-09-11T09:00:00");
    assert_eq!(
        office.between(friday_at_eleven, utc("2026-10-02T09:00:00")),
        hours(3 * 5 * 7)
    );
    assert_eq!(
        office.after(friday_at_eleven, hours(3 * 5 * 7)),
        Some(utc("2026-10-02T09:00:00"))
    );
}

#[test]
fn a_calendar_that_opens_no_more_has_no_deadlines() {
    let once = Calendar {
        hours: std::collections::BTreeMap::new(),
        ..closed_on(office(), on("2026-09-14"), "09:00-10:00")
    };
    let schedule = Schedule::of(&once);
    let start = utc("2026-09-01T00:00:00");
    assert_eq!(schedule.after(start, hours(1)), Some(utc("2026-09-14T08:00:00")));
    assert_eq!(schedule.after(start, hours(2)), None);
}

#[test]
fn a_calendar_says_whether_it_is_open_and_until_when() {
    let schedule = Schedule::of(&office());
    let opening = |at: &str| schedule.at(utc(at));
    let until = |open, until: &str| Opening {
        open,
        until: Some(utc(until)),
    };
    // Friday, 11 September 2026, in Berlin: two hours later there.
    assert_eq!(opening("2026-09-11T06:59:59"), until(false, "2026-09-11T07:00:00"));
    assert_eq!(opening("2026-09-11T07:00:00"), until(true, "2026-09-11T10:00:00"));
    assert_eq!(opening("2026-09-11T10:00:00"), until(false, "2026-09-11T11:00:00"));
    assert_eq!(opening("2026-09-11T15:00:00"), until(false, "2026-09-14T07:00:00"));
}

#[test]
fn windows_that_touch_are_one_and_a_calendar_may_never_change() {
    let touching = Schedule::of(&calendar("day", "UTC", 1..=1, "08:00-12:00 12:00-24:00"));
    let monday = Some(utc("2026-09-15T00:00:00"));
    assert_eq!(touching.at(utc("2026-09-14T09:00:00")).until, monday);
    let always = Schedule::of(&calendar("all", "UTC", 1..=7, "00:00-24:00"));
    let never = Schedule::of(&calendar("none", "UTC", 1..=7, ""));
    let now = utc("2026-09-14T09:00:00");
    let for_ever = |open| Opening { open, until: None };
    assert_eq!((always.at(now), never.at(now)), (for_ever(true), for_ever(false)));
    assert_eq!(Schedule::round_the_clock().at(now), for_ever(true));
}

/// Zones in which clocks change, some by half an hour, at midnight, or by a whole day; with days around it.
const CHANGES: [(&str, &str); 8] = [
    ("Europe/Berlin", "2026-03-26T00:00:00"),
    ("Europe/Berlin", "2026-10-22T00:00:00"),
    ("America/New_York", "2026-03-05T00:00:00"),
    ("America/New_York", "2026-10-29T00:00:00"),
    ("Australia/Lord_Howe", "2026-04-02T00:00:00"),
    ("Australia/Lord_Howe", "2026-10-01T00:00:00"),
    ("America/Havana", "2026-03-05T00:00:00"),
    ("Pacific/Apia", "2011-12-27T00:00:00"),
];

/// Windows of a day: disjoint, the last one perhaps over midnight.
fn hours_of_a_day() -> impl Strategy<Value = Vec<tandem_domain::sla::Window>> {
    let ends = prop::collection::btree_set(0_u16..=95, 0..5);
    (ends, any::<bool>()).prop_map(|(quarters, over_midnight)| {
        let edges: Vec<u16> = quarters.into_iter().map(|quarter| quarter * 15).collect();
        let mut windows: Vec<_> = edges
            .chunks_exact(2)
            .map(|edges| tandem_domain::sla::Window {
                from_minute: edges[0],
                to_minute: edges[1],
            })
            .collect();
        if let (1, true, Some(last)) = (edges.len() % 2, over_midnight, edges.last()) {
            windows.push(tandem_domain::sla::Window {
                from_minute: *last,
                to_minute: 0,
            });
        }
        windows
    })
}

prop_compose! {
    fn any_calendar()(
        (zone, start) in select(CHANGES.to_vec()),
        days in prop::collection::vec(hours_of_a_day(), 7),
        holiday in prop::option::of((0_i8..8, hours_of_a_day())),
    ) -> (Calendar, &'static str) {
        let mut calendar = calendar("any", zone, 1..=7, "");
        calendar.hours = (1..=7).zip(days).collect();
        if let Some((day, hours)) = holiday {
            let date: jiff::civil::DateTime = start.parse().unwrap();
            let day = date.date().checked_add(jiff::Span::new().days(day)).unwrap();
            calendar.holidays.push(Holiday { day: HolidayDay::On(day), hours });
        }
        (calendar, start)
    }
}

/// Minutes that count from one minute until another.
fn between(open: &[bool], from: usize, to: usize) -> usize {
    open[from..to.max(from)].iter().filter(|open| **open).count()
}

/// The first minute at which so many have counted since `start`; none: not within the days.
fn after(open: &[bool], start: usize, work: usize) -> Option<usize> {
    (start..=open.len()).find(|minute| between(open, start, *minute) >= work)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]
    #[test]
    fn working_time_is_what_a_clock_on_the_wall_says((calendar, start) in any_calendar(), from in 0..8640_usize, length in 0..5000_usize) {
        let days = Days::new(utc(start).minus(hours(72)), 12);
        let open = days.open(&calendar);
        let schedule = Schedule::of(&calendar);
        let from = from + 72 * 60;
        let to = (from + length).min(open.len());
        let counted = between(&open, from, to);
        prop_assert_eq!(schedule.between(days.at(from), days.at(to)), mins(counted as u64));
        if counted > 0 {
            let reached = after(&open, from, counted).map(|minute| days.at(minute));
            prop_assert_eq!(schedule.after(days.at(from), mins(counted as u64)), reached);
        }
    }

    #[test]
    fn a_calendar_opens_and_closes_when_a_clock_on_the_wall_says_so((calendar, start) in any_calendar(), from in 0..8640_usize) {
        let days = Days::new(utc(start).minus(hours(72)), 12);
        let open = days.open(&calendar);
        let from = from + 72 * 60;
        let opening = Schedule::of(&calendar).at(days.at(from));
        prop_assert_eq!(opening.open, open[from]);
        if let Some(change) = (from..open.len()).find(|minute| open[*minute] != open[from]) {
            prop_assert_eq!(opening.until, Some(days.at(change)));
        }
    }

    #[test]
    fn working_time_adds_up_to_the_microsecond((calendar, start) in any_calendar(), cuts in prop::array::uniform3(0..2_000_000_000_000_i64)) {
        let schedule = Schedule::of(&calendar);
        let start = utc(start).minus(hours(300));
        let mut cuts = cuts.map(|cut| tandem_domain::Timestamp::from_micros(start.as_micros() + cut));
        cuts.sort_unstable();
        let [a, b, c] = cuts;
        prop_assert_eq!(schedule.between(a, b) + schedule.between(b, c), schedule.between(a, c));
        let work = schedule.between(a, c);
        if !work.is_zero() {
            let end = schedule.after(a, work).unwrap();
            prop_assert!(end <= c);
            prop_assert_eq!(schedule.between(a, end), work);
        }
    }
}
