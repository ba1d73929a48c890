//! The slow, obvious model: minute by minute, by what a wall clock in the zone shows.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZoneDatabase;
use tandem_domain::Timestamp;
use tandem_domain::sla::{Calendar, Window};

/// Days around a clock change, minute by minute.
pub(crate) struct Days {
    pub(crate) start: Timestamp,
    pub(crate) minutes: usize,
}

impl Days {
    pub(crate) fn new(start: Timestamp, days: usize) -> Self {
        Self {
            start,
            minutes: days * 24 * 60,
        }
    }

    pub(crate) fn at(&self, minute: usize) -> Timestamp {
        self.start.plus(Duration::from_mins(minute as u64))
    }

    /// Which minutes count. A window is open from the first minute at which the clock on the wall shows its
    /// beginning or later, until the first at which it shows its end or later.
    pub(crate) fn open(&self, calendar: &Calendar) -> Vec<bool> {
        let shown = self.wall_clock(&calendar.timezone);
        let mut open = vec![false; self.minutes];
        let mut day = shown[0].date();
        while day <= shown[self.minutes - 1].date() {
            for window in windows(calendar, day) {
                let first = |minutes: u16| {
                    let edge = day.to_datetime(jiff::civil::Time::midnight());
                    let edge = edge.checked_add(jiff::Span::new().minutes(minutes)).unwrap();
                    shown.iter().position(|shown| *shown >= edge).unwrap_or(self.minutes)
                };
                open[first(window.from_minute)..first(window.end())].fill(true);
            }
            day = day.tomorrow().unwrap();
        }
        open
    }

    /// What the clock on the wall shows in each minute.
    fn wall_clock(&self, zone: &str) -> Vec<DateTime> {
        let zone = TimeZoneDatabase::bundled().get(zone).unwrap();
        let shown = (0..self.minutes).map(|minute| {
            let at = jiff::Timestamp::from_microsecond(self.at(minute).as_micros()).unwrap();
            zone.to_datetime(at)
        });
        shown.collect()
    }
}

/// The windows that begin on a day: a holiday's, or its weekday's.
fn windows(calendar: &Calendar, day: jiff::civil::Date) -> Vec<Window> {
    let holiday = calendar.holidays.iter().find(|holiday| holiday.day.is(day));
    let weekday = u8::try_from(day.weekday().to_monday_one_offset()).unwrap();
    let regular: BTreeMap<u8, Vec<Window>> = calendar.hours.clone();
    match holiday {
        Some(holiday) => holiday.hours.clone(),
        None => regular.get(&weekday).cloned().unwrap_or_default(),
    }
}
