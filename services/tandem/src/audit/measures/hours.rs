//! Hours on the wall, found by walking back minute by minute.

use jiff::tz::TimeZone;
use tandem_domain::Timestamp;

const MINUTE: i64 = 60_000_000;

/// The zones in which the desk has been.
#[derive(Default)]
pub(crate) struct Hours {
    zones: Vec<(String, Timestamp, u64)>,
}

impl Hours {
    pub(crate) fn enter(&mut self, zone: &str, at: Timestamp, seq: u64) {
        if self.zones.last().is_none_or(|(last, _, _)| last != zone) {
            self.zones.push((zone.to_owned(), at, seq));
        }
    }

    /// Where the hour begins in which the event `seq` happened.
    pub(crate) fn start(&self, at: Timestamp, seq: u64) -> Timestamp {
        let (zone, since) = self.zone(seq);
        let on_the_wall = |minute: i64| {
            let instant = jiff::Timestamp::from_microsecond(minute).unwrap_or(jiff::Timestamp::MIN);
            let zoned = instant.to_zoned(zone.clone());
            (zoned.date(), zoned.hour(), zoned.offset())
        };
        let mut minute = minute(at);
        let hour = on_the_wall(minute);
        while on_the_wall(minute - MINUTE) == hour {
            minute -= MINUTE;
        }
        since.map_or(Timestamp::from_micros(minute), |since| {
            Timestamp::from_micros(minute).max(since)
        })
    }

    /// Where the minute begins in which the event `seq` happened. All zones of today are whole minutes apart.
    pub(crate) fn minute(&self, at: Timestamp, seq: u64) -> Timestamp {
        let start = Timestamp::from_micros(minute(at));
        self.zone(seq).1.map_or(start, |since| start.max(since))
    }

    /// The zone in force, and since when if there was another one before.
    fn zone(&self, seq: u64) -> (TimeZone, Option<Timestamp>) {
        let in_force = self.zones.iter().rposition(|(_, _, since)| *since <= seq);
        let Some(index) = in_force else {
            return (TimeZone::UTC, None);
        };
        let (name, at, _) = &self.zones[index];
        (TimeZone::get(name).unwrap_or(TimeZone::UTC), (index > 0).then_some(*at))
    }
}

fn minute(at: Timestamp) -> i64 {
    at.as_micros() - at.as_micros().rem_euclid(MINUTE)
}

/// What keys of rows begin with.
pub(crate) fn key(start: Timestamp) -> String {
    format!("{:020}", start.as_micros())
}
