//! Working time: a calendar's windows as stretches of real time.
//!
//! A window's edge is the first moment at which the local clock shows that time or a later one. So an edge
//! in the hour that a clock change skips is the moment of the change, and one in the hour that comes
//! twice is its first coming; a window around a change is an hour shorter or longer, as it is for the people
//! who work in it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{Span, ToSpan};

use crate::Timestamp;
use crate::sla::{Calendar, HolidayDay, Window};

const MINUTE: i64 = 60_000_000;
const WEEK: i64 = 7 * 24 * 60 * MINUTE;
/// So many days are looked at one by one before a calendar counts as closed for ever.
const PATIENCE: u32 = 3_700;

/// A calendar, ready for reckoning; or none at all: round the clock.
#[derive(Debug)]
pub struct Schedule(Option<Hours>);

#[derive(Debug)]
struct Hours {
    zone: TimeZone,
    /// From Monday on.
    week: [Vec<Window>; 7],
    /// With the place in the file: of two holidays on one day the first counts.
    once: BTreeMap<Date, (usize, Vec<Window>)>,
    /// By month and day.
    yearly: BTreeMap<(i8, i8), (usize, Vec<Window>)>,
    /// Working time of a week without holidays and clock changes, in microseconds.
    week_work: i64,
}

impl Schedule {
    /// Time that always counts.
    #[must_use]
    pub const fn round_the_clock() -> Self {
        Self(None)
    }

    /// A calendar's hours. Its zone is known: the desk file was checked with the same zone database.
    #[must_use]
    pub fn of(calendar: &Calendar) -> Self {
        let zone = TimeZoneDatabase::bundled().get(&calendar.timezone);
        let day = |number: u8| calendar.hours.get(&number).cloned().unwrap_or_default();
        let week = [1, 2, 3, 4, 5, 6, 7].map(day);
        let week_work = week_work(&week);
        let mut hours = Hours {
            zone: zone.unwrap_or(TimeZone::UTC),
            week,
            once: BTreeMap::new(),
            yearly: BTreeMap::new(),
            week_work,
        };
        for (place, holiday) in calendar.holidays.iter().enumerate() {
            let windows = (place, holiday.hours.clone());
            match holiday.day {
                HolidayDay::On(date) => drop(hours.once.entry(date).or_insert(windows)),
                HolidayDay::Yearly { month, day } => {
                    let key = (month.cast_signed(), day.cast_signed());
                    hours.yearly.entry(key).or_insert(windows);
                }
            }
        }
        Self(Some(hours))
    }

    /// The moment at which `work` of working time has elapsed since `start`; none: the calendar does not
    /// open for so long any more.
    #[must_use]
    pub fn after(&self, start: Timestamp, work: Duration) -> Option<Timestamp> {
        let Some(hours) = &self.0 else {
            return Some(start.plus(work));
        };
        let work = i64::try_from(work.as_micros()).ok()?;
        hours.after(start.as_micros(), work).map(Timestamp::from_micros)
    }

    /// Working time from `from` until `to`; zero if `to` is not later.
    #[must_use]
    pub fn between(&self, from: Timestamp, to: Timestamp) -> Duration {
        let Some(hours) = &self.0 else {
            return to.since(from);
        };
        let work = hours.between(from.as_micros(), to.as_micros());
        Duration::from_micros(work.unsigned_abs())
    }

    /// Whether `at` is working time, and until when it stays so. Windows that touch are one.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> Opening {
        let always = Opening {
            open: true,
            until: None,
        };
        self.0.as_ref().map_or(always, |hours| hours.at(at.as_micros()))
    }
}

/// How a calendar is at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Whether it is working time.
    pub open: bool,
    /// When that changes next; none: not in the years to come.
    pub until: Option<Timestamp>,
}

/// A walk over the days: everything before `covered` is counted or does not count.
struct Walk {
    day: Date,
    covered: i64,
    /// From this day on, no stretch begins before the walk did.
    whole_from: Date,
}

impl Walk {
    /// Jumps over weeks that were counted as a whole.
    fn skip(&mut self, weeks: i64) -> Option<()> {
        self.day = self.day.checked_add(Span::new().try_weeks(weeks).ok()?).ok()?;
        self.covered += weeks * WEEK;
        Some(())
    }
}

impl Hours {
    fn walk_from(&self, start: i64) -> Option<Walk> {
        let today = self.local_date(start)?;
        // The window of the day before may still be open.
        let (day, whole_from) = (today.yesterday().ok()?, today.tomorrow().ok()?);
        Some(Walk {
            day,
            covered: start,
            whole_from,
        })
    }

    fn after(&self, start: i64, mut work: i64) -> Option<i64> {
        if work <= 0 {
            return Some(start);
        }
        let mut walk = self.walk_from(start)?;
        for _ in 0..PATIENCE {
            if walk.day >= walk.whole_from && work > self.week_work && self.week_work > 0 {
                // At least a moment is left, so that the end lies behind what is skipped.
                let weeks = self.regular_weeks(walk.day).min((work - 1) / self.week_work);
                work -= weeks * self.week_work;
                walk.skip(weeks)?;
            }
            for (opens, closes) in self.stretches(walk.day) {
                let opens = opens.max(walk.covered);
                if opens < closes {
                    if work <= closes - opens {
                        return Some(opens + work);
                    }
                    work -= closes - opens;
                    walk.covered = closes;
                }
            }
            walk.day = walk.day.tomorrow().ok()?;
        }
        None
    }

    fn at(&self, at: i64) -> Opening {
        let days = self.walk_from(at).map(|walk| walk.day).into_iter();
        let days = days.flat_map(|first| first.series(1.day())).take(PATIENCE as usize);
        let mut closes_at = None;
        let to_come = |(opens, closes): &(i64, i64)| opens < closes && at < *closes;
        for (opens, closes) in days.flat_map(|day| self.stretches(day)).filter(to_come) {
            if opens > closes_at.unwrap_or(at) {
                let until = Some(Timestamp::from_micros(closes_at.unwrap_or(opens)));
                let open = closes_at.is_some();
                return Opening { open, until };
            }
            closes_at = closes_at.max(Some(closes));
        }
        Opening {
            open: closes_at.is_some(),
            until: None,
        }
    }

    fn between(&self, from: i64, to: i64) -> i64 {
        let (Some(mut walk), Some(last)) = (self.walk_from(from), self.local_date(to)) else {
            return 0;
        };
        let mut work = 0;
        while walk.day <= last {
            // What begins on the day before the last may end behind `to`.
            let weeks_left = (days(walk.day, last) - 1) / 7;
            if walk.day >= walk.whole_from && weeks_left > 0 {
                let weeks = self.regular_weeks(walk.day).min(weeks_left);
                work += weeks * self.week_work;
                if walk.skip(weeks).is_none() {
                    break;
                }
            }
            for (opens, closes) in self.stretches(walk.day) {
                let (opens, closes) = (opens.max(walk.covered), closes.min(to));
                if opens < closes {
                    work += closes - opens;
                    walk.covered = closes;
                }
            }
            let Ok(next) = walk.day.tomorrow() else { break };
            walk.day = next;
        }
        work
    }

    /// The stretches that begin on a day, in order.
    fn stretches(&self, day: Date) -> impl Iterator<Item = (i64, i64)> {
        let edges = move |window: &Window| Some((self.edge(day, window.from_minute)?, self.edge(day, window.end())?));
        self.windows(day).iter().filter_map(edges)
    }

    fn windows(&self, day: Date) -> &[Window] {
        let (once, yearly) = (self.once.get(&day), self.yearly.get(&(day.month(), day.day())));
        let holiday = once.into_iter().chain(yearly).min_by_key(|(place, _)| *place);
        let weekday = usize::try_from(day.weekday().to_monday_zero_offset()).expect("0 to 6");
        holiday.map_or(&self.week[weekday], |(_, windows)| windows)
    }

    /// The first moment at which the local clock shows `minute` of `day` or later; none: behind the end of
    /// the calendar.
    fn edge(&self, day: Date, minute: u16) -> Option<i64> {
        let day = day.checked_add(i32::from(minute / Window::DAY).days()).ok()?;
        let minute = i8::try_from(minute % Window::DAY / 60)
            .ok()
            .zip(i8::try_from(minute % 60).ok());
        let (hour, minute) = minute?;
        let local = day.at(hour, minute, 0, 0);
        let at = match self.zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
                offset.to_timestamp(local).ok()?
            }
            AmbiguousOffset::Gap { after, .. } => {
                let before_change = after.to_timestamp(local).ok()?;
                self.zone.following(before_change).next()?.timestamp()
            }
        };
        Some(at.as_microsecond())
    }

    fn local_date(&self, at: i64) -> Option<Date> {
        let at = jiff::Timestamp::from_microsecond(at).ok()?;
        Some(self.zone.to_datetime(at).date())
    }

    /// How many weeks from `day` on are like any other: no holiday, no clock change.
    fn regular_weeks(&self, day: Date) -> i64 {
        let regular_until = self.next_exception(day);
        regular_until.map_or(i64::MAX / WEEK, |until| ((days(day, until) - 1) / 7).max(0))
    }

    /// The first day from the one before `day` on that is not like its weekday.
    fn next_exception(&self, day: Date) -> Option<Date> {
        let from = day.yesterday().unwrap_or(day);
        let once = self.once.range(from..).next().map(|(date, _)| *date);
        let yearly = self.next_yearly(from);
        [once, yearly, self.next_change(from)].into_iter().flatten().min()
    }

    fn next_yearly(&self, from: Date) -> Option<Date> {
        let this_year = self.yearly.range((from.month(), from.day())..).next();
        let this_year = this_year.map(|(key, _)| (from.year(), *key));
        let next_year = || self.yearly.keys().next().map(|key| (from.year() + 1, *key));
        let (year, (month, day)) = this_year.or_else(next_year)?;
        // 29 February, where there is none: a day early does no harm.
        Date::new(year, month, day)
            .or_else(|_| Date::new(year, month, day - 1))
            .ok()
    }

    fn next_change(&self, from: Date) -> Option<Date> {
        let midnight = jiff::Timestamp::from_microsecond(self.edge(from, 0)?).ok()?;
        let change = self.zone.following(midnight).next()?.timestamp();
        // The day in local time before the change, so that a change at midnight is not missed.
        Some(self.zone.to_datetime(change).date().yesterday().unwrap_or(from))
    }
}

fn days(from: Date, to: Date) -> i64 {
    i64::from(from.until(to).map_or(0, |span| span.get_days()))
}

/// Minutes that are covered, as windows of one day reach into the next and of Sunday into Monday.
fn week_work(week: &[Vec<Window>; 7]) -> i64 {
    let mut open = vec![false; 7 * usize::from(Window::DAY)];
    let all = open.len();
    for (day, windows) in week.iter().enumerate() {
        for window in windows {
            for minute in window.from_minute..window.end() {
                open[(day * usize::from(Window::DAY) + usize::from(minute)) % all] = true;
            }
        }
    }
    let minutes = open.iter().filter(|open| **open).count();
    i64::try_from(minutes).expect("minutes of a week") * MINUTE
}
